"""Equations whose difference of sides is a product: one case for each factor.

The product is stated over the integers (natural numbers are cast), ``grind``'s ring solver proves that it is what
the hypothesis says, and ``Int.mul_eq_zero`` takes it apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, factors
from prover_plugins.arithmetic.steps import CASTS, Fact, Sketch, candidate, cast_equation, difference

_MOST_FACTORS = 4


def factorings(sketch: Sketch) -> Iterator[Candidate]:
    """Case splits on factored equations among the facts."""
    for fact in sketch.facts:
        p = difference(fact.term, rational=True) if fact.term.operation == "=" else None
        if p is None or p.degree < 2:
            continue
        try:
            found = [factor for factor, multiplicity in factors(p) for _ in range(multiplicity)]
        except NotPolynomial:
            continue
        if 1 < len(found) <= _MOST_FACTORS:
            yield from _cases(sketch, fact, p, found)


def _cases(sketch: Sketch, fact: Fact, p: Polynomial, found: list[Polynomial]) -> Iterator[Candidate]:
    kind = fact.term.arguments[0].kind
    casts = sketch.naturals(p)
    if kind is Kind.RAT and casts:
        return
    prefix = "Rat" if kind is Kind.RAT else "Int"
    name = sketch.fresh("hf")
    given = sketch.fresh("hz", [name])
    product = " * ".join(f"({factor.lean(casts)})" for factor in found)
    lift = f"have {given} := {cast_equation(fact.name)}\n   {CASTS} at {given}\n   " if casts else ""
    head = f"have {name} : {product} = 0 := by\n   {lift}grind\n simp only [{prefix}.mul_eq_zero] at {name}"
    nested = name
    for _ in found[2:]:  # the product is associated to the left, and so is the disjunction
        nested = f"({nested} | {name})"
    split = f"rcases {name} with {nested} | {name}"
    yield candidate(f"({head}\n {split} <;> try first | omega | grind)", 0.45)
