"""Headers are read as far as they are understood, and their functions have the values that Lean gives them."""

from __future__ import annotations

import pytest
from prover_plugins.theory.definitions import read_header
from prover_plugins.theory.evaluation import Evaluator, Undecided
from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.syntax import read_term

from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.problem import Problem

HEADER = """
/-- Puts a number where it belongs. -/
def place (k : Nat) : List Nat → List Nat   -- a parameter before the colon
  | [] => [k]
  | y :: ys => if y < k then y :: place k ys else k :: y :: ys

inductive Tree (α : Type) where
  | leaf
  | node (l : Tree α) (a : α) (r : Tree α)

noncomputable def flat : Tree α → List α
  | .leaf => []
  | .node l a r => flat l ++ a :: flat r

mutual
  def odd : Nat → Bool
    | 0 => false
    | n + 1 => even n
  def even : Nat → Bool
    | 0 => true
    | .succ n => odd n
end

def cut : Nat → List Nat → List Nat × List Nat
  | n + 1, x :: xs => match cut n xs with
    | (a, b) => (x :: a, b)
  | _, xs => ([], xs)

def unique [DecidableEq α] : List α → List α
  | [] => []
  | x :: xs => x :: unique (xs.filter (fun y => x != y))
termination_by xs => xs.length
decreasing_by
  simp_wf
  exact Nat.lt_succ_of_le (List.length_filter_le _ xs)

def bounded (xs : List Nat) : {n : Nat // n ≤ xs.length} := ⟨0, Nat.zero_le _⟩
def both (p : Nat → Bool) (xs : List Nat) : Bool := xs.all p && !xs.isEmpty
"""

VALUES = {
    "place 3 [1, 2, 4]": (1, 2, 3, 4),
    "flat (.node (.node .leaf 1 .leaf) 2 .leaf)": (1, 2),
    "odd 7": True,
    "(even 4, odd 4)": ("Prod.mk", True, False),
    "(cut 1 [7, 8, 9]).2": (8, 9),
    "unique [1, 2, 1, 3, 2]": (1, 2, 3),
    "both (fun n => n % 2 == 0) [2, 4]": True,
    "both (· < 3) [2, 4]": False,
    "[1, 2, 3].foldl (fun a b => a - b) 2": 0,
    "([2, 1, 2].erase 2).reverse": (2, 1),
    "List.map (place 2) [[1], []]": ((1, 2), (2,)),
    "if 2 ∈ [1, 2] then 5 / 0 else 1": 0,
}


@pytest.mark.parametrize("text", VALUES)
def test_values(text: str) -> None:
    evaluate = Evaluator(read_header(HEADER))
    assert evaluate(evaluate.compile(read_term(text), frozenset()), {}) == VALUES[text]


def written(value: object) -> str:
    """A value as Lean writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and value[:1] == ("Prod.mk",):
        return f"({written(value[1])}, {written(value[2])})"
    return f"[{', '.join(map(written, value))}]" if isinstance(value, tuple) else str(value)


def test_lean_agrees(lean_server: LeanServer) -> None:
    """The table above is what Lean's kernel computes."""
    header = HEADER.replace("noncomputable def flat", "def flat")
    claims = " ∧ ".join(f"({text}) = {written(value)}" for text, value in VALUES.items())
    environment = LeanDomain(lean_server).open(Problem(f"theorem t : {claims}", header=header))
    verdict = environment.verify(["simp +decide [place, flat, cut, unique, both, even, odd, List.erase]"])
    environment.close()
    assert verdict.accepted, verdict.reasons


def test_what_is_not_understood_is_left_out() -> None:
    header = read_header(HEADER)
    assert [*header.functions] == ["place", "flat", "odd", "even", "cut", "unique", "both"]
    assert [str(t) for t in header.functions["place"].arguments] == ["Nat", "List Nat"]
    assert str(header.functions["cut"].result) == "(List Nat) × (List Nat)"
    assert header.data["Tree"].parameters == ("α",)
    assert [name for name, _ in header.data["Tree"].constructors] == ["leaf", "node"]


def test_an_endless_recursion_has_no_value() -> None:
    evaluate = Evaluator(read_header("def up (n : Nat) : Nat := up (n + 1)"))
    with pytest.raises(Undecided):
        evaluate(evaluate.compile(read_term("up 0"), frozenset()), {})


@pytest.mark.parametrize("text", ["", "f (", '"text"', "f x)", "{x // x = 1}"])
def test_texts_that_are_no_terms(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read_term(text)


def test_operators_bind_as_in_lean() -> None:
    assert read_term("a :: f b ++ c = d ∧ p → q") == read_term("((((a :: (f b)) ++ c) = d) ∧ p) → q")
    assert read_term("a - b - c") == read_term("(a - b) - c") != read_term("a - (b - c)")
    assert read_term("f <| g x") == read_term("f (g x)")
