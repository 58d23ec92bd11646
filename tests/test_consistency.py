"""The built-in consistency checks object to what they should, and to nothing that Lean's check rightly accepts."""

from __future__ import annotations

import pytest
from prover_plugins.consistency.plugin import AxiomsCheck, StatementCheck, WordsCheck

from prover.domain import Verdict
from prover.problem import Problem

STATEMENT = "theorem t (a : Nat) : a = a"


@pytest.mark.parametrize(
    ("axioms", "objections"),
    [
        ((), 0),
        (("propext", "Classical.choice", "Quot.sound"), 0),
        (("sorryAx",), 1),
        (("propext", "myAxiom", "Lean.ofReduceBool"), 2),
    ],
)
def test_axioms(axioms: tuple[str, ...], objections: int) -> None:
    assert len(AxiomsCheck().check(Problem(STATEMENT), [], Verdict(True, axioms=axioms))) == objections


@pytest.mark.parametrize(
    ("header", "source", "right"),
    [
        ("", f"{STATEMENT} := by\n  rfl\n", True),
        ("def f := 1", f"def f := 1\n\n{STATEMENT} := by\n  rfl\n", True),
        ("", "theorem t (a : Nat) : True := by\n  trivial\n", False),
        ("", f"{STATEMENT} → False := by\n  rfl\n", False),
        ("def f := 1", f"def f := 2\n\n{STATEMENT} := by\n  rfl\n", False),
        ("", f'local notation "a" => b\n{STATEMENT} := by\n  rfl\n', False),
    ],
)
def test_statement(header: str, source: str, right: bool) -> None:
    found = StatementCheck().check(Problem(STATEMENT, header=header), [], Verdict(True, source=source))
    assert bool(found) is not right


def test_the_goal_of_a_sorry_is_no_statement() -> None:
    problem = Problem("n : Nat\n⊢ n = n", metadata={"file": "A.lean"})
    assert not StatementCheck().check(problem, [], Verdict(True, source="theorem a : 1 = 1 := by rfl"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("by\n  simp [h, def_eq]\n  omega -- no sorry here", []),
        ("by\n  exact instDecidable.sorry'", []),
        ("by\n  sorry", ["sorry"]),
        ("by\n  native_decide", ["native_decide"]),
        ("by\n  rfl\n\ntheorem u : False := by sorry", ["theorem", "sorry"]),
        ("by set_option maxRecDepth 9 in rfl", ["set_option"]),
    ],
)
def test_words(answer: str, words: list[str]) -> None:
    found = WordsCheck().check(Problem(STATEMENT), [], Verdict(True, answer=answer))
    assert [sentence.split("'")[1] for _, sentence in found] == words
