"""What comes out: the report of a proof search and of a check, as the command line prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from prover.errors import BadInput, InfrastructureFault
from prover.problem import LEAN, Problem
from prover.report.fragments import Displayed

if TYPE_CHECKING:
    from prover.domain import Verdict
    from prover.lean.protocol import Finding, Message, TheoremReport
    from prover.search import SearchGraph, SearchOutcome

EXIT_CODES: Mapping[str, int] = {
    "proved": 0, "solved": 0, "not_proved": 1, "not_solved": 1, "invalid": 2, "infrastructure": 3
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProofReport(Displayed):
    """What came out of one problem.

    ``status`` is ``proved`` (Lean accepted the whole proof from scratch), ``not_proved`` (says
    nothing about the truth of the theorem, unless there is a ``counterexample``), ``invalid`` (the
    question makes no sense; ``message``, ``line`` and ``column`` are Lean's) or ``infrastructure`` (Lean failed or is
    missing). In other domains than Lean it is ``solved`` or ``not_solved``: ``checked_by`` says who
    vouches for that. ``proof`` is what follows ``:=``, ``source`` the complete text that was checked.
    ``states`` counts distinct proof states, ``steps`` tactics tried; ``seconds`` is wall time
    without the start of Lean. ``proposers`` are those whose steps the proof uses, ``statistics`` what
    each did (:class:`prover.search.ProposerStatistics`). ``counterexample`` are values by variable by
    which Lean proved the theorem false (reason ``refuted``). ``graph`` is
    the search's, for ``--explain``, ``verdict`` the check's; None where there was none.
    """

    status: str
    name: str = ""
    proof: str | None = None
    statement: str = ""
    axioms: tuple[str, ...] = ()
    checked_by: str = ""
    steps: int = 0
    states: int = 0
    seconds: float = 0.0
    lean: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    message: str = ""
    line: int | None = None
    column: int | None = None
    source: str = ""
    open_goals: tuple[str, ...] = ()
    proposers: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    counterexample: Mapping[str, str] | None = None
    statistics: Mapping[str, Mapping[str, float]] = field(default_factory=dict, repr=False)
    graph: SearchGraph | None = field(default=None, repr=False, compare=False)
    verdict: Verdict | None = field(default=None, repr=False, compare=False)

    @property
    def exit_code(self) -> int:
        """The command line's exit code for this status."""
        return EXIT_CODES[self.status]

    def _html(self) -> str:
        from prover.report.fragments import proof_html

        return proof_html(self)

    def to_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints; every key is always there."""
        return {
            "status": self.status,
            "name": self.name,
            "proof": self.proof,
            "statement": self.statement,
            "axioms": list(self.axioms),
            "checked_by": self.checked_by,
            "steps": self.steps,
            "states": self.states,
            "seconds": round(self.seconds, 3),
            "lean": {"version": self.lean.get("version"), "kind": self.lean.get("kind")},
            "reason": self.reason,
            "message": self.message,
            "line": self.line,
            "column": self.column,
            "counterexample": dict(self.counterexample) if self.counterexample is not None else None,
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The audit of a file. ``accepted`` iff it has a theorem and nothing was found against any.

    ``remarks`` are no objections: what a reader should know.
    """

    accepted: bool
    theorems: tuple[TheoremReport, ...]
    findings: tuple[Finding, ...]
    messages: tuple[Message, ...]
    checked_by: str
    seconds: float
    lean: Mapping[str, str]
    remarks: tuple[Finding, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of everything that was found, each once."""
        found = [*self.findings, *(f for theorem in self.theorems for f in theorem.findings)]
        return tuple(dict.fromkeys(finding.code for finding in found))

    def to_json(self) -> dict[str, Any]:
        """The object that ``prove check --json`` prints."""
        import msgspec

        return {
            "status": "accepted" if self.accepted else "rejected",
            "theorems": [msgspec.to_builtins(theorem) for theorem in self.theorems],
            "findings": [msgspec.to_builtins(finding) for finding in self.findings],
            "remarks": [msgspec.to_builtins(remark) for remark in self.remarks],
            "messages": [msgspec.to_builtins(message) for message in self.messages],
            "checked_by": self.checked_by,
            "seconds": round(self.seconds, 3),
            "lean": {"version": self.lean.get("version"), "kind": self.lean.get("kind")},
        }


def report_of_outcome(problem: Problem, outcome: SearchOutcome, seconds: float, lean: Mapping[str, str]) -> ProofReport:
    """The report of a search that ended; ``lean`` says which Lean was used (nothing in other domains)."""
    common: dict[str, Any] = {
        "name": problem.name,
        "statement": problem.statement,
        "steps": outcome.steps,
        "states": outcome.states,
        "seconds": seconds,
        "lean": lean,
        "graph": outcome.graph,
        "verdict": outcome.verdict,
        "statistics": {name: asdict(s) for name, s in outcome.statistics.items()},
    }
    verdict = outcome.verdict
    if outcome.proved and verdict is not None:
        status = "proved" if problem.domain == LEAN else "solved"
        return ProofReport(
            status=status,
            proof=verdict.answer,
            axioms=verdict.axioms,
            checked_by=verdict.checked_by,
            source=verdict.source,
            reason=status,
            proposers=tuple(name for name, s in outcome.statistics.items() if s.in_proof),
            actions=outcome.actions,
            **common,
        )
    return ProofReport(
        status="not_proved" if problem.domain == LEAN else "not_solved",
        reason=outcome.reason.value,
        message=why_not(problem, outcome),
        open_goals=open_goals(outcome),
        counterexample=dict(outcome.refutation.values) if outcome.refutation else None,
        **common,
    )


def report_of_input(problem: Problem, error: BadInput, seconds: float, lean: Mapping[str, str]) -> ProofReport:
    """The report of a question that makes no sense."""
    return ProofReport(
        status="invalid",
        name=problem.name,
        statement=problem.statement,
        seconds=seconds,
        lean=lean,
        reason=error.kind,
        message=str(error).strip(),
        line=error.line,
        column=error.column,
    )


def report_of_fault(
    problem: Problem,
    fault: InfrastructureFault,
    seconds: float,
    lean: Mapping[str, str],
    outcome: SearchOutcome | None = None,
) -> ProofReport:
    """The report of a search that the infrastructure ended, with what it had done (``outcome``) if it had begun."""
    return ProofReport(
        status="infrastructure",
        name=problem.name,
        statement=problem.statement,
        steps=outcome.steps if outcome else 0,
        states=outcome.states if outcome else 0,
        seconds=seconds,
        lean=lean,
        reason="infrastructure",
        message=str(fault).strip(),
        graph=outcome.graph if outcome else None,
    )


def worst_status(reports: Sequence[ProofReport]) -> str:
    """The status of several reports together: proved only if all are."""
    found = {report.status for report in reports}
    for status in ("infrastructure", "invalid", "not_proved"):
        if status in found:
            return status
    return "proved" if reports else "not_proved"


def rejected(report: ProofReport, verdict: Verdict) -> ProofReport:
    """The report of a proof that a later check did not accept."""
    why = verdict.reasons[0][1] if verdict.reasons else "no reason given"
    return replace(
        report,
        status="not_proved",
        proof=None,
        reason="rejected",
        message=f"the check of the whole file rejects it: {why}",
        axioms=(),
        checked_by="",
        verdict=None,
    )


def why_not(problem: Problem, outcome: SearchOutcome) -> str:
    """Why a search ended without a proof, in words."""
    budget = problem.budget
    sentences = {
        "time": f"the time is over ({budget.seconds:g} s)" if budget.seconds else "the time is over",
        "steps": f"the limit of {budget.steps} steps is reached",
        "nodes": f"the limit of {budget.nodes} states is reached",
        "exhausted": "everything that the proposers suggest was tried",
        "interrupted": "interrupted",
    }
    if outcome.refutation is not None:
        return f"false: {outcome.refutation} (Lean proved the negation)"
    text = sentences.get(outcome.reason.value, outcome.reason.value)
    if outcome.rejected:
        reasons = outcome.rejected[-1].reasons
        why = reasons[0][1] if reasons else "no reason given"
        text += f"; {len(outcome.rejected)} finished attempts were rejected by the check ({why})"
    return text


def open_goals(outcome: SearchOutcome, limit: int = 5) -> tuple[str, ...]:
    """The texts of the states that came closest: fewest goals, then smallest; the root last."""
    nodes = [node for node in outcome.graph.nodes if not node.finished and node.state.goals and node.id != 0]
    nodes.sort(key=lambda node: (node.state.goals, node.state.size, node.id))
    chosen = [outcome.best_open] if outcome.best_open is not None and outcome.best_open.id else []
    chosen += [node for node in nodes[:limit] if node not in chosen]
    if not chosen:
        chosen = [outcome.graph.root]
    return tuple(node.state.text for node in chosen[:limit])
