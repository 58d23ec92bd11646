"""Counts over a saved search: work by proposer, commonest failures, steps over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from prover.saved_search import Ending, SavedSearch, Step

MESSAGE_WIDTH = 160


@dataclass(slots=True)
class ProposerWork:
    """What the steps of one proposer came to; ``seconds`` are the checker's own, ``on_proof`` steps of the proof.

    A step that several suggested counts for the one who suggested it at the least cost.
    """

    name: str
    tried: int = 0
    seconds: float = 0.0
    reward: float = 0.0
    on_proof: int = 0
    endings: Counter[Ending] = field(default_factory=Counter)


def work_by_proposer(search: SavedSearch) -> list[ProposerWork]:
    """The work of each proposer that was asked, the most expensive first."""
    found = {name: ProposerWork(name) for name in search.run.about.get("proposers", ())}
    proof = {id(edge) for edge in search.proof}
    for step in search.steps:
        edge = step.edge
        name = edge.candidate.proposer
        work = found.setdefault(name, ProposerWork(name))
        work.tried += 1
        work.seconds += edge.result.micros * 1e-6
        work.reward += edge.reward
        work.on_proof += id(edge) in proof
        work.endings[step.ending] += 1
    return sorted(found.values(), key=lambda work: (-work.seconds, -work.tried, work.name))


def checker_seconds(search: SavedSearch) -> float:
    """The checker's own time of all steps."""
    return sum(step.edge.result.micros for step in search.steps) * 1e-6


@dataclass(frozen=True, slots=True)
class Failure:
    """Steps that failed with one message (its first line); ``actions`` counts them by their first word."""

    message: str
    count: int
    actions: tuple[tuple[str, int], ...]


def common_failures(search: SavedSearch, limit: int = 12) -> list[Failure]:
    """What failed most often, by the first line of the checker's message."""
    counts: Counter[str] = Counter()
    words: dict[str, Counter[str]] = {}
    for step in search.steps:
        if step.edge.child is not None:
            continue
        result = step.edge.result
        lines = result.message.strip().splitlines()
        text = lines[0][:MESSAGE_WIDTH] if lines else result.kind or step.ending.value
        counts[text] += 1
        first = step.edge.candidate.action.split(maxsplit=1)
        words.setdefault(text, Counter())[first[0] if first else ""] += 1
    return [Failure(text, count, tuple(words[text].most_common(4))) for text, count in counts.most_common(limit)]


@dataclass(frozen=True, slots=True)
class TimeLine:
    """Steps over time: ``bins`` of ``width`` seconds, each with the number of steps by ending.

    ``first`` is the position (in ``SavedSearch.steps``) of the first step of each bin, -1 where it has none.
    """

    width: float
    endings: tuple[Ending, ...]
    bins: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]


def time_line(search: SavedSearch, most: int = 120) -> TimeLine:
    """Sorts the steps into at most ``most`` bins of equal width."""
    endings = tuple(Ending)
    last = max((step.seconds for step in search.steps), default=0.0)
    count = max(1, min(most, len(search.steps)))
    width = max(last, 1e-3) / count
    bins = [[0] * len(endings) for _ in range(count)]
    first = [-1] * count
    column = {ending: position for position, ending in enumerate(endings)}
    for position, step in enumerate(search.steps):
        place = min(count - 1, int(step.seconds / width))
        bins[place][column[step.ending]] += 1
        if first[place] < 0:
            first[place] = position
    return TimeLine(width, endings, tuple(map(tuple, bins)), tuple(first))


def endings_of(steps: Sequence[Step]) -> Counter[Ending]:
    """How often steps ended in each way."""
    return Counter(step.ending for step in steps)
