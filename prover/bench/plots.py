"""Pictures of runs: problems proved over time and over steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prover.bench.compare import mcnemar, pairs, solved_within
from prover.report.canvas import new_figure

SECONDS = (0.25, 0.5, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 120, 300)
STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


def plot_runs(runs: Mapping[str, Path], image: Path) -> None:
    """Draws pass@1 by seconds and by steps for each run as a PNG; ``runs`` are their folders by label.

    Raises:
        BadInput: a run holds no results, or matplotlib is missing.
    """
    figure = new_figure(9, 4)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, key, limits in ((left, "seconds", SECONDS), (right, "steps", STEPS)):
        for label, path in runs.items():
            rates = [100 * rate for rate in solved_within(path, key, limits)]
            axes.plot(limits, rates, "o-", markersize=3, label=label)
        axes.set_xscale("log")
        axes.set_xlabel(key)
        axes.grid(alpha=0.3)
    left.set_ylabel("problems proved (%)")
    left.legend()
    image.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(image, dpi=120)


def budget_table(runs: Mapping[str, Path]) -> str:
    """Pass@1 of each run at fixed seconds and at fixed steps, as text; of two runs also what only one of them proves,
    and McNemar's exact p."""
    pair = [*runs.values()] if len(runs) == 2 else None
    head = f"{'proved within':<16}" + "".join(f"{label:>14}" for label in runs)
    lines = [head + (f"{'only one':>14}{'p':>8}" if pair else "")]
    for key, limits in (("seconds", (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)), ("steps", (4.0, 16.0, 64.0, 256.0))):
        for limit in limits:
            rates = [solved_within(path, key, [limit])[0] for path in runs.values()]
            line = f"{f'{limit:g} {key}':<16}" + "".join(f"{rate:>14.1%}" for rate in rates)
            if pair:
                within = pairs(*pair, seconds=limit) if key == "seconds" else pairs(*pair, steps=limit)
                outcomes = list(within.values())
                only = outcomes.count((True, False)), outcomes.count((False, True))
                line += f"{f'{only[0]} / {only[1]}':>14}{mcnemar(*only):>8.2g}"
            lines.append(line)
    return "\n".join(lines)
