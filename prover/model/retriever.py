"""The small model that knows which theorems are like a goal: a dual encoder over hashed features.

Goals and theorems become vectors of one space (as in DPR, Karpukhin et al. 2020, and ReProver, Yang et al. 2023); the
theorems whose vectors lie nearest a goal's are those to try. What it learned from is how a library is named:
theorems of one name in different places (``Array.map_append``, ``List.map_append``) say the like of different things,
and the later of them tend to follow from the earlier. A second, smaller part says how likely each way of applying a
theorem that is so near closes the goal; that it learned from Lean.

Read from safetensors and computed with numpy, without torch. The vectors of a library are made once and kept in the
cache folder.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from prover.lean.embedded.cache import write_atomically
from prover.lean.index import Index, folder
from prover.model.language_model import ModelError
from prover.model.tensors import read_model

logger = logging.getLogger(__name__)

FORMAT = 1
"""Raised when features or layers change so that weights from before mean something else."""

ROWS = 1 << 14
"""Rows of each table that features are hashed into."""

MOST = 96
"""The most features of a goal or a theorem that are read; the rest is cut off."""

_PART = re.compile(r"[A-Z][a-z0-9]*|[a-z0-9]+|[₀-₉]+")
_BLOCK = 4096


def goal_features(term: str, symbols: Iterable[str]) -> np.ndarray:
    """Rows for a goal: ``term`` is its target in the notation of :mod:`prover.lean.terms`, ``symbols`` are the
    constants of target and hypotheses."""
    return _rows(_words(term, symbols, "Q"))


def theorem_features(name: str, term: str, symbols: Iterable[str]) -> np.ndarray:
    """Rows for a theorem: its conclusion, the constants of its whole statement, and its name."""
    *spaces, last = name.split(".")
    named = [f"w {word}" for word in last.split("_") if word]
    return _rows([*_words(term, symbols, "L"), *named, *(f"LM {space}" for space in spaces)])


def _words(term: str, symbols: Iterable[str], side: str) -> list[str]:
    """What is read of a statement. Constants without their namespaces, alone and in the order in which they stand, are
    the same for both sides; the namespaces are each side's own, for they are what differs."""
    constants = [name for token in term.split() if (name := token.partition("/")[0])[:1].isalpha()]
    short = [name.rpartition(".")[2] for name in constants]
    rest = sorted(set(symbols).difference(constants))
    words = [f"l {a}" for a in short]
    words += [f"b {a} {b}" for a, b in pairwise(short)]
    words += [f"t {a} {b} {c}" for a, b, c in zip(short, short[1:], short[2:], strict=False)]
    words += [f"s {name.rpartition('.')[2]}" for name in rest]
    for name in dict.fromkeys([*constants, *rest]):
        spaces = name.split(".")[:-1] or [name]
        words += [f"{side}c {name}", *(f"{side}N {space}" for space in spaces)]
        words += [f"{side}n {part}" for space in spaces for part in _PART.findall(space)]
    return words


