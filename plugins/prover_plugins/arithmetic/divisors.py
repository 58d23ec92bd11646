"""Equations ``A * B = n`` with a numeral n: A divides n, so there are finitely many cases.

A quadratic equation in two unknowns whose leading part splits over the rationals is such a product up to a constant:
``x*y + x + y = 80`` is ``(x + 1) * (y + 1) = 81`` ("completing the rectangle"). The factors and the solutions are
computed here; Lean checks the product (``grind``), that there are no other divisors (by evaluation), and that
each divisor leaves only the solutions found (``omega``).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import Polynomial, constant, variable
from prover_plugins.arithmetic.steps import (
    CASTS,
    Sketch,
    candidate,
    cast_equation,
    difference,
    divisor_lines,
    divisors_of,
)

_WALL_MS = 20_000

_MOST_DIVISORS = 12
_MOST_PAIRS = 40
"""Divisors of a product: each takes some calls of ``omega``."""

_LARGEST = 40_000
"""Evaluating all divisors up to its square root takes the kernel about a second."""


def divisors(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each equation of this kind: all solutions, one case each; and for each ``v ∣ n``."""
    yield from _of_numerals(sketch)
    for fact in sketch.facts:
        p = difference(fact.term) if fact.term.operation == "=" else None
        if p is None or any(sketch.kinds.get(name) not in (Kind.NAT, Kind.INT) for name in p.variables):
            continue
        found = rectangle(p)
        if found is not None and 0 < (n := abs(found[2])) <= _LARGEST and len(divisors_of(n)) <= _MOST_PAIRS:
            yield candidate(_tactic(sketch, fact.name, p, *found), 0.5, _WALL_MS)


def _of_numerals(sketch: Sketch) -> Iterator[Candidate]:
    """The cases of a natural number that divides a numeral: for goals that no evaluation of all cases decides."""
    for fact in sketch.facts:
        if fact.term.operation != "∣" or fact.term.arguments[0].kind is not Kind.NAT:
            continue
        left, right = fact.term.arguments
        if left.operation != "variable" or right.operation != "literal" or not 1 <= right.value <= _LARGEST:
            continue
        n, name, every = right.value, sketch.fresh("hn"), sketch.fresh("hk")
        known = divisors_of(n)
        if len(known) > _MOST_DIVISORS:
            continue
        lines = [
            *divisor_lines(every, n),
            f"have {name} := {every} _ {fact.name}",
            f"clear {every}",
            f"simp only [List.mem_cons, List.not_mem_nil, or_false] at {name}",
            f"rcases {name} with {' | '.join(['rfl'] * len(known))} <;> try first | omega | (simp_all; done)",
        ]
        yield candidate("(" + "\n ".join(lines) + ")", 0.46)


def rectangle(p: Polynomial) -> tuple[Polynomial, Polynomial, int] | None:
    """(A, B, n), A and B of degree 1 with integer coefficients, such that ``p = 0`` says ``A * B = n``; None where
    there are none."""
    if p.degree != 2 or len(p.variables) != 2:
        return None
    x, y = p.variables
    square_x, mixed, square_y = (p.coefficient(m) for m in (((x, 2),), ((x, 1), (y, 1)), ((y, 2),)))
    root = _root(mixed * mixed - 4 * square_x * square_y)
    if not root:
        return None
    # The leading part is (a x + b y) (c x + d y).
    if square_x:
        a, b = Fraction(1), (mixed + root) / (2 * square_x)
        c, d = square_x, (mixed - root) / 2
    else:
        a, b, c, d = Fraction(0), Fraction(1), mixed, square_y
    # The constants e and f that make the linear part: a f + c e and b f + d e.
    linear_x, linear_y = p.coefficient(((x, 1),)), p.coefficient(((y, 1),))
    determinant = a * d - b * c
    f = (linear_x * d - linear_y * c) / determinant
    e = (a * linear_y - b * linear_x) / determinant
    first = _scaled(variable(x), a) + _scaled(variable(y), b) + constant(e)
    second = _scaled(variable(x), c) + _scaled(variable(y), d) + constant(f)
    (content, first), (other, second) = first.primitive(), second.primitive()
    n = (e * f - p.coefficient(())) / (content * other)
    return (first, second, int(n)) if n.denominator == 1 else None


