"""What terms mean: Lean's own conventions, computed in Python.

Natural subtraction stops at 0. Division by zero is 0 and ``x % 0 = x``. ``/`` and ``%`` of integers are Euclidean
(``Int.div`` with a remainder that is never negative), ``tdiv``/``tmod`` round to zero, ``fdiv``/``fmod`` down.
``0 ∣ b`` holds for ``b = 0`` only. ``0 ^ 0 = 1``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import gcd, lcm

from prover_plugins.arithmetic.language import Kind, Term

Value = int | Fraction
Values = dict[str, Value]
Evaluator = Callable[[Values], Value]

_BITS = 4096
"""Larger numbers are not computed."""

_LONGEST_RANGE = 400
"""A quantifier with more values in its bounds is not decided."""

_TRIED = 24
"""How many values are tried for a quantifier without bounds: one may decide it, none cannot."""


class Undecided(ValueError):
    """The value cannot be told: a number too large, or a quantifier that would need too many cases."""


def ediv(a: int, b: int) -> int:
    """Euclidean quotient, Lean's ``/`` on integers."""
    if b == 0:
        return 0
    return a // b if b > 0 else -(a // -b)


def emod(a: int, b: int) -> int:
    """Euclidean remainder, Lean's ``%`` on integers."""
    return a % abs(b) if b else a


def tdiv(a: int, b: int) -> int:
    """Quotient rounded to zero, ``Int.tdiv``."""
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def tmod(a: int, b: int) -> int:
    """Remainder with the sign of ``a``, ``Int.tmod``."""
    return a - b * tdiv(a, b)


def fdiv(a: int, b: int) -> int:
    """Quotient rounded down, ``Int.fdiv``."""
    return a // b if b else 0


def fmod(a: int, b: int) -> int:
    """Remainder with the sign of ``b``, ``Int.fmod``."""
    return a % b if b else a


def _power(a: Value, b: Value) -> Value:
    exponent = int(b)
    if exponent > _BITS or a.numerator.bit_length() * exponent > _BITS:
        raise Undecided("a power too large to compute")
    if a.denominator.bit_length() * exponent > _BITS:
        raise Undecided("a power too large to compute")
    result: Value = a**exponent
    return result


def operate(operation: str, kind: Kind, a: Value, b: Value) -> Value:
    """``a operation b`` for ``+ - * / % ^`` on numbers of type ``kind`` (the exponent is natural).

    Raises:
        Undecided: the result is too large.
        ValueError: another operation.
    """
    match operation:
        case "+":
            return a + b
        case "-":
            return max(a - b, 0) if kind is Kind.NAT else a - b
        case "*":
            if a.numerator.bit_length() + b.numerator.bit_length() > _BITS:
                raise Undecided("a product too large to compute")
            return a * b
        case "/" if kind is Kind.RAT:
            return Fraction(a) / b if b else 0
        case "/":
            return ediv(int(a), int(b))
        case "%":
            return emod(int(a), int(b))
        case "^":
            return _power(a, b)
    raise ValueError(f"not an operation on numbers: {operation}")


_INTEGER: Mapping[str, Callable[..., int]] = {
    "ediv": ediv, "emod": emod, "tdiv": tdiv, "tmod": tmod, "fdiv": fdiv, "fmod": fmod,
    "gcd": gcd, "lcm": lcm, "natAbs": abs, "succ": lambda a: a + 1, "pred": lambda a: max(a - 1, 0),
    "toNat": lambda a: max(a, 0), "sign": lambda a: (a > 0) - (a < 0), "log2": lambda a: max(a.bit_length() - 1, 0),
}  # fmt: skip
_SAME: Mapping[str, Callable[..., Value]] = {
    "neg": lambda a: -a, "min": min, "max": max, "cast": lambda a: a,
    "=": lambda a, b: a == b, "≠": lambda a, b: a != b, "<": lambda a, b: a < b, "≤": lambda a, b: a <= b,
    "∣": lambda a, b: b % a == 0 if a else b == 0,
    "¬": lambda a: not a, "↔": lambda a, b: bool(a) == bool(b), "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "!": lambda a: not a, "decide": lambda a: a,
}  # fmt: skip
ARITHMETIC = frozenset("+-*/%^")
FUNCTIONS = frozenset(_INTEGER) | {"neg", "min", "max", "cast"}


