"""Elimination: a variable that a linear equation determines is replaced, where something else is not linear."""

from __future__ import annotations

from collections.abc import Iterator

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import Polynomial, constant
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate, difference


def eliminations(sketch: Sketch) -> Iterator[Candidate]:
    """Steps that solve a linear equation among the facts for a variable and substitute it."""
    target = sketch.target
    if target is not None and not any(term.is_nonlinear() for term in [target, *(f.term for f in sketch.facts)]):
        return  # a target that is not understood may speak of a variable's digits, numerator or floor
    for fact in sketch.facts:
        if fact.term.operation != "=":
            continue
        solved = _solved(sketch, fact)
        if solved is None:
            continue
        name, text = solved
        equation = sketch.fresh("he")
        by = "grind" if sketch.kinds[name] is Kind.RAT else "omega"
        yield candidate(f"(have {equation} : {name} = {text} := by {by}\n subst {equation})", 0.36)


def _solved(sketch: Sketch, fact: Fact) -> tuple[str, str] | None:
    """(variable, what it is equal to) for a linear equation of two or more terms."""
    left, right = fact.term.arguments
    if "variable" in (left.operation, right.operation):
        return None  # substituted as it is
    if left.kind is Kind.NAT and left.operation == "-" and right.operation == "literal" and right.value > 0:
        minuend, subtrahend = left.arguments
        if minuend.operation == subtrahend.operation == "variable" and minuend.name != subtrahend.name:
            return minuend.name, f"{subtrahend.name} + {right.value}"
    p = difference(fact.term, rational=True)
    if p is None or p.degree != 1 or any(part.operation == "cast" for part in fact.term.parts()):
        return None
    for name in p.variables:
        slope = p.coefficient(((name, 1),))
        value = (p - Polynomial({((name, 1),): slope})) * constant(-1 / slope)
        if left.kind is not Kind.RAT and any(c.denominator != 1 for c in value.terms.values()):
            continue
        if left.kind is Kind.NAT and any(c < 0 for c in value.terms.values()):
            continue
        return name, value.lean(kind=left.kind)
    return None
