"""Registers the domain ``code``; found through the entry point ``code_exec``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prover.hookspecs import Domain, Proposer, RewardSignal, hookimpl
from prover.late import LateProposer

if TYPE_CHECKING:
    import click


@hookimpl
def prover_domains() -> list[Domain]:
    """The domain ``code``."""
    from prover_plugins.code_exec.environment import CodeDomain

    return [CodeDomain()]


@hookimpl
def prover_proposers() -> list[Proposer]:
    """Programs from examples, and repairs of given ones."""
    package, domains = "prover_plugins.code_exec", ("code",)
    return [
        LateProposer(f"{package}.synthesis.proposer:SynthesisProposer", "code_synthesis", domains, deadline=3600.0),
        LateProposer(f"{package}.repair:RepairProposer", "code_repair", domains),
    ]


@hookimpl
def prover_rewards() -> list[RewardSignal]:
    """The share of tests passed, and error classes."""
    from prover_plugins.code_exec.reward import CodeReward

    return [CodeReward()]


@hookimpl
def prover_commands() -> list[click.Command]:
    """``prove code``."""
    from prover_plugins.code_exec.command import code

    return [code]
