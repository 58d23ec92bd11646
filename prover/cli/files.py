"""``prove FILE.lean``: works on each sorry of a file, audits the result, prints a diff or writes it back."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prover.bench import runner
from prover.cli.inputs import Given
from prover.cli.live import LiveLine
from prover.cli.output import counts, print_explanation, print_open_goals, summary
from prover.cli.statement import require_commands
from prover.errors import BadInput
from prover.fill import Filling, finish_file, open_file, waiting_for
from prover.problem import Budget, Problem
from prover.reports import EXIT_CODES, ProofReport, worst_status
from prover.session import Options, Session

if TYPE_CHECKING:
    from prover.lean.source import SorryProblem


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of the sorries of one file: ``text`` is the file with the proofs that were found. Where Ctrl-C came
    there are fewer ``reports`` than ``questions``.
    """

    shown: str
    path: Path | None
    questions: list[SorryProblem]
    reports: list[ProofReport]
    interrupted: bool
    text: str

    @property
    def before(self) -> str:
        """The file as it was."""
        return self.questions[0].source.text

    @property
    def worked(self) -> list[tuple[SorryProblem, ProofReport]]:
        """The questions that were worked on, with their reports."""
        return list(zip(self.questions, self.reports, strict=False))

    @property
    def exit_code(self) -> int:
        """The command line's exit code."""
        return 130 if self.interrupted else EXIT_CODES[worst_status(self.reports)]

    def diff(self) -> str:
        """What the proofs change, as a unified diff."""
        return _diff(self.before, self.text, self.path)

    def to_json(self, *, written: bool, seconds: float) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        results = [
            {**report.to_json(), "line": question.view.line, "column": question.view.column}
            for question, report in self.worked
        ]
        return {
            "status": "not_proved" if self.interrupted else worst_status(self.reports),
            "file": self.shown,
            "results": results,
            "sorries": len(self.questions),
            "written": written,
            "diff": self.diff(),
            "seconds": round(seconds, 3),
            "lean": results[0]["lean"] if results else {"version": None, "kind": None},
        }


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
    shown = str(given.path or "standard input")
    require_commands(given.text, shown)
    with _on_disk(given) as path, Session(options) as session, LiveLine(enabled=not (as_json or quiet)) as live:
        live.say("reading the file with Lean")
        every = open_file(session, path)
        questions = _named(every, name, shown)
        if not questions:
            live.stop()
            return _nothing_to_prove(session, given, shown, as_json=as_json)
        reports, interrupted = _work(Filling(session, every), session, path, questions, budget, live)
        live.say("checking the whole file from scratch")
        text, reports = finish_file(session, list(zip(questions, reports, strict=False)))
    filled = Filled(shown, given.path, questions, reports, interrupted, text)
    written = write and filled.text != filled.before
    if written:
        assert given.path is not None
        _write(given.path, filled.before, filled.text)
    if as_json:
        value = filled.to_json(written=written, seconds=time.monotonic() - started)
        click.echo(json.dumps(value, ensure_ascii=False))
    else:
        _print(filled, written=written, explain=explain, quiet=quiet)
    return filled.exit_code


def _print(filled: Filled, *, written: bool, explain: bool, quiet: bool) -> None:
    for question, report in filled.worked:
        if explain:
            print_explanation(report)
        if not quiet:
            _print_one(filled.shown, question, report)
    total = len(filled.questions)
    if filled.interrupted:
        left = total - sum(report.reason != "interrupted" for report in filled.reports)
        click.echo(f"interrupted: {left} of {total} sorries not worked on", err=True)
    if written:
        proved = sum(report.proof is not None for report in filled.reports)
        click.echo(f"{filled.shown}: {proved} of {total} proofs written", err=True)
    elif filled.text != filled.before:
        click.echo(filled.diff(), nl=False)


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
    filling: Filling, session: Session, path: Path, questions: list[SorryProblem], budget: Budget, live: LiveLine
) -> tuple[list[ProofReport], bool]:
    """Reports for the questions in order, as many as were finished, and whether Ctrl-C came."""
    if session.options.jobs > 1 and len(questions) > 1:
        session.let_go()  # the workers need a Lean each; this one is needed again at the end
        return _work_at_once(session.options, path, questions, budget, live)
    reports: list[ProofReport] = []
    try:
        for number, question in enumerate(questions, 1):
            live.label(f"[{number}/{len(questions)}] {question.view.declaration}  ")
            report = filling.prove(question.view.start, budget, observers=[live])
            if report.reason == "interrupted":
                return reports, True
            reports.append(report)
    except KeyboardInterrupt:
        return reports, True
    return reports, False


