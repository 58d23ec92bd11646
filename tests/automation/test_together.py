"""Against real Lean: several variables at once, extensionality with its rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prover_plugins.automation.proposer import AutomationProposer

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState
from prover.problem import Problem

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]
SHAPE = "inductive Shape where\n  | dot\n  | box (n : Nat)\n\ndef Shape.twice : Shape → Shape\n"
SHAPE += "  | dot => dot\n  | box n => box (2 * n)\n\nstructure Pair where\n  one : Shape\n  two : Shape\n"


def together(state: LeanState, header: str = "") -> list[str]:
    proposed = AutomationProposer().propose(Problem("", header=header), state)
    return [c.action for c in proposed if "first | rfl" in c.action and "grind" not in c.action]


@pytest.mark.parametrize(
    ("begins", "header", "statement"),
    [
        ("cases a <;> cases b", "", "(a b : Option Nat) : (a.or b).isSome = (a.isSome || b.isSome)"),
        ("cases a <;> cases b <;> cases c", "", "(a b c : Bool) : (a && (b != c)) = ((a && b) != (a && c))"),
        ("cases s <;> cases t", SHAPE, "(s t : Shape) (h : s.twice = t.twice) : s = t"),
        ("cases v", "", "(v : Vector Nat 3) : v.toList.length = 3"),
        ("cases p", SHAPE, "(p : Pair) (h : p.one = p.two) : Pair.mk p.two p.one = p"),
        ("ext", "", "(f : Nat → Nat) : (fun x => f x + 0) = f"),
    ],
)
def test_one_step_finishes(opened: Open, begins: str, header: str, statement: str) -> None:
    environment, state = opened(f"theorem t {statement}", header)
    (tactic,) = [t for t in together(state, header) if t.startswith(f"{begins} <;> first")]
    (result,) = environment.step(state, [Candidate(tactic, "x", score=1.0)])
    assert result.status is StepStatus.FINISHED, result.message


def test_not_where_there_is_nothing_to_split(opened: Open) -> None:
    _, state = opened("theorem t (a b : Nat) (xs : List Nat) (h : a = b) : xs.length + a = b + xs.length", "")
    assert together(state) == []


def test_few_cases_only(opened: Open) -> None:
    statement = "theorem t (a b c d e f g : Bool) (o : Option Nat) : (a && b && c && d && e && f && g) = o.isSome"
    _, state = opened(statement, "")
    (tactic,) = together(state)
    assert tactic.startswith("cases a <;> cases b <;> cases c <;> cases d <;> cases e <;> first")


def test_fails_at_the_first_case_that_is_left(opened: Open) -> None:
    environment, state = opened("theorem t (a b : Option Nat) : a.isSome = b.isSome", "")
    (tactic,) = together(state)
    assert environment.step(state, [Candidate(tactic, "x", score=1.0)])[0].status is StepStatus.FAILED


@pytest.mark.parametrize(
    "statement",
    [
        "theorem t (xs ys : List Nat) (a b : Nat) (h : xs ++ [a] = ys) : ∃ zs, zs ++ [a] = ys",
        "theorem t (f : Nat → Nat) (n : Nat) (h : f (f n) = 3) (g : n = n) : ∃ m, f m = 3",
    ],
)
def test_a_fact_may_name_the_witness(opened: Open, statement: str) -> None:
    environment, state = opened(statement, "")
    proposed = [c for c in AutomationProposer().propose(Problem(""), state) if c.action == "exact ⟨_, h⟩"]
    assert [result.status for result in environment.step(state, proposed)] == [StepStatus.FINISHED]


def test_an_existential_by_definition_is_taken_apart(opened: Open) -> None:
    environment, state = opened("theorem t (xs ys : List Nat) (h : xs <+: ys) : xs.length ≤ ys.length", "")
    (step,) = [c for c in AutomationProposer().propose(Problem(""), state) if c.action == "obtain ⟨w, h'⟩ := h"]
    (result,) = environment.step(state, [step])
    assert result.state is not None and "xs ++ w = ys" in result.state.text


def test_a_goal_with_a_binder_is_opened_first(opened: Open) -> None:
    _, state = opened("theorem t : ∀ a b : Bool, (a && b) = (b && a)", "")
    proposed = list(AutomationProposer().propose(Problem(""), state))
    assert [c.action for c in proposed[:2]] == ["intro a b", "decide"]
    assert not any(c.action.startswith(("grind", "simp_all", "omega")) for c in proposed)


def test_what_a_fact_promises_is_taken_for_the_variables(opened: Open) -> None:
    statement = "theorem t (α β : Type) (f : α → β) (p : β → Prop) (b : β) (h : ∀ y, ∃ x, f x = y) : ∃ x, f (id x) = b"
    environment, state = opened(statement, "")
    (step,) = [c for c in AutomationProposer().propose(Problem(""), state) if c.action == "obtain ⟨x, hw⟩ := h b"]
    (result,) = environment.step(state, [step])
    assert result.state is not None and "hw : f x = b" in result.state.text
    proposed = [c for c in AutomationProposer().propose(Problem(""), result.state) if c.action == "exact ⟨_, hw⟩"]
    assert [r.status for r in environment.step(result.state, proposed)] == [StepStatus.FINISHED]
