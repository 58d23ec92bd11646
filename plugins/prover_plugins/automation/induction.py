"""Induction: on the recursion of a function in the goal, on a variable, on a measure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.closing import FULL, QUICK
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.structure import alternatives

_SIZES = {"List": "length", "Array": "size", "String": "length"}


def induction(goal: Reader) -> Iterator[Suggestion]:
    """All induction steps; those that also try to finish the easy cases come first."""
    unfolding = goal.unfolding()
    nested = 0.5 if goal.in_induction else 1.0
    for tactic, score in beginnings(goal):
        score *= nested
        yield Suggestion(f"{tactic} <;> try grind{unfolding}", score, 4 * QUICK)
        yield Suggestion(f"{tactic} <;> simp_all{unfolding}", score * 0.7, 2 * QUICK)
        if goal.splittable:
            splitting = goal.unfolding(*goal.splittable)
            yield Suggestion(f"{tactic} <;> try grind{splitting}", score * 0.7, 4 * QUICK)
        yield Suggestion(tactic, score * 0.25)
    yield from _with_cases(goal, nested)
    recursed = _recursion_variables(goal)
    for variable in goal.variables:
        if not variable.recursive or not variable.constructors:
            continue
        score = 0.35 if variable.name in recursed else 0.12
        if not goal.mentions(variable.name):
            score *= 0.5
        score *= nested
        others = _generalizable(goal, {variable.name})
        # Named cases, for when the induction hypothesis must be written in a later step.
        cases = alternatives(goal, variable, hypotheses=True)
        general = f" generalizing {' '.join(others)}" if others else ""
        yield Suggestion(f"induction {variable.name}{general} with{cases}", score * 0.25)
        mutual = any(
            goal.is_mutual(a.function) and variable.name in a.free for a in goal.goal.applications
        )
        yield from _on_measure(goal, variable, others, 0.9 if mutual else score)
        together = [o for o in others if o in recursed and goal.variable(o).recursive]
        if len(together) > 1:
            # functions that recurse on several arguments at once need the cases of all
            cases_of = " <;> ".join(f"cases {other}" for other in together)
            yield Suggestion(
                f"induction {variable.name}{general} <;> {cases_of} <;> "
                f"try first | (simp_all{unfolding}; done) | grind{unfolding}",
                score * 0.5,
                6 * QUICK,
            )
        for other in others:
            if goal.variable(other).recursive:
                yield Suggestion(
                    f"induction {variable.name}{general} <;> cases {other} <;> try grind{unfolding}",
                    score * 0.6,
                    6 * QUICK,
                )


def _with_cases(goal: Reader, nested: float) -> Iterator[Suggestion]:
    """Induction along a function of the header, and the cases of another variable in each of its own: for functions of
    the library that look at that variable too (``take n (pairs xs ys)``)."""
    unfolding = goal.unfolding()
    for a in goal.applications("recursive", local=True):
        if a.where or not a.free or not all(a.free) or goal.is_mutual(a.function):
            continue
        others = _generalizable(goal, {name for name in a.free if name})
        for other in [o for o in others if goal.variable(o).recursive][:2]:
            yield Suggestion(
                f"fun_induction {a.text} generalizing {' '.join(others)} <;> cases {other} <;> "
                f"first | (simp_all{unfolding}; done) | grind{unfolding}",
                0.3 * nested,
                6 * QUICK,
            )


def beginnings(goal: Reader) -> Iterator[tuple[str, float]]:
    """Inductions on the calls and the variables of the goal, with a preference each."""
    seen: set[str] = set()
    for a in goal.applications("recursive"):
        # Functional induction needs variables where the function recurses; which ones those are Lean knows.
        if not any(a.free) or a.text in seen or len(a.text) > 120 or goal.is_mutual(a.function):
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
    for fact in goal.facts:
        # along the derivation of an inductive predicate, where its arguments are variables
        if fact.head in goal.predicates and fact.recursive:
            names = fact.type.split()[1:]
            if set(names) <= goal.names:
                yield f"induction {fact.name}", 0.4
                if others := _generalizable(goal, set(names)):
                    yield f"induction {fact.name} generalizing {' '.join(others)}", 0.3
    recursed = _recursion_variables(goal)
    for variable in goal.variables:
        if variable.recursive and variable.constructors:
            score = 0.35 if variable.name in recursed else 0.12
            if not goal.mentions(variable.name):
                score *= 0.5
            if others := _generalizable(goal, {variable.name}):
                yield f"induction {variable.name} generalizing {' '.join(others)}", score
                score *= 0.8
            yield f"induction {variable.name}", score


def from_bound(goal: Reader) -> Iterator[Suggestion]:
    """Induction on a fact ``4 ≤ n`` or ``m ≤ n``: a base case at the bound, a step above it."""
    for fact in goal.facts:
        match = re.fullmatch(r"(\d+) ≤ ([^\W\d][\w₀-₉']*)", fact.type)
        if match and sum(match[2] in f.depends for f in goal.facts) == 1:
            cases = f"\n  | refl => ?_\n  | step {fact.name} {goal.fresh('ih')} => ?_"
            yield Suggestion(f"induction {fact.name} with{cases}", 0.2)
        between = re.fullmatch(r"([^\W\d][\w₀-₉']*) ≤ ([^\W\d][\w₀-₉']*)", fact.type)
        if between and goal.mentions(between[1]) and sum(between[2] in f.depends for f in goal.facts) == 1:
            ih, unfold = goal.fresh("ih"), "".join(f"\n   try rw [{name}]" for name in goal.definitions)
            yield Suggestion(
                f"(induction {fact.name} with\n"
                f" | refl => (first | exact Nat.dvd_refl _ | exact Nat.le_refl _ | grind{goal.unfolding()})\n"
                f" | step {fact.name} {ih} =>{unfold}\n"
                f"   first | exact Nat.dvd_mul_left_of_dvd {ih} _ | exact Nat.dvd_mul_right_of_dvd {ih} _"
                f" | omega | grind{goal.unfolding()})",
                0.5,
                FULL,
                10_000,
            )


def _on_measure(
    goal: Reader, variable: HypothesisView, others: list[str], score: float
) -> Iterator[Suggestion]:
    """Strong induction: on a number, or on the size of a datum (for functions that skip over it)."""
    unfolding, name = goal.unfolding(), variable.name
    general = f" generalizing {' '.join(others)}" if others else ""
    if variable.head == "Nat":
        yield Suggestion(
            f"induction {name} using Nat.strongRecOn{general} with\n  | ind {name} {goal.fresh('ih')} => ?_",
            score * 0.3,
        )
    elif variable.head in _SIZES:
        start = by_size(goal, name, variable.head, others)
        yield Suggestion(f"({start})", score * 0.2)
        if variable.head == "List":
            yield Suggestion(
                f"({start}\n {two_deep(goal, name)} <;> try grind{unfolding})",
                score * 0.5,
                8 * QUICK,
            )


def by_size(goal: Reader, name: str, head: str, others: list[str]) -> str:
    """Tactics for strong induction on the size of ``name``, with the induction hypothesis in usable form."""
    ih, size, equation = goal.fresh("ih"), goal.fresh("size"), goal.fresh("hsize")
    smaller = goal.fresh("ys", [name, *others])
    measure = f"{head}.{_SIZES[head]}"
    binders = "".join(f" z{i}" for i in range(len(others)))
    return (
        f"induction {equation} : {measure} {name} using Nat.strongRecOn "
        f"generalizing {' '.join([name, *others])} with\n"
        f"  | ind {size} {ih} => ?_\n"
        f" have {ih} := fun {smaller}{binders} (h : {measure} {smaller} < {size}) =>\n"
        f"   {ih} _ h {smaller}{binders} rfl\n"
        f" subst {equation}"
    )


def two_deep(goal: Reader, name: str) -> str:
    """Cases of a list: empty, one element, two and more."""
    return f"rcases {name} with _ | ⟨{goal.fresh('a')}, _ | ⟨{goal.fresh('b')}, {name}⟩⟩"


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
