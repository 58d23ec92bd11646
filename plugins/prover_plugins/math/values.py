"""The check of a value against the problem: an expression, a limit, a derivative, an integral, a sum. In the child.

Each is computed twice, by sympy and numerically by other means (finite differences, quadrature, direct summation,
approach to the limit), and the answer must agree with both.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import mpmath
import sympy

from prover_plugins.math.algebra import NotShown, Sym, is_zero, show_equal, symbol, to_sympy
from prover_plugins.math.exact import exact
from prover_plugins.math.solutions import ENUMERATION, count_cases
from prover_plugins.math.tasks import Task
from prover_plugins.math.text import Node

_POINTS = 5
_LONGEST_SUM = 20_000
INTEGERS = "exact integer arithmetic"
NO_LIMIT = "does not exist"


def check_value(task: Task, answer: Node, seed: int) -> str:
    """How the value was checked, in words.

    Raises:
        NotShown: it is wrong or cannot be shown to be right; says why.
    """
    value = to_sympy(answer)
    if value.has(sympy.nan, sympy.zoo):
        raise NotShown("the answer has no value")
    return _CHECKS[task.kind](task, answer, value, random.Random(seed))


def check_no_limit(task: Task) -> str:
    """How it was checked that the limits from both sides differ.

    Raises:
        NotShown: they are equal, or the limit is from one side, where that would not show it.
    """
    if not _sides_differ(task):
        raise NotShown("that the limit does not exist is not shown: the limits from both sides do not differ")
    return "symbolic limits from both sides"


def _sides_differ(task: Task) -> bool:
    point = to_sympy(task.bounds[0])
    if task.side != "+-" or not point.is_finite:
        return False
    body, x = to_sympy(task.body), symbol(task.unknowns[0])
    left, right = (sympy.limit(body, x, point, side) for side in "-+")
    if sympy.oo in (left, right) or -sympy.oo in (left, right):
        return bool(left != right)
    return is_zero(left - right) is False


def computed(task: Task) -> Sym:
    """What sympy computes for the task.

    Raises:
        NotShown: it computes nothing.
    """
    body = to_sympy(task.body)
    if task.kind in ("simplify", "expand", "factor"):
        return {"simplify": sympy.simplify, "expand": sympy.expand, "factor": sympy.factor}[task.kind](body)
    if task.kind == "compute":
        return sympy.nsimplify(sympy.simplify(body)) if body.is_Float else sympy.simplify(body)
    x = symbol(task.unknowns[0])
    bounds = [to_sympy(bound) for bound in task.bounds]
    match task.kind:
        case "derivative":
            result = sympy.diff(body, x)
        case "integral":
            result = sympy.integrate(body, (x, *bounds) if bounds else x)
        case "limit":
            result = sympy.limit(body, x, bounds[0], task.side)
        case "sum":
            k = sympy.Symbol(task.unknowns[0], integer=True)
            result = sympy.summation(body.subs(x, k), (k, *bounds))
        case _:
            raise NotShown(f"nothing to compute for {task.kind}")
    if result.has(sympy.Integral, sympy.Limit, sympy.Sum, sympy.AccumBounds, sympy.nan):
        raise NotShown("sympy does not compute it")
    return result.subs(sympy.Symbol(task.unknowns[0], integer=True), x)


# --------------------------------------------------------------------------------------- expressions


def _equivalent(task: Task, value: Sym) -> None:
    show_equal(to_sympy(task.body), value, "the answer and the expression")


def _simplify(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    _equivalent(task, value)
    body = to_sympy(task.body)
    best = size(_tree(sympy.simplify(body)))
    if body.is_rational_function(*body.free_symbols):
        (_, reduced), (_, given) = (sympy.fraction(form) for form in (sympy.cancel(body), sympy.together(value)))
        if _degree(given) > _degree(reduced):
            raise NotShown("equal, but the fraction can be reduced")
    if size(answer) > max(best + 2, best * 3 // 2):
        raise NotShown(f"equal, but not simple: {size(answer)} symbols where {best} are enough")
    return "symbolic equality, random points, and size"


def _degree(polynomial: Sym) -> int:
    names = sorted(polynomial.free_symbols, key=str)
    return int(sympy.Poly(polynomial, *names).total_degree()) if names else 0


def _tree(value: Sym) -> Node:
    from prover_plugins.math.algebra import to_text
    from prover_plugins.math.text import parse

    return parse(to_text(value))


def size(node: Node) -> int:
    """The number of symbols in an expression."""
    return sum(1 for _ in node.parts())


def _expand(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    _equivalent(task, value)
    for part in answer.parts():
        sums = [a for a in part.arguments if a.kind in ("+", "-")]
        if (part.kind in ("*", "neg") and sums) or (part.kind == "^" and part.arguments[0].kind in ("+", "-")):
            raise NotShown("equal, but a product is not multiplied out")
    return "symbolic equality, random points, and form"


def _factor(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    _equivalent(task, value)
    _, wanted = sympy.factor_list(to_sympy(task.body))
    count = sum(multiplicity for _, multiplicity in wanted)
    given = sum(_degree_factors(answer))
    if given < count:
        raise NotShown(f"equal, but not fully factored: there are {count} irreducible factors")
    return "symbolic equality, random points, and number of irreducible factors"


def _degree_factors(node: Node, times: int = 1) -> list[int]:
    """How often each factor that is not constant occurs in a product as written."""
    if node.kind in ("*", "neg") or (node.kind == "/" and not node.arguments[1].symbols()):
        return [count for argument in node.arguments for count in _degree_factors(argument, times)]
    if node.kind == "^" and node.arguments[1].kind == "number" and node.arguments[1].name.isdecimal():
        return _degree_factors(node.arguments[0], times * int(node.arguments[1].name))
    return [times] if node.symbols() else []


def _compute(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    body = task.body
    unfinished = ("gcd", "lcm", "mod", "binomial", "floor", "ceiling", "min", "max")
    if any(part.kind == "!" or (part.kind == "call" and part.name in unfinished) for part in answer.parts()):
        raise NotShown("the answer is not computed to the end")
    try:
        right = exact(body, {})
    except (ValueError, KeyError):
        _equivalent(task, value)
        if size(answer) > size(_tree(sympy.simplify(to_sympy(body)))) * 3 // 2 + 2:
            raise NotShown("equal, but not computed to the end") from None
        return "symbolic equality and 60 digits"
    if not value.is_Rational or sympy.Rational(right.numerator, right.denominator) != value:
        raise NotShown(f"the value is {right if len(str(right)) < 40 else 'another'}")
    if size(answer) > 4:
        raise NotShown("equal, but not computed to the end")
    return INTEGERS


def _count(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    count = len(count_cases(task))
    if value != count or size(answer) > 1:
        raise NotShown(f"there are {count}")
    return ENUMERATION


# ------------------------------------------------------------------------------------------- calculus


def _numeric(value: Sym, x: Sym) -> Callable[[object], Sym]:
    return sympy.lambdify(x, value, modules="mpmath")  # type: ignore[no-any-return]


def _derivative(task: Task, answer: Node, value: Sym, generator: random.Random) -> str:
    body, x = to_sympy(task.body), symbol(task.unknowns[0])
    show_equal(sympy.diff(body, x), value, "the derivative and the answer")
    others = {s: sympy.Rational(generator.randint(2, 9)) for s in (body.free_symbols | value.free_symbols) - {x}}
    points = _agree(_numeric(body.subs(others), x), _numeric(value.subs(others), x), generator)
    return f"symbolic differentiation and finite differences at {points} points"


def _agree(body: Callable[[object], Sym], derivative: Callable[[object], Sym], generator: random.Random) -> int:
    """At how many random points the numeric derivative of ``body`` is ``derivative``.

    Raises:
        NotShown: they differ somewhere, or can be computed nowhere.
    """
    compared = 0
    for _ in range(4 * _POINTS):
        point = mpmath.mpf(generator.randint(-4000, 4000)) / 1117
        try:
            with mpmath.workdps(40):
                right, given = mpmath.diff(body, point), derivative(point)
                near = abs(right - given) <= mpmath.mpf(10) ** -15 * (1 + abs(right))
        except (ValueError, ZeroDivisionError, TypeError, OverflowError):
            continue
        if not near:
            raise NotShown(f"at {mpmath.nstr(point, 5)} the derivative has another value")
        compared += 1
        if compared == _POINTS:
            break
    if not compared:
        raise NotShown("the derivative can be computed at no random point")
    return compared


def _integral(task: Task, answer: Node, value: Sym, generator: random.Random) -> str:
    body, x = to_sympy(task.body), symbol(task.unknowns[0])
    if not task.bounds:
        show_equal(sympy.diff(value, x), body, "the derivative of the answer and the integrand")
        others = {s: sympy.Rational(generator.randint(2, 9)) for s in (body.free_symbols | value.free_symbols) - {x}}
        points = _agree(_numeric(value.subs(others), x), _numeric(body.subs(others), x), generator)
        return f"differentiation of the answer, symbolically and at {points} random points"
    show_equal(computed(task), value, "the integral and the answer")
    if value.free_symbols:
        return "symbolic integration"
    low, high = (_mp(to_sympy(bound)) for bound in task.bounds)
    with mpmath.workdps(25):
        right, error = mpmath.quad(_numeric(body, x), [low, high], error=True)
        _near(right, value, max(error * 100, mpmath.mpf(10) ** -8), "the integral")
    return "symbolic integration and numeric quadrature"


def _mp(value: Sym) -> Sym:
    if value in (sympy.oo, -sympy.oo):
        return mpmath.inf if value == sympy.oo else -mpmath.inf
    return mpmath.mpmathify(str(sympy.N(value, 30)))


def _near(right: Sym, value: Sym, tolerance: Sym, what: str) -> None:
    given = _mp(value)
    if not abs(right - given) <= tolerance * (1 + abs(given)):
        raise NotShown(f"{what} is about {mpmath.nstr(right, 8)}, the answer {mpmath.nstr(given, 8)}")


def _limit(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    body, x = to_sympy(task.body), symbol(task.unknowns[0])
    right = computed(task)
    if right in (sympy.oo, -sympy.oo) or value in (sympy.oo, -sympy.oo):
        if right != value:
            raise NotShown(f"the limit is {right}")
    else:
        show_equal(right, value, "the limit and the answer")
    if _sides_differ(task):
        raise NotShown("the limits from both sides differ")
    if body.free_symbols - {x} or value.free_symbols:
        return "symbolic limit"
    _approached(task, _numeric(body, x), value)
    return "symbolic limit and numeric approach"


def _approached(task: Task, body: Callable[[object], Sym], value: Sym) -> None:
    """The function must come nearer to the answer as the argument goes to the point."""
    point = to_sympy(task.bounds[0])
    sides = {"+": (1,), "-": (-1,), "+-": (1, -1)}[task.side]
    for sign in sides if point.is_finite else (1,):
        with mpmath.workdps(60):
            gaps = []
            for power in (2, 4, 8):
                step = mpmath.mpf(10) ** -power
                where = _mp(point) + sign * step if point.is_finite else (1 if point == sympy.oo else -1) / step
                try:
                    at = body(where)
                except (ValueError, ZeroDivisionError, OverflowError, TypeError):
                    continue
                gaps.append(1 / abs(at) if value in (sympy.oo, -sympy.oo) and at != 0 else abs(at - _mp(value)))
            if len(gaps) >= 2 and not (gaps[-1] <= gaps[0] * 0.9 or gaps[-1] < mpmath.mpf(10) ** -6):
                raise NotShown("the function does not approach the answer numerically")


def _sum(task: Task, answer: Node, value: Sym, _: random.Random) -> str:
    body, low, high = to_sympy(task.body), to_sympy(task.bounds[0]), to_sympy(task.bounds[1])
    k = symbol(task.unknowns[0])
    if low.is_Integer and high.is_Integer:
        if high - low > _LONGEST_SUM:
            raise NotShown(f"more than {_LONGEST_SUM} terms")
        total = sympy.Add(*(body.subs(k, j) for j in range(int(low), int(high) + 1)))
        show_equal(total, value, "the sum and the answer")
        return "direct summation"
    if high == sympy.oo:
        show_equal(computed(task), value, "the sum and the answer")
        if not value.free_symbols and not body.free_symbols - {k}:
            with mpmath.workdps(20):
                right = mpmath.nsum(_numeric(body, k), [_mp(low), mpmath.inf])
                _near(right, value, mpmath.mpf(10) ** -6, "the sum")
        return "symbolic and numeric summation"
    return _by_induction(task, body, k, low, high, value)


def _by_induction(task: Task, body: Sym, k: Sym, low: Sym, high: Sym, value: Sym) -> str:
    """A sum up to a variable: its first values, and that the answer grows by the next term."""
    names = [s for s in high.free_symbols if s not in low.free_symbols]
    if len(names) != 1 or high.diff(names[0]) != 1 or not low.is_Integer:
        raise NotShown("a sum goes up to a number, oo, or a variable plus a number")
    n = names[0]
    first = sympy.solve(high - low, n)[0]
    for offset in range(4):
        upper = int(low) + offset
        total = sympy.Add(*(body.subs(k, j) for j in range(int(low), upper + 1)))
        show_equal(total, value.subs(n, first + offset), f"the sum up to {upper} and the answer")
    positive = sympy.Symbol(n.name, integer=True, positive=True)
    step = (value.subs(n, n + 1) - value - body.subs(k, high + 1)).subs(n, positive)
    show_equal(step, sympy.Integer(0), "the growth of the answer and the next term")
    return "induction: first values and growth by the next term"


_CHECKS: dict[str, Callable[[Task, Node, Sym, random.Random], str]] = {
    "simplify": _simplify, "expand": _expand, "factor": _factor, "compute": _compute, "count": _count,
    "derivative": _derivative, "integral": _integral, "limit": _limit, "sum": _sum,
}  # fmt: skip
