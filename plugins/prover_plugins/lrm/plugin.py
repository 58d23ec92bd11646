"""Registers the proposer and the ranker; found through the entry point ``lrm``."""

from __future__ import annotations

from prover.hookspecs import Proposer, Ranker, hookimpl


@hookimpl
def prover_proposers() -> list[Proposer]:
    """The proposer ``lrm``."""
    from prover_plugins.lrm.proposer import LanguageModelProposer

    return [LanguageModelProposer()]


@hookimpl
def prover_rankers() -> list[Ranker]:
    """The ranker ``ranker``."""
    from prover_plugins.lrm.ranker import LearnedRanker

    return [LearnedRanker()]
