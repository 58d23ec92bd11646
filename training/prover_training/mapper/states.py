"""Whole states and steps as examples: for alignment and value, and for what the model expects of a tactic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from prover.model.encodings import EncodedStep, Encoding
from prover.model.symbolic_mapper import OUTCOMES
from prover_training.mapper.examples import first_goal, is_held_out, labels_of, unit_of
from prover_training.mapper.structures import Structure

Known = Mapping[tuple[str, str], Structure]


@dataclass(frozen=True, slots=True)
class MapperConfig:
    """``held_out`` is the share of modules that is kept for measuring; a label needs ``least`` examples, and the
    ``most`` commonest are read."""

    held_out: float = 0.25
    least: int = 20
    most: int = 120
    seed: int = 0


@dataclass(slots=True)
class States:
    """Distinct states: the rows of their goal spans, whether they were ``proved`` (on a found proof), the ``distance``
    to its end (NaN unknown), their structures, texts (of the first goal) and sizes, theorems, modules, and which are
    ``held`` out."""

    rows: np.ndarray
    proved: np.ndarray
    distance: np.ndarray
    structures: list[Structure | None]
    texts: list[str]
    sizes: np.ndarray
    theorems: list[str]
    units: list[str]
    held: np.ndarray

    def described(self, *, held: bool) -> list[int]:
        """The numbers of the states that Lean described, of those held out or of the others."""
        return [i for i in np.flatnonzero(self.held == held).tolist() if self.structures[i] is not None]


def states_of(encoding: Encoding, known: Known, config: MapperConfig) -> States:
    """Every state once, whatever was tried on it."""
    seen: set[tuple[str, str]] = set()
    kept: list[tuple[EncodedStep, int]] = []
    for step in encoding.steps():
        goal, key = step.span("goal"), (step.theorem, step.state_before)
        if goal is not None and goal.rows == 1 and key not in seen:
            seen.add(key)
            kept.append((step, goal.row))
    return States(
        np.array([row for _, row in kept], int),
        np.array([step.distance is not None for step, _ in kept], np.float32),
        np.array([np.nan if step.distance is None else float(step.distance) for step, _ in kept]),
        [known.get((step.theorem, step.state_before)) for step, _ in kept],
        [first_goal(step.state_before) for step, _ in kept],
        np.array([[np.log1p(len(s.state_before)), 1 + s.state_before.count("\n\n")] for s, _ in kept], np.float32),
        [step.theorem for step, _ in kept],
        [unit_of(step) for step, _ in kept],
        np.array([is_held_out(step, config.held_out, config.seed) for step, _ in kept], bool),
    )


@dataclass(slots=True)
class Steps:
    """Steps that were tried: rows of their spans ``after`` and ``goal``, how they ended (number in ``OUTCOMES``), the
    labels of the target before and after (None where Lean did not describe it or no goal is left), texts of first goal
    and tactic, whether they are on a proof, the model's ``log_probability`` of the tactic, modules, and which are
    ``held`` out."""

    after: np.ndarray
    before: np.ndarray
    outcome: np.ndarray
    labels_before: list[frozenset[str] | None]
    labels_after: list[frozenset[str] | None]
    goals: list[str]
    tactics: list[str]
    proof: np.ndarray
    log_probability: np.ndarray
    units: list[str]
    held: np.ndarray

    def described(self, *, held: bool) -> list[int]:
        """The steps with a target before and after that Lean described, of those held out or of the others."""
        return [
            i
            for i in np.flatnonzero(self.held == held).tolist()
            if self.labels_before[i] is not None and self.labels_after[i] is not None
        ]


def steps_of(encoding: Encoding, known: Known, config: MapperConfig) -> Steps:
    """The steps whose end the model's expectation can be compared with; a step that ran out of time has failed."""
    kept = []
    for step in encoding.steps():
        after, goal = step.span("after"), step.span("goal")
        if after is not None and goal is not None and goal.rows == 1:
            kept.append((step, after.row, goal.row))
    steps = [step for step, _, _ in kept]
    return Steps(
        np.array([after for _, after, _ in kept], int),
        np.array([before for _, _, before in kept], int),
        np.array([outcome_of(step) for step in steps], int),
        [_target(known, step.theorem, step.state_before) for step in steps],
        [_target(known, step.theorem, step.state_after) for step in steps],
        [first_goal(step.state_before) for step in steps],
        [step.tactic for step in steps],
        np.array([step.proof for step in steps], bool),
        np.array([np.nan if step.log_probability is None else step.log_probability for step in steps]),
        [unit_of(step) for step in steps],
        np.array([is_held_out(step, config.held_out, config.seed) for step in steps], bool),
    )


def outcome_of(step: EncodedStep) -> int:
    """How Lean ended a step, as its number in ``OUTCOMES``."""
    return OUTCOMES.index(step.status) if step.status in OUTCOMES else OUTCOMES.index("failed")


def _target(known: Known, theorem: str, state: str | None) -> frozenset[str] | None:
    structure = known.get((theorem, state or ""))
    return None if structure is None else labels_of(structure.pieces[-1], structure.relation)
