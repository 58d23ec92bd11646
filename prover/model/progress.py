"""The small model that values states: how likely one lies on the proof that a search finds.

Hashed features of the state's goals (:mod:`prover.search.canonical`) are added up to one vector and go with a few
numbers through one layer to calibrated log-odds. Read from safetensors and computed with numpy: about 0.15
milliseconds a state, without torch.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from prover.model.tensors import read_model
from prover.search.canonical import Goal, goals_of, relation_of

FORMAT = 1
"""Raised when features or layers change so that weights from before mean something else."""

ROWS = 1 << 13
"""Rows of the table that features are hashed into."""

MOST = 160
"""The most hashed features of a state that are read; the rest is cut off."""

NUMBERS = 9
"""Numbers besides the hashed features."""


@dataclass(frozen=True, slots=True)
class Features:
    """``rows`` of the table (at most MOST, distinct), and the NUMBERS ``numbers``."""

    rows: np.ndarray
    numbers: np.ndarray


def read_features(text: str, goals: int, size: int) -> Features:
    """The features of a state: ``goals`` and ``size`` are those of :class:`prover.domain.State`."""
    read = goals_of(text)
    found: list[str] = []
    for position, goal in enumerate(read[:4]):
        found += _words(goal, "" if position == 0 else "o ")
    unique = list(dict.fromkeys(found))[:MOST]
    first = read[0] if read else Goal((), (), 0, 0)
    numbers = (
        math.log1p(size), float(goals), math.log1p(size / max(goals, 1)), float(len(first.hypotheses)),
        float(first.facts), math.log1p(len(first.target)), math.log1p(first.numerals),
        float(first.target.count("∀") + first.target.count("→")), len(set(first.target)) / (len(first.target) + 1),
    )  # fmt: skip
    rows = sorted({zlib.crc32(word.encode()) % ROWS for word in unique})
    return Features(np.array(rows, dtype=np.int64), np.array(numbers, dtype=np.float32))


def _words(goal: Goal, prefix: str) -> list[str]:
    target = goal.target[:80]
    head = f"r {relation_of(target)} {target[0] if target else ''}"
    words = [head, *(f"t {token}" for token in target), *(f"b {a} {b}" for a, b in pairwise(target))]
    for hypothesis in goal.hypotheses[:24]:
        words += [f"h {relation_of(hypothesis)}", *(f"c {token}" for token in hypothesis[:20])]
    return [prefix + word for word in words]


class ProgressModel:
    """The layers, as arrays: ``table.weight`` (ROWS, width), ``hidden.weight`` (inner, width + NUMBERS),
    ``hidden.bias``, ``out.weight`` (1, inner), ``out.bias``, ``mean`` and ``deviation`` of the numbers, ``slope`` and
    ``offset`` that calibrate the log-odds."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = {name: np.asarray(array, dtype=np.float32) for name, array in weights.items()}

    @classmethod
    def load(cls, folder: Path) -> ProgressModel:
        """Reads ``config.json`` and ``model.safetensors``.

        Raises:
            ModelError: the files are missing, broken or of another format.
        """
        _, weights = read_model(folder, "value", FORMAT)
        return cls(weights)

    def value(self, text: str, goals: int, size: int) -> float:
        """How likely the state lies on a found proof, in [0, 1]."""
        odds = self.odds(read_features(text, goals, size))
        odds = float(self.weights["slope"][0]) * odds + float(self.weights["offset"][0])
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))

    def odds(self, features: Features) -> float:
        """Log-odds before calibration."""
        w = self.weights
        bag = w["table.weight"][features.rows].sum(0) / math.sqrt(max(len(features.rows), 1))
        scaled = (features.numbers - w["mean"]) / w["deviation"]
        inner = np.maximum(w["hidden.weight"] @ np.concatenate([bag, scaled]) + w["hidden.bias"], 0)
        return float(w["out.weight"][0] @ inner + w["out.bias"][0])
