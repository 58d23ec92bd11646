"""What divides several polynomials divides their combinations: among them, often, a numeral.

``n + 2 ∣ n ^ 2 + 19`` says ``n + 2 ∣ 23``; ``6 * x % m = 1`` and ``(x - 36) % m = 0`` say ``m ∣ 215``; the greatest
common divisor of ``n ^ 2 + 1`` and ``n + 1`` divides 2. Two polynomials in one variable without a common factor have
such a combination (the extended Euclidean algorithm). Lean checks the combination (``grind``) and, by evaluation,
which divisors the numeral has: one case for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, constant, expressed, polynomial, variable
from prover_plugins.arithmetic.steps import CASTS, Sketch, candidate, cast_equation, divisor_lines, divisors_of

_LARGEST = 40_000
"""Evaluating all divisors up to its square root takes the kernel about a second."""

_MOST_DIVISORS = 16
_HIGHEST_DEGREE = 6
_WALL_MS = 15_000
_PUSHED = f"try {CASTS}"
_MULTIPLES = f"{CASTS[:-1]}, Int.natCast_emod]"


@dataclass(frozen=True)
class Multiple:
    """A polynomial over the integers that the divisor divides; ``line`` proves it under the name that it is given."""

    p: Polynomial
    line: str


@dataclass(frozen=True)
class Divisor:
    """What divides: its text as an integer (``cast``), as it stands, and as a polynomial where it is one."""

    text: str
    cast: str
    natural: bool
    p: Polynomial | None


def dividing(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each divisor that divides a numeral."""
    found: dict[str, tuple[Divisor, list[Multiple]]] = {}
    for fact in sketch.facts:
        for divisor, multiple in _multiples(sketch, fact.name, fact.term):
            found.setdefault(divisor.text, (divisor, []))[1].append(multiple)
    for term in [fact.term for fact in sketch.facts] + ([] if sketch.target is None else [sketch.target]):
        for part in term.parts():
            if part.operation == "gcd" and part.kind is Kind.NAT and part.variables():
                for divisor, multiple in _common(sketch, part):
                    known = found.setdefault(divisor.text, (divisor, []))[1]
                    if all(multiple.line != other.line for other in known):
                        known.append(multiple)
    for divisor, multiples in found.values():
        yield from _step(sketch, divisor, multiples)
    if sketch.target is not None:
        yield from _of_target(sketch, {text: multiples for text, (_, multiples) in found.items()})


def _of_target(sketch: Sketch, found: Mapping[str, list[Multiple]]) -> Iterator[Candidate]:
    """A target ``D ∣ E`` or ``E % D = 0`` where E is a combination of what facts say that D divides."""
    target = sketch.target
    if target is None or target.operation not in ("∣", "="):
        return
    divides, other, close = *target.arguments, ""
    if target.operation == "=":
        if divides.operation != "%" or other.operation != "literal" or other.value:
            return
        (other, divides), close = divides.arguments, "mod"
    try:
        divisor, p = _divisor(sketch, divides), polynomial(other)
    except (NotPolynomial, ValueError):
        return
    if divisor is None:
        return
    own = Multiple(divisor.p or p, f"{divisor.cast} ∣ {divisor.cast} := Int.dvd_refl _")
    for multiples in ([own], *([each] for each in found.get(divisor.text, [])), [own, *found.get(divisor.text, [])]):
        quotients = expressed(p, [multiple.p for multiple in multiples]) if all(m.p.terms for m in multiples) else None
        if quotients is None or any(c.denominator != 1 for q in quotients for c in q.terms.values()):
            continue
        used = [(multiple, q) for multiple, q in zip(multiples, quotients, strict=True) if q.terms]
        yield candidate(_divided(sketch, divisor, p, used, close), 0.75)
        return


def _divided(
    sketch: Sketch, divisor: Divisor, p: Polynomial, used: Sequence[tuple[Multiple, Polynomial]], close: str
) -> str:
    """The tactic that proves that the divisor divides ``p``, the sum of the products of ``used``."""
    name = sketch.fresh("hp")
    lines, parts, products = [], list[str](), list[str]()
    for number, (multiple, q) in enumerate(used):
        part, quotient = sketch.fresh(f"hp{number}"), sketch.fresh(f"q{number}")
        lines.append(f"have {part} : {multiple.line}")
        parts.append(f"  obtain ⟨{quotient}, {part}⟩ := {part}")
        products.append(f"({q.lean(sketch.naturals(q))}) * {quotient}")
    lines += [f"have {name} : {divisor.cast} ∣ {p.lean(sketch.naturals(p))} := by", *parts]
    lines.append(f"  exact ⟨{' + '.join(products) or '0'}, by grind⟩")
    # The polynomial is not written as the target is.
    quotient = sketch.fresh("q")
    lines.append(f"obtain ⟨{quotient}, {name}⟩ := {name}")
    witness = f"⟨{quotient}, by grind⟩"
    if divisor.natural:
        finish = "Nat.mod_eq_zero_of_dvd" if close else ""
        lines.append(f"exact {finish} (Int.natCast_dvd_natCast.mp (by {_PUSHED}; exact {witness}))")
    else:
        lines.append(f"exact {'Int.emod_eq_zero_of_dvd ' if close else ''}{witness}")
    return "(" + "\n ".join(lines) + ")"


