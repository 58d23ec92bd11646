"""The small model that says which candidate is worth trying: how likely it helps, and how long it takes.

Embeddings of hashed features of the state and of the candidate (:mod:`prover.model.features`), their product, the
embeddings of pairs of features and a few numbers go through two layers to two outputs. Read from safetensors and
computed with numpy: a few milliseconds a state, without torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prover.model import features
from prover.model.loading import RANKER_TRUST
from prover.model.tensors import read_model

FORMAT = 1
"""Raised when features or layers change so that weights from before mean something else."""

PACE = 1.0

SHORTEST = 0.02
"""Seconds: a step is never taken to be quicker, for the request itself costs about that."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """For each candidate: ``log_probability`` that it helps (natural logarithm), ``seconds`` it will take, and whether
    tactics of its form are ``known`` from training; of others the model can say nothing."""

    log_probability: np.ndarray
    seconds: np.ndarray
    known: np.ndarray


class RankerModel:
    """The layers, as arrays. ``pace`` is how much slow candidates are put back: at 1 candidates are in the order of
    probability for each second, which finds the first success soonest; at 0 time does not matter. ``proposers`` are
    those whose candidates it learned to judge, ``templates`` the forms of tactics and ``names`` the library's names
    that it met (None: not noted, all).
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], *, pace: float = PACE, proposers: Sequence[str] = (),
        templates: Sequence[str] | None = None, names: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        self.weights = {name: np.asarray(array, dtype=np.float32) for name, array in weights.items()}
        self.pace = pace
        self.proposers = frozenset(proposers)
        self.templates = None if templates is None else frozenset(templates)
        self.names = None if names is None else frozenset(names)

    @classmethod
    def load(cls, folder: Path) -> RankerModel:
        """Reads ``config.json`` and ``model.safetensors``.

        Raises:
            ModelError: the files are missing, broken or of another format.
        """
        config, weights = read_model(folder, "ranker", FORMAT)
        return cls(
            weights, pace=float(config.get("pace", PACE)), proposers=config.get("proposers", ()),
            templates=config.get("templates"), names=config.get("names"),
        )  # fmt: skip

    def is_familiar(self, text: str, header: str) -> bool:
        """Whether training met all that a state names of the library; of other states the model knows nothing."""
        return self.names is None or features.library_names(text, header) <= self.names

    def rank(self, text: str, goals: int, size: int, actions: Sequence[str], costs: Sequence[float]) -> Ranking:
        """Judges ``actions`` on a state; ``costs`` are what their proposers think of them, in nats."""
        return self.judge(features.read_actions(features.read_state(text, goals, size), actions, costs))

    def judge(self, batch: features.Batch) -> Ranking:
        """Judges candidates by their features."""
        w = self.weights
        state = _bag(w["state.weight"], batch.state[None, :])
        action = _bag(w["action.weight"], batch.actions)
        cross = _bag(w["cross.weight"], batch.crosses)
        dense = (batch.dense - w["mean"]) / w["deviation"]
        joined = np.concatenate([np.broadcast_to(state, action.shape), action, state * action, cross, dense], axis=1)
        hidden = np.maximum(_times(joined, w["hidden.weight"]) + w["hidden.bias"], 0)
        hidden = np.maximum(_times(hidden, w["second.weight"]) + w["second.bias"], 0)
        out = _times(hidden, w["out.weight"]) + w["out.bias"]
        out[:, 0] += _times(cross, w["wide.weight"])[:, 0]
        known = np.array([self.templates is None or template in self.templates for template in batch.templates])
        return Ranking(-np.logaddexp(0.0, -out[:, 0]), np.exp(np.clip(out[:, 1], -8, 4)), known)

    def log_preference(self, ranking: Ranking) -> np.ndarray:
        """What the search sorts by: the log-probability, less ``pace`` times the logarithm of the time; at most 0."""
        slow = np.log(np.maximum(ranking.seconds, SHORTEST) / SHORTEST)
        preference: np.ndarray = np.minimum(ranking.log_probability - self.pace * slow, 0.0)
        return preference

    def order(self, ranking: Ranking, costs: np.ndarray) -> np.ndarray:
        """The candidates' numbers in the order in which the search tries them, given their proposers' ``costs``."""
        mixed = np.logaddexp(-costs, math.log(RANKER_TRUST) + self.log_preference(ranking)) - math.log1p(RANKER_TRUST)
        return np.argsort(-np.where(ranking.known, mixed, -costs), kind="stable")


def _times(rows: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """``rows @ layer.T`` on this thread. BLAS would start a thread for each core and let them spin: beside a Lean that
    keeps the cores busy that takes fifty times as long for matrices of this size (measured: 37 ms against 0.7 ms).
    """
    product: np.ndarray = np.einsum("ni,oi->no", rows, layer)
    return product


def _bag(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The sum of the rows over the root of their number, for each line; -1 stands for none."""
    there = rows >= 0
    count = there.sum(1)
    total = np.zeros((len(rows), table.shape[1]), dtype=np.float32)
    filled = count > 0
    if filled.any():
        starts = (np.cumsum(count) - count)[filled]
        total[filled] = np.add.reduceat(table[rows[there]], starts, axis=0)
    scaled: np.ndarray = total / np.sqrt(np.maximum(count, 1), dtype=np.float32)[:, None]
    return scaled
