"""Registers the reasoning module and the command; found through the entry point ``premises``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prover.hookspecs import ReasoningModule, hookimpl

if TYPE_CHECKING:
    import click

ENCODER_VARIABLE = "PROVER_PREMISE_ENCODER"
"""Names the folder or hub id of a transformers encoder; unset, nothing of transformers is imported."""


@hookimpl
def prover_modules() -> list[ReasoningModule]:
    """The module ``premises``."""
    from prover_plugins.premises.module import PremiseModule

    return [PremiseModule(encoder=os.environ.get(ENCODER_VARIABLE, ""))]


@hookimpl
def prover_commands() -> list[click.Command]:
    """``prove recall``."""
    from prover_plugins.premises.command import recall

    return [recall]
