"""Against real Lean: meaning of operations, refutations, proposed steps."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from prover_plugins.arithmetic.goals import read_goal
from prover_plugins.arithmetic.module import ArithmeticModule
from prover_plugins.arithmetic.semantics import Undecided, evaluate

from prover.domain import Candidate, Insight, StepStatus
from prover.lean.environment import LeanDomain, LeanEnvironment
from prover.lean.goals import LeanState
from prover.lean.server import LeanServer
from prover.problem import Problem

Open = Callable[[str], tuple[LeanEnvironment, LeanState]]


def insight(state: LeanState, statement: str = "", header: str = "") -> Insight | None:
    return ArithmeticModule().read(Problem(statement, header=header), state)


class Generator:
    """Random propositions about a b : Nat and x y : Int, as a person would type them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def natural(self, depth: int) -> str:
        if depth == 0 or self.random.random() < 0.2:
            return self.random.choice(["a", "b", "a", "b", str(self.random.randint(0, 9))])
        a, b = self.natural(depth - 1), self.natural(depth - 1)
        return self.random.choice(
            [f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} / {b})", f"({a} % {b})", f"(({a}) ^ 2)",
            f"(min {a} {b})",
             f"(Nat.gcd {a} {b})", f"(max {a} {b})", f"(Int.toNat {self.integer(depth - 1)})", f"(Nat.succ {a})",
             f"(Int.natAbs {self.integer(depth - 1)})", f"(if {a} < {b} then {b} else {a})", f"(Nat.lcm {a} {b})"]
        )  # fmt: skip

    def integer(self, depth: int) -> str:
        if depth == 0 or self.random.random() < 0.2:
            return self.random.choice(["x", "y", "x", "y", f"({self.random.randint(-9, 9)} : Int)"])
        a, b = self.integer(depth - 1), self.integer(depth - 1)
        return self.random.choice(
            [f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} / {b})", f"({a} % {b})", f"(-({a}))",
            f"(({a}) ^ 2)",
             f"(({self.natural(depth - 1)} : Nat) : Int)", f"(Int.tdiv {a} {b})", f"(Int.tmod {a} {b})",
             f"(Int.fdiv {a} {b})",
             f"(Int.fmod {a} {b})", f"(max {a} {b})", f"(min {a} {b})", f"(Int.sign {a})", f"(-({a}) ^ 2)"]
        )  # fmt: skip

    def relation(self) -> str:
        side = self.random.choice([self.natural, self.integer])
        return f"{side(2)} {self.random.choice(['=', '<', '≤', '≠', '>', '≥', '∣'])} {side(2)}"

    def proposition(self, depth: int = 2) -> str:
        if depth == 0:
            return self.relation()
        p, q = self.proposition(depth - 1), self.proposition(depth - 1)
        return self.random.choice([f"({p} ∧ {q})", f"({p} ∨ {q})", f"({p} → {q})", f"({p} ↔ {q})", f"¬({p})", p, q])


@pytest.mark.parametrize("seed", range(1))
def test_values_are_what_lean_computes(opened: Open, seed: int) -> None:
    generator = Generator(seed)
    claims: list[str] = []
    for _ in range(20):
        text = generator.proposition(depth=1)
        _, state = opened(f"theorem t (a b : Nat) (x y : Int) : {text}")
        (goal,) = state.structure
        question = read_goal(goal)
        for _ in range(2):
            values = {"a": generator.random.randint(0, 9), "b": generator.random.randint(0, 9),
                      "x": generator.random.randint(-9, 9), "y": generator.random.randint(-9, 9)}  # fmt: skip
            values.update({name: 0 for name in question.variables if name not in values})
            try:
                holds = all(evaluate(h, values) for h in question.hypotheses)
                true = not holds or bool(evaluate(question.target, values))
            except Undecided:
                continue
            given = (
                f"(fun (a b : Nat) (x y : Int) => {text}) {values['a']} {values['b']} ({values['x']}) ({values['y']})"
            )
            claims.append(f"({given})" if true else f"¬ ({given})")
    assert len(claims) > 30
    environment, state = opened("theorem t : True")
    tactics = [Candidate(f"(have h : {claim} := by decide +kernel\n trivial)", "test", score=1.0) for claim in claims]
    for claim, result in zip(claims, environment.step(state, tactics), strict=True):
        assert result.status is StepStatus.FINISHED, f"{claim}: {result.message}"


FALSE = [
    ("theorem t (a b : Nat) : a * b = a + b", "a = 0, b = 1"),
    ("theorem t (a b : Nat) (h : a < b) (h2 : b < a + 5) : b < a + 4", "a = 0, b = 4"),
    ("theorem t (n : Nat) (h : 100 < n) : n < 104", "n = 104"),
    ("theorem t (a b : Int) (h : a + 2 * b = 7) : a ≠ 1", "a = 1, b = 3"),
    ("theorem t (x : Int) (h : x ^ 2 = 16) : x = 4", "x = -4"),
    ("theorem t : ∀ n : Nat, ∀ k < n, k ≤ 5", "n = 7, k = 6"),
    ("theorem t (a b : Nat) : ((a - b : Nat) : Int) = a - b", "a = 0, b = 1"),
    ("theorem t (n : Nat) (h : ∃ k, n = 2 * k) : n % 4 = 0", "n = 2"),
    ("theorem t (p q : Prop) (h : p ∨ q) : p", "p = False, q = True"),
    ("theorem t (b : Bool) : (b && b) = !b", "b = false"),
    ("theorem t (n : Nat) (h : n * n = 1764) : n = 41", "n = 42"),
]


