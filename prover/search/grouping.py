"""Groups of near-equal states, so that a search does not spend itself on twenty copies of one idea.

Two states are near-equal where their targets are the same up to names of local variables and numerals
(:mod:`prover.search.canonical`) and the hypotheses of one are those of the other, but for one. That is no equivalence:
a state joins the first group whose first member it is near to. The n-th member that the search takes up costs
``diversity * ln(n)`` more, which grows without end but slower than any path: no state is dropped for good.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from prover.domain import State
from prover.search.canonical import Goal, goals_of

_Hypotheses = Counter[tuple[str, ...]]


@dataclass(eq=False, slots=True)
class Group:
    """States near to ``first``; ``taken`` of them have been taken up."""

    first: tuple[_Hypotheses, ...]
    taken: int = 0

    def near(self, hypotheses: tuple[_Hypotheses, ...]) -> bool:
        """Whether the hypotheses differ in at most one, all goals together (targets are equal already)."""
        apart = 0
        for ours, theirs in zip(self.first, hypotheses, strict=True):
            more, less = (ours - theirs).total(), (theirs - ours).total()
            apart += max(more, less)
        return apart <= 1


class Groups:
    """The groups of one search."""

    __slots__ = ("_groups", "_of")

    def __init__(self) -> None:
        self._groups: dict[tuple[tuple[str, ...], ...], list[Group]] = {}
        self._of: dict[str, Group] = {}

    def of(self, state: State) -> Group:
        """The group of a state; a new one where it is near to none."""
        found = self._of.get(state.key)
        if found is None:
            found = self._of[state.key] = self._find(goals_of(state.text))
        return found

    def _find(self, goals: tuple[Goal, ...]) -> Group:
        alike = self._groups.setdefault(tuple(goal.target for goal in goals), [])
        hypotheses = tuple(Counter(goal.hypotheses) for goal in goals)
        for group in alike:
            if group.near(hypotheses):
                return group
        alike.append(Group(hypotheses))
        return alike[-1]

    def surcharge(self, state: State) -> float:
        """The price of taking up ``state`` now, in nats before the weight ``diversity``."""
        return math.log1p(self.of(state).taken)

    def take(self, state: State) -> None:
        """Says that ``state`` is taken up."""
        self.of(state).taken += 1
