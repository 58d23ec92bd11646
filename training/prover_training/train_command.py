"""``prove train``: searches as data, the ranker, language models, expert iteration, evaluation, the experiment."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from prover.cli.groups import Group
from prover.cli.options import json_option, settings_options

if TYPE_CHECKING:
    from prover.problem import Problem
    from prover.traces.searches import Attempt
    from prover_training.evaluate import Side

F = TypeVar("F", bound=Callable[..., Any])
PATH = click.Path(path_type=Path)


def _run_options(table: str, *, resumes: bool = True) -> Callable[[F], F]:
    """``--out``, ``--config``, ``--set``, ``--seed``: what every training run has; long ones have ``--resume``."""

    def with_options(command: F) -> F:
        if resumes:
            command = click.option("--resume", is_flag=True, help="Go on with the run in --out.")(command)
        for option in (
            click.option("--seed", type=int, help="Seed of everything random."),
            settings_options(table),
            click.option("-o", "--out", type=PATH, required=True, metavar="DIR", help="Where the run goes."),
        ):
            command = option(command)
        return command

    return with_options


def _data_option(command: F) -> F:
    """``--data``, once or more often."""
    return click.option(
        "--data", type=PATH, multiple=True, required=True, metavar="FILE",
        help="Attempts (.jsonl, .jsonl.gz) or traces; may be repeated.",
    )(command)  # fmt: skip


def _problems(path: Path, limit: int | None = None, seed: int | None = None) -> list[Problem]:
    """The problems of a set, shuffled where there is a seed."""
    from prover.bench.suite import read_suite

    problems = list(read_suite(path).problems)
    if seed is not None:
        random.Random(seed).shuffle(problems)
    return problems[:limit]


def _say(text: str) -> None:
    click.echo(text, err=True)


def _tell(as_json: bool, value: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def _facts(kind: str, command: str, data: Sequence[Path], attempts: Sequence[Attempt], out: Path) -> dict[str, Any]:
    """What the card of a small model says of its data."""
    from prover_training.card import data_hash

    return {
        "kind": kind, "data": ", ".join(path.name for path in data), "data_sha256": data_hash(data),
        "attempts": len(attempts), "proved": sum(attempt.status == "proved" for attempt in attempts),
        "command": f"prove train {command} {' '.join(f'--data {path}' for path in data)} --out {out}",
    }  # fmt: skip


@click.group(cls=Group)
def train() -> None:
    """Learn from proofs: gather searches, train models on them, measure what they are worth."""


@train.command()
@click.argument("problems", type=PATH)
@click.option("-o", "--out", type=PATH, required=True, metavar="FILE", help="Attempts are appended here (.jsonl).")
@settings_options("gather")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N problems, drawn by the seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the choice and of the noise.")
@json_option
def gather(
    problems: Path, out: Path, config: Path | None, sets: tuple[str, ...], limit: int | None, seed: int, as_json: bool
) -> None:
    """Search the PROBLEMS and keep all that was tried, with Lean's verdicts; goes on with what FILE has not."""
    from prover.settings import read_settings
    from prover_training.gather import GatherConfig
    from prover_training.gather import gather as run

    settings = read_settings(GatherConfig, "gather", config, sets, seed=seed)
    total, proved = run(_problems(problems, limit, seed), out, settings, say=_say)
    _tell(as_json, {"attempts": total, "proved": proved, "out": str(out)}, f"{total} attempts, {proved} proved: {out}")


