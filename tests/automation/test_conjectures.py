"""Conjectured lemmas against real Lean: tests refute what is false, proofs keep what is true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prover_plugins.automation.conjectures import conjectures
from prover_plugins.automation.reading import Reader
from prover_plugins.automation.templates import Claim, claims
from prover_plugins.automation.testing import Samples, refutation

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanDomain, LeanEnvironment
from prover.lean.goals import LeanState
from prover.lean.server import LeanServer
from prover.problem import Problem

LISTS = """
def app : List Nat → List Nat → List Nat
  | [], ys => ys
  | x::xs, ys => x :: app xs ys
def rev : List Nat → List Nat
  | [] => []
  | x::xs => app (rev xs) [x]
"""
UNARY = """
inductive N where
| z : N
| s : N → N
def add : N → N → N
| .z, y => y
| .s x, y => .s (add x y)
"""


@pytest.fixture
def lists(lean_server: LeanServer) -> Iterator[LeanEnvironment]:
    with LeanDomain(lean_server).open(
        Problem("theorem t (xs : List Nat) : rev (rev xs) = xs", header=LISTS)
    ) as environment:
        yield environment


def reader(environment: LeanEnvironment, header: str) -> tuple[LeanState, Reader]:
    state = environment.initial_state
    assert isinstance(state, LeanState) and state.main_goal is not None
    return state, Reader(state.main_goal, header)


def outcome(environment: LeanEnvironment, state: LeanState, tactic: str) -> StepStatus:
    (result,) = environment.step(state, [Candidate(tactic, "test", score=1.0)])
    return result.status


def test_what_is_false_on_small_values_fails(lists: LeanEnvironment) -> None:
    state, goal = reader(lists, LISTS)
    samples = Samples(goal)
    variables = (("a0", "List Nat"), ("a1", "List Nat"))
    true = refutation(Claim(variables, "app a0 a1 = a0 ++ a1", "a0"), samples)
    false = refutation(Claim(variables, "app a0 a1 = app a1 a0", "a0"), samples)
    assert true is not None and outcome(lists, state, true) is StepStatus.PROGRESS
    assert false is not None and outcome(lists, state, false) is StepStatus.FAILED
    assert refutation(Claim((("f", "Nat → Nat"),), "f = f", "f"), samples) is None


def test_data_without_decidable_equality(lean_server: LeanServer) -> None:
    with LeanDomain(lean_server).open(Problem("theorem t (x y : N) : add x y = add y x", header=UNARY)) as environment:
        state, goal = reader(environment, UNARY)
        variables = (("a0", "N"), ("a1", "N"))
        samples = Samples(goal)
        true = refutation(Claim(variables, "add a0 a1 = add a1 a0", "a0"), samples)
        false = refutation(Claim(variables, "add a0 a1 = a0", "a0"), samples)
        assert true is not None and outcome(environment, state, true) is StepStatus.PROGRESS
        assert false is not None and outcome(environment, state, false) is StepStatus.FAILED


def test_the_functions_defined_first_come_first(lists: LeanEnvironment) -> None:
    state, goal = reader(lists, LISTS)
    texts = [claim.text for claim in claims(goal)]
    assert len(texts) == len(set(texts))
    steps = list(conjectures(goal))
    assert [s.score for s in steps] == sorted((s.score for s in steps), reverse=True)
    first = steps[0].tactic
    assert "app a0 a1 = a0 ++ a1" in first and "rev" not in first.split("grind")[0]
    (result,) = lists.step(state, [Candidate(first, "test", score=1.0, wall_ms=60_000)])
    assert isinstance(result.state, LeanState)
    assert "∀ (a0 a1 : List Nat), app a0 a1 = a0 ++ a1" in result.state.text
    assert "app a1 a0" not in result.state.text
