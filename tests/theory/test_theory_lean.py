"""Theorems that need lemmas about the header's own functions, on real Lean."""

from __future__ import annotations

from pathlib import Path

import pytest
from prover_plugins.theory.exploring import explore
from prover_plugins.theory.proposer import Explorer, TheoryProposer

from prover.domain import Candidate
from prover.lean.environment import LeanDomain
from prover.lean.goals import LeanState
from prover.lean.server import LeanServer
from prover.problem import Budget, Problem, text_before
from prover.search import search

ROWS = """
inductive Row where
  | e : Row
  | c : Nat → Row → Row
def cat : Row → Row → Row
  | .e, t => t
  | .c n s, t => .c n (cat s t)
def turned : Row → Row
  | .e => .e
  | .c n s => cat (turned s) (.c n .e)
"""

NUMBERS = """
def times : Nat → Nat → Nat
  | _, 0 => 0
  | n, m + 1 => times n m + n
def power : Nat → Nat → Nat
  | _, 0 => 1
  | b, n + 1 => times (power b n) b
"""

LEAVES = """
inductive T3 (α : Type) where
  | tip : α → T3 α
  | fork : T3 α → T3 α → T3 α → T3 α
def fringe : T3 α → List α
  | .tip a => [a]
  | .fork l m r => fringe l ++ fringe m ++ fringe r
def fringeOnto : T3 α → List α → List α
  | .tip a, xs => a :: xs
  | .fork l m r, xs => fringeOnto l (fringeOnto m (fringeOnto r xs))
"""

UP = """
def put (k : Nat) : List Nat → List Nat
  | [] => [k]
  | x :: xs => if k ≤ x then k :: x :: xs else x :: put k xs
def arranged : List Nat → List Nat
  | [] => []
  | x :: xs => put x (arranged xs)
inductive Up : List Nat → Prop
  | nil : Up []
  | one (a : Nat) : Up [a]
  | more (a b : Nat) (xs : List Nat) : a ≤ b → Up (b :: xs) → Up (a :: b :: xs)
"""

PLANTS = """
inductive Plant where
  | stem : Nat → List Plant → Plant
mutual
def Plant.turned : Plant → Plant
  | .stem n ps => .stem n (allTurned ps)
def allTurned : List Plant → List Plant
  | [] => []
  | p :: ps => allTurned ps ++ [p.turned]
end
"""

BRACKETS = """
inductive Mark where
  | left | right
inductive Bin where
  | tip : Bin
  | two : Bin → Bin → Bin
def Bin.show : Bin → List Mark
  | .tip => []
  | .two l r => .left :: (l.show ++ .right :: r.show)
def level : List Mark → Nat → Option Nat
  | [], n => some n
  | .left :: ms, n => level ms (n + 1)
  | .right :: _, 0 => none
  | .right :: ms, n + 1 => level ms n
"""

SHELF = """
inductive Shelf where
  | bare : Shelf
  | board : Shelf → Nat → Shelf → Shelf
def Shelf.put (k : Nat) : Shelf → Shelf
  | .bare => .board .bare k .bare
  | .board l n r => if k ≤ n then .board (l.put k) n r else .board l n (r.put k)
def stock : List Nat → Shelf
  | [] => .bare
  | n :: ns => (stock ns).put n
def Shelf.onto : Shelf → List Nat → List Nat
  | .bare, ns => ns
  | .board l n r, ns => l.onto (n :: r.onto ns)
def rising : List Nat → Bool
  | [] => true
  | [_] => true
  | m :: n :: ns => m ≤ n && rising (n :: ns)
"""

TURNS = """
def dealt : List Nat → List Nat × List Nat
  | [] => ([], [])
  | [n] => ([n], [])
  | m :: n :: ns => (m :: (dealt ns).1, n :: (dealt ns).2)
def joined : List Nat → List Nat → List Nat
  | [], ns => ns
  | m :: ms, ns => m :: joined ns ms
termination_by ms ns => ms.length + ns.length
def mixed : Nat → List Nat → List Nat
  | 0, ns => ns
  | k + 1, ns => joined (mixed k (dealt ns).2) (mixed k (dealt ns).1)
def times' (k : Nat) : List Nat → Nat
  | [] => 0
  | n :: ns => if k == n then times' k ns + 1 else times' k ns
"""

PILES = """
inductive Pile where
  | none : Pile
  | some : Nat → Pile → Pile → Pile
def meld : Pile → Pile → Pile
  | .none, p => p
  | p, .none => p
  | .some m a b, .some n c d => if m ≤ n then .some m (meld b (.some n c d)) a else .some n (meld d (.some m a b)) c
termination_by a b => sizeOf a + sizeOf b
def above (k : Nat) : Pile → Bool
  | .none => true
  | .some n a b => k ≤ n && above k a && above k b
def piled : Pile → Bool
  | .none => true
  | .some n a b => above n a && above n b && piled a && piled b
"""

