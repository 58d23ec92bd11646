"""The check of a solution set against the problem: substitution, completeness, and sign charts. In the child only.

Nothing of the search is used. For equations in one unknown: each value is put in; that there are no others is shown
by counting distinct roots exactly (Sturm) where the equation is rational, else by sympy's ``solveset`` with the same
finite set. Inequalities are compared with the answer at every critical point and between any two of them, exactly.
"""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import sympy

from prover_plugins.math.algebra import (
    NotShown,
    Sym,
    difference,
    distinct,
    is_zero,
    same_points,
    symbol,
    to_sympy,
)
from prover_plugins.math.exact import exact
from prover_plugins.math.tasks import Answer, Relation, Task

ENUMERATION = "enumeration of all cases in exact integer arithmetic"


def check_solution(task: Task, answer: Answer, seed: int) -> str:
    """How the answer was checked, in words.

    Raises:
        NotShown: it is wrong, incomplete, or cannot be shown to be right; says why.
    """
    if task.kind in ("congruence", "find"):
        return _enumerated(task, answer)
    if len(task.unknowns) == 1 and any(r.kind != "=" for r in task.relations):
        return _inequality(task, answer, seed)
    if answer.pieces or answer.cases:
        raise NotShown("the answer is no finite set of solutions")
    if len(task.relations) == 1 and len(task.unknowns) == 1:
        return _equation(task, answer)
    return _system(task, answer)


# -------------------------------------------------------------------------------------- enumeration


def count_cases(task: Task) -> list[tuple[int, ...]]:
    """All assignments in the task's range that satisfy its relations, by trying every one in exact arithmetic."""
    if task.kind == "congruence":
        ranges = [range(int(task.bounds[0].name))]
    else:
        low, high = (int(exact(bound, {})) for bound in task.bounds)
        ranges = [range(low, high + 1)] * len(task.unknowns)
    found: list[tuple[int, ...]] = []
    for values in itertools.product(*ranges):
        named = dict(zip(task.unknowns, values, strict=True))
        if all(_holds(task, relation, named) for relation in task.relations):
            found.append(values)
    return found


def _holds(task: Task, relation: Relation, values: dict[str, int]) -> bool:
    try:
        left, right = exact(relation.left, values), exact(relation.right, values)
    except ValueError as error:
        if "division by zero" in str(error):
            return False
        raise NotShown(str(error)) from error
    if task.kind == "congruence":
        gap = left - right
        if gap.denominator != 1:
            raise NotShown("a congruence is between integers")
        return int(gap) % int(task.bounds[0].name) == 0
    return compare(relation.kind, left, right)


def compare(kind: str, left: Fraction, right: Fraction) -> bool:
    """Whether the relation holds between two exact numbers."""
    match kind:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case ">":
            return left > right
        case "<=":
            return left <= right
    return left >= right


def _enumerated(task: Task, answer: Answer) -> str:
    try:
        given = [tuple(int(exact(value, {})) for value in point) for point in answer.points]
    except ValueError as error:
        raise NotShown(f"the answer is no set of integers: {error}") from error
    if task.kind == "congruence":
        modulus = int(task.bounds[0].name)
        given = [(point[0] % modulus,) for point in given]
    right = count_cases(task)
    for point in given:
        if point not in right:
            raise NotShown(f"{_named(task, point)} is no solution")
    missing = [point for point in right if point not in given]
    if missing:
        raise NotShown(f"incomplete: {_named(task, missing[0])} is a solution too")
    return ENUMERATION


