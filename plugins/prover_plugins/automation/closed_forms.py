"""Closed forms of sequences: conjectured from the values that a recurrence gives, to be proved by induction.

``a (n + 1) = a n / (1 + 2 * a n)`` with ``a 1 = 1`` has the values 1, 1/3, 1/5, …: the step states
``∀ n, a (n + 1) = 1 / (2 * n + 1)``, from which ``a 100`` follows; the induction is left to ``progressions``. Tried are
polynomials, their reciprocals and quotients of linear ones, and ``p n * c ^ n + d``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm

from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.recurrences import Recurrence, evaluated_values, read_recurrences

_VALUES = 14
_HIGHEST_DEGREE = 4
_NEAR = 12
"""A value at most that far from the first is computed step by step."""

_BASES = (2, 3, -1, 4, 5, -2, Fraction(1, 2), Fraction(1, 3), 6, 7, 10, Fraction(2, 3), Fraction(3, 2), Fraction(3, 4))


def closed_forms(goal: Reader) -> Iterator[Suggestion]:
    """One step for each sequence of whose values the target asks for one that is far off."""
    for r in read_recurrences(goal):
        wanted = {int(i) for i in re.findall(rf"(?<![\w.]){re.escape(r.function)} (\d+)", goal.goal.target)}
        if not r.values or not wanted or max(wanted) - min(r.values) <= _NEAR or min(wanted) < min(r.values):
            continue
        if any(fact.name.startswith("hcf") for fact in goal.facts):
            continue
        values = evaluated_values(r, min(r.values) + _VALUES)
        statement = None if values is None else _statement(r, values)
        if statement is not None:
            start, name = min(r.values), goal.fresh("hcf")
            finals = [f"have w{i} := {name} {i - start}" for i in sorted(wanted)]
            listed = " ".join(f"w{i}" for i in sorted(wanted))
            finish = [
                *finals,
                f"clear {name} {r.fact}",
                f"simp only [Nat.reduceAdd, Nat.add_zero, Nat.zero_add] at {listed}",
                f"first | omega | (simp [{listed.replace(' ', ', ')}]; done) | (rw [{listed.replace(' ', ', ')}]; "
                f"decide +kernel) | grind",
            ]
            proof = "\n   ".join(finish)
            yield Suggestion(f"suffices {name} : ∀ n : Nat, {statement} by\n   {proof}", 0.78, FULL, 10_000)


def _statement(r: Recurrence, values: dict[int, Fraction]) -> str | None:
    """The equation between ``f (n + start)`` and its closed form, as Lean writes it."""
    start = min(r.values)
    known = [values[i] for i in range(start, start + _VALUES) if i in values]
    if len(known) < 8:
        return None
    call = f"{r.function} (n + {start})" if start else f"{r.function} n"
    rational = r.kind in ("Rat", "ℚ")
    n = "(n : Rat)" if rational else "(n : Int)" if r.kind in ("Int", "ℤ") else "n"
    plain = polynomial_through(known)
    if plain is not None:
        return _equation(call, [(c, _power(n, i)) for i, c in enumerate(plain)], rational)
    if rational:
        inverse = polynomial_through([1 / value for value in known]) if all(known) else None
        if inverse is not None:
            return f"{call} = 1 / ({_sum([(c, _power(n, i)) for i, c in enumerate(inverse)])})"
        ratio = quotient_through(known)
        if ratio is not None:
            top, bottom = (_sum([(a, "1"), (b, n)]) for a, b in ratio)
            return f"{call} = ({top}) / ({bottom})"
    for number in _BASES:
        base = Fraction(number)
        found = exponential_through(known, base)
        if found is None or (base.denominator > 1 and not rational) or (base < 0 and r.kind in ("Nat", "ℕ")):
            continue
        coefficients, constant = found
        text = f"({base} : {'Rat' if rational else 'Int' if r.kind in ('Int', 'ℤ') else 'Nat'}) ^ n"
        terms = [(c, text if i == 0 else f"{_power(n, i)} * {text}") for i, c in enumerate(coefficients)]
        return _equation(call, [*terms, (constant, "1")], rational)
    return None


def polynomial_through(values: Sequence[Fraction]) -> list[Fraction] | None:
    """The coefficients of a polynomial of degree at most 4 with these values at 0, 1, 2, …; None where there is none.
    Four values more than needed must agree."""
    differences, row = [values[0]], list(values)
    for _ in range(min(_HIGHEST_DEGREE, len(values) - 4)):
        row = [b - a for a, b in pairwise(row)]
        if not any(row):
            break
        differences.append(row[0])
    else:
        row = [b - a for a, b in pairwise(row)]
        if any(row):
            return None
    # Newton's form Σ dᵢ * binomial(n, i), multiplied out
    coefficients = [Fraction(0)] * len(differences)
    binomial = [Fraction(1)]
    for i, d in enumerate(differences):
        for place, c in enumerate(binomial):
            coefficients[place] += d * c
        shifted = [Fraction(0), *binomial]
        binomial = [(a - i * b) / (i + 1) for a, b in zip(shifted, [*binomial, Fraction(0)], strict=True)]
    return coefficients


def quotient_through(values: Sequence[Fraction]) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]] | None:
    """((a, b), (c, d)) with values ``(a + b n) / (c + d n)``, c = 1 before denominators are cleared."""
    # a + b n - d n v = v for n = 0, 1, 2 gives a, then two equations for b and d
    a, v1, v2 = values[0], values[1], values[2]
    determinant = -2 * v2 + 2 * v1
    if determinant == 0:
        return None
    r1, r2 = v1 - a, v2 - a
    b = (r1 * (-2 * v2) + v1 * r2) / determinant
    d = (r2 - 2 * r1) / determinant
    for n, v in enumerate(values):
        if 1 + d * n == 0 or (a + b * n) / (1 + d * n) != v:
            return None
    scale = lcm(a.denominator, b.denominator, d.denominator)
    return (a * scale, b * scale), (Fraction(scale), d * scale)


def exponential_through(values: Sequence[Fraction], base: Fraction) -> tuple[list[Fraction], Fraction] | None:
    """(p, d) with values ``p n * base ^ n + d``, p of degree at most 1; None where there are none."""
    # w n = v (n + 1) - v n has no constant; w n / base ^ n is a polynomial of the same degree
    steps = [b - a for a, b in pairwise(values)]
    scaled = polynomial_through([step / base**n for n, step in enumerate(steps)])
    if scaled is None or len(scaled) > 2 or not any(scaled):
        return None
    low, high = scaled[0], scaled[1] if len(scaled) > 1 else Fraction(0)
    slope = high / (base - 1)
    start = (low - slope * base) / (base - 1)
    coefficients = [start, slope] if slope else [start]
    return coefficients, values[0] - start


# ------------------------------------------------------------------------------------------- texts


def _power(n: str, exponent: int) -> str:
    return "1" if exponent == 0 else n if exponent == 1 else f"{n} ^ {exponent}"


def _sum(terms: list[tuple[Fraction, str]]) -> str:
    """``Σ c * text``; the text "1" stands for the constant term."""
    parts: list[str] = []
    for c, text in terms:
        if c:
            number = f"({c})" if c < 0 or c.denominator > 1 else str(c)
            parts.append(number if text == "1" else text if c == 1 else f"{number} * {text}")
    return " + ".join(parts) or "0"


def _equation(call: str, terms: list[tuple[Fraction, str]], rational: bool) -> str:
    """``call = Σ terms``; without fractions and subtraction where the numbers are not rational."""
    if rational:
        return f"{call} = {_sum(terms)}"
    scale = lcm(*(c.denominator for c, _ in terms))
    terms = [(c * scale, text) for c, text in terms]
    left = _sum([(Fraction(scale), call), *((-c, text) for c, text in terms if c < 0)])
    return f"{left} = {_sum([(c, text) for c, text in terms if c > 0])}"
