"""Folds with an accumulator: how they are read, and the steps against real Lean."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prover_plugins.automation.folds import Fold, read_folds
from prover_plugins.automation.proposer import AutomationProposer

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState
from prover.problem import Problem

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]
TOTAL = "def total (xs : List Nat) : Nat := xs.foldl (· + ·) 0\n\ndef twice (n : Nat) : Nat := 2 * n"


def test_folds_are_read_with_their_arguments() -> None:
    text = "List.foldl (fun a x =>\n  a + x) 0 (xs ++ [f (1, 2)]) = List.foldl g (h 0) ys.reverse\nList.foldl f"
    assert list(read_folds(text)) == [
        Fold("(fun a x => a + x)", "0", "(xs ++ [f (1, 2)])"),
        Fold("g", "(h 0)", "ys.reverse"),
    ]
    assert list(read_folds("Mine.List.foldl f 0 xs")) == []


def steps(state: LeanState, header: str = "") -> list[str]:
    proposed = AutomationProposer().propose(Problem("", header=header), state)
    return [c.action for c in proposed if "foldl" in c.action or "total" in c.action]


@pytest.mark.parametrize(
    "statement",
    [
        "(xs : List Nat) : xs.foldl (· + ·) 0 = xs.sum",
        "(xs : List Nat) (x : Nat) (h : x ∈ xs) : x ≤ xs.foldl max 0",
        "(xs ys : List Nat) : (xs ++ ys).foldl (· + ·) 0 = xs.foldl (· + ·) 0 + ys.foldl (· + ·) 0",
        "(xs : List Nat) (p : Nat → Bool) : xs.foldl (fun b x => b || p x) false = xs.any p",
        "(xs : List Int) : xs.foldl (fun a x => a - x) 0 = -xs.sum",
    ],
)
def test_one_step_finishes(opened: Open, statement: str) -> None:
    environment, state = opened(f"theorem t {statement}", "")
    first = next(step for step in steps(state) if "hacc" in step)
    (result,) = environment.step(state, [Candidate(first, "x", score=1.0)])
    assert result.status is StepStatus.FINISHED, result.message


def test_the_law_is_left_as_a_fact_and_not_proved_again(opened: Open) -> None:
    environment, state = opened("theorem t (xs : List Nat) : 2 * xs.foldl (· + ·) 0 = xs.length", "")
    (law,) = [step for step in steps(state) if "hacc" in step and "first | (induction" not in step]
    (result,) = environment.step(state, [Candidate(law, "x", score=1.0)])
    assert isinstance(result.state, LeanState) and "hacc : ∀ (l : List Nat) (a : Nat)" in result.state.text
    assert not any("hacc" in step for step in steps(result.state))


def test_a_function_of_the_header_that_folds_is_unfolded(opened: Open) -> None:
    _, state = opened("theorem t (xs : List Nat) : twice (total xs) = total xs + total xs", TOTAL)
    assert "simp only [total]" in steps(state, TOTAL)


def test_a_loop_of_do_notation_becomes_a_fold(opened: Open) -> None:
    header = """def evens (l : List Nat) : Nat := Id.run do
  let mut c := 0
  for x in l do
    if x % 2 = 0 then c := c + 1
  return c"""
    environment, state = opened("theorem t (l : List Nat) : evens l ≤ l.length", header)
    proposed = [c.action for c in AutomationProposer().propose(Problem("", header=header), state)]
    step = next(action for action in proposed if "ForInStep" in action)
    (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
    assert isinstance(result.state, LeanState) and "List.foldl" in result.state.text
    assert "forIn" not in result.state.text
