"""What the user reads at the end: a report as text. Everything goes through ``click.echo``.

A proved theorem is printed as Lean source, the summary as a Lean comment below it, so that
`prove '…' > T.lean` writes a file that Lean accepts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from prover.reports import ProofReport

GOALS_SHOWN = 3
PIPED_WIDTH = 10_000
"""Columns where nobody looks at a terminal: more than any line has."""

ADVICE = """\
This says nothing about whether it is true. You can try: more time (--seconds 300);
a helper lemma that proves one of the states above, in a file named with --lemma;
a more general statement; --explain to see what was tried."""
"""What a person can do next; "not proved" is not "false"."""


def theorem_source(report: ProofReport) -> str:
    """The theorem with its proof, as it is pasted into a file."""
    return f"{report.statement.rstrip()} := {report.proof}"


def counts(report: ProofReport) -> str:
    """Time and work in words."""
    steps, states = _plural(report.steps, "step"), _plural(report.states, "state")
    return f"{report.seconds:.1f} s, {steps}, {states}"


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def summary(report: ProofReport) -> str:
    """One line on how a proof was found and who vouches for it."""
    axioms = ", ".join(report.axioms) if report.axioms else "none"
    return f"proved in {counts(report)}; checked by {report.checked_by}; axioms: {axioms}"


def print_report(report: ProofReport, *, quiet: bool = False) -> None:
    """Prints one theorem's report: Lean source and a summary, or why not and what to try."""
    if report.status == "proved":
        click.echo(theorem_source(report))
        if not quiet:
            click.echo(click.style(f"-- {summary(report)}", fg="green"))
        return
    if report.status == "solved":
        click.echo(report.proof)
        if not quiet:
            click.echo(click.style(f"solved in {counts(report)}; checked by {report.checked_by}", fg="green"))
        return
    if report.counterexample is not None:
        click.echo(f"{report.message} ({counts(report)})", err=quiet)
        return
    if report.exit_code == 1:
        click.echo(f"{report.status.replace('_', ' ')}: {report.message} ({counts(report)})", err=quiet)
        if not quiet:
            print_open_goals(report)
            click.echo("\n" + ADVICE)
        return
    where = f"line {report.line}, column {report.column}: " if report.line is not None else ""
    click.echo(f"error: {where}{report.message}", err=True)


def print_open_goals(report: ProofReport, *, err: bool = False) -> None:
    """Shows the states that came closest."""
    if not report.open_goals:
        return
    click.echo("\nwhat is left, the best states first:", err=err)
    for number, goal in enumerate(report.open_goals[:GOALS_SHOWN], 1):
        lines = goal.splitlines() or [""]
        click.echo(f"  {number}. {lines[0]}", err=err)
        for line in lines[1:]:
            click.echo(f"     {line}".rstrip(), err=err)


def print_explanation(report: ProofReport) -> None:
    """Draws the search as a tree on standard error, so that standard output stays Lean source."""
    if report.graph is None:
        return
    from prover.cli.explain import search_tree

    with console(err=True) as out:
        out.print(search_tree(report.graph, report.actions))


@contextmanager
def console(*, err: bool = False) -> Iterator[Console]:
    """A console on standard output, or error. Where that is no terminal, lines are not broken (a tactic in two parts
    cannot be searched for) and end without blanks.
    """
    from rich.console import Console

    direct = Console(stderr=err, highlight=False, markup=False)
    if direct.is_terminal:
        yield direct
        return
    text = io.StringIO()
    yield Console(file=text, width=PIPED_WIDTH, highlight=False, markup=False)
    click.echo("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()), nl=False, err=err)
