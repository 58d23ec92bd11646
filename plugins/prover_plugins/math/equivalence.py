"""Whether two states of relations have the same solutions. In the child only."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import sympy

from prover_plugins.math import solutions
from prover_plugins.math.algebra import NotShown, Sym, difference, distinct, same_points, symbol
from prover_plugins.math.tasks import Relation, Task
from prover_plugins.math.text import integer, show

Cases = list[tuple[Relation, ...]]
"""Alternatives, each relations that hold together."""


def any_true(cases: Cases, x: Sym, point: Sym) -> bool:
    """Whether some alternative holds at a real number."""
    return any(all(solutions.true_at(r, x, point) for r in case) for case in cases)


def check_same_solutions(task: Task, before: Cases, after: Cases, seed: int) -> None:
    """Raises NotShown unless both are shown to have the same solutions."""
    if _same_gaps(task, before, after):
        return
    if len(task.unknowns) == 1 and task.over == "reals" and not _parameters(task, before):
        x = symbol(task.unknowns[0])
        points = [c for cases in (before, after) for case in cases for c in solutions.critical_points(case, x)]
        ordered = sorted((c for (c,) in distinct((p,) for p in points)), key=lambda c: sympy.N(c, 30))
        generator = random.Random(seed)
        ends = [ordered[0] - 3, *ordered, ordered[-1] + 3] if ordered else [-3, 3]
        share = sympy.Rational(generator.randint(1, 999), 1000)
        samples = [*ordered, *(solutions.between(a, b, share) for a, b in itertools.pairwise(ends))]
        for sample in samples:
            if any_true(before, x, sample) != any_true(after, x, sample):
                raise NotShown(f"not equivalent: they differ at {x} = {sample}")
        return
    if len(before) == len(after) == 1 and _same_ideal(task, before[0], after[0]):
        return
    first, second = (_all_points(task, cases) for cases in (before, after))
    if not same_points(first, second):
        raise NotShown("not equivalent: the solutions differ")


def _same_gaps(task: Task, before: Cases, after: Cases) -> bool:
    """Whether the relations correspond, with differences of sides that are equal up to a number, and nothing in
    them (a quotient, a root, a function) that could have lost a place where it has no value."""
    if [len(case) for case in before] != [len(case) for case in after]:
        return False
    for old, new in zip((r for c in before for r in c), (r for c in after for r in c), strict=True):
        if _partial(old) != _partial(new):
            return False
        ratio = sympy.simplify(difference(new, task.over) / difference(old, task.over))
        if old.kind != new.kind or not ratio.is_Rational or ratio == 0 or (ratio < 0 and old.kind not in ("=", "!=")):
            return False
    return True


def _partial(relation: Relation) -> set[str]:
    """The parts of a relation that may have no value."""
    parts = [part for side in (relation.left, relation.right) for part in side.parts() if part.symbols()]
    partial = [p for p in parts if p.kind in ("/", "call", "!") or (p.kind == "^" and integer(p.arguments[1]) is None)]
    return {show(part) for part in partial}


def _parameters(task: Task, cases: Cases) -> bool:
    names = {s for case in cases for r in case for side in (r.left, r.right) for s in side.symbols()}
    return not names <= set(task.unknowns)


def _same_ideal(task: Task, before: tuple[Relation, ...], after: tuple[Relation, ...]) -> bool:
    """Whether two polynomial systems have the same reduced Gröbner basis: then all solutions agree."""
    if any(r.kind != "=" or solutions.denominators(r, task.over) for r in (*before, *after)):
        return False
    unknowns = [symbol(name, task.over) for name in task.unknowns]
    try:
        bases = [
            sympy.groebner([g for r in case if (g := difference(r, task.over)) != 0], *unknowns).exprs
            for case in (before, after)
        ]
    except (sympy.polys.polyerrors.PolynomialError, ValueError, NotImplementedError):
        return False
    return bool(bases[0] == bases[1])


def _all_points(task: Task, cases: Cases) -> list[tuple[Sym, ...]]:
    found: list[tuple[Sym, ...]] = []
    for case in cases:
        if len(task.unknowns) == 1 and len(case) == 1:
            x = symbol(task.unknowns[0], task.over)
            zeros = solutions.solution_set(difference(case[0], task.over), x, task.over)
            if zeros is None:
                raise NotShown("the solutions cannot be compared")
            found.extend((zero,) for zero in zeros)
        else:
            found.extend(solutions.system_solutions(replace(task, relations=case)))
    return distinct(found)
