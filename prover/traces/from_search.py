"""What a saved search leaves: every step that was tried with Lean's verdict, and the proof as a traced theorem."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from prover.errors import BadInput
from prover.lean.verify import gap_after
from prover.runs import open_run
from prover.saved_search import read_search
from prover.traces.benchmark import write_lines
from prover.traces.theorem import TracedTactic, TracedTheorem

ATTEMPTS = "attempts.jsonl"


class TriedTactic(msgspec.Struct, frozen=True, kw_only=True):
    """One tactic tried on one state, with Lean's verdict.

    ``outcome`` is ``progress``, ``finished``, ``failed`` or ``timed_out``; ``kind`` types a failure and ``message``
    is Lean's own. ``state_after`` is empty for a failure. ``on_proof`` says that the step is on the proof that was
    found; ``new`` that it reached a state nobody had reached before. ``node`` and ``child`` are the search's
    numbers of the states, ``depth`` counts tactics from the theorem, ``micros`` are Lean's microseconds.
    """

    theorem: str
    node: int
    depth: int
    state: str
    tactic: str
    outcome: str
    kind: str
    message: str
    state_after: str
    on_proof: bool
    new: bool
    proposer: str
    log_probability: float | None
    score: float | None
    child: int | None
    micros: int


class SearchTrace:
    """What a saved search leaves as data.

    Raises:
        BadInput: no saved search, or one whose events do not belong together.
    """

    def __init__(self, folder: Path) -> None:
        self._search = read_search(open_run(folder))
        self._problem = self._search.run.problem
        self.name = self._problem.name or "theorem"
        if [edge.candidate.action for edge in self._search.proof] != list(self._search.actions):
            raise BadInput(f"the events of {folder} cannot be read: its proof takes steps that were not tried")

    @property
    def proved(self) -> bool:
        """Whether the search found a proof that passed the check."""
        return bool(self._search.proof)

    def tried(self) -> Iterator[TriedTactic]:
        """Every step that was tried, in order."""
        on_proof = set(map(id, self._search.proof))
        for step in self._search.steps:
            edge = step.edge
            yield TriedTactic(
                theorem=self.name,
                node=edge.parent.id,
                depth=edge.parent.depth,
                state=edge.parent.state.text,
                tactic=edge.candidate.action,
                outcome=edge.result.status.value,
                kind=edge.result.kind,
                message=edge.result.message,
                state_after="" if edge.child is None else edge.child.state.text,
                on_proof=id(edge) in on_proof,
                new=edge.created,
                proposer=edge.candidate.proposer,
                log_probability=edge.candidate.log_probability,
                score=edge.candidate.score,
                child=None if edge.child is None else edge.child.id,
                micros=edge.result.micros,
            )

    def theorem(self) -> TracedTheorem | None:
        """The proof as a traced theorem, tactic by tactic as the search applied them; None without a proof.

        A step of a search sees the first goal of its state; ``state_before`` holds all of them.
        """
        if not self.proved:
            return None
        tactics = tuple(
            TracedTactic(
                edge.candidate.action, (edge.candidate.action, ()), edge.parent.state.text, edge.child.state.text
            )
            for edge in self._search.proof if edge.child is not None
        )  # fmt: skip
        source = self.source()
        last = source.count("\n")
        start = source.rindex(self._problem.statement.strip())
        line = source.count("\n", 0, start) + 1
        column = start - (source.rfind("\n", 0, start) + 1) + 1
        end = last, len(source.splitlines()[-1]) + 1
        return TracedTheorem("search", "", f"{self.name}.lean", self.name, (line, column), end, tactics)

    def source(self) -> str:
        """The theorem with its proof as a Lean file; ``sorry`` where there is none."""
        problem = self._problem
        head = "".join(f"import {module}\n" for module in problem.imports)
        statement = problem.statement.strip()
        proof = str(self._search.run.result.get("proof") or "sorry")
        parts = [part for part in (head, problem.header.strip()) if part.strip()]
        return "\n".join([*parts, f"{statement}{gap_after(statement)} := {proof}\n"])


def trace_run(run: Path, out: Path) -> dict[str, Any]:
    """Writes ``attempts.jsonl``, ``theorems.jsonl`` and the Lean source of one saved search; returns a summary.

    Raises:
        BadInput: no saved search, or ``out`` cannot be written.
    """
    found = SearchTrace(run)
    try:
        out.mkdir(parents=True, exist_ok=True)
        count = write_lines(out / ATTEMPTS, found.tried())
        theorem = found.theorem()
        write_lines(out / "theorems.jsonl", [theorem] if theorem else [])
        (out / "source.lean").write_text(found.source(), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {out}: {error.strerror}") from error
    return {
        "out": str(out),
        "theorem": found.name,
        "proved": found.proved,
        "attempts": count,
        "theorems": int(theorem is not None),
        "tactics": len(theorem.traced_tactics) if theorem else 0,
    }
