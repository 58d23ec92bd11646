"""``prove continue``: goes on with a saved search, after a person's edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from prover.cli.options import json_option, lean_options, search_options, session_options


@click.command("continue")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--edit", is_flag=True, help="Open RUN/edits.toml in your editor first ($VISUAL or $EDITOR).")
@click.option("--explain", is_flag=True, help="Show the search as a tree.")
@click.option("-q", "--quiet", is_flag=True, help="Print the proof and nothing else.")
@search_options
@lean_options
@json_option
@click.pass_context
def continue_run(
    ctx: click.Context,
    /,
    run: Path,
    edit: bool,
    explain: bool,
    quiet: bool,
    seconds: float,
    steps: int | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Go on with a saved search (see --save).

    Steps that worked are run again by Lean, failures are not repeated, and what RUN/edits.toml adds, bans or
    corrects comes first. A language model may have hypotheses hidden from it, or be steered (docs/interventions.md).
    """
    from dataclasses import replace

    from prover.cli.live import LiveLine
    from prover.cli.prove import show
    from prover.continuing import EDITS, Memory, edited, read_edits, template
    from prover.model.loading import choice_of
    from prover.model.steering import Interventions, check
    from prover.problem import LEAN, Budget
    from prover.runs import open_run
    from prover.saved_search import read_search
    from prover.session import Session

    saved = open_run(run)
    if saved.problem.domain != LEAN:
        raise click.UsageError(f"{run} is of the domain {saved.problem.domain}; only Lean searches can be continued")
    if "file" in saved.problem.metadata:
        file = saved.problem.metadata["file"]
        raise click.UsageError(f"{run} is of a sorry in {file}; run 'prove' on that file again")
    memory = Memory.of(read_search(saved))
    path = saved.folder / EDITS
    if edit:
        if not path.exists():
            path.write_text(template(memory), encoding="utf-8")
        click.edit(filename=str(path))
    edits = read_edits(path, memory)
    options = session_options(**how, known_model=choice_of(saved.problem))
    options = replace(options, weights={**edits.weights, **options.weights})
    # It is saved only where --save says so again: the first run stays as it was.
    problem = edited(saved.problem, edits)
    metadata = {key: value for key, value in problem.metadata.items() if key != "save"}
    problem = replace(problem, budget=Budget(seconds=seconds, steps=steps), metadata=metadata)
    check(problem, options.model or choice_of(problem))
    if not quiet:
        for sentence in Interventions.of(problem).sentences():
            click.echo(sentence, err=True)
    with Session(options) as session, LiveLine(enabled=not (as_json or quiet)) as live:
        report = session.prove(problem, observers=[live], memory=memory, edits=edits)
    ctx.exit(show(report, explain=explain, quiet=quiet, as_json=as_json))
