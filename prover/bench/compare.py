"""Two runs side by side: what only one of them solved, and whether that can be chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prover.bench import results
from prover.errors import BadInput


@dataclass(frozen=True, slots=True)
class Comparison:
    """``only_a`` and ``only_b`` are problems that one run solved and the other did not.

    Only problems that are in both runs are compared: ``compared`` of them. ``p`` is McNemar's exact
    two-sided probability of a split at least as uneven if the two runs were equally good.
    """

    compared: int
    both: int
    neither: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    p: float


def mcnemar(only_a: int, only_b: int) -> float:
    """McNemar's exact test on the numbers of problems that only one of two runs solved; in [0,
    1].
    """
    n = only_a + only_b
    ways = sum(math.comb(n, k) for k in range(min(only_a, only_b) + 1))
    tail = ways / float(2**n)
    return min(1.0, 2 * tail)


def compare(a: Path, b: Path) -> Comparison:
    """Compares the runs in two folders (or two results files).

    Raises:
        BadInput: one of them holds no results, or they have no problem in common.
    """
    solved_a, solved_b = _solved(a), _solved(b)
    names = sorted(solved_a.keys() & solved_b.keys())
    if not names:
        raise BadInput(f"{a} and {b} have no problem in common")
    only_a = tuple(name for name in names if solved_a[name] and not solved_b[name])
    only_b = tuple(name for name in names if solved_b[name] and not solved_a[name])
    both = sum(solved_a[name] and solved_b[name] for name in names)
    return Comparison(
        compared=len(names),
        both=both,
        neither=len(names) - both - len(only_a) - len(only_b),
        only_a=only_a,
        only_b=only_b,
        p=mcnemar(len(only_a), len(only_b)),
    )


def _solved(path: Path) -> Mapping[str, bool]:
    file = path / results.RESULTS if path.is_dir() else path
    records = results.load(file)
    if not records:
        raise BadInput(f"{path} holds no results of a bench run")
    return {name: record.get("status") == "proved" for name, record in records.items()}
