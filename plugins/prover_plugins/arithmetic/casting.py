"""Relations of rationals that are about casts of natural numbers only, said of the natural numbers themselves.

``6 * (x : Rat) + 6 * y = x * y`` says ``6 * x + 6 * y = x * y``: what other rules know about natural numbers and
integers, divisors above all, then applies.
"""

from __future__ import annotations

from collections.abc import Iterator

from prover.domain import Candidate
from prover_plugins.arithmetic.certificates import side
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.steps import Sketch, candidate, difference


def castings(sketch: Sketch) -> Iterator[Candidate]:
    """One step that replaces all facts of this kind."""
    lines: list[str] = []
    for fact in sketch.facts:
        if fact.term.operation not in ("=", "≤", "<") or fact.term.arguments[0].kind is not Kind.RAT:
            continue
        if not fact.term.variables() or not all(_cast(part, sketch) for part in fact.term.parts()):
            continue
        p = difference(Term(fact.term.operation, Kind.PROP, fact.term.arguments[::-1]), rational=True)
        if p is None:
            continue
        _, integral = p.primitive()
        high, low = side(integral, 1), side(integral, -1)
        casts = frozenset(integral.variables)
        statement = f"{low.lean(casts, Kind.RAT)} {fact.term.operation} {high.lean(casts, Kind.RAT)}"
        lines.append(
            f"replace {fact.name} : {low.lean()} {fact.term.operation} {high.lean()} := by\n"
            f"   have hq : {statement} := by grind\n"
            f"   exact_mod_cast hq"
        )
    if lines:
        yield candidate("(" + "\n ".join(lines) + ")", 0.7)


def _cast(part: Term, sketch: Sketch) -> bool:
    """Whether a variable, if it is one, is a natural number (and cast, then)."""
    return part.operation != "variable" or sketch.kinds.get(part.name) is Kind.NAT