@train.command()
@_data_option
@_run_options("ranker", resumes=False)
@json_option
def ranker(
    data: tuple[Path, ...], out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None, as_json: bool
) -> None:
    """Train the model that judges the proposers' candidates (a few minutes)."""
    from prover.settings import read_settings
    from prover.traces.searches import read_attempts
    from prover_training.ranker import RankerConfig, save
    from prover_training.ranker import train as run
    from prover_training.ranker_data import Met, examples, held_out

    settings = read_settings(RankerConfig, "ranker", config, sets, seed=seed)
    attempts = [attempt for path in data for attempt in read_attempts(path)]
    learned, kept = held_out(attempts, seed=settings.seed)
    trained = run(examples(learned), examples(kept), settings, _say)
    facts = {
        **_facts("ranker of candidates", "ranker", data, attempts, out), "held_out_attempts": len(kept),
        "epochs": settings.epochs, "seed": settings.seed,
    }  # fmt: skip
    save(trained, settings, Met.of(attempts), out, facts)
    best = min(trained.history[1:], key=lambda entry: entry["seconds"])
    _tell(as_json, {**facts, "out": str(out), "best": best}, f"best epoch {best['epoch']:.0f}, written to {out}")


@train.command()
@click.option(
    "--corpus", type=PATH, required=True, metavar="DIR", help="Of 'prove corpus build': which modules are held out."
)
@click.option(
    "--trials", type=PATH, metavar="FILE", help="Uses tried with Lean (.jsonl, .jsonl.gz); more are appended."
)
@_run_options("retriever", resumes=False)
@json_option
def retriever(
    corpus: Path, trials: Path | None, out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Train the model that finds theorems like a goal (a minute), and try with Lean how to apply them (ten)."""
    from prover.settings import read_settings
    from prover_training.retriever import RetrieverConfig
    from prover_training.retriever_run import train_retriever

    settings = read_settings(RetrieverConfig, "retriever", config, sets, seed=seed)
    facts = train_retriever(corpus, out, settings, trials=trials, say=_say)
    said = f"{facts['history'][-1]['found_8']:.1%} of held-out answers among the first 8; written to {out}"
    _tell(as_json, {**facts, "out": str(out)}, said)


@train.command()
@_data_option
@_run_options("value", resumes=False)
@json_option
def value(
    data: tuple[Path, ...], out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None, as_json: bool
) -> None:
    """Train the model that values states (half a minute), and measure it."""
    from prover.settings import read_settings
    from prover.traces.searches import read_attempts
    from prover_training.value import ValueConfig, save, table, train_value

    settings = read_settings(ValueConfig, "value", config, sets, seed=seed)
    attempts = [attempt for path in data for attempt in read_attempts(path)]
    trained = train_value(attempts, settings, _say)
    facts = {**_facts("value of states", "value", data, attempts, out), "seed": settings.seed}
    save(trained, settings, out, facts)
    told = {**facts, "out": str(out), "measures": trained.measures}
    _tell(as_json, told, f"{table(trained.measures)}\nwritten: {out}")


@train.command()
@_data_option
@_run_options("sft")
@json_option
def sft(
    data: tuple[Path, ...], out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None, resume: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Fine-tune a language model on proofs (or make a small one), in the order of a curriculum."""
    from prover.settings import read_settings
    from prover_training.sft import SftConfig, train_sft

    settings = read_settings(SftConfig, "sft", config, sets, seed=seed)
    facts = train_sft(data, out, settings, resume=resume, say=_say)
    _tell(as_json, {**facts, "out": str(out)}, f"loss {facts['final_loss']}; the model is in {out}")


@train.command()
@click.argument("problems", type=PATH)
@_run_options("rl")
@json_option
def rl(
    problems: Path, out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None, resume: bool, as_json: bool
) -> None:
    """Reinforce a language model (--set model=FOLDER) by proving PROBLEMS in Lean, with a reward for every step."""
    from prover.session import Options, Session
    from prover.settings import read_settings
    from prover_training.rl import RlConfig, train_rl

    settings = read_settings(RlConfig, "rl", config, sets, seed=seed)
    with Session(Options(use_service=False)) as session:
        facts = train_rl(_problems(problems), out, settings, _opener(session), resume=resume, say=_say)
    said = f"mean reward {facts['first_reward']} at first, {facts['last_reward']} at last; the model is in {out}"
    _tell(as_json, {**facts, "out": str(out)}, said)


def _opener(session: Any) -> Any:
    from prover.lean.environment import LeanDomain

    return lambda problem: LeanDomain(session.server()).open(problem)


@train.command("expert-iteration")
@click.argument("problems", type=PATH)
@click.option("--validation", type=PATH, required=True, metavar="SET.jsonl", help="Held-out problems.")
@click.option("--hold", type=click.IntRange(1), default=60, show_default=True, help="How many of those.")
@click.option(
    "--data",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Proofs that every round learns from as well (.jsonl[.gz]).",
)
@_run_options("expert-iteration")
@json_option
def expert_iteration(
    problems: Path, validation: Path, hold: int, data: tuple[Path, ...], out: Path, config: Path | None,
    sets: tuple[str, ...], seed: int | None, resume: bool, as_json: bool,
) -> None:  # fmt: skip
    """Search PROBLEMS, learn from what Lean accepted, and again with what was learned, round by round.

    What learns is the ranker, or (--set learner=lm) a language model that proves alone; that one begins with what
    --data holds. Held-out problems of library modules that are learned from are left out.
    """
    from prover.settings import read_settings
    from prover_training.expert_iteration import IterationConfig, summary
    from prover_training.expert_iteration import expert_iteration as run
    from prover_training.held_out import apart

    settings = read_settings(IterationConfig, "expert-iteration", config, sets, seed=seed)
    chosen = _problems(problems, None, settings.seed)
    held = apart(_problems(validation, None, settings.seed), chosen, data)[:hold]
    rounds = run(chosen, held, out, settings, data=data, resume=resume, say=_say)
    lines = [f"round {r.number}: {r.held_out} of {r.of} held-out problems, {r.attempts} attempts" for r in rounds]
    _tell(as_json, {"rounds": summary(rounds), "out": str(out)}, "\n".join(lines))


@train.command("alone")
@click.argument("problems", type=PATH)
@click.option("--model", required=True, metavar="MODEL", help="A folder or hub id of a language model.")
@click.option("-o", "--out", type=PATH, required=True, metavar="FILE", help="Attempts (.jsonl); goes on with it.")
@click.option("--prompt", default="focused", show_default=True, metavar="NAME", help="The model's prompt format.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N problems, drawn by the seed.")
@settings_options("alone")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the choice and of the samples.")
@json_option
def alone(
    problems: Path, model: str, out: Path, prompt: str, limit: int | None, config: Path | None,
    sets: tuple[str, ...], seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Prove PROBLEMS with a language model alone, at a fixed number of steps of Lean (--set steps=N)."""
    from prover.bench.compare import bootstrap
    from prover.settings import read_settings
    from prover_training.alone import AloneConfig
    from prover_training.learners import alone as run

    settings = read_settings(AloneConfig, "alone", config, sets, seed=seed)
    chosen = _problems(problems, limit, seed if limit else None)
    tried, proved = run(model, chosen, out, prompt, settings, say=_say)
    # What could not be tried stays in the denominator.
    rate = bootstrap([1.0] * proved + [0.0] * (len(chosen) - proved))
    found = {"problems": len(chosen), "tried": tried, "proved": proved, "rate": rate.value, "low": rate.low,
             "high": rate.high, "out": str(out)}  # fmt: skip
    said = f"{proved} of {len(chosen)} proved ({100 * rate.value:.1f} %, {100 * rate.low:.1f} to {100 * rate.high:.1f})"
    _tell(as_json, found, said)


@train.command()
@click.argument("problems", type=PATH)
@click.option("--a", default="none", show_default=True, metavar="MODEL", help="The first model; none: without one.")
@click.option("--b", default="", metavar="MODEL", help="The second model [default: the one that comes along].")
@click.option("--a-weight", multiple=True, metavar="NAME=X", help="A weight on the first side; may be repeated.")
@click.option("--b-weight", multiple=True, metavar="NAME=X", help="A weight on the second side; may be repeated.")
@click.option("--a-set", multiple=True, metavar="NAME=VALUE", help="A setting of the first side's searches.")
@click.option("--b-set", multiple=True, metavar="NAME=VALUE", help="A setting of the second side's searches.")
@click.option("--also", multiple=True, metavar="NAME=X,…", help="One more side: b with these weights, settings.")
@click.option("--share", is_flag=True, help="Ask Lean each step once for all sides (for --steps).")
@click.option("--a-mapper", default="", metavar="DIR", help="The first side's mapper of its model.")
@click.option("--b-mapper", default="", metavar="DIR", help="The second side's mapper of its model.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, help="A problem.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="At most so many steps of Lean a problem.")
@click.option("--apart-from", type=PATH, multiple=True, metavar="FILE", help="No module that these attempts are of.")
@click.option("--each", type=click.IntRange(1), metavar="N", help="At most N problems of a module, drawn by the seed.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only N problems, drawn by the seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the choice.")
@click.option("-o", "--out", type=PATH, required=True, metavar="DIR", help="Where both runs go; goes on with them.")
@json_option
def evaluate(
    problems: Path,
    a: str,
    b: str,
    a_weight: tuple[str, ...],
    b_weight: tuple[str, ...],
    a_set: tuple[str, ...],
    b_set: tuple[str, ...],
    also: tuple[str, ...],
    share: bool,
    a_mapper: str,
    b_mapper: str,
    seconds: float,
    steps: int | None,
    apart_from: tuple[Path, ...],
    each: int | None,
    limit: int | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Prove PROBLEMS in two ways in turn, at the same budget, and compare: intervals, McNemar, a plot.

    The sides differ in their models, in the weights of modules, rankers and values, or in settings of the search.
    """
    from dataclasses import asdict, fields

    from prover.problem import Budget
    from prover.search.scoring import SearchConfig
    from prover_training.evaluate import evaluate as run
    from prover_training.evaluate import verdict
    from prover_training.held_out import apart, at_most

    sides = [_side("a", a, a_weight, a_set, a_mapper), _side("b", b, b_weight, b_set, b_mapper)]
    settings = {field.name for field in fields(SearchConfig)}
    for text in also:
        parts = [part.strip() for part in text.split(",")]
        sets = [part for part in parts if part.partition("=")[0] in settings]
        sides.append(_side(text, b, [part for part in parts if part not in sets], sets, b_mapper))
    chosen = _problems(problems, None, seed if limit else None)
    if apart_from:
        chosen = apart(chosen, (), apart_from)
    if each:
        chosen = at_most(chosen, each, seed)
    found = run(chosen[:limit], sides, Budget(seconds, steps), out, _say, share=share)
    told: dict[str, Any] = asdict(found[0])
    if also:
        told = {"comparisons": {side.label: asdict(one) for side, one in zip(sides[1:], found, strict=True)}}
    _tell(as_json, {**told, "out": str(out)}, verdict(found, sides, out))


def _side(label: str, model: str, weights: Sequence[str], sets: Sequence[str], mapper: str) -> Side:
    """One of the ways that are compared, from its ``NAME=X`` and ``NAME=VALUE``."""
    from prover.cli.options import read_search, read_weights
    from prover.session import Options
    from prover_training.evaluate import Side

    return Side(label, Options(model=model, weights=read_weights(weights), mapper=mapper), read_search(sets))


@train.command()
@_data_option
@click.option("-o", "--out", type=PATH, required=True, metavar="DIR", help="Where it goes; goes on with it.")
@settings_options("experiment")
@click.option("--seed", type=int, default=0, show_default=True, help="The first seed.")
@json_option
def experiment(
    data: tuple[Path, ...], out: Path, config: Path | None, sets: tuple[str, ...], seed: int, as_json: bool
) -> None:
    """Does the order matter? The same small model on the same data by several curricula, with several seeds."""
    from prover.session import Options, Session
    from prover.settings import read_settings
    from prover_training.experiment import ExperimentConfig
    from prover_training.experiment import experiment as run
    from prover_training.experiment_results import table

    settings = read_settings(ExperimentConfig, "experiment", config, sets, seed=seed)
    with Session(Options(use_service=False)) as session:
        found = run(data, out, settings, _opener(session), _say)
    _tell(as_json, {**found, "out": str(out)}, table(found))
