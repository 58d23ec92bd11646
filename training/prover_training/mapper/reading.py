"""Reads a saved search with a mapper: symbols in each span, and steps whose outcome the model did not expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.encodings import EncodedStep
from prover.model.prompts import format_named
from prover.model.step_sources import Choice, read_steps
from prover.model.symbolic_mapper import SymbolicMapper
from prover.model.trace_encoder import TraceEncoder, batches_of
from prover.model.transformers_backend import TransformersModel
from prover.runs import open_run
from prover_training.mapper.examples import labels_of
from prover_training.mapper.fit import multi_hot
from prover_training.mapper.measure import agreement
from prover_training.mapper.structures import ask_structures

Probes = dict[str, dict[str, dict[str, float]]]


def read_run(
    run: Path, mapper: SymbolicMapper, model: TransformersModel, least: float, tries: int = 1_000
) -> tuple[Probes, list[dict[str, Any]]]:
    """What the model sees in each state of a saved search, and its steps by how surprising their outcome was.

    The first is state (its number in the run) → span → symbol → probability, without what is less likely than
    ``least``. The second has for each step that made progress the agreement of what the model expected with
    what Lean found, the symbols that it did not expect and those that did not come.

    Raises:
        BadInput: no saved search, or the mapper is of another model.
    """
    if model.digest() != mapper.about["model_sha256"]:
        raise BadInput(f"the mapper was fitted to {mapper.about['model']}, not to {model.name}")
    number = _numbers(run)
    form, pooling = format_named(mapper.about["prompt"]), mapper.about["pooling"]
    encoder = TraceEncoder(model, form, layers=[mapper.layer], pooling=pooling)
    steps = list(read_steps(run, Choice(tries=tries)))
    structures = ask_structures(steps, run)
    probes: Probes = {}
    surprises: list[dict[str, Any]] = []
    for batch in batches_of(iter(steps), 16):
        for step, rows in encoder.encode(batch):
            state = str(number[step.state_before])
            if state not in probes:
                probes[state] = _spans(step, rows, mapper, least)
            after = structures.get((step.theorem, step.state_after or ""))
            if after is None or not rows or step.span("after") is None:
                continue
            expected = mapper.expect(rows[-1][:, 0])
            labels = multi_hot([labels_of(after.pieces[-1], after.relation)], list(mapper.symbols))
            surprises.append(_surprise(step, mapper, expected, labels))
    surprises.sort(key=lambda found: found["agreement"])
    return probes, surprises


def _numbers(run: Path) -> dict[str, int]:
    """The number of each state in the run, by its text as searches keep it."""
    from prover.traces.searches import LONGEST_STATE

    found: dict[str, int] = {}
    for event in open_run(run).events():
        if event["event"] in ("search_started", "node_added"):
            found.setdefault(event["text"][:LONGEST_STATE], event["node"])
    return found


def _spans(
    step: EncodedStep, rows: list[np.ndarray], mapper: SymbolicMapper, least: float
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for span, part in zip(step.spans, rows, strict=True):
        if span.kind in ("hypothesis", "target"):
            read = mapper.read(part[:, 0])[0]
            name = "target" if span.kind == "target" else step.state_before[span.start : span.end]
            found[name] = {
                symbol: round(float(p), 3) for symbol, p in zip(mapper.symbols, read, strict=True) if p >= least
            }
    return found


def _surprise(step: EncodedStep, mapper: SymbolicMapper, expected: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    pairs = list(zip(mapper.symbols, expected[0].tolist(), labels[0].tolist(), strict=True))
    return {
        "step": step.step, "tactic": step.tactic, "agreement": round(float(agreement(expected, labels)[0]), 4),
        "missed": [symbol for symbol, p, there in pairs if there and p < 0.5],
        "invented": [symbol for symbol, p, there in pairs if not there and p > 0.5],
        "on_proof": step.proof,
    }  # fmt: skip
