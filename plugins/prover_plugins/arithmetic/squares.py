"""Polynomial inequalities by squares: what ``omega`` and ``grind`` lack, written out.

For a target ``p ≤ q`` the polynomial ``q - p`` of degree 2 (in monomials of degree 1) is written as a sum of
multiples of squares by completing them one after the other (the LDLᵀ decomposition of its matrix, exact). Core Lean
has no lemma that a square of an integer is not negative, so the step proves it from ``Int.mul_nonneg``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from prover.domain import Candidate
from prover_plugins.arithmetic.polynomials import Monomial, Polynomial, constant, variable
from prover_plugins.arithmetic.steps import Sketch, candidate, difference

_MOST_SQUARES = 6


def squares(sketch: Sketch) -> Iterator[Candidate]:
    """One step that adds the squares and closes the target by linear reasoning over products."""
    target = sketch.target
    if target is None or target.operation not in ("≤", "<"):
        return
    p = difference(target)
    if p is None or p.degree < 2:
        return
    gap = p * constant(-1)
    relation = target.operation
    found = completed(gap)
    if found is not None and 0 < len(found[0]) <= _MOST_SQUARES and (found[1] > 0 or relation == "≤"):
        yield candidate(_tactic(sketch, relation, gap, found[0], []), 0.4)
    guesses = _differences(gap)
    positive = [fact.name for fact in sketch.facts if fact.term.operation in ("≤", "<")][:3]
    if guesses or positive:
        yield candidate(_tactic(sketch, relation, gap, guesses, positive), 0.15)


def completed(p: Polynomial) -> tuple[list[Polynomial], Fraction] | None:
    """Polynomials of degree 1 and c ≥ 0 with ``p = Σ cᵢ * rootᵢ² + c`` for some cᵢ > 0; None where there are none."""
    if p.degree != 2:
        return None
    names = p.variables
    roots: list[Polynomial] = []
    rest = p
    for name in names:
        square: Monomial = ((name, 2),)
        lead = rest.coefficient(square)
        mixed = {m: c for m, c in rest.terms.items() if name in dict(m) and m != square}
        if lead == 0:
            if mixed:
                return None
            continue
        if lead < 0:
            return None
        # lead * (name + shift)² takes away every term with the variable.
        shift = Polynomial({_without(m, name): c / (2 * lead) for m, c in mixed.items()})
        root = variable(name) + shift
        roots.append(root.primitive()[1])
        rest = rest - constant(lead) * root * root
    left = rest.coefficient(())
    return (roots, left) if rest.degree == 0 and left >= 0 else None


def _without(monomial: Monomial, name: str) -> Monomial:
    return tuple((other, exponent) for other, exponent in monomial if other != name)


def _differences(gap: Polynomial) -> list[Polynomial]:
    """Differences of monomials whose squares are of the degree of ``gap``."""
    half = gap.degree // 2
    names = gap.variables
    if len(names) > 3 or half > 2:
        return []
    bases = [variable(name) for name in names]
    if half == 2:
        bases = [variable(a) * variable(b) for i, a in enumerate(names) for b in names[i:]]
    if any(not monomial for monomial in gap.terms):
        bases.append(constant(Fraction(1)))
    return [a - b for a, b in combinations(bases, 2)][:_MOST_SQUARES]


def _tactic(sketch: Sketch, relation: str, gap: Polynomial, roots: list[Polynomial], positive: list[str]) -> str:
    casts = sketch.naturals(gap)
    lines: list[str] = []
    if casts:
        below, above = (_part(gap, -1), _part(gap, 1))
        name, plain = sketch.fresh("hz"), sketch.fresh("hn")
        lines.append(
            f"suffices {name} : {below.lean(casts)} {relation} {above.lean(casts)} by\n"
            f"   have {plain} : {below.lean()} {relation} {above.lean()} := by exact_mod_cast {name}\n"
            f"   grind"
        )
    square = sketch.fresh("hsq")
    lines.append(
        f"have {square} : ∀ z : Int, 0 ≤ z * z := fun z => (Int.le_total 0 z).elim "
        f"(fun h => Int.mul_nonneg h h) (fun h => Int.mul_nonneg_of_nonpos_of_nonpos h h)"
    )
    for number, root in enumerate(roots):
        lines.append(f"have hs{number} := {square} ({root.lean(casts)})")
    if not casts:
        for number, (first, second) in enumerate(_pairs(positive)):
            lines.append(
                f"have hp{number} := Int.mul_nonneg (Int.sub_nonneg_of_le {first}) (Int.sub_nonneg_of_le {second})"
            )
    lines.append(f"clear {square}")
    lines.append("grind")
    return "(" + "\n ".join(lines) + ")"


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(names) for b in names[i:]]


def _part(p: Polynomial, sign: int) -> Polynomial:
    return Polynomial({m: abs(c) for m, c in p.terms.items() if (c > 0) == (sign > 0)})
