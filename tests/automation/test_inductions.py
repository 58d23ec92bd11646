"""What `automation` proposes for functions and predicates of the header, against real Lean."""

from __future__ import annotations

from collections.abc import Callable

from prover_plugins.automation.conjectures import conjectures
from prover_plugins.automation.induction import induction
from prover_plugins.automation.reading import Reader
from prover_plugins.automation.structure import chaining

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]

EVEN = """
inductive Even : Nat → Prop where
  | zero : Even 0
  | step (n : Nat) : Even n → Even (n + 2)
"""

STACK = """
structure Stack where
  items : List Nat
  count : Nat
def Stack.push (s : Stack) (n : Nat) : Stack := ⟨n :: s.items, s.count + 1⟩
def Stack.ok (s : Stack) : Prop := s.count = s.items.length
"""

PUT = """
def put (k : Nat) : List Nat → List Nat
  | [] => [k]
  | x :: xs => if k ≤ x then k :: x :: xs else x :: put k xs
"""

PAIRED = """
def paired : List α → List β → List (α × β)
  | [], _ => []
  | _, [] => []
  | x :: xs, y :: ys => (x, y) :: paired xs ys
"""

STEP = """
inductive Term where
  | yes | no
  | cond : Term → Term → Term → Term
inductive Step : Term → Term → Prop
  | yes (a b : Term) : Step (.cond .yes a b) a
  | no (a b : Term) : Step (.cond .no a b) b
  | inner (c d a b : Term) : Step c d → Step (.cond c a b) (.cond d a b)
"""


def read(state: LeanState, header: str) -> Reader:
    assert state.main_goal is not None
    return Reader(state.main_goal, header)


def test_induction_along_a_derivation(opened: Open) -> None:
    environment, state = opened("theorem t (n : Nat) (h : Even n) : n % 2 = 0", EVEN)
    goal = read(state, EVEN)
    assert goal.predicates == ["Even"] and "Even.step" in goal.unfolding() and "brecOn" not in goal.unfolding()
    step = next(s for s in induction(goal) if s.tactic.startswith("induction h <;> try grind"))
    (result,) = environment.step(state, [Candidate(step.tactic, "test", heartbeats=step.heartbeats)])
    assert result.status is StepStatus.FINISHED, result.message


def test_induction_along_a_derivation_for_all_that_the_other_facts_speak_of(opened: Open) -> None:
    environment, state = opened("theorem t (a b c : Term) (h : Step a b) (g : Step a c) : b = c", STEP)
    steps = [s for s in induction(read(state, STEP)) if s.tactic.startswith("induction h generalizing c <;>")]
    results = environment.step(state, [Candidate(s.tactic, "test", heartbeats=s.heartbeats) for s in steps])
    assert any(r.status is StepStatus.FINISHED for r in results), [r.message for r in results]


def test_cases_of_what_functions_of_the_library_look_at(opened: Open) -> None:
    statement = "theorem t (n : Nat) (xs ys : List Nat) : (paired xs ys).take n = paired (xs.take n) (ys.take n)"
    environment, state = opened(statement, PAIRED)
    steps = [s for s in induction(read(state, PAIRED)) if "generalizing n <;> cases n" in s.tactic]
    (result,) = environment.step(state, [Candidate(s.tactic, "test", heartbeats=s.heartbeats) for s in steps[:1]])
    assert result.status is StepStatus.FINISHED, result.message


def test_constructors_are_used(opened: Open) -> None:
    environment, state = opened("theorem t : Even 4", EVEN)
    tactic = f"grind{read(state, EVEN).unfolding()}"
    (result,) = environment.step(state, [Candidate(tactic, "test")])
    assert result.status is StepStatus.FINISHED, result.message


def test_projections_are_not_unfolded(opened: Open) -> None:
    """With one of them in its list ``grind`` would fail at once."""
    environment, state = opened("theorem t (s : Stack) (n : Nat) (h : s.ok) : (s.push n).ok", STACK)
    goal = read(state, STACK)
    assert set(goal.definitions) == {"Stack.push", "Stack.ok"}
    (result,) = environment.step(state, [Candidate(f"grind{goal.unfolding()}", "test")])
    assert result.status is StepStatus.FINISHED, result.message


def test_inductions_are_staged_by_the_search(opened: Open) -> None:
    """The search gives a step little effort at first, unless the step sets its own time."""
    _, state = opened("theorem t (k : Nat) (xs : List Nat) : (put k xs).length = xs.length + 1", PUT)
    found = list(induction(read(state, PUT)))
    assert found and all(s.wall_ms is None for s in found)


def test_templates_with_a_counterexample_are_not_proposed(opened: Open) -> None:
    _, state = opened("theorem t (k : Nat) (xs : List Nat) : (put k xs).length = xs.length + 1", PUT)
    texts = [s.tactic for s in conjectures(read(state, PUT))]
    assert any("(put a0 a1).length = a1.length + 1" in t for t in texts)
    assert not any("(put a0 a1).length = a1.length :=" in t or "++ a1" in t for t in texts)
    without = [s.tactic for s in conjectures(Reader(read(state, PUT).goal))]
    assert set(texts) < set(without)


STAR = """
inductive Star (r : Nat → Nat → Prop) : Nat → Nat → Prop where
  | refl : ∀ a, Star r a a
  | step : ∀ a b c, r a b → Star r b c → Star r a c
"""


def test_a_predicate_is_shown_by_chaining_its_constructors(opened: Open) -> None:
    cases = {
        "(r : Nat → Nat → Prop) (a c : Nat) (h : r a c) : Star r a c": "solve_by_elim [",
        "(r : Nat → Nat → Prop) (a b c : Nat) (h : Star r a b) (k : r b c) : Star r a c": "induction h <;> solve",
    }
    for statement, begins in cases.items():
        environment, state = opened(f"theorem t {statement}", STAR)
        (step,) = [s.tactic for s in chaining(read(state, STAR)) if s.tactic.startswith(begins)]
        (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
        assert result.status is StepStatus.FINISHED, result.message


def test_facts_are_chained_for_a_predicate_that_is_a_variable(opened: Open) -> None:
    statement = "theorem t (p : Nat → Prop) (q : Nat → Nat → Prop) (h : ∀ x y, p x → q x y)"
    statement += " (g : ∀ x, q x x → p (x + 1)) (s : p 3) : q 4 7"
    environment, state = opened(statement, "")
    (step,) = [s.tactic for s in chaining(read(state, ""))]
    (result,) = environment.step(state, [Candidate(step, "x", score=1.0)])
    assert result.status is StepStatus.FINISHED, result.message
