"""``prove bench``: run a problem set, compare two runs, or measure the machinery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from prover.cli.faults import faults
from prover.cli.options import json_option, lean_options, search_options, session_options

RUNS = Path("runs")


class BenchGroup(click.Group):
    """`bench SUITE.jsonl` runs; `bench speed` and `bench compare` are words of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts `run` in front where no command is named; `--compare A B` is the command spelt as
        an option.
        """
        if args and args[0] == "--compare":
            args = ["compare", *args[1:]]
        elif args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=BenchGroup, subcommand_metavar="[OPTIONS] SUITE.jsonl | speed | compare A B | faults SUITE.jsonl")
def bench() -> None:
    """Run a problem set, compare two runs (compare, --compare), or measure speed (speed)."""


bench.add_command(faults)


@bench.command()
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the results go [default: runs/SUITE-TIME].",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run in --out (or the newest of this set); faults of Lean are tried again.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N problems.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this problem; may be repeated.")
@search_options
@lean_options
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    suite: Path,
    out: Path | None,
    resume: bool,
    limit: int | None,
    only: tuple[str, ...],
    seconds: float,
    steps: int | None,
    jobs: int,
    seed: int,
    plugins: tuple[str, ...],
    weights: tuple[str, ...],
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Run the problems of SUITE.jsonl; a table at the end, one JSON line for each problem at once.

    An interrupted run keeps what was finished: the same command with --resume goes on.
    """
    from prover.bench.campaign import Campaign
    from prover.bench.suite import read_suite, select
    from prover.problem import Budget

    problems_of = read_suite(suite)
    chosen = select(problems_of, only=only, limit=limit)
    campaign = Campaign.open(
        problems_of,
        chosen,
        out=out,
        parent=RUNS,
        resume=resume,
        budget=Budget(seconds=seconds, steps=steps),
        # A run is measured on Lean processes of its own: the resident one may be busy with
        # another caller.
        options=session_options(
            project=project,
            lean_path=lean_path,
            no_server=True,
            seed=seed,
            jobs=jobs,
            plugins=plugins,
            weights=weights,
        ),
    )
    interrupted = _run_with_bar(campaign, quiet=as_json)
    summary = campaign.finish()
    if as_json:
        click.echo(json.dumps({"out": str(campaign.folder), **summary}, ensure_ascii=False))
    else:
        click.echo(campaign.table())
        click.echo(f"results: {campaign.folder}")
    if interrupted:
        command = campaign.resume_command(ctx.params)
        click.echo(f"interrupted; to go on: {command}", err=True)
        ctx.exit(130)


def _run_with_bar(campaign: Any, *, quiet: bool) -> bool:
    """Works through the problems with a progress bar; whether it was interrupted."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(campaign.suite.name, total=campaign.total, completed=campaign.done, last="")
        results = campaign.run()
        try:
            for problem, report in results:
                solved = campaign.solved
                bar.update(task, completed=campaign.done, last=f"{solved} proved, last: {problem.name}")
                if not console.is_terminal and not quiet:
                    click.echo(
                        f"[{campaign.done}/{campaign.total}] {report.status:<14} "
                        f"{report.seconds:6.1f} s  {problem.name}",
                        err=True,
                    )
        except KeyboardInterrupt:
            return True
        finally:
            results.close()
    return False


@bench.command()
@click.argument("a", type=click.Path(exists=True, path_type=Path))
@click.argument("b", type=click.Path(exists=True, path_type=Path))
@json_option
def compare(a: Path, b: Path, as_json: bool) -> None:
    """Compare two runs (their folders): what only A or only B proved, and McNemar's exact p."""
    from dataclasses import asdict

    from prover.bench.compare import compare as compare_runs

    found = compare_runs(a, b)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    click.echo(f"{found.compared} problems in both runs: {found.both} proved by both, {found.neither} by neither")
    for label, folder, names in (("A", a, found.only_a), ("B", b, found.only_b)):
        click.echo(f"only {label} ({folder}): {len(names)}")
        for name in names:
            click.echo(f"  {name}")
    click.echo(f"McNemar's exact p = {found.p:.4g} (how often chance alone splits them this unevenly)")


@bench.command()
@click.option("--quick", is_flag=True, help="Fewer repetitions: a rough look in about a minute.")
@click.option(
    "--skip",
    multiple=True,
    metavar="PART",
    help="Leave a part out (start, process, steps, memory, pool).",
)
@lean_options
@json_option
def speed(
    quick: bool,
    skip: tuple[str, ...],
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Measure start-up, steps, memory and parallelism on real Lean, as ratios within one run."""
    from prover.bench.speed import measure, table
    from prover.session import find_lean

    del no_server  # every part says itself which Lean it starts
    toolchain = find_lean(project=project, explicit=lean_path)
    figures = measure(toolchain, quick=quick, skip=skip, say=lambda text: click.echo(text, err=True))
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else table(figures))
