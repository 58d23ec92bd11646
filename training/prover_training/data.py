"""Training data for a language model: pairs of state and tactic out of traces, in the order of a curriculum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.errors import BadInput
from prover.hookspecs import Curriculum
from prover.traces.benchmark import read_any
from prover.traces.searches import Attempt, Tried, holds_attempts, read_attempts
from prover.traces.theorem import NO_GOALS, TracedTactic, TracedTheorem
from prover_training.curriculum.feed import FeedLog
from prover_training.curriculum.schedule import BySteps, Schedule, Stages, stage


@dataclass(frozen=True, slots=True)
class Pair:
    """A state and the tactic that a proof went on with; ``theorem`` numbers the trace it is from."""

    state: str
    tactic: str
    theorem: int


def theorem_of(attempt: Attempt) -> TracedTheorem | None:
    """The proof that a search found, as a trace: the shortest path along states nearer and nearer to the end.

    None where none was found. Steps off the proof are in the attempt only.
    """
    if attempt.status != "proved":
        return None
    best: dict[int, Tried] = {}
    for step in attempt.tried:
        if attempt.on_proof(step):
            best.setdefault(step.parent, step)
    tactics: list[TracedTactic] = []
    at = 0
    while at in best:
        step = best[at]
        after = attempt.after(step)
        after_text = NO_GOALS if after is None else after.text
        tactics.append(TracedTactic(step.action, (step.action, ()), attempt.states[at].text, after_text))
        at = step.child
    if not tactics:
        return None
    path = attempt.module.replace(".", "/") + ".lean" if attempt.module else ""
    return TracedTheorem("", "", path, attempt.name, (1, 1), (1, 1), tuple(tactics))


def read_traces(path: Path) -> Iterator[TracedTheorem]:
    """Theorems with their tactics: of a file of attempts, of traces (a theorem a line), or of a LeanDojo JSON array.

    Raises:
        BadInput: the file cannot be read or is neither.
    """
    if path.is_file() and holds_attempts(path):
        yield from (t for a in read_attempts(path) if (t := theorem_of(a)) is not None)
    else:
        yield from read_any(path)


def pairs_of(theorems: Sequence[TracedTheorem], longest: int = 2_000) -> list[Pair]:
    """Every (state, tactic) of the traces, each once; longer ones than ``longest`` characters are left out."""
    found: dict[tuple[str, str], Pair] = {}
    for number, theorem in enumerate(theorems):
        for step in theorem.traced_tactics:
            if step.state_before != NO_GOALS and len(step.state_before) + len(step.tactic) <= longest:
                key = (step.state_before, step.tactic)
                found.setdefault(key, Pair(step.state_before, step.tactic, number))
    return list(found.values())


def schedule(
    pairs: Sequence[Pair], theorems: Sequence[TracedTheorem], curriculum: Curriculum, *, steps: int, batch: int,
    stages: int, seed: int, log: FeedLog | None = None,
) -> Schedule:  # fmt: skip
    """Draws pairs as the curriculum stages their theorems; every stage gets an equal share of the ``steps``.

    Raises:
        BadInput: there is nothing to draw, or the curriculum's bounds make no sense.
    """
    try:
        staged = stage(curriculum, theorems, stages)
        own: dict[int, list[int]] = {}
        for number, pair in enumerate(pairs):
            own.setdefault(pair.theorem, []).append(number)
        members = tuple(tuple(n for t in part for n in own.get(t, ())) for part in staged.members)
        difficulties = tuple(staged.difficulties[pair.theorem] for pair in pairs)
        by_pair = Stages(staged.bounds, members, difficulties, ())
        return Schedule(by_pair, BySteps(max(1, steps // stages)), batch, seed, log)
    except ValueError as error:
        raise BadInput(str(error)) from error
