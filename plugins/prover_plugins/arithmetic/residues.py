"""Contradictions modulo a number: a modulus for which no residues satisfy an equation, found by trying them all.

``automation`` already splits on residues for moduli that the goal writes; here they are found, for equations such as
``a ^ 2 + b ^ 2 = 4 * c + 3``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import Polynomial
from prover_plugins.arithmetic.steps import Sketch, candidate, difference, residue_lemmas

_MODULI = (2, 3, 4, 5, 7, 8, 9, 11, 13, 16)
_MOST_CASES = 128


def residues(sketch: Sketch) -> Iterator[Candidate]:
    """One step that refutes an equation among the facts (or the negated target) modulo a number."""
    equations = [(fact.name, fact.term) for fact in sketch.facts if fact.term.operation == "="]
    target = sketch.target
    if target is not None and target.operation == "≠":
        equations.append((sketch.fresh("hn"), target))
    for name, term in equations:
        p = difference(term)
        found = _modulus(p) if p is not None and p.degree >= 2 else None
        if found is None:
            continue
        first = f"intro {name}" if term is target else "exfalso"
        yield candidate(f"({first}\n {_tactic(sketch, name, term.arguments[0].kind, *found)})", 0.4)


def _modulus(p: Polynomial) -> tuple[int, list[str]] | None:
    """The first modulus without a solution, with the variables whose residues matter."""
    _, integral = p.primitive()
    for modulus in _MODULI:
        names = sorted({name for m, c in integral.terms.items() if int(c) % modulus for name, _ in m})
        if names and modulus ** len(names) <= _MOST_CASES and all(values(integral, modulus, names)):
            return modulus, names
    return None


def values(p: Polynomial, modulus: int, names: list[str]) -> Iterator[int]:
    """The residues of ``p`` (with integer coefficients) for all residues of ``names``, all that matter."""
    terms = [(m, int(c) % modulus) for m, c in p.terms.items() if int(c) % modulus]
    for residues_ in product(range(modulus), repeat=len(names)):
        value = dict(zip(names, residues_, strict=True))
        total = 0
        for monomial, coefficient in terms:
            for name, exponent in monomial:
                coefficient = coefficient * pow(value[name], exponent, modulus) % modulus
            total += coefficient
        yield total % modulus


def _tactic(sketch: Sketch, equation: str, kind: Kind, modulus: int, names: list[str]) -> str:
    fact = sketch.fresh("hm")
    lines = [f"have {fact} := congrArg (· % {modulus}) {equation}"]
    cases: list[str] = []
    for name in names:
        case = sketch.fresh(f"hr_{name}")
        cases.append(case)
        options = " ∨ ".join(f"{name} % {modulus} = {r}" for r in range(modulus))
        lines.append(f"have {case} : {options} := by omega")
    splits = " <;> ".join(f"rcases {case} with {' | '.join([case] * modulus)}" for case in cases)
    lines.append(f"{splits} <;> simp [{residue_lemmas(kind)}, {', '.join(cases)}] at {fact}")
    return "\n ".join(lines)
