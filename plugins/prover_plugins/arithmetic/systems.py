"""Systems of polynomial equations: an equation in one unknown that follows, factored, one case for each root.

``a * b = 12``, ``b * c = 20`` and ``a * c = 15`` imply ``(a - 3) * (a + 3) = 0``. Products of the equations with
monomials up to a degree span a vector space of polynomials that are zero; linear algebra finds those in one variable
alone (the first step of Macaulay's elimination). In Lean ``grind`` checks that the product is zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import Monomial, NotPolynomial, Polynomial, constant, factors, variable
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate, difference

_MOST_VARIABLES = 3
_MOST_EQUATIONS = 4
_HIGHEST_DEGREE = 4
_MOST_ROWS = 120
_WALL_MS = 12_000


def systems(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each variable that the equations among the facts determine up to finitely many values."""
    for kind in (Kind.RAT, Kind.INT):
        facts: list[Fact] = []
        equations: list[Polynomial] = []
        for fact in sketch.facts:
            p = difference(fact.term, rational=True) if fact.term.operation == "=" else None
            if p is not None and 1 <= p.degree <= 3 and fact.term.arguments[0].kind is kind and p.variables:
                facts.append(fact)
                equations.append(p)
        names = sorted({name for p in equations for name in p.variables})
        if not 2 <= len(equations) <= _MOST_EQUATIONS or not 2 <= len(names) <= _MOST_VARIABLES:
            continue
        if max(p.degree for p in equations) < 2 or any(sketch.kinds.get(name) is not kind for name in names):
            continue
        for name in names:
            if any(set(p.variables) == {name} for p in equations):
                continue  # known already
            found = eliminated(equations, names, name)
            if found is not None:
                yield from _cases(sketch, kind, facts, found)


def eliminated(equations: Sequence[Polynomial], names: Sequence[str], name: str) -> Polynomial | None:
    """A polynomial in ``name`` alone, of least degree, that is a combination of the equations times monomials."""
    rows: list[dict[Monomial, Fraction]] = []
    for p in equations:
        for degree in range(_HIGHEST_DEGREE - p.degree + 1):
            for chosen in combinations_with_replacement(names, degree):
                factor = constant(1)
                for other in chosen:
                    factor = factor * variable(other)
                rows.append(dict((p * factor).terms))
    if len(rows) > _MOST_ROWS:
        return None

    def alone(monomial: Monomial) -> bool:
        return all(other == name for other, _ in monomial)

    # First the monomials with other variables, then the powers, the highest first: what is left is of least degree.
    columns = sorted({m for row in rows for m in row}, key=lambda m: (alone(m), -sum(e for _, e in m), m))
    best: Polynomial | None = None
    for column in columns:
        pivot = next((row for row in rows if row.get(column)), None)
        if pivot is None:
            continue
        rows = [row for row in rows if row is not pivot]
        if alone(column):
            best = Polynomial(dict(pivot))  # later pivots are of lower degree
        for row in rows:
            if row.get(column):
                ratio = row[column] / pivot[column]
                for monomial, c in pivot.items():
                    value = row.get(monomial, Fraction(0)) - ratio * c
                    if value:
                        row[monomial] = value
                    else:
                        row.pop(monomial, None)
    return best if best is not None and best.degree >= 1 else None


def _cases(sketch: Sketch, kind: Kind, facts: list[Fact], p: Polynomial) -> Iterator[Candidate]:
    try:
        parts = [factor for factor, _ in factors(p)]
    except NotPolynomial:
        return
    if not any(factor.degree == 1 for factor in parts):
        return
    name = sketch.fresh("hf")
    product = " * ".join(f"({factor.lean(kind=kind)})" for factor in parts)
    others = sketch.others(*(fact.name for fact in facts))
    clear = f"clear {' '.join(others)}; " if others else ""
    lines = [f"have {name} : {product} = 0 := by {clear}grind"]
    if len(parts) > 1:
        nested = name
        for _ in parts[2:]:
            nested = f"({nested} | {name})"
        lines.append(f"simp only [{kind}.mul_eq_zero] at {name}")
        lines.append(f"rcases {name} with {nested} | {name} <;> try first | omega | grind")
    else:
        lines.append("try first | omega | grind")
    yield candidate("(" + "\n ".join(lines) + ")", 0.45, _WALL_MS)
