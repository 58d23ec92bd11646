"""Fills the sorries of a Lean file: a question for each, and the audit of the whole at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prover.errors import BadInput
from prover.problem import Budget
from prover.reports import ProofReport, rejected
from prover.session import Session

if TYPE_CHECKING:
    from prover.domain import Verdict
    from prover.hookspecs import Observer
    from prover.lean.source import SorryProblem


def open_file(session: Session, path: Path) -> list[SorryProblem]:
    """A question for every ``sorry`` of a Lean file, in order.

    Raises:
        BadInput: it cannot be read, imports something unknown, or has errors of its own.
    """
    from prover.lean.opening import unknown_import
    from prover.lean.source import open_sorry_problems

    session.team()
    try:
        return open_sorry_problems(session.server(), path)
    except BadInput as error:
        if error.kind == "unknown_import":
            raise unknown_import(error) from error
        raise


class Filling:
    """Works on the sorries of a file one after the other, each in the text with the proofs already found: a theorem
    that uses an earlier one would otherwise still depend on that one's sorry.
    """

    def __init__(
        self,
        session: Session,
        questions: Sequence[SorryProblem],
        found: Iterable[tuple[int, str]] = (),
    ) -> None:
        """``found`` are proofs from elsewhere, by where in the file their sorry starts."""
        self._session = session
        self._questions = {question.view.start: question for question in questions}
        self._found = [(self._questions[start], answer) for start, answer in found]
        self._current = dict(self._questions)
        self._stale = bool(self._found)

    def prove(self, start: int, budget: Budget, observers: Sequence[Observer] = ()) -> ProofReport:
        """Works on the sorry that starts at byte ``start`` of the file; faults become reports, as in
        :meth:`Session.prove`."""
        question = self._questions[start]
        kind = self._session.toolchain().kind
        problem = replace(question.problem, budget=budget)
        report = self._session.attempt(problem, lambda: self._now(start).open(kind), observers)
        if report.proof is not None:
            self._found.append((question, report.proof))
            self._stale = True
        return report

    def _now(self, start: int) -> SorryProblem:
        """The sorry in the text as it is now; in that of the file where the proofs do not go together."""
        if self._stale:
            from prover.lean.source import open_filled

            self._stale = False
            server = self._session.server()
            done = {question.view.start for question, _ in self._found}
            left = [start for start in self._questions if start not in done]
            try:
                opened = open_filled(server, self._found)
            except BadInput:
                opened = []
            if len(opened) == len(left):
                old = [question.view.state.id for start, question in self._current.items() if start not in done]
                self._current = dict(zip(left, opened, strict=True))
                server.release(old)
            else:
                server.release([question.view.state.id for question in opened])
        return self._current[start]


def waiting_for(report: ProofReport) -> set[str]:
    """The declarations of the file without whose sorry an answer that was found would have been accepted."""
    if report.graph is None or report.proof is not None:
        return set()
    verdicts = (verdict for edge in report.graph.edges() for verdict in edge.verdicts)
    return {name for verdict in verdicts for name in verdict.details.get("sorries", ())}


def finish_file(session: Session, worked: Sequence[tuple[SorryProblem, ProofReport]]) -> tuple[str, list[ProofReport]]:
    """Puts the proofs found into the text and audits it; returns the text and the reports.

    A theorem that the audit of the whole file rejects keeps its sorries and is not proved. One that
    still has a sorry elsewhere gets the proofs found, but is not called proved either.
    """
    from prover.lean.source import finish

    questions = [question for question, _ in worked]
    reports = [report for _, report in worked]
    while True:
        solved = [
            (question, report.verdict)
            for question, report in zip(questions, reports, strict=True)
            if report.proof is not None and report.verdict is not None
        ]
        if not solved:
            return (questions[0].source.text if questions else ""), reports
        text, verdicts = finish(session.server(), solved, session.toolchain().kind)
        audited = [
            _audited(report, verdicts.get(question.view.declaration))
            for question, report in zip(questions, reports, strict=True)
        ]
        turned_down = any(
            before.proof is not None and after.proof is None for before, after in zip(reports, audited, strict=True)
        )
        reports = audited
        # Taking one rejected proof out changes the text, so the rest is audited again.
        if not turned_down:
            break
    filled = Counter(question.view.declaration for question, _ in solved)
    return text, [
        _partial(report, question.view.declaration)
        if report.status == "proved" and filled[question.view.declaration] <= question.siblings
        else report
        for question, report in zip(questions, reports, strict=True)
    ]


def _audited(report: ProofReport, verdict: Verdict | None) -> ProofReport:
    """A report with what the audit of the whole file says of its theorem."""
    if report.proof is None or verdict is None:
        return report
    if verdict.accepted:
        return replace(report, axioms=verdict.axioms, checked_by=verdict.checked_by)
    return rejected(report, verdict)


def _partial(report: ProofReport, name: str) -> ProofReport:
    return replace(
        report,
        status="not_proved",
        reason="partial",
        message=f"this sorry is filled, but another one of {name} is left",
    )
