"""``prove weights``: learns how much each module counts from what it did in past runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prover.cli.options import json_option


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write them here, for --weights.")
@json_option
def weights(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Learn weights from the folders of benchmark runs.

    A module whose steps are on proofs more often than others' gets a weight above 1. Use the file with
    'prove --weights FILE'; nothing changes by itself.
    """
    from dataclasses import asdict

    from prover.bench.results import RESULTS, load
    from prover.errors import BadInput
    from prover.weighing import learn, to_toml

    for run in runs:
        if not (run / RESULTS).is_file():
            raise BadInput(f"{run} is no folder of a benchmark run (it has no {RESULTS})")
    learned = learn(record for run in runs for record in load(run / RESULTS).values())
    if not learned:
        raise BadInput("these runs say nothing about modules: run 'prove bench' again with this version")
    if out is not None:
        out.write_text(to_toml(learned), encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"weights": [asdict(entry) for entry in learned]}, ensure_ascii=False))
    else:
        click.echo(to_toml(learned), nl=False)
