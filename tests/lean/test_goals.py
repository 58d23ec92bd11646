"""States and the text of goals."""

from __future__ import annotations

import pytest

from prover.domain import State
from prover.lean.goals import LeanState, ParsedGoal, ParsedHypothesis, parse_goals
from prover.lean.protocol import GoalView, StateView


def test_one_goal() -> None:
    text = "case succ\na b : Nat\nn✝ : Nat\nh : a = b\nx : Nat := 5\n⊢ b = a ∧\n  True"
    (goal,) = parse_goals(text)
    assert goal == ParsedGoal(
        "succ",
        (
            ParsedHypothesis(("a", "b"), "Nat"),
            ParsedHypothesis(("n✝",), "Nat"),
            ParsedHypothesis(("h",), "a = b"),
            ParsedHypothesis(("x",), "Nat", "5"),
        ),
        "b = a ∧\n  True",
    )


def test_several_goals_and_none() -> None:
    goals = parse_goals("case left\n⊢ 1 = 1\n\ncase right\nh : p\n⊢ q")
    assert [(goal.case, goal.target) for goal in goals] == [("left", "1 = 1"), ("right", "q")]
    assert parse_goals("no goals") == parse_goals("") == []


def test_odd_names_and_types() -> None:
    text = "«a b» c : Nat\nh : let y := 2; y = 2\nf : (x : Nat) → x = (fun (z : Nat) => z) x\nlong :\n  Nat\n| a + b"
    (goal,) = parse_goals(text)
    assert goal.hypotheses[0].names == ("«a b»", "c")
    assert goal.hypotheses[2].type == "(x : Nat) → x = (fun (z : Nat) => z) x"
    assert goal.hypotheses[3] == ParsedHypothesis(("long",), "Nat")
    assert goal.target == "a + b"


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(ValueError, match="no target"):
        parse_goals("h : Nat")
    with pytest.raises(ValueError, match="not a hypothesis"):
        parse_goals("what is this\n⊢ a")


def test_structure_is_asked_for_once_and_not_for_a_finished_state() -> None:
    asked: list[int] = []

    def describe(number: int) -> list[GoalView]:
        asked.append(number)
        return []

    state = LeanState(StateView(4, "k", "⊢ a", 1, 1), describe)
    assert isinstance(state, State)
    assert state.structure == state.structure == ()
    assert asked == [4]
    assert LeanState(StateView(5, "e", "no goals", 0, 0), describe).main_goal is None
    assert asked == [4]
    assert state == LeanState(StateView(9, "k", "⊢ a", 1, 1), describe)
