"""Tactics that finish a goal or fail; simplification that may also only advance it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prover_plugins.automation.reading import Reader, Suggestion

QUICK = 6_000
"""Heartbeats (thousands) of a first try: nine of ten successes on the public sets need less."""

MEDIUM = 40_000

FULL = 200_000
"""Lean's default, what the final check allows."""


_BOUND = {"decide": 1.0, "decide +kernel": 0.3, "assumption": 1.0, "simp": 0.3}
"""What is tried on a goal that begins with a binder, and how much of its score it keeps: the rest does the same on the
goal without the binder, and a failing ``grind`` is the dearest of all steps."""


def closing_bound(goal: Reader) -> Iterator[Suggestion]:
    """What of :func:`closing` may do on a goal that begins with a binder what it cannot do later."""
    for suggestion in closing(goal):
        if suggestion.tactic in _BOUND:
            yield replace(suggestion, score=suggestion.score * _BOUND[suggestion.tactic])


def closing(goal: Reader) -> Iterator[Suggestion]:
    """``rfl``, ``omega``, ``simp_all``, ``grind`` and ``decide`` with the user's definitions."""
    unfolding = goal.unfolding()
    shape = goal.goal.shape
    variables = goal.variables
    if shape in ("eq", "iff", "le", "other"):
        yield Suggestion("rfl", 0.9, 5_000)
    if shape == "true":
        yield Suggestion("trivial", 1.0)
    if any(f.head == goal.goal.head for f in goal.facts):
        yield Suggestion("assumption", 0.92, 2_000)
    if goal.is_arithmetic:
        yield Suggestion("omega", 0.8, MEDIUM)
    yield Suggestion(f"simp_all{unfolding}", 0.75, QUICK)
    yield Suggestion(f"grind{unfolding}", 0.72, QUICK)
    if not variables:
        yield Suggestion("decide", 0.8, QUICK)
        yield Suggestion("decide +kernel", 0.5, FULL, 10_000)
    if unfolding:
        yield Suggestion(f"simp{unfolding}", 0.45, QUICK)
        yield Suggestion("simp_all", 0.35, QUICK)
        yield Suggestion("grind", 0.25, QUICK)
    else:
        yield Suggestion("simp", 0.5, QUICK)
    if goal.facts:
        yield Suggestion(f"simp{unfolding} at *", 0.2, QUICK)
    yield Suggestion(f"grind{unfolding}", 0.12, MEDIUM, 8_000)
    if goal.splittable:
        # outside an induction, splitting on values has no end
        score = 0.3 if goal.in_induction else 0.06
        yield Suggestion(f"grind{goal.unfolding(*goal.splittable)}", score, QUICK, 4_000)
    yield Suggestion(f"grind (splits := 20){unfolding}", 0.05, FULL, 8_000)
    if goal.is_arithmetic:
        yield Suggestion(f"simp +arith{unfolding}", 0.12, QUICK)
        yield Suggestion(f"grind (gen := 12){unfolding}", 0.03, FULL, 8_000)
    yield Suggestion(f"simp_all{unfolding}", 0.04, MEDIUM, 8_000)
