"""Unfolding the user's definitions, one at a time, and compositions of functions."""

from __future__ import annotations

from collections.abc import Iterator

from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion


def unfolding(goal: Reader) -> Iterator[Suggestion]:
    """``simp only`` and ``unfold`` for each function of the header that occurs in the goal. Compositions, which
    ``simp`` makes of two maps but does not compute, are written out."""
    if "Function.comp" in goal.goal.symbols:
        yield Suggestion("simp_all [Function.comp_def]", 0.6, QUICK)
    functions = dict.fromkeys(
        a.function for a in goal.applications("recursive", "plain", local=True)
    )
    for function in list(functions)[:6]:
        yield Suggestion(f"simp only [{function}]", 0.08, QUICK)
        yield Suggestion(f"unfold {function}", 0.06, QUICK)
        yield Suggestion(f"rw [{function}]", 0.04, QUICK)
    for fact in goal.facts:
        used = [d for d in goal.definitions if d in fact.symbols]
        if used:
            yield Suggestion(f"simp [{', '.join(used)}] at {fact.name}", 0.15, QUICK)
