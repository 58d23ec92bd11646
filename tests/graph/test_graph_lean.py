"""Chains that Lean accepts, in at most two steps."""

from __future__ import annotations

import pytest
from prover_plugins.graph.module import GraphModule

from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.problem import Budget, Problem
from prover.search import search

RELATION = "(α : Type) (r : α → α → Prop) (tr : ∀ x y z, r x y → r y z → r x z) "


def implications(length: int) -> str:
    props = " ".join(f"P{i}" for i in range(length + 1))
    return f"({props} : Prop) " + " ".join(f"(g{i} : P{i} → P{i + 1})" for i in range(length))


def related(length: int) -> str:
    points = " ".join(f"x{i}" for i in range(length + 1))
    return RELATION + f"({points} : α) " + " ".join(f"(e{i} : r x{i} x{i + 1})" for i in range(length))


PREDICATES = """def P (n : Nat) : Prop := n = n
def Q (n : Nat) : Prop := n = n
def R (a b : Nat) : Prop := a ≤ b
theorem q_of_p {n : Nat} (h : P n) : Q n := h
theorem R.trans {a b c : Nat} (h : R a b) (k : R b c) : R a c := Nat.le_trans h k"""
ORDERED = "{α : Type} [LE α] [LT α] [Std.IsPreorder α] [Std.LawfulOrderLT α] (a b c d : α) "

CHAINS = {
    "30 implications": (implications(30) + " (p : P0) : P30", ""),
    "30 implications, to introduce": (implications(30) + " : P0 → P30", ""),
    "transitive relation": (related(20) + ": r x0 x20", ""),
    "symmetric too": (
        RELATION + "(sy : ∀ x y, r x y → r y x) (a b c d : α) (h : r b a) (k : r b c) (e : d = c) : r a d",
        "",
    ),
    "irreflexive": (
        RELATION + "(ir : ∀ x, ¬ r x x) (a b c : α) (h : r a b) (k : r b c) (l : r c a) : False",
        "",
    ),
    "mixed order on Nat": ("(a b c d e : Nat) (h1 : a ≤ b) (h2 : b < c) (h3 : d = c) (h4 : e ≥ d) : a < e", ""),
    "mixed order on Int": ("(a b c d : Int) (h1 : a ≤ b) (h2 : b < c) (h3 : d = c) : a ≤ d", ""),
    "preorder": (ORDERED + "(h1 : a ≤ b) (h2 : b < c) (h3 : c = d) : a < d", ""),
    "cycle": ("(a b c : Nat) (f : Nat → Nat) (h : f a < b) (k : b ≤ c) (l : c ≤ f a) : a = 17", ""),
    "antisymmetry": ("(a b c : Nat) (h : a ≤ b) (k : b ≤ c) (l : c ≤ a) : a = b", ""),
    "divisibility": ("(a b c d : Nat) (h1 : a ∣ b) (h2 : b ∣ c) (h3 : d = c) : a ∣ d", ""),
    "inclusion": ("(a b c d : List Nat) (h1 : a ⊆ b) (h2 : b ⊆ c) (h3 : d = c) : a ⊆ d", ""),
    "equations": ("(α : Type) (a b c d : α) (h : b = a) (k : b = c) (l : d = c) : a = d", ""),
    "equivalences": ("(p q r s : Prop) (h1 : p ↔ q) (h2 : r ↔ q) (h3 : r ↔ s) : p ↔ s", ""),
    "predicates": ("(α : Type) (p q : α → Prop) (h : ∀ x, p x → q x) (k : ∀ x, ¬ q x) (a : α) : ¬ p a", ""),
    "quantified facts": (RELATION + "(f : α → α) (h : ∀ x, r x (f x)) (a b : α) (k : r (f a) b) : r a b", ""),
    "lemmas of the header": ("(a b c : Nat) (h : R a b) (k : R b c) (p : P c) : R a c ∧ Q c", PREDICATES),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chain(lean_server: LeanServer, name: str) -> None:
    statement, header = CHAINS[name]
    problem = Problem(f"theorem t {statement}", name="t", header=header)
    with LeanDomain(lean_server).open(problem) as environment:
        budget = Budget(seconds=None, steps=2)
        outcome = search(problem, environment, [], modules=[GraphModule()], budget=budget)
    assert outcome.status == "proved"


@pytest.mark.parametrize(
    "statement",
    [
        "(a b c : Nat) (h : a ≤ b) (k : c ≤ b) : a ≤ c",
        "(p q r : Prop) (h : p → q) (k : r → q) (l : r) : p",
        RELATION + "(a b c : α) (h : r a b) (k : r c b) : r a c",
        "(a b : Nat) : a + b = b + a",
    ],
)
def test_no_chain(lean_server: LeanServer, statement: str) -> None:
    problem = Problem(f"theorem t {statement}", name="t")
    with LeanDomain(lean_server).open(problem) as environment:
        insight = GraphModule().read(problem, environment.initial_state)
    assert insight is None or not list(insight.candidates)


def test_what_matters_is_said(lean_server: LeanServer) -> None:
    problem = Problem("theorem t (p q r s : Prop) (h : p → q) (k : r → s) (l : p) (m : r) : q", name="t")
    with LeanDomain(lean_server).open(problem) as environment:
        insight = GraphModule().read(problem, environment.initial_state)
    assert insight is not None
    assert insight.features == {"relevant": 2.0, "hypotheses": 4.0}
    assert insight.facts == ("the goal follows from h, l: (h l)",)


def test_a_crowd_is_cleared(lean_server: LeanServer) -> None:
    crowd = " ".join(f"(y{i} : Nat) (c{i} : y{i} * y{i} = 7)" for i in range(11))
    problem = Problem(f"theorem t (x : Nat) (h : x * x = 4) {crowd} : x = 2", name="t")
    with LeanDomain(lean_server).open(problem) as environment:
        insight = GraphModule().read(problem, environment.initial_state)
        assert insight is not None
        (candidate,) = insight.candidates
        assert candidate.action == "clear " + " ".join(f"c{i}" for i in range(11))
        (result,) = environment.step(environment.initial_state, [candidate])
    assert result.status == "progress"
