"""Choosing held-out problems: none that was learned from, and not all of the few largest modules."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from prover.problem import Problem
from prover.traces.searches import read_attempts


def apart(validation: Sequence[Problem], problems: Sequence[Problem], data: Sequence[Path]) -> list[Problem]:
    """The held-out problems that are of no library module (and have no name) that is learned from.

    Generated problems have no module in data; they are told apart by name.

    Raises:
        BadInput: a file of attempts cannot be read.
    """
    modules = {module_of(problem) for problem in problems}
    names = {problem.name for problem in problems}
    for path in data:
        for attempt in read_attempts(path):
            modules.add(attempt.module)
            names.add(attempt.name)
    learned = {module for module in modules if module and not module.startswith("generated.")}
    return [p for p in validation if module_of(p) not in learned and p.name not in names]


def at_most(problems: Sequence[Problem], each: int, seed: int) -> list[Problem]:
    """At most ``each`` problems of every module, drawn and shuffled by the seed; modules count alike then, however many
    theorems they have. Problems of no module are one more."""
    chance = random.Random(seed)
    of_module: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        of_module[module_of(problem)].append(problem)
    chosen = [p for _, own in sorted(of_module.items()) for p in chance.sample(own, min(each, len(own)))]
    chance.shuffle(chosen)
    return chosen


def module_of(problem: Problem) -> str:
    """The library module that a problem is of; "" where it is of none."""
    return str(problem.metadata.get("module", ""))
