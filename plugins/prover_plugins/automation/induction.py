"""Induction: on the recursion of a function in the goal, on a variable, on a measure."""

from __future__ import annotations

from collections.abc import Iterator

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.structure import alternatives

_SIZES = {"List": "length", "Array": "size", "String": "length"}


def induction(goal: Reader) -> Iterator[Suggestion]:
    """All induction steps; those that also try to finish the easy cases come first."""
    for tactic, score in _steps(goal):
        unfolding = goal.unfolding()
        if "\n" not in tactic:
            yield Suggestion(f"{tactic} <;> try grind{unfolding}", score, 4 * QUICK, 10_000)
            yield Suggestion(f"{tactic} <;> simp_all{unfolding}", score * 0.6, 2 * QUICK, 8_000)
            yield Suggestion(tactic, score * 0.3)
        else:
            yield Suggestion(tactic, score)


def _steps(goal: Reader) -> Iterator[tuple[str, float]]:
    seen: set[str] = set()
    for a in goal.applications("recursive"):
        # Functional induction needs variables where the function recurses; which ones those are Lean knows.
        if not any(a.free) or a.text in seen or len(a.text) > 120:
            continue
        seen.add(a.text)
        score = 0.4 if a.where == "" else 0.15
        if not a.is_local:
            score *= 0.7
        if not all(a.free):
            score *= 0.5
        yield f"fun_induction {a.text}", score
        others = _generalizable(goal, {name for name in a.free if name})
        if others:
            yield f"fun_induction {a.text} generalizing {' '.join(others)}", score * 0.4
    recursed = _recursion_variables(goal)
    for variable in goal.variables:
        if not variable.recursive or not variable.constructors:
            continue
        score = 0.35 if variable.name in recursed else 0.12
        if not goal.mentions(variable.name):
            score *= 0.5
        others = _generalizable(goal, {variable.name})
        yield from _on_variable(goal, variable, others, score)
        yield from _on_measure(goal, variable, others, score)


def _on_variable(
    goal: Reader, variable: HypothesisView, others: list[str], score: float
) -> Iterator[tuple[str, float]]:
    general = f" generalizing {' '.join(others)}" if others else ""
    if general:
        yield f"induction {variable.name}{general}", score
    yield f"induction {variable.name}", score * (0.8 if general else 1.0)
    # Named cases, for when the induction hypothesis must be written in a later step.
    cases = alternatives(goal, variable, hypotheses=True)
    yield f"induction {variable.name}{general} with{cases}", score * 0.5


def _on_measure(
    goal: Reader, variable: HypothesisView, others: list[str], score: float
) -> Iterator[tuple[str, float]]:
    """Strong induction: on a number, or on the size of a datum (for functions that skip over it)."""
    ih = goal.fresh("ih")
    general = f" generalizing {' '.join(others)}" if others else ""
    if variable.head == "Nat":
        yield (
            f"induction {variable.name} using Nat.strongRecOn{general} with\n  | ind {variable.name} {ih} => ?_",
            score * 0.3,
        )
    elif variable.head in _SIZES:
        size, bound = goal.fresh("size"), goal.fresh("hsize")
        together = " ".join([variable.name, *others])
        yield (
            f"induction {bound} : {variable.name}.{_SIZES[variable.head]} using Nat.strongRecOn "
            f"generalizing {together} with\n  | ind {size} {ih} => ?_",
            score * 0.25,
        )


def _generalizable(goal: Reader, fixed: set[str]) -> list[str]:
    """Other variables that occur in the target or in facts about the fixed ones."""
    return [
        v.name
        for v in goal.variables
        if v.name not in fixed and v.value is None and "→" not in v.type and goal.mentions(v.name)
    ]


def _recursion_variables(goal: Reader) -> set[str]:
    """Variables that some recursive function takes as an argument."""
    return {name for a in goal.applications("recursive") for name in a.free if name}
