"""Fits a symbolic mapper on an encoding: the part of its modules that is not held out.

Of that part some modules are set aside: they choose the layer of each part, the epoch, and calibrate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.encodings import ABOUT, STEPS, Encoding
from prover.model.symbolic_mapper import AFTER, ALIGN, FORMAT, OUTCOMES, PROBE, VALUE, SymbolicMapper
from prover_training.card import data_hash
from prover_training.mapper.alignment import fit_alignment
from prover_training.mapper.examples import graph_features, multi_hot, span_rows, vocabulary
from prover_training.mapper.probes import Probe, fit_probe, set_aside
from prover_training.mapper.states import Known, MapperConfig, States, Steps, states_of, steps_of
from prover_training.mapper.value import fit_value

FEWEST = 10
"""Examples that a part needs to be fitted."""

Weights = dict[str, np.ndarray]
Fitted = tuple[int, Weights]
"""Where the layer of a part stands among the recorded ones, and its weights."""


def fit(
    encoding: Encoding, known: Known, config: MapperConfig, say: Callable[[str], None] = lambda text: None
) -> SymbolicMapper:
    """Fits all parts.

    Raises:
        BadInput: the encoding is not pooled, or has too little to learn from.
    """
    if encoding.about.pooling == "raw":
        raise BadInput("the mapper reads one vector of each span: encode with --pooling mean or last")
    names, probed, weights, spans = _symbols(encoding, known, config, say)
    states, steps = states_of(encoding, known, config), steps_of(encoding, known, config)
    layer_of = {PROBE: probed}
    for part, (at, more) in {
        ALIGN: _align(encoding, states, config, say),
        VALUE: _value(encoding, states, config, say),
        AFTER: _expect(encoding, steps, names, encoding.layers.index(probed), config, say),
    }.items():
        layer_of[part] = encoding.layers[at]
        weights |= more
    about: dict[str, Any] = {
        "format": FORMAT, "model": encoding.about.model, "model_sha256": encoding.about.model_sha256,
        "prompt": encoding.about.prompt, "pooling": encoding.about.pooling, "layers": list(encoding.layers),
        "layer_of": layer_of, "symbols": names, "outcomes": list(OUTCOMES),
        "width": encoding.width, "settings": asdict(config), "spans": spans, "states": int((~states.held).sum()),
        "steps": int((~steps.held).sum()), "encoding": Path(encoding.folder).resolve().name,
        "data_sha256": data_hash([encoding.folder / name for name in (ABOUT, STEPS, *encoding.about.shards)]),
        "structures_sha256": structures_hash(known),
    }  # fmt: skip
    return SymbolicMapper(about, weights)


def structures_hash(known: Known) -> str:
    """SHA-256 of what Lean said, in whatever order it was asked."""
    digest = hashlib.sha256()
    for key in sorted(known):
        digest.update(repr(known[key]).encode())
    return digest.hexdigest()


def _symbols(
    encoding: Encoding, known: Known, config: MapperConfig, say: Callable[[str], None]
) -> tuple[list[str], int, Weights, int]:
    """The labels, the layer at which they are read best, the probes of all layers, and from how many spans."""
    rows = span_rows(encoding, known, fraction=config.held_out, seed=config.seed)
    names = vocabulary(rows, config.least, config.most)
    if not names:
        raise BadInput(f"no symbol occurs in {config.least} spans: encode more steps")
    learn, _ = rows.split
    labels = multi_hot([rows.labels[i] for i in learn], names)
    aside = set_aside([rows.units[i] for i in learn], config.seed)
    probes: list[Probe] = []
    for at, layer in enumerate(encoding.layers):
        hidden = encoding.gather([rows.rows[i] for i in learn], at)
        probes.append(fit_probe(hidden, labels, aside, seed=config.seed))
        say(f"layer {layer}: probes of {len(names)} symbols, loss {probes[-1].loss:.4f} on {len(learn)} spans")
    raw = [probe.raw() for probe in probes]
    weights = {"probe.weight": np.stack([w for w, _ in raw]), "probe.bias": np.stack([b for _, b in raw])}
    return names, encoding.layers[int(np.argmin([probe.loss for probe in probes]))], weights, len(learn)


def _align(encoding: Encoding, states: States, config: MapperConfig, say: Callable[[str], None]) -> Fitted:
    own = states.described(held=False)
    if len(own) < FEWEST:
        raise BadInput(f"Lean described only {len(own)} states to learn from: encode more steps")
    goals = np.array([graph_features(s) for i in own if (s := states.structures[i]) is not None])
    aside = set_aside([states.units[i] for i in own], config.seed)
    found = [
        fit_alignment(encoding.gather(states.rows[own].tolist(), at), goals, aside, seed=config.seed)
        for at in range(len(encoding.layers))
    ]
    at = int(np.argmin([one.loss for one in found]))
    say(f"layer {encoding.layers[at]}: alignment of {len(own)} states")
    best = found[at]
    return at, {"align.hidden": best.hidden, "align.goal": best.goal, "align.mean": best.mean,
                "align.deviation": best.deviation}  # fmt: skip


def _value(encoding: Encoding, states: States, config: MapperConfig, say: Callable[[str], None]) -> Fitted:
    own = np.flatnonzero(~states.held)
    proved, distance = states.proved[own], states.distance[own]
    aside = set_aside([states.units[i] for i in own], config.seed)
    found = [
        fit_value(encoding.gather(states.rows[own].tolist(), at), proved, distance, aside, seed=config.seed)
        for at in range(len(encoding.layers))
    ]
    at = int(np.argmin([one.loss for one in found]))
    say(f"layer {encoding.layers[at]}: value of {len(own)} states, {proved.mean():.0%} of them on a proof")
    best = found[at]
    return at, {"value.hidden": best.hidden, "value.hidden_bias": best.hidden_bias, "value.out": best.out,
                "value.out_bias": best.out_bias, "value.mean": best.mean,
                "value.deviation": best.deviation}  # fmt: skip


def _expect(
    encoding: Encoding, steps: Steps, names: list[str], probed: int, config: MapperConfig, say: Callable[[str], None]
) -> Fitted:
    """What the model expects: how a tactic ends, from all steps, and the symbols then, from those that went on. The
    layer is the one that tells best how they end; the goal is read where the probes read most, at ``probed``."""
    every, moved = np.flatnonzero(~steps.held), np.array(steps.described(held=False), int)
    if min(len(every), len(moved)) < FEWEST:
        raise BadInput(f"Lean described only {len(moved)} steps to learn from: encode more")
    ends = np.eye(len(OUTCOMES), dtype=np.float32)[steps.outcome[every]]
    aside = set_aside([steps.units[i] for i in every], config.seed)
    outcomes = [
        fit_probe(encoding.gather(steps.after[every].tolist(), at), ends, aside, seed=config.seed)
        for at in range(len(encoding.layers))
    ]
    at = int(np.argmin([probe.loss for probe in outcomes]))
    labels = multi_hot([labels for i in moved if (labels := steps.labels_after[i]) is not None], names)
    hidden = np.concatenate(
        [encoding.gather(steps.after[moved].tolist(), at), encoding.gather(steps.before[moved].tolist(), probed)], 1
    )
    symbols = fit_probe(hidden, labels, set_aside([steps.units[i] for i in moved], config.seed), seed=config.seed)
    say(f"layer {encoding.layers[at]}: how {len(every)} steps end, and the symbols after {len(moved)} of them")
    (weight, bias), (ending, ending_bias) = symbols.raw(), outcomes[at].raw()
    return at, {"after.weight": weight, "after.bias": bias, "outcome.weight": ending, "outcome.bias": ending_bias}
