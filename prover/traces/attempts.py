"""What a saved search leaves: every step that was tried with Lean's verdict, and the proof as a traced theorem."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from prover.errors import BadInput
from prover.lean.verify import gap_after
from prover.runs import Run, open_run
from prover.traces.benchmark import write_lines
from prover.traces.stream import lines
from prover.traces.theorem import TracedTactic, TracedTheorem

ATTEMPTS = "attempts.jsonl"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
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


_decoder = msgspec.json.Decoder(Attempt)


def read_attempts(path: Path) -> Iterator[Attempt]:
    """The attempts of an ``attempts.jsonl``, one at a time.

    Raises:
        BadInput: malformed; says which line and field.
    """
    for number, line in lines(path):
        try:
            yield _decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise BadInput(f"{path}, line {number}: {error}") from error


class RunTrace:
    """The states and the proof of a saved search; the steps are read again when they are asked for.

    Raises:
        BadInput: no saved search, or one whose events do not belong together.
    """

    def __init__(self, folder: Path) -> None:
        self.run: Run = open_run(folder)
        self.name = self.run.problem.name or "theorem"
        self._texts: dict[int, str] = {}
        self._depths: dict[int, int] = {}
        self._edges: dict[tuple[int, str], int] = {}
        self._actions: tuple[str, ...] = ()
        try:
            for event in self.run.events():
                self._note(event)
            self._proof = self._path()
        except (KeyError, ValueError, TypeError) as error:
            raise BadInput(f"the events of {folder} cannot be read: {type(error).__name__}: {error}") from error

    def _note(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "search_started":
                self._texts[0], self._depths[0] = event["text"], 0
            case "node_added":
                self._texts[event["node"]], self._depths[event["node"]] = event["text"], event["depth"]
            case "step_tried" if event["child"] is not None:
                self._edges.setdefault((event["node"], event["action"]), event["child"])
            case "proof_found":
                self._actions = tuple(event["actions"])

    def _path(self) -> list[tuple[int, str, int]]:
        path, node = [], 0
        for action in self._actions:
            child = self._edges[node, action]
            path.append((node, action, child))
            node = child
        return path

    @property
    def proved(self) -> bool:
        """Whether the search found a proof that passed the check."""
        return bool(self._proof)

    def attempts(self) -> Iterator[Attempt]:
        """Every step that was tried, in order."""
        on_proof = {(node, action) for node, action, _ in self._proof}
        for event in self.run.events():
            if event["event"] != "step_tried":
                continue
            node, child = event["node"], event["child"]
            yield Attempt(
                theorem=self.name,
                node=node,
                depth=self._depths[node],
                state=self._texts[node],
                tactic=event["action"],
                outcome=event["status"],
                kind=event["kind"],
                message=event["message"],
                state_after="" if child is None else self._texts[child],
                on_proof=(node, event["action"]) in on_proof,
                new=child is not None and not event["merged"],
                proposer=event["proposer"],
                log_probability=event["log_probability"],
                score=event["score"],
                child=child,
                micros=event["micros"],
            )

    def theorem(self) -> TracedTheorem | None:
        """The proof as a traced theorem, tactic by tactic as the search applied them; None without a proof.

        A step of a search sees the first goal of its state; ``state_before`` holds all of them.
        """
        if not self._proof:
            return None
        tactics = tuple(
            TracedTactic(action, (action, ()), self._texts[node], self._texts[child])
            for node, action, child in self._proof
        )
        source = self.source()
        last = source.count("\n")
        start = source.rindex(self.run.problem.statement.strip())
        line = source.count("\n", 0, start) + 1
        column = start - (source.rfind("\n", 0, start) + 1) + 1
        end = last, len(source.splitlines()[-1]) + 1
        return TracedTheorem("search", "", f"{self.name}.lean", self.name, (line, column), end, tactics)

    def source(self) -> str:
        """The theorem with its proof as a Lean file; ``sorry`` where there is none."""
        problem = self.run.problem
        head = "".join(f"import {module}\n" for module in problem.imports)
        statement = problem.statement.strip()
        proof = str(self.run.result.get("proof") or "sorry")
        parts = [part for part in (head, problem.header.strip()) if part.strip()]
        return "\n".join([*parts, f"{statement}{gap_after(statement)} := {proof}\n"])


def trace_run(run: Path, out: Path) -> dict[str, Any]:
    """Writes ``attempts.jsonl``, ``theorems.jsonl`` and the Lean source of one saved search; returns a summary.

    Raises:
        BadInput: no saved search, or ``out`` cannot be written.
    """
    found = RunTrace(run)
    try:
        out.mkdir(parents=True, exist_ok=True)
        count = write_lines(out / ATTEMPTS, found.attempts())
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
