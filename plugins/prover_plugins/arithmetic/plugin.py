"""Registers the reasoning module; found through the entry point ``arithmetic``."""

from __future__ import annotations

from prover.hookspecs import ReasoningModule, hookimpl


@hookimpl
def prover_modules() -> list[ReasoningModule]:
    """The ``arithmetic`` module."""
    from prover_plugins.arithmetic.module import ArithmeticModule

    return [ArithmeticModule()]
