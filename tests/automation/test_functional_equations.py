"""Against real Lean: what is put in for the variables of functional equations, sequences in functions, growth."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prover_plugins.automation.functional import functional
from prover_plugins.automation.growth import growth
from prover_plugins.automation.orbits import orbits
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.substitution import substitution

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]

INCREASING = "(f : Nat → Nat) (h : ∀ n, f n < f (n + 1))"
QUADRATIC = "(f : Nat → Nat) (h : ∀ m n, f (m + n) = f m + f n + 2 * m * n)"

FINISHED = [
    (substitution, "(f : Int → Int) (h : ∀ a b, f (2 * a) + 2 * f b = f (f (a + b))) : f 6 = 2 * f 3 - f 0"),
    (substitution, f"{INCREASING} (g : f 2 = 2) (l : ∀ m n, f (m * n) = f m * f n) : f 3 = 3"),
    (substitution, "(f : Int → Int) (h : ∀ x, f (x + 2) = - f x) (x : Int) : f (x + 8) = f x"),
    (substitution, "(f : Rat → Rat) (h : ∀ x, f (2 * x + 1) = 4 * x ^ 2 + 3) (x : Rat) : f x = x ^ 2 - 2 * x + 4"),
    (orbits, "(f : Int → Int) (h : ∀ x y, f (x + y) = f x + f y) (n : Int) : f n = n * f 1"),
    (orbits, "(f : Int → Int) (h : ∀ x y, f (x + y) = f x + f y) (g : f 2 = 6) (n : Int) : f n = 3 * n"),
    (orbits, "(f : Int → Int) (h : ∀ x, f (x + 1) = f x + 2 * x + 1) (g : f 0 = 0) (n : Int) : f n = n ^ 2"),
    (growth, "(f : Nat → Nat) (h : ∀ n, f (f n) < f (n + 1)) (n : Nat) : n ≤ f n"),
    (growth, "(f : Nat → Nat) (h : ∀ n, f n + 2 < f (n + 1)) (n : Nat) : n ≤ f n"),
]  # fmt: skip

LEFT = [
    # (what remains to be shown, statement)
    ("g 33 = 202", orbits, "(f : Int → Int) (h : ∀ x, f (x + 3) = f x + 6) (h₁ : f 1 = 4) : f 100 = 202"),
    ("g 25 = 76", orbits, "(f : Nat → Nat) (h : ∀ n, f (n + 4) = f n + 3) (h₁ : f 2 = 1) : f 102 = 76"),
    ("g n = 1", orbits, "(f : Int → Int) (h : ∀ x y, f (x + y) = f x * f y) (h₁ : f 1 = 1) (n : Nat) : f n = 1"),
    ("f n = n ^ 2", functional, f"{QUADRATIC} (h₁ : f 3 = 9) (n : Nat) : f n = n ^ 2"),
]  # fmt: skip


def steps(rule: Callable[[Reader], object], state: LeanState) -> list[Suggestion]:
    assert state.main_goal is not None
    return list(rule(Reader(state.main_goal)))  # type: ignore[call-overload]


@pytest.mark.parametrize(("rule", "statement"), FINISHED)
def test_the_step_finishes(opened: Open, rule: Callable[[Reader], object], statement: str) -> None:
    environment, state = opened(f"theorem t {statement}", "")
    found = steps(rule, state)
    tried = environment.step(state, [Candidate(s.tactic, "t", heartbeats=200_000, wall_ms=15_000) for s in found])
    assert any(result.status is StepStatus.FINISHED for result in tried), [result.message for result in tried]


@pytest.mark.parametrize(("left", "rule", "statement"), LEFT)
def test_a_sequence_takes_the_place_of_the_function(
    opened: Open, left: str, rule: Callable[[Reader], object], statement: str
) -> None:
    environment, state = opened(f"theorem t {statement}", "")
    (first, *_) = steps(rule, state)
    (result,) = environment.step(state, [Candidate(first.tactic, "t", heartbeats=200_000, wall_ms=15_000)])
    assert isinstance(result.state, LeanState) and result.state.main_goal is not None, result.message
    assert result.state.main_goal.target == left
    facts = [h.type for h in result.state.main_goal.hypotheses if h.is_prop]
    assert any("(n + 1)" in fact or "(k + 1)" in fact for fact in facts)


def test_nothing_is_proposed_for_functions_of_other_things(opened: Open) -> None:
    _, state = opened("theorem t (f : List Nat → List Nat) (h : ∀ x, f (f x) = x) : f (f []) = []", "")
    assert not steps(substitution, state) and not steps(orbits, state) and not steps(growth, state)