class _FileProver:
    """Proves sorries of one file on a Lean of its own (see :mod:`prover.bench.runner`), in the text with the proofs
    ``found``, by where their sorry starts.
    """

    def __init__(self, options: Options, path: Path, found: Sequence[tuple[int, str]]) -> None:
        self._session = Session(options)
        self._path = path
        self._found = found
        self._filling: Filling | None = None

    def prove(self, problem: Problem) -> ProofReport:
        if self._filling is None:
            self._filling = Filling(self._session, open_file(self._session, self._path), self._found)
        return self._filling.prove(int(problem.metadata["start"]), problem.budget)

    def close(self) -> None:
        self._session.close()


def _work_at_once(
    options: Options, path: Path, questions: list[SorryProblem], budget: Budget, live: LiveLine
) -> tuple[list[ProofReport], bool]:
    """Several sorries at a time. A sorry that Ctrl-C cut short gets a report that says so.

    Those whose answers rested on sorries that were filled meanwhile are worked on again, with those proofs in.
    """
    cut = ProofReport(status="not_proved", reason="interrupted", message="interrupted")
    reports = {q.view.start: replace(cut, name=q.problem.name, statement=q.problem.statement) for q in questions}
    asked = questions
    while asked:
        found = [(start, report.proof) for start, report in reports.items() if report.proof is not None]
        live.say(f"working on {len(asked)} sorries, {options.jobs} at a time")
        if _one_round(options, path, asked, found, budget, live, reports):
            return list(reports.values()), True
        filled = {q.view.declaration for q in asked if reports[q.view.start].proof is not None}
        asked = [q for q in questions if waiting_for(reports[q.view.start]) & filled]
    return list(reports.values()), False


def _one_round(
    options: Options,
    path: Path,
    questions: Sequence[SorryProblem],
    found: Sequence[tuple[int, str]],
    budget: Budget,
    live: LiveLine,
    reports: dict[int, ProofReport],
) -> bool:
    """Puts the reports on ``questions`` into ``reports`` as they come; whether Ctrl-C came before the last."""
    problems = [replace(q.problem, budget=budget, metadata={"start": str(q.view.start)}) for q in questions]
    running = runner.run(problems, lambda: _FileProver(options, path, found), jobs=options.jobs)
    try:
        for number, (problem, report) in enumerate(running, 1):
            reports[int(problem.metadata["start"])] = report
            live.say(f"{number} of {len(problems)} sorries done")
    except KeyboardInterrupt:
        return True
    finally:
        running.close()
    return False


def _write(path: Path, before: str, after: str) -> None:
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


def _diff(before: str, after: str, path: Path | None) -> str:
    from prover.lean.source import unified_diff

    shown = path if path is not None else Path("stdin.lean")
    if shown.is_absolute():
        here = Path.cwd()
        shown = shown.relative_to(here if shown.is_relative_to(here) else shown.anchor)
    return unified_diff(before, after, shown)


def _print_one(shown: str, question: SorryProblem, report: ProofReport) -> None:
    where = f"{shown}:{question.view.line}:{question.view.column}: {question.view.declaration}"
    if report.status == "proved":
        click.echo(f"{where}: {summary(report)}", err=True)
        return
    status = report.status.replace("_", " ")
    click.echo(f"{where}: {status}: {report.message} ({counts(report)})", err=True)
    if report.status == "not_proved" and report.open_goals:
        print_open_goals(report, err=True)
