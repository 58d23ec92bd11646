"""``prove explain``: what happened in a saved search, or what changed between two, in the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prover.cli.options import json_option
from prover.cli.output import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from prover.report.difference import Difference
    from prover.saved_search import SavedSearch

FAILURES_SHOWN = 6
BAR_WIDTH = 20


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="EARLIER",
    help="An earlier search for the same statement: say what changed since.",
)  # fmt: skip
@json_option
def explain(run: Path, against: Path | None, as_json: bool) -> None:
    """Say what happened in a saved search (see --save).

    The tree, where the checker's time went, what failed most, and the proof step by step.
    """
    from prover.report.difference import compare
    from prover.runs import open_run
    from prover.saved_search import read_search

    search = read_search(open_run(run))
    difference = None if against is None else compare(read_search(open_run(against)), search)
    if as_json:
        click.echo(json.dumps(to_json(search, difference), ensure_ascii=False))
        return
    with console() as out:
        print_search(out, search)
        if difference is not None:
            print_difference(out, difference)


def to_json(search: SavedSearch, difference: Difference | None = None) -> dict[str, Any]:
    """What ``--json`` prints."""
    from prover.model.steering import Interventions
    from prover.report.figures import common_failures, endings_of, work_by_proposer

    return {
        "name": search.run.problem.name,
        "status": search.run.result.get("status", "unfinished"),
        "reason": search.run.result.get("reason", ""),
        "seconds": search.seconds,
        "states": len(search.graph),
        "steps": len(search.steps),
        "endings": {ending.value: many for ending, many in endings_of(search.steps).items()},
        "proposers": {
            work.name: {"tried": work.tried, "seconds": round(work.seconds, 4), "on_proof": work.on_proof}
            for work in work_by_proposer(search)
        },
        "failures": [{"message": f.message, "count": f.count} for f in common_failures(search)],
        "proof": [edge.candidate.action for edge in search.proof],
        "faults": search.faults,
        "interventions": Interventions.of(search.run.problem).sentences(),
        "against": None if difference is None else difference.to_json(),
    }


def print_search(out: Console, search: SavedSearch) -> None:
    """The tree, the work, the failures, the proof."""
    from rich.text import Text

    from prover.cli.explain import search_tree
    from prover.model.steering import Interventions
    from prover.report.figures import checker_seconds, common_failures

    result = search.run.result
    status = str(result.get("status", "unfinished")).replace("_", " ")
    out.print(Text(search.run.problem.statement, "bold"))
    out.print(
        f"{status} ({result.get('reason', 'the search did not come to its end')}): {len(search.graph):,} states, "
        f"{len(search.steps):,} steps in {search.seconds:.1f} s, {checker_seconds(search):.1f} s of checking"
    )
    for sentence in Interventions.of(search.run.problem).sentences():
        out.print(Text(sentence, "yellow"))
    out.print()
    out.print(search_tree(search.graph, tuple(edge.candidate.action for edge in search.proof)))
    out.print(Text("\nWhere the checker's time went", "bold"))
    out.print(_work(search))
    failures = common_failures(search, FAILURES_SHOWN)
    if failures:
        out.print(Text("\nWhat failed most", "bold"))
        for failure in failures:
            words = ", ".join(f"{word} ×{many}" for word, many in failure.actions)
            out.print(Text.assemble((f"{failure.count:>6,}  ", "red"), failure.message, (f"  ({words})", "dim")))
    for fault in search.faults:
        out.print(Text(f"broke: {fault}", "yellow"))
    _print_proof(out, search)


def _work(search: SavedSearch) -> Table:
    from rich.table import Table

    from prover.report.figures import work_by_proposer
    from prover.saved_search import Ending

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("proposer", "steps", "worked", "seconds", ""):
        table.add_column(name, justify="left" if name in ("proposer", "") else "right")
    works = [work for work in work_by_proposer(search) if work.tried]
    longest = max((work.seconds for work in works), default=0.0)
    for work in works:
        worked = work.tried - work.endings[Ending.FAILED] - work.endings[Ending.TIMED_OUT]
        bar = "█" * round(BAR_WIDTH * work.seconds / longest) if longest else ""
        note = f"{bar}  {work.on_proof} on the proof" if work.on_proof else bar
        table.add_row(work.name, f"{work.tried:,}", f"{worked / work.tried:.0%}", f"{work.seconds:.2f}", note)
    return table


def _print_proof(out: Console, search: SavedSearch) -> None:
    from rich.text import Text

    if not search.proof:
        return
    out.print(Text("\nThe proof", "bold"))
    out.print(Text(_indented(search.graph.root.state.text)))
    for edge in search.proof:
        out.print(Text.assemble(("▸ ", "green"), (edge.candidate.action, "bold green"),
                                    (f"  [{', '.join(edge.proposers)}]", "dim cyan")))  # fmt: skip
        assert edge.child is not None
        out.print(Text(_indented("no goals" if edge.child.finished else edge.child.state.text)))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def print_difference(out: Console, difference: Difference) -> None:
    """What was changed, what came of it, and where the two searches parted."""
    from rich.text import Text

    out.print(Text("\nWhat changed since the earlier search", "bold"))
    for change in difference.changes:
        arrow = f"{change.before} → {change.after}" if change.before else change.after
        out.print(Text.assemble((f"  {change.kind:<9}", "cyan"), change.name, "  ", (arrow, "bold")))
    if not difference.changes:
        out.print("  nothing that was asked")
    for name in ("status", "steps", "states", "seconds"):
        out.print(f"  {name:<9}{difference.before[name]} → {difference.after[name]}")
    out.print(
        f"  {'reached':<9}{difference.common:,} states of both, {difference.lost:,} of the earlier search alone, "
        f"{difference.gained:,} of this one"
    )
    parting = difference.parting
    if parting is None:
        out.print("  Every step is the same.")
    else:
        out.print(Text(f"\nThey part at step {parting.step}", "bold"))
        out.print(Text(f"  before  {parting.before or '(had ended)'}\n  now     {parting.after or '(had ended)'}"))
        out.print(Text(_indented(parting.state), "dim"))
    if difference.only_after:
        out.print(Text("\nSteps of the proof that the earlier search never tried", "bold"))
        for action, proposers in difference.only_after:
            out.print(Text.assemble(("  ▸ ", "green"), action, (f"  [{proposers}]", "dim cyan")))
