"""Where the steps to encode come from: a saved search, files of searches, traces."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prover.errors import BadInput
from prover.model.encodings import EncodedStep
from prover.runs import RUN
from prover.traces.benchmark import read_any
from prover.traces.searches import CLOSED, Attempt, Tried, attempt_of_run, holds_attempts, read_attempts
from prover.traces.theorem import NO_GOALS, TracedTheorem


@dataclass(frozen=True, slots=True)
class Choice:
    """Which steps: ``proof_only`` those on a found proof; else at most ``tries`` of each state, those on the proof
    first and others drawn by ``seed``."""

    proof_only: bool = False
    tries: int = 4
    seed: int = 0


def read_steps(path: Path, choice: Choice) -> Iterator[EncodedStep]:
    """The steps of a saved search (its folder, or one that holds several), of searches (``.jsonl``, ``.jsonl.gz``) or
    of LeanDojo traces, in order.

    Raises:
        BadInput: it is none of these, or cannot be read.
    """
    if (path / RUN).is_file():
        yield from steps_of_search(attempt_of_run(path), choice)
    elif path.is_dir() and (runs := sorted(path.glob(f"*/{RUN}"))):
        for run in runs:
            yield from steps_of_search(attempt_of_run(run.parent), choice)
    elif path.is_file() and holds_attempts(path):
        for attempt in read_attempts(path):
            yield from steps_of_search(attempt, choice)
    else:
        for theorem in read_any(path):
            yield from steps_of_trace(theorem)


def steps_of_search(attempt: Attempt, choice: Choice) -> Iterator[EncodedStep]:
    """The steps tried in a search, state by state, each with the tactics that lead to its state."""
    by_state: dict[int, list[Tried]] = defaultdict(list)
    for step in attempt.tried:
        by_state[step.parent].append(step)
    paths = _paths(attempt)
    number = 0
    for at, tried in sorted(by_state.items()):
        state = attempt.states[at]
        on_proof = [step for step in tried if attempt.on_proof(step)]
        chosen = on_proof[:1] if choice.proof_only else _drawn(on_proof, tried, attempt.name, at, choice)
        for step in chosen:
            after = attempt.after(step)
            done = step.child == CLOSED and step.status == "finished"
            yield EncodedStep(
                theorem=attempt.name, step=number, state_before=state.text, tactic=step.action,
                state_after=NO_GOALS if step.child == CLOSED else after.text if after else None, status=step.status,
                proof=step in on_proof, module=attempt.module, distance=state.distance,
                distance_after=0 if done else after.distance if after else None,
                statement=attempt.statement, header=attempt.header, imports=attempt.imports, path=paths.get(at),
            )  # fmt: skip
            number += 1


def _drawn(on_proof: list[Tried], tried: list[Tried], name: str, at: int, choice: Choice) -> list[Tried]:
    rest = [step for step in tried if step not in on_proof]
    digest = hashlib.sha256(f"{choice.seed} {name} {at}".encode()).digest()
    random.Random(digest).shuffle(rest)
    return [*on_proof, *rest][: choice.tries]


def _paths(attempt: Attempt) -> dict[int, tuple[str, ...]]:
    """The shortest list of tactics to each state."""
    following: dict[int, list[Tried]] = defaultdict(list)
    for step in attempt.tried:
        if step.child >= 0:
            following[step.parent].append(step)
    found: dict[int, tuple[str, ...]] = {0: ()}
    queue = deque([0])
    while queue:
        at = queue.popleft()
        for step in following[at]:
            if step.child not in found:
                found[step.child] = (*found[at], step.action)
                queue.append(step.child)
    return found


def steps_of_trace(theorem: TracedTheorem) -> Iterator[EncodedStep]:
    """The tactics of a traced proof."""
    count = len(theorem.traced_tactics)
    for number, step in enumerate(theorem.traced_tactics):
        yield EncodedStep(
            theorem=theorem.full_name, step=number, state_before=step.state_before, tactic=step.tactic,
            state_after=step.state_after, status="finished" if step.state_after == NO_GOALS else "progress", proof=True,
            module=theorem.file_path.removesuffix(".lean").replace("/", "."), file=theorem.file_path,
            distance=count - number, distance_after=count - number - 1,
        )  # fmt: skip


def first_of(steps: Iterable[EncodedStep], limit: int | None) -> Iterator[EncodedStep]:
    """At most ``limit`` of the steps.

    Raises:
        BadInput: there is none at all.
    """
    number = 0
    for number, step in enumerate(steps, 1):
        yield step
        if number == limit:
            return
    if not number:
        raise BadInput("there is no step to encode")
