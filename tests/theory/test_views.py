"""Which lemmas a plan for order and content has."""

from __future__ import annotations

from prover_plugins.theory.definitions import read_header
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.kinds import Type, list_of
from prover_plugins.theory.meanings import properties
from prover_plugins.theory.proving import claim_of
from prover_plugins.theory.signature import Signature, signature
from prover_plugins.theory.terms import Enumeration
from prover_plugins.theory.views import plan

HEADER = """
inductive Hedge where
  | gap : Hedge
  | bush : Hedge → Nat → Hedge → Hedge
def Hedge.grow (k : Nat) : Hedge → Hedge
  | .gap => .bush .gap k .gap
  | .bush l n r => if k ≤ n then .bush (l.grow k) n r else .bush l n (r.grow k)
def Hedge.onto : Hedge → List Nat → List Nat
  | .gap, ns => ns
  | .bush l n r, ns => l.onto (n :: r.onto ns)
def Hedge.under (k : Nat) : Hedge → Bool
  | .gap => true
  | .bush l n r => n ≤ k && l.under k && r.under k
def rising : List Nat → Bool
  | [] => true
  | [_] => true
  | m :: n :: ns => m ≤ n && rising (n :: ns)
def least (m : Nat) : List Nat → Nat
  | [] => m
  | n :: ns => if n < m then least n ns else least m ns
def dealt : List Nat → List Nat × List Nat
  | [] => ([], [])
  | n :: ns => (n :: (dealt ns).2, (dealt ns).1)
def upTo : Nat → List Nat → List Nat
  | 0, _ => []
  | _, [] => []
  | k + 1, n :: ns => n :: upTo k ns
def only (p : Nat → Bool) : List Nat → List Nat
  | [] => []
  | n :: ns => if p n then n :: only p ns else only p ns
def below (p : Nat) : List Nat → List Nat
  | [] => []
  | n :: ns => if n < p then n :: below p ns else below p ns
def above (p : Nat) : List Nat → List Nat
  | [] => []
  | n :: ns => if n < p then above p ns else n :: above p ns
def blend : List Nat → List Nat → List Nat
  | [], ns => ns
  | ms, [] => ms
  | m :: ms, n :: ns => if m ≤ n then m :: blend ms (n :: ns) else n :: blend (m :: ms) ns
def blendTwos : List (List Nat) → List (List Nat)
  | ms :: ns :: r => blend ms ns :: blendTwos r
  | r => r
def doubled : List Nat → List Nat
  | [] => []
  | n :: ns => 2 * n :: doubled ns
"""


def statements(*functions: str, words: str = "") -> list[str]:
    header = read_header(HEADER)
    evaluator = Evaluator(header)
    types = [list_of(Type("Nat")), Type("Hedge")]
    made = signature(header, evaluator, functions, types, [], words)
    return [lemma.claim.statement for lemma in plan(made, header, evaluator, words, HEADER)]


def test_a_tree_is_listed_by_what_the_header_makes_of_it() -> None:
    found = statements("Hedge.grow", "Hedge.onto", "rising")
    assert "Hedge.onto t (n :: xs) = Hedge.onto t [] ++ (n :: xs)" in found
    assert "(Hedge.onto (Hedge.grow n t) []).Perm (n :: (Hedge.onto t []))" in found
    assert "rising xs = true ↔ xs.Pairwise (· ≤ ·)" in found
    kept = "(Hedge.onto t []).Pairwise (· ≤ ·) → (Hedge.onto (Hedge.grow n t) []).Pairwise (· ≤ ·)"
    assert kept in found
    assert found.index("rising xs = true ↔ xs.Pairwise (· ≤ ·)") < found.index(kept)


def test_a_bound_is_said_of_the_members() -> None:
    found = statements("Hedge.under", "Hedge.onto", "rising")
    assert "Hedge.under n t = true ↔ (∀ m ∈ (Hedge.onto t []), m ≤ n)" in found


def test_what_is_chosen_is_a_member_and_a_bound() -> None:
    found = statements("least", "rising")
    assert "least n xs ∈ (n :: xs)" in found
    assert "least n xs ≤ n ∧ (∀ m ∈ xs, least n xs ≤ m)" in found


def test_a_pair_of_lists_is_one_list() -> None:
    assert "((dealt xs).1 ++ (dealt xs).2).Perm (xs)" in statements("dealt", words="count")


