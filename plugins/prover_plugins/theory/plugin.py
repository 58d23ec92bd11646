"""Registers the proposer; found through the entry point ``theory``."""

from __future__ import annotations

from prover.hookspecs import Proposer, hookimpl


@hookimpl
def prover_proposers() -> list[Proposer]:
    """The stages of an exploration; later ones cost more."""
    from prover_plugins.theory.proposer import STAGES, Explorer, TheoryProposer

    explorer = Explorer()
    return [TheoryProposer(explorer, stage) for stage in range(len(STAGES))]
