"""What a fitted mapper is worth on held-out modules, always beside controls.

Whatever the controls need to learn they learn from the same examples as the mapper did, in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.encodings import Encoding
from prover.model.symbolic_mapper import AFTER, ALIGN, OUTCOMES, PROBE, VALUE, SymbolicMapper
from prover.report.plots import calibration_error, reliability
from prover_training.calibrating import auc
from prover_training.mapper.alignment import fit_alignment, recall
from prover_training.mapper.examples import Rows, graph_features, multi_hot, span_rows, word_features
from prover_training.mapper.probes import (
    WORDS_FLOOR,
    Probe,
    agreement,
    f1,
    f1_each,
    fit_probe,
    set_aside,
    shuffled,
)
from prover_training.mapper.states import Known, MapperConfig, States, Steps, states_of, steps_of
from prover_training.mapper.value import fit_value


def spans_of(mapper: SymbolicMapper, encoding: Encoding, known: Known) -> Rows:
    """The spans that the mapper learned from and those held out.

    Raises:
        BadInput: the encoding is of another model.
    """
    if encoding.about.model_sha256 != mapper.about["model_sha256"]:
        raise BadInput(f"the encoding is of {encoding.about.model}, the mapper was fitted to {mapper.about['model']}")
    config = MapperConfig(**mapper.about["settings"])
    return span_rows(encoding, known, fraction=config.held_out, seed=config.seed)


def measure(
    mapper: SymbolicMapper, encoding: Encoding, known: Known, untrained: np.ndarray | None = None
) -> dict[str, Any]:
    """All numbers on the held-out modules of ``encoding`` (those that the mapper's settings hold out).

    ``untrained`` are the hidden states, (spans, layers, width), that the same model with random weights has at the
    spans of :func:`spans_of`.

    Raises:
        BadInput: the encoding is of another model.
    """
    rows = spans_of(mapper, encoding, known)
    config = MapperConfig(**mapper.about["settings"])
    states, steps = states_of(encoding, known, config), steps_of(encoding, known, config)
    return {
        "model": encoding.about.model, "layer_of": mapper.about["layer_of"], "symbols": len(mapper.symbols),
        "modules": len(set(rows.units)),
        "held_out_modules": len({unit for unit, held in zip(rows.units, rows.held, strict=True) if held}),
        "probes": _probes(mapper, encoding, rows, config.seed, untrained),
        "alignment": _alignment(mapper, encoding, states, config.seed),
        "value": _value(mapper, encoding, states, config.seed),
        "consistency": _consistency(mapper, encoding, steps, config.seed),
    }  # fmt: skip


def _scores(probe: Probe, inputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return dict(zip(("micro", "macro"), f1(probe.log_odds(inputs), labels), strict=True))


def _probes(
    mapper: SymbolicMapper, encoding: Encoding, rows: Rows, seed: int, untrained: np.ndarray | None
) -> dict[str, Any]:
    names, (learn, held) = list(mapper.symbols), rows.split
    labels = rows.matrix(names)
    aside = set_aside([rows.units[i] for i in learn], seed)
    control_labels = shuffled(labels, rows.texts, seed)
    layers = []
    for at, layer in enumerate(encoding.layers):
        hidden = encoding.gather(rows.rows, at)
        micro, macro = f1(_odds(mapper.read(hidden[held], layer)), labels[held])
        control = fit_probe(hidden[learn], control_labels[learn], aside, seed=seed)
        score = {
            "layer": layer, "micro": micro, "macro": macro,
            "micro_where_learned": f1(_odds(mapper.read(hidden[learn], layer)), labels[learn])[0],
            "control": f1(control.log_odds(hidden[held]), control_labels[held])[0],
            "control_where_learned": f1(control.log_odds(hidden[learn]), control_labels[learn])[0],
        }  # fmt: skip
        if untrained is not None:
            plain = untrained[:, at].astype(np.float32)
            fitted = fit_probe(plain[learn], labels[learn], aside, seed=seed)
            score["untrained"] = f1(fitted.log_odds(plain[held]), labels[held])[0]
        layers.append(score)
    best = next(score for score in layers if score["layer"] == mapper.layer_of(PROBE))
    probability = mapper.read(encoding.gather([rows.rows[i] for i in held], mapper.position(mapper.layer_of(PROBE))))
    bags = {"words_of_span": word_features(rows.texts), "words_of_goal": word_features(rows.texts, rows.goals)}
    without = {
        name: fit_probe(bag[learn], labels[learn], aside, seed=seed, floor=WORDS_FLOOR) for name, bag in bags.items()
    }
    odds = {"probe": _odds(probability)} | {n: probe.log_odds(bags[n][held]) for n, probe in without.items()}
    return {
        "spans": len(held), "layers": layers, **{k: v for k, v in best.items() if k != "layer"},
        "selectivity": best["micro"] - best["control"],
        **{name: _scores(probe, bags[name][held], labels[held]) for name, probe in without.items()},
        "calibration_error": _miscalibration(probability.ravel(), labels[held].ravel() > 0.5),
        "by_kind": {name: _by_kind(each, labels[held], names) for name, each in odds.items()},
        "by_symbol": _by_symbol(odds, labels[held], names),
    }  # fmt: skip


def _miscalibration(probability: np.ndarray, happened: np.ndarray) -> float:
    return calibration_error(reliability(probability.tolist(), happened.tolist()))


def _by_kind(odds: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """Micro F1 of constants, those of instances (which no text shows), binders, kinds of hypothesis, relations."""
    kinds = [_kind(name) for name in names]
    chosen = {kind: [i for i, k in enumerate(kinds) if k == kind] for kind in sorted(set(kinds))}
    return {kind: f1(odds[:, columns], labels[:, columns])[0] for kind, columns in chosen.items()}


def _kind(name: str) -> str:
    if name.startswith(("binder ", "kind ", "relation ")):
        return name.split()[0]
    return "instance" if name.rpartition(".")[2].startswith("inst") else "constant"


def _by_symbol(odds: dict[str, np.ndarray], labels: np.ndarray, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each label how many held-out spans have it, and its F1 by the probe and by the bags of words."""
    each = {name: f1_each(values, labels) for name, values in odds.items()}
    return {
        name: {"spans": int(labels[:, i].sum()), **{way: round(float(score[i]), 4) for way, score in each.items()}}
        for i, name in enumerate(names)
        if labels[:, i].any()
    }


def _odds(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, 1e-7, 1 - 1e-7)
    odds: np.ndarray = np.log(clipped / (1 - clipped))
    return odds


def _alignment(mapper: SymbolicMapper, encoding: Encoding, states: States, seed: int) -> dict[str, Any]:
    """Recall among all held-out goals that differ in their graphs; chance is 1 in so many. ``bag`` aligns bags of
    symbols instead of graphs, ``words`` bags of the goal's words instead of hidden states.
    """
    at = mapper.position(mapper.layer_of(ALIGN))
    learn, held, seen = states.described(held=False), [], set()
    for i in states.described(held=True):
        key = _graphs(states, [i]).tobytes()
        if key not in seen:
            seen.add(key)
            held.append(i)
    if len(held) < 2:
        return {"goals": len(held)}
    hidden = encoding.gather(states.rows[held].tolist(), at)
    learned = encoding.gather(states.rows[learn].tolist(), at)
    goals = _graphs(states, held)
    aside = set_aside([states.units[i] for i in learn], seed)
    bag = fit_alignment(learned, _graphs(states, learn, edges=False), aside, seed=seed)
    words = word_features([states.texts[i] for i in learn])
    text = fit_alignment(words, _graphs(states, learn), aside, seed=seed, floor=WORDS_FLOOR)
    ways = {
        "": mapper.embed_state(hidden) @ mapper.embed_goal(goals).T,
        "bag_": bag.similarity(hidden, _graphs(states, held, edges=False)),
        "words_": text.similarity(word_features([states.texts[i] for i in held]), goals),
    }
    return {
        "goals": len(held),
        **{
            f"{way}{direction}_recall@{k}": recall(similarity if direction == "to_goal" else similarity.T, k)
            for way, similarity in ways.items()
            for direction in ("to_goal", "from_goal")
            for k in (1, 10)
        },
    }


def _graphs(states: States, numbers: Sequence[int], *, edges: bool = True) -> np.ndarray:
    return np.array([graph_features(s, edges=edges) for i in numbers if (s := states.structures[i]) is not None])


def _value(mapper: SymbolicMapper, encoding: Encoding, states: States, seed: int) -> dict[str, Any]:
    held, learn = np.flatnonzero(states.held), np.flatnonzero(~states.held)
    hidden = encoding.gather(states.rows[held].tolist(), mapper.position(mapper.layer_of(VALUE)))
    value, proved = mapper.value(hidden), states.proved[held] > 0.5
    aside = set_aside([states.units[i] for i in learn], seed)
    words = word_features(states.texts)
    by_size = fit_value(states.sizes[learn], states.proved[learn], states.distance[learn], aside, seed=seed)
    by_words = fit_probe(words[learn], states.proved[learn, None], aside, seed=seed, floor=WORDS_FLOOR)
    scores = {
        "": value, "_by_size": by_size.outputs(states.sizes[held])[:, 0],
        "_by_words": by_words.log_odds(words[held])[:, 0],
    }  # fmt: skip
    theorems = np.array([states.theorems[i] for i in held])
    far = np.isfinite(states.distance[held])
    distance, true = mapper.distance(hidden)[far], states.distance[held][far]
    usual = float(np.nanmedian(states.distance[learn])) if np.isfinite(states.distance[learn]).any() else 1.0
    return {
        "states": len(held), "on_a_proof": float(proved.mean()),
        **{f"auc{by}": auc(score, proved) for by, score in scores.items()},
        "theorems_with_both": len(_within(value, proved, theorems)),
        **{
            f"auc_within_theorems{by}": float(np.mean(_within(score, proved, theorems) or [0.5]))
            for by, score in scores.items()
        },
        "calibration_error": _miscalibration(value, proved),
        "brier": float(np.mean((value - proved) ** 2)), "brier_of_the_mean": float(proved.mean() * (1 - proved.mean())),
        "distance_error": float(np.abs(distance - true).mean()) if len(true) else None,
        "distance_error_of_the_median": float(np.abs(usual - true).mean()) if len(true) else None,
        "predicted": value.tolist(), "happened": proved.tolist(),
    }  # fmt: skip


def _within(scores: np.ndarray, positive: np.ndarray, theorems: np.ndarray) -> list[float]:
    """The area under the curve of each theorem with states of both kinds: a search compares states of one theorem."""
    found = []
    for theorem in np.unique(theorems):
        own = theorems == theorem
        if 0 < positive[own].sum() < own.sum():
            found.append(auc(scores[own], positive[own]))
    return found


def _consistency(mapper: SymbolicMapper, encoding: Encoding, steps: Steps, seed: int) -> dict[str, Any]:
    """Does the model know what it did: how the tactic ends, and which symbols the target has then."""
    at = mapper.position(mapper.layer_of(AFTER))
    held, learn = np.flatnonzero(steps.held), np.flatnonzero(~steps.held)
    ends = mapper.outcome(encoding.gather(steps.after[held].tolist(), at))
    happened, applied = steps.outcome[held], steps.outcome[held] != OUTCOMES.index("failed")
    words = word_features(steps.goals, steps.tactics)
    aside = set_aside([steps.units[i] for i in learn], seed)
    ended = (steps.outcome[learn, None] > 0).astype(np.float32)
    by_words = fit_probe(words[learn], ended, aside, seed=seed, floor=WORDS_FLOOR)
    logs = np.nan_to_num(steps.log_probability[held], nan=-1e9)
    return {
        "steps": len(held), "applied": float(applied.mean()),
        "outcome_accuracy": float((ends.argmax(1) == happened).mean()),
        "outcome_accuracy_of_the_commonest": float((happened == np.bincount(steps.outcome[learn]).argmax()).mean()),
        "auc_applies": auc(1 - ends[:, OUTCOMES.index("failed")], applied),
        "auc_applies_by_log_probability": auc(logs, applied),
        "auc_applies_by_words": auc(by_words.log_odds(words[held])[:, 0], applied),
        **_moved(mapper, encoding, steps, at, seed),
    }  # fmt: skip


def _moved(mapper: SymbolicMapper, encoding: Encoding, steps: Steps, at: int, seed: int) -> dict[str, Any]:
    """The symbols after steps that went on: expected after the tactic, against the state before taken as it is and a
    probe that sees the state before only; and what agreement says about being on a proof."""
    learn, held = steps.described(held=False), steps.described(held=True)
    if len(held) < 2:
        return {"moved": len(held)}
    names = list(mapper.symbols)
    before, after = _labels(steps.labels_before, held, names), _labels(steps.labels_after, held, names)
    read = mapper.position(mapper.layer_of(PROBE))
    goals = encoding.gather(steps.before[held].tolist(), read)
    expected = mapper.expect(encoding.gather(steps.after[held].tolist(), at), goals)
    aside = set_aside([steps.units[i] for i in learn], seed)
    learned = encoding.gather(steps.before[learn].tolist(), read)
    blind = fit_probe(learned, _labels(steps.labels_after, learn, names), aside, seed=seed)
    guessed = 1 / (1 + np.exp(-blind.log_odds(goals)))
    score, proof = agreement(expected, after), steps.proof[held]
    came, went = (before < after), (before > after)
    return {
        "moved": len(held), "agreement": float(score.mean()),
        "agreement_of_the_state_before": float(agreement(before, after).mean()),
        "agreement_without_the_tactic": float(agreement(guessed, after).mean()),
        "came": int(came.sum()), "went": int(went.sum()),
        "came_foreseen": _share(expected > 0.5, came), "came_foreseen_without_the_tactic": _share(guessed > 0.5, came),
        "went_foreseen": _share(expected < 0.5, went), "went_foreseen_without_the_tactic": _share(guessed < 0.5, went),
        "on_a_proof": float(proof.mean()), "auc_agreement_on_a_proof": auc(score, proof),
        "correlation_on_a_proof": float(np.corrcoef(score, proof)[0, 1])
        if 0 < proof.mean() < 1 and score.std() > 0 else None,
    }  # fmt: skip


def _share(said: np.ndarray, of: np.ndarray) -> float | None:
    return float(said[of].mean()) if of.any() else None


def _labels(labels: Sequence[frozenset[str] | None], numbers: Sequence[int], names: Sequence[str]) -> np.ndarray:
    return multi_hot([found for i in numbers if (found := labels[i]) is not None], names)