def _scaled(p: Polynomial, factor: Fraction) -> Polynomial:
    return p * constant(factor)


def _root(square: Fraction) -> Fraction | None:
    if square < 0:
        return None
    top, bottom = isqrt(square.numerator), isqrt(square.denominator)
    return Fraction(top, bottom) if top * top == square.numerator and bottom * bottom == square.denominator else None


def solution(first: Polynomial, second: Polynomial, u: int, v: int, names: list[str]) -> tuple[int, int] | None:
    """The integers (x, y) with ``first = u`` and ``second = v``; None where there are none."""
    x, y = (((name, 1),) for name in names)
    a, b, c, d = first.coefficient(x), first.coefficient(y), second.coefficient(x), second.coefficient(y)
    determinant = a * d - b * c
    left, right = u - first.coefficient(()), v - second.coefficient(())
    pair = (left * d - b * right) / determinant, (a * right - c * left) / determinant
    return (int(pair[0]), int(pair[1])) if pair[0].denominator == pair[1].denominator == 1 else None


def _tactic(sketch: Sketch, hypothesis: str, p: Polynomial, first: Polynomial, second: Polynomial, n: int) -> str:
    casts = sketch.naturals(p)
    names = p.variables
    equation, product, divides, every, size_name, solved = map(sketch.fresh, ("hz", "hp", "hn", "hk", "i", "hs"))
    size, left = abs(n), first.lean(casts)
    natural = all(c >= 0 for c in first.terms.values()) and set(first.variables) <= casts
    known = divisors_of(size)
    signs = (1,) if natural else (1, -1)
    pairs = [solution(first, second, sign * d, sign * (n // d), names) for d in known for sign in signs]
    pairs = [pair if pair and _allowed(pair, names, casts) else None for pair in pairs]
    found = sorted({pair for pair in pairs if pair is not None})
    claim = " ∨ ".join(f"({names[0]} = {x} ∧ {names[1]} = {y})" for x, y in found) or "False"
    split = (
        f"have ha := Int.natAbs_of_nonneg (show 0 ≤ {left} by omega); rw [← ha, hi] at {product}"
        if natural
        else f"rcases Int.natAbs_eq ({left}) with ha | ha <;> rw [ha, hi] at {product}"
    )
    lines = [
        f"(have {solved} : {claim} := by",
        f"  have {equation} := {cast_equation(hypothesis) if casts else hypothesis}",
        *([f"  {CASTS} at {equation}"] if casts else []),
        # whatever else the goal knows would only slow the steps down
        *(f"  try clear {name}" for name in sketch.others(equation)),
        f"  have {product} : ({left}) * ({second.lean(casts)}) = {n} := by grind",
        f"  have {divides} : ({left}).natAbs ∣ {size} := Int.natAbs_dvd_natAbs.mpr ⟨_, {product}.symm⟩",
        *(f"  {line}" for line in divisor_lines(every, size)),
        f"  replace {divides} := {every} _ {divides}",
        f"  clear {every} {equation}",
        f"  generalize hi : ({left}).natAbs = {size_name} at {divides}",
        f"  rcases {divides} with {'_ | ⟨_, ' * len(known)}⟨⟩{'⟩' * len(known)} <;>",
        f"  ({split})",
        *(f"  · {_alternative(found, pair)}" for pair in pairs),
    ]
    patterns = " | ".join("⟨rfl, rfl⟩" for _ in found)
    finish = "<;> try first | omega | grind | (simp_all; done)"
    lines.append(f"rcases {solved} with {patterns} {finish})" if found else f"exact {solved}.elim)")
    return "\n ".join(lines)


def _allowed(pair: tuple[int, int], names: list[str], casts: frozenset[str]) -> bool:
    return all(value >= 0 or name not in casts for name, value in zip(names, pair, strict=True))


def _alternative(found: list[tuple[int, int]], pair: tuple[int, int] | None) -> str:
    """The proof of a disjunction of the solutions ``found`` where the equations leave only ``pair``."""
    if pair is None:
        return "exfalso; omega"
    place = found.index(pair)
    last = place == len(found) - 1
    ends = "" if last else "Or.inl "
    opened = "Or.inr (" * place
    return f"exact {opened}{ends}⟨by omega, by omega⟩{')' * place}"
