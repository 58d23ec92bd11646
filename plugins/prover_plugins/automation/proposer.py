"""The proposer: every rule's suggestions for the first goal of a state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prover.domain import Candidate, State
from prover.hookspecs import LEAN_DEADLINE
from prover.lean.goals import LeanState
from prover.problem import Problem, text_before
from prover_plugins.automation import (
    arithmetic,
    closed_forms,
    closing,
    conjectures,
    cycles,
    divisors,
    enumeration,
    equational,
    exponents,
    folds,
    functional,
    growth,
    induction,
    instances,
    multiples,
    orbits,
    powers,
    primes,
    progressions,
    recurrences,
    rewriting,
    structure,
    substitution,
    together,
)
from prover_plugins.automation.reading import Reader, Suggestion

Rule = Callable[[Reader], Iterator[Suggestion]]

BINDER_RULES: tuple[Rule, ...] = (structure.introduction, closing.closing_bound)
"""For a target that begins with a binder: introduce first, everything else comes after."""

HIDDEN_RULES: tuple[Rule, ...] = (structure.renaming, closing.closing)
"""For a goal with hypotheses that cannot be written: name them first."""

CONJUNCTION_RULES: tuple[Rule, ...] = (structure.destructuring, closing.closing)
"""For a goal with a conjunction or an existential among its facts: taking it apart loses nothing, and doing so
first keeps the search from trying every order."""

HUGE_RULES: tuple[Rule, ...] = (powers.powers, powers.parts)
"""For a goal with a power that Lean must not compute: most tactics would."""

RULES: tuple[Rule, ...] = (
    closing.closing,
    structure.elimination,
    structure.construction,
    structure.splitting,
    together.together,
    structure.using_facts,
    structure.chaining,
    structure.generalizing,
    induction.induction,
    induction.from_bound,
    folds.folds,
    progressions.progressions,
    rewriting.unfolding,
    arithmetic.arithmetic,
    powers.powers,
    exponents.exponents,
    divisors.divisors,
    multiples.multiples,
    instances.instances,
    primes.primes,
    enumeration.enumeration,
    recurrences.recurrences,
    cycles.cycles,
    closed_forms.closed_forms,
    functional.functional,
    equational.equational,
    substitution.substitution,
    orbits.orbits,
    growth.growth,
    conjectures.conjectures,
)


class AutomationProposer:
    """Reads the goal and suggests tactics, best first; deterministic."""

    name = "automation"
    domains = ("lean",)
    deadline = LEAN_DEADLINE

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """Suggestions for the first goal of a Lean state; nothing for other domains."""
        if not isinstance(state, LeanState) or state.main_goal is None:
            return []
        return self._candidates(Reader(state.main_goal, text_before(problem)))

    def _candidates(self, goal: Reader) -> Iterator[Candidate]:
        for s in sorted(suggest(goal), key=lambda s: -s.score):
            yield Candidate(s.tactic, self.name, score=s.score, heartbeats=s.heartbeats, wall_ms=s.wall_ms)


def suggest(goal: Reader) -> Iterator[Suggestion]:
    """The suggestions of the rules that apply to this goal, in no particular order."""
    if goal.goal.shape in structure.BINDERS:
        rules = BINDER_RULES
    elif goal.shadowed:
        rules = HIDDEN_RULES
    elif structure.conjunction(goal) is not None:
        rules = CONJUNCTION_RULES
    elif powers.has_huge_power(goal):
        rules = HUGE_RULES
    else:
        rules = RULES
    for rule in rules:
        yield from rule(goal)