SUMS = """
inductive Tally where
  | num : Nat → Tally
  | plus : Tally → Tally → Tally
inductive Step where
  | push : Nat → Step
  | add : Step
def Tally.value : Tally → Nat
  | .num n => n
  | .plus a b => a.value + b.value
def perform : List Step → List Nat → Option (List Nat)
  | [], s => some s
  | .push n :: c, s => perform c (n :: s)
  | .add :: c, x :: y :: s => perform c ((y + x) :: s)
  | _, _ => none
def Tally.steps : Tally → List Step
  | .num n => [.push n]
  | .plus a b => a.steps ++ b.steps ++ [.add]
"""

BLENDS = """
def blend : List Nat → List Nat → List Nat
  | [], ns => ns
  | ms, [] => ms
  | m :: ms, n :: ns => if m ≤ n then m :: blend ms (n :: ns) else n :: blend (m :: ms) ns
def below (k : Nat) : List Nat → List Nat
  | [] => []
  | n :: ns => if n < k then n :: below k ns else below k ns
def above (k : Nat) : List Nat → List Nat
  | [] => []
  | n :: ns => if n < k then above k ns else n :: above k ns
def blendAll : List (List Nat) → List Nat
  | [] => []
  | ms :: r => blend ms (blendAll r)
def apart : List Nat → List (List Nat)
  | [] => []
  | [n] => [[n]]
  | m :: n :: ns => [m, n] :: apart ns
"""

PROBLEMS = {
    "parts of a list": (BLENDS, "(k n : Nat) (ns : List Nat) : (blend (below k ns) (above k ns)).count n = ns.count n"),
    "a list of lists": (BLENDS, "(n : Nat) (ns : List Nat) : (blendAll (apart ns)).count n = ns.count n"),
    "a bound that may be lowered": (PILES, "(a b : Pile) (ha : piled a) (hb : piled b) : piled (meld a b)"),
    "sorted twice": (UP, "(xs : List Nat) : arranged (arranged xs) = arranged xs"),
    "what becomes of the stack": (SUMS, "(e : Tally) (s : List Nat) : perform e.steps s = some (e.value :: s)"),
    "a tree that sorts": (SHELF, "(ns : List Nat) : rising ((stock ns).onto []) = true"),
    "a list that is dealt": (TURNS, "(k n : Nat) (ns : List Nat) : times' n (mixed k ns) = times' n ns"),
    "an inductive predicate": (UP, "(xs : List Nat) : Up (arranged xs)"),
    "functions defined together": (PLANTS, "(p : Plant) : p.turned.turned = p"),
    "what comes after": (BRACKETS, "(b : Bin) : level b.show 0 = some 0"),
    "an own type of lists": (ROWS, "(s : Row) : turned (turned s) = s"),
    "a power of a sum": (NUMBERS, "(b n m : Nat) : power b (n + m) = times (power b n) (power b m)"),
    "an accumulator": (LEAVES, "(t : T3 α) : fringeOnto t [] = fringe t"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_lemmas_are_found(lean_server: LeanServer, name: str) -> None:
    header, statement = PROBLEMS[name]
    problem = Problem(f"theorem t {statement}", header=header)
    environment = LeanDomain(lean_server).open(problem)
    explorer = Explorer()
    proposers = [TheoryProposer(explorer, 0), TheoryProposer(explorer, 1)]
    outcome = search(problem, environment, proposers, budget=Budget(seconds=None, steps=10))
    environment.close()
    assert outcome.proved, outcome.reason
    assert any(step.startswith("(have lem1") for step in outcome.actions), outcome.actions


def test_no_state_of_lean_is_left(lean_server: LeanServer) -> None:
    problem = Problem("theorem t (s : Row) : turned (turned s) = s", header=ROWS)
    environment = LeanDomain(lean_server).open(problem)
    state = environment.step(environment.initial_state, [Candidate("skip", "test")])[0].state
    assert isinstance(state, LeanState)
    before = lean_server.statistics().states
    exploration = explore(ROWS, state)
    assert exploration is not None
    found = exploration.advance(12)
    assert found is not None and found.finish is not None and found.haves
    exploration.close()
    assert lean_server.statistics().states == before
    environment.close()


def test_nothing_to_explore(lean_server: LeanServer) -> None:
    problem = Problem("theorem t (n : Nat) : n + 0 = n")
    environment = LeanDomain(lean_server).open(problem)
    assert list(TheoryProposer(Explorer(), 0).propose(problem, environment.initial_state)) == []
    environment.close()


def test_definitions_before_a_sorry_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.lean"
    path.write_text("def f : Nat → Nat\n  | n => n\n\ntheorem t : f 1 = 1 := by\n  sorry\n", encoding="utf-8")
    problem = Problem("⊢ f 1 = 1", metadata={"file": str(path), "line": "5"})
    assert text_before(problem).startswith("def f") and "sorry" not in text_before(problem)
    assert text_before(Problem("⊢ True", metadata={"file": str(tmp_path / "none.lean"), "line": "1"})) == ""
