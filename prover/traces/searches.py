"""Searches kept as data: every step that was tried, with Lean's verdict, not only the winning path.

One line of a file of attempts is one search (see :class:`Attempt`). The file grows line by line and a line
is whole or ignored, so gathering stops and resumes at any time.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from prover.errors import BadInput
from prover.lean.barred import AGAIN
from prover.problem import Problem
from prover.runs import open_run
from prover.saved_search import read_search
from prover.search.graph import Node, SearchGraph
from prover.search.outcome import SearchOutcome

FAILED, CLOSED = -1, -2
"""What :class:`Tried` has instead of a state: the step failed, or left no goal."""


class Tried(msgspec.Struct, frozen=True, array_like=True):
    """One step, from state ``parent`` to state ``child`` (or ``FAILED``, ``CLOSED``).

    ``status`` and ``kind`` are those of :class:`prover.domain.StepResult`; ``micros`` is Lean's own time;
    ``cost`` is what its proposer thought of it, in nats.
    """

    parent: int
    child: int
    action: str
    proposer: str
    cost: float
    status: str
    kind: str
    micros: int


class Visited(msgspec.Struct, frozen=True, array_like=True):
    """One state; ``distance`` is the fewest steps from it to the end of an accepted proof, None if unknown."""

    text: str
    goals: int
    size: int
    depth: int
    distance: int | None


class Attempt(msgspec.Struct, frozen=True):
    """One search: its problem, how it ended, its states (the first is the problem's) and steps."""

    name: str
    statement: str
    header: str
    imports: tuple[str, ...]
    module: str
    status: str
    seconds: float
    steps: int
    actions: tuple[str, ...]
    states: tuple[Visited, ...]
    tried: tuple[Tried, ...]

    def after(self, step: Tried) -> Visited | None:
        """The state that a step led to; None where it failed or left no goal."""
        return self.states[step.child] if step.child >= 0 else None

    def was_rejected(self, step: Tried) -> bool:
        """Whether the proof that a closing step ended did not pass the check, or that cannot be told: of a library
        theorem that is asked for again, where many do not (:mod:`prover.lean.barred`), only the last action is known
        to pass."""
        if step.child != CLOSED:
            return False
        return self.status != "proved" or (AGAIN in self.statement and step.action not in self.actions[-1:])

    def on_proof(self, step: Tried) -> bool:
        """Whether a step leads one step nearer to the end of an accepted proof."""
        distance, after = self.states[step.parent].distance, self.after(step)
        if distance is None or step.child == FAILED or self.was_rejected(step):
            return False
        return (0 if after is None else after.distance) == distance - 1


LONGEST_STATE = 4_000
"""Characters kept of a state's text."""


def attempt_of(problem: Problem, outcome: SearchOutcome, seconds: float) -> Attempt:
    """The record of a finished search that took ``seconds`` with opening the problem."""
    return _record(problem, outcome.graph, outcome.actions, outcome.status, outcome.steps, seconds)


def attempt_of_run(folder: Path) -> Attempt:
    """The record of a saved search (:mod:`prover.runs`), finished or not.

    Raises:
        BadInput: the folder holds no saved search, or its events do not belong together.
    """
    search = read_search(open_run(folder))
    problem, result = search.run.problem, search.run.result
    if not problem.name:
        problem = replace(problem, name="theorem")
    status, seconds = str(result.get("status", "")), float(result.get("seconds") or 0.0)
    return _record(problem, search.graph, search.actions, status, len(search.steps), seconds)


def _record(
    problem: Problem, graph: SearchGraph, actions: Sequence[str], status: str, steps: int, seconds: float
) -> Attempt:
    # Each finished state is one way to end: only that there is no goal left is worth a record.
    kept = [node for node in graph.nodes if node is graph.root or not node.finished]
    number = {node.id: position for position, node in enumerate(kept)}
    states = [
        Visited(
            node.state.text[:LONGEST_STATE], node.state.goals, node.state.size, node.depth, node.distance_to_proof
        )
        for node in kept
    ]  # fmt: skip
    tried = [
        Tried(
            number[edge.parent.id], _child(edge.child, number), edge.candidate.action, edge.candidate.proposer,
            round(edge.candidate.surprise, 4), edge.result.status.value, edge.result.kind, edge.result.micros,
        )
        for edge in graph.edges()
    ]  # fmt: skip
    return Attempt(
        problem.name, problem.statement, problem.header, problem.imports, problem.metadata.get("module", ""),
        status, round(seconds, 3), steps, tuple(actions), tuple(states), tuple(tried),
    )  # fmt: skip


def _child(node: Node | None, number: Mapping[int, int]) -> int:
    if node is None:
        return FAILED
    return CLOSED if node.finished else number[node.id]


def distances_on(tried: Sequence[Tried], actions: Sequence[str]) -> dict[int, int]:
    """How many steps it is from each state of the accepted proof to its end."""
    taken = {(step.parent, step.action): step.child for step in tried if step.child != FAILED}
    path = [0]
    for action in actions[:-1]:
        path.append(taken.get((path[-1], action), FAILED))
    return {at: len(actions) - number for number, at in enumerate(path)} if actions else {}


def append(path: Path, attempt: Attempt) -> None:
    """Adds one attempt to a file at once."""
    with path.open("ab") as stream:
        stream.write(msgspec.json.encode(attempt) + b"\n")


class AttemptFile:
    """A file of attempts that grows; ``proved`` says of each problem that it holds, by name, whether it was proved.

    Raises:
        BadInput: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.proved = {a.name: a.status == "proved" for a in read_attempts(path)} if path.exists() else {}

    def missing(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems of which it holds no attempt."""
        return [problem for problem in problems if problem.name not in self.proved]

    def add(self, attempt: Attempt) -> None:
        """Appends an attempt, on the disk at once."""
        append(self._path, attempt)
        self.proved[attempt.name] = attempt.status == "proved"

    @property
    def counts(self) -> tuple[int, int]:
        """How many problems there are, and how many of them were proved."""
        return len(self.proved), sum(self.proved.values())

    def __str__(self) -> str:
        return f"{sum(self.proved.values())} of {len(self.proved)} proved"


def holds_attempts(path: Path) -> bool:
    """Whether the first line of a file is an attempt.

    Raises:
        BadInput: the file cannot be read.
    """
    try:
        with _opened(path) as stream:
            msgspec.json.decode(stream.readline(), type=Attempt)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}") from error
    except msgspec.DecodeError:
        return False
    return True


def read_attempts(path: Path) -> Iterator[Attempt]:
    """The attempts of a file (``.gz``: compressed), one at a time; a line cut short by a crash is passed over.

    Raises:
        BadInput: the file cannot be read.
    """
    decoder = msgspec.json.Decoder(Attempt)
    try:
        with _opened(path) as stream:
            for line in stream:
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError:
                    continue
    except OSError as error:
        raise BadInput(f"cannot read the attempts {path}: {error.strerror}") from error


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
