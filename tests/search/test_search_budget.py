"""The one place that says stop, and why."""

from __future__ import annotations

import math

from fake_domain import Ticker

from prover.problem import Budget
from prover.search.budget import Meter, StopReason


def test_no_limits_never_stop() -> None:
    meter = Meter(Budget(None, None, None))
    meter.steps = meter.nodes = 10**9
    assert meter.stop_reason() is None
    assert meter.remaining_seconds() == math.inf
    assert meter.remaining_steps(8) == 8


def test_each_limit_has_its_reason() -> None:
    clock = Ticker()
    meter = Meter(Budget(2.0, 10, 5), clock)
    assert meter.stop_reason() is None
    clock.now = 1.5
    assert meter.seconds() == 1.5 and meter.remaining_seconds() == 0.5
    clock.now = 2.0
    assert meter.stop_reason() is StopReason.TIME
    meter.nodes = 5
    assert meter.stop_reason() is StopReason.NODES
    meter.steps = 7
    assert meter.remaining_steps(8) == 3
    meter.steps = 10
    assert meter.stop_reason() is StopReason.STEPS
    assert meter.remaining_steps(8) == 0


def test_a_zero_limit_is_reached_at_once() -> None:
    assert Meter(Budget(0.0, None, None), Ticker()).stop_reason() is StopReason.TIME
    assert Meter(Budget(None, 0, None)).stop_reason() is StopReason.STEPS
