"""Offers the lemmas that an exploration found, as one step."""

from __future__ import annotations

import math
from collections.abc import Iterable

from prover.domain import Candidate, State
from prover.hookspecs import LEAN_DEADLINE
from prover.lean.goals import LeanState
from prover.problem import Problem, text_before
from prover_plugins.automation.structure import BINDERS
from prover_plugins.theory.exploring import Exploration, explore

_HEARTBEATS = 100_000
_WALL_MS = 30_000
_FINISHED = 0.97
_UNFINISHED = 0.4
"""What lemmas count that do not prove the goal at once: an induction with them was tried already."""

STAGES = (
    ("theory", 1.4, 8), ("theory.next", 1.8, 12), ("theory.more", 2.2, 24), ("theory.most", 2.8, 60),
)  # fmt: skip
"""Names of the proposers, what asking each of them costs in nats, and how many conjectures it tries
(dear ones count twice)."""


class Explorer:
    """The exploration of the problem at hand, which the stages share."""

    def __init__(self) -> None:
        self._question: tuple[str, str] | None = None
        self._key = ""
        self._exploration: Exploration | None = None

    def at(self, problem: Problem, state: LeanState, begin: bool) -> Exploration | None:
        """The exploration that belongs to this state; where ``begin`` is set a new problem begins one."""
        question = (problem.header, problem.statement)
        if question != self._question and begin:
            if self._exploration is not None:
                self._exploration.close()
            self._question, self._key = question, state.key
            self._exploration = explore(text_before(problem), state)
        same = question == self._question and state.key == self._key
        return self._exploration if same else None


class TheoryProposer:
    """One stage: offers the lemmas found so far at the state where the exploration began, which is the first one with
    nothing to introduce that cheaper steps did not finish."""

    domains = ("lean",)
    deadline = LEAN_DEADLINE

    def __init__(self, explorer: Explorer, stage: int) -> None:
        self.name, self.least_cost, self._attempts = STAGES[stage]
        self._explorer = explorer
        self._first = stage == 0

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """All lemmas in one candidate, and the rest of the proof where they suffice."""
        if not isinstance(state, LeanState) or state.main_goal is None or not state.main_goal.definitions:
            return
        goal = state.main_goal
        if goal.shape in BINDERS or any(h.is_prop and "ih" in h.name for h in goal.hypotheses):
            return
        exploration = self._explorer.at(problem, state, self._first)
        found = exploration.advance(self._attempts) if exploration is not None else None
        if found is None:
            return
        # a proof that Lean has seen through is as good as certain
        score = _FINISHED if found.finish else _UNFINISHED * math.exp(-self.least_cost)
        for before in ("", "try "):
            # ``grind`` may fail in one block where it did not step by step: then without the lemmas it fails at
            lines = [*(before + have for have in found.haves), *([found.finish] if found.finish else [])]
            indent = "\n " + " " * len(before)
            tactic = "(" + "\n ".join(line.replace("\n", indent) for line in lines) + ")"
            yield Candidate(tactic, self.name, score=score, heartbeats=_HEARTBEATS, wall_ms=_WALL_MS)
            score *= 0.9
