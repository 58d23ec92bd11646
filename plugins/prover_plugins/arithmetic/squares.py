"""Polynomial inequalities from squares and products: what ``omega`` and ``grind`` lack, written out.

For a target ``p ≤ q`` a certificate of ``q - p``; where none is found, the contrary is assumed, and zero is found to
be positive. For a target ``p = q`` that facts of degree 2 or more imply, a certificate that ``(p - q) ^ 2`` is not
positive.
"""

from __future__ import annotations

from collections.abc import Iterator

from prover.domain import Candidate
from prover_plugins.arithmetic.certificates import (
    HIGHEST_DEGREE,
    MOST_VARIABLES,
    Certificate,
    certificate,
    certified,
    related,
    side,
)
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.polynomials import Polynomial, constant
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate, difference


def squares(sketch: Sketch) -> Iterator[Candidate]:
    """One step that proves a nonlinear inequality by a certificate, where one is found; for an equation, that the
    square of its difference is not positive."""
    target = sketch.target
    if target is None or target.operation not in ("≤", "<", "="):
        return
    p = difference(target, rational=True)
    if p is None or not 1 <= p.degree <= HIGHEST_DEGREE or len(p.variables) > MOST_VARIABLES:
        return
    kind = Kind.RAT if target.arguments[0].kind is Kind.RAT else Kind.INT
    casts = frozenset(name for name, known in sketch.kinds.items() if known is Kind.NAT)
    if target.operation == "=":
        if p.degree == 1 and not casts.intersection(p.variables) and related(sketch, p, kind):
            found = certificate(sketch, p * p * constant(-1), kind, casts, strict=False)
            if found is not None:
                yield candidate("(" + "\n ".join(_equation(target, kind, found)) + ")", 0.44)
    elif p.degree > 1 or related(sketch, p, kind):
        found = certificate(sketch, p * constant(-1), kind, casts, target.operation == "<")
        if found is not None:
            yield candidate("(" + "\n ".join(_lines(target, p, kind, casts, found)) + ")", 0.44)
        else:
            yield from _by_contradiction(sketch, target, p, kind, casts)


def _by_contradiction(
    sketch: Sketch, target: Term, p: Polynomial, kind: Kind, casts: frozenset[str]
) -> Iterator[Candidate]:
    """The step that assumes the contrary, and finds a positive combination that is zero."""
    operation, name = "<" if target.operation == "≤" else "≤", sketch.fresh("hneg")
    low, high = target.arguments
    more = sketch.with_fact(Fact(name, Term(operation, Kind.PROP, (high, low))))
    found = certificate(more, Polynomial({}), kind, casts, True, around=p)
    if found is None:
        return
    lemma = f"{low.kind}.not_{'lt' if operation == '<' else 'le'}.mp"
    proof = "\n   ".join(certified("0", "0", kind, found, strict=True))
    lines = [
        f"refine {lemma} fun {name} => ?_",
        f"have hlt : (0 : {kind}) < 0 := by\n   {proof}",
        f"exact absurd hlt ({kind}.lt_irrefl{' _' if kind is Kind.INT else ''})",
    ]
    yield candidate("(" + "\n ".join(lines) + ")", 0.43)


def _lines(
    target: Term, p: Polynomial, kind: Kind, casts: frozenset[str], found: Certificate
) -> list[str]:
    """The steps that prove ``target``, whose sides differ by ``p``."""
    strict = target.operation == "<"
    if casts and kind is Kind.INT:
        below, above = (side(p, sign).lean(casts) for sign in (1, -1))
        first = [f"suffices hz : {below} {target.operation} {above} by first | exact_mod_cast hz | grind"]
    else:
        (below, above), first = map(lean, target.arguments), []
    return [*first, *certified(below, above, kind, found, strict)]


def _equation(target: Term, kind: Kind, found: Certificate) -> list[str]:
    """The steps that prove an equation, the square of whose difference is not positive by the certificate."""
    difference_ = f"({lean(target.arguments[0])} - {lean(target.arguments[1])})"
    proof = "\n   ".join(certified(f"{difference_} ^ 2", "0", kind, found, strict=False))
    nonneg = f"Lean.Grind.OrderedRing.sq_nonneg (R := {kind}) (a := {difference_})"
    return [
        f"have hle : {difference_} ^ 2 ≤ 0 := by\n   {proof}",
        f"have hsq : {difference_} * {difference_} = 0 :=\n"
        f"   (show _ = {difference_} ^ 2 by clear hle; grind).trans ({kind}.le_antisymm hle ({nonneg}))",
        f"simp only [{kind}.mul_eq_zero, or_self] at hsq",
        "omega" if kind is Kind.INT else "grind",
    ]