def compiled(term: Term, functions: Mapping[str, Callable[..., Value]] | None = None) -> Evaluator:
    """A function from values of the free variables to the value of ``term``.

    ``functions`` compute calls. The evaluator raises :class:`Undecided` where the value cannot be told, and
    whatever ``functions`` raise.

    Raises:
        ValueError: an operation that is not known.
    """
    name, kind, operation = term.name, term.kind, term.operation
    if operation == "literal":
        value = term.value
        return lambda _: value
    if operation == "variable":
        return lambda values: values[name]
    if operation in ("∀", "∃"):
        return _quantifier(term)
    arguments = [compiled(argument, functions) for argument in term.arguments]
    if operation == "call":
        called = (functions or {})[name]
        return lambda values: called(*(argument(values) for argument in arguments))
    if operation in ("∧", "∨", "→", "&&", "||"):
        return _connective(operation, *arguments)
    if operation == "if":
        condition, yes, no = arguments
        return lambda values: yes(values) if condition(values) else no(values)
    if len(arguments) == 1:
        (only,) = arguments
        one = _INTEGER.get(operation) or _SAME[operation]
        return lambda values: one(only(values))
    left, right = arguments
    if operation in ARITHMETIC:
        return lambda values: operate(operation, kind, left(values), right(values))
    two = _INTEGER.get(operation) or _SAME.get(operation)
    if two is None:
        raise ValueError(f"not an operation: {operation}")
    return lambda values: two(left(values), right(values))


def evaluate(
    term: Term, values: Mapping[str, Value], functions: Mapping[str, Callable[..., Value]] | None = None
) -> Value:
    """The value of ``term``; see :func:`compiled`.

    Raises:
        Undecided: it cannot be told.
        KeyError: a variable has no value.
    """
    return compiled(term, functions)(dict(values))


def _connective(operation: str, left: Evaluator, right: Evaluator) -> Evaluator:
    """Decides by one side alone where it can, even if the other is undecided."""
    negated = operation == "→"  # a → b is ¬a ∨ b
    deciding = operation not in ("∧", "&&")

    def connect(values: Values) -> Value:
        try:
            if (bool(left(values)) != negated) == deciding:
                return deciding
        except Undecided:
            if bool(right(values)) == deciding:
                return deciding
            raise
        return bool(right(values))

    return connect


# ------------------------------------------------------------------------------------- quantifiers


def cost(term: Term) -> int:
    """About how many plain evaluations one of ``term`` may take: quantifiers multiply."""
    inner = max((cost(argument) for argument in term.arguments), default=1)
    return inner * _TRIED if term.operation in ("∀", "∃") else inner


def _quantifier(term: Term) -> Evaluator:
    name, exists = term.name, term.operation == "∃"
    (body,) = term.arguments
    assert term.bound is not None
    domain = Domain(name, term.bound, _guards(body, term.operation))
    evaluator = compiled(body)

    def decide(values: Values) -> Value:
        inner = dict(values)
        undecided = False
        candidates, complete = domain.values(inner, _LONGEST_RANGE, _TRIED)
        for value in candidates:
            inner[name] = value
            try:
                if bool(evaluator(inner)) == exists:
                    return exists
            except Undecided:
                undecided = True
        if undecided or not complete:
            raise Undecided(f"cannot tell for all {name}")
        return not exists

    return decide


def _guards(body: Term, quantifier: str) -> list[Term]:
    """What must hold for a value to matter: conjuncts under ``∃``, premises under ``∀``.

    Also those inside further quantifiers of the same kind that do not mention their variables.
    """
    inner: set[str] = set()
    found: list[Term] = []
    while True:
        if body.operation == quantifier:
            inner.add(body.name)
            (body,) = body.arguments
        elif quantifier == "∀" and body.operation == "→":
            found.extend(body.arguments[0].conjuncts())
            body = body.arguments[1]
        else:
            break
    if quantifier == "∃":
        found.extend(body.conjuncts())
    elif body.operation == "¬":
        found.extend(body.arguments[0].conjuncts())
    return [guard for guard in found if inner.isdisjoint(guard.variables())]


