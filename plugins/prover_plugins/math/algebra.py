"""Between our trees and sympy, and when two expressions are equal. Runs in the child only.

Equality needs both: a symbolic proof that the difference is zero, and numeric agreement at random points (60 digits
where they differ little). What is only numerically equal is "not shown".
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import sympy

from prover_plugins.math.tasks import Relation
from prover_plugins.math.text import Node, parse

Sym = Any
"""A sympy object; the library has no types."""

_FUNCTIONS: dict[str, Any] = {
    "sqrt": sympy.sqrt, "cbrt": lambda a: sympy.real_root(a, 3), "abs": sympy.Abs, "exp": sympy.exp, "ln": sympy.log,
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "cot": sympy.cot, "sec": sympy.sec, "csc": sympy.csc,
    "asin": sympy.asin, "acos": sympy.acos, "atan": sympy.atan, "sinh": sympy.sinh, "cosh": sympy.cosh,
    "tanh": sympy.tanh, "floor": sympy.floor, "ceiling": sympy.ceiling, "gcd": sympy.gcd, "lcm": sympy.lcm,
    "binomial": sympy.binomial,
    "mod": sympy.Mod, "min": sympy.Min, "max": sympy.Max, "root": sympy.root,
}  # fmt: skip
_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "oo": sympy.oo}
_SPELLINGS = (("**", "^"), ("Abs(", "abs("), ("Min(", "min("), ("Max(", "max("), ("Mod(", "mod("), ("log(", "ln("))
_POINTS = 6


class NotShown(ValueError):
    """Two things could not be shown equal, or something is beyond the algebra; says what."""


def symbol(name: str, over: str = "reals") -> Sym:
    """The sympy symbol of a name."""
    if over == "complex":
        return sympy.Symbol(name)
    return sympy.Symbol(name, integer=True) if over == "integers" else sympy.Symbol(name, real=True)


def to_sympy(node: Node, over: str = "reals") -> Sym:
    """``node`` for sympy; simplified no further than sympy does by itself.

    Raises:
        NotShown: it has no value, such as 1/0.
    """
    if node.kind == "number":
        return sympy.Rational(node.name)
    if node.kind == "symbol":
        return symbol(node.name, over)
    if node.kind == "constant":
        return _CONSTANTS[node.name]
    given = [to_sympy(argument, over) for argument in node.arguments]
    match node.kind:
        case "+":
            value = given[0] + given[1]
        case "-":
            value = given[0] - given[1]
        case "*":
            value = given[0] * given[1]
        case "/":
            value = given[0] / given[1]
        case "^":
            value = given[0] ** given[1]
        case "neg":
            value = -given[0]
        case "!":
            value = sympy.factorial(given[0])
        case _ if node.name == "log":
            value = sympy.log(*given)
        case _:
            value = _FUNCTIONS[node.name](*given)
    if value in (sympy.nan, sympy.zoo):
        raise NotShown("division by zero")
    return value


def to_text(value: Sym) -> str:
    """Text of a sympy expression in our notation.

    Raises:
        NotShown: it has something that our notation lacks.
    """
    text = str(sympy.sstr(value, order=None))
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    text = _capitals(text)
    try:
        parse(text)
    except Exception as error:
        raise NotShown(f"no way to write {text[:80]}: {error}") from error
    return text


def _capitals(text: str) -> str:
    """sympy's ``E`` and ``I`` as ours, where they stand alone."""
    import re

    return re.sub(r"\bI\b", "i", re.sub(r"\bE\b", "e", text))


def difference(relation: Relation, over: str = "reals") -> Sym:
    """``left - right``."""
    return to_sympy(relation.left, over) - to_sympy(relation.right, over)


# ----------------------------------------------------------------------------------------- equality


def is_zero(value: Sym) -> bool | None:
    """Whether ``value`` is identically zero: True only if shown symbolically, False by a number, None unknown."""
    if value == 0:
        return True
    if numerically_different(value):
        return False
    for attempt in (sympy.expand, sympy.radsimp, sympy.simplify, _trigonometric, _powers):
        try:
            if attempt(value) == 0:
                return True
        except (TypeError, ValueError, NotImplementedError, AttributeError):
            continue
    if not value.free_symbols:
        return True if _minimal_zero(value) else None
    return None


def _trigonometric(value: Sym) -> Sym:
    return sympy.simplify(sympy.expand(value.rewrite(sympy.exp), complex=False))


def _powers(value: Sym) -> Sym:
    return sympy.simplify(sympy.powdenest(sympy.logcombine(sympy.expand_log(value, force=False)), force=False))


def _minimal_zero(value: Sym) -> bool:
    """Exact zero test of an algebraic number by its minimal polynomial."""
    try:
        x = sympy.Symbol("x")
        return bool(sympy.minimal_polynomial(value, x) == x)
    except (NotImplementedError, TypeError, ValueError, sympy.polys.polyerrors.PolynomialError):
        return False


def numerically_different(value: Sym, seed: int = 0) -> bool:
    """Whether ``value`` is not zero at some random point where it can be computed."""
    names = sorted(value.free_symbols, key=str)
    generator = random.Random(seed)
    for _ in range(_POINTS if names else 1):
        point = {name: _random_value(name, generator) for name in names}
        number = _number(value.subs(point))
        if number is not None and abs(number) > 1e-25:
            return True
    return False


def _random_value(name: Sym, generator: random.Random) -> Sym:
    if name.is_integer:
        return sympy.Integer(generator.randint(1, 40))
    value = sympy.Rational(generator.randint(1, 4000), generator.randint(500, 1500))
    return value * generator.choice((1, 1, -1))


def _number(value: Sym) -> complex | None:
    """The value to 60 digits as a complex number, rounded; None where there is none."""
    try:
        number = sympy.N(value, 60)
        if not number.is_number or number.has(sympy.nan, sympy.zoo, sympy.oo):
            return None
        real, imaginary = number.as_real_imag()
        return complex(float(real) if abs(real) > sympy.Float("1e-40") else 0.0, float(imaginary))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None


def show_equal(a: Sym, b: Sym, what: str) -> None:
    """Raises NotShown unless ``a = b`` is shown symbolically and agrees numerically."""
    zero = is_zero(a - b)
    if zero is False:
        raise NotShown(f"{what}: not equal")
    if zero is None:
        raise NotShown(f"{what}: cannot be shown to be equal")


def distinct(values: Iterable[Sequence[Sym]]) -> list[tuple[Sym, ...]]:
    """The tuples without those equal to an earlier one."""
    found: list[tuple[Sym, ...]] = []
    for value in values:
        if not any(all(is_zero(a - b) for a, b in zip(value, other, strict=True)) for other in found):
            found.append(tuple(value))
    return found


def same_points(a: Sequence[Sequence[Sym]], b: Sequence[Sequence[Sym]]) -> bool:
    """Whether two finite sets of tuples are equal, element by element."""
    return len(a) == len(b) and all(
        any(all(is_zero(p - q) for p, q in zip(first, second, strict=True)) for second in b) for first in a
    )
