"""``prove corpus``: builds the corpus of problems, and proofs in elementary steps."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from prover.cli.groups import Group
from prover.cli.options import json_option, lean_options, session_options


@click.group(cls=Group)
def corpus() -> None:
    """Problems to learn from: Lean's own library, and generated ones."""


@corpus.command()
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where it goes.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the splits and of what is generated.")
@click.option(
    "--generated", type=click.IntRange(0), default=6_000, show_default=True, help="About so many generated problems."
)
@click.option("--no-library", is_flag=True, help="Generated problems only.")
@click.option("--val", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Fraction of val.")
@click.option("--test", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Fraction of test.")
@click.option(
    "--exclude",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="SET.jsonl",
    help="A problem set whose statements are kept out, besides those of data/benchmarks; may be repeated.",
)
@click.option(
    "--benchmarks",
    type=click.Path(path_type=Path),
    default=Path("data/benchmarks"),
    show_default=True,
    metavar="DIR",
    help="The folder of problem sets that are always kept out.",
)
@lean_options
@json_option
def build(
    out: Path,
    seed: int,
    generated: int,
    no_library: bool,
    val: float,
    test: float,
    exclude: tuple[Path, ...],
    benchmarks: Path,
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Write train.jsonl, val.jsonl, test.jsonl and statistics.json: problems of Init and Std and generated ones.

    Library problems are split by module. Interrupted, it leaves an older corpus as it was; the list of the
    library is kept and not made again.
    """
    from prover.errors import BadInput
    from prover.session import Session
    from prover_training.corpus_build import Settings, build

    sets = sorted(benchmarks.glob("*.jsonl"))
    if not sets:
        raise BadInput(f"{benchmarks} holds no problem sets; name the folder with --benchmarks")
    settings = Settings(seed, generated, val, test, not no_library, (*sets, *exclude))
    last = ""

    def say(text: str) -> None:
        nonlocal last
        last = text
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)

    options = session_options(project=project, lean_path=lean_path, no_server=no_server, seed=seed)
    with Session(options) as session:
        statistics = build(session.server(), out, settings, say).to_json()
    if last and sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    if as_json:
        click.echo(json.dumps({"out": str(out), **statistics}, ensure_ascii=False))
        return
    for key, counts in statistics.items():
        shown = ", ".join(f"{name}: {count:,}" for name, count in counts.items())
        click.echo(f"{key.replace('_', ' ')}: {shown}")
    click.echo(f"written: {out}")


@corpus.command()
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Attempts (.jsonl).")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the theorems.")
@click.option(
    "--each", type=click.IntRange(1), default=150, show_default=True, help="At most so many proofs of every length."
)
@click.option("--longest", type=click.IntRange(1), default=16, show_default=True, help="The most tactics of a proof.")
@lean_options
@json_option
def elementary(
    out: Path,
    seed: int,
    each: int,
    longest: int,
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Write proofs of many lengths in elementary steps, run by Lean, in the format of 'prove train gather'.

    Interrupted, it keeps what is written; the same command goes on.
    """
    from prover.lean.environment import LeanDomain
    from prover.session import Session
    from prover.traces.searches import AttemptFile
    from prover_training.elementary import run_in_lean, theorems

    done = AttemptFile(out)
    refused = 0
    with Session(session_options(project=project, lean_path=lean_path, no_server=no_server, seed=seed)) as session:
        domain = LeanDomain(session.server)
        for number, (statement, script) in enumerate(theorems(seed, each, longest)):
            name = f"elementary_{seed}_{number}"
            if name in done.proved:
                continue
            attempt = run_in_lean(statement, script, name, domain.open)
            if attempt is None:
                refused += 1
                continue
            done.add(attempt)
            if sys.stderr.isatty():
                click.echo(f"\r\x1b[K{len(done.proved):,} proofs", err=True, nl=False)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    found = {"out": str(out), "proofs": len(done.proved), "refused": refused}
    click.echo(json.dumps(found) if as_json else f"{len(done.proved):,} proofs, {refused} refused by Lean: {out}")
