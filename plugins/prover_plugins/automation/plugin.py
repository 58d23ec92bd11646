"""Registers the proposer; found through the entry point ``automation``."""

from __future__ import annotations

from prover.hookspecs import Proposer, hookimpl


@hookimpl
def prover_proposers() -> list[Proposer]:
    """The ``automation`` proposer."""
    from prover_plugins.automation.proposer import AutomationProposer

    return [AutomationProposer()]
