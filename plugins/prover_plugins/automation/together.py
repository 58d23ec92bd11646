"""One step for what would be several: all values of all variables at once, extensionality with its rest.

Taken one after the other, the cases of three options are eight goals, each with its own steps; here they are tried with
one list of finishers, and the step fails at the first case that none of them finishes.
"""

from __future__ import annotations

from collections.abc import Iterator

from prover.lean.protocol import HypothesisView
from prover.lean.terms import Term
from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion

_MOST_CASES = 32
_NUMBERS = frozenset({"Nat", "Int", "ℕ", "ℤ"})
_WITHOUT_PARTS = frozenset({*_NUMBERS, "Bool", "Rat", "ℚ"})
"""Types on which extensionality has nothing to say."""


def together(goal: Reader) -> Iterator[Suggestion]:
    """All rules of this module."""
    yield from _all_cases(goal)
    yield from _extensionality(goal)


def _all_cases(goal: Reader) -> Iterator[Suggestion]:
    variables = _finite(goal)
    if not variables:
        return
    cases = " <;> ".join(f"cases {variable.name}" for variable in variables)
    yield Suggestion(f"{cases} <;> {finishers(goal)}", 0.3, QUICK)
    yield Suggestion(f"{cases} <;> {finishers(goal, last='grind')}", 0.1, 2 * QUICK)


def _finite(goal: Reader) -> list[HypothesisView]:
    """Variables of types that are not recursive, those of the target first, as long as their cases are few."""
    found: list[HypothesisView] = []
    count = 1
    here = [v for v in goal.variables if goal.mentions(v.name)]
    for variable in [*here, *(v for v in goal.variables if v not in here and any(f.depends for f in goal.facts))]:
        if variable.recursive or not variable.constructors or variable.value is not None:
            continue
        if variable.head in _NUMBERS or count * len(variable.constructors) > _MOST_CASES:
            continue
        count *= len(variable.constructors)
        found.append(variable)
    return found


def _extensionality(goal: Reader) -> Iterator[Suggestion]:
    if goal.goal.shape != "eq":
        return
    term = Term.read(goal.goal.term)
    kind = term.tokens[1].partition("/")[0] if term is not None and len(term.tokens) > 1 else ""
    if kind and kind not in _WITHOUT_PARTS and not kind.startswith("'"):
        yield Suggestion(f"ext <;> {finishers(goal)}", 0.14, QUICK)
        yield Suggestion(f"ext <;> {finishers(goal, last='grind')}", 0.07, 2 * QUICK)


def finishers(goal: Reader, first: str = "rfl", last: str = "") -> str:
    """One tactic that finishes a goal or fails: ``first``, simplification with what remains about numbers decided, and
    ``last``, which takes the user's definitions."""
    decided, rest = (" | omega", " <;> omega") if goal.is_arithmetic else ("", "; done")
    end = f" | {last}{goal.unfolding()}" if last else ""
    return f"first | {first}{decided} | (simp_all{goal.unfolding()}{rest}){end}"
