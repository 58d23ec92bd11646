"""Turns theorems into tactics for a goal.

Scores stay at or below :data:`BEST`, so that the library comes after what needs no search. A theorem whose
shape fits gets the tactics that its shape is for; one found by its symbols alone goes only into the sets that
``simp`` and ``grind`` are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prover.domain import Candidate
from prover.lean.library import Fit, Premise
from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion

BEST = 0.1
"""The highest score that a theorem of the library can get."""

_EQUATIONS = frozenset({"Eq", "Iff"})
_SETS = (4, 12)
_STEP = 10_000
"""Heartbeats (thousands) of a single application or rewriting."""


def candidates(goal: Reader, premises: Sequence[Premise], proposer: str) -> Iterator[Candidate]:
    """Tactics that use ``premises`` (best first), best first."""
    found: dict[str, Suggestion] = {}
    for suggestion in (*_sets(goal, premises), *_singles(goal, premises)):
        known = found.get(suggestion.tactic)
        if known is None or known.score < suggestion.score:
            found[suggestion.tactic] = suggestion
    for s in sorted(found.values(), key=lambda s: -s.score):
        yield Candidate(s.tactic, proposer, score=s.score, heartbeats=s.heartbeats, wall_ms=s.wall_ms)


def _sets(goal: Reader, premises: Sequence[Premise]) -> Iterator[Suggestion]:
    equations = [p for p in premises if p.entry.head in _EQUATIONS and p.fits != {Fit.BACKWARD}]
    for size in _SETS:
        names = [p.name for p in equations[:size]]
        if names:
            yield Suggestion(f"simp{goal.unfolding(*names)}", 0.09, QUICK)
            yield Suggestion(f"simp_all{goal.unfolding(*names)}", 0.05, QUICK)
        names = [p.name for p in premises[:size]]
        if names:
            yield Suggestion(f"grind{goal.unfolding(*names)}", 0.08, QUICK)


def _singles(goal: Reader, premises: Sequence[Premise]) -> Iterator[Suggestion]:
    for position, premise in enumerate(p for p in premises if p.fits):
        given = not premise.entry.module
        score = (BEST if given else 0.085) / (1 + position / 8)
        name, fits = premise.name, premise.fits
        if Fit.APPLY in fits:
            yield (
                Suggestion(f"exact {name}", score, _STEP)
                if _is_bare(premise)
                else Suggestion(f"apply {name} <;> assumption", score, _STEP)
            )
            yield Suggestion(f"apply {name}", score * 0.95, _STEP)
        if Fit.MPR in fits:
            yield Suggestion(f"apply {name}.mpr", score * 0.9, _STEP)
        if Fit.MP in fits:
            yield Suggestion(f"apply {name}.mp", score * 0.8, _STEP)
        if Fit.REWRITE in fits:
            yield Suggestion(f"rw [{name}]", score * 0.85, _STEP)
            yield Suggestion(f"simp only [{name}]", score * 0.4, _STEP)
        if Fit.BACKWARD in fits:
            yield Suggestion(f"rw [← {name}]", score * 0.45, _STEP)


def _is_bare(premise: Premise) -> bool:
    """Whether the conclusion has no variable of its own, so that there is nothing to be given."""
    return "?" not in premise.entry.term
