"""Expert iteration: search with the current model, keep what Lean accepted, train on it, and again.

Each round searches its share of the training problems with the best model so far, adds its attempts to the earlier
ones, trains on them and measures on held-out problems. What is trained is a learner
(:mod:`prover_training.learners`): the ranker, or a language model that proves alone. A round that does not improve is
kept in the record, but the best model is the one that goes on. A run that died goes on with the round it was in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.problem import Problem
from prover.report.canvas import can_draw, new_figure
from prover.session import Options
from prover.settings import refuse_to_overwrite
from prover.traces.searches import Attempt, read_attempts
from prover_training.alone import AloneConfig
from prover_training.gather import GatherConfig
from prover_training.learners import Learner, ModelLearner, RankerLearner
from prover_training.ranker import RankerConfig
from prover_training.sft import TuningConfig

RECORD = "rounds.json"


@dataclass(frozen=True, slots=True)
class IterationConfig(TuningConfig):
    """``learner`` is ``ranker`` or ``lm``. ``rounds`` of ``problems`` searches each; ``seed`` chooses the problems.
    ``steps`` of Lean for a held-out problem, so that success by round does not depend on the machine.

    Of the ranker: ``seconds`` for a training problem, ``explore`` (noise), ``epochs``. Of the language model: ``model``
    to begin with (empty: made from nothing by ``first`` updates on the data that is given), ``updates`` at the learning
    rate ``later_rate`` in each later round, ``samples`` answers a state and ``heartbeats`` (in thousands) a step.
    """

    words: int = 768
    layers: int = 3
    length: int = 256
    prompt: str = "focused"
    learning_rate: float = 3e-3
    learner: str = "ranker"
    rounds: int = 3
    problems: int = 200
    seconds: float = 5.0
    steps: int = 40
    explore: float = 0.7
    epochs: int = 5
    model: str = ""
    first: int = 400
    updates: int = 150
    later_rate: float = 5e-4
    samples: int = 6
    heartbeats: int = 20_000


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
    data: Sequence[Path] = (), options: Options | None = None, resume: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> list[Round]:  # fmt: skip
    """Runs the rounds; returns their record. Round 0 is the search before anything was found: without a ranker, or with
    the language model that ``data`` (files of proofs) made.

    Raises:
        BadInput: no problems, nothing to begin with, or a run in ``out`` without ``resume``. ToolchainError: no Lean.
    """
    if not problems or not validation:
        raise BadInput("expert iteration needs problems to learn from and held-out ones to be measured on")
    record = out / RECORD
    refuse_to_overwrite(out, begun=record.exists(), resume=resume)
    learner = _learner(config, options, say)
    out.mkdir(parents=True, exist_ok=True)
    rounds = [Round(**entry) for entry in json.loads(record.read_text("utf-8"))] if record.exists() else []
    for number in range(len(rounds), config.rounds + 1):
        share = problems[(number - 1) * config.problems : number * config.problems] if number else ()
        model = best(rounds).model if rounds else config.model
        done = _round(number, share, validation, out, config, model, learner, data)
        rounds.append(done)
        record.write_text(json.dumps([asdict(r) for r in rounds], indent=2) + "\n", encoding="utf-8")
        say(f"round {number}: {done.proved} of {done.searched} proved, held out {done.held_out} of {done.of}")
        plot(rounds, out / "rounds.png")
    return rounds


def _learner(config: IterationConfig, options: Options | None, say: Callable[[str], None]) -> Learner:
    if config.learner == "ranker":
        searching = GatherConfig(seconds=config.seconds, explore=config.explore)
        measuring = GatherConfig(seconds=60.0, steps=config.steps, noisy=0.0, seed=config.seed)
        training = RankerConfig(epochs=config.epochs, seed=config.seed)
        return RankerLearner(searching, measuring, training, options, say)
    if config.learner == "lm":
        first = config.sft(steps=config.first)
        later = config.sft(steps=config.updates, learning_rate=config.later_rate)
        alone = AloneConfig(config.steps, config.samples, heartbeats=config.heartbeats, seed=config.seed)
        return ModelLearner(first, later, alone, options, say)
    raise BadInput(f"there is no learner {config.learner!r}; there are ranker and lm")


def best(rounds: Sequence[Round]) -> Round:
    """The round with most held-out problems proved; of equal ones the latest, which has seen more."""
    return max(rounds, key=lambda r: (r.held_out, r.number))


def _round(
    number: int, share: Sequence[Problem], validation: Sequence[Problem], out: Path, config: IterationConfig,
    model: str, learner: Learner, data: Sequence[Path],
) -> Round:  # fmt: skip
    folder = out / f"round{number}"
    searched = proved = 0
    trained = model
    measures: dict[str, float] = {}
    if number:
        searched, proved = learner.search(share, folder / "attempts.jsonl", model, config.seed + number)
    found = sorted(out.glob("round*/attempts.jsonl"))
    # A ranker begins without a model: the hand-made order is what it has to beat.
    if number or (config.learner == "lm" and not model):
        measures = learner.learn([*data, *found], folder / "model", model)
        trained = str(folder / "model")
    of, right = learner.measure(validation, folder / "held_out.jsonl", trained)
    attempts = [attempt for path in found for attempt in read_attempts(path)]
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
    if not can_draw():
        return
    figure = new_figure(6, 4)
    axes = figure.subplots()
    from prover.bench.compare import bootstrap

    rates = [bootstrap([1.0] * r.held_out + [0.0] * (r.of - r.held_out)) for r in rounds]
    values = [100 * rate.value for rate in rates]
    errors = [[100 * (rate.value - rate.low) for rate in rates], [100 * (rate.high - rate.value) for rate in rates]]
    axes.errorbar([r.number for r in rounds], values, yerr=errors, fmt="o-", capsize=3)
    axes.set_xlabel("round (0: before any was searched)")
    axes.set_ylabel("held-out problems proved (%)")
    axes.set_xticks([r.number for r in rounds])
    figure.savefig(image, dpi=120)


def summary(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """The record as plain data."""
    return [asdict(r) for r in rounds]
