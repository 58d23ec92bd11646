"""Premises on real Lean: what is listed, found and proposed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from prover_plugins.premises.candidates import BEST, SURE
from prover_plugins.premises.module import PremiseModule, goal_symbols
from prover_plugins.premises.recall import ask, read_questions

from prover.domain import StepStatus
from prover.errors import BadInput
from prover.lean.environment import LeanDomain, LeanEnvironment
from prover.lean.library import Fit
from prover.lean.server import LeanServer
from prover.lean.terms import Term
from prover.problem import Budget, Problem
from prover.search import search

HEADER = """def Good (n : Nat) : Prop := ∃ k, n = 3 * k
theorem good_step (n : Nat) (h : Good n) : Good (n + 3) := by
  obtain ⟨k, rfl⟩ := h; exact ⟨k + 1, by omega⟩"""


def opened(server: LeanServer, statement: str, header: str = "") -> LeanEnvironment:
    return LeanDomain(server).open(Problem(f"theorem t {statement}", name="t", header=header))


def names(environment: LeanEnvironment, limit: int = 10) -> list[str]:
    goal = environment.initial_state.main_goal
    assert goal is not None
    return [p.name for p in PremiseModule().find(environment.library(), goal)][:limit]


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("(xs ys : List Nat) : (xs ++ ys).length = ys.length + xs.length", "List.length_append"),
        ("(a b c : Nat) (h : a ≤ b) : a * c ≤ b * c", "Nat.mul_le_mul_right"),
        ("(a b c : Nat) (h : a ∣ b) : a ∣ b * c", "Nat.dvd_mul_right_of_dvd"),
        ("(a b : Int) : a - b = -(b - a)", "Int.neg_sub"),
        ("(α : Type) (f : α → α) (xs : List α) : xs.reverse.map f = (xs.map f).reverse", "List.map_reverse"),
    ],
)
def test_the_lemma_is_found(lean_server: LeanServer, statement: str, wanted: str) -> None:
    with opened(lean_server, statement) as environment:
        assert wanted in names(environment)


def test_what_a_problem_bars_is_not_found(lean_server: LeanServer) -> None:
    """A library theorem that is asked for again is found neither itself nor by what comes after it."""
    statement = "theorem t (xs ys : List Nat) : (xs ++ ys).length = ys.length + xs.length"
    with LeanDomain(lean_server).open(Problem(statement)) as free:
        entry = free.library().entry("List.length_append")
        assert entry is not None and entry.position > 0
        assert entry.name in names(free)
    metadata = {"theorem": "List.length_append", "position": str(entry.position)}
    with LeanDomain(lean_server).open(Problem(statement, metadata=metadata)) as again:
        found = [again.library().entry(name) for name in names(again, limit=40)]
        assert found and all(e is not None and e.position < entry.position for e in found)


def test_terms_of_a_goal(lean_server: LeanServer) -> None:
    statement = "(α : Type) (r : α → α → Prop) (h : ∀ x {y}, r x y → r y x) (n : Nat) (k : n > 2) : n + 1 = 3"
    with opened(lean_server, statement) as environment:
        goal = environment.initial_state.main_goal
        assert goal is not None
        terms = {h.name: h.term for h in goal.hypotheses}
        assert goal.term == "Eq/3 Nat HAdd.hAdd/3 Nat 'n 1 3"
        assert terms["h"] == "∀/2 'α ∀i/2 'α →/2 @/3 'r #1 #0 @/3 'r #1 #2"
        assert terms["k"] == "GT.gt/3 Nat 'n 2"
        assert terms["n"] == ""
        assert "HAdd.hAdd" in goal_symbols(goal)


def test_the_headers_theorems_are_premises(lean_server: LeanServer) -> None:
    with opened(lean_server, "(n : Nat) (h : Good n) : Good (n + 3)", HEADER) as environment:
        library = environment.library()
        goal = environment.initial_state.main_goal
        assert goal is not None
        best = library.find(Term.read(goal.term), goal_symbols(goal))[0]
        assert (best.name, best.entry.module) == ("good_step", "")
        assert Fit.APPLY in best.fits
        assert library.statements(["good_step", "nobody"]) == ["good_step : ∀ (n : Nat), Good n → Good (n + 3)"]


def test_candidates_are_late_and_work(lean_server: LeanServer) -> None:
    with opened(lean_server, "(n : Nat) (h : Good n) : Good (n + 3)", HEADER) as environment:
        module = PremiseModule()
        insight = module.read(environment.problem, environment.initial_state)
        assert insight is not None
        assert any(fact.startswith("good_step :") for fact in insight.facts)
        candidates = list(insight.candidates)
        scores = [candidate.score or 0 for candidate in candidates]
        assert scores == sorted(scores, reverse=True) and insight.least_cost == pytest.approx(-math.log(scores[0]))
        assert candidates[0].action == "apply good_step <;> assumption"  # just what is to be shown
        assert scores[0] == SURE and scores[1] <= BEST
        assert {candidate.proposer for candidate in candidates} == {"premises"}
        outcome = search(environment.problem, environment, [], modules=[module], budget=Budget(seconds=None, steps=40))
        assert outcome.status == "proved"


@pytest.mark.parametrize(
    ("begins", "statement"),
    [
        # what the library defines, where its theorems say too little
        ("simp_all [List.rotateLeft]", "(x : Nat) (n : Nat) : [x].rotateLeft n = [x]"),
        ("simp_all [Nat.Coprime]", "(a b c : Nat) (h : Nat.gcd a b = 1) (g : c = b) : a.Coprime c"),
        # equal images under a function that the library knows to be injective
        ("apply UInt32.toNat_inj.mp <;>", "(n : UInt64) : n.toUInt8.toUInt32 = n.toUInt32 % 256"),
        ("apply Vector.toList_inj.mp <;>", "(xs ys : Vector Nat 4) (h : xs.toList = ys.toList) : ys = xs"),
    ],
)
def test_one_step_proves(lean_server: LeanServer, begins: str, statement: str) -> None:
    with opened(lean_server, statement) as environment:
        insight = PremiseModule().read(environment.problem, environment.initial_state)
        assert insight is not None
        (step,) = [candidate for candidate in insight.candidates if candidate.action.startswith(begins)]
        (result,) = environment.step(environment.initial_state, [step])
        assert result.status is StepStatus.FINISHED, result.message


def test_a_theorem_that_says_it_comes_first(lean_server: LeanServer) -> None:
    with opened(lean_server, "(xs ys : List Nat) (h : xs.Perm ys) : xs.length = ys.length") as environment:
        insight = PremiseModule().read(environment.problem, environment.initial_state)
        assert insight is not None
        first = next(iter(insight.candidates))
        assert first.action == "apply List.Perm.length_eq <;> assumption"
        (result,) = environment.step(environment.initial_state, [first])
        assert result.status is StepStatus.FINISHED, result.message


def test_the_library_waits_where_the_goal_is_about_functions_of_the_header(lean_server: LeanServer) -> None:
    header = "def twice (n : Nat) : Nat := n + n"
    with opened(lean_server, "(n : Nat) : twice n = 2 * n", header) as environment:
        insight = PremiseModule().read(environment.problem, environment.initial_state)
        assert insight is not None and insight.least_cost == pytest.approx(-math.log(BEST))


def test_nothing_for_what_must_first_be_opened(lean_server: LeanServer) -> None:
    with opened(lean_server, ": ∀ n : Nat, n + 0 = n") as environment:
        insight = PremiseModule().read(environment.problem, environment.initial_state)
        assert insight is not None and list(insight.candidates) == []


def test_recall_on_traced_proofs(lean_server: LeanServer, tmp_path: Path) -> None:
    file = tmp_path / "Some.lean"
    file.write_text(
        "theorem a (xs ys : List Nat) : (xs ++ ys).length = (ys ++ xs).length := by\n"
        "  rw [List.length_append]\n  rw [List.length_append]\n  rw [Nat.add_comm]\n\n"
        "theorem b (p : Nat → Prop) : (¬∃ x, p x) ↔ ∀ x, ¬p x := by\n  constructor\n"
        "  · exact not_exists.mp\n  · exact not_exists.mpr\n",
        "utf-8",
    )
    library, questions, left_out = read_questions(lean_server, file)
    assert [q.premises for q in questions] == [
        ("List.length_append",), ("List.length_append",), ("Nat.add_comm",), ("not_exists",),
    ]  # fmt: skip
    assert left_out == 1  # behind the first bullet
    module = PremiseModule()
    clock = iter(range(100))
    answers = list(ask(questions, lambda g: [p.name for p in module.find(library, g)], lambda: next(clock)))
    assert [a.found(10) for a in answers[:3]] == [1, 1, 1]
    assert all(a.milliseconds == 1000 for a in answers)
    nobody = list(ask(questions, lambda g: [], lambda: 0.0))
    assert [a.ranks for a in nobody[2:3]] == [{"Nat.add_comm": None}]


def test_recall_of_a_file_with_errors(lean_server: LeanServer, tmp_path: Path) -> None:
    file = tmp_path / "Wrong.lean"
    file.write_text("theorem a : 1 = 2 := by\n  rfl\n", "utf-8")
    with pytest.raises(BadInput, match=r"Wrong\.lean"):
        read_questions(lean_server, file)
