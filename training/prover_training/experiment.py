"""The curriculum experiment: same model, same data, same steps; only the order differs.

For each curriculum and seed a small model is trained from nothing. Along the way its loss and its exact matches on
held-out steps are measured, and at some points how many held-out theorems it proves alone in Lean, with a fixed number
of steps of Lean. Held out are whole library modules (generated problems by name), and of those theorems of all lengths.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.model.prompts import format_named
from prover.problem import Problem
from prover.traces.searches import Attempt, append, read_attempts
from prover_training.alone import AloneConfig, Prover
from prover_training.data import pairs_of, theorem_of
from prover_training.experiment_results import EARLY, Point, draw, table
from prover_training.ranker_data import held_out
from prover_training.rollouts import Open
from prover_training.sft import TuningConfig, train_sft

PROVED_AT = (0.4, EARLY, 1.0)
"""The shares of the steps after which held-out theorems are proved."""


@dataclass(frozen=True, slots=True)
class ExperimentConfig(TuningConfig):
    """Settings. ``curricula`` are names separated by blanks, ``seeds`` how many runs of each, of ``steps`` updates in
    ``stages``; ``problems`` held-out theorems are tried with ``lean_steps`` each and ``samples`` answers a state;
    ``pairs`` held-out steps are matched; ``points`` on the curves.
    """

    words: int = 320
    width: int = 96
    layers: int = 2
    length: int = 192
    prompt: str = "focused"
    learning_rate: float = 3e-3
    curricula: str = "length uniform anti"
    seeds: int = 3
    steps: int = 300
    stages: int = 3
    problems: int = 80
    lean_steps: int = 32
    samples: int = 6
    pairs: int = 60
    points: int = 10


def experiment(
    data: Sequence[Path], out: Path, config: ExperimentConfig, open_problem: Open,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Runs what is not done yet in ``out`` and writes ``results.json``, ``table.md`` and ``curves.png``.

    These are written anew after every run, so that an experiment that was stopped shows what it has.

    Raises:
        BadInput: there are too few proofs to learn from and to hold out.
    """
    learned, kept = held_out([a for path in data for a in read_attempts(path)], seed=config.seed)
    kept = [attempt for attempt in kept if attempt.status == "proved"]
    if not kept or sum(attempt.status == "proved" for attempt in learned) < 2:
        raise BadInput("the experiment needs attempts with proofs of several modules; gather more")
    out.mkdir(parents=True, exist_ok=True)
    traces = out / "train.jsonl"
    for file, attempts in ((traces, learned), (out / "held_out.jsonl", kept)):
        if not file.exists():
            for attempt in attempts:
                append(file, attempt)
    chosen = spread(kept, config.problems)
    prover = Prover(
        open_problem, format_named(config.prompt), AloneConfig(config.lean_steps, config.samples, seed=config.seed)
    )
    runs: list[dict[str, Any]] = []
    found: dict[str, Any] = {}
    # Seed by seed, so that what is there early compares all curricula.
    for seed in range(config.seed, config.seed + config.seeds):
        for name in config.curricula.split():
            file = out / f"{name}-{seed}" / "curve.json"
            if not file.exists():
                curve = _run(name, seed, traces, kept, chosen, file.parent, config, prover, say)
                file.write_text(json.dumps(curve) + "\n", encoding="utf-8")
            runs.append({"curriculum": name, "seed": seed, "curve": json.loads(file.read_text("utf-8"))})
            found = {
                "settings": asdict(config), "problems": len(chosen), "lengths": [len(a.actions) for a in chosen],
                "runs": runs,
            }  # fmt: skip
            (out / "results.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
            (out / "table.md").write_text(table(found) + "\n", encoding="utf-8")
            draw(found, out / "curves.png")
    return found


def spread(attempts: Sequence[Attempt], count: int) -> list[Attempt]:
    """``count`` of the attempts, evenly over the lengths of their proofs, short ones first."""
    ordered = sorted(attempts, key=lambda attempt: (len(attempt.actions), attempt.name))
    count = min(count, len(ordered))
    return [ordered[(2 * k + 1) * len(ordered) // (2 * count)] for k in range(count)]


def _run(
    name: str, seed: int, traces: Path, kept: Sequence[Attempt], chosen: Sequence[Attempt], folder: Path,
    config: ExperimentConfig, prover: Prover, say: Callable[[str], None],
) -> list[Point]:  # fmt: skip
    from prover.model.transformers_backend import TransformersModel

    form = format_named(config.prompt)
    problems = [Problem(a.statement, a.name, imports=a.imports, header=a.header) for a in chosen]
    theorems = [t for a in spread(kept, config.pairs) if (t := theorem_of(a)) is not None]
    every = pairs_of(theorems, 1_000)
    some = every[:: max(1, len(every) // config.pairs)][: config.pairs]
    pairs = [(str(form.write(Problem(""), p.state, ())), p.tactic) for p in some]
    curve: list[Point] = []
    proving = {round(share * config.steps) for share in PROVED_AT}

    def measure(step: int, model: Any, tokenizer: Any) -> None:
        player = TransformersModel("in training", loaded=(model, tokenizer))
        point: Point = {"step": float(step), **matches(player, pairs)}
        if step in proving:
            solved = prover.proved(player, problems)
            point |= {"proved": sum(solved) / len(solved), "solved": solved}
        curve.append(point)
        shown = ", ".join(f"{k} {point[k]:.3g}" for k in ("loss", "match", "proved") if k in point)
        say(f"{name}, seed {seed}, step {step}: {shown}")

    settings = config.sft(steps=config.steps, curriculum=name, stages=config.stages, seed=seed, save_steps=config.steps)
    at = sorted({*proving, *(round(config.steps * (k + 1) / config.points) for k in range(config.points))})
    # A run that was interrupted is begun again: it is short.
    shutil.rmtree(folder, ignore_errors=True)
    train_sft([traces], folder, settings, measure=(at, measure))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return curve


def matches(player: Any, pairs: Sequence[tuple[str, str]]) -> Mapping[str, float]:
    """Mean negative log-probability of the held-out tactics, and how often the likeliest answer is the tactic."""
    from prover.model.language_model import Sampling

    loss = -sum(player.score(prompt, [tactic])[0] for prompt, tactic in pairs) / len(pairs)
    answers = player.generate([prompt for prompt, _ in pairs], Sampling(n=1, max_tokens=40, temperature=0.0))
    right = sum(bool(got) and got[0].text == tactic.strip() for got, (_, tactic) in zip(answers, pairs, strict=True))
    return {"loss": loss, "match": right / len(pairs)}
