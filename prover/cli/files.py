"""`prove File.lean`: works on each sorry of a file, audits the result, prints a diff or writes it
back."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prover.bench import runner
from prover.cli.inputs import Given
from prover.cli.live import LiveLine
from prover.cli.output import counts, print_explanation, print_open_goals, summary
from prover.errors import BadInput
from prover.fill import finish_file, open_file, prove_sorry
from prover.problem import Budget, Problem
from prover.reports import EXIT_CODES, ProofReport, worst_status
from prover.session import Options, Session

if TYPE_CHECKING:
    from prover.lean.source import SorryProblem


def fill(
    given: Given,
    options: Options,
    budget: Budget,
    *,
    name: str | None,
    write: bool,
    explain: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Fills the sorries of a file (or standard input); returns the exit code.

    What was finished before Ctrl-C is printed, or written, all the same.
    """
    started = time.monotonic()
    with _on_disk(given) as path, Session(options) as session:
        shown = str(given.path or "standard input")
        with LiveLine(enabled=not (as_json or quiet)) as live:
            live.say("reading the file with Lean")
            every = open_file(session, path)
            questions = _named(every, name, shown)
            if not questions:
                live.stop()
                return _nothing_to_prove(session, given, shown, as_json=as_json)
            reports, interrupted = _work(session, path, questions, budget, live)
            live.say("checking the whole file from scratch")
            text, reports = finish_file(session, list(zip(questions, reports, strict=False)))
    before = questions[0].source.text
    written = False
    if write and text != before:
        assert given.path is not None
        written = _write(given.path, before, text)
    code = 130 if interrupted else _exit_code(reports)
    if as_json:
        value = {
            "status": worst_status(reports) if not interrupted else "not_proved",
            "file": shown,
            "results": [
                {**report.to_json(), "line": q.view.line, "column": q.view.column}
                for q, report in zip(questions, reports, strict=False)
            ],
            "sorries": len(questions),
            "written": written,
            "diff": _diff(before, text, given.path),
            "seconds": round(time.monotonic() - started, 3),
            "lean": reports[0].to_json()["lean"] if reports else {"version": None, "kind": None},
        }
        click.echo(json.dumps(value, ensure_ascii=False))
        return code
    for question, report in zip(questions, reports, strict=False):
        if explain:
            print_explanation(report)
        if not quiet:
            _print_one(shown, question, report)
    if interrupted:
        left = len(questions) - len(reports)
        click.echo(f"interrupted: {left} of {len(questions)} sorries not worked on", err=True)
    if written:
        click.echo(f"{shown}: {_solved(reports)} of {len(questions)} proofs written", err=True)
    elif text != before:
        click.echo(_diff(before, text, given.path), nl=False)
    return code


@contextmanager
def _on_disk(given: Given) -> Iterator[Path]:
    """The file's path; standard input gets a file for the time being."""
    if given.path is not None:
        yield given.path
        return
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        path = Path(folder) / "stdin.lean"
        path.write_bytes(given.text.encode("utf-8"))
        yield path


def _named(every: list[SorryProblem], name: str | None, shown: str) -> list[SorryProblem]:
    """The sorries of the declaration ``name`` (also without its namespace), or all of them."""
    if name is None:
        return every
    chosen = [q for q in every if q.view.declaration == name]
    chosen = chosen or [q for q in every if q.view.declaration.endswith(f".{name}")]
    if not chosen:
        known = ", ".join(dict.fromkeys(q.view.declaration for q in every)) or "none"
        raise BadInput(f"{shown} has no sorry in a declaration {name}; sorries are in: {known}")
    return chosen


def _nothing_to_prove(session: Session, given: Given, shown: str, *, as_json: bool) -> int:
    """A file without sorries is proved only if the check says so."""
    report = session.check(given.text)
    status = "proved" if report.accepted else "not_proved"
    message = (
        f"{shown} has no sorry; its {len(report.theorems)} theorems are proved"
        if report.accepted
        else f"{shown} has no sorry, but not all of it is proved; see: prove check {shown}"
    )
    if as_json:
        value = {"status": status, "file": shown, "results": [], "sorries": 0, "message": message}
        click.echo(json.dumps(value, ensure_ascii=False))
    else:
        click.echo(message)
    return 0 if report.accepted else 1


