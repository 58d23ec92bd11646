"""The curriculum experiment: same model, same data, same steps; only the order differs.

For each curriculum and seed a small model is trained from nothing. Along the way its loss and its exact matches on
held-out steps are measured, and at 70 % and at the end how many held-out theorems it proves alone in Lean. Held out are
whole library modules (generated problems by name).
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.model.prompts import format_named
from prover.problem import Problem
from prover.traces.searches import Attempt, append, read_attempts
from prover_training.alone import proved_alone
from prover_training.data import pairs_of, theorem_of
from prover_training.ranker_data import held_out
from prover_training.rollouts import Open
from prover_training.sft import SftConfig, train_sft

EARLY = 0.7
"""The share of the steps after which proof completion is measured besides the end."""


@dataclass(frozen=True, slots=True)
class ExperimentConfig:
    """Settings. ``curricula`` are names separated by blanks, ``seeds`` how many runs of each; ``problems`` held-out
    theorems are tried with ``lean_steps`` each; ``pairs`` held-out steps are matched; ``points`` on the curves.
    """

    curricula: str = "length uniform anti"
    seeds: int = 3
    steps: int = 300
    batch: int = 16
    stages: int = 3
    width: int = 96
    layers: int = 2
    words: int = 768
    length: int = 320
    learning_rate: float = 3e-3
    problems: int = 30
    lean_steps: int = 24
    pairs: int = 60
    points: int = 10
    seed: int = 0


Point = dict[str, float]


def experiment(
    data: Sequence[Path], out: Path, config: ExperimentConfig, open_problem: Open,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Runs what is not done yet in ``out`` and writes ``results.json``, ``table.md`` and ``curves.png``.

    Raises:
        BadInput: there are too few proofs to learn from and to hold out.
    """
    learned, kept = held_out([a for path in data for a in read_attempts(path)], seed=config.seed)
    kept = [attempt for attempt in kept if attempt.status == "proved"]
    if not kept or sum(attempt.status == "proved" for attempt in learned) < 2:
        raise BadInput("the experiment needs attempts with proofs of several modules; gather more")
    out.mkdir(parents=True, exist_ok=True)
    traces = out / "train.jsonl"
    if not traces.exists():
        for attempt in learned:
            append(traces, attempt)
    runs: list[dict[str, Any]] = []
    for name in config.curricula.split():
        for seed in range(config.seed, config.seed + config.seeds):
            file = out / f"{name}-{seed}" / "curve.json"
            if not file.exists():
                curve = _run(name, seed, traces, kept, file.parent, config, open_problem, say)
                file.write_text(json.dumps(curve) + "\n", encoding="utf-8")
            runs.append({"curriculum": name, "seed": seed, "curve": json.loads(file.read_text("utf-8"))})
    found = {"settings": asdict(config), "problems": min(config.problems, len(kept)), "runs": runs}
    (out / "results.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (out / "table.md").write_text(table(found) + "\n", encoding="utf-8")
    draw(found, out / "curves.png")
    return found


def _run(
    name: str, seed: int, traces: Path, kept: Sequence[Attempt], folder: Path, config: ExperimentConfig,
    open_problem: Open, say: Callable[[str], None],
) -> list[Point]:  # fmt: skip
    from prover.model.transformers_backend import TransformersModel

    form = format_named("plain")
    problems = [Problem(a.statement, a.name, imports=a.imports, header=a.header) for a in kept[: config.problems]]
    theorems = [t for a in kept if (t := theorem_of(a)) is not None]
    pairs = [(str(form.write(Problem(""), p.state, ())), p.tactic) for p in pairs_of(theorems, 600)][: config.pairs]
    curve: list[Point] = []
    early = round(EARLY * config.steps)

    def measure(step: int, model: Any, tokenizer: Any) -> None:
        player = TransformersModel("in training", loaded=(model, tokenizer))
        point: Point = {"step": float(step), **matches(player, pairs)}
        if step in (early, config.steps):
            proved = proved_alone(player, problems, open_problem, form, steps=config.lean_steps)
            point["proved"] = sum(proved) / len(proved)
        curve.append(point)
        say(f"{name}, seed {seed}, step {step}: " + ", ".join(f"{k} {v:.3g}" for k, v in point.items() if k != "step"))

    settings = SftConfig(
        steps=config.steps, batch=config.batch, learning_rate=config.learning_rate, length=config.length,
        curriculum=name, stages=config.stages, seed=seed, save_steps=config.steps, words=config.words,
        width=config.width, layers=config.layers,
    )  # fmt: skip
    at = sorted({early, *(round(config.steps * (k + 1) / config.points) for k in range(config.points))})
    # A run that was interrupted is begun again: it is short.
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    train_sft([traces], folder, settings, measure=(at, measure))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return curve


def matches(player: Any, pairs: Sequence[tuple[str, str]]) -> Point:
    """Mean negative log-probability of the held-out tactics, and how often the likeliest answer is the tactic."""
    from prover.model.language_model import Sampling

    loss = -sum(player.score(prompt, [tactic])[0] for prompt, tactic in pairs) / len(pairs)
    answers = player.generate([prompt for prompt, _ in pairs], Sampling(n=1, max_tokens=40, temperature=0.0))
    right = sum(bool(got) and got[0].text == tactic.strip() for got, (_, tactic) in zip(answers, pairs, strict=True))
    return {"loss": loss, "match": right / len(pairs)}


def table(found: Mapping[str, Any]) -> str:
    """Means over the seeds with their standard deviations, as Markdown."""
    steps = float(found["settings"]["steps"])
    lines = [
        f"| curriculum | proved at {EARLY:.0%} of the steps | proved at the end | match at the end | loss at the end |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in dict.fromkeys(run["curriculum"] for run in found["runs"]):
        curves = [run["curve"] for run in found["runs"] if run["curriculum"] == name]
        early = [next(p["proved"] for p in c if "proved" in p) for c in curves]
        last = [next(p for p in c if p["step"] == steps) for c in curves]
        cells = [_spread(early, 100, " %"), *(_spread([p[k] for p in last], f, u) for k, f, u in (
            ("proved", 100, " %"), ("match", 100, " %"), ("loss", 1, "")))]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(values: Sequence[float], factor: float, unit: str) -> str:
    scaled = [factor * value for value in values]
    deviation = statistics.stdev(scaled) if len(scaled) > 1 else 0.0
    return f"{statistics.mean(scaled):.1f} ± {deviation:.1f}{unit}"


def draw(found: Mapping[str, Any], image: Path) -> None:
    """Learning curves (mean over seeds) as a PNG; nothing where matplotlib is missing."""
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, key, label in zip(
        figure.subplots(1, 2), ("loss", "match"), ("held-out loss", "exact match"), strict=True
    ):
        for name in dict.fromkeys(run["curriculum"] for run in found["runs"]):
            curves = [run["curve"] for run in found["runs"] if run["curriculum"] == name]
            steps = [p["step"] for p in curves[0]]
            means = [statistics.mean(c[i][key] for c in curves) for i in range(len(steps))]
            axes.plot(steps, means, "o-", markersize=3, label=name)
        axes.set_xlabel("updates")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(image, dpi=120)