def _named(task: Task, point: tuple[object, ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip(task.unknowns, point, strict=True))


# -------------------------------------------------------------------------------------- one equation


def _equation(task: Task, answer: Answer) -> str:
    (relation,) = task.relations
    x = symbol(task.unknowns[0], task.over)
    values = [to_sympy(point[0], task.over) for point in answer.points]
    for value in values:
        _in_domain(value, task.over)
        _substituted(task, {x: value})
    found = distinct((value,) for value in values)
    how = _count_rational(relation, x, task.over, [value for (value,) in found])
    if how is None:
        expected = solution_set(difference(relation, task.over), x, task.over)
        if expected is None:
            raise NotShown("that there are no other solutions cannot be shown")
        if not same_points([(v,) for v in expected], found):
            raise NotShown("incomplete: there are other solutions")
        how = "comparison with solveset"
    if difference(relation, task.over).free_symbols - {x}:
        how += " (for parameters in general position)"
    return f"substitution and {how}"


def _in_domain(value: Sym, over: str) -> None:
    if value.has(sympy.oo, sympy.zoo, sympy.nan):
        raise NotShown(f"{value} is no number")
    if over != "complex" and value.is_real is not True and not _real_number(value):
        raise NotShown(f"{value} is not shown to be real")
    if over == "integers" and not sympy.simplify(value).is_integer:
        raise NotShown(f"{value} is no integer")


def _real_number(value: Sym) -> bool:
    return bool(sympy.simplify(sympy.im(sympy.expand_complex(value))) == 0)


def _substituted(task: Task, point: dict[Sym, Sym]) -> None:
    shown = ", ".join(f"{name} = {value}" for name, value in point.items())
    for relation in task.relations:
        left, right = (to_sympy(side, task.over).subs(point) for side in (relation.left, relation.right))
        if any(side.has(sympy.zoo, sympy.nan, sympy.oo) for side in (left, right)):
            raise NotShown(f"{shown}: {relation} has no value there")
        for denominator in denominators(relation, task.over):
            if is_zero(denominator.subs(point)) is not False:
                raise NotShown(f"{shown}: a denominator of {relation} is zero there")
        if relation.kind == "=":
            zero = is_zero(left - right)
            if zero is not True:
                how = "does not satisfy" if zero is False else "is not shown to satisfy"
                raise NotShown(f"{shown} {how} {relation}")
        elif not truth(relation.kind, left - right):
            raise NotShown(f"{shown} does not satisfy {relation}")


def truth(kind: str, gap: Sym) -> bool:
    """Whether ``gap kind 0`` holds for a number.

    Raises:
        NotShown: it is not real, or its sign cannot be told.
    """
    zero = is_zero(gap)
    if zero is None:
        raise NotShown(f"the sign of {gap} cannot be told")
    if zero:
        return kind in ("=", "<=", ">=")
    number = sympy.N(gap, 40)
    if not number.is_real:
        return False  # where a side is not real, no inequality holds
    return kind == "!=" or (kind != "=" and bool(number < 0) == (kind in ("<", "<=")))


def denominators(relation: Relation, over: str) -> list[Sym]:
    """What the relation divides by, as written (sympy cancels some divisions by itself)."""
    found: list[Sym] = []
    for side in (relation.left, relation.right):
        for part in side.parts():
            if part.kind == "/":
                found.append(to_sympy(part.arguments[1], over))
            elif part.kind == "^" and part.arguments[1].kind == "neg":
                found.append(to_sympy(part.arguments[0], over))
    return [d for d in found if d.free_symbols]


def _count_rational(relation: Relation, x: Sym, over: str, found: list[Sym]) -> str | None:
    """Counts the distinct roots of a rational equation with rational coefficients exactly; None where it is none.

    Raises:
        NotShown: there are more roots than were found.
    """
    gap = difference(relation, over)
    if not gap.is_rational_function(x) or gap.free_symbols - {x} or gap.has(sympy.I, sympy.pi, sympy.E):
        return None
    try:
        numerator = sympy.Poly(sympy.fraction(sympy.together(gap))[0], x)
        bad = [sympy.Poly(sympy.fraction(sympy.together(d))[0], x) for d in denominators(relation, over)]
    except sympy.polys.polyerrors.PolynomialError:
        return None
    if not all(c.is_Rational for p in (numerator, *bad) for c in p.all_coeffs()):
        return None
    if numerator.is_zero:
        raise NotShown("every value is a solution, up to finitely many")
    for p in bad:
        while (common := sympy.gcd(numerator, p)).degree() > 0:
            numerator = sympy.quo(numerator, common)
    if over == "complex":
        count = numerator.sqf_part().degree() if numerator.degree() > 0 else 0
    elif over == "integers":
        count = len(sympy.roots(numerator, filter="Z"))
    else:
        count = numerator.count_roots() if numerator.degree() > 0 else 0
    if count != len(found):
        raise NotShown(f"incomplete: there are {count} solutions, the answer has {len(found)}")
    return "an exact count of the roots"


def solution_set(gap: Sym, x: Sym, over: str) -> list[Sym] | None:
    """All zeros of ``gap`` by ``solveset``; None where sympy does not find a finite set."""
    domain = {"complex": sympy.S.Complexes, "integers": sympy.S.Integers}.get(over, sympy.S.Reals)
    try:
        found = sympy.solveset(gap, x, domain)
    except (NotImplementedError, ValueError, TypeError):
        return None
    if found is sympy.S.EmptySet:
        return []
    if isinstance(found, sympy.FiniteSet):
        return list(found.args)
    if isinstance(found, sympy.Intersection):
        # A finite set that sympy could not test for being real, which parameters prevent.
        finite = [part for part in found.args if isinstance(part, sympy.FiniteSet)]
        return list(finite[0].args) if finite and gap.free_symbols - {x} else None
    return None


# ------------------------------------------------------------------------------------------- systems


def _system(task: Task, answer: Answer) -> str:
    if any(r.kind != "=" for r in task.relations):
        raise NotShown("systems of inequalities in several unknowns cannot be checked")
    unknowns = [symbol(name, task.over) for name in task.unknowns]
    given = [tuple(to_sympy(value, task.over) for value in point) for point in answer.points]
    for point in given:
        for value in point:
            if value.free_symbols & set(unknowns):
                raise NotShown("a solution is given in terms of the unknowns")
            if not value.free_symbols:
                _in_domain(value, task.over)
        _substituted(task, dict(zip(unknowns, point, strict=True)))
    found = distinct(given)
    expected = system_solutions(task)
    if not same_points(expected, found):
        raise NotShown(f"incomplete: there are {len(expected)} solutions, the answer has {len(found)}")
    return "substitution and comparison with sympy's solutions of the system"


def system_solutions(task: Task) -> list[tuple[Sym, ...]]:
    """All solutions of a system of equations.

    Raises:
        NotShown: there are infinitely many, or sympy does not find them.
    """
    unknowns = [symbol(name, task.over) for name in task.unknowns]
    plain = {u: sympy.Symbol(u.name) for u in unknowns}
    equations = [difference(r, task.over).subs(plain) for r in task.relations]
    if any(equation.free_symbols.isdisjoint(plain.values()) and is_zero(equation) is False for equation in equations):
        return []
    try:
        # Without assumptions: sympy drops solutions that it cannot prove real; that is for us to tell.
        solved = sympy.solve([e for e in equations if e != 0], list(plain.values()), dict=True)
    except (NotImplementedError, ValueError, TypeError) as error:
        raise NotShown("the system cannot be solved") from error
    if not solved and not _surely_none(equations, list(plain.values())):
        raise NotShown("that the system has no solution cannot be shown")
    found: list[tuple[Sym, ...]] = []
    for solution in solved:
        values = tuple(solution.get(p, p) for p in plain.values())
        if any(value.free_symbols & set(plain.values()) for value in values):
            raise NotShown("there are infinitely many solutions")
        real = all(value.free_symbols or _real_number(value) for value in values)
        whole = all(sympy.simplify(value).is_integer for value in values)
        if task.over == "complex" or (real and (task.over == "reals" or whole)):
            found.append(values)
    return distinct(found)


def _surely_none(equations: list[Sym], unknowns: list[Sym]) -> bool:
    """Whether the equations are polynomial and 1 is in their ideal: no solution, not even complex."""
    try:
        return bool(sympy.groebner(equations, *unknowns).exprs == [1])
    except (sympy.polys.polyerrors.PolynomialError, ValueError, NotImplementedError):
        return False


# -------------------------------------------------------------------------------------- inequalities


def critical_points(relations: tuple[Relation, ...], x: Sym) -> list[Sym]:
    """Where the truth of the relations can change: zeros of their differences, of denominators, and of what stands
    under roots, logarithms and absolute values.

    Raises:
        NotShown: sympy does not find all of them.
    """
    found: list[Sym] = []
    for relation in relations:
        gap = difference(relation)
        if gap.free_symbols - {x}:
            raise NotShown("an inequality with parameters")
        inner = denominators(relation, "reals")
        for part in gap.atoms(sympy.Pow, sympy.log, sympy.Abs):
            if part.has(x) and not (isinstance(part, sympy.Pow) and part.exp.is_integer and part.exp.is_positive):
                inner.append(part.args[0])
        if gap.has(sympy.floor, sympy.ceiling, sympy.Mod, sympy.tan, sympy.Min, sympy.Max):
            raise NotShown("a function with jumps in an inequality")
        for function in (gap, *inner):
            if not function.free_symbols:
                continue
            zeros = solution_set(function, x, "reals")
            if zeros is None:
                raise NotShown(f"the zeros of {function} cannot be found")
            found.extend(zeros)
    return found


def _member(answer: Answer, point: Sym, x: Sym) -> bool:
    for value in answer.points:
        if is_zero(to_sympy(value[0]) - point):
            return True
    for piece in answer.pieces:
        low, high = to_sympy(piece.low), to_sympy(piece.high)
        above = low == -sympy.oo or truth(">" if piece.low_open else ">=", point - low)
        below = high == sympy.oo or truth("<" if piece.high_open else "<=", point - high)
        if above and below:
            return True
    return any(all(true_at(r, x, point) for r in case) for case in answer.cases)


def true_at(relation: Relation, x: Sym, point: Sym) -> bool:
    """Whether the relation holds at a real number; where a side has no value, it does not.

    Raises:
        NotShown: that cannot be told.
    """
    if any(is_zero(d.subs(x, point)) is not False for d in denominators(relation, "reals")):
        return False
    gap = difference(relation).subs(x, point)
    return not gap.has(sympy.zoo, sympy.nan, sympy.oo) and truth(relation.kind, gap)


def _inequality(task: Task, answer: Answer, seed: int) -> str:
    if task.over != "reals":
        raise NotShown("inequalities are over the reals")
    x = symbol(task.unknowns[0])
    critical = critical_points(task.relations, x)
    for case in answer.cases:
        critical.extend(critical_points(case, x))
    for piece in answer.pieces:
        critical.extend(v for v in (to_sympy(piece.low), to_sympy(piece.high)) if v.is_finite)
    critical.extend(to_sympy(point[0]) for point in answer.points)
    ordered = sorted({sympy.nsimplify(c) if c.is_Float else c for c in critical}, key=lambda c: sympy.N(c, 30))
    samples = list(ordered)
    generator = random.Random(seed)
    ends = [sympy.floor(ordered[0]) - 2, *ordered, sympy.ceiling(ordered[-1]) + 2] if ordered else [-1, 1]
    for low, high in itertools.pairwise(ends):
        middle = sympy.Rational(generator.randint(1, 999), 1000)
        samples.append(between(low, high, middle))
    for sample in samples:
        expected = all(true_at(relation, x, sample) for relation in task.relations)
        if _member(answer, sample, x) != expected:
            right = "a solution" if expected else "no solution"
            raise NotShown(f"{x} = {sample} is {right}, the answer says otherwise")
    return f"exact comparison at {len(ordered)} critical points and between them"


def between(low: Sym, high: Sym, share: Sym) -> Sym:
    """A rational number strictly between two real numbers."""
    low_n, high_n = sympy.N(low, 30), sympy.N(high, 30)
    return sympy.Rational(str(low_n)) + (sympy.Rational(str(high_n)) - sympy.Rational(str(low_n))) * share
