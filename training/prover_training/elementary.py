"""Proofs of many small steps: theorems of propositional logic with proofs in natural deduction, step by step.

What the search finds is short, for its closing tactics do much at once; a model that is to learn to plan needs proofs
of many lengths. Here a small prover (goal-directed, as in Miller et al. 1991) writes them in elementary tactics
(``intro``, ``exact``, ``obtain``, ``rcases``, ``constructor``, ``left``, ``right``, ``apply``, ``have``, ``exfalso``),
and every step is then run by Lean, whose states are kept.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prover.domain import Candidate, Environment, State
from prover.errors import BadInput
from prover.problem import Problem
from prover.traces.searches import CLOSED, Attempt, Tried, Visited
from prover_training.corpus_families import Formula, formula, written

ATOMS = ("p", "q", "r", "s", "t")
DEEPEST = 24
"""Steps that a branch of a proof may take."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """Named hypotheses, oldest first, and what is to be shown; ``fresh`` numbers the next name."""

    facts: tuple[tuple[str, Formula], ...]
    target: Formula
    fresh: int


def prove(facts: tuple[tuple[str, Formula], ...], target: Formula) -> list[str] | None:
    """Tactics that show ``target``; None where the rules find no proof in a few steps (there may be one)."""
    for depth in range(2, 10):
        found = _prove(_Goal(facts, target, len(facts) + 1), depth, frozenset(), [400])
        if found is not None:
            return found
    return None


def _prove(goal: _Goal, depth: int, seen: frozenset[object], left: list[int]) -> list[str] | None:
    """``depth`` counts the choices that may turn out wrong; those that cannot are free. ``left`` bounds the work."""
    left[0] -= 1
    key = (frozenset(fact for _, fact in goal.facts), goal.target)
    if left[0] < 0 or key in seen or len(seen) > DEEPEST:
        return None
    seen |= {key}
    for name, fact in goal.facts:
        if fact == goal.target:
            return [f"exact {name}"]
        if fact == "False":
            return [f"exact {name}.elim"]
    sure = _sure(goal)
    if sure is not None:
        tactic, goals = sure
        return _script(tactic, goals, depth, seen, left)
    if depth == 0:
        return None
    for tactic, goals in _choices(goal):
        found = _script(tactic, goals, depth - 1, seen, left)
        if found is not None:
            return found
    return None


def _script(tactic: str, goals: list[_Goal], depth: int, seen: frozenset[object], left: list[int]) -> list[str] | None:
    script = [tactic]
    for goal in goals:
        part = _prove(goal, depth, seen, left)
        if part is None:
            return None
        script += part
    return script


def _sure(goal: _Goal) -> tuple[str, list[_Goal]] | None:
    """A step after which the goal is provable if it was before."""
    facts, target, n = goal.facts, goal.target, goal.fresh
    match target:
        case ("imp", before, after):
            return f"intro h{n}", [_Goal((*facts, (f"h{n}", before)), after, n + 1)]
        case ("not", inner):
            return f"intro h{n}", [_Goal((*facts, (f"h{n}", inner)), "False", n + 1)]
        case ("and", a, b):
            return "constructor", [_Goal(facts, a, n), _Goal(facts, b, n)]
        case ("iff", a, b):
            return "constructor", [_Goal(facts, ("imp", a, b), n), _Goal(facts, ("imp", b, a), n)]
    for name, fact in facts:
        rest = tuple(pair for pair in facts if pair[0] != name)
        x, y = f"h{n}", f"h{n + 1}"
        match fact:
            case ("and", a, b):
                return f"obtain ⟨{x}, {y}⟩ := {name}", [_Goal((*rest, (x, a), (y, b)), target, n + 2)]
            case ("iff", a, b):
                parts = (*rest, (x, ("imp", a, b)), (y, ("imp", b, a)))
                return f"obtain ⟨{x}, {y}⟩ := {name}", [_Goal(parts, target, n + 2)]
            case ("or", a, b):
                goals = [_Goal((*rest, (x, side)), target, n + 1) for side in (a, b)]
                return f"rcases {name} with {x} | {x}", goals
    known = {fact for _, fact in facts}
    for name, fact in facts:
        before, after = _arrow(fact)
        if before is not None and after not in known and before in known:
            other = next(other for other, its in facts if its == before)
            return f"have h{n} := {name} {other}", [_Goal((*facts, (f"h{n}", after)), target, n + 1)]
    return None


def _choices(goal: _Goal) -> Iterator[tuple[str, list[_Goal]]]:
    """Steps that may lead astray, those that look best first."""
    facts, target, n = goal.facts, goal.target, goal.fresh
    for name, fact in facts:
        before, after = _arrow(fact)
        if before is not None and after == target:
            yield f"apply {name}", [_Goal(facts, before, n)]
    match target:
        case ("or", a, b):
            yield "left", [_Goal(facts, a, n)]
            yield "right", [_Goal(facts, b, n)]
    if target != "False" and any(_arrow(fact)[1] == "False" for _, fact in facts):
        yield "exfalso", [_Goal(facts, "False", n)]


def _arrow(fact: Formula) -> tuple[Formula | None, Formula | None]:
    match fact:
        case ("imp", before, after):
            return before, after
        case ("not", inner):
            return inner, "False"
    return None, None


# -------------------------------------------------------------------------------------- theorems


def theorems(seed: int, each: int, longest: int = 16) -> Iterator[tuple[str, list[str]]]:
    """Statements with their proofs: at most ``each`` of every length from 1 to ``longest`` tactics, as far as random
    formulas yield them; the same ones for the same seed, none twice."""
    dice = random.Random(f"elementary {seed}")
    counts: Counter[int] = Counter()
    seen: set[str] = set()
    for _ in range(400 * each):
        atoms = ATOMS[: dice.randint(2, 5)]
        claims = tuple((f"h{i}", formula(dice, atoms, dice.randint(1, 2))) for i in range(1, dice.randint(0, 4) + 1))
        target = formula(dice, atoms, dice.randint(1, 3))
        script = prove(claims, target)
        if script is None or not 1 <= len(script) <= longest or counts[len(script)] >= each:
            continue
        binders = "".join(f" ({name} : {written(fact)})" for name, fact in claims)
        statement = f"theorem t ({' '.join(atoms)} : Prop){binders} : {written(target)}"
        if statement not in seen:
            seen.add(statement)
            counts[len(script)] += 1
            yield statement, script


def run_in_lean(
    statement: str, script: list[str], name: str, open_problem: Callable[[Problem], Environment]
) -> Attempt | None:
    """The proof as the record of a search that took only its steps; None where Lean does not accept one of them, or its
    check does not accept the whole."""
    problem = Problem(statement, name)
    try:
        environment = open_problem(problem)
    except BadInput:
        return None
    states: list[State] = []
    tried: list[Tried] = []
    try:
        state = environment.initial_state
        for number, tactic in enumerate(script):
            states.append(state)
            (result,) = environment.step(state, [Candidate(tactic, "elementary", score=1.0)])
            last = number == len(script) - 1
            if result.state is None or last != (result.status == "finished"):
                return None
            child = CLOSED if last else number + 1
            tried.append(Tried(number, child, tactic, "elementary", 0.0, result.status.value, "", result.micros))
            state = result.state
        if not environment.verify(script).accepted:
            return None
    finally:
        environment.close()
    visited = tuple(Visited(s.text, s.goals, s.size, i, len(script) - i) for i, s in enumerate(states))
    return Attempt(
        name, statement, "", problem.imports, "", "proved", sum(t.micros for t in tried) / 1e6, len(tried),
        tuple(script), visited, tuple(tried),
    )  # fmt: skip