def is_affine(term: Term, name: str) -> bool:
    """Whether ``term`` is a variable-free multiple of ``name`` plus a term without it, exactly (no truncation)."""
    if name not in term.variables():
        return True
    match term.operation, term.arguments:
        case "variable", _:
            return True
        case "+", (a, b):
            return is_affine(a, name) and is_affine(b, name)
        case "-", (a, b):
            return term.kind is not Kind.NAT and is_affine(a, name) and is_affine(b, name)
        case "*", (a, b):
            return (name not in a.variables() and is_affine(b, name)) or (
                name not in b.variables() and is_affine(a, name)
            )
        case (("neg" | "cast" | "succ"), (a,)):
            return is_affine(a, name)
    return False


class Domain:
    """The values that a variable can have where its guards hold, given the values of other variables."""

    def __init__(self, name: str, kind: Kind, guards: list[Term]) -> None:
        """``guards`` are propositions; only those that bound ``name`` by an affine (in)equality are used."""
        self.name = name
        self.kind = kind
        self.bounds = [
            (g.operation, compiled(g.arguments[0]), compiled(g.arguments[1]))
            for g in guards
            if g.operation in ("=", "<", "≤")
            and g.arguments[0].kind in (Kind.NAT, Kind.INT)
            and name in g.variables()
            and all(is_affine(side, name) for side in g.arguments)
        ]
        self.divides = [
            compiled(g.arguments[1])
            for g in guards
            if g.operation == "∣"
            and g.arguments[0].operation == "variable"
            and g.arguments[0].name == name
            and name not in g.arguments[1].variables()
        ]

    def values(self, values: Values, longest: int, tried: int) -> tuple[list[int], bool]:
        """Values, nearest to the bounds (else to 0) first, and whether there are no others.

        ``longest`` is the most that is listed completely, ``tried`` how many are listed otherwise. ``values``
        gives the other variables; its entry for this one is overwritten.
        """
        if self.kind in (Kind.BOOL, Kind.PROP):
            return [0, 1], True
        low: int | None = 0 if self.kind is Kind.NAT else None
        high: int | None = None
        for operation, left, right in self.bounds:
            try:
                values[self.name] = 0
                at_zero = int(left(values)) - int(right(values))
                values[self.name] = 1
                slope = int(left(values)) - int(right(values)) - at_zero
            except Undecided:
                continue
            limit = -at_zero - (operation == "<")  # slope * x ≤ limit
            if slope == 0:
                if limit < 0 or (operation == "=" and limit != 0):
                    return [], True
                continue
            if operation == "=":
                if limit % slope:
                    return [], True
                low = _most(low, limit // slope)
                high = _least(high, limit // slope)
            elif slope > 0:
                high = _least(high, limit // slope)
            else:
                low = _most(low, -(limit // -slope))
        for multiple in self.divides:
            try:
                size = abs(int(multiple(values)))
            except (Undecided, KeyError):
                continue
            if size:
                high, low = _least(high, size), _most(low, -size)
        return _listed(low, high, longest, tried)


def _least(a: int | None, b: int) -> int:
    return b if a is None else min(a, b)


def _most(a: int | None, b: int) -> int:
    return b if a is None else max(a, b)


def _listed(low: int | None, high: int | None, longest: int, tried: int) -> tuple[list[int], bool]:
    if low is not None and high is not None:
        if high - low < longest:
            inside = list(range(low, high + 1))
            return (sorted(inside, key=lambda v: (abs(v), -v)) if low < 0 < high else inside), True
        if low < 0 < high:
            low = None if -low > tried else low
    if low is not None:
        last = low + tried - 1 if high is None else min(high, low + tried - 1)
        return list(range(low, last + 1)), False
    if high is not None and high <= 0:
        return list(range(high, high - tried, -1)), False
    both = [0, *(sign * size for size in range(1, tried // 2 + 1) for sign in (1, -1))]
    return [v for v in both if high is None or v <= high], False
