"""Registers the built-in curricula, the check of barred theorems and the commands ``corpus`` and ``curriculum``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prover.hookspecs import ConsistencyCheck, Curriculum, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def prover_curricula() -> list[Curriculum]:
    """Every built-in curriculum; ``length`` is the default."""
    from prover_training.curriculum import difficulty as d

    return [
        d.ProofLength(),
        d.ExponentialProofLength(),
        d.ModelBased(),
        d.MapperBased(),
        d.Uniform(),
        d.AntiCurriculum(),
    ]


@hookimpl
def prover_checks() -> list[ConsistencyCheck]:
    """A library theorem must not be proved by itself."""
    from prover_training.corpus_barred import BarredCheck

    return [BarredCheck()]


@hookimpl
def prover_commands() -> list[click.Command]:
    """``prove corpus`` and ``prove curriculum``."""
    from prover_training.corpus_command import corpus
    from prover_training.curriculum.command import curriculum

    return [corpus, curriculum]
