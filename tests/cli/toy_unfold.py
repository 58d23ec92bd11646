"""A proposer for tests that unfolds the definition ``Even``; an earlier plugin does not."""

from __future__ import annotations

from collections.abc import Iterable

from prover.domain import Candidate, State
from prover.hookspecs import hookimpl
from prover.problem import Problem


class Unfold:
    name = "unfold"

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        yield Candidate("unfold Even", self.name, score=0.5)


@hookimpl
def prover_proposers() -> list[Unfold]:
    return [Unfold()]
