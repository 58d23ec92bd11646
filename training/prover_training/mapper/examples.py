"""Hidden states joined with what Lean says they are of: matrices to fit and to measure on.

Whole modules are held out (a generated problem counts by its name), by the hash of the name: no theorem is on both
sides.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from prover.errors import BadInput
from prover.lean.terms import Term
from prover.model.encodings import EncodedStep, Encoding, Span
from prover_training.mapper.structures import Piece, Structure

BINDERS = {"∀": "∀", "∀i": "∀ implicit", "→": "→", "λ": "λ", "Exists": "∃"}
GRAPH_WIDTH = 4_096
"""Features of a goal graph are hashed to so many."""

WORDS_WIDTH = 4_096


@dataclass(slots=True)
class Rows:
    """Examples: ``rows`` in the encoding, the ``labels`` of each, ``texts`` of the spans and of their whole ``goals``,
    their modules (``units``), and which are ``held`` out."""

    rows: list[int] = field(default_factory=list)
    labels: list[frozenset[str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    goals: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    def matrix(self, vocabulary: Sequence[str]) -> np.ndarray:
        """The labels as 0 and 1, of shape (examples, vocabulary)."""
        return multi_hot(self.labels, vocabulary)

    @property
    def split(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the examples to learn from and of those held out."""
        held = np.array(self.held, bool)
        return np.flatnonzero(~held), np.flatnonzero(held)


def multi_hot(labels: Sequence[frozenset[str]], names: Sequence[str]) -> np.ndarray:
    """Labels as 0 and 1, of shape (examples, names)."""
    index = {name: i for i, name in enumerate(names)}
    found = np.zeros((len(labels), len(names)), np.float32)
    for row, each in zip(found, labels, strict=True):
        row[[index[name] for name in each if name in index]] = 1
    return found


def unit_of(step: EncodedStep) -> str:
    """What is held out or set aside as a whole: the step's module, its theorem where it has none."""
    return step.module if step.module and not step.module.startswith("generated.") else step.theorem


def is_held_out(step: EncodedStep, fraction: float, seed: int) -> bool:
    """Whether the step's module (its theorem, where it has none) is held out."""
    digest = hashlib.sha256(f"{seed} {unit_of(step)}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < fraction * 2**32


def labels_of(piece: Piece, relation: str) -> frozenset[str]:
    """What a probe is to read from the span of a hypothesis or target: constants, binders, and what it is."""
    found = set(piece.symbols)
    for token in piece.term.split():
        name = token.partition("/")[0]
        if name in BINDERS:
            found.add(f"binder {BINDERS[name]}")
    found.add(f"kind {piece.kind}")
    if piece.kind == "target":
        found.add(f"relation {relation}")
    return frozenset(found)


def span_rows(
    encoding: Encoding, structures: Mapping[tuple[str, str], Structure], *, fraction: float, seed: int
) -> Rows:
    """One example for each different span of a hypothesis or target of the encoded states.

    Raises:
        BadInput: nothing is held out, or nothing is left to learn from.
    """
    found = Rows()
    seen: set[tuple[str, str]] = set()
    for step in encoding.steps():
        structure = structures.get((step.theorem, step.state_before))
        if structure is None or (step.theorem, step.state_before) in seen:
            continue
        seen.add((step.theorem, step.state_before))
        held = is_held_out(step, fraction, seed)
        pieces = {piece.name: piece for piece in structure.pieces}
        for span in step.spans:
            piece = _piece(span, pieces)
            if piece is not None and span.rows == 1:
                found.rows.append(span.row)
                found.labels.append(labels_of(piece, structure.relation))
                found.texts.append(step.state_before[span.start : span.end])
                found.goals.append(first_goal(step.state_before))
                found.units.append(unit_of(step))
                found.held.append(held)
    if not any(found.held) or all(found.held):
        raise BadInput("the encoding has too few modules to learn from some and to hold out others; encode more")
    return found


def _piece(span: Span, pieces: Mapping[str, Piece]) -> Piece | None:
    if span.kind == "target":
        return pieces.get("")
    # A line ``a b : Nat`` is one span for hypotheses of one type: any of them stands for all.
    return pieces.get(span.name.split()[0]) if span.kind == "hypothesis" and span.name.split() else None


def vocabulary(rows: Rows, least: int, most: int) -> list[str]:
    """The labels that at least ``least`` examples to learn from have and at least one lacks, at most ``most``."""
    learn, _ = rows.split
    counts = Counter(name for i in learn for name in rows.labels[i])
    common = [(name, n) for name, n in counts.most_common() if least <= n < len(learn)]
    return sorted(name for name, _ in common[:most])


# --------------------------------------------------------------------------------- goal graphs


def graph_features(structure: Structure, *, edges: bool = True) -> np.ndarray:
    """A goal as a vector: hashed counts of its constants and, with ``edges``, of its graph's edges and of each node
    with its children (one round of Weisfeiler and Lehman's relabelling), apart for target and hypotheses. Local names
    do not matter. Scaled as ``ln(1 + count)`` and to length 1.
    """
    counts: Counter[str] = Counter()
    for piece in structure.pieces:
        part = "target" if piece.kind == "target" else "context"
        counts.update(f"{part} {name}" for name in piece.symbols)
        if edges:
            counts[f"{part} kind {piece.kind}"] += 1
            counts.update(f"{part} {edge}" for edge in _edges(piece.term))
    if edges:
        counts[f"relation {structure.relation}"] += 1
    found = np.zeros(GRAPH_WIDTH, np.float32)
    for name, count in counts.items():
        found[zlib.crc32(name.encode()) % GRAPH_WIDTH] += np.log1p(count)
    length = float(np.linalg.norm(found))
    return found / length if length else found


def _edges(text: str) -> Iterable[str]:
    term = Term.read(text)
    if term is None:
        return
    for at, token in enumerate(term.tokens):
        children = [_label(term.tokens[child]) for child in term.arguments(at)]
        for place, child in enumerate(children):
            yield f"{_label(token)} {place} {child}"
        if children:
            yield f"{_label(token)}({','.join(children)})"


def _label(token: str) -> str:
    """A token without the names of local variables."""
    return token[0] if token[0] in "'#?" else token


_WORD = re.compile(r"[^\W\d_][\w'.]*|\d+|[^\s\w]")


def word_features(*parts: Sequence[str]) -> np.ndarray:
    """Bags of words: ``ln(1 + count)`` hashed, of shape (texts, WORDS_WIDTH); what can be read without a model. Words
    of one part (span, goal, tactic) are other features than those of another."""
    found = np.zeros((len(parts[0]), WORDS_WIDTH), np.float32)
    for number, texts in enumerate(parts):
        for row, text in zip(found, texts, strict=True):
            for word, count in Counter(_WORD.findall(text)).items():
                row[zlib.crc32(f"{number} {word}".encode()) % WORDS_WIDTH] += np.log1p(count)
    return found


def first_goal(state: str) -> str:
    """The text of the first goal of a state: what is behind it may be left out of what a model is asked."""
    return state.partition("\n\n")[0]
