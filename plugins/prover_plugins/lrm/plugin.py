"""Registers the proposer, the retriever, the ranker and the values; found through the entry point ``lrm``."""

from __future__ import annotations

from prover.hookspecs import Proposer, Ranker, ReasoningModule, ValueEstimate, hookimpl


@hookimpl
def prover_proposers() -> list[Proposer]:
    """The proposer ``lrm``."""
    from prover_plugins.lrm.proposer import LanguageModelProposer

    return [LanguageModelProposer()]


@hookimpl
def prover_modules() -> list[ReasoningModule]:
    """The module ``retriever``."""
    from prover_plugins.lrm.retriever import LearnedRetriever

    return [LearnedRetriever()]


@hookimpl
def prover_rankers() -> list[Ranker]:
    """The ranker ``ranker``."""
    from prover_plugins.lrm.ranker import LearnedRanker

    return [LearnedRanker()]


@hookimpl
def prover_values() -> list[ValueEstimate]:
    """The values ``progress`` and ``latent``."""
    from prover_plugins.lrm.value import LatentValue, ProgressValue

    return [ProgressValue(), LatentValue()]
