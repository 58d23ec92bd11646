"""Dense rewards: what the checker said about each step, as numbers that add up.

Two signals judge a single step: how it failed, and whether it finished. Three measure
progress, by potential-based shaping (Ng, Harada and Russell 1999): the reward of a step from state s to s' is

    F(s, s') = d * P(s') - P(s)

for a potential P of states and the discount d of the learner.

Why no loop and no padding can earn anything. Let s0, s1, ..., sn be the states of a rollout. Its discounted sum

    sum over t of d^t * (d * P(s[t+1]) - P(s[t]))  =  d^n * P(sn) - P(s0)

telescopes: each P(s[t]) with 0 < t < n comes once with d^t and once with -d^t. So what progress pays depends
only on where a rollout begins and ends, not on the way. A loop (sn = s0) pays (d^n - 1) * P(s0), which is 0 at
d = 1, and padding that returns to where it was pays the same as leaving it out. With P = 0 at the end of every
rollout that finishes, the shaped return differs from the plain one by -P(s0), a constant: the best policies are the
same with and without shaping (their theorem 1; here it is this line). Counting closed goals directly would not do:
stating something trivial and proving it would earn each time.

A fault of the infrastructure yields no reward: it never becomes a transition, and a step that could not be
tried because Lean was lost over it (kind ``crashed``) gives None in :meth:`RewardSum.of`, 0 from each signal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prover.domain import State, StepResult, StepStatus, Transition
from prover.errors import BadInput

if TYPE_CHECKING:
    from prover.hookspecs import RewardSignal
    from prover.search.graph import SearchGraph

CRASHED = "crashed"
"""The kind of a step that says nothing, because the checker was lost."""

FAILURES: Mapping[str, float] = {
    "parse": -1.0, "forbidden": -1.0, "unknown_name": -0.7, "elaboration": -0.6, "timeout": -0.6, "recursion": -0.6,
    "tactic": -0.4,
}  # fmt: skip
"""What each kind of failure costs: text that is no tactic most, a tactic that does not apply least."""

_UNKNOWN = ("unknown identifier", "unknown constant", "unknown tactic", "unknown free variable")


def failure_kind(result: StepResult) -> str:
    """The kind of a failed step, ``unknown_name`` where it names what does not exist; empty if it did not fail."""
    if result.status in (StepStatus.PROGRESS, StepStatus.FINISHED):
        return ""
    if any(mark in result.message[:200].lower() for mark in _UNKNOWN):
        return "unknown_name"
    return result.kind or ("timeout" if result.status is StepStatus.TIMED_OUT else "tactic")


class StepFailed:
    """A step that fails costs something, by how it failed (:data:`FAILURES`)."""

    name = "step_failed"

    def reward(self, transition: Transition) -> float:
        """At most 0; 0 for a step that did not fail."""
        kind = failure_kind(transition.result)
        return 0.0 if kind in ("", CRASHED) else FAILURES.get(kind, -0.5)


class Finished:
    """1 for a step that leaves nothing to do (whether that is a proof is for the domain's check to say)."""

    name = "finished"

    def reward(self, transition: Transition) -> float:
        """1 or 0."""
        return float(transition.result.status is StepStatus.FINISHED)


class Shaped:
    """A signal ``d * P(after) - P(before)`` for a potential P; 0 for a step that fails, for that stays where it was."""

    name = "shaped"

    def __init__(self, discount: float = 1.0) -> None:
        """``discount`` is the learner's, in (0, 1].

        Raises:
            BadInput: it is not.
        """
        if not 0 < discount <= 1:
            raise BadInput(f"the discount of a reward must be in (0, 1], not {discount}")
        self.discount = discount

    def potential(self, state: State) -> float:
        """How good a state is, by itself; the end of a proof must be 0."""
        raise NotImplementedError

    def reward(self, transition: Transition) -> float:
        """The shaping term of one step."""
        after = self._after(transition.result)
        return 0.0 if after is None else self.discount * after - self.potential(transition.before)

    def _after(self, result: StepResult) -> float | None:
        if result.status is StepStatus.FINISHED:
            return 0.0
        return self.potential(result.state) if result.state is not None else None


class GoalsClosed(Shaped):
    """Progress by the number of goals: a quarter for each one fewer."""

    name = "goals_closed"

    def potential(self, state: State) -> float:
        """-1/4 for each goal."""
        return -0.25 * state.goals


class Smaller(Shaped):
    """Progress by the size of what is left, on a logarithmic scale: halving it pays 0.07."""

    name = "smaller"

    def potential(self, state: State) -> float:
        """-0.1 for each factor of e in the number of symbols."""
        return 0.0 if state.goals == 0 else -0.1 * math.log1p(state.size)


class Nearer(Shaped):
    """Progress towards a known proof: ``distances`` are steps to its end by the state's text, from ground-truth traces.

    A state that no trace has seen counts as one step farther than the farthest that one has.
    """

    name = "nearer"

    def __init__(self, distances: Mapping[str, int], discount: float = 1.0) -> None:
        super().__init__(discount)
        self._distances = distances
        self._unknown = 1 + max(distances.values(), default=-1)

    def potential(self, state: State) -> float:
        """-0.2 for each step that is left."""
        return 0.0 if state.goals == 0 else -0.2 * self._distances.get(state.text, self._unknown)


def distances_of(states: Sequence[str]) -> dict[str, int]:
    """Steps to the end for the states of one proof, given in order without the last (which has no goals)."""
    return {state: len(states) - position for position, state in enumerate(states)}


def proof_credit(graph: SearchGraph, decay: float = 0.9) -> dict[tuple[int, int], float]:
    """Hindsight after a search: for each (node, position of its outgoing edge) that leads one step nearer to the
    end of an accepted proof, ``decay`` to the number of steps that were left after it.

    Only the domain's check makes nodes proved, so a rejected answer earns nothing here.
    """
    credit: dict[tuple[int, int], float] = {}
    for node in graph.nodes:
        if node.distance_to_proof is None:
            continue
        for position, edge in enumerate(node.outgoing):
            after = None if edge.child is None else edge.child.distance_to_proof
            if after is not None and after == node.distance_to_proof - 1:
                credit[node.id, position] = decay**after
    return credit


@dataclass(frozen=True, slots=True)
class RewardSum:
    """Signals added up, each times its weight (1 where none is given)."""

    signals: Sequence[RewardSignal]
    weights: Mapping[str, float] = field(default_factory=dict)

    def of(self, transition: Transition) -> float | None:
        """The reward of a step; None where the step says nothing because the checker was lost.

        Raises:
            ValueError: a signal's reward is not finite.
        """
        if transition.result.kind == CRASHED:
            return None
        total = 0.0
        for signal in self.signals:
            value = signal.reward(transition)
            if not math.isfinite(value):
                raise ValueError(f"the reward {value} of {signal.name} is not finite")
            total += self.weights.get(signal.name, 1.0) * value
        return total


def default_signals() -> list[RewardSignal]:
    """The signals that need nothing but the checker."""
    return [StepFailed(), Finished(), GoalsClosed(), Smaller()]
