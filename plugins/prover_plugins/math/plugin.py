"""Registers the domain, its proposer and ``prove math``; found through the entry point ``math``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prover.hookspecs import Domain, Proposer, hookimpl
from prover.late import LateProposer

if TYPE_CHECKING:
    import click


@hookimpl
def prover_domains() -> list[Domain]:
    """The ``math`` domain."""
    from prover_plugins.math.environment import MathDomain

    return [MathDomain()]


@hookimpl
def prover_proposers() -> list[Proposer]:
    """The ``algebra`` proposer."""
    return [LateProposer("prover_plugins.math.proposer:AlgebraProposer", "algebra", ("math",))]


@hookimpl
def prover_commands() -> list[click.Command]:
    """``prove math``."""
    from prover_plugins.math.command import math

    return [math]