def test_a_count_that_is_large_enough() -> None:
    found = statements("upTo", words="count")
    assert "xs.length ≤ n → (upTo n xs).Perm (xs)" in found
    assert "(upTo n xs).Perm (xs)" not in found


def test_filters() -> None:
    found = statements("only", words="count")
    assert "only f xs = xs.filter f" in found
    assert "(xs.filter f).count n = if f n = true then xs.count n else 0" in found


def test_functions_that_share_a_list_out() -> None:
    found = statements("below", "above", words="count")
    assert "(below n xs).count m + (above n xs).count m = xs.count m" in found
    found = statements("below", "above", "rising")
    assert "(m ∈ (below n xs)) ↔ ((m ∈ xs) ∧ m < n)" in found
    assert not any("doubled" in s and "above" in s for s in statements("above", "doubled", words="count"))


def test_a_list_of_lists_is_all_of_them() -> None:
    found = statements("blend", "blendTwos", "rising")
    assert "((blendTwos xs1).flatten).Perm (xs1.flatten)" in found
    assert "(blendTwos xs1).length ≤ xs1.length" in found
    each = "(∀ l ∈ {}, l.Pairwise (· ≤ ·))"
    assert f"{each.format('xs1')} → {each.format('(blendTwos xs1)')}" in found


def test_nothing_is_planned_where_neither_order_nor_content_is_asked_for() -> None:
    assert statements("doubled") == []


PUTTING = """
def put (k : Nat) : List Nat → List Nat
  | [] => [k]
  | n :: ns => if k ≤ n then k :: n :: ns else n :: put k ns
def putAll : List Nat → List Nat
  | [] => []
  | n :: ns => put n (putAll ns)
"""

LATER = """
inductive Form where
  | num : Nat → Form
  | plus : Form → Form → Form
inductive Step where
  | push : Nat → Step
  | add : Step
def simpler : Form → Form → Form
  | .num 0, b => b
  | a, .num 0 => a
  | a, b => .plus a b
def Form.value : Form → Nat
  | .num n => n
  | .plus a b => a.value + b.value
def first : Form → Form → Form
  | .num 0, b => b
  | a, .num _ => a
  | .plus a _, .plus _ _ => a
def Form.steps : Form → List Step
  | .num n => [.push n]
  | .plus a b => a.steps ++ b.steps ++ [.add]
def perform : List Step → List Nat → Option (List Nat)
  | [], s => some s
  | .push n :: c, s => perform c (n :: s)
  | .add :: c, x :: y :: s => perform c ((y + x) :: s)
  | _, _ => none
"""


def later(*functions: str) -> Signature:
    header = read_header(LATER)
    words = "++" if "perform" in functions else ""
    return signature(header, Evaluator(header), functions, [Type("Form"), list_of(Type("Nat"))], [], words)


def test_a_function_of_overlapping_cases_needs_lemmas() -> None:
    assert set(later("simpler", "first", "Form.value").functions) == {"simpler", "Form.value"}


def test_what_an_argument_becomes_while_the_first_part_is_worked_on() -> None:
    made = later("perform", "Form.steps", "Form.value")
    found = [e for e in Enumeration(made.symbols, made.variables, made.reduces).equations(5) if e.continued]
    assert any(e.right.text == "perform xs ((Form.value t) :: xs1)" for e in found), [e.right.text for e in found]


def test_a_bound_that_may_be_lowered() -> None:
    header = read_header(HEADER)
    evaluator = Evaluator(header)
    made = signature(header, evaluator, ["Hedge.under"], [Type("Hedge")], [], "")
    found = [m for m in properties(made, evaluator) if "→" in m.statement]
    assert [m.statement for m in found] == ["Hedge.under n t = true → n ≤ m → Hedge.under m t = true"]
    assert [name for name, _ in claim_of(found[0], made).variables] == ["n", "m", "t"]


def test_an_order_is_unique_where_something_is_sorted() -> None:
    header = read_header(PUTTING)
    evaluator = Evaluator(header)
    made = signature(header, evaluator, ["put", "putAll"], [list_of(Type("Nat"))], [], "")
    found = plan(made, header, evaluator, "", PUTTING)
    assert [lemma.claim.statement for lemma in found if lemma.proof] == [
        "xs.Perm ys → xs.Pairwise (· ≤ ·) → ys.Pairwise (· ≤ ·) → xs = ys",
        "xs.Pairwise (· ≤ ·) → putAll xs = xs",
    ]
