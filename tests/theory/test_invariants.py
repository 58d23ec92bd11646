"""Dots, namespaces, helpers and predicates are read; what tests say of functions; partners; counterexamples."""

from __future__ import annotations

import pytest
from prover_plugins.theory.definitions import read_header
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.invariants import invariants
from prover_plugins.theory.joint import Partners
from prover_plugins.theory.signature import Signature, signature
from prover_plugins.theory.syntax import read_term
from prover_plugins.theory.terms import Enumeration
from prover_plugins.theory.testing import is_refuted

HEADER = """
inductive Bush where
  | bud : Bush
  | fork : Bush → Nat → Bush → Bush
namespace Bush
def grow (k : Nat) : Bush → Bush
  | .bud => .fork .bud k .bud
  | .fork l n r => if k < n then .fork (l.grow k) n r else .fork l n (grow k r)
def fits (p : Nat → Prop) : Bush → Prop
  | .bud => True
  | .fork l n r => l.fits p ∧ p n ∧ r.fits p
def has (k : Nat) : Bush → Bool
  | .bud => false
  | .fork l n r => n == k || l.has k || r.has k
end Bush
def Bush.labels (b : Bush) : List Nat := collect b []
where
  collect : Bush → List Nat → List Nat
    | .bud, done => done
    | .fork l n r, done => collect l (n :: collect r done)
def scaled (k : Nat) (xs : List Nat) : List Nat := go xs
where
  go : List Nat → List Nat
    | [] => []
    | x :: xs => k * x :: go xs
def halves (n : Nat) : Nat × Nat :=
  let h := n / 2
  (h, n - h)
inductive Up : List Nat → Prop
  | nil : Up []
  | one (a : Nat) : Up [a]
  | more (a b : Nat) (xs : List Nat) (h : a ≤ b) : Up (b :: xs) → Up (a :: b :: xs)
inductive Odd' : List α → List α → Prop
  | twice (a : α) : Odd' [a] [a]
def put (k : Nat) : List Nat → List Nat
  | [] => [k]
  | x :: xs => if k ≤ x then k :: x :: xs else x :: put k xs
"""

MUTUAL = """
inductive Plant where
  | stem : Nat → List Plant → Plant
mutual
def Plant.leaves : Plant → Nat
  | .stem _ ps => 1 + allLeaves ps
def allLeaves : List Plant → Nat
  | [] => 0
  | p :: ps => p.leaves + allLeaves ps
end
mutual
def Plant.names : Plant → List Nat
  | .stem n ps => n :: allNames ps
def allNames : List Plant → List Nat
  | [] => []
  | p :: ps => p.names ++ allNames ps
end
"""


def made(text: str, words: str = "") -> tuple[Signature, Evaluator]:
    header = read_header(text)
    evaluator = Evaluator(header)
    return signature(header, evaluator, header.functions, [], [], words, partners=header.functions), evaluator


VALUES = {
    "Bush.labels (Bush.grow 1 (Bush.grow 2 .bud))": (1, 2),
    "Bush.has 3 (Bush.grow 3 .bud)": True,
    "scaled 3 [1, 2]": (3, 6),
    "(halves 7).2": 4,
    "Up [1, 2, 2]": True,
    "Up [1, 3, 2]": False,
}


@pytest.mark.parametrize("text", VALUES)
def test_dots_helpers_and_predicates_have_values(text: str) -> None:
    evaluate = Evaluator(read_header(HEADER))
    assert evaluate(evaluate.compile(read_term(text), frozenset()), {}) == VALUES[text]


def test_names_are_those_that_lean_gives() -> None:
    header = read_header(HEADER)
    assert {"Bush.grow", "Bush.labels.collect", "scaled.go"} <= header.functions.keys()
    assert [str(t) for t in header.functions["scaled.go"].arguments] == ["Nat", "List Nat"]
    assert list(header.predicates) == ["Up"]  # the other one's conclusion names a variable twice


def test_what_tests_say_of_a_value() -> None:
    signature_, evaluator = made(HEADER)
    found = {m.statement for m in invariants(signature_, read_header(HEADER), evaluator, "")}
    assert "Up xs → Up (put n xs)" in found
    assert "(Bush.fits f (Bush.grow n t)) ↔ ((f n) ∧ (Bush.fits f t))" in found
    assert "Bush.has m (Bush.grow n t) = ((decide (m = n)) || (Bush.has m t))" in found
    assert not any(s.startswith("Up (put") for s in found)


def test_partners_are_exchanged_in_all_blocks() -> None:
    signature_, evaluator = made(MUTUAL, "length")
    blocks = [("Plant.leaves", "allLeaves"), ("Plant.names", "allNames")]
    partners = Partners(signature_, evaluator, blocks)
    equations = list(Enumeration(signature_.symbols, signature_.variables, signature_.reduces).equations(4))
    one = next(e for e in equations if {e.left.text, e.right.text} == {"List.length (Plant.names t)", "Plant.leaves t"})
    other = partners.partner(one, "Plant.names", "allNames")
    assert other is not None
    assert {s.name for s in other.left.symbols()} | {s.name for s in other.right.symbols()} == {
        "List.length", "allNames", "allLeaves",
    }  # fmt: skip


def test_counterexamples() -> None:
    pairs = [("xs", "List Nat"), ("k", "Nat")]
    assert is_refuted(HEADER, pairs, "put k xs = xs ++ [k]")
    assert not is_refuted(HEADER, pairs, "(put k xs).length = xs.length + 1")
    assert not is_refuted(HEADER, pairs, "unknown k xs = xs")  # not understood
    assert not is_refuted(HEADER, [("f", "Real")], "f = f")
