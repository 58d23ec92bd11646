"""Registers the proposer of hints; found through the entry point ``interventions``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prover.domain import Candidate, State
from prover.hookspecs import Proposer, hookimpl
from prover.problem import Problem

_LEMMA = re.compile(r"[^\W\d][\w'!?₀-₉]*(?:\.[\w'!?₀-₉]+)*")
# A lemma's name is worth trying in every way that a lemma is used, the most telling first.
_USES = (
    ("exact {}", 0.95), ("rw [{}]", 0.9), ("simp [{}]", 0.85), ("apply {}", 0.85), ("grind [{}]", 0.8),
    ("rw [← {}]", 0.7), ("simp_all [{}]", 0.7),
)  # fmt: skip
# Tactics that stand alone and could be taken for a lemma's name.
_TACTICS = frozenset(
    {
        *("assumption", "constructor", "contradiction", "decide", "exfalso", "grind", "intro", "intros", "omega"),
        *("rfl", "simp", "simp_all", "split", "trivial", "left", "right", "ext", "funext", "subst_vars", "norm_cast"),
    }
)


class HintProposer:
    """Proposes what ``Problem.hints`` say, in every state: tactics as they are, lemmas in all their uses."""

    name = "hints"

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """The hints as candidates, with high scores: a person's word counts more than a rule of thumb."""
        return list(self._candidates(problem))

    def _candidates(self, problem: Problem) -> Iterator[Candidate]:
        for hint in problem.hints:
            text = hint.strip()
            is_lemma = problem.domain == "lean" and _LEMMA.fullmatch(text) and text not in _TACTICS
            if not is_lemma:
                yield Candidate(text, self.name, score=0.95)
                continue
            for use, score in _USES:
                yield Candidate(use.format(text), self.name, score=score)


@hookimpl
def prover_proposers() -> list[Proposer]:
    """The proposer of hints."""
    return [HintProposer()]
