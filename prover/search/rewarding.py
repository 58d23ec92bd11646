"""The reward of a step: what all reward signals say about it, each times its weight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from prover.domain import Candidate, State, StepResult, Transition
from prover.hookspecs import RewardSignal
from prover.search.isolation import Guard

_ROLE = "reward signal"


class Rewards:
    """The reward signals of one search; False where none is left."""

    __slots__ = ("_guard", "_root", "_signals")

    def __init__(
        self, signals: Sequence[RewardSignal], weights: Mapping[str, float], root: State, guard: Guard
    ) -> None:
        """``weights`` are by signal, 1 where one has none."""
        self._signals = [(s, weights.get(s.name, 1.0)) for s in signals if weights.get(s.name, 1.0) > 0]
        self._root = root
        self._guard = guard

    def __bool__(self) -> bool:
        return any(not self._guard.broken(signal, _ROLE) for signal, _ in self._signals)

    def of(self, before: State, candidate: Candidate, result: StepResult) -> float:
        """The weighted sum of all signals for one step."""
        transition = Transition(self._root, before, candidate, result)
        return sum(
            weight * (self._guard.call(signal, _ROLE, _reward, signal, transition) or 0.0)
            for signal, weight in self._signals
        )


def _reward(signal: RewardSignal, transition: Transition) -> float:
    reward = float(signal.reward(transition))
    if not math.isfinite(reward):
        raise ValueError(f"the reward {reward} is not finite")
    return reward
