"""Rational functions: denominators with variables, cleared in the target and in the facts.

``2 ≤ x + 1 / x`` with ``0 < x`` becomes ``2 * x ≤ x ^ 2 + 1``: what is left is about polynomials, for which there are
certificates, factoring and elimination. Each denominator is shown to be positive (by a certificate as well) or, for
equations, not to be zero; ``grind`` checks the identities of rational functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prover.domain import Candidate
from prover_plugins.arithmetic.certificates import certificate, certified, side
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, constant, factors, polynomial
from prover_plugins.arithmetic.steps import Sketch, candidate

_RELATIONS = ("=", "≤", "<")
_HIGHEST_DEGREE = 8
_MOST_DENOMINATORS = 6
_MOST_FACTS = 4
_WALL_MS = 15_000


@dataclass(frozen=True)
class Quotient:
    """``top`` divided by the product of the denominators; ``bottoms`` maps them, by their text, to exponents."""

    top: Polynomial
    bottoms: Mapping[str, int]


class Reading:
    """Terms as quotients. The denominators that occur are primitive polynomials, collected in ``denominators``."""

    def __init__(self) -> None:
        self.denominators: dict[str, Polynomial] = {}

    def quotient(self, term: Term) -> Quotient:
        """``term`` as one quotient; valid where no denominator is zero.

        Raises:
            NotPolynomial: it is no rational function, or one too large to work with.
        """
        match term.operation, term.arguments:
            case ("+" | "-"), (a, b) if term.kind is not Kind.NAT:
                left, right = self.quotient(a), self.quotient(b)
                sign = constant(1 if term.operation == "+" else -1)
                bottoms = {d: max(left.bottoms.get(d, 0), right.bottoms.get(d, 0))
                           for d in {**left.bottoms, **right.bottoms}}  # fmt: skip
                top = self.over(left, bottoms) + self.over(right, bottoms) * sign
                return self._made(top, bottoms)
            case "*", (a, b):
                left, right = self.quotient(a), self.quotient(b)
                return self._made(left.top * right.top, _added(left.bottoms, right.bottoms))
            case "neg", (a,):
                inner = self.quotient(a)
                return Quotient(inner.top * constant(-1), inner.bottoms)
            case "^", (a, b) if b.operation == "literal" and b.value <= _HIGHEST_DEGREE:
                base, result = self.quotient(a), Quotient(constant(1), {})
                for _ in range(b.value):
                    result = self._made(result.top * base.top, _added(result.bottoms, base.bottoms))
                return result
            case "/", (a, b) if term.kind is Kind.RAT:
                left, right = self.quotient(a), self.quotient(b)
                top = self.over(left, {}) * self.product(right.bottoms)
                content, divisors = self._divisor(right.top)
                return self._made(top * content, _added(left.bottoms, divisors))
        return Quotient(polynomial(term), {})

    def product(self, bottoms: Mapping[str, int]) -> Polynomial:
        """The product of denominators."""
        result = constant(1)
        for text, exponent in bottoms.items():
            for _ in range(exponent):
                result = result * self.denominators[text]
        return result

    def over(self, quotient: Quotient, bottoms: Mapping[str, int]) -> Polynomial:
        """The numerator when the denominators are ``bottoms``, which are at least the quotient's own."""
        missing = {d: exponent - quotient.bottoms.get(d, 0) for d, exponent in bottoms.items()}
        return quotient.top * self.product(missing)

    def _divisor(self, p: Polynomial) -> tuple[Polynomial, Mapping[str, int]]:
        """(c, denominators) with ``1 / p = c / product``."""
        if not p.terms:
            raise NotPolynomial("division by zero")
        content, primitive = p.primitive()
        if not primitive.degree:
            return constant(1 / p.coefficient(())), {}
        parts = factors(primitive) if primitive.degree > 1 else [(primitive, 1)]
        product, bottoms = constant(1), dict[str, int]()
        for part, multiplicity in parts:
            text = part.lean()
            self.denominators.setdefault(text, part)
            bottoms[text] = multiplicity
            for _ in range(multiplicity):
                product = product * part
        sign = 1 if product.terms == primitive.terms else -1
        return constant(sign / content), bottoms

    def _made(self, top: Polynomial, bottoms: Mapping[str, int]) -> Quotient:
        if top.degree > _HIGHEST_DEGREE or len(self.denominators) > _MOST_DENOMINATORS:
            raise NotPolynomial("too large")
        return Quotient(top, bottoms if top.terms else {})


