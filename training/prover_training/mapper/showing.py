"""The numbers of :mod:`prover_training.mapper.measure` as a table and as figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prover.report.plots import accuracy_by_layer, calibration, save

_WAYS = {
    "to_goal": "latent → goal graph", "from_goal": "goal graph → latent",
    "bag_to_goal": "latent → bag of symbols", "bag_from_goal": "bag of symbols → latent",
    "words_to_goal": "words of the goal → goal graph", "words_from_goal": "goal graph → words of the goal",
}  # fmt: skip


def table(found: dict[str, Any]) -> str:
    """The numbers as Markdown."""
    return "\n\n".join(
        [*_probes(found), *_alignment(found["alignment"]), _value(found["value"]), *_consistency(found["consistency"])]
    )


def _probes(found: dict[str, Any]) -> list[str]:
    probes = found["probes"]
    beside = "untrained" in probes
    rows = []
    for score in probes["layers"]:
        name = f"{score['layer']}{' (used)' * (score['layer'] == found['layer_of']['probe'])}"
        cells = [score["micro"], score["macro"], score["control"], score["control_where_learned"]]
        rows.append([name, *cells, *([score["untrained"]] if beside else [])])
    for key, words in (("words_of_span", "words of the span"), ("words_of_goal", "words of span and goal")):
        rows.append(
            [f"{words}, no model", probes[key]["micro"], probes[key]["macro"], "", "", *([""] if beside else [])]
        )
    head = ["layer", "probe: F1 micro", "macro", "control task", "control task, spans learned from"]
    head += ["random weights: micro"] if beside else []
    kinds = sorted(probes["by_kind"]["probe"])
    by_kind = [[kind, *(each[kind] for each in probes["by_kind"].values())] for kind in kinds]
    return [
        f"{probes['spans']} spans of {found['held_out_modules']} held-out modules (of {found['modules']}), "
        f"{found['symbols']} labels; selectivity {probes['selectivity']:.3f}, calibration error of the probes "
        f"{probes['calibration_error']:.3f}.",
        _table(head, rows),
        _table(["F1 micro, by kind of label", "probe", "words of the span", "words of span and goal"], by_kind),
    ]


def _alignment(found: dict[str, Any]) -> list[str]:
    goals = found["goals"]
    if goals < 2:
        return []
    rows: list[list[object]] = [[words, *(found[f"{key}_recall@{k}"] for k in (1, 10))] for key, words in _WAYS.items()]
    rows.append(["chance", 1 / goals, min(1.0, 10 / goals)])
    return [_table([f"alignment, {goals} held-out goals", "recall@1", "recall@10"], rows)]


def _value(value: dict[str, Any]) -> str:
    said = (
        f"Value on {value['states']} held-out states ({value['on_a_proof']:.0%} on a proof): AUC {value['auc']:.3f} "
        f"(by size and number of goals {value['auc_by_size']:.3f}, by words {value['auc_by_words']:.3f}), "
        f"within theorems {value['auc_within_theorems']:.3f} (by size {value['auc_within_theorems_by_size']:.3f}, by "
        f"words {value['auc_within_theorems_by_words']:.3f}; {value['theorems_with_both']} have states of both kinds), "
        f"calibration error {value['calibration_error']:.3f}, Brier score {value['brier']:.3f} (of the mean "
        f"{value['brier_of_the_mean']:.3f})."
    )
    if value["distance_error"] is not None:
        said += (
            f" Steps to the proof: mean error {value['distance_error']:.2f} (of the median "
            f"{value['distance_error_of_the_median']:.2f})."
        )
    return said


def _consistency(found: dict[str, Any]) -> list[str]:
    parts = [
        f"How a tactic ends, on {found['steps']} held-out steps ({found['applied']:.0%} applied): accuracy "
        f"{found['outcome_accuracy']:.3f} (always the commonest {found['outcome_accuracy_of_the_commonest']:.3f}); "
        f"AUC of applying {found['auc_applies']:.3f} (by the tactic's log-probability "
        f"{found['auc_applies_by_log_probability']:.3f}, by words of goal and tactic "
        f"{found['auc_applies_by_words']:.3f})."
    ]
    if found["moved"] < 2:
        return parts
    said = (
        f"Symbols after the tactic, on {found['moved']} held-out steps that went on: agreement "
        f"{found['agreement']:.3f} (the state before taken as it is {found['agreement_of_the_state_before']:.3f}, a "
        f"probe without the tactic {found['agreement_without_the_tactic']:.3f})"
    )
    for way in ("came", "went"):
        if found[way]:
            said += (
                f"; of {found[way]} symbols that {way} {found[f'{way}_foreseen']:.0%} foreseen (without the tactic "
                f"{found[f'{way}_foreseen_without_the_tactic']:.0%})"
            )
    said += (
        f". Of being on a proof ({found['on_a_proof']:.0%}) agreement tells AUC {found['auc_agreement_on_a_proof']:.3f}"
    )
    if found["correlation_on_a_proof"] is not None:
        said += f", point-biserial correlation {found['correlation_on_a_proof']:.3f}"
    return [*parts, said + "."]


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, rows)])


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def draw(found: dict[str, Any], folder: Path) -> list[Path]:
    """F1 by layer with its controls and the value's reliability diagram, as PNG."""
    probes, value = found["probes"], found["value"]
    layers = probes["layers"]
    controls = {
        "control task": [s["control"] for s in layers],
        "words of the span": [probes["words_of_span"]["micro"]] * len(layers),
        "words of span and goal": [probes["words_of_goal"]["micro"]] * len(layers),
    }
    if "untrained" in probes:
        controls["random weights"] = [s["untrained"] for s in layers]
    by_layer = accuracy_by_layer(
        [s["layer"] for s in layers], {"probe": [s["micro"] for s in layers]}, controls=controls,
        title="Symbols read from hidden states, held-out modules",
    )  # fmt: skip
    pairs = {"value": (value["predicted"], value["happened"])}
    title = "Being on a found proof, held-out modules"
    return [
        save(by_layer, folder / "probes.png"),
        save(calibration(pairs, title=title), folder / "calibration.png"),
    ]
