"""Truncated subtraction of naturals made exact: ``b ≤ a`` turns ``a`` into ``b + c``."""

from __future__ import annotations

from collections.abc import Iterator

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.steps import Sketch, candidate


def subtractions(sketch: Sketch) -> Iterator[Candidate]:
    """Replaces the larger of two variables, where a fact orders them and some term subtracts."""
    terms = [fact.term for fact in sketch.facts] + ([sketch.target] if sketch.target is not None else [])
    if not any(part.operation == "-" and part.kind is Kind.NAT for term in terms for part in term.parts()):
        return
    for fact in sketch.facts:
        pair = _ordered(fact.term)
        if pair is None:
            continue
        low, high, strict = pair
        name = sketch.fresh("d")
        shift, back = (" + 1", " - 1") if strict else ("", "")
        claim = f"∃ {name}, {high} = {low} + {name}{shift}"
        step = f"obtain ⟨{name}, rfl⟩ : {claim} := ⟨{high} - {low}{back}, by omega⟩"
        yield candidate(f"({step}\n simp only [Nat.add_sub_cancel_left, Nat.add_assoc]\n grind)", 0.25)
        yield candidate(step, 0.15)


def _ordered(term: Term) -> tuple[str, str, bool] | None:
    """(low, high, strict) of ``low ≤ high`` between two natural variables."""
    if term.operation not in ("≤", "<"):
        return None
    low, high = term.arguments
    if low.operation == high.operation == "variable" and low.kind is high.kind is Kind.NAT and low.name != high.name:
        return low.name, high.name, term.operation == "<"
    return None
