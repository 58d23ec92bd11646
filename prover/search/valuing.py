"""When a state comes to the top of the queue: what it is worth, and how many near-equal ones were there before it.

A node is queued as if it were certain to be finished and like no other; both can only make it dearer, so it is judged
when it would be tried, and goes back where another is better then. Nodes that never come that far cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prover.domain import State
from prover.hookspecs import ValueEstimate
from prover.problem import Problem
from prover.search.graph import Node
from prover.search.grouping import Groups
from prover.search.isolation import Guard
from prover.search.scoring import Scorer


class Judge:
    """Judges the nodes of one search."""

    __slots__ = ("_found", "_groups", "_guard", "_problem", "_scorer", "_taken", "_values")

    def __init__(
        self,
        problem: Problem,
        values: Sequence[ValueEstimate],
        weights: Mapping[str, float],
        scorer: Scorer,
        guard: Guard,
    ) -> None:
        """``weights`` are by value; one that has none counts its ``default_weight``, else 1."""
        self._problem = problem
        each = [(value, weights.get(value.name, float(getattr(value, "default_weight", 1.0)))) for value in values]
        self._values = [(value, weight) for value, weight in each if weight > 0]
        if not scorer.config.value_weight:
            self._values = []
        self._scorer = scorer
        self._guard = guard
        self._groups = Groups() if scorer.config.diversity else None
        self._found: dict[int, Mapping[str, float]] = {}
        self._taken: set[int] = set()

    def judge(self, node: Node) -> bool:
        """Brings the heuristic of ``node`` up to date, which can only grow; whether anything changed."""
        if node.id in self._taken:
            return False
        before = node.heuristic
        valued = bool(self._values) and node.id not in self._found
        if valued:
            found = self._found[node.id] = self._ask(node.state)
            weights = {value.name: weight for value, weight in self._values}
            node.value, doubt = self._scorer.together([(number, weights[name]) for name, number in found.items()])
            node.heuristic += self._scorer.config.value_weight * doubt
        if self._groups is not None:
            surcharge = self._scorer.config.diversity * self._groups.surcharge(node.state)
            node.heuristic += surcharge - node.surcharge
            node.surcharge = surcharge
        return (valued and node.value is not None) or node.heuristic != before

    def take(self, node: Node) -> None:
        """Says that ``node`` is taken up: its heuristic stays as it is from now on."""
        if node.id not in self._taken:
            self._taken.add(node.id)
            if self._groups is not None:
                self._groups.take(node.state)

    def values(self, node: Node) -> Mapping[str, float]:
        """What each value said of ``node``, by name; empty where none was asked yet or had an opinion."""
        return self._found.get(node.id, {})

    def _ask(self, state: State) -> dict[str, float]:
        found: dict[str, float] = {}
        for value, _ in self._values:
            number = self._guard.hurried(value, "value", _value, value, self._problem, state)
            if number is not None:
                found[value.name] = number
        return found


def _value(estimate: ValueEstimate, problem: Problem, state: State) -> float | None:
    number = estimate.value(problem, state)
    if number is None:
        return None
    number = float(number)
    if not 0 <= number <= 1:
        raise ValueError(f"the value {number} is not in [0, 1]")
    return number
