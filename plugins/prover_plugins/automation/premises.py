"""Theorems of the library that fit the goal by their symbols: to rewrite with, to apply, to give to tactics."""

from __future__ import annotations

from collections.abc import Iterator

from prover.lean.library import Entry, Library
from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion

_EQUATIONS = frozenset({"Eq", "Iff"})
_SETS = (4, 12)


def premises(goal: Reader, library: Library) -> Iterator[Suggestion]:
    """Single theorems to rewrite with or apply; sets of the best ones for ``simp`` and ``grind``."""
    symbols = goal.symbols.difference(goal.definitions)
    if goal.goal.head:
        symbols |= {goal.goal.head}
    ranked = library.rank(symbols, 48)
    if not ranked:
        return
    equations = [e for e in ranked if e.head in _EQUATIONS]
    for size in _SETS:
        chosen = [e.name for e in equations[:size]]
        if chosen:
            yield Suggestion(f"simp{goal.unfolding(*chosen)}", 0.09, QUICK)
            yield Suggestion(f"simp_all{goal.unfolding(*chosen)}", 0.05, QUICK)
        names = [e.name for e in ranked[:size]]
        yield Suggestion(f"grind{goal.unfolding(*names)}", 0.08, QUICK)
    for position, entry in enumerate(ranked):
        yield from _single(goal, entry, 0.07 / (1 + position / 8))


def _single(goal: Reader, entry: Entry, score: float) -> Iterator[Suggestion]:
    same_head = entry.head == goal.goal.head
    if same_head:
        yield Suggestion(f"apply {entry.name}", score * 1.2, 10_000)
    elif entry.head == "Iff" and goal.goal.head in entry.sides:
        yield Suggestion(
            f"apply {entry.name}.{'mpr' if entry.sides[0] == goal.goal.head else 'mp'}", score
        )
    if entry.head in _EQUATIONS and entry.sides:
        if entry.sides[0] in goal.symbols:
            yield Suggestion(f"rw [{entry.name}]", score, 10_000)
        if entry.sides[-1] in goal.symbols and len(entry.sides) > 1:
            yield Suggestion(f"rw [← {entry.name}]", score * 0.5, 10_000)
