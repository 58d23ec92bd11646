"""Two runs side by side: what only one of them solved, and whether that can be chance."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.bench import results
from prover.errors import BadInput


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds of its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """``only_a`` and ``only_b`` are problems that one run solved and the other did not.

    Only problems that are in both runs are compared: ``compared`` of them, those that could not be opened
    included (they are not solved). ``p`` is McNemar's exact two-sided probability of a split at least as uneven if
    the two runs were equally good. ``rate_a``, ``rate_b`` and ``gain`` (B less A) are fractions of the compared
    problems with their 95 % bootstrap intervals.
    """

    compared: int
    both: int
    neither: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    p: float
    rate_a: Interval
    rate_b: Interval
    gain: Interval


def mcnemar(only_a: int, only_b: int) -> float:
    """McNemar's exact test on the numbers of problems that only one of two runs solved; in [0,
    1].
    """
    n = only_a + only_b
    ways = sum(math.comb(n, k) for k in range(min(only_a, only_b) + 1))
    tail = ways / float(2**n)
    return min(1.0, 2 * tail)


def compare(a: Path, b: Path, *, seconds: float | None = None, steps: int | None = None) -> Comparison:
    """Compares the runs in two folders (or two results files).

    With ``seconds`` or ``steps`` only proofs found within so much count: as :func:`solved_within` explains that is
    pass@1 at the smaller budget, and the last step of a search may end after its time.

    Raises:
        BadInput: one of them holds no results, or they have no problem in common.
    """
    paired = pairs(a, b, seconds=seconds, steps=steps)
    only_a = tuple(name for name, solved in paired.items() if solved == (True, False))
    only_b = tuple(name for name, solved in paired.items() if solved == (False, True))
    outcomes = list(paired.values())
    return Comparison(
        compared=len(paired),
        both=outcomes.count((True, True)),
        neither=outcomes.count((False, False)),
        only_a=only_a,
        only_b=only_b,
        p=mcnemar(len(only_a), len(only_b)),
        rate_a=bootstrap([float(a) for a, _ in outcomes]),
        rate_b=bootstrap([float(b) for _, b in outcomes]),
        gain=bootstrap([float(b) - float(a) for a, b in outcomes]),
    )


def pairs(
    a: Path, b: Path, *, seconds: float | None = None, steps: float | None = None
) -> dict[str, tuple[bool, bool]]:
    """Of each problem that is in both runs, by name: whether A and whether B proved it (within so much).

    Raises:
        BadInput: one of them holds no results, or they have no problem in common.
    """
    solved_a, solved_b = (_solved(run, seconds, steps) for run in (a, b))
    names = sorted(solved_a.keys() & solved_b.keys())
    if not names:
        raise BadInput(f"{a} and {b} have no problem in common")
    return {name: (solved_a[name], solved_b[name]) for name in names}


def bootstrap(values: Sequence[float], *, samples: int = 4_000, seed: int = 0) -> Interval:
    """The mean of ``values`` and its 95 % percentile interval (Efron 1979), problems drawn with replacement.

    Raises:
        BadInput: there are no values.
    """
    if not values:
        raise BadInput("there is nothing to estimate from")
    dice = random.Random(seed)
    # Only how often each value comes matters, and there are at most three different ones.
    kinds = sorted(set(values))
    counts = [values.count(kind) for kind in kinds]
    n = len(values)
    means = sorted(sum(dice.choices(kinds, counts, k=n)) / n for _ in range(samples))
    return Interval(sum(values) / n, means[int(0.025 * samples)], means[math.ceil(0.975 * samples) - 1])


def solved_within(path: Path, key: str, limits: Sequence[float]) -> list[float]:
    """Pass@1 of a run at smaller budgets: the fraction of its problems proved within each limit of ``key`` (``seconds``
    or ``steps``). A search does the same in its first n steps whatever its limit is, so this needs no other run.

    Raises:
        BadInput: the path holds no results.
    """
    records = list(_records(path).values())
    used = [float(r.get(key) or 0) for r in records if r.get("status") == "proved"]
    return [sum(value <= limit for value in used) / len(records) for limit in limits]


def _solved(path: Path, seconds: float | None, steps: float | None) -> Mapping[str, bool]:
    limits = [(key, limit) for key, limit in (("seconds", seconds), ("steps", steps)) if limit is not None]
    return {
        name: record.get("status") == "proved" and all(float(record.get(key) or 0) <= limit for key, limit in limits)
        for name, record in _records(path).items()
    }


def _records(path: Path) -> dict[str, results.Record]:
    file = path / results.RESULTS if path.is_dir() else path
    records = results.load(file)
    if not records:
        raise BadInput(f"{path} holds no results of a bench run")
    return records
