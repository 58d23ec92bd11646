"""Searches kept as data: every step that was tried, with Lean's verdict, not only the winning path.

One line of a file of attempts is one search (see :class:`Attempt`). The file grows line by line and a line
is whole or ignored, so gathering stops and resumes at any time.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from prover.domain import Candidate
from prover.errors import BadInput
from prover.problem import Problem
from prover.runs import open_run
from prover.search.outcome import SearchOutcome


class Tried(msgspec.Struct, frozen=True, array_like=True):
    """One step: from state ``parent`` to state ``child`` (-1 where it failed, -2 where no goal was left).

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


LONGEST_STATE = 4_000
"""Characters kept of a state's text."""


def attempt_of(problem: Problem, outcome: SearchOutcome, seconds: float) -> Attempt:
    """The record of a finished search that took ``seconds`` with opening the problem."""
    graph = outcome.graph
    states: list[Visited] = []
    number: dict[int, int] = {}
    for node in graph.nodes:
        if node.finished and node is not graph.root:
            continue
        number[node.id] = len(states)
        state = node.state
        states.append(
            Visited(state.text[:LONGEST_STATE], state.goals, state.size, node.depth, node.distance_to_proof)
        )
    tried: list[Tried] = []
    for edge in graph.edges():
        child = -1
        if edge.child is not None:
            child = -2 if edge.child.finished else number[edge.child.id]
        tried.append(
            Tried(
                number[edge.parent.id], child, edge.candidate.action, edge.candidate.proposer,
                round(edge.candidate.surprise, 4), edge.result.status.value, edge.result.kind, edge.result.micros,
            )
        )  # fmt: skip
    return Attempt(
        problem.name, problem.statement, problem.header, problem.imports, problem.metadata.get("module", ""),
        outcome.status, round(seconds, 3), outcome.steps, tuple(outcome.actions), tuple(states), tuple(tried),
    )  # fmt: skip


def attempt_of_run(folder: Path) -> Attempt:
    """The record of a saved search (:mod:`prover.runs`), finished or not.

    Raises:
        BadInput: the folder holds no saved search, or its events do not belong together.
    """
    run = open_run(folder)
    states: dict[int, Visited] = {}
    finished: set[int] = set()
    steps: list[dict[str, Any]] = []
    actions: tuple[str, ...] = ()
    try:
        for event in run.events():
            match event["event"]:
                case "search_started" | "node_added":
                    text, depth = event["text"][:LONGEST_STATE], event.get("depth", 0)
                    states[event["node"]] = Visited(text, event["goals"], event["size"], depth, None)
                    if event["goals"] == 0:
                        finished.add(event["node"])
                case "step_tried":
                    steps.append(event)
                case "proof_found":
                    actions = tuple(event["actions"])
        order = {node: number for number, node in enumerate(n for n in states if n == 0 or n not in finished)}
        child = {number: _child(event["child"], order) for number, event in enumerate(steps)}
        tried = tuple(
            Tried(
                order[e["node"]], child[i], e["action"], e["proposer"], round(_surprise(e), 4), e["status"], e["kind"],
                e["micros"],
            )
            for i, e in enumerate(steps)
        )  # fmt: skip
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput(f"the events of {folder} cannot be read: {type(error).__name__}: {error}") from error
    distances = distances_on(tried, actions)
    visited = tuple(msgspec.structs.replace(states[n], distance=distances.get(i)) for n, i in order.items())
    problem, result = run.problem, run.result
    return Attempt(
        problem.name or "theorem", problem.statement, problem.header, problem.imports,
        problem.metadata.get("module", ""), str(result.get("status", "")), float(result.get("seconds") or 0.0),
        len(steps), actions, visited, tried,
    )  # fmt: skip


def _child(node: int | None, order: dict[int, int]) -> int:
    return -1 if node is None else order.get(node, -2)


def _surprise(event: dict[str, Any]) -> float:
    return Candidate(event["action"], event["proposer"], event["log_probability"], event["score"]).surprise


def distances_on(tried: Sequence[Tried], actions: Sequence[str]) -> dict[int, int]:
    """How many steps it is from each state of the accepted proof to its end."""
    taken = {(step.parent, step.action): step.child for step in tried if step.child != -1}
    path = [0]
    for action in actions[:-1]:
        path.append(taken.get((path[-1], action), -1))
    return {at: len(actions) - number for number, at in enumerate(path)} if actions else {}


def append(path: Path, attempt: Attempt) -> None:
    """Adds one attempt to a file at once."""
    with path.open("ab") as stream:
        stream.write(msgspec.json.encode(attempt) + b"\n")


def read_attempts(path: Path) -> Iterator[Attempt]:
    """The attempts of a file (``.gz``: compressed), one at a time; a line cut short by a crash is passed over.

    Raises:
        BadInput: the file cannot be read.
    """
    decoder = msgspec.json.Decoder(Attempt)
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as stream:
            for line in stream:
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError:
                    continue
    except OSError as error:
        raise BadInput(f"cannot read the attempts {path}: {error.strerror}") from error


def positives(attempts: Iterable[Attempt]) -> Iterator[tuple[str, str]]:
    """(state, tactic) for every step that is on a found proof: it leads one step nearer to its end."""
    for attempt in attempts:
        if attempt.status != "proved":
            continue
        for step in attempt.tried:
            state = attempt.states[step.parent]
            if state.distance is None or step.child == -1:
                continue
            after = 0 if step.child == -2 else attempt.states[step.child].distance
            if after is not None and after == state.distance - 1 and (step.child != -2 or step.status == "finished"):
                yield state.text, step.action
