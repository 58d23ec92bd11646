"""Fits a symbolic mapper on an encoding: the part of its modules that is not held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from prover.errors import BadInput
from prover.model.encodings import EncodedStep, Encoding
from prover.model.symbolic_mapper import FORMAT, SymbolicMapper
from prover_training.mapper.alignment import fit_alignment
from prover_training.mapper.examples import graph_features, is_held_out, labels_of, span_rows, vocabulary
from prover_training.mapper.probes import fit_probe
from prover_training.mapper.structures import Structure
from prover_training.mapper.value import fit_value

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
    to its end (NaN unknown), their structures and sizes, and which are ``held`` out."""

    rows: np.ndarray
    proved: np.ndarray
    distance: np.ndarray
    structures: list[Structure | None]
    sizes: np.ndarray
    held: np.ndarray


def states_of(encoding: Encoding, known: Known, config: MapperConfig) -> States:
    """Every state once, whatever was tried on it."""
    seen: set[tuple[str, str]] = set()
    kept: list[tuple[EncodedStep, int]] = []
    for step in encoding.steps():
        goal, key = step.span("goal"), (step.theorem, step.state_before)
        if goal is not None and goal.rows == 1 and key not in seen:
            seen.add(key)
            kept.append((step, goal.row))
    structures = [known.get((step.theorem, step.state_before)) for step, _ in kept]
    far = [np.nan if step.distance is None else float(step.distance) for step, _ in kept]
    return States(
        np.array([row for _, row in kept]), np.array([step.distance is not None for step, _ in kept], np.float32),
        np.array(far), structures,
        np.array([[np.log1p(len(s.state_before)), 1 + s.state_before.count("\n\n")] for s, _ in kept], np.float32),
        np.array([is_held_out(step, config.held_out, config.seed) for step, _ in kept], bool),
    )  # fmt: skip


@dataclass(slots=True)
class Afters:
    """Steps that made progress to a state that Lean described: rows of their spans ``after`` and ``goal``, the labels
    of the new target, whether the step is on a proof, and which are ``held`` out."""

    rows: np.ndarray
    before: np.ndarray
    labels: list[frozenset[str]]
    proof: np.ndarray
    held: np.ndarray


def afters_of(encoding: Encoding, known: Known, config: MapperConfig) -> Afters:
    """The steps whose outcome can be compared with what the model expects."""
    rows, before, labels, proof, held = [], [], [], [], []
    for step in encoding.steps():
        after, goal = step.span("after"), step.span("goal")
        structure = known.get((step.theorem, step.state_after or ""))
        if structure is None or after is None or goal is None or goal.rows != 1:
            continue
        rows.append(after.row)
        before.append(goal.row)
        labels.append(labels_of(structure.pieces[-1], structure.relation))
        proof.append(step.proof)
        held.append(is_held_out(step, config.held_out, config.seed))
    return Afters(np.array(rows, int), np.array(before, int), labels, np.array(proof, bool), np.array(held, bool))


def multi_hot(labels: list[frozenset[str]], names: list[str]) -> np.ndarray:
    """Labels as 0 and 1, of shape (examples, names)."""
    rows = [[name in found for name in names] for found in labels]
    return np.array(rows, np.float32).reshape(len(labels), len(names))


def fit(
    encoding: Encoding, known: Known, config: MapperConfig, say: Callable[[str], None] = lambda text: None
) -> SymbolicMapper:
    """Fits all parts.

    Raises:
        BadInput: the encoding is not pooled, or has too little to learn from.
    """
    if encoding.about.pooling == "raw":
        raise BadInput("the mapper reads one vector of each span: encode with --pooling mean or last")
    spans = span_rows(encoding, known, fraction=config.held_out, seed=config.seed)
    names = vocabulary(spans, config.least, config.most)
    if not names:
        raise BadInput(f"no symbol occurs in {config.least} spans: encode more steps")
    learn, _ = spans.split
    labels = spans.matrix(names)[learn]
    probes = []
    for at, layer in enumerate(encoding.layers):
        hidden = encoding.gather([spans.rows[i] for i in learn], at)
        probes.append(fit_probe(hidden, labels, seed=config.seed))
        say(f"layer {layer}: loss {probes[-1].loss:.4f} on {len(learn)} spans, {len(names)} symbols")
    at = int(np.argmin([probe.loss for probe in probes]))
    raw = [probe.raw() for probe in probes]
    weights = {"probe.weight": np.stack([w for w, _ in raw]), "probe.bias": np.stack([b for _, b in raw])}

    states = states_of(encoding, known, config)
    aligned = [i for i in np.flatnonzero(~states.held) if states.structures[i] is not None]
    goals = np.array([graph_features(s) for i in aligned if (s := states.structures[i]) is not None])
    alignment = fit_alignment(encoding.gather(states.rows[aligned].tolist(), at), goals, seed=config.seed)
    weights |= {"align.hidden": alignment.hidden, "align.goal": alignment.goal, "align.mean": alignment.mean,
                "align.deviation": alignment.deviation}  # fmt: skip
    say(f"alignment of {len(aligned)} states")

    mine = np.flatnonzero(~states.held)
    head = fit_value(
        encoding.gather(states.rows[mine].tolist(), at), states.proved[mine], states.distance[mine], seed=config.seed
    )
    weights |= {"value.hidden": head.hidden, "value.hidden_bias": head.hidden_bias, "value.out": head.out,
                "value.out_bias": head.out_bias, "value.mean": head.mean,
                "value.deviation": head.deviation}  # fmt: skip
    say(f"value of {len(mine)} states, {states.proved[mine].mean():.0%} of them on a proof")

    afters = afters_of(encoding, known, config)
    own = np.flatnonzero(~afters.held)
    if len(own) >= 5:
        hidden = encoding.gather(afters.rows[own].tolist(), at)
        weight, bias = fit_probe(hidden, multi_hot([afters.labels[i] for i in own], names), seed=config.seed).raw()
    else:  # nothing is expected of any symbol
        weight = np.zeros((len(names), encoding.width), np.float32)
        bias = np.full(len(names), -30.0, np.float32)
    weights |= {"after.weight": weight, "after.bias": bias}
    say(f"expectation from {len(own)} steps")
    about = {
        "format": FORMAT, "model": encoding.about.model, "model_sha256": encoding.about.model_sha256,
        "prompt": encoding.about.prompt, "pooling": encoding.about.pooling, "layers": list(encoding.layers),
        "layer": encoding.layers[at], "symbols": names, "width": encoding.width, "settings": asdict(config),
        "spans": len(learn), "states": len(mine), "steps": len(own), "encoding": str(Path(encoding.folder).name),
    }  # fmt: skip
    return SymbolicMapper(about, weights)
