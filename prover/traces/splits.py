"""Divides theorems into train, val and test, in the two ways of the LeanDojo Benchmark.

``random`` shuffles. ``novel_premises`` lets every theorem of val and test use a premise that no theorem of
train uses, so that a model cannot have seen how.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from prover.errors import BadInput
from prover.traces.theorem import TracedTheorem

Parts = dict[str, list[TracedTheorem]]


def split(theorems: Sequence[TracedTheorem], *, seed: int, val: float = 0.1, test: float = 0.1) -> dict[str, Parts]:
    """Both splits of ``theorems``; ``val`` and ``test`` are fractions of them.

    Equal theorems and seed give equal splits, whatever order the theorems come in.

    Raises:
        BadInput: the fractions are negative or leave nothing for train.
    """
    if not (val >= 0 and test >= 0 and val + test < 1):
        raise BadInput(f"the fractions of val ({val:g}) and test ({test:g}) must be 0 or more and below 1 together")
    ordered = sorted(theorems, key=lambda t: (t.file_path, t.start, t.full_name))
    sizes = round(val * len(ordered)), round(test * len(ordered))
    return {
        "random": _random(ordered, random.Random(f"random {seed}"), *sizes),
        "novel_premises": _novel(ordered, random.Random(f"novel_premises {seed}"), *sizes),
    }


def _random(theorems: list[TracedTheorem], generator: random.Random, val: int, test: int) -> Parts:
    held = generator.sample(range(len(theorems)), val + test)
    return _parts(theorems, held[:val], held[val:])


def _novel(theorems: list[TracedTheorem], generator: random.Random, val: int, test: int) -> Parts:
    """Holds out, premise by premise, all theorems that use it, the rarest premises first."""
    users: dict[str, list[int]] = defaultdict(list)
    for number, theorem in enumerate(theorems):
        names = {premise.full_name for tactic in theorem.traced_tactics for premise in tactic.premises}
        for name in names:
            users[name].append(number)
    names_in_order = sorted(users)
    generator.shuffle(names_in_order)
    names_in_order.sort(key=lambda name: len(users[name]))
    held: dict[int, None] = {}
    for name in names_in_order:
        new = [number for number in users[name] if number not in held]
        # A premise is novel only if all its theorems are held out, so one that does not fit is passed over.
        if len(held) + len(new) <= val + test:
            held.update(dict.fromkeys(new))
    chosen = list(held)
    generator.shuffle(chosen)
    # Where premises are too few, both parts shrink alike.
    cut = round(len(chosen) * val / (val + test)) if val + test else 0
    return _parts(theorems, chosen[:cut], chosen[cut:])


def _parts(theorems: list[TracedTheorem], val: list[int], test: list[int]) -> Parts:
    out = {*val, *test}
    return {
        "train": [theorem for number, theorem in enumerate(theorems) if number not in out],
        "val": [theorems[number] for number in sorted(val)],
        "test": [theorems[number] for number in sorted(test)],
    }
