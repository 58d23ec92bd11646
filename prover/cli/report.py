"""``prove report``: a saved search as one HTML page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prover.cli.options import json_option


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="The page [default: RUN/report.html]."
)
@click.option(
    "--probes", type=click.Path(path_type=Path), metavar="PATH",
    help="What a model's probes read at each state: a JSON file, or a folder with probes.json.",
)  # fmt: skip
@json_option
def report(run: Path, out: Path | None, probes: Path | None, as_json: bool) -> None:
    """Write a saved search (see --save) as a page to look at in a browser.

    The page holds everything and loads nothing: the tree, every state with what was tried on it, the proof, the time
    line.
    """
    from prover.errors import BadInput
    from prover.report.page import page, read_probes
    from prover.runs import open_run
    from prover.saved_search import read_search

    search = read_search(open_run(run))
    text = page(search, None if probes is None else read_probes(probes))
    path = out or search.run.folder / "report.html"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    if as_json:
        size = path.stat().st_size
        about = {"page": str(path), "bytes": size, "states": len(search.graph), "steps": len(search.steps)}
        click.echo(json.dumps(about, ensure_ascii=False))
    else:
        click.echo(f"{path}: {len(search.graph):,} states, {len(search.steps):,} steps; open it in a browser")
