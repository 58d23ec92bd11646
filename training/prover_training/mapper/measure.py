"""What a fitted mapper is worth on held-out modules, always beside controls."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.encodings import Encoding
from prover.model.symbolic_mapper import SymbolicMapper
from prover.report.plots import accuracy_by_layer, calibration, calibration_error, reliability, save
from prover_training.mapper.alignment import fit_alignment, recall
from prover_training.mapper.examples import graph_features, span_rows, token_features
from prover_training.mapper.fit import Known, MapperConfig, afters_of, multi_hot, states_of
from prover_training.mapper.probes import area, f1, fit_probe, shuffled
from prover_training.mapper.value import fit_value

_WORD = re.compile(r"[^\W\d_][\w'.]*|\d+|[^\s\w]")


@dataclass(frozen=True, slots=True)
class LayerScore:
    """Micro and macro F1 of the probe of one layer, and micro F1 of its control task."""

    layer: int
    micro: float
    macro: float
    control: float


def measure(mapper: SymbolicMapper, encoding: Encoding, known: Known) -> dict[str, Any]:
    """All numbers on the held-out modules of ``encoding`` (those that the mapper's settings hold out).

    Raises:
        BadInput: the encoding is of another model.
    """
    if encoding.about.model_sha256 != mapper.about["model_sha256"]:
        raise BadInput(f"the encoding is of {encoding.about.model}, the mapper was fitted to {mapper.about['model']}")
    config = MapperConfig(**mapper.about["settings"])
    return {
        "model": encoding.about.model, "layer": mapper.layer, "symbols": len(mapper.symbols),
        "probes": _probes(mapper, encoding, known, config), "alignment": _alignment(mapper, encoding, known, config),
        "value": _value(mapper, encoding, known, config), "consistency": _consistency(mapper, encoding, known, config),
    }  # fmt: skip


def _probes(mapper: SymbolicMapper, encoding: Encoding, known: Known, config: MapperConfig) -> dict[str, Any]:
    spans = span_rows(encoding, known, fraction=config.held_out, seed=config.seed)
    names = list(mapper.symbols)
    labels, (learn, held) = spans.matrix(names), spans.split
    control_labels = shuffled(labels, spans.texts, config.seed)
    layers = []
    for at, layer in enumerate(encoding.layers):
        hidden = encoding.gather(spans.rows, at)
        odds = _odds(mapper.read(hidden[held], layer))
        control = fit_probe(hidden[learn], control_labels[learn], seed=config.seed)
        layers.append(
            LayerScore(layer, *f1(odds, labels[held]), f1(control.log_odds(hidden[held]), control_labels[held])[0])
        )
    words = token_features([[zlib.crc32(w.encode()) for w in _WORD.findall(text)] for text in spans.texts])
    bag = fit_probe(words[learn], labels[learn], seed=config.seed)
    best = next(score for score in layers if score.layer == mapper.layer)
    odds = _odds(mapper.read(encoding.gather([spans.rows[i] for i in held], mapper.position())))
    probability = mapper.read(encoding.gather([spans.rows[i] for i in held], mapper.position()))
    return {
        "spans": len(held), "layers": [asdict(score) for score in layers], "micro": best.micro, "macro": best.macro,
        "control": best.control, "selectivity": best.micro - best.control,
        "bag_of_tokens": dict(zip(("micro", "macro"), f1(bag.log_odds(words[held]), labels[held]), strict=True)),
        "calibration_error": _miscalibration(probability.ravel(), labels[held].ravel() > 0.5),
        "by_kind": _by_kind(odds, labels[held], names),
    }  # fmt: skip


def _miscalibration(probability: np.ndarray, happened: np.ndarray) -> float:
    return calibration_error(reliability(probability.tolist(), happened.tolist()))


def _by_kind(odds: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    kinds = [name.split()[0] if name.startswith(("binder ", "kind ", "relation ")) else "constant" for name in names]
    chosen = {kind: [i for i, k in enumerate(kinds) if k == kind] for kind in dict.fromkeys(kinds)}
    return {kind: f1(odds[:, columns], labels[:, columns])[0] for kind, columns in chosen.items()}


def _odds(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, 1e-7, 1 - 1e-7)
    odds: np.ndarray = np.log(clipped / (1 - clipped))
    return odds


def _alignment(mapper: SymbolicMapper, encoding: Encoding, known: Known, config: MapperConfig) -> dict[str, Any]:
    """Recall among all held-out goals that differ in their graphs; the baseline aligns bags of symbols instead of
    graphs (trained in the same way), chance is 1 in so many.
    """
    states = states_of(encoding, known, config)
    at = mapper.position()
    held, seen = [], set()
    for i in np.flatnonzero(states.held):
        structure = states.structures[i]
        if structure is not None and (key := graph_features(structure).tobytes()) not in seen:
            seen.add(key)
            held.append(i)
    if not held:
        return {"goals": 0}
    hidden = encoding.gather(states.rows[held].tolist(), at)
    goals = np.array([graph_features(s) for i in held if (s := states.structures[i]) is not None])
    found = mapper.embed_state(hidden) @ mapper.embed_goal(goals).T
    learn = [i for i in np.flatnonzero(~states.held) if states.structures[i] is not None]
    bags = [graph_features(s, edges=False) for i in learn if (s := states.structures[i]) is not None]
    base = fit_alignment(encoding.gather(states.rows[learn].tolist(), at), np.array(bags), seed=config.seed)
    held_bags = np.array([graph_features(s, edges=False) for i in held if (s := states.structures[i]) is not None])
    bag = base.similarity(hidden, held_bags)
    return {
        "goals": len(held),
        **{f"{name}_recall@{k}": recall(m, k) for name, m in (("latent_to_goal", found), ("goal_to_latent", found.T),
           ("bag_latent_to_goal", bag), ("bag_goal_to_latent", bag.T)) for k in (1, 10)},
    }  # fmt: skip


def _value(mapper: SymbolicMapper, encoding: Encoding, known: Known, config: MapperConfig) -> dict[str, Any]:
    states = states_of(encoding, known, config)
    held, learn = np.flatnonzero(states.held), np.flatnonzero(~states.held)
    hidden = encoding.gather(states.rows[held].tolist(), mapper.position())
    value, proved = mapper.value(hidden), states.proved[held] > 0.5
    base = fit_value(states.sizes[learn], states.proved[learn], states.distance[learn], seed=config.seed)
    by_size = 1 / (1 + np.exp(-base.outputs(states.sizes[held])[:, 0]))
    far = np.isfinite(states.distance[held])
    distance, true = mapper.distance(hidden)[far], states.distance[held][far]
    return {
        "states": len(held), "on_a_proof": float(proved.mean()), "auc": area(value, proved),
        "auc_by_size": area(by_size, proved), "calibration_error": _miscalibration(value, proved),
        "brier": float(np.mean((value - proved) ** 2)), "brier_of_the_mean": float(proved.mean() * (1 - proved.mean())),
        "distance_error": float(np.abs(distance - true).mean()) if len(true) else None,
        "distance_error_of_the_median": float(np.abs(np.median(true) - true).mean()) if len(true) else None,
        "predicted": value.tolist(), "happened": proved.tolist(),
    }  # fmt: skip


def _consistency(mapper: SymbolicMapper, encoding: Encoding, known: Known, config: MapperConfig) -> dict[str, Any]:
    afters = afters_of(encoding, known, config)
    held = np.flatnonzero(afters.held)
    if len(held) < 2:
        return {"steps": len(held)}
    labels = multi_hot([afters.labels[i] for i in held], list(mapper.symbols))
    at = mapper.position()
    expected = mapper.expect(encoding.gather(afters.rows[held].tolist(), at))
    without = mapper.read(encoding.gather(afters.before[held].tolist(), at))
    score, proof = agreement(expected, labels), afters.proof[held]
    return {
        "steps": len(held), "agreement": float(score.mean()),
        "agreement_of_the_state_before": float(agreement(without, labels).mean()),
        "on_a_proof": float(proof.mean()), "auc_of_being_on_a_proof": area(score, proof),
        "correlation": float(np.corrcoef(score, proof)[0, 1]) if 0 < proof.mean() < 1 and score.std() > 0 else None,
    }  # fmt: skip


def agreement(expected: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How well expected symbols (probabilities) and those that Lean found (0/1) agree, for each step in [0, 1]: the
    weighted Jaccard index."""
    both, either = np.minimum(expected, labels).sum(1), np.maximum(expected, labels).sum(1)
    found: np.ndarray = both / np.maximum(either, 1e-9)
    return found


def table(found: dict[str, Any]) -> str:
    """The numbers as Markdown."""
    probes, alignment, value, steps = (found[k] for k in ("probes", "alignment", "value", "consistency"))
    bag = probes["bag_of_tokens"]
    kinds = ", ".join(f"{kind} {score:.3f}" for kind, score in probes["by_kind"].items())
    parts = [
        "\n".join([
            "| layer | probes: F1 micro | macro | control task |",
            "| --- | --- | --- | --- |",
            *(_row([f"{s['layer']}{' (used)' * (s['layer'] == found['layer'])}", s["micro"], s["macro"], s["control"]])
              for s in probes["layers"]),
            _row(["bag of the span's words", bag["micro"], bag["macro"], ""]),
        ]),
        f"{probes['spans']} held-out spans, {found['symbols']} symbols; calibration error of the probes "
        f"{probes['calibration_error']:.3f}; F1 by kind: {kinds}.",
    ]  # fmt: skip
    if alignment["goals"]:
        goals = alignment["goals"]
        rows = [_row([words, *(alignment[f"{key}_recall@{k}"] for k in (1, 10))]) for key, words in _WAYS.items()]
        head = [f"| alignment, {goals} held-out goals | recall@1 | recall@10 |", "| --- | --- | --- |"]
        parts.append("\n".join([*head, *rows, _row(["chance", 1 / goals, min(1.0, 10 / goals)])]))
    parts.append(
        f"Value on {value['states']} held-out states ({value['on_a_proof']:.0%} on a proof): AUC {value['auc']:.3f} "
        f"(by size and number of goals {value['auc_by_size']:.3f}), "
        f"calibration error {value['calibration_error']:.3f}, "
        f"Brier score {value['brier']:.3f} (of the mean {value['brier_of_the_mean']:.3f})."
    )
    if steps["steps"] >= 2:
        parts.append(
            f"Expectation on {steps['steps']} held-out steps: agreement {steps['agreement']:.3f} (read from the state "
            f"before {steps['agreement_of_the_state_before']:.3f}); of being on a proof it tells AUC "
            f"{steps['auc_of_being_on_a_proof']:.3f}."
        )
    return "\n\n".join(parts)


_WAYS = {
    "latent_to_goal": "latent → goal graph", "goal_to_latent": "goal graph → latent",
    "bag_latent_to_goal": "latent → bag of symbols", "bag_goal_to_latent": "bag of symbols → latent",
}  # fmt: skip


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def draw(found: dict[str, Any], folder: Path) -> list[Path]:
    """F1 by layer with its controls and the value's reliability diagram, as PNG."""
    probes, value = found["probes"], found["value"]
    scores = {s["layer"]: s for s in probes["layers"]}
    by_layer = accuracy_by_layer(
        list(scores), {"probe": [s["micro"] for s in scores.values()]},
        controls={"control task": [s["control"] for s in scores.values()],
                  "bag of words": [probes["bag_of_tokens"]["micro"]] * len(scores)},
        title="Symbols read from hidden states of held-out modules",
    )  # fmt: skip
    return [
        save(by_layer, folder / "probes.png"),
        save(calibration({"value": (value["predicted"], value["happened"])}), folder / "calibration.png"),
    ]