def _work(
    session: Session, path: Path, questions: list[SorryProblem], budget: Budget, live: LiveLine
) -> tuple[list[ProofReport], bool]:
    """Reports for the questions in order, as many as were finished, and whether Ctrl-C came."""
    if session.options.jobs > 1 and len(questions) > 1:
        session.let_go()  # the workers need a Lean each; this one is needed again at the end
        return _work_at_once(session.options, path, questions, budget, live)
    reports: list[ProofReport] = []
    try:
        for number, question in enumerate(questions, 1):
            live.label(f"[{number}/{len(questions)}] {question.view.declaration}  ")
            report = prove_sorry(session, question, budget, observers=[live])
            if report.reason == "interrupted":
                return reports, True
            reports.append(report)
    except KeyboardInterrupt:
        return reports, True
    return reports, False


class _FileProver:
    """Proves sorries of one file on a Lean of its own (see :mod:`prover.bench.runner`)."""

    def __init__(self, options: Options, path: Path) -> None:
        self._session = Session(options)
        self._path = path
        self._questions: dict[str, SorryProblem] = {}

    def prove(self, problem: Problem) -> ProofReport:
        if not self._questions:
            for question in open_file(self._session, self._path):
                self._questions[str(question.view.start)] = question
        return prove_sorry(self._session, self._questions[problem.metadata["start"]], problem.budget)

    def close(self) -> None:
        self._session.close()


def _work_at_once(
    options: Options, path: Path, questions: list[SorryProblem], budget: Budget, live: LiveLine
) -> tuple[list[ProofReport], bool]:
    """Several sorries at a time. A sorry that Ctrl-C cut short gets a report that says so."""
    problems = [replace(q.problem, budget=budget, metadata={"start": str(q.view.start)}) for q in questions]
    found: dict[str, ProofReport] = {}
    interrupted = False
    live.say(f"working on {len(problems)} sorries, {options.jobs} at a time")
    running = runner.run(problems, lambda: _FileProver(options, path), jobs=options.jobs)
    try:
        for problem, report in running:
            found[problem.metadata["start"]] = report
            live.say(f"{len(found)} of {len(problems)} sorries done")
    except KeyboardInterrupt:
        interrupted = True
    finally:
        running.close()
    cut = ProofReport(status="not_proved", reason="interrupted", message="interrupted")
    reports = [found.get(p.metadata["start"], replace(cut, name=p.name, statement=p.statement)) for p in problems]
    return reports, interrupted


def _write(path: Path, before: str, after: str) -> bool:
    """Writes the proofs, unless somebody else has changed the file since it was read.

    Raises:
        BadInput: it changed, or cannot be written; the file is as the other one left it.
    """
    from prover.lean.source import read_source, write_source

    # Through a link to the file itself: replacing the link would detach it.
    target = path.resolve()
    if read_source(target) != before:
        raise BadInput(f"{path} was changed while proofs were searched; it is left alone: run again")
    try:
        write_source(target, after)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}; it is left as it was") from error
    return True


def _diff(before: str, after: str, path: Path | None) -> str:
    from prover.lean.source import unified_diff

    shown = path if path is not None else Path("stdin.lean")
    if shown.is_absolute():
        here = Path.cwd()
        shown = shown.relative_to(here if shown.is_relative_to(here) else shown.anchor)
    return unified_diff(before, after, shown)


def _solved(reports: list[ProofReport]) -> int:
    return sum(report.proof is not None for report in reports)


def _exit_code(reports: list[ProofReport]) -> int:
    return EXIT_CODES[worst_status(reports)]


def _print_one(shown: str, question: Any, report: ProofReport) -> None:
    where = f"{shown}:{question.view.line}:{question.view.column}: {question.view.declaration}"
    if report.status == "proved":
        click.echo(f"{where}: {summary(report)}", err=True)
        return
    click.echo(f"{where}: {_status(report)}: {report.message} ({counts(report)})", err=True)
    if report.status == "not_proved" and report.open_goals:
        print_open_goals(report, err=True)


def _status(report: ProofReport) -> str:
    return report.status.replace("_", " ")
