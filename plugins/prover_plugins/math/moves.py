"""One step: an algebraic move on a state, checked for equivalence with the state before. In the child only.

A move's own algebra is not trusted: what it made is compared with what was there, by solution sets (relations) or
symbolically and numerically (expressions). Where that cannot be shown, the step fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import sympy

from prover_plugins.math import solutions, values
from prover_plugins.math.algebra import (
    NotShown,
    Sym,
    difference,
    distinct,
    is_zero,
    show_equal,
    symbol,
    to_sympy,
    to_text,
)
from prover_plugins.math.equivalence import Cases, any_true, check_same_solutions
from prover_plugins.math.exact import exact
from prover_plugins.math.tasks import Relation, Task, alternatives_of, read_answer
from prover_plugins.math.text import Node, parse

NO_SOLUTION = "no solution"
EVERYTHING = "all reals"


@dataclass(frozen=True, slots=True)
class Made:
    """A new state: its phase (``relations``, ``value``, ``task`` or ``answer``) and text."""

    phase: str
    text: str


def step(task: Task, phase: str, text: str, action: str, seed: int) -> Made:
    """Applies ``action`` to a state.

    Raises:
        NotShown: the move does not apply, changes nothing, or is not shown to be equivalent.
        BadInput: the action cannot be read.
    """
    name, _, rest = action.strip().partition(" ")
    if name == "answer":
        return _answered(task, phase, text, rest, seed)
    if phase == "relations":
        before = alternatives_of(text)
        after = _relational(task, before, action.strip())
        if isinstance(after, str):
            made = Made("value", after)
        else:
            check_same_solutions(task, before, after, seed)
            made = Made("relations", relations_text(after))
    elif phase == "value" and task.kind not in ("solve", "congruence", "find"):
        made = Made("value", _expression(parse(text), action.strip()))
    elif phase == "task" and name in ("evaluate", "enumerate"):
        made = _evaluated(task)
    else:
        raise NotShown(f"the move {action!r} does not apply here")
    if (made.phase, made.text) == (phase, text):
        raise NotShown("the move changes nothing")
    return made


# --------------------------------------------------------------------------------------- expressions


_EXPRESSION_MOVES: dict[str, Callable[[Sym], Sym]] = {
    "expand": sympy.expand, "factor": sympy.factor, "simplify": sympy.simplify, "cancel": sympy.cancel,
    "combine fractions": sympy.together, "partial fractions": sympy.apart, "rationalize": sympy.radsimp,
    "use trigonometric identities": sympy.trigsimp, "combine logarithms": sympy.logcombine,
}  # fmt: skip


def _expression(node: Node, action: str) -> str:
    before = to_sympy(node)
    if action.startswith("rewrite "):
        after = to_sympy(parse(action.removeprefix("rewrite ")))
        text = action.removeprefix("rewrite ").strip()
    elif action in _EXPRESSION_MOVES:
        after = _EXPRESSION_MOVES[action](before)
        text = to_text(after)
    else:
        raise NotShown(f"there is no move {action!r} for an expression")
    show_equal(before, after, "before and after")
    return text


def _evaluated(task: Task) -> Made:
    if task.kind in ("congruence", "find"):
        points = solutions.count_cases(task)
        return Made("value", points_text(points) if points else NO_SOLUTION)
    if task.kind == "count":
        return Made("value", str(len(solutions.count_cases(task))))
    if task.kind == "compute":
        try:
            return Made("value", str(exact(task.body, {})))
        except (ValueError, KeyError):
            pass  # not integer arithmetic: sympy's business
    if task.kind == "limit" and _no_limit(task):
        return Made("value", values.NO_LIMIT)
    value = values.computed(task)
    text = to_text(value)
    # The number or function that comes out is checked by other means than those that made it.
    values.check_value(task, parse(text), 1)
    return Made("value", text)


def _no_limit(task: Task) -> bool:
    try:
        values.check_no_limit(task)
    except NotShown:
        return False
    return True


def points_text(points: Iterable[tuple[object, ...]]) -> str:
    """A finite set as an answer is written."""
    written = [f"({', '.join(map(str, point))})" if len(point) > 1 else str(point[0]) for point in points]
    return "{" + ", ".join(written) + "}"


# ----------------------------------------------------------------------------------------- relations


def relations_text(cases: Cases) -> str:
    """Alternatives as text, in a canonical order."""
    if not cases:
        return NO_SOLUTION
    return " or ".join(sorted({" and ".join(map(str, case)) for case in cases}, key=lambda t: (len(t), t)))


def _relational(task: Task, cases: Cases, action: str) -> Cases | str:
    if action.startswith("rewrite "):
        return alternatives_of(action.removeprefix("rewrite "))
    if action == "solve":
        return _solved(task, cases)
    name, _, argument = action.partition(" ")
    if name == "isolate":
        return [_each(case, lambda r: _isolated(r, argument, task.over)) for case in cases]
    if name == "substitute":
        return [_substituted(case, argument, task.over) for case in cases]
    if action in ("split factors", "quadratic formula"):
        move = _factors if action == "split factors" else lambda r, over: _quadratic(r, task)
        return [new for case in cases for new in _split(case, move, task.over)]
    if action not in _SIDES:
        raise NotShown(f"there is no move {action!r} for equations")
    return [_each(case, lambda r: _SIDES[action](r, task.over)) for case in cases]


def _each(case: tuple[Relation, ...], change: Callable[[Relation], Relation]) -> tuple[Relation, ...]:
    return tuple(change(relation) for relation in case)


def _relation(kind: str, left: Sym, right: Sym) -> Relation:
    return Relation(kind, parse(to_text(left)), parse(to_text(right)))


def _both(change: Callable[[Sym], Sym]) -> Callable[[Relation, str], Relation]:
    def apply(r: Relation, over: str) -> Relation:
        return _relation(r.kind, change(to_sympy(r.left, over)), change(to_sympy(r.right, over)))

    return apply


def _left(r: Relation, over: str) -> Relation:
    return _relation(r.kind, sympy.expand(difference(r, over)), sympy.Integer(0))


def _factored(r: Relation, over: str) -> Relation:
    return _relation(r.kind, sympy.factor(difference(r, over)), sympy.Integer(0))


def _cleared(r: Relation, over: str) -> Relation:
    if r.kind != "=":
        raise NotShown("denominators of an inequality have signs")
    numerator, _ = sympy.fraction(sympy.together(difference(r, over)))
    return _relation("=", sympy.expand(numerator), sympy.Integer(0))


_SIDES: dict[str, Callable[[Relation, str], Relation]] = {
    "expand": _both(sympy.expand), "simplify": _both(sympy.simplify), "move_all_left": _left, "factor": _factored,
    "clear denominators": _cleared,
}  # fmt: skip


def _isolated(r: Relation, name: str, over: str) -> Relation:
    """Solves a relation that is linear in ``name`` for it; others stay."""
    x = symbol(name, over)
    gap = sympy.expand(difference(r, over))
    if not gap.has(x):
        return r
    slope = gap.coeff(x, 1)
    rest = sympy.simplify(gap - slope * x)
    if rest.has(x):
        raise NotShown(f"{r} is not linear in {name}")
    if r.kind in ("=", "!="):
        if slope.free_symbols and is_zero(slope) is not False:
            raise NotShown("the factor may be zero")
        return _relation(r.kind, x, sympy.simplify(-rest / slope))
    if not slope.is_number:
        raise NotShown("the factor's sign is not known")
    kind = r.kind if slope > 0 else {"<": ">", ">": "<", "<=": ">=", ">=": "<="}[r.kind]
    return _relation(kind, x, sympy.simplify(-rest / slope))


def _substituted(case: tuple[Relation, ...], name: str, over: str) -> tuple[Relation, ...]:
    """Puts ``name = E`` into the other relations of the case."""
    x = symbol(name, over)
    for r in case:
        value = to_sympy(r.right, over)
        if r.kind == "=" and to_sympy(r.left, over) == x and not value.has(x):
            made: list[Relation] = []
            for other in case:
                gap = sympy.expand(difference(other, over).subs(x, value))
                if other is r or gap != 0:
                    made.append(r if other is r else _relation(other.kind, gap, sympy.Integer(0)))
            return tuple(made)
    raise NotShown(f"no equation gives {name}")


def _split(
    case: tuple[Relation, ...], move: Callable[[Relation, str], list[Relation] | None], over: str
) -> list[tuple[Relation, ...]]:
    """The alternatives that ``move`` makes of the first relation it applies to."""
    for place, relation in enumerate(case):
        made = move(relation, over) if relation.kind == "=" else None
        if made is not None:
            return [(*case[:place], new, *case[place + 1 :]) for new in made]
    return [case]


def _factors(r: Relation, over: str) -> list[Relation] | None:
    if to_sympy(r.right, over) != 0:
        return None
    product = to_sympy(r.left, over)
    parts = product.args if product.is_Mul else (product,)
    bases = [part.base if part.is_Pow and part.exp.is_positive else part for part in parts]
    kept = [base for base in bases if base.free_symbols]
    if len(kept) < 2 and (not kept or kept[0] == product):
        return None
    return [_relation("=", base, sympy.Integer(0)) for base in kept]


def _quadratic(r: Relation, task: Task) -> list[Relation] | None:
    if len(task.unknowns) != 1:
        return None
    x = symbol(task.unknowns[0], task.over)
    try:
        p = sympy.Poly(difference(r, task.over), x)
    except sympy.polys.polyerrors.PolynomialError:
        return None
    if p.degree() != 2 or p.free_symbols_in_domain:
        return None
    a, b, c = p.all_coeffs()
    discriminant = b * b - 4 * a * c
    if task.over != "complex" and discriminant < 0:
        return []
    root = sympy.sqrt(discriminant)
    signs = (1, -1) if root != 0 else (1,)
    return [_relation("=", x, sympy.simplify((-b + sign * root) / (2 * a))) for sign in signs]


def _solved(task: Task, cases: Cases) -> Cases | str:
    """All solutions by sympy, or by a sign chart for inequalities."""
    if len(task.unknowns) == 1:
        x = symbol(task.unknowns[0], task.over)
        if any(r.kind != "=" for case in cases for r in case):
            return _chart(cases, x)
        found: list[Sym] = []
        for case in cases:
            if len(case) != 1:
                raise NotShown("several equations in one unknown")
            zeros = solutions.solution_set(difference(case[0], task.over), x, task.over)
            if zeros is None:
                raise NotShown("sympy finds no finite solution set")
            found.extend(zeros)
        return [(_relation("=", x, value),) for (value,) in distinct((v,) for v in found)]
    points = [p for case in cases for p in solutions.system_solutions(replace(task, relations=case))]
    unknowns = [symbol(name, task.over) for name in task.unknowns]
    return [
        tuple(_relation("=", u, value) for u, value in zip(unknowns, point, strict=True)) for point in distinct(points)
    ]


def _chart(cases: Cases, x: Sym) -> Cases | str:
    """The set of reals where some case holds, as inequalities, from the signs between critical points."""
    critical = distinct((c,) for case in cases for c in solutions.critical_points(case, x))
    points = sorted((c for (c,) in critical), key=lambda c: sympy.N(c, 30))
    samples = _between_all(points)
    open_true = [any_true(cases, x, s) for s in samples]
    point_true = [any_true(cases, x, p) for p in points]
    if all(open_true) and all(point_true):
        return EVERYTHING
    made: Cases = []
    place = 0
    while place < len(samples):
        if not open_true[place]:
            if place < len(points) and point_true[place] and not open_true[place + 1]:
                made.append((_relation("=", x, points[place]),))
            place += 1
            continue
        start = place
        while place < len(points) and point_true[place] and open_true[place + 1]:
            place += 1
        case: list[Relation] = []
        if start > 0:
            case.append(_relation(">=" if point_true[start - 1] else ">", x, points[start - 1]))
        if place < len(points):
            case.append(_relation("<=" if point_true[place] else "<", x, points[place]))
        made.append(tuple(case))
        place += 1
    return made


def _between_all(points: list[Sym]) -> list[Sym]:
    if not points:
        return [sympy.Integer(0)]
    ends = [sympy.floor(points[0]) - 2, *points, sympy.ceiling(points[-1]) + 2]
    half = sympy.Rational(1, 2)
    return [solutions.between(low, high, half) for low, high in itertools.pairwise(ends)]


# -------------------------------------------------------------------------------------------- answers


def _answered(task: Task, phase: str, text: str, given: str, seed: int) -> Made:
    """A final answer must fit the state it is given in; whether it is right is decided by ``verify``."""
    answer = read_answer(given, task)
    if answer.value is not None:
        if phase == "value":
            show_equal(to_sympy(parse(text)), to_sympy(answer.value), "the state and the answer")
        else:
            values.check_value(task, answer.value, seed)
    elif task.kind == "limit":
        values.check_no_limit(task)
    elif phase == "relations" and answer.points and all(r.kind == "=" for r in task.relations):
        cases = alternatives_of(text)
        unknowns = [symbol(name, task.over) for name in task.unknowns]
        for point in answer.points:
            values_ = dict(zip(unknowns, (to_sympy(v, task.over) for v in point), strict=True))
            if not any(all(is_zero(difference(r, task.over).subs(values_)) for r in case) for case in cases):
                raise NotShown("a solution of the answer does not satisfy the state")
    return Made("answer", given.strip())


def verify(task: Task, given: str, seed: int) -> str:
    """Checks an answer against the problem itself; how it was checked, in words.

    Raises:
        NotShown: it is wrong or not shown to be right.
        BadInput: it cannot be read.
    """
    answer = read_answer(given, task)
    if answer.value is not None:
        how = values.check_value(task, answer.value, seed)
    elif task.kind == "limit":
        how = values.check_no_limit(task)
    else:
        how = solutions.check_solution(task, answer, seed)
    return how if how in (values.INTEGERS, solutions.ENUMERATION) else f"sympy {sympy.__version__}: {how}"
