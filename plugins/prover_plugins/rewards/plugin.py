"""Registers the signals; found through the entry point ``rewards``."""

from __future__ import annotations

from prover.hookspecs import RewardSignal, hookimpl


@hookimpl
def prover_rewards() -> list[RewardSignal]:
    """How a step failed, whether it finished, and progress in goals and in size."""
    from prover.reward import default_signals

    return default_signals()
