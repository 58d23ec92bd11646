"""``prove``: a theorem from the command line, or the sorries of a file."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, TypedDict

import click

from prover.cli.inputs import read_header, read_imports, read_target, stdin_is_terminal
from prover.cli.options import json_option, lean_options, search_options, session_options
from prover.cli.statement import is_bare_theorem, read_statement
from prover.problem import LEAN, Budget, Problem

if TYPE_CHECKING:
    from prover.reports import ProofReport
    from prover.session import Options


class Shown(TypedDict):
    """How a report is shown."""

    explain: bool
    quiet: bool
    as_json: bool


class _Context(click.Context):
    """Where the command's own name need not be typed, usage lines leave it out."""

    @property
    def command_path(self) -> str:
        """As the user types it."""
        return self.parent.command_path if self.parent is not None else super().command_path


class _Command(click.Command):
    context_class = _Context


@click.command(cls=_Command)
@click.argument("target", metavar="'theorem …'|FILE.lean|-", required=False)
@click.option("--header", metavar="TEXT|@FILE", help="Lean text to put before: definitions, open, …")
@click.option("--imports", multiple=True, metavar="A,B", help="Modules to import [default: Init]; may repeat.")
@click.option("--name", metavar="NAME", help="In a file: only the sorries of this declaration.")
@click.option("--write", is_flag=True, help="In a file: put the proofs into the file itself.")
@click.option("--explain", is_flag=True, help="Show the search as a tree.")
@click.option("--domain", default=LEAN, show_default=True, metavar="NAME", help="The kind of problem.")
@click.option("-q", "--quiet", is_flag=True, help="Print the proof and nothing else.")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens to standard error.")
@search_options
@lean_options
@json_option
@click.pass_context
def prove(
    ctx: click.Context,
    /,
    target: str | None,
    header: str | None,
    imports: tuple[str, ...],
    name: str | None,
    write: bool,
    explain: bool,
    domain: str,
    quiet: bool,
    verbose: bool,
    seconds: float,
    steps: int | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Prove a theorem, or fill every sorry of a Lean file.

    TARGET is a theorem without its proof, a file that ends in .lean, or - for standard input. Only
    what Lean's kernel accepted from scratch is called proved.
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(name)s: %(message)s")
    if target is None:
        if stdin_is_terminal():
            raise click.UsageError("say what to prove: 'theorem …', FILE.lean, or - for standard input")
        target = "-"
    if domain != LEAN:
        for value, option in ((header, "--header"), (imports, "--imports"), (name, "--name"), (write, "--write")):
            if value:
                raise click.UsageError(f"{option} is for Lean, not for the domain {domain}")
    given = read_target(target)
    options = session_options(start=given.path, **how)
    budget = Budget(seconds=seconds, steps=steps)
    shown: Shown = {"explain": explain, "quiet": quiet, "as_json": as_json}
    if domain != LEAN:
        problem = Problem(statement=given.text.strip(), name=domain, domain=domain, budget=budget)
    elif given.path is not None or (target == "-" and not is_bare_theorem(given.text)):
        if header or imports:
            raise click.UsageError("a file brings its own header and imports: leave --header and --imports out")
        if write and given.path is None:
            raise click.UsageError("--write needs a file; standard input is printed as a diff")
        from prover.cli import files

        ctx.exit(files.fill(given, options, budget, name=name, write=write, **shown))
    else:
        if write:
            raise click.UsageError("--write is for files; the proof of a theorem is printed")
        statement = read_statement(given.text)
        problem = Problem(
            statement=statement.text,
            name=statement.name,
            imports=read_imports(imports),
            header=read_header(header),
            budget=budget,
        )
    ctx.exit(_solve(problem, options, shown))


def _solve(problem: Problem, options: Options, shown: Shown) -> int:
    """Works on one problem; returns the exit code."""
    from prover.cli.live import LiveLine
    from prover.session import Session

    with Session(options) as session, LiveLine(enabled=not (shown["as_json"] or shown["quiet"])) as live:
        report = session.solve(problem, observers=[live])
    return show(report, **shown)


def show(report: ProofReport, *, explain: bool, quiet: bool, as_json: bool) -> int:
    """Prints the report of one problem; returns the exit code."""
    from prover.cli.output import print_explanation, print_report

    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        if explain:
            print_explanation(report)
        print_report(report, quiet=quiet)
    return 130 if report.reason == "interrupted" else report.exit_code
