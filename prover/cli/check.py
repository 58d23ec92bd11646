"""``prove check``: is every theorem of a file proved? Thin: the audit itself is Lean's side and
``Session``; :mod:`prover.cli.check_many` does folders.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prover.cli.inputs import read_file, read_target
from prover.cli.options import json_option, lean_options, session_options
from prover.cli.statement import require_commands
from prover.errors import BadInput

if TYPE_CHECKING:
    from prover.reports import CheckReport
    from prover.session import Options


@click.command()
@click.argument("file", required=False)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the file from standard input.")
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
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="For a folder: how many files at once, each with its own Lean.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Also write the verdicts to this file, as JSON.",
)
@click.option(
    "--expect",
    is_flag=True,
    help="For a folder: compare each verdict with the file's first line, '-- expect: …'.",
)
@click.option(
    "--second-opinion",
    is_flag=True,
    help="Ask a second, fresh Lean as well, by another route where there is one.",
)
@lean_options
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    file: str | None,
    from_stdin: bool,
    theorems: tuple[str, ...],
    against: Path | None,
    seconds: float,
    jobs: int,
    report: Path | None,
    expect: bool,
    second_opinion: bool,
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Is every theorem of FILE (- for standard input) proved? FILE may be a folder.

    Lean elaborates the file from scratch at its default limits, its kernel checks every proof,
    and the axioms that each theorem rests on are collected. The file is not trusted: what runs code
    in it is refused unread. Exit code 0: all accepted; 1: one is rejected, with the reason; 2: the
    input makes no sense; 3: Lean failed, which says nothing about the proof.
    """
    if (file is None) == (not from_stdin):
        raise click.UsageError("give a FILE, a folder, or --stdin")
    file = file or "-"
    if file != "-" and Path(file).is_dir():
        if theorems or against or second_opinion:
            raise click.UsageError("--theorem, --against and --second-opinion are for single files")
        options = session_options(start=Path(file), project=project, lean_path=lean_path, no_server=no_server)
        ctx.exit(_check_folder(Path(file), options, jobs, seconds, expect, as_json, report))
    if expect or jobs > 1:
        raise click.UsageError("--jobs and --expect are for folders")
    given = read_target(file)
    require_commands(given.text, str(given.path or "standard input"))
    reference = read_file(against).text if against is not None else ""
    options = session_options(start=given.path, project=project, lean_path=lean_path, no_server=no_server)
    found = _check_text(given.text, theorems, reference, options, seconds, second_opinion=second_opinion)
    text = json.dumps(found.to_json(), ensure_ascii=False)
    if report is not None:
        try:
            report.write_text(text + "\n", "utf-8")
        except OSError as error:
            raise BadInput(f"cannot write {report}: {error.strerror}") from error
    if as_json:
        click.echo(text)
    else:
        _print(found, file)
    ctx.exit(0 if found.accepted else 1)


def _check_text(
    text: str, theorems: tuple[str, ...], reference: str, options: Options, seconds: float, *, second_opinion: bool
) -> CheckReport:
    from prover.session import Session

    with Session(options) as session:
        found = session.check(text, names=theorems, reference=reference, seconds=seconds)
        if second_opinion and found.accepted:
            from prover.lean.second_opinion import second_opinion as ask

            session.let_go()
            found = ask(session, found, text, theorems, reference, seconds)
    return found


def _check_folder(
    folder: Path,
    options: Options,
    jobs: int,
    seconds: float,
    expect: bool,
    as_json: bool,
    report: Path | None,
) -> int:
    from prover.cli import check_many
    from prover.session import Session

    cases = check_many.find_cases(folder, expect)

    def seen(item: check_many.Judged) -> None:
        if not as_json:
            click.echo(check_many.line(item))

    judged = check_many.judge_all(cases, lambda: Session(options), jobs, seconds, seen)
    if report is not None:
        check_many.write_report(report, judged)
    value = check_many.summary(judged)
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False))
    else:
        counts = ", ".join(f"{count} {status}" for status, count in value["counts"].items())
        click.echo(f"{len(judged)} files: {counts}")
        if expect:
            click.echo(f"{value['as_expected']} of {value['of']} as expected")
    return check_many.exit_code(judged)


def _print(report: CheckReport, file: str) -> None:
    # Lean's errors are shown below, where they are.
    shown_below = {f"line {each.line}, column {each.column}: {each.text}".strip() for each in report.messages}
    for finding in report.findings:
        if finding.code == "elaboration" and finding.text.strip() in shown_below:
            continue
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
        for remark in theorem.remarks:
            click.echo(f"          note: {remark.text}")
        # Where the statement has an error, what Lean made of it says nothing to a reader.
        if theorem.remarks and "sorryAx" not in theorem.statement:
            click.echo(f"          in full: {theorem.statement}")
    for remark in report.remarks:
        click.echo(f"note      {remark.text}")
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
