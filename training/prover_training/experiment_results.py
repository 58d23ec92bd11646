"""What came of the curriculum experiment: a table, differences with intervals, learning curves."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prover.report.canvas import can_draw, new_figure

EARLY = 0.7
"""The share of the steps after which proof completion is compared besides the end."""

RESAMPLES = 2_000

Point = dict[str, Any]
"""One point of a learning curve: ``step``, ``loss``, ``match``; at some of them ``proved`` (a rate) and ``solved`` (for
each problem whether)."""

Found = Mapping[str, Any]


def names_of(found: Found) -> list[str]:
    """The curricula, in the order in which they were named."""
    return list(dict.fromkeys(run["curriculum"] for run in found["runs"]))


def _points_at(found: Found, name: str, share: float) -> list[Point]:
    """The point after that share of the steps, of each seed."""
    step = float(round(share * found["settings"]["steps"]))
    curves = [run["curve"] for run in found["runs"] if run["curriculum"] == name]
    return [next(point for point in curve if point["step"] == step) for curve in curves]


def table(found: Found) -> str:
    """Means over the seeds with their standard deviations, and differences from ``uniform``, as Markdown."""
    lines = [
        f"| curriculum | runs | proved at {EARLY:.0%} | proved at the end | short proofs, at the end "
        "| long proofs, at the end | match at the end | loss at the end |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    half = statistics.median(found["lengths"])
    short = [number for number, length in enumerate(found["lengths"]) if length <= half]
    long = [number for number, length in enumerate(found["lengths"]) if length > half]
    for name in names_of(found):
        early, last = _points_at(found, name, EARLY), _points_at(found, name, 1.0)
        cells = [
            _spread([p["proved"] for p in early], 100, " %"), _spread([p["proved"] for p in last], 100, " %"),
            *(_spread([_rate(p["solved"], some) for p in last], 100, " %") for some in (short, long)),
            _spread([p["match"] for p in last], 100, " %"), _spread([p["loss"] for p in last], 1, ""),
        ]  # fmt: skip
        lines.append(f"| {name} | {len(last)} | {' | '.join(cells)} |")
    lines += ["", f"Short: at most {half:g} steps. ± is the standard deviation over the seeds.", ""]
    for name in names_of(found):
        if name == "uniform" or "uniform" not in names_of(found):
            continue
        for (mine, share), (words, other) in ((("at the end", 1.0), ("at the end", 1.0)),
                                              ((f"at {EARLY:.0%}", EARLY), (f"at {EARLY:.0%}", EARLY)),
                                              ((f"at {EARLY:.0%}", EARLY), ("at the end", 1.0))):  # fmt: skip
            mean, low, high = difference(found, name, share, "uniform", other)
            gap = f"{100 * mean:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
            lines.append(f"- {name} {mine} against uniform {words}: {gap}")
    return "\n".join(lines)


def _rate(solved: Sequence[bool], some: Sequence[int]) -> float:
    return sum(solved[number] for number in some) / max(len(some), 1)


def difference(found: Found, a: str, share_a: float, b: str, share_b: float) -> tuple[float, float, float]:
    """How much more of the problems ``a`` proves than ``b``, mean over the seeds, with a 95 % interval.

    The bootstrap draws problems and, for each curriculum, seeds: both are samples of what might have been.
    """
    left = [point["solved"] for point in _points_at(found, a, share_a)]
    right = [point["solved"] for point in _points_at(found, b, share_b)]
    problems = range(len(left[0]))
    dice = random.Random(0)

    def gap(chosen: Sequence[int], first: Sequence[Sequence[bool]], second: Sequence[Sequence[bool]]) -> float:
        return statistics.mean(_rate(s, chosen) for s in first) - statistics.mean(_rate(s, chosen) for s in second)

    drawn = sorted(
        gap(dice.choices(problems, k=len(problems)), dice.choices(left, k=len(left)), dice.choices(right, k=len(right)))
        for _ in range(RESAMPLES)
    )
    return gap(problems, left, right), drawn[RESAMPLES // 40], drawn[-RESAMPLES // 40]


def _spread(values: Sequence[float], factor: float, unit: str) -> str:
    scaled = [factor * value for value in values]
    deviation = statistics.stdev(scaled) if len(scaled) > 1 else 0.0
    return f"{statistics.mean(scaled):.1f} ± {deviation:.1f}{unit}"


def draw(found: Found, image: Path) -> None:
    """Learning curves (mean over seeds) and success by length as a PNG; nothing where matplotlib is missing."""
    if not can_draw():
        return
    figure = new_figure(12, 7)
    panels: list[tuple[str, str, float]] = [
        ("loss", "held-out loss", 1), ("match", "exact match (%)", 100), ("proved", "held-out theorems proved (%)", 100)
    ]  # fmt: skip
    axes = list(figure.subplots(2, 2).flat)
    for plot, (key, label, factor) in zip(axes, panels, strict=False):
        for name in names_of(found):
            curves = [[p for p in run["curve"] if key in p] for run in found["runs"] if run["curriculum"] == name]
            means = [factor * statistics.mean(c[i][key] for c in curves) for i in range(len(curves[0]))]
            plot.plot([p["step"] for p in curves[0]], means, "o-", markersize=3, label=name)
        plot.set(xlabel="updates", ylabel=label)
        plot.grid(alpha=0.3)
        plot.legend()
    for name in names_of(found):
        places, rates = by_length(found, name)
        axes[3].plot(places, [100 * rate for rate in rates], "o-", markersize=3, label=name)
    axes[3].set(xlabel="steps of the known proof", ylabel="proved at the end (%)")
    axes[3].grid(alpha=0.3)
    axes[3].legend()
    figure.savefig(image, dpi=120)


def by_length(found: Found, name: str, bins: int = 4) -> tuple[list[float], list[float]]:
    """Mean length and success at the end (mean over the seeds) of ``bins`` equal shares of the problems by length."""
    order = sorted(range(len(found["lengths"])), key=lambda number: found["lengths"][number])
    bins = min(bins, len(order))
    parts = [order[len(order) * k // bins : len(order) * (k + 1) // bins] for k in range(bins)]
    solved = [point["solved"] for point in _points_at(found, name, 1.0)]
    lengths = [statistics.mean(found["lengths"][number] for number in part) for part in parts]
    return lengths, [statistics.mean(_rate(one, part) for one in solved) for part in parts]
