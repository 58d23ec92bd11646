"""Fills the sorries of a Lean file: a question for each, and the audit of the whole at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


def prove_sorry(
    session: Session, question: SorryProblem, budget: Budget, observers: Sequence[Observer] = ()
) -> ProofReport:
    """Works on one ``sorry``; faults become reports, as in :meth:`Session.prove`."""
    kind = session.toolchain().kind
    problem = replace(question.problem, budget=budget)
    return session.attempt(problem, lambda: question.open(kind), observers)


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
