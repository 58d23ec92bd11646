"""Bounds for the least of ordered unknowns: ``x ≤ y ≤ z`` and ``x * y * z = x + y + z``.

With ``x = b + a``, ``y = x + d`` and so on, for some b, all coefficients of the difference of the two sides have the
same sign: then no x from b on solves the equation. What is left are finitely many x, for each of which the equation has
one unknown less.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind, lean
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, constant, variable
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate, difference

_HIGHEST_BOUND = 12
_MOST_UNKNOWNS = 4
_WALL_MS = 12_000


def ordering(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each equation of natural numbers whose unknowns are ordered: a case for each least one."""
    below = _below(sketch)
    for fact in sketch.facts:
        p = difference(fact.term) if fact.term.operation == "=" else None
        if p is None or p.degree < 2 or not 2 <= len(p.variables) <= _MOST_UNKNOWNS:
            continue
        if fact.term.arguments[0].kind is not Kind.NAT:
            continue
        chain = _chain(list(p.variables), below)
        found = None if chain is None else _bound(p, chain, below)
        if chain is not None and found is not None:
            yield _step(sketch, fact, chain, found, below)


def _below(sketch: Sketch) -> dict[tuple[str, str], tuple[int, str]]:
    """(d, fact) for the pairs of variables with ``x + d ≤ y``."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for fact in sketch.facts:
        if fact.term.operation in ("≤", "<"):
            left, right = fact.term.arguments
            if left.operation == right.operation == "variable" and left.kind is Kind.NAT:
                found[left.name, right.name] = int(fact.term.operation == "<"), fact.name
    return found


def _chain(names: list[str], below: dict[tuple[str, str], tuple[int, str]]) -> list[str] | None:
    """The variables in an order in which each is known not to be larger than the next."""
    first = [x for x in names if not any((y, x) in below for y in names)]
    if len(first) != 1:
        return None
    chain = first
    while len(chain) < len(names):
        following = [y for y in names if (chain[-1], y) in below and y not in chain]
        if len(following) != 1:
            return None
        chain.append(following[0])
    return chain


def _shifted(p: Polynomial, chain: list[str], start: int, below: dict[tuple[str, str], tuple[int, str]]) -> Polynomial:
    """``p`` in terms of how much the least variable is more than ``start``, and every other than the one before it."""
    for before, name in reversed(list(pairwise(chain))):
        p = p.substituted(name, variable(before) + variable(name) + constant(below[before, name][0]))
    return p.substituted(chain[0], variable(chain[0]) + constant(start))


def _bound(
    p: Polynomial, chain: list[str], below: dict[tuple[str, str], tuple[int, str]]
) -> tuple[int, Polynomial] | None:
    """The least b for which no solution has the least variable from b on, with the difference of the sides there."""
    for start in range(1, _HIGHEST_BOUND + 1):
        try:
            shifted = _shifted(p, chain, start, below)
        except NotPolynomial:
            return None
        if shifted.coefficient(()) and len({c > 0 for c in shifted.terms.values()}) == 1:
            return start, shifted
    return None


def _step(
    sketch: Sketch,
    fact: Fact,
    chain: list[str],
    found: tuple[int, Polynomial],
    below: dict[tuple[str, str], tuple[int, str]],
) -> Candidate:
    """The bound, and its cases."""
    start, shifted = found
    names = {name: sketch.fresh(f"d{place}") for place, name in enumerate(chain)}
    for name, new in names.items():
        shifted = shifted.substituted(name, variable(new))
    left, right = map(lean, fact.term.arguments)
    if shifted.coefficient(()) < 0:
        left, right, shifted = right, left, shifted * constant(-1)
        equation = f"{fact.name}.symm"
    else:
        equation = fact.name
    least, bound = chain[0], sketch.fresh("hlo")
    lines = [
        f"have {bound} : {least} < {start} := by",
        "  apply Nat.lt_of_not_le; intro hge",
        f"  have hfact : {left} = {right} := {equation}",
        f"  obtain ⟨{names[least]}, hd0⟩ : ∃ d, {least} = d + {start} := ⟨{least} - {start}, by omega⟩",
    ]
    for place, (before, name) in enumerate(pairwise(chain), 1):
        more = below[before, name][0]
        witness = f"⟨{name} - {before} - {more}, by omega⟩"
        lines.append(f"  obtain ⟨{names[name]}, hd{place}⟩ : ∃ d, {name} = {before} + d + {more} := {witness}")
    kept = " ".join(f"hd{place}" for place in range(len(chain)))
    lines += [
        f"  have hdiff : {left} = {right} + ({shifted.lean()}) := by",
        f"    clear hfact hge {' '.join(sketch.others())}",
        f"    subst {' '.join(f'hd{place}' for place in range(len(chain)))}",
        "    grind",
        f"  clear {kept}",
        "  omega",
    ]
    cases = " ∨ ".join(f"{least} = {value}" for value in range(start))
    lines.append(f"obtain {' | '.join(['rfl'] * start)} : {cases} := by omega")
    return candidate("(" + "\n ".join(lines) + ")\n<;> try omega", 0.58, _WALL_MS)
