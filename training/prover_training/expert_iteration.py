"""Expert iteration: search with the current model, keep what Lean accepted, train on it, and again.

Each round searches the training problems (the ranker of the round before judges), adds the attempts to all earlier
ones, trains a ranker on them and measures it on held-out problems. A round that does not improve is kept in the
record, but the best model is the one that goes on. A run that died goes on with the round it was in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.problem import Problem
from prover.session import Options
from prover.traces.searches import Attempt, read_attempts
from prover_training.card import data_hash
from prover_training.gather import GatherConfig, gather
from prover_training.ranker import RankerConfig, save, train
from prover_training.ranker_data import examples, held_out, proposers_of

RECORD = "rounds.json"


@dataclass(frozen=True, slots=True)
class IterationConfig:
    """``rounds`` of ``problems`` searches each; ``seconds`` for a training problem, ``steps`` of Lean for a held-out
    one (so that success by round does not depend on the machine). ``seed`` chooses the problems.
    """

    rounds: int = 3
    problems: int = 200
    seconds: float = 5.0
    steps: int = 40
    explore: float = 0.7
    epochs: int = 5
    seed: int = 0


@dataclass(slots=True)
class Round:
    """One finished round: attempts so far, success on the round's problems and on the held-out ones."""

    number: int
    attempts: int
    proved: int
    searched: int
    held_out: int
    of: int
    model: str
    distinct: int = 0
    measures: dict[str, float] = field(default_factory=dict)


def expert_iteration(
    problems: Sequence[Problem], validation: Sequence[Problem], out: Path, config: IterationConfig, *,
    options: Options | None = None, resume: bool = False, say: Callable[[str], None] = lambda text: None,
) -> list[Round]:  # fmt: skip
    """Runs the rounds; returns their record, round 0 being the search without a model.

    Raises:
        BadInput: no problems, or a run in ``out`` without ``resume``. ToolchainError: there is no Lean.
    """
    if not problems or not validation:
        raise BadInput("expert iteration needs problems to learn from and held-out ones to be measured on")
    record = out / RECORD
    if record.exists() and not resume:
        raise BadInput(f"{out} holds a run already: add --resume to go on with it, or choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    rounds = [Round(**entry) for entry in json.loads(record.read_text("utf-8"))] if record.exists() else []
    model = best(rounds).model if rounds else ""
    for number in range(len(rounds), config.rounds + 1):
        share = problems[(number - 1) * config.problems : number * config.problems] if number else ()
        done = _round(number, share, validation, out, config, model, options, say)
        rounds.append(done)
        model = best(rounds).model
        record.write_text(json.dumps([asdict(r) for r in rounds], indent=2) + "\n", encoding="utf-8")
        say(f"round {number}: {done.proved} of {done.searched} proved, held out {done.held_out} of {done.of}")
    plot(rounds, out / "rounds.png")
    return rounds


def best(rounds: Sequence[Round]) -> Round:
    """The round with most held-out problems proved; of equal ones the latest, which has seen more."""
    return max(rounds, key=lambda r: (r.held_out, r.number))


def _round(
    number: int, share: Sequence[Problem], validation: Sequence[Problem], out: Path, config: IterationConfig,
    model: str, options: Options | None, say: Callable[[str], None],
) -> Round:  # fmt: skip
    folder = out / f"round{number}"
    searched = proved = 0
    trained = ""
    measures: dict[str, float] = {}
    if number:
        searching = GatherConfig(
            seconds=config.seconds, explore=config.explore, seed=config.seed + number, model=model or "none"
        )
        searched, proved = gather(share, folder / "attempts.jsonl", searching, options, say)
        files = sorted(out.glob("round*/attempts.jsonl"))
        every = [attempt for path in files for attempt in read_attempts(path)]
        settings = RankerConfig(epochs=config.epochs, seed=config.seed)
        learned, kept_out = held_out(every, seed=config.seed)
        result = train(examples(learned), examples(kept_out), settings, say)
        measures = result.history[-1]
        card = {"round": number, "attempts": len(every), "data_sha256": data_hash(files), "seed": config.seed}
        save(result, settings, proposers_of(every), folder / "model", card)
        trained = str(folder / "model")
    measuring = GatherConfig(seconds=60.0, steps=config.steps, noisy=0.0, seed=config.seed, model=trained or "none")
    of, right = gather(validation, folder / "held_out.jsonl", measuring, options, say)
    attempts = [attempt for path in sorted(out.glob("round*/attempts.jsonl")) for attempt in read_attempts(path)]
    return Round(number, len(attempts), proved, searched, right, of, trained, len(best_proofs(attempts)), measures)


def best_proofs(attempts: Sequence[Attempt]) -> dict[str, Attempt]:
    """The shortest proof found of each problem, over all rounds."""
    found: dict[str, Attempt] = {}
    for attempt in attempts:
        if attempt.status == "proved":
            known = found.get(attempt.name)
            if known is None or len(attempt.actions) < len(known.actions):
                found[attempt.name] = attempt
    return found


def plot(rounds: Sequence[Round], image: Path) -> None:
    """Success on held-out problems by round as a PNG; nothing where matplotlib is missing."""
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([r.number for r in rounds], [100 * r.held_out / max(r.of, 1) for r in rounds], "o-")
    axes.set_xlabel("round (0: no model)")
    axes.set_ylabel("held-out problems proved (%)")
    axes.set_xticks([r.number for r in rounds])
    figure.savefig(image, dpi=120)


def summary(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """The record as plain data."""
    return [asdict(r) for r in rounds]
