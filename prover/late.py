"""Proposers of one domain need not be imported by searches in another."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from prover.domain import Candidate, State
from prover.hookspecs import Proposer
from prover.problem import Problem


class LateProposer:
    """Stands for a proposer whose module is imported when it is first asked for candidates."""

    def __init__(self, where: str, name: str, domains: tuple[str, ...], deadline: float | None = None) -> None:
        """``where`` is ``module:class``; the rest is what the class says of itself."""
        self.name = name
        self.domains = domains
        if deadline is not None:
            self.deadline = deadline
        self._where = where
        self._proposer: Proposer | None = None

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """What the real one proposes."""
        if self._proposer is None:
            module, _, name = self._where.partition(":")
            self._proposer = getattr(importlib.import_module(module), name)()
        return self._proposer.propose(problem, state)