def _divisor(sketch: Sketch, term: Term) -> Divisor | None:
    """A term that divides, unless it is a numeral."""
    try:
        p = polynomial(term)
    except NotPolynomial:
        return None
    if not p.degree or any(c.denominator != 1 for c in p.terms.values()):
        return None
    return Divisor(lean(term), f"({p.lean(sketch.naturals(p))} : Int)", term.kind is Kind.NAT, p)


def _multiples(sketch: Sketch, name: str, term: Term) -> Iterator[tuple[Divisor, Multiple]]:
    """What a fact ``D ∣ E``, ``E % D = r`` or ``E % D = F % D`` says."""
    if term.operation not in ("∣", "=") or term.arguments[0].kind not in (Kind.NAT, Kind.INT):
        return
    natural = term.arguments[0].kind is Kind.NAT
    given = name
    try:
        if term.operation == "∣":
            divides, other = term.arguments
            if natural and divides.operation == "variable" and other.operation == "literal":
                return  # the rule of `divisors`
            p = polynomial(other)
            proof = f"Int.natCast_dvd_natCast.mpr {name}" if natural else given
        else:
            left, right = term.arguments
            if left.operation != "%":
                return
            divides = left.arguments[1]
            same = right.operation == "%" and right.arguments[1] == divides
            p = polynomial(left.arguments[0]) - polynomial(right.arguments[0] if same else right)
            if natural:
                cast = f"have hq := {cast_equation(name)}; {_MULTIPLES} at hq; exact hq"
                given = f"(show _ from by {cast})"
            proof = (
                f"Int.dvd_of_emod_eq_zero (Int.emod_eq_emod_iff_emod_sub_eq_zero.mp {given})"
                if same
                else f"Int.dvd_self_sub_of_emod_eq {given}"
            )
    except NotPolynomial:
        return
    try:
        divisor = _divisor(sketch, divides)
    except ValueError:
        return
    if divisor is not None and p.terms:
        yield divisor, _multiple(sketch, divisor, p, proof)


def _common(sketch: Sketch, term: Term) -> Iterator[tuple[Divisor, Multiple]]:
    """The greatest common divisor of two polynomials divides both."""
    try:
        arguments = " ".join(f"({lean(argument)})" for argument in term.arguments)
    except ValueError:
        return
    text = f"(Nat.gcd {arguments})"
    divisor = Divisor(text, f"({text} : Int)", True, None)
    for side, argument in zip(("left", "right"), term.arguments, strict=True):
        try:
            p = polynomial(argument)
        except NotPolynomial:
            return
        if p.degree < 2 and not any(part.operation == "^" for part in term.parts()):
            return  # of linear terms: a rule of `automation`
        yield divisor, _multiple(sketch, divisor, p, f"Int.natCast_dvd_natCast.mpr (Nat.gcd_dvd_{side} {arguments})")


def _multiple(sketch: Sketch, divisor: Divisor, p: Polynomial, proof: str) -> Multiple:
    claim = f"{divisor.cast} ∣ {p.lean(sketch.naturals(p))}"
    # the polynomial may be written in another way there
    steps = f"have hq := {proof}; try {CASTS} at hq" if "show _" not in proof else f"have hq := {proof}"
    return Multiple(p, f"{claim} := by\n    {steps}\n    obtain ⟨q, hq⟩ := hq\n    exact ⟨q, by grind⟩")


def combination(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial, int] | None:
    """(s, t, c) with ``s * p + t * q = c``, all with integer coefficients and c positive, for polynomials in one
    variable; None where there is no such combination or it is too large."""
    names = sorted({*p.variables, *q.variables})
    if len(names) != 1 or max(p.degree, q.degree) > _HIGHEST_DEGREE:
        return None
    (name,) = names
    # the extended Euclidean algorithm: rows (r, s, t) with r = s * p + t * q
    first, second = (p, constant(1), constant(0)), (q, constant(0), constant(1))
    if first[0].degree < second[0].degree:
        first, second = second, first
    while second[0].degree:
        row = first
        while row[0].terms and row[0].degree >= second[0].degree:
            shift = row[0].degree - second[0].degree
            factor = constant(_leading(row[0], name) / _leading(second[0], name))
            for _ in range(shift):
                factor = factor * variable(name)
            row = (row[0] - factor * second[0], row[1] - factor * second[1], row[2] - factor * second[2])
        first, second = second, row
    if not second[0].terms:
        return None
    denominators = [c.denominator for part in second for c in part.terms.values()]
    scale = Fraction(1)
    for denominator in denominators:
        scale *= Fraction(denominator) / Fraction(_gcd(int(scale), denominator))
    value = second[0].coefficient(()) * scale
    common = 0
    for part in second:
        for c in part.terms.values():
            common = _gcd(common, int(c * scale))
    factor = constant(scale / common * (1 if value > 0 else -1))
    return second[1] * factor, second[2] * factor, int(abs(value) / common)


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return abs(a)


