"""Reads a saved search with a mapper: symbols in each span, values of states, and what the model expected of each
step beside what Lean said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.encodings import EncodedStep
from prover.model.prompts import format_named
from prover.model.step_sources import Choice, read_steps
from prover.model.symbolic_mapper import AFTER, OUTCOMES, PROBE, VALUE, SymbolicMapper
from prover.model.trace_encoder import TraceEncoder, batches_of
from prover.model.transformers_backend import TransformersModel
from prover.runs import open_run
from prover.saved_search import read_search
from prover.traces.searches import LONGEST_STATE
from prover_training.mapper.examples import labels_of, multi_hot
from prover_training.mapper.probes import agreement
from prover_training.mapper.states import outcome_of
from prover_training.mapper.structures import Structure, ask_structures

Probes = dict[str, dict[str, dict[str, float]]]
Known = Mapping[tuple[str, str], Structure]

WHOLE, WORTH = "goal", "on a proof"
"""The span and the name under which the probes of a state have its value."""


def read_run(
    run: Path, mapper: SymbolicMapper, model: TransformersModel, least: float, tries: int = 1_000
) -> tuple[Probes, list[dict[str, Any]]]:
    """What the model sees in each state of a saved search, and every step with what the model expected of it.

    The first is state (its number in the run) → span → symbol → probability, without what is less likely than
    ``least``; the value of the state stands in the span ``goal`` as ``on a proof``. The second has for each step
    ``outcome`` (what Lean said), ``outcome_expected`` (the probability that the model gave to it) and, where a goal was
    left, ``agreement`` of the expected symbols with those that Lean found, ``missed`` and ``invented`` symbols; the
    steps that the model knew least come first. What Lean says of the states is asked once and kept in the run's folder.

    Raises:
        BadInput: no saved search, or the mapper is of another model.
    """
    if model.digest() != mapper.about["model_sha256"]:
        raise BadInput(f"the mapper was fitted to {mapper.about['model']}, not to {model.name}")
    number = _numbers(run)
    layers = sorted({mapper.layer_of(part) for part in (PROBE, VALUE, AFTER)})
    at = {part: layers.index(mapper.layer_of(part)) for part in (PROBE, VALUE, AFTER)}
    encoder = TraceEncoder(model, format_named(mapper.about["prompt"]), layers=layers, pooling=mapper.about["pooling"])
    steps = list(read_steps(run, Choice(tries=tries)))
    structures = ask_structures(steps, run)
    probes: Probes = {}
    expectations: list[dict[str, Any]] = []
    for batch in batches_of(iter(steps), 16):
        for step, rows in encoder.encode(batch):
            state = str(number[step.state_before])
            if state not in probes:
                probes[state] = _spans(step, rows, mapper, at, least)
            if step.span("after") is not None and step.spans[0].kind == "goal":
                hidden, goal = rows[-1][:, at[AFTER]], rows[0][:, at[PROBE]]
                expected = _expected(step, hidden, goal, mapper, structures)
                expectations.append({"state": number[step.state_before], **expected})
    expectations.sort(key=lambda found: found.get("agreement", 1.0) * found["outcome_expected"])
    return probes, expectations


def _numbers(run: Path) -> dict[str, int]:
    """The number of each state in the run, by its text as searches keep it."""
    found: dict[str, int] = {}
    for node in read_search(open_run(run)).graph.nodes:
        found.setdefault(node.state.text[:LONGEST_STATE], node.id)
    return found


def _spans(
    step: EncodedStep, rows: list[np.ndarray], mapper: SymbolicMapper, at: Mapping[str, int], least: float
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for span, part in zip(step.spans, rows, strict=True):
        if span.kind == "goal":
            found[WHOLE] = {WORTH: round(float(mapper.value(part[:, at[VALUE]])[0]), 3)}
        elif span.kind in ("hypothesis", "target"):
            read = mapper.read(part[:, at[PROBE]])[0]
            name = "target" if span.kind == "target" else step.state_before[span.start : span.end]
            found[name] = {
                symbol: round(float(p), 3) for symbol, p in zip(mapper.symbols, read, strict=True) if p >= least
            }
    return found


def _expected(
    step: EncodedStep, hidden: np.ndarray, goal: np.ndarray, mapper: SymbolicMapper, structures: Known
) -> dict[str, Any]:
    outcome = outcome_of(step)
    found: dict[str, Any] = {
        "step": step.step, "tactic": step.tactic, "on_proof": step.proof, "outcome": OUTCOMES[outcome],
        "outcome_expected": round(float(mapper.outcome(hidden)[0, outcome]), 4),
    }  # fmt: skip
    after = structures.get((step.theorem, step.state_after or ""))
    if after is not None:
        expected = mapper.expect(hidden, goal)
        labels = multi_hot([labels_of(after.pieces[-1], after.relation)], mapper.symbols)
        pairs = list(zip(mapper.symbols, expected[0].tolist(), labels[0].tolist(), strict=True))
        found |= {
            "agreement": round(float(agreement(expected, labels)[0]), 4),
            "missed": [symbol for symbol, p, there in pairs if there and p < 0.5],
            "invented": [symbol for symbol, p, there in pairs if not there and p > 0.5],
        }
    return found
