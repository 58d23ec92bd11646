"""What the ranker learns from: which of the tried steps helped, and how long each took.

A step helped if it lies on a found proof or left fewer goals than before. One that failed did not; one that made
progress but is on no proof counts as a mild no where a proof was found, and milder where none was: then it may still
have been right.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from prover.domain import POSTPONED
from prover.model import features
from prover.traces.searches import CLOSED, FAILED, Attempt, Tried


@dataclass(slots=True)
class Example:
    """One state with the steps tried on it: ``labels`` 0 to 1, ``weights`` of each in the loss, ``seconds``."""

    batch: features.Batch
    labels: np.ndarray
    weights: np.ndarray
    seconds: np.ndarray
    solved: bool


def label(attempt: Attempt, step: Tried) -> tuple[float, float]:
    """Whether a step helped, and how sure that is (the weight of this example)."""
    before = attempt.states[step.parent]
    if step.child == FAILED:
        return 0.0, 1.0
    if step.child == CLOSED:
        return 1.0, 1.0
    after = attempt.states[step.child]
    if before.distance is not None and after.distance is not None and after.distance < before.distance:
        return 1.0, 1.0
    if after.goals < before.goals:
        return 1.0, 0.7
    return 0.0, 0.6 if attempt.status == "proved" else 0.3


def examples(attempts: Iterable[Attempt]) -> list[Example]:
    """One example for each state on which something was tried. A postponed step says nothing: what came of it is
    told by its second try. Nor does one that ended a proof which was rejected: a theorem of the library that is asked
    for again is closed by what may not be used there, itself above all (:mod:`prover.lean.barred`), and other theorems
    rightly by the like.
    """
    found: list[Example] = []
    for attempt in attempts:
        by_state: dict[int, list[Tried]] = {}
        for step in attempt.tried:
            if step.kind == POSTPONED or attempt.was_rejected(step):
                continue
            by_state.setdefault(step.parent, []).append(step)
        for number, steps in by_state.items():
            state = attempt.states[number]
            read = features.read_state(state.text, state.goals, state.size)
            batch = features.read_actions(read, [s.action for s in steps], [s.cost for s in steps])
            pairs = [label(attempt, s) for s in steps]
            found.append(
                Example(
                    batch, np.array([y for y, _ in pairs], np.float32), np.array([w for _, w in pairs], np.float32),
                    np.array([max(s.micros, 1_000) * 1e-6 for s in steps], np.float32), attempt.status == "proved",
                )
            )  # fmt: skip
    return found


def held_out(
    attempts: Sequence[Attempt], *, fraction: float = 0.12, seed: int = 0
) -> tuple[list[Attempt], list[Attempt]]:
    """Attempts to learn from, and those to measure on: whole library modules (generated problems by name)."""
    parts: tuple[list[Attempt], list[Attempt]] = ([], [])
    for attempt in attempts:
        module = "" if attempt.module.startswith("generated.") else attempt.module
        digest = hashlib.sha256(f"{seed} {module or attempt.name}".encode()).digest()
        parts[int.from_bytes(digest[:4], "big") < fraction * 2**32].append(attempt)
    return parts


@dataclass(frozen=True, slots=True)
class Met:
    """What was met often enough to be judged: ``proposers``, and ``names`` of the library in states."""

    proposers: list[str]
    names: list[str]

    @classmethod
    def of(cls, attempts: Iterable[Attempt], least_steps: int = 200, least_searches: int = 5) -> Met:
        """Proposers of at least ``least_steps`` steps, names in at least ``least_searches`` searches."""
        proposers: Counter[str] = Counter()
        names: Counter[str] = Counter()
        for attempt in attempts:
            proposers.update(step.proposer for step in attempt.tried)
            texts = "\n".join(state.text for state in attempt.states)
            names.update(features.library_names(texts, attempt.header))
        return cls(
            sorted(name for name, count in proposers.items() if count >= least_steps),
            sorted(name for name, count in names.items() if count >= least_searches),
        )


def templates_of(learned: Iterable[Example], least: int = 5) -> list[str]:
    """The forms of tactics that were tried in at least ``least`` states: those that a ranker can judge."""
    counts = Counter(template for example in learned for template in set(example.batch.templates))
    return sorted(template for template, count in counts.items() if count >= least)
