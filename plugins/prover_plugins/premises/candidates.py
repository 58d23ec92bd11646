"""Turns theorems into tactics for a goal.

Scores stay at or below :data:`BEST`, so that the library comes after what needs no search; only a theorem that is just
what is to be shown (:func:`_is_sure`) comes before inductions. A theorem whose shape fits gets the tactics that its
shape is for; one found by its symbols alone goes only into the sets that ``simp`` and ``grind`` are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prover.domain import Candidate
from prover.lean.library import Fit, Premise
from prover.lean.terms import Term
from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.together import finishers
from prover_plugins.premises.sets import is_specific, matchable, rewriting

SURE = 0.5
"""The score of applying a theorem that is just what is to be shown: trying it takes some milliseconds."""

BEST = 0.18
"""The highest score of any other candidate."""

_THEOREM = 0.1
"""The highest score that a theorem of the library can get."""

_SETS = (4, 12)
_MOST_UNFOLDED = 3
_SIMPLIFYING = 1_500
"""Heartbeats (thousands) of simplifying with theorems: nine of ten that succeed take less than a tenth of what those
that run in circles take until QUICK ends them."""

_MOST_SURE = 3
_NEARLY_ALL = 0.8
"""The types of variables are not among the symbols of a goal."""

_STEP = 10_000
"""Heartbeats (thousands) of a single application or rewriting."""


def candidates(
    goal: Reader,
    premises: Sequence[Premise],
    proposer: str,
    definitions: Sequence[str] = (),
    injections: Sequence[Premise] = (),
) -> Iterator[Candidate]:
    """Tactics that use ``premises`` (best first), unfold ``definitions`` of the library (rarest first) or compare
    images under ``injections``; best first."""
    found: dict[str, Suggestion] = {}
    for suggestion in (
        *_sure(premises),
        *_sets(goal, premises),
        *_singles(goal, premises),
        *_unfolding(goal, premises, definitions),
        *_images(goal, injections),
    ):
        known = found.get(suggestion.tactic)
        if known is None or known.score < suggestion.score:
            found[suggestion.tactic] = suggestion
    for s in sorted(found.values(), key=lambda s: -s.score):
        yield Candidate(s.tactic, proposer, score=s.score, heartbeats=s.heartbeats, wall_ms=s.wall_ms)


def may_be_sure(goal: Reader) -> bool:
    """Whether some theorem may be just what is to be shown: not where the goal has functions of the header's own, about
    which no theorem is known."""
    return not goal.definitions or bool(goal.goal.theorems)


def _sure(premises: Sequence[Premise]) -> Iterator[Suggestion]:
    for position, premise in enumerate([p for p in premises if _is_sure(p)][:_MOST_SURE]):
        tactic = f"exact {premise.name}" if _is_bare(premise) else f"apply {premise.name} <;> assumption"
        yield Suggestion(tactic, SURE / (1 + position / 8), _STEP)


def _is_sure(premise: Premise) -> bool:
    """Whether its conclusion has the goal as an instance and the goal speaks of nearly all that its hypotheses do, and
    not of numbers and logic alone, of which many theorems do."""
    if Fit.APPLY not in premise.fits or premise.covered < _NEARLY_ALL:
        return False
    term = Term.read(premise.entry.term)
    return term is not None and is_specific(term)


def _sets(goal: Reader, premises: Sequence[Premise]) -> Iterator[Suggestion]:
    equations = rewriting(premises, goal.symbols, max(_SETS))
    for size in _SETS:
        names = [p.name for p in equations[:size]]
        if names:
            yield Suggestion(f"simp{goal.unfolding(*names)}", 0.09, _SIMPLIFYING)
            yield Suggestion(f"simp_all{goal.unfolding(*names)}", 0.05, _SIMPLIFYING)
        names = [p.name for p in matchable(premises, size)]
        if names:
            yield Suggestion(f"grind{goal.unfolding(*names)}", 0.08, QUICK)


def _singles(goal: Reader, premises: Sequence[Premise]) -> Iterator[Suggestion]:
    for position, premise in enumerate(p for p in premises if p.fits):
        given = not premise.entry.module
        score = (_THEOREM if given else 0.085) / (1 + position / 8)
        name, fits = premise.name, premise.fits
        if Fit.APPLY in fits:
            yield (
                Suggestion(f"exact {name}", score, _STEP)
                if _is_bare(premise)
                else Suggestion(f"apply {name} <;> {finishers(goal, 'assumption')}", score, _STEP)
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


def _unfolding(goal: Reader, premises: Sequence[Premise], definitions: Sequence[str]) -> Iterator[Suggestion]:
    """Unfolds what the library defines, where its theorems say too little: one function, or all, with what is known."""
    if not definitions:
        return
    here = definitions[:_MOST_UNFOLDED]
    known = [p.name for p in rewriting(premises, goal.symbols, min(_SETS))]
    yield Suggestion(f"simp_all{goal.unfolding(*here)}", BEST, _SIMPLIFYING)
    yield Suggestion(f"grind{goal.unfolding(*here)}", 0.06, QUICK)
    if known:
        yield Suggestion(f"simp{goal.unfolding(*here, *known)}", 0.045, _SIMPLIFYING)
    for position, name in enumerate(here):
        if len(here) > 1:
            yield Suggestion(f"simp_all{goal.unfolding(name)}", 0.07 / (1 + position), _SIMPLIFYING)
        yield Suggestion(f"unfold {name}", 0.05 / (1 + position), _STEP)


def _images(goal: Reader, injections: Sequence[Premise]) -> Iterator[Suggestion]:
    """Equal images prove equality: words by their bits or numbers, vectors by their lists."""
    for position, injection in enumerate(injections[:_MOST_UNFOLDED]):
        score = _THEOREM / (1 + position / 8)
        yield Suggestion(f"apply {injection.name}.mp <;> {finishers(goal)}", score, QUICK)
        yield Suggestion(f"(apply {injection.name}.mp; simp)", score * 0.6, QUICK)


def _is_bare(premise: Premise) -> bool:
    """Whether the conclusion has no variable of its own, so that there is nothing to be given."""
    return "?" not in premise.entry.term
