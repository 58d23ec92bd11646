"""``prove bench``: run a problem set, compare two runs, or measure the machinery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from prover.cli.faults import faults
from prover.cli.groups import Group
from prover.cli.options import F, command_line, json_option, lean_options, search_options, session_options

RUNS = Path("runs")


class BenchGroup(Group):
    """`bench SUITE.jsonl` runs; `bench speed`, `bench compare` and so on are words of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts `run` in front where no command is named; `--compare A B` is the command spelt as
        an option.
        """
        if args and args[0] == "--compare":
            args = ["compare", *args[1:]]
        elif args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


def choice_options(command: F) -> F:
    """Which problems of the set: ``--limit``, ``--only``."""
    for option in (
        click.option("--only", multiple=True, metavar="NAME", help="Only this problem; may be repeated."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N problems."),
    ):
        command = option(command)
    return command


@click.group(
    cls=BenchGroup,
    subcommand_metavar="[OPTIONS] SUITE.jsonl | ablate SUITE.jsonl | speed | compare A B | faults SUITE.jsonl",
)
def bench() -> None:
    """Run a problem set, compare two runs (compare, --compare), or measure speed (speed)."""


bench.add_command(faults)


@bench.command()
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "-o",
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
@choice_options
@search_options
@lean_options
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    /,
    suite: Path,
    out: Path | None,
    resume: bool,
    limit: int | None,
    only: tuple[str, ...],
    seconds: float,
    steps: int | None,
    as_json: bool,
    **how: Any,
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
        options=session_options(**{**how, "no_server": True}),
    )
    interrupted = _run_with_bar(campaign, quiet=as_json)
    summary = campaign.finish()
    if as_json:
        click.echo(json.dumps({"out": str(campaign.folder), **summary}, ensure_ascii=False))
    else:
        click.echo(campaign.table())
        click.echo(f"results: {campaign.folder}")
    if interrupted:
        click.echo(f"interrupted; to go on: {command_line(ctx, resume=True, out=campaign.folder)}", err=True)
        ctx.exit(130)


@bench.command()
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--base", default="automation", show_default=True, metavar="A,B", help="The plugins of the first line.")
@click.option("--modules", default="", metavar="A,B", help="The plugins to add to it [default: all others].")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the results go, a folder for each line [default: runs/ablation-SUITE].",
)
@choice_options
@search_options
@lean_options
@json_option
@click.pass_context
def ablate(
    ctx: click.Context,
    /,
    suite: Path,
    base: str,
    modules: str,
    out: Path | None,
    limit: int | None,
    only: tuple[str, ...],
    seconds: float,
    steps: int | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Run SUITE.jsonl with the base alone, with each module added, and with all: what does each contribute?

    The same command goes on with an interrupted ablation.
    """
    from prover.bench import ablation
    from prover.bench.campaign import Campaign
    from prover.bench.suite import read_suite, select
    from prover.problem import Budget

    problems = read_suite(suite)
    chosen = select(problems, only=only, limit=limit)
    options = session_options(**{**how, "no_server": True})
    folder = out or RUNS / f"ablation-{problems.name}"
    summaries: dict[str, dict[str, Any]] = {}
    folders: dict[str, Path] = {}
    for variant in ablation.variants(options, base.split(","), [name for name in modules.split(",") if name]):
        campaign = Campaign.open(
            problems,
            chosen,
            out=folder / variant.name,
            parent=RUNS,
            resume=True,
            budget=Budget(seconds=seconds, steps=steps),
            options=ablation.options_of(options, variant),
        )
        click.echo(f"{variant.name}: {campaign.total - campaign.done} problems to go", err=True)
        interrupted = _run_with_bar(campaign, quiet=as_json)
        summaries[variant.name], folders[variant.name] = campaign.finish(), campaign.folder
        if interrupted:
            click.echo("interrupted; the same command goes on", err=True)
            ctx.exit(130)
    rows = list(ablation.rows(summaries, folders))
    text = ablation.table(rows)
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    click.echo(json.dumps({"out": str(folder), "rows": rows}, ensure_ascii=False) if as_json else text)


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
@click.option("--plot", type=click.Path(path_type=Path), metavar="PNG", help="Draw both over time and over steps.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Only proofs found within so much count.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Only proofs found within so many steps count.")
@json_option
def compare(a: Path, b: Path, plot: Path | None, seconds: float | None, steps: int | None, as_json: bool) -> None:
    """Compare two runs (their folders): rates with 95 % intervals, what only one proved, and McNemar's exact p."""
    from dataclasses import asdict

    from prover.bench.compare import compare as compare_runs

    found = compare_runs(a, b, seconds=seconds, steps=steps)
    if plot is not None:
        from prover.bench.plots import plot_runs

        plot_runs({"A": a, "B": b}, plot)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    click.echo(f"{found.compared} problems in both runs: {found.both} proved by both, {found.neither} by neither")
    for label, folder, names in (("A", a, found.only_a), ("B", b, found.only_b)):
        click.echo(f"only {label} ({folder}): {len(names)}")
        for name in names:
            click.echo(f"  {name}")
    for label, rate in (("A", found.rate_a), ("B", found.rate_b), ("B - A", found.gain)):
        click.echo(f"{label}: {rate.value:.1%} (95 % interval {rate.low:.1%} to {rate.high:.1%})")
    from prover.bench.plots import budget_table

    click.echo(budget_table({"A": a, "B": b}))
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
    from prover.lean.toolchain import find_lean

    del no_server  # every part says itself which Lean it starts
    toolchain = find_lean(project=project, explicit=lean_path)
    figures = measure(toolchain, quick=quick, skip=skip, say=lambda text: click.echo(text, err=True))
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else table(figures))
