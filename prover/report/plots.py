"""Plots for training and for what is read inside a model, as PNG or SVG. matplotlib is loaded when one is drawn.

Each function takes plain numbers and returns a figure; :func:`save` writes it. Nothing here opens a window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prover.errors import BadInput
from prover.report.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")
Points = Sequence[tuple[float, float]]


def _axes(figure: Figure, x: str, y: str, title: str) -> Axes:
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title)
    axes.grid(alpha=0.25)
    return axes


def save(figure: Figure, path: Path) -> Path:
    """Writes ``figure`` as PNG or SVG, by the ending of ``path``; the same numbers give the same file.

    Raises:
        BadInput: another ending, or the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise BadInput(f"{path}: a plot is written as {' or '.join(FORMATS)}")
    import matplotlib as mpl

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without a date and with a fixed salt, so that files can be compared.
        with mpl.rc_context({"svg.hashsalt": "neural-prover"}):
            figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    return path


def learning_curves(
    curves: Mapping[str, Points], *, y: str = "loss", x: str = "training step", title: str = "", smooth: int = 1
) -> Figure:
    """One line for each name in ``curves``, of (step, value) points.

    With ``smooth`` above 1 the mean of so many points is drawn boldly, the points themselves faintly.

    Raises:
        BadInput: no points at all, or matplotlib is missing.
    """
    if not any(curves.values()):
        raise BadInput("a learning curve needs points; there are none")
    figure = new_figure()
    axes = _axes(figure, x, y, title)
    for name, points in curves.items():
        steps, values = [p[0] for p in points], [p[1] for p in points]
        if smooth > 1 and len(points) > smooth:
            (faint,) = axes.plot(steps, values, alpha=0.25, linewidth=0.8)
            axes.plot(steps, running_mean(values, smooth), color=faint.get_color(), label=name)
        else:
            axes.plot(steps, values, marker="." if len(points) < 30 else "", label=name)
    axes.legend(frameon=False)
    return figure


def running_mean(values: Sequence[float], width: int) -> list[float]:
    """The mean of the last ``width`` values at each place (of fewer at the beginning)."""
    means, total = [], 0.0
    for position, value in enumerate(values):
        total += value - (values[position - width] if position >= width else 0.0)
        means.append(total / min(position + 1, width))
    return means


def curriculum_stages(stages: Points, success: Mapping[str, Points], *, title: str = "") -> Figure:
    """The stage fed at each training step as a staircase, and success rates (0 to 1) over it.

    Raises:
        BadInput: no stages, or matplotlib is missing.
    """
    if not stages:
        raise BadInput("a plot of stages needs at least one (step, stage)")
    figure = new_figure()
    axes = _axes(figure, "training step", "stage", title)
    axes.step([s[0] for s in stages], [s[1] for s in stages], where="post", color="0.5", label="stage")
    axes.set_yticks(sorted({s[1] for s in stages}))
    rates = axes.twinx()
    rates.set_ylabel("success")
    rates.set_ylim(0, 1)
    for name, points in success.items():
        rates.plot([p[0] for p in points], [p[1] for p in points], marker="o", markersize=3, label=name)
    lines = [*axes.get_lines(), *rates.get_lines()]
    axes.legend(lines, [str(line.get_label()) for line in lines], frameon=False)
    return figure


def accuracy_by_layer(
    layers: Sequence[int],
    scores: Mapping[str, Sequence[float]],
    *,
    controls: Mapping[str, Sequence[float]] | None = None,
    y: str = "F1",
    title: str = "",
) -> Figure:
    """What probes reach at each layer, one line for each name; ``controls`` are dashed.

    Raises:
        BadInput: a line has not one score for each layer, or matplotlib is missing.
    """
    dashed = controls or {}
    for name, values in {**scores, **dashed}.items():
        if len(values) != len(layers):
            raise BadInput(f"{name!r} has {len(values)} scores for {len(layers)} layers")
    figure = new_figure()
    axes = _axes(figure, "layer", y, title)
    for name, values in scores.items():
        axes.plot(layers, values, marker="o", label=name)
    for number, (name, values) in enumerate(dashed.items()):
        # Told apart by mark and grey: colour is for what is measured.
        mark, grey = "x+^vsd"[number % 6], str(0.35 + 0.1 * (number % 4))
        axes.plot(layers, values, marker=mark, linestyle="--", color=grey, label=name)
    axes.set_xticks(list(layers))
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, ncols=2 if len(scores) + len(dashed) > 4 else 1)
    return figure


@dataclass(frozen=True, slots=True)
class Reliability:
    """One bin of a calibration: how many predictions, their mean, and how often it happened."""

    count: int
    predicted: float
    observed: float


def reliability(predicted: Sequence[float], happened: Sequence[bool], bins: int = 10) -> list[Reliability]:
    """Sorts predicted probabilities into ``bins`` of equal width; empty ones are left out.

    Raises:
        BadInput: the lists differ in length, are empty, or hold something else than probabilities.
    """
    if len(predicted) != len(happened) or not predicted:
        raise BadInput(f"a calibration needs as many outcomes as predictions: {len(happened)} for {len(predicted)}")
    if not all(0 <= p <= 1 for p in predicted):
        raise BadInput("a calibration needs probabilities between 0 and 1")
    found: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, outcome in zip(predicted, happened, strict=True):
        found[min(bins - 1, int(probability * bins))].append((probability, outcome))
    return [
        Reliability(len(pairs), sum(p for p, _ in pairs) / len(pairs), sum(o for _, o in pairs) / len(pairs))
        for pairs in found
        if pairs
    ]


def calibration_error(table: Sequence[Reliability]) -> float:
    """The expected calibration error: the mean gap between predicted and observed, weighted by count."""
    total = sum(row.count for row in table)
    return sum(row.count * abs(row.predicted - row.observed) for row in table) / total


def calibration(
    predictions: Mapping[str, tuple[Sequence[float], Sequence[bool]]], *, bins: int = 10, title: str = ""
) -> Figure:
    """Reliability diagrams of (predicted probabilities, what happened) by name, with their calibration error.

    Raises:
        BadInput: as for :func:`reliability`, or matplotlib is missing.
    """
    tables = {name: reliability(*pair, bins) for name, pair in predictions.items()}
    figure = new_figure(5.0, 5.0)
    axes = _axes(figure, "predicted probability", "observed frequency", title)
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
    for name, table in tables.items():
        sizes = [10 + 90 * row.count / max(r.count for r in table) for row in table]
        label = f"{name} (error {calibration_error(table):.3f})"
        (line,) = axes.plot([r.predicted for r in table], [r.observed for r in table], label=label)
        axes.scatter([r.predicted for r in table], [r.observed for r in table], s=sizes, color=line.get_color())
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.legend(frameon=False, loc="upper left")
    return figure
