"""``prove check``: is every theorem of a file proved? Thin: the audit itself is Lean's side and
``Session``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prover.cli.inputs import read_file, read_target
from prover.cli.options import json_option, lean_options, session_options

if TYPE_CHECKING:
    from prover.reports import CheckReport


@click.command()
@click.argument("file")
@click.option(
    "--theorem",
    "theorems",
    multiple=True,
    metavar="NAME",
    help="Check only this one; may be repeated.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The original file with sorries: its statements are what must be proved.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    help="Stop after this much time.",
)
@lean_options
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    file: str,
    theorems: tuple[str, ...],
    against: Path | None,
    seconds: float,
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Is every theorem of FILE (- for standard input) proved?

    Lean elaborates the file from scratch at its default limits, its kernel checks every proof,
    and the axioms that each theorem rests on are collected. Exit code 0: all accepted; 1: one is
    rejected, with the reason; 2: the input makes no sense; 3: Lean failed.
    """
    from prover.session import Session

    given = read_target(file)
    reference = read_file(against).text if against is not None else ""
    options = session_options(start=given.path, project=project, lean_path=lean_path, no_server=no_server)
    with Session(options) as session:
        report = session.check(given.text, names=theorems, reference=reference, seconds=seconds)
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        _print(report, file)
    ctx.exit(0 if report.accepted else 1)


def _print(report: CheckReport, file: str) -> None:
    for finding in report.findings:
        click.echo(f"{click.style('rejected', fg='red')}  {finding.code}: {finding.text}")
    width = max((len(theorem.name) for theorem in report.theorems), default=0)
    for theorem in report.theorems:
        if theorem.accepted:
            axioms = ", ".join(theorem.axioms) or "none"
            click.echo(f"{click.style('proved  ', fg='green')}  {theorem.name:<{width}}  axioms: {axioms}")
        else:
            click.echo(f"{click.style('rejected', fg='red')}  {theorem.name}")
            for finding in theorem.findings:
                click.echo(f"          {finding.code}: {finding.text}")
    # Lean's own errors say where; warnings are repeated only when something was rejected.
    for message in report.messages:
        if message.severity == "error" or not report.accepted:
            click.echo(f"{file}:{message.line}:{message.column}: {message.severity}: {message.text.rstrip()}")
    total = len(report.theorems)
    good = sum(theorem.accepted for theorem in report.theorems)
    click.echo(
        f"{good} of {total} theorem{'' if total == 1 else 's'} proved; "
        f"checked by {report.checked_by} in {report.seconds:.1f} s"
    )
