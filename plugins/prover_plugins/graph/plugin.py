"""Registers the reasoning module; found through the entry point ``graph``."""

from __future__ import annotations

from prover.hookspecs import ReasoningModule, hookimpl


@hookimpl
def prover_modules() -> list[ReasoningModule]:
    """The module ``graph``."""
    from prover_plugins.graph.module import GraphModule

    return [GraphModule()]