def _added(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {d: a.get(d, 0) + b.get(d, 0) for d in {**a, **b}}


@dataclass(frozen=True)
class _Relation:
    """A fact (or the target, without a name) with ``right - left`` as a quotient."""

    name: str
    term: Term
    quotient: Quotient


def fractions(sketch: Sketch) -> Iterator[Candidate]:
    """One step that clears the denominators of the target and of the facts."""
    reading = Reading()
    facts = [r for r in (_relation(reading, f.name, f.term) for f in sketch.facts) if r is not None][:_MOST_FACTS]
    target = None if sketch.target is None else _relation(reading, "", sketch.target)
    if not facts and target is None:
        return
    casts = frozenset(name for name, kind in sketch.kinds.items() if kind is Kind.NAT)
    below = sorted(casts.intersection(v for p in reading.denominators.values() for v in p.variables))
    lines = [f"have {sketch.fresh(f'hc_{v}')} : (0 : Rat) ≤ ({v} : Rat) := Rat.natCast_nonneg" for v in below]
    lines += [f"try have {sketch.fresh(f'hc_{v}p')} : (0 : Rat) < ({v} : Rat) := Rat.natCast_pos.mpr (by omega)"
              for v in below]  # fmt: skip
    known = {text: _denominator(sketch, p, casts, f"hd{place}", lines)
             for place, (text, p) in enumerate(reading.denominators.items())}  # fmt: skip
    for relation in facts:
        lines += _cleared(reading, relation, known, casts)
    if target is not None:
        lines += _reduced(sketch, reading, target, known, casts)
    lines.append("try grind" if target is None or target.term.operation == "=" else "try assumption")
    yield candidate("(" + "\n ".join(lines) + ")", 0.6, _WALL_MS)


def _relation(reading: Reading, name: str, term: Term) -> _Relation | None:
    """The relation with its quotient, where it is one of rationals with a variable in some denominator."""
    if term.operation not in _RELATIONS or term.arguments[0].kind is not Kind.RAT:
        return None
    if not any(part.operation == "/" and part.arguments[1].variables() for part in term.parts()):
        return None
    before = dict(reading.denominators)
    low, high = term.arguments
    try:
        # of the right side less the left, so that its sign is that of an inequality
        return _Relation(name, term, reading.quotient(Term("-", Kind.RAT, (high, low))))
    except NotPolynomial:
        reading.denominators = before
        return None


# ------------------------------------------------------------------------------------ denominators


@dataclass(frozen=True)
class _Denominator:
    """What is known: ``text``, positive by ``proof``, is the denominator times ``sign``; sign 0: it is not zero, and
    its square is positive by ``proof``."""

    sign: int
    text: str
    proof: str


def _denominator(sketch: Sketch, p: Polynomial, casts: frozenset[str], base: str, lines: list[str]) -> _Denominator:
    """Adds to ``lines`` the facts about one denominator."""
    name = sketch.fresh(base)
    for sign in (1, -1):
        signed = p * constant(sign)
        found = certificate(sketch, signed, Kind.RAT, casts, strict=True)
        if found is not None:
            text = signed.lean(casts, Kind.RAT)
            if p.degree == 1:
                lines.append(f"have {name} : 0 < {text} := by first | assumption | grind")
            else:
                proof = "\n   ".join(certified("0", text, Kind.RAT, found, strict=True))
                lines.append(f"have {name} : 0 < {text} := by\n   {proof}")
            nonzero = f"Rat.ne_of_gt {name}" if sign == 1 else "by grind"
            lines.append(f"have {name}n : {p.lean(casts, Kind.RAT)} ≠ 0 := {nonzero}")
            return _Denominator(sign, text, name)
    text = p.lean(casts, Kind.RAT)
    lines.append(f"try have {name} : {text} ≠ 0 := by first | assumption | grind")
    square = f"have {name}s : 0 < ({text}) ^ 2 := "
    lines.append(f"try {square}Rat.lt_of_le_of_ne Lean.Grind.OrderedRing.sq_nonneg (by grind)")
    return _Denominator(0, text, f"{name}s")


def _sides(
    reading: Reading, relation: _Relation, known: Mapping[str, _Denominator], casts: frozenset[str]
) -> tuple[str, str, str, str]:
    """(low, high, text, proof): ``high - low`` is the difference of the relation's sides times ``text``, which is
    positive by ``proof``."""
    exponents = dict(relation.quotient.bottoms)
    if relation.term.operation != "=":  # where only a square is known to be positive, the exponent is made even
        exponents = {d: e + e % 2 if known[d].sign == 0 else e for d, e in exponents.items()}
    sign, factors_ = 1, list[tuple[str, str]]()
    for d, exponent in exponents.items():
        part = known[d]
        factor = f"({part.text}) ^ 2" if part.sign == 0 else f"({part.text})"
        for _ in range(exponent // 2 if part.sign == 0 else exponent):
            sign *= part.sign or 1
            factors_.append((factor, part.proof))
    content, top = (reading.over(relation.quotient, exponents) * constant(sign)).primitive()
    text = f"({1 / content} : Rat)"
    proof = f"(by decide +kernel : 0 < {text})"
    for factor, positive in factors_:
        text, proof = f"{text} * {factor}", f"(Rat.mul_pos {proof} {positive})"
    high, low = (side(top, place).lean(casts, Kind.RAT) for place in (1, -1))
    return low, high, text, proof


def _cleared(
    reading: Reading, relation: _Relation, known: Mapping[str, _Denominator], casts: frozenset[str]
) -> list[str]:
    """The steps that replace a fact by what it says without denominators."""
    low, high, text, proof = _sides(reading, relation, known, casts)
    name, operation = relation.name, relation.term.operation
    a, b = map(lean, relation.term.arguments)
    if operation == "=":
        return [f"try replace {name} : {low} = {high} := by grind"]
    product, nonneg = ("mul_pos", "lt_iff_sub_pos") if operation == "<" else ("mul_nonneg", "le_iff_sub_nonneg")
    weak = proof if operation == "<" else f"(Rat.le_of_lt {proof})"
    return [
        f"try replace {name} : {low} {operation} {high} := by\n"
        f"      have hm := Rat.{product} ((Rat.{nonneg} _ _).mp {name}) {weak}\n"
        f"      rw [show ({b} - ({a})) * ({text}) = {high} - ({low}) by clear hm {name}; grind] at hm\n"
        f"      exact (Rat.{nonneg} _ _).mpr hm"
    ]


def _reduced(
    sketch: Sketch, reading: Reading, relation: _Relation, known: Mapping[str, _Denominator], casts: frozenset[str]
) -> list[str]:
    """The steps that replace the target by what is to be proved without denominators."""
    low, high, text, proof = _sides(reading, relation, known, casts)
    name, operation = sketch.fresh("hs"), relation.term.operation
    a, b = map(lean, relation.term.arguments)
    if operation == "=":
        return [f"suffices {name} : {low} = {high} by grind"]
    product, nonneg = ("mul_pos", "lt_iff_sub_pos") if operation == "<" else ("mul_nonneg", "le_iff_sub_nonneg")
    inverse = f"(Rat.inv_pos.mpr {proof})"
    inverse = inverse if operation == "<" else f"(Rat.le_of_lt {inverse})"
    identity = f"{b} - ({a}) = ({high} - ({low})) * ({text})⁻¹"
    return [
        f"suffices {name} : {low} {operation} {high} by\n"
        f"   rw [Rat.{nonneg}, show {identity} by clear {name}; grind]\n"
        f"   exact Rat.{product} ((Rat.{nonneg} _ _).mp {name}) {inverse}"
    ]
