"""Equational proofs: the completion by itself, and the steps that it gives against real Lean."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prover_plugins.automation.completion import Completion, Term, matches, unified
from prover_plugins.automation.equational import equational
from prover_plugins.automation.reading import Reader

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]
A: Term = ("a",)
B: Term = ("b",)
E: Term = ("e",)


def m(one: Term, other: Term) -> Term:
    return ("m", one, other)


def inv(one: Term) -> Term:
    return ("i", one)


ASSOCIATIVE = (m(m(0, 1), 2), m(0, m(1, 2)))
GROUP = [ASSOCIATIVE, (m(E, 0), 0), (m(inv(0), 0), E)]


@pytest.mark.parametrize(
    ("axioms", "goal"),
    [
        (GROUP, (m(A, inv(A)), E)),
        (GROUP, (inv(m(A, B)), m(inv(B), inv(A)))),
        ([*GROUP, (m(0, 0), E)], (m(A, B), m(B, A))),
        ([*GROUP, (m(m(0, 1), m(0, 1)), m(m(0, 0), m(1, 1)))], (m(A, B), m(B, A))),
        ([(m(0, m(0, 1)), 1), (m(m(0, 1), 1), 0)], (m(A, B), m(B, A))),
    ],
)
def test_what_follows_is_proved_from_earlier_equations(
    axioms: list[tuple[Term, Term]], goal: tuple[Term, Term]
) -> None:
    proof = Completion(axioms, goal, 6_000).run()
    assert proof is not None
    for number, equation in proof.equations.items():
        assert (equation.given >= 0) != bool(equation.uses)
        assert all(other < number and other in proof.equations for other, _ in equation.uses)


def test_what_does_not_follow_is_not_proved() -> None:
    assert Completion(GROUP, (m(A, B), m(B, A)), 2_000).run() is None
    assert Completion([ASSOCIATIVE], (A, B), 500).run() is None


def test_matching_and_unification() -> None:
    assert matches(m(0, 0), m(A, A), {}) and not matches(m(0, 0), m(A, B), {})
    assert unified(m(0, A), m(B, 1)) == {0: B, 1: A}
    assert unified(m(0, 0), m(1, inv(1))) is None


BINARY = "(G : Type) (op : G → G → G) (e : G) (h₀ : ∀ a b c, op (op a b) c = op a (op b c)) (h₁ : ∀ a, op e a = a) "


@pytest.mark.parametrize(
    "statement",
    [
        BINARY + "(inv : G → G) (h₂ : ∀ a, op (inv a) a = e) (a b : G) : inv (op a b) = op (inv b) (inv a)",
        BINARY + "(h₂ : ∀ a, ∃ b, op b a = e) (a : G) : op a e = a",
        BINARY + "(h₂ : ∀ a, op a e = a ∧ op a a = e) (a b : G) : op a b = op b a",
        "(G : Type) [Mul G] [OfNat G 1] [Inv G] (h₀ : ∀ a b c : G, a * b * c = a * (b * c)) (h₁ : ∀ a : G, 1 * a = a) "
        "(h₂ : ∀ a : G, a⁻¹ * a = 1) (a : G) : a⁻¹⁻¹ = a",
        "(f : Nat → Nat) (h : ∀ x, f (f x) = x) (a b : Nat) (g : f a = f b) (l : a ≠ b) : False",
    ],
)
def test_lean_accepts_the_proof(opened: Open, statement: str) -> None:
    environment, state = opened(f"theorem t {statement}", "")
    for _ in range(2):
        assert state.main_goal is not None
        (first, *_) = equational(Reader(state.main_goal))
        (result,) = environment.step(state, [Candidate(first.tactic, "t", heartbeats=200_000, wall_ms=20_000)])
        if result.status is StepStatus.FINISHED:
            return
        assert isinstance(result.state, LeanState), result.message
        state = result.state
    raise AssertionError("not finished")
