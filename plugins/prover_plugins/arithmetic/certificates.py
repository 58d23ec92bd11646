"""Certificates: a polynomial as a sum of squares and of products of what is known not to be negative.

``q`` is written as a combination, with coefficients at least 0, of squares, of what the facts say is not negative, and
of products of these (a certificate in the sense of Positivstellensatz), plus multiples of what the facts say is zero.
Which squares: those that completing the square gives (the LDLᵀ decomposition of a quadratic form, exact), also with a
multiple of a fact added (a Lagrange multiplier), differences and sums of variables and monomials. Which combination: a
linear program, exact. In Lean ``grind`` checks the identity of polynomials; the rest is a term.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from math import lcm

from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.linear import nonnegative_combination
from prover_plugins.arithmetic.polynomials import Monomial, NotPolynomial, Polynomial, constant, variable
from prover_plugins.arithmetic.steps import Sketch, difference

MOST_VARIABLES = 4
HIGHEST_DEGREE = 6
_MOST_COLUMNS = 90
_MOST_FACTS = 8
_MOST_RELATED = 3


@dataclass(frozen=True)
class Part:
    """A polynomial that is not negative: ``proof`` of ``0 ≤ text`` (``0 < text`` where ``strict``)."""

    value: Polynomial
    text: str
    proof: str
    strict: bool = False


def related(sketch: Sketch, p: Polynomial, kind: Kind) -> list[tuple[Polynomial, bool]]:
    """The polynomials of degree 2 and more that facts say are zero (True) or not negative (False), if they have a
    variable in common with ``p`` and no more than four there are in all."""
    found: list[tuple[Polynomial, bool]] = []
    names = set(p.variables)
    for fact in sketch.facts:
        q = difference(fact.term, rational=True) if fact.term.operation in ("=", "≤", "<") else None
        if q is None or not 2 <= q.degree <= HIGHEST_DEGREE or names.isdisjoint(q.variables):
            continue
        if (fact.term.arguments[0].kind is Kind.RAT) != (kind is Kind.RAT):
            continue
        if len(names.union(q.variables)) <= MOST_VARIABLES:
            names.update(q.variables)
            found.append((q * constant(-1), fact.term.operation == "="))
    return found[:_MOST_RELATED]


def completed(p: Polynomial) -> tuple[list[Polynomial], Fraction] | None:
    """Polynomials of degree 1 and c ≥ 0 with ``p = Σ cᵢ * rootᵢ² + c`` for some cᵢ > 0; None where there are none."""
    whole = _completed(p)
    return whole if whole is not None and whole[1] >= 0 else None


def _completed(p: Polynomial) -> tuple[list[Polynomial], Fraction] | None:
    """The same with any c."""
    if p.degree != 2:
        return None
    roots, rest = _squares_off(p, p.variables)
    return (roots, rest.coefficient(())) if rest is not None and rest.degree == 0 else None


def remainder(p: Polynomial, name: str) -> Polynomial | None:
    """What is left of a quadratic when its other variables are completed to squares: the least value of ``p`` for each
    value of ``name``. None where p is not definite in the others."""
    _, rest = _squares_off(p, [other for other in p.variables if other != name])
    return rest if rest is not None and set(rest.variables) <= {name} else None


def _squares_off(p: Polynomial, names: list[str]) -> tuple[list[Polynomial], Polynomial | None]:
    """The roots of the squares that take away the ``names`` one by one, and what is left; None where some square has
    a negative coefficient, or one that occurs has none."""
    roots: list[Polynomial] = []
    rest = p
    for name in names:
        square: Monomial = ((name, 2),)
        lead = rest.coefficient(square)
        mixed = {m: c for m, c in rest.terms.items() if name in dict(m) and m != square}
        if lead < 0 or (lead == 0 and mixed):
            return roots, None
        if lead == 0:
            continue
        # lead * (name + shift)² takes away every term with the variable.
        shift = Polynomial({_without(m, name): c / (2 * lead) for m, c in mixed.items()})
        root = variable(name) + shift
        roots.append(root.primitive()[1])
        rest = rest - constant(lead) * root * root
    return roots, rest


def _without(monomial: Monomial, name: str) -> Monomial:
    return tuple((other, exponent) for other, exponent in monomial if other != name)


# ------------------------------------------------------------------------------------ certificates


Certificate = list[tuple[Fraction, Part]]


def certificate(
    sketch: Sketch,
    gap: Polynomial,
    kind: Kind,
    casts: frozenset[str],
    strict: bool,
    around: Polynomial | None = None,
) -> Certificate | None:
    """``gap`` as a combination of parts (``strict``: with one that is positive), modulo the equations among the facts;
    None where none was found, or finding one takes polynomials that are too large. The facts that matter, and the
    degree, are those for ``around``, or else for ``gap``."""
    try:
        return _certificate(sketch, gap, kind, casts, strict, gap if around is None else around)
    except NotPolynomial:
        return None


def _certificate(
    sketch: Sketch, gap: Polynomial, kind: Kind, casts: frozenset[str], strict: bool, around: Polynomial
) -> Certificate | None:
    near = related(sketch, around, kind)
    names = sorted({*around.variables, *(name for q, _ in near for name in q.variables)})
    degree = max([around.degree, *(q.degree for q, _ in near)])
    equations = _equations(sketch, names, degree, kind)
    known = _known(sketch, names, degree, kind, casts)
    parts = [Part(constant(1), "1", "(by decide +kernel)", True), *known]
    roots = [*_by_multipliers(gap, near), *_roots(gap, names, degree, equations)]
    for root in roots:
        if 2 * root.degree <= degree:
            parts.append(_square(root, kind, casts))
    # a fact that is not linear itself may have to be multiplied, and what is too high then cancel
    highest = max([degree, *(part.value.degree + 1 for part in known if part.value.degree > 1)])
    parts += _products(known, roots, highest if around.degree > 1 else degree, kind, casts)
    parts = parts[:_MOST_COLUMNS]
    columns = [part.value.terms for part in parts]
    for equation in equations:
        for factor in _monomials(names, degree - equation.degree):
            columns += [(equation * factor).terms, (equation * factor * constant(-1)).terms]
    preferred = [place for place, part in enumerate(parts) if part.strict] if strict else []
    weights = nonnegative_combination(columns, gap.terms, preferred)
    if weights is None:
        return None
    return [(weight, part) for weight, part in zip(weights, parts, strict=False) if weight > 0]


def _monomials(names: list[str], degree: int) -> list[Polynomial]:
    """The monomials of at most that degree, and at most 2."""
    found = [constant(1)]
    if degree > 0:
        found += map(variable, names)
    if degree > 1 and len(names) < 4:
        found += [variable(a) * variable(b) for a, b in combinations_with_replacement(names, 2)]
    return found


def _equations(sketch: Sketch, names: list[str], degree: int, kind: Kind) -> list[Polynomial]:
    """Polynomials that some fact says are zero."""
    found: list[Polynomial] = []
    for fact in sketch.facts:
        p = difference(fact.term, rational=True) if fact.term.operation == "=" else None
        if p is None or (fact.term.arguments[0].kind is Kind.RAT) != (kind is Kind.RAT):
            continue
        if 1 <= p.degree <= degree and set(p.variables) <= set(names):
            found.append(p)
    return found[:3]


def _by_multipliers(gap: Polynomial, near: list[tuple[Polynomial, bool]]) -> list[Polynomial]:
    """The roots of ``gap - m * q`` for quadratic q that facts say are not negative (or zero), where a number m makes it
    a sum of squares (a Lagrange multiplier)."""
    for q, is_zero in near:
        for sign in (1, -1) if is_zero else (1,):
            if q.degree != 2 or gap.degree > 2:
                continue
            step = q * constant(-sign)
            multipliers = [Fraction(1), Fraction(1, 2), Fraction(2)]
            lefts = [_completed(gap + step * constant(m)) for m in (1, 2, 3)]
            if gap.degree == 1 and None not in lefts:
                # What is left is a + b m - d / m; where it touches zero, m is -a / (2 b).
                first, second, third = (left for _, left in filter(None, lefts))
                d = -(first - 2 * second + third) * 3  # the second difference of -d / m is -d / 3
                b = second - first - d / 2
                a = first - b + d
                multipliers = [-a / (2 * b)] if b else [Fraction(1), Fraction(10)]
            for multiplier in multipliers:
                whole = completed(gap + step * constant(multiplier)) if multiplier > 0 else None
                if whole is not None:
                    return whole[0]
    return []


def _known(
    sketch: Sketch, names: list[str], degree: int, kind: Kind, casts: frozenset[str]
) -> list[Part]:
    """What facts and types say is not negative."""
    lemma = "Rat.natCast_nonneg (a := {})" if kind is Kind.RAT else "Int.natCast_nonneg {}"
    found = [Part(variable(v), f"({v} : {kind})", f"({lemma.format(v)})") for v in names if v in casts]
    for fact in sketch.facts:
        if fact.term.operation not in ("≤", "<"):
            continue
        p = difference(fact.term, rational=True)
        if p is None or not 1 <= p.degree <= degree or not (degree == 1 or set(p.variables) <= set(names)):
            continue
        natural = fact.term.arguments[0].kind is Kind.NAT
        if (fact.term.arguments[0].kind is Kind.RAT) != (kind is Kind.RAT) and not (natural and casts):
            continue
        strict = fact.term.operation == "<"
        value = p * constant(-1)
        if strict and (kind is Kind.INT or natural):
            value, strict = value - constant(1), False
        text = f"({value.lean(casts, kind)})"
        low, high = fact.term.arguments
        if kind is Kind.INT and p.degree == 1:
            proof = f"(show (0 : Int) ≤ {text} by omega)"
        elif kind is Kind.INT:
            proof = f"(show (0 : Int) ≤ {text} by grind)"
        elif natural:
            proof = f"(show (0 : Rat) ≤ {text} by have := Rat.natCast_le_natCast.mpr {fact.name}; grind)"
        elif low.operation == "literal" and low.value == 0 and high.operation == "variable":
            proof = fact.name
        else:
            proof = f"(show (0 : Rat) {'<' if strict else '≤'} {text} by grind)"
        found.append(Part(value, text, proof, strict))
    distinct = {part.value.lean(): part for part in reversed(found)}
    return list(reversed(distinct.values()))[:_MOST_FACTS]


def _roots(gap: Polynomial, names: list[str], degree: int, equations: list[Polynomial]) -> list[Polynomial]:
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
    for quadratic in (gap, reduced, *equations, *(equation * constant(-1) for equation in equations)):
        whole = completed(quadratic)
        roots += whole[0] if whole else []
    bases = [variable(name) for name in names]
    ones = [*bases, constant(1)]
    if degree <= 3:
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


def _square(root: Polynomial, kind: Kind, casts: frozenset[str]) -> Part:
    text = root.lean(casts, kind)
    proof = f"(Lean.Grind.OrderedRing.sq_nonneg (R := {kind}) (a := {text}))"
    return Part(root * root, f"({text}) ^ 2", proof)


def _products(
    known: list[Part], roots: list[Polynomial], degree: int, kind: Kind, casts: frozenset[str]
) -> list[Part]:
    """Products of two or three of the known, and of a known with a square."""
    found: list[Part] = []
    pairs = [_product(a, b, kind) for a, b in combinations_with_replacement(known, 2)]
    found += [pair for pair in pairs if pair.value.degree <= degree]
    if degree >= 3:
        for root in roots[:12]:
            square = _square(root, kind, casts)
            found += [_product(a, square, kind) for a in known[:4] if (a.value * square.value).degree <= degree]
        triples = [_product(pair, a, kind) for pair in pairs[:12] for a in known[:4]]
        found += [triple for triple in triples if triple.value.degree <= degree]
    return found


def _product(a: Part, b: Part, kind: Kind) -> Part:
    strict = a.strict and b.strict
    proofs = [a.proof, b.proof] if strict else [_weak(a, kind), _weak(b, kind)]
    lemma = "mul_pos" if strict else "mul_nonneg"
    return Part(a.value * b.value, f"({a.text} * {b.text})", f"({kind}.{lemma} {proofs[0]} {proofs[1]})", strict)


def _weak(part: Part, kind: Kind) -> str:
    """A proof of ``0 ≤ …``."""
    return f"({kind}.le_of_lt {part.proof})" if part.strict else part.proof


# -------------------------------------------------------------------------------------- in Lean


def certified(below: str, above: str, kind: Kind, found: Certificate, strict: bool) -> list[str]:
    """The steps that prove ``below ≤ above`` (``<`` where ``strict``), two texts, by a certificate of the
    difference."""
    scale = lcm(*(weight.denominator for weight, _ in found)) if kind is Kind.INT else 1
    # The strict ones first: adding what is not negative keeps the sum positive.
    ordered = sorted(found, key=lambda item: not item[1].strict) if strict else found
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
        return ["grind"]
    lines: list[str] = []
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
    return lines


def side(p: Polynomial, sign: int) -> Polynomial:
    """The terms of ``p`` whose coefficients have that sign (1 or -1), without it."""
    return Polynomial({m: abs(c) for m, c in p.terms.items() if (c > 0) == (sign > 0)})
