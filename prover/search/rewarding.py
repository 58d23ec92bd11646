"""The reward of a step: what all reward signals say about it, each times its weight."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from prover.domain import Candidate, State, StepResult, Transition
from prover.hookspecs import RewardSignal
from prover.search.isolation import Isolation


class Rewards:
    """The reward signals of one search. One that breaks is named and left out; False where none is left."""

    __slots__ = ("_isolation", "_on_fault", "_root", "_seconds", "_signals")

    def __init__(
        self,
        signals: Sequence[RewardSignal],
        weights: Mapping[str, float],
        root: State,
        isolation: Isolation,
        seconds: float,
        on_fault: Callable[[str, str, Exception], None],
    ) -> None:
        """``weights`` are by signal, 1 where one has none; ``seconds`` is what one call may take."""
        self._signals = [(s, weights.get(s.name, 1.0)) for s in signals if weights.get(s.name, 1.0) > 0]
        self._root = root
        self._isolation = isolation
        self._seconds = seconds
        self._on_fault = on_fault

    def __bool__(self) -> bool:
        return bool(self._signals)

    def of(self, before: State, candidate: Candidate, result: StepResult) -> float:
        """The weighted sum of all signals for one step."""
        transition = Transition(self._root, before, candidate, result)
        total = 0.0
        for entry in tuple(self._signals):
            signal, weight = entry
            try:
                reward = float(self._isolation.call(self._seconds, signal.reward, transition))
                if not math.isfinite(reward):
                    raise ValueError(f"the reward {reward} is not finite")
            except Exception as error:
                self._signals.remove(entry)
                self._on_fault(signal.name, "reward signal", error)
            else:
                total += weight * reward
        return total
