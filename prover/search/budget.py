"""The one place that says when a search stops, and why.

A :class:`Meter` reads a :class:`prover.problem.Budget` against a monotonic clock. It never reserves
time for the final check of a proof: that is the caller's matter, who knows how long a check takes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from enum import StrEnum

from prover.problem import Budget

Clock = Callable[[], float]


class StopReason(StrEnum):
    """Why a search ended.

    ``REFUTED`` means that the domain checked a counterexample, ``EXHAUSTED`` that every candidate of every
    reachable state was tried; ``FAULT`` that the checker or its infrastructure broke, which says nothing
    about the problem.
    """

    PROVED = "proved"
    REFUTED = "refuted"
    TIME = "time"
    STEPS = "steps"
    NODES = "nodes"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"
    FAULT = "fault"


class Meter:
    """Counts what a search has used of its budget.

    ``steps`` and ``nodes`` are advanced by the search; time is read from ``clock`` (seconds,
    monotonic). A limit of zero or less is reached at once.
    """

    __slots__ = ("_clock", "_start", "budget", "nodes", "steps")

    def __init__(self, budget: Budget, clock: Clock = time.monotonic) -> None:
        self.budget = budget
        self.steps = 0
        self.nodes = 0
        self._clock = clock
        self._start = clock()

    def seconds(self) -> float:
        """Wall time since the meter was made, in seconds."""
        return self._clock() - self._start

    def remaining_seconds(self) -> float:
        """Wall time left, in seconds; infinite without a limit, negative once the limit has
        passed."""
        if self.budget.seconds is None:
            return math.inf
        return self.budget.seconds - self.seconds()

    def remaining_steps(self, wanted: int) -> int:
        """How many of ``wanted`` steps the budget still allows."""
        if self.budget.steps is None:
            return wanted
        return max(0, min(wanted, self.budget.steps - self.steps))

    def stop_reason(self) -> StopReason | None:
        """The limit that has been reached, or None.

        Where several are reached the reproducible ones are named first (steps, nodes, then time).
        """
        budget = self.budget
        if budget.steps is not None and self.steps >= budget.steps:
            return StopReason.STEPS
        if budget.nodes is not None and self.nodes >= budget.nodes:
            return StopReason.NODES
        if budget.seconds is not None and self.seconds() >= budget.seconds:
            return StopReason.TIME
        return None
