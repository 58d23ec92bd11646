"""Registers ``prove train`` and ``prove mapper``; found through the entry point ``train``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prover.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def prover_commands() -> list[click.Command]:
    """The command groups ``train`` and ``mapper``."""
    from prover_training.mapper.command import mapper
    from prover_training.train_command import train

    return [train, mapper]
