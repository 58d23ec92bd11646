"""Witnesses for ``∃``: an equation solved for the variable, or a number that fits small models of the hypotheses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt, lcm

from prover.domain import Candidate
from prover_plugins.arithmetic.counterexamples import WORK, counterexample, models
from prover_plugins.arithmetic.goals import Question
from prover_plugins.arithmetic.language import FALSE, Kind, Term
from prover_plugins.arithmetic.polynomials import (
    NotPolynomial,
    Polynomial,
    constant,
    divided,
    factors,
    polynomial,
    variable,
)
from prover_plugins.arithmetic.residues import values
from prover_plugins.arithmetic.semantics import Undecided, Values, compiled, evaluate
from prover_plugins.arithmetic.steps import Sketch, candidate, difference, residue_lemmas

_NUMERALS = (*range(13), -1, -2, -3, -4, -5, -6)
_MODELS = 8
_MORE = 20
"""How much longer numerals alone are looked for than counterexamples: such a target is the whole problem."""
_LARGEST_DIVISOR = 24
_LARGEST_SLOPE = 13
_LARGEST_MODULUS = 200


def witnesses(sketch: Sketch) -> Iterator[Candidate]:
    """Steps that give the witnesses of an existential target, and try to finish."""
    target = sketch.target
    if target is None or target.operation != "∃":
        return
    bound, body = _opened(target)
    if len(bound) == 1:
        (name, kind), *_ = bound
        found = dict.fromkeys(_solved(sketch, name, kind, body), 0.6)
        found |= dict.fromkeys(_constants(bound, body), 0.6)
        found |= dict.fromkeys(_roots(sketch, name, kind, body), 0.6)
        fitting = _fitting(sketch, name, kind, body)
        if all(text.strip("(-)").isdecimal() for text in fitting):  # they may fit small values only
            found |= dict.fromkeys(_multiples(sketch, name, kind, body), 0.45)
        for text in fitting:
            found.setdefault(text, 0.35)
        yield from _rounded(sketch, fitting)
        yield from _divided(sketch, name, kind, body)
    else:
        found = dict.fromkeys(_constants(bound, body), 0.6)
    for text, score in found.items():
        yield candidate(f"exact ⟨{text}, by first | omega | grind | decide⟩", score)
        yield candidate(f"refine ⟨{text}, ?_⟩", score * 0.5)


def _opened(target: Term) -> tuple[list[tuple[str, Kind]], Term]:
    bound: list[tuple[str, Kind]] = []
    while target.operation == "∃":
        assert target.bound is not None
        bound.append((target.name, target.bound))
        (target,) = target.arguments
    return bound, target


def _equations(sketch: Sketch, name: str, body: Term) -> Iterator[tuple[Polynomial, Polynomial]]:
    """(a, b) for each equation ``a * name = b`` of ``body``; also with the facts ``v = …`` put in."""
    for part in body.conjuncts():
        p = difference(part) if part.operation == "=" else None
        split = None if p is None else p.linear_in(name)
        if split is None:
            continue
        slope, rest = split
        rest = rest * constant(-1)
        yield slope, rest
        replaced = rest
        try:
            for fact in sketch.facts:
                if fact.term.operation == "=" and fact.term.arguments[0].operation == "variable":
                    left, right = fact.term.arguments
                    if left.name not in right.variables():
                        replaced = replaced.substituted(left.name, polynomial(right))
        except NotPolynomial:
            continue
        if replaced != rest:
            yield slope, replaced


def _solved(sketch: Sketch, name: str, kind: Kind, body: Term) -> Iterator[str]:
    """Polynomials that solve the equations of ``body`` linear in ``name``."""
    for slope, rest in _equations(sketch, name, body):
        quotient = divided(rest, slope)
        if quotient is not None and all(c.denominator == 1 for c in quotient.terms.values()):
            yield _cast(quotient, sketch, kind)


def _roots(sketch: Sketch, name: str, kind: Kind, body: Term) -> Iterator[str]:
    """The square root of a polynomial p that is a square, for ``p = name ^ 2``."""
    square = variable(name) * variable(name)
    for part in body.conjuncts():
        p = difference(part) if part.operation == "=" else None
        if p is None or p.coefficient(((name, 2),)) not in (1, -1):
            continue
        rest = square - p * constant(p.coefficient(((name, 2),)))
        if name in rest.variables or not 2 <= rest.degree <= 8:
            continue
        content, primitive = rest.primitive()
        root = constant(isqrt(content.numerator))
        for factor, multiplicity in factors(primitive):
            for _ in range(multiplicity // 2):
                root = root * factor
        if (root * root).terms == rest.terms:
            for found in (root, root * constant(-1)):
                if kind is Kind.INT or all(c > 0 for c in found.terms.values()):
                    yield _cast(found, sketch, kind)


def _divided(sketch: Sketch, name: str, kind: Kind, body: Term) -> Iterator[Candidate]:
    """Where the equation is ``d * name = p``: proves that d divides p, residue by residue."""
    for slope, rest in _equations(sketch, name, body):
        divisor = abs(slope.coefficient(()))
        variables = rest.variables
        if slope.degree or divisor.denominator != 1 or not 2 <= divisor <= 8 or not 1 <= len(variables) <= 2:
            continue
        if any(c.denominator != 1 for c in rest.terms.values()) or any(sketch.kinds[v] is not kind for v in variables):
            continue
        if slope.coefficient(()) < 0:
            rest = rest * constant(-1)
        if any(values(rest, int(divisor), variables)):
            continue  # it does not always divide
        d, fact, witness = int(divisor), sketch.fresh("hd"), sketch.fresh("k")
        cases = {v: sketch.fresh(f"hr_{v}") for v in variables}
        splits = "".join(
            f"have {case} : {' ∨ '.join(f'{v} % {d} = {r}' for r in range(d))} := by omega\n   "
            for v, case in cases.items()
        )
        both = " <;> ".join(f"rcases {case} with {' | '.join([case] * d)}" for case in cases.values())
        lemmas = residue_lemmas(kind)
        dividing = "Int.dvd_of_emod_eq_zero" if kind is Kind.INT else "Nat.dvd_of_mod_eq_zero"
        yield candidate(
            f"(have {fact} : {d} ∣ {rest.lean()} := by\n   {splits}apply {dividing}\n   "
            f"{both} <;> simp [{lemmas}, {', '.join(cases.values())}]\n"
            f" obtain ⟨{witness}, {fact}⟩ := {fact}\n exact ⟨{witness}, by grind⟩)",
            0.4,
        )


def _cast(p: Polynomial, sketch: Sketch, kind: Kind) -> str:
    return p.lean(sketch.naturals(p) if kind is Kind.INT else frozenset())


@dataclass(frozen=True, slots=True)
class _Value:
    """A variable (empty: 0) and a number, or that variable divided as Lean does: rounded down."""

    variable: str
    offset: int = 0
    divisor: int = 1

    def of(self, values: Values) -> int:
        """The number for those values of the variables."""
        return int((values[self.variable] if self.variable else 0) + self.offset) // self.divisor


def _literals(term: Term) -> Iterator[int]:
    if term.operation == "literal":
        yield int(term.value)
    for argument in term.arguments:
        yield from _literals(argument)


def _fitting(sketch: Sketch, name: str, kind: Kind, body: Term) -> list[str]:
    """Numerals, variables, their neighbours and quotients that make ``body`` true in small models of the facts."""
    question = Question(sketch.kinds, tuple(f.term for f in sketch.facts), body, tuple(sketch.kinds))
    examples: list[Values] = [dict(m) for m in models(question, _MODELS)]
    if not examples:
        return []
    options = [(f"({n})" if n < 0 else str(n), _Value("", n)) for n in _NUMERALS if n >= 0 or kind is Kind.INT]
    divisors = sorted({n for n in _literals(body) if 2 <= n <= _LARGEST_DIVISOR})
    for other in [v for v in body.variables() if sketch.kinds.get(v) is kind]:
        options += [(f"{other} + {n}" if n else other, _Value(other, n)) for n in range(4)]
        options += [(f"{other} / {d}", _Value(other, divisor=d)) for d in divisors]
    found: list[str] = []
    for text, value in options:
        try:
            if all(evaluate(body, {**e, name: value.of(e)}) for e in examples):
                found.append(text)
        except Undecided:
            continue
    return found[:3]


def _multiples(sketch: Sketch, name: str, kind: Kind, body: Term) -> list[str]:
    """``a * n + b`` for a variable n of the facts that makes ``body`` true in small models: what there are infinitely
    many of has such a member for each n."""
    others = [v for v in body.variables() if v != name and sketch.kinds.get(v) is kind]
    if len(others) != 1 or body.operation == "∀":
        return []
    (other,) = others
    question = Question(sketch.kinds, tuple(f.term for f in sketch.facts), body, tuple(sketch.kinds))
    examples: list[Values] = [dict(m) for m in models(question, _MODELS)]
    moduli = [n for n in _literals(body) if 2 <= n <= _LARGEST_MODULUS]
    slopes = dict.fromkeys([*range(1, _LARGEST_SLOPE), lcm(*moduli)] if moduli else range(1, 4))
    test = compiled(body)
    for slope in slopes:
        if slope > _LARGEST_MODULUS:
            continue
        for offset in range(2 * slope):
            try:
                if examples and all(test({**e, name: slope * e[other] + offset}) for e in examples):
                    return [f"{slope} * {other} + {offset}"]
            except Undecided:
                break
    return []


def _rounded(sketch: Sketch, fitting: list[str]) -> Iterator[Candidate]:
    """For a quotient as witness: what is left to show is the remainder, the same in all small models."""
    for text in fitting:
        variable_, _, divisor = text.partition(" / ")
        if not divisor:
            continue
        question = Question(sketch.kinds, tuple(f.term for f in sketch.facts), FALSE, tuple(sketch.kinds))
        rests = {int(m[variable_]) % int(divisor) for m in models(question, _MODELS)}
        if len(rests) == 1:
            name = sketch.fresh("hr")
            rest = f"suffices {name} : {variable_} % {divisor} = {rests.pop()} by omega"
            yield candidate(f"(refine ⟨{text}, ?_⟩\n {rest})", 0.5)


def _constants(bound: list[tuple[str, Kind]], body: Term) -> list[str]:
    """Numerals for several variables where ``body`` mentions no other."""
    if body.variables() - {name for name, _ in bound}:
        return []
    if any(kind not in (Kind.NAT, Kind.INT) for _, kind in bound):
        return []
    question = Question(dict(bound), tuple(body.conjuncts()), FALSE, tuple(name for name, _ in bound))
    model = counterexample(question, _MORE * WORK)
    if model is None:
        return []
    return [", ".join(f"({model[name]})" if model[name] < 0 else str(model[name]) for name, _ in bound)]
