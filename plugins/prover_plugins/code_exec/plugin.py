"""Registers the domain ``code``; found through the entry point ``code_exec``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prover.hookspecs import Domain, Proposer, RewardSignal, hookimpl

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
    from prover_plugins.code_exec.repair import RepairProposer
    from prover_plugins.code_exec.synthesis.proposer import SynthesisProposer

    return [SynthesisProposer(), RepairProposer()]


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