def _rows(words: Iterable[str]) -> np.ndarray:
    unique = list(dict.fromkeys(words))[:MOST]
    return np.array([zlib.crc32(word.encode()) % ROWS for word in unique], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Near:
    """A theorem that is like a goal: the ``similarity`` of their vectors (cosine), their :func:`likeness`, and how much
    of what the theorem speaks of can be ``reached`` from the goal by unfolding definitions (0 to 1)."""

    name: str
    similarity: float
    likeness: float
    reached: float


def likeness(one: str, other: str) -> float:
    """How alike two terms (in the notation of :mod:`prover.lean.terms`) are written, namespaces and variables aside:
    the share of pairs and triples of tokens that both have, 0 to 1."""
    first, second = _sequences(one), _sequences(other)
    return len(first & second) / max(len(first | second), 1)


def _sequences(term: str) -> set[tuple[str, ...]]:
    tokens = ["^"]
    for token in term.split():
        name = token.partition("/")[0]
        tokens.append("'" if name[:1] in "'?#" else name.rpartition(".")[2])
    tokens.append("$")
    return {*pairwise(tokens), *zip(tokens, tokens[1:], tokens[2:], strict=False)}


@dataclass(frozen=True, slots=True)
class Method:
    """How well a way of using a theorem works: the weights of the log-odds that it closes the goal, and the mean
    ``seconds`` that Lean takes over it."""

    constant: float
    similarity: float
    likeness: float
    reached: float
    rank: float
    seconds: float

    def probability(self, near: Near, rank: int) -> float:
        """How likely it closes the goal with the theorem at ``rank`` (from 0), in [0, 1]."""
        odds = self.constant + self.similarity * near.similarity + self.likeness * near.likeness
        odds += self.reached * near.reached + self.rank * math.log1p(rank)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


class RetrieverModel:
    """The tables, as arrays: ``goal.weight`` and ``theorem.weight`` (ROWS, width), and ``goal.importance`` and
    ``theorem.importance`` (ROWS, 1), the logarithms of how much each feature counts; ``methods`` are ways to use a
    theorem.
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], methods: Mapping[str, Method] | None = None, digest: str = ""
    ) -> None:
        """``digest`` is :attr:`digest` where it is known, for it takes time to compute."""
        self.weights = dict(weights)
        self.methods = dict(methods or {})
        if digest:
            self.digest = digest

    @classmethod
    def load(cls, folder: Path) -> RetrieverModel:
        """Reads ``config.json`` and ``model.safetensors``.

        Raises:
            ModelError: the files are missing, broken or of another format.
        """
        config, weights = read_model(folder, "retriever", FORMAT)
        try:
            methods = {name: Method(**values) for name, values in config.get("methods", {}).items()}
            return cls(weights, methods, config.get("digest", ""))
        except TypeError as error:
            raise ModelError(f"cannot read the methods of the retriever in {folder}: {error}") from error

    @cached_property
    def digest(self) -> str:
        """Tells models apart; computed from the weights unless it is noted beside them."""
        found = hashlib.sha256()
        for name in sorted(self.weights):
            found.update(np.ascontiguousarray(self.weights[name], np.float16).tobytes())
        return found.hexdigest()[:16]

    def goal_vector(self, term: str, symbols: Iterable[str]) -> np.ndarray:
        """A goal's vector, (width,), of length 1; see :func:`goal_features`."""
        return self.encode("goal", [goal_features(term, symbols)])[0]

    def theorem_vectors(self, index: Index) -> np.ndarray:
        """The vectors of an index's declarations, (declarations, width), of length 1; zero for what is no theorem."""
        words = index.vocabulary
        numbers = index.theorems()
        found = np.zeros((len(index.names), self.weights["theorem.weight"].shape[1]), np.float32)
        for at in range(0, len(numbers), _BLOCK):
            block = numbers[at : at + _BLOCK]
            features = [
                theorem_features(index.names[n], index.terms[n], [words[s] for s in index.symbols[n]]) for n in block
            ]
            found[block] = self.encode("theorem", features)
        return found

    def encode(self, side: str, features: Sequence[np.ndarray]) -> np.ndarray:
        """Vectors for the rows of each ``goal`` or ``theorem``, (features, width), of length 1; zero for no rows."""
        rows = np.concatenate(features)
        importance = np.exp(self.weights[f"{side}.importance"][rows].astype(np.float32))
        weighted = self.weights[f"{side}.weight"][rows].astype(np.float32) * importance
        counts = np.array([len(f) for f in features])
        total = np.zeros((len(features), weighted.shape[1]), np.float32)
        filled = counts > 0
        if filled.any():
            total[filled] = np.add.reduceat(weighted, (np.cumsum(counts) - counts)[filled], axis=0)
        unit: np.ndarray = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6)
        return unit


def kept_at(model: RetrieverModel, key: str) -> Path:
    """The file of a library's vectors; ``key`` is its index's."""
    return folder() / f"{key}-{model.digest}.vectors"


class Space:
    """An index's theorems as points: finds those near a goal."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    @classmethod
    def of(cls, model: RetrieverModel, index: Index) -> Space:
        """The theorems of ``index``; of what is imported from the cache folder, where they are put the first time."""
        if not index.key:
            return cls(model.theorem_vectors(index))
        path = kept_at(model, index.key)
        shape = (len(index.names), model.weights["theorem.weight"].shape[1])
        data = path.read_bytes() if path.exists() else b""
        if len(data) == shape[0] * shape[1] * np.dtype(np.float16).itemsize:
            return cls(np.frombuffer(data, np.float16).reshape(shape).astype(np.float32))
        logger.info("reading the library's theorems for the retriever, once")
        vectors = model.theorem_vectors(index).astype(np.float16)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, vectors.tobytes())
        return cls(vectors.astype(np.float32))

    def nearest(self, goal: np.ndarray, limit: int) -> list[tuple[int, float]]:
        """The numbers of the theorems nearest a goal's vector and their cosines, the nearest first."""
        # einsum and not BLAS: see prover.model.ranker.
        cosines = np.einsum("nd,d->n", self._vectors, goal)
        limit = min(limit, len(cosines))
        best = np.argpartition(-cosines, limit - 1)[:limit] if limit else np.array([], dtype=np.int64)
        order = sorted(best.tolist(), key=lambda number: (-cosines[number], number))
        return [(number, float(cosines[number])) for number in order]
