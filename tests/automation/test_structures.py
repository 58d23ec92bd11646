"""Structures that are propositions, functions by their values, compositions, and which lemmas a goal is shown."""

from __future__ import annotations

from collections.abc import Callable

from prover_plugins.automation.proposer import AutomationProposer

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState
from prover.problem import Problem

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]
MONOTONE = """structure Monotone (f : Nat → Nat) : Prop where
  mono : ∀ a b, a ≤ b → f a ≤ f b
  zero : f 0 = 0"""


def steps(state: LeanState) -> list[str]:
    return [candidate.action for candidate in AutomationProposer().propose(Problem(""), state)]


def test_a_structure_in_the_target_is_built(opened: Open) -> None:
    environment, state = opened("theorem t : Monotone (fun n => 2 * n)", MONOTONE)
    assert "constructor" in steps(state)
    (result,) = environment.step(state, [Candidate("constructor", "x", score=1.0)])
    assert isinstance(result.state, LeanState) and result.state.goals == 2


def test_a_structure_among_the_facts_is_taken_apart_by_its_fields(opened: Open) -> None:
    environment, state = opened("theorem t (f : Nat → Nat) (zero : Nat) (h : Monotone f) : f 0 ≤ f 5", MONOTONE)
    (step,) = [step for step in steps(state) if step.startswith("obtain")]
    assert step == "obtain ⟨mono, zero1⟩ := h"
    (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
    assert isinstance(result.state, LeanState) and "mono : ∀ (a b : Nat), a ≤ b → f a ≤ f b" in result.state.text


def test_a_function_that_is_given_by_its_values_is_found(opened: Open) -> None:
    environment, state = opened("theorem t : ∃ f : Nat → Nat, ∀ n, f n = n * n + 1", "")
    step = next(step for step in steps(state) if "fun _ => rfl" in step)
    (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
    assert result.status is StepStatus.FINISHED, result.message


def test_of_many_lemmas_those_are_shown_that_speak_of_what_the_goal_speaks_of(opened: Open) -> None:
    header = f"""{MONOTONE}
def twice (n : Nat) : Nat := n + n
def four (n : Nat) : Nat := twice (twice n)
theorem twice_zero : twice 0 = 0 := rfl
theorem size_push (a : Array Nat) (x : Nat) : (a.push x).size = a.size + 1 := by simp
theorem both (p q : Prop) (hp : p) (hq : q) : p ∧ q := ⟨hp, hq⟩
theorem squares (n : Nat) : n * n % 4 = 0 ∨ n * n % 4 = 1 := by
  have : n % 4 < 4 := Nat.mod_lt _ (by decide)
  rw [Nat.mul_mod]; generalize n % 4 = r at *; match r, this with | 0, _ | 1, _ | 2, _ | 3, _ => decide"""

    def shown(statement: str, header: str = header) -> set[str]:
        _, state = opened(f"theorem t {statement}", header)
        assert state.main_goal is not None
        return set(state.main_goal.theorems)

    assert shown("(n : Nat) : four n = twice (twice n)") == {"twice_zero"}
    assert shown("(a : Array Nat) : (a.push 0).size = a.size + 1") == {"size_push"}
    assert shown("(a b : Nat) (h : a * a = 4 * b + 3) : False") == {"squares"}
    assert shown("(f : Nat → Nat) (h : Monotone f) : f 0 = 0") == {"Monotone.mono", "Monotone.zero"}
    assert shown("(a b : Nat) (h : a * a = b) : b = a * a", MONOTONE) == set()
    few = "theorem both (p q : Prop) (hp : p) (hq : q) : p ∧ q := ⟨hp, hq⟩"
    assert shown("(a : Nat) : a = a", few) == {"both"}


def test_a_composition_is_written_out(opened: Open) -> None:
    environment, state = opened("theorem t (f : Nat → Nat) (l : List Nat) : l.map (f ∘ id) = l.map f", "")
    (step,) = [step for step in steps(state) if "comp_def" in step]
    (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
    assert result.status is StepStatus.FINISHED, result.message