def _leading(p: Polynomial, name: str) -> Fraction:
    return p.coefficient(((name, p.degree),) if p.degree else ())


def _step(sketch: Sketch, divisor: Divisor, multiples: list[Multiple]) -> Iterator[Candidate]:
    """The step for the best combination of two of the polynomials that ``divisor`` divides."""
    if divisor.p is not None:
        multiples = [*multiples, Multiple(divisor.p, f"{divisor.cast} ∣ {divisor.cast} := Int.dvd_refl _")]
    best: tuple[int, Polynomial, Polynomial, Multiple, Multiple] | None = None
    for one, two in combinations(multiples[:5], 2):
        found = combination(one.p, two.p)
        if found is not None and (best is None or found[2] < best[0]):
            best = found[2], found[0], found[1], one, two
    if best is None:
        return
    value, s, t, one, two = best
    first, second, total, name = map(sketch.fresh, ("hp0", "hp1", "hps", "hd"))
    text = " + ".join(
        f"({factor.lean(sketch.naturals(factor))}) * ({part.p.lean(sketch.naturals(part.p))})"
        for factor, part in ((s, one), (t, two))
    )
    lines = [
        f"have {name} : {divisor.cast} ∣ {value} := by",
        f"   have {first} : {one.line}".replace("\n", "\n   "),
        f"   have {second} : {two.line}".replace("\n", "\n   "),
        f"   have {total} := Int.dvd_add (Int.dvd_trans {first} (Int.dvd_mul_left ({s.lean(sketch.naturals(s))}) _))",
        f"     (Int.dvd_trans {second} (Int.dvd_mul_left ({t.lean(sketch.naturals(t))}) _))",
        f"   rw [show ({text} : Int) = {value} by clear {total} {second} {first}; grind] at {total}",
        f"   exact {total}",
    ]
    lines += _cases(sketch, divisor, value, name) if divisor.p is not None else _bounds(sketch, divisor, value, name)
    yield candidate("(" + "\n ".join(lines) + ")", 0.75, _WALL_MS)


def _bounds(sketch: Sketch, divisor: Divisor, value: int, name: str) -> list[str]:
    """What follows for a greatest common divisor: that it divides the numeral, and is one of its divisors."""
    natural, below = divisor.text, sketch.fresh("hle")
    lines = [
        f"replace {name} : {natural} ∣ {value} := Int.natCast_dvd_natCast.mp {name}",
        f"have {below} : {natural} ≤ {value} := Nat.le_of_dvd (by decide) {name}",
    ]
    if value == 1:
        lines.append(f"replace {name} : {natural} = 1 := Nat.dvd_one.mp {name}")
    return [*lines, f"first | omega | exact {name} | exact Nat.dvd_trans {name} (by decide) | skip"]


def _cases(sketch: Sketch, divisor: Divisor, value: int, name: str) -> list[str]:
    """One case for each divisor of the numeral, or only a bound where there are many."""
    known = divisors_of(value) if value <= _LARGEST else []
    size, every, solved = map(sketch.fresh, ("i", "hk", "hs"))
    if not known or len(known) > _MOST_DIVISORS:
        bound = f"Int.le_of_dvd (show (0 : Int) < {value} by decide) {name}"
        return [f"have {solved} := {bound}", "first | omega | skip"]
    signs = (1,) if divisor.natural else (1, -1)
    claim = " ∨ ".join(f"{divisor.cast} = {sign * d}" for d in known for sign in signs)
    lines = [
        f"have {solved} : {claim} := by",
        *(f"   {line}" for line in divisor_lines(every, value)),
        f"   replace {name} : ({divisor.cast}).natAbs ∣ {value} := Int.natAbs_dvd_natAbs.mpr {name}",
        f"   replace {name} := {every} _ {name}",
        f"   clear {every}",
        f"   simp only [List.mem_cons, List.not_mem_nil, or_false] at {name}",
        f"   generalize hi : ({divisor.cast}).natAbs = {size} at {name}",
        *([f"   have hn : 0 ≤ {divisor.cast} := by omega"] if divisor.natural else []),
        "   omega",
    ]
    pattern = " | ".join([solved] * (len(known) * len(signs)))
    finish = f"try first | omega | (subst {solved}; simp_all; done)"
    return [*lines, f"clear {name}", f"rcases {solved} with {pattern} <;> {finish}"]
