"""Training data for a language model: pairs of state and tactic out of traces, in the order of a curriculum."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from prover.errors import BadInput
from prover.hookspecs import Curriculum
from prover.traces.theorem import TracedTactic, TracedTheorem
from prover_training.attempts import Attempt, read_attempts


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
    best = {}
    for step in attempt.tried:
        distance = attempt.states[step.parent].distance
        after = 0 if step.child == -2 else attempt.states[step.child].distance if step.child >= 0 else None
        if distance is not None and after == distance - 1:
            best.setdefault(step.parent, step)
    tactics: list[TracedTactic] = []
    at = 0
    while at in best:
        step = best[at]
        after_text = "no goals" if step.child == -2 else attempt.states[step.child].text
        tactics.append(TracedTactic(step.action, (step.action, ()), attempt.states[at].text, after_text))
        if step.child == -2:
            break
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
    first = _first_line(path)
    if b'"tried"' in first:
        yield from (t for a in read_attempts(path) if (t := theorem_of(a)) is not None)
        return
    decoder = msgspec.json.Decoder(TracedTheorem)
    try:
        if first.lstrip()[:1] == b"[":
            yield from msgspec.json.decode(path.read_bytes(), type=list[TracedTheorem])
            return
        with path.open("rb") as stream:
            for line in stream:
                if line.strip():
                    yield decoder.decode(line)
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(f"{path} holds neither attempts nor traces: {error}") from error


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            # Attempts have long lines; what they are called by stands early enough in a first piece.
            line = stream.readline()
    except OSError as error:
        raise BadInput(f"cannot read the training data {path}: {error.strerror}") from error
    if not line.strip():
        raise BadInput(f"{path} is empty: there is nothing to learn from")
    return line


def pairs_of(theorems: Sequence[TracedTheorem], longest: int = 2_000) -> list[Pair]:
    """Every (state, tactic) of the traces, each once; longer ones than ``longest`` characters are left out."""
    found: dict[tuple[str, str], Pair] = {}
    for number, theorem in enumerate(theorems):
        for step in theorem.traced_tactics:
            if step.state_before != "no goals" and len(step.state_before) + len(step.tactic) <= longest:
                key = (step.state_before, step.tactic)
                found.setdefault(key, Pair(step.state_before, step.tactic, number))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Feed:
    """What is fed when: ``order`` are numbers of pairs, one for each training example in turn; ``stages`` are
    (first example, upper bound of difficulty, pairs in it) for the record and the plot.
    """

    order: tuple[int, ...]
    stages: tuple[tuple[int, float, int], ...]


def feed(
    pairs: Sequence[Pair], theorems: Sequence[TracedTheorem], curriculum: Curriculum, *, examples: int, stages: int, seed: int
) -> Feed:
    """The order of ``examples`` training examples: equal shares for the stages, each drawing from all pairs up to
    its bound, shuffled, without repeating one before all were seen.

    Raises:
        BadInput: there are no pairs, or the curriculum's bounds are not one ascending number for each stage.
    """
    if not pairs:
        raise BadInput("the traces hold no step to learn from")
    difficulties = [curriculum.difficulty(theorem) for theorem in theorems]
    bounds = list(curriculum.boundaries(difficulties, stages))
    if not bounds or bounds != sorted(bounds):
        raise BadInput(f"the curriculum {curriculum.name} gives bounds that do not ascend: {bounds}")
    dice = random.Random(seed)
    order: list[int] = []
    record: list[tuple[int, float, int]] = []
    for stage, bound in enumerate(bounds):
        allowed = [i for i, pair in enumerate(pairs) if difficulties[pair.theorem] <= bound]
        allowed = allowed or list(range(len(pairs)))
        record.append((len(order), bound, len(allowed)))
        end = examples * (stage + 1) // len(bounds)
        order += _endless(allowed, end - len(order), dice)
    return Feed(tuple(order), tuple(record))


def _endless(items: Sequence[int], count: int, dice: random.Random) -> Iterable[int]:
    found: list[int] = []
    while len(found) < count:
        again = list(items)
        dice.shuffle(again)
        found += again[: count - len(found)]
    return found