@pytest.mark.parametrize(("statement", "values"), FALSE, ids=[s for s, _ in FALSE])
def test_false_statements_are_refuted(opened: Open, statement: str, values: str) -> None:
    found = insight(opened(statement)[1])
    assert found is not None and str(found.refutation) == values


TRUE_OR_NOT_UNDERSTOOD = [
    "theorem t (n : Nat) : n * n + 1 ≠ 0",
    "theorem t (a b : Int) (h : a < b) : a + 1 ≤ b",
    "theorem t (n : Nat) (i : Fin n) : n ≠ 0",
    "theorem t (n : Nat) (h : ∃ p : Nat → Prop, p = p) : n = 3 → n ≤ 3",
    "theorem t (α : Type) (h : ∀ x y : α, x = y) (h2 : ∃ x y : α, x ≠ y) : 2 = 3",
    "theorem t (f : Nat → Nat) (h : ∀ n, f n < 0) : 1 = 2",
    "theorem t (q : Prop) (hq : q ∧ ¬q) (n : Nat) : n = 5",
    "theorem t (r : Rat) (h : r * r = 2) : r = 3",
    "theorem t (e : Empty) (n : Nat) : n = 5",
    "theorem t (h : ∃ p q r : Prop, p ≠ q ∧ q ≠ r ∧ p ≠ r) : 1 = 2",
    "theorem t : (-7 : Int) % 2 = 1",
    "theorem t : (7 : Nat) - 9 = 0",
    "theorem t (x : UInt8) : x = x + 256",
]


@pytest.mark.parametrize("statement", TRUE_OR_NOT_UNDERSTOOD)
def test_nothing_else_is(opened: Open, statement: str) -> None:
    found = insight(opened(statement)[1])
    assert found is None or found.refutation is None


def test_own_notation_makes_text_worthless(lean_server: LeanServer) -> None:
    header = 'local infixl:65 (priority := high) " + " => Nat.mul'
    with LeanDomain(lean_server).open(Problem("theorem t (a : Nat) : a + 1 = a", header=header)) as environment:
        assert insight(environment.initial_state, header=header) is None


def test_a_false_goal_among_several_is_enough(opened: Open) -> None:
    environment, state = opened("theorem t (a b : Nat) : a + b = b + a ∧ a = b")
    (result,) = environment.step(state, [Candidate("constructor", "test", score=1.0)])
    assert isinstance(result.state, LeanState)
    found = insight(result.state)
    assert found is not None and str(found.refutation) == "a = 0, b = 1"


CLOSED = [
    "theorem t (x : Int) (h : x^2 - 5*x + 6 = 0) : x = 2 ∨ x = 3",
    "theorem t (x : Nat) (h : x^2 + 6 = 5 * x) : x = 2 ∨ x = 3",
    "theorem t (x : Int) (h : x^3 - 6*x^2 + 11*x = 6) : x = 1 ∨ x = 2 ∨ x = 3",
    "theorem t (x y : Nat) : 2 * x * y ≤ x^2 + y^2",
    "theorem t (x : Int) : 0 < x^2 + x + 1",
    "theorem t (a b c : Int) : a*b + b*c + c*a ≤ a^2 + b^2 + c^2",
    "theorem t (n : Nat) : ∃ k, (2*n+1)*(2*n+3) = 2*k+1",
    "theorem t (n : Nat) : ∃ k, n * (n+1) = 2 * k",
    "theorem t (n : Nat) : ∃ k, n = 2 * k ∨ n = 2 * k + 1",
    "theorem t (n : Int) (h : n % 3 = 0) : ∃ k, n = 3 * k",
    "theorem t (a k b : Int) (h : a = 2*k) : ∃ m, a * b = 2 * m",
    "theorem t : ∃ x y : Int, 3 * x + 5 * y = 1 ∧ x < 0",
    "theorem t (a b c : Int) : a^2 + b^2 ≠ 4*c + 3",
    "theorem t (a b : Nat) (h : b ≤ a) : a^2 - b^2 = (a-b)*(a+b)",
    "theorem t (x y : Int) (h : x + y + x*y = 20) (h2 : 0 < y) (h3 : y < x) : x = 6",
    "theorem t (a b : Nat) (h : a * b = 391) (h2 : 1 < a) (h3 : a < b) : a^2 = 289",
    "theorem t (m a b c d : Int) (h1 : m ∣ a - b) (h2 : m ∣ c - d) : m ∣ a * c - b * d",
    "theorem t (a b c : Nat) (h1 : b % a = 0) (h2 : a ∣ c) : (c * c + b * 7) % a = 0",
]


@pytest.mark.parametrize("statement", CLOSED)
def test_steps_that_finish(opened: Open, statement: str) -> None:
    environment, state = opened(statement)
    found = insight(state)
    assert found is not None and found.refutation is None
    candidates = list(found.candidates)
    assert all(c.proposer == "arithmetic" and c.score is not None for c in candidates)
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), key=lambda s: -(s or 0))
    assert any(r.status is StepStatus.FINISHED for r in environment.step(state, candidates))


def test_the_same_goal_gives_the_same_insight(opened: Open) -> None:
    statement = "theorem t (a b c : Nat) (h : a * b = 391) (h2 : 1 < a) (h3 : a < b) : a = 19"
    first, second = (insight(opened(statement)[1]) for _ in range(2))
    assert first is not None and second is not None
    assert str(first.refutation) == str(second.refutation) == "a = 17, b = 23, c = 0"
