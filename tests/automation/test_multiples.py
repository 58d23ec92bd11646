"""Multiples that are said with a witness, as remainders."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prover_plugins.automation.multiples import Shape, shapes
from prover_plugins.automation.proposer import AutomationProposer

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState
from prover.problem import Problem

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]


def test_existentials_are_read() -> None:
    assert shapes("(∃ k, n = 2 * k) ∨ ∃ j, n * n = j * 3 + 1") == [Shape("2 * _", 2, 0), Shape("_ * 3", 3, 1)]
    assert shapes("∃ k, n + 1 = k + k") == [Shape("_ + _", 2, 0)]
    for text in ("∃ k, n = 2 * k * k", "∃ k, n = 2 * k + m", "∃ k, n = k", "∃ k, n = 2 * j", "∃ k, n ≤ 2 * k"):
        assert shapes(text) == []


@pytest.mark.parametrize(
    "statement",
    [
        "(n : Nat) : (∃ k, n = 2 * k) ∨ ∃ k, n = 2 * k + 1",
        "(n j : Int) (h : n = j * 6 + 5) : ∃ k, n = 3 * k + 2",
        "(n : Nat) (h : ¬ ∃ k, n = 4 * k + 9) (h9 : 9 ≤ n) : n % 4 < 1 ∨ 1 < n % 4",
    ],
)
def test_one_step_finishes(opened: Open, statement: str) -> None:
    environment, state = opened(f"theorem t {statement}", "")
    proposed = [c.action for c in AutomationProposer().propose(Problem(""), state)]
    (step,) = [action for action in proposed if "hrem" in action]
    (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
    assert result.status is StepStatus.FINISHED, result.message
