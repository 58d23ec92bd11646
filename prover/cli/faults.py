"""``prove bench faults``: run a problem set under random faults and compare with a run without."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prover.cli.options import json_option


@click.command()
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "--faults",
    "count",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    metavar="N",
    help="How many faults to inject.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Seed of the faults.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N problems.")
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The Lake project to work in [default: found from the current folder upward].",
)
@click.option(
    "--lean",
    "lean_path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The lean executable to use, instead of the project's or the embedded one.",
)
@json_option
@click.pass_context
def faults(
    ctx: click.Context,
    suite: Path,
    count: int,
    seed: int,
    limit: int | None,
    project: Path | None,
    lean_path: Path | None,
    as_json: bool,
) -> None:
    """Kill, hang and starve Lean, the resident server and the bench itself while SUITE.jsonl runs.

    Exit code 0 if every verdict is as without faults, no result is lost and no process left; else 1.
    """
    import tempfile

    from prover.bench.fault_trial import Trial
    from prover.bench.suite import read_suite, select
    from prover.session import Options

    read = read_suite(suite)
    with tempfile.TemporaryDirectory(prefix="prover-faults-") as folder:
        tally = Trial(
            read,
            select(read, limit=limit),
            Path(folder),
            faults=count,
            seed=seed,
            options=Options(project=project, lean=lean_path),
            say=lambda text: click.echo(text, err=True),
        ).run()
    if as_json:
        found = {
            "faults_injected": tally.injected.total(),
            "kinds": dict(sorted(tally.injected.items())),
            "verdict_changes": tally.verdict_changes,
            "lost_results": tally.lost,
            "orphans": tally.orphans,
            "zombies": tally.zombies,
            "other": tally.other,
            "results_compared": tally.compared,
            "seconds": round(tally.seconds, 1),
        }
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo(str(tally))
    ctx.exit(0 if tally.ok else 1)
