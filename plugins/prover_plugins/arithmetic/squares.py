"""Polynomial inequalities from squares and products: what ``omega`` and ``grind`` lack, written out.

For a target ``p ≤ q`` the difference ``q - p`` is written as a combination, with coefficients at least 0, of squares,
of what the facts say is not negative, and of products of these (a certificate in the sense of Positivstellensatz),
plus multiples of what the facts say is zero. Which squares: those that completing the square gives (the LDLᵀ
decomposition of a quadratic form, exact), differences and sums of variables and monomials. Which combination: a
linear program, exact. In Lean ``grind`` checks the identity of polynomials; the rest is a term.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from math import lcm

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.linear import nonnegative_combination
from prover_plugins.arithmetic.polynomials import Monomial, NotPolynomial, Polynomial, constant, variable
from prover_plugins.arithmetic.steps import Sketch, candidate, difference

_MOST_VARIABLES = 4
_HIGHEST_DEGREE = 6
_MOST_COLUMNS = 90
_MOST_FACTS = 8


@dataclass(frozen=True)
class _Part:
    """A polynomial that is not negative: ``proof`` of ``0 ≤ text`` (``0 < text`` where ``strict``)."""

    value: Polynomial
    text: str
    proof: str
    strict: bool = False


def squares(sketch: Sketch) -> Iterator[Candidate]:
    """One step that proves a nonlinear inequality by a certificate, where one is found."""
    target = sketch.target
    if target is None or target.operation not in ("≤", "<"):
        return
    p = difference(target, rational=True)
    if p is None or not 2 <= p.degree <= _HIGHEST_DEGREE or len(p.variables) > _MOST_VARIABLES:
        return
    kind = Kind.RAT if target.arguments[0].kind is Kind.RAT else Kind.INT
    casts = sketch.naturals(p)
    if kind is Kind.RAT and casts:
        return
    gap = p * constant(-1)
    try:
        found = _certificate(sketch, gap, kind, casts, target.operation == "<")
    except NotPolynomial:
        return
    if found is not None:
        yield candidate(_tactic(sketch, target, kind, casts, found), 0.44)


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


# ------------------------------------------------------------------------------------ certificates


def _certificate(
    sketch: Sketch, gap: Polynomial, kind: Kind, casts: frozenset[str], strict: bool
) -> list[tuple[Fraction, _Part]] | None:
    """``gap`` as a combination of parts, modulo the equations among the facts; None where none was found."""
    equations = _equations(sketch, gap, kind)
    known = _known(sketch, gap, kind, casts)
    parts = [_Part(constant(1), "1", "(by decide +kernel)", True), *known]
    roots = _roots(gap, equations)
    for root in roots:
        if 2 * root.degree <= gap.degree:
            parts.append(_square(root, kind, casts))
    parts += _products(known, roots, gap.degree, kind, casts)
    parts = parts[:_MOST_COLUMNS]
    columns = [part.value.terms for part in parts]
    for equation in equations:
        monomials = [constant(1), *map(variable, gap.variables)] if equation.degree < gap.degree else [constant(1)]
        for factor in monomials:
            columns += [(equation * factor).terms, (equation * factor * constant(-1)).terms]
    preferred = [place for place, part in enumerate(parts) if part.strict] if strict else []
    weights = nonnegative_combination(columns, gap.terms, preferred)
    if weights is None:
        return None
    return [(weight, part) for weight, part in zip(weights, parts, strict=False) if weight > 0]


def _equations(sketch: Sketch, gap: Polynomial, kind: Kind) -> list[Polynomial]:
    """Polynomials that some fact says are zero."""
    found: list[Polynomial] = []
    for fact in sketch.facts:
        p = difference(fact.term, rational=True) if fact.term.operation == "=" else None
        if p is None or (fact.term.arguments[0].kind is Kind.RAT) != (kind is Kind.RAT):
            continue
        if 1 <= p.degree <= gap.degree and set(p.variables) <= set(gap.variables):
            found.append(p)
    return found[:3]


def _known(sketch: Sketch, gap: Polynomial, kind: Kind, casts: frozenset[str]) -> list[_Part]:
    """What facts and types say is not negative."""
    found = [_Part(variable(v), f"({v} : Int)", f"(Int.natCast_nonneg {v})") for v in gap.variables if v in casts]
    for fact in sketch.facts:
        if fact.term.operation not in ("≤", "<"):
            continue
        p = difference(fact.term, rational=True)
        if p is None or p.degree != 1 or not set(p.variables) <= set(gap.variables):
            continue
        if (fact.term.arguments[0].kind is Kind.RAT) != (kind is Kind.RAT):
            continue
        strict = fact.term.operation == "<"
        value = p * constant(-1)
        if kind is Kind.INT and strict:
            value, strict = value - constant(1), False
        text = f"({value.lean(casts, kind)})"
        low, high = fact.term.arguments
        if kind is Kind.INT:
            proof = f"(show (0 : Int) ≤ {text} by omega)"
        elif low.operation == "literal" and low.value == 0 and high.operation == "variable":
            proof = fact.name
        else:
            proof = f"(show (0 : Rat) {'<' if strict else '≤'} {text} by grind)"
        found.append(_Part(value, text, proof, strict))
    return found[:_MOST_FACTS]


def _roots(gap: Polynomial, equations: list[Polynomial]) -> list[Polynomial]:
    """Polynomials whose squares may be needed, the likeliest first."""
    reduced = gap
    for equation in equations:
        for name in equation.variables:
            split = equation.linear_in(name)
            if split is not None and not split[0].degree and equation.degree == 1:
                value = split[1] * constant(-1 / split[0].coefficient(()))
                reduced = reduced.substituted(name, value)
                break
    roots: list[Polynomial] = []
    for quadratic in (gap, reduced):
        whole = completed(quadratic)
        roots += whole[0] if whole else []
    bases = [variable(name) for name in gap.variables]
    ones = [*bases, constant(1)]
    if gap.degree <= 3:
        roots += [a - b for a, b in combinations(ones, 2)] + bases + [a + b for a, b in combinations(bases, 2)]
        if len(bases) == 3:
            roots += [a + b - c for c in bases for a, b in combinations([x for x in bases if x != c], 2)]
    else:
        pairs = [a * b for a, b in combinations_with_replacement(bases, 2)]
        roots += [a - b for a, b in combinations([*pairs, *ones], 2)] + pairs + bases
    kept: dict[str, Polynomial] = {}
    for root in roots:
        if root.degree:
            kept.setdefault(root.primitive()[1].lean(), root.primitive()[1])
    return list(kept.values())


def _square(root: Polynomial, kind: Kind, casts: frozenset[str]) -> _Part:
    text = root.lean(casts, kind)
    proof = f"(Lean.Grind.OrderedRing.sq_nonneg (R := {kind}) (a := {text}))"
    return _Part(root * root, f"({text}) ^ 2", proof)


def _products(
    known: list[_Part], roots: list[Polynomial], degree: int, kind: Kind, casts: frozenset[str]
) -> list[_Part]:
    """Products of two or three of the known, and of a known with a square."""
    found: list[_Part] = []
    pairs = [_product(a, b, kind) for a, b in combinations_with_replacement(known, 2)]
    found += [pair for pair in pairs if pair.value.degree <= degree]
    if degree >= 3:
        for root in roots[:12]:
            square = _square(root, kind, casts)
            found += [_product(a, square, kind) for a in known[:4] if (a.value * square.value).degree <= degree]
        triples = [_product(pair, a, kind) for pair in pairs[:12] for a in known[:4]]
        found += [triple for triple in triples if triple.value.degree <= degree]
    return found


def _product(a: _Part, b: _Part, kind: Kind) -> _Part:
    strict = a.strict and b.strict
    proofs = [a.proof, b.proof] if strict else [_weak(a, kind), _weak(b, kind)]
    lemma = "mul_pos" if strict else "mul_nonneg"
    return _Part(a.value * b.value, f"({a.text} * {b.text})", f"({kind}.{lemma} {proofs[0]} {proofs[1]})", strict)


def _weak(part: _Part, kind: Kind) -> str:
    """A proof of ``0 ≤ …``."""
    return f"({kind}.le_of_lt {part.proof})" if part.strict else part.proof


# ----------------------------------------------------------------------------------------- tactics


def _tactic(
    sketch: Sketch, target: Term, kind: Kind, casts: frozenset[str], certificate: list[tuple[Fraction, _Part]]
) -> str:
    low, high = target.arguments
    lines: list[str] = []
    if casts:
        p = difference(target)
        assert p is not None
        below, above = (_side(p, sign).lean(casts) for sign in (1, -1))
        lines.append(f"suffices hz : {below} {target.operation} {above} by first | exact_mod_cast hz | grind")
    else:
        below, above = lean(low), lean(high)
    scale = lcm(*(weight.denominator for weight, _ in certificate)) if kind is Kind.INT else 1
    strict = target.operation == "<"
    # The strict ones first: adding what is not negative keeps the sum positive.
    ordered = sorted(certificate, key=lambda item: not item[1].strict) if strict else certificate
    total, proof = "", ""
    for place, (weight, part) in enumerate(ordered):
        keeps = strict and place == 0
        relation = "<" if keeps else "≤"
        number = f"({weight * scale} : {kind})"
        multiply = "mul_pos" if keeps else "mul_nonneg"
        positive = f"(by decide +kernel : (0 : {kind}) {relation} {number})"
        term = f"{kind}.{multiply} {positive} {part.proof if keeps else _weak(part, kind)}"
        text = f"{number} * {part.text}"
        if place:
            proof = f"{'hsum' if strict else f'{kind}.add_nonneg'} {'_ _ ' if strict else ''}({proof}) ({term})"
            total = f"({total}) + {text}"
        else:
            proof, total = term, text
    if not ordered:
        return "grind"
    if strict and len(ordered) > 1:
        lines.append(f"have hsum : ∀ u v : {kind}, 0 < u → 0 ≤ v → 0 < u + v := by intro u v; grind")
    relation = "<" if strict else "≤"
    lines.append(f"have hpos : 0 {relation} {total} := {proof}")
    scaled = f"{scale} * ({above} - ({below}))" if scale != 1 else f"{above} - ({below})"
    lines.append(f"have hid : {scaled} = {total} := by clear hpos; grind")
    lines.append("rw [← hid] at hpos")
    if kind is Kind.INT:
        lines.append("omega")
    else:
        lemma = "Rat.lt_iff_sub_pos" if strict else "Rat.le_iff_sub_nonneg"
        lines.append(f"exact ({lemma} _ _).mpr hpos")
    return "(" + "\n ".join(lines) + ")"


def _side(p: Polynomial, sign: int) -> Polynomial:
    return Polynomial({m: abs(c) for m, c in p.terms.items() if (c > 0) == (sign > 0)})
