"""Against real Lean: steps about numbers that `automation` and `arithmetic` write out, each on a goal it is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prover_plugins.arithmetic.module import candidates
from prover_plugins.automation.evaluation import evaluated
from prover_plugins.automation.proposer import AutomationProposer
from prover_plugins.automation.reading import Reader

from prover.domain import Candidate, StepStatus
from prover.lean.environment import LeanEnvironment
from prover.lean.goals import LeanState
from prover.problem import Problem

Open = Callable[[str, str], tuple[LeanEnvironment, LeanState]]
FACTORIAL = "def Nat.factorial : Nat → Nat\n  | 0 => 1\n  | n + 1 => (n + 1) * Nat.factorial n\n"
FIBONACCI = "(f : Nat → Nat) (h : f 0 = 0) (g : f 1 = 1) (r : ∀ n, f (n + 2) = f (n + 1) + f n) "
PRIME = "def Nat.Prime (p : Nat) : Prop := 2 ≤ p ∧ ∀ m, m ∣ p → m = 1 ∨ m = p\n"


def proposed(state: LeanState, header: str = "") -> list[Candidate]:
    goal = state.main_goal
    assert goal is not None
    return [*candidates(goal), *AutomationProposer().propose(Problem("", header=header), state)]


FINISHED = [
    # (a part of the step, header, statement)
    ("bAll", "", "(a b : Nat) (ha : a < 60) (hb : b < 70) (h : 3 * a * b + a + b = 1297) (g : a < b) : a = 9 ∧ b = 46"),
    ("bAll", "", "(n : Nat) (h : n < 900) (g : ¬(n % 7 = 1 ↔ n ∣ 12)) (l : n % 5 = 3 ∨ n % 5 = 4) : n ≠ 25 ∧ n ≠ 19"),
    ("hdl", "", "(x y : Nat) (h : 3 ^ x * (y + 1) = 1) : y = 0"),
    ("hgl", "", "(b : Nat) (h : Nat.lcm 84 b = 420) (g : Nat.gcd 84 b = 12) : b = 60"),
    ("hd :", "", "(n : Nat) : Nat.gcd (3 * n + 2) (5 * n + 1) ∣ 7"),
    ("hk0 :", "", "(x : Nat) : 7 ^ 5000003 % 9 = 4"),
    ("hk0 :", "", "(x : Nat) : 3 ∣ 5 ^ 9000001 + 7 ^ 9000000"),
    ("hmul", "", "(x y : Int) : x ^ 3 + 9 * y ≠ 4"),
    ("hmul", "", "(a b : Int) (h : a % 4 = 3) (g : b % 4 = 2) : (a ^ 2 + 3 * b) % 4 = 3"),
    ("hmul", "", "(n : Nat) : 3 ∣ n ^ 3 - n"),
    ("hpos", "", "(a b : Rat) (h : a + b = 4) : a * b ≤ 4"),
    ("hpos", "", "(x y z : Rat) (h : 0 ≤ x) (g : 0 ≤ y) : 4 * x * y * z ≤ x * (y ^ 2 + z ^ 2) + y * (x ^ 2 + z ^ 2)"),
    ("hpos", "", "(n : Nat) (h : 7 ≤ n) : 6 * n + 6 < n ^ 2"),
    ("hpos", "", "(x y : Int) (h : x < y) (g : 0 ≤ x) : x ^ 2 + 1 ≤ y ^ 2"),
    ("mul_eq_zero", "", "(x : Rat) (h : 3 * x ^ 2 + x = 2) (g : 0 ≤ x) : x = 2 / 3"),
    ("induction m", FACTORIAL, "(n : Nat) (h : 6 < n) : 3 ^ n < Nat.factorial n"),
    ("induction m", "", "(n : Nat) (h : 4 ≤ n) : n ^ 2 ≤ 2 ^ n"),
    ("hC", "", "(f : Nat → Nat) (h : f 0 = 2) (g : ∀ n, f (n + 1) = 5 * f n + 1) : f 1001 % 3 = 2"),
    ("hi0", "", "(n : Nat) (h : 0 < n) (g : ∀ k, 0 < k → k ≤ 4 → k ∣ n) : 12 ≤ n"),
    ("induction", "", "(n : Nat) : 5 ∣ 8 ^ n - 3 ^ n"),
    ("induction", "", "(n : Nat) : 133 ∣ 11 ^ (n + 2) + 12 ^ (2 * n + 1)"),
    ("induction", "", "(n : Nat) : 6 * ((List.range (n + 1)).map (fun i => i ^ 2)).sum = n * (n + 1) * (2 * n + 1)"),
    ("suffices hP", "", FIBONACCI + "(n : Nat) : f n < 2 ^ n"),
    ("induction", "", FIBONACCI + "(n : Nat) : (f (n + 1) : Int) ^ 2 - f n * f (n + 2) = (-1) ^ n"),
    ("induction", "", "(m : Nat) (s : Nat → Rat) (h : s 0 = 2) (g : ∀ n, s (n + 1) = s n / 2 + 1) : s m = 2"),
    ("hd0", "", "(x : Rat) (h₀ : x ≠ 0) (h₁ : x + 1 / x = 3) : x ^ 3 + 1 / x ^ 3 = 18"),
    ("hpos", "", "(x y : Rat) (h : x ^ 2 + y ^ 2 = 25) : 3 * x + 4 * y ≤ 25"),
    ("hneg", "", "(x y : Rat) (h : 0 ≤ x) (g : 0 ≤ y) (l : x * y = 9) : 6 ≤ x + y"),
    ("hneg", "", "(x : Int) (h : x ^ 2 ≤ 50) : -7 ≤ x"),
    ("hsq", "", "(x y : Rat) (h : x ^ 2 + y ^ 2 = 6 * x - 8 * y - 25) : y = -4"),
    ("hpos", "", "(x : Rat) (n : Nat) (p : Rat) (h : -1 ≤ x) (g : 1 + n * x ≤ p) : 1 + n * x + x ≤ (1 + x) * p"),
    ("hsol", "", "(x y : Int) (h : x ^ 2 + x * y + y ^ 2 = 7) (g : 0 < x) (l : x < y) : x + y = 3"),
    ("hf :", "", "(a b c : Rat) (g : 0 < a) (h : a * b = 12) (k : b * c = 20) (l : a * c = 15) : a = 3"),
    ("hmul", "", "(x y z k : Int) : x ^ 2 + y ^ 2 + z ^ 2 ≠ 8 * k + 7"),
    ("hmul", "", "(a b : Int) (h : 3 ∣ a ^ 2 + b ^ 2) : 3 ∣ a ∧ 3 ∣ b"),
    ("hmul", "", "(a b c : Int) (h : a % 2 = 1) (g : b % 2 = 1) (l : a ^ 2 + b ^ 2 = c ^ 2) : False"),
    ("he :", "", "(x : Nat) (h : 4 ^ (x + 1) = 8 ^ (x - 1)) (g : 1 ≤ x) : x = 5"),
    ("have v", "", "(f : Nat → Nat) (h : f 0 = 0) (g : ∀ n, f (2 * n) = f n) (l : ∀ n, f (2 * n + 1) = n) : f 9 = 4"),
    ("have v", "", "(f : Int → Int) (h : ∀ x y, f (x * y) = f x * f y) (g : f 2 = 5) : f 8 = 125"),
    ("exact ⟨", "", "(n : Nat) : ∃ m, n * (n + 1) * (n + 2) * (n + 3) + 1 = m ^ 2"),
    ("hi0", "", "(h : ∀ d, d ∣ 91 → d = 1 ∨ d = 91) : False"),
    ("exact ⟨", "", ": ∃ n : Nat, 20 < n ∧ n % 9 = 4 ∧ n % 11 = 5"),
    ("hs0", "", "(p q : Nat) (h : p * q = 2021) (g : 1 < p) (l : p < q) : p = 43 ∧ q = 47"),
    ("heu", "", "(p n : Nat) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (g : p ∣ n * (n + 2) ^ 3) (l : ¬p ∣ n) : p ∣ n + 2"),
    ("heu", "", "(p : Nat) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (n : Int) (g : n ^ 2 % p = 0) : ↑p ∣ n"),
    ("hab", "", "(p n : Nat) (g : 2 ≤ p) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (l : n ^ 2 = p + 1) : p = 3"),
    ("hp0", "", "(p : Nat) (n : Int) (h : ↑p ∣ n) : (n ^ 3 - 2 * n) % p = 0"),
    ("hp0", "", "(p n : Nat) (h : p ∣ n + 1) : p ∣ n ^ 3 + 1"),
    ("hx0", "", "(u v : Nat) (h : 0 < u) (h1 : 9 * u % 25 = 4) (h2 : ∀ w, 0 < w ∧ 9 * w % 25 = 4 → u ≤ w) (h3 : 0 < v) "
     "(h4 : 9 * v % 25 = 4) (h5 : v ≠ u) (h6 : ∀ w, (0 < w ∧ 9 * w % 25 = 4) ∧ w ≠ u → v ≤ w) : u + v = 37"),
    ("hx0", "", "(u : Nat) (h : u < 100) (g : u % 28 = 19) (l : ∀ w, w < 100 ∧ w % 28 = 19 → w ≤ u) : u = 75"),
    ("hc0", "", "(m n : Nat) (h : 5 ^ m * 2 + 3 = n ^ 2) (g : 0 < m) : False"),
    ("hk0", "", ": 7 ^ 7 ^ 7 % 10 = 3"),
    ("bAll", "", "(a b : Nat) (g : a = 10) (h : b < 10) (l : a * b = 70) : b = 7"),
    ("hdesc", "", "(a b c : Int) (h : a ^ 2 + 2 * b ^ 2 = 5 * c ^ 2) : c = 0"),
    ("hdesc", "", "(a b : Nat) (h : a ^ 3 = 5 * b ^ 3) (g : Nat.gcd a b = 1) : False"),
    ("hdesc", "", "(x : Rat) (h : x ^ 3 = x + 1) : False"),
    ("hps", "", "(n : Nat) (h : n + 3 ∣ n ^ 2 + 20) : n = 26"),
    ("hps", "", "(m x : Int) (g : 10 ≤ m) (l : m ≤ 99) (h : 7 * x % m = 1) (k : (x - 16) % m = 0) : m = 37"),
    ("hps", "", "(n k : Nat) (h : (3 * n + 1) % k = (n + 5) % k) (g : k ∣ n) (l : k % 2 = 1) : k = 1"),
    ("hps", "", "(n : Nat) : Nat.gcd (n ^ 3 + 2 * n) (n ^ 4 + 3 * n ^ 2 + 1) = 1"),
    ("hV", "", "(n : Int) (h : 121 ∣ n ^ 2 + 3 * n + 5) : False"),
    ("hV", "", "(a b c : Int) (h : 9 ∣ a ^ 3 + b ^ 3 + c ^ 3) : 3 ∣ a * b * c"),
    ("hV", "", "(a b c : Nat) (h : a ^ 2 + b ^ 2 = c ^ 2) : 12 ∣ a * b * c"),
    ("hp1", "", "(n : Nat) (h : n % 2 = 1) : (2 ^ n + 3 ^ n) % 5 = 0"),
    ("% 8", "", "(m n : Nat) (h : 3 ^ m = 2 * n + 1) (g : m % 2 = 0) : 4 ∣ n"),
    ("hlo", "", "(y z : Nat) (h : 2 < y) (g : y < z) (l : 2 * y + y * z + z * 2 = 2 * y * z) : y = 3 ∧ z = 6"),
    ("exact ⟨", "", ": ∃ a b c : Int, a ^ 2 + b ^ 2 = c ^ 2 ∧ 0 < a ∧ a < b ∧ 10 < a"),
    ("pow_mul", "", "(a : Nat → Nat) (h : a 0 = 2) (g : ∀ n, a (n + 1) = a n ^ 2) (n : Nat) : a n = 2 ^ 2 ^ n"),
    ("induction m", FACTORIAL, "(n : Nat) (h : 0 < n) : n ∣ Nat.factorial n"),
    ("hpd", "", "(p n : Nat) (g : 2 ≤ p) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (l : n < p) (k : 0 < n) : Nat.gcd n p = 1"),
    ("hpd", "", "(x y p : Nat) (g : 2 < p) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (l : 1 < y) (k : x * y = p) : x = 1"),
    ("heu", "", "(p a : Nat) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (g : p ∣ a ^ 3) : p ^ 3 ∣ a ^ 3"),
    ("hcp", "", "(a b c : Nat) (h : Nat.gcd a b = 1) (g : a ∣ b * c) : a ∣ c"),
    ("induction h", FACTORIAL, "(m n : Nat) (h : m ≤ n) : Nat.factorial m ∣ Nat.factorial n"),
    ("induction m", FACTORIAL, "(n : Nat) (h : 5 ≤ n) : Nat.factorial n % 10 = 0"),
    ("try show", "", "(a : Nat → Int) (h : a 1 = 1) (g : a 2 = 3) "
     "(r : ∀ n, 3 ≤ n → a n = 4 * a (n - 1) - 3 * a (n - 2)) (n : Nat) (l : 1 ≤ n) : a n = 3 ^ (n - 1)"),
    ("hV", "", "(a b : Nat) (h : a % 4 = 3) (g : ¬b % 2 = 0) : (a * b + b ^ 2) % 4 = 2 ∨ a * b % 4 = 3"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "header", "statement"), FINISHED, ids=[s for _, _, s in FINISHED])
def test_a_step_finishes(opened: Open, part: str, header: str, statement: str) -> None:
    environment, state = opened(f"theorem t {statement}", header)
    steps = [c for c in proposed(state, header) if part in c.action]
    assert steps
    steps = [Candidate(c.action, c.proposer, score=c.score, heartbeats=200_000, wall_ms=60_000) for c in steps[:3]]
    results = environment.step(state, steps)
    assert any(r.status is StepStatus.FINISHED for r in results), [r.message for r in results]


PROGRESS = [
    ("hdv", "", "(m n : Nat) (h : m * n = 299) (g : 1 < m) (l : m < n) : m = 13", "n ≤ 299"),
    ("hlt", "", "(x y : Nat) (h : 2 ^ x * 7 ^ y = 784) : x + y = 6", "y < 4"),
    ("subst", "", "(x y : Int) (h : x ^ 3 - y ^ 3 = 7) (g : x - y = 1) : x = 2 ∨ x = -1", "(y + 1) ^ 3 - y ^ 3 = 7"),
    ("at *", PRIME, "(p : Nat) (h : Nat.Prime p) : 1 < p", "2 ≤ p ∧ ∀ (m : Nat), m ∣ p → m = 1 ∨ m = p"),
    ("hi0", "", "(k : Nat) (h : ∀ n : Nat, Nat.gcd (n + k) 6 = 1) : k = 0", "(1 + k).gcd 6 = 1"),
    ("hb_w", "", "(w v : Nat) (h : v ^ 2 = w ^ 3) (g : w ^ 3 < 64) : v = w * w ∨ w < 3", "w < 4"),
    ("hd0", "", "(a b : Rat) (h : 0 < a) (g : 0 < b) : 4 / (a + b) ≤ 1 / a + 1 / b", "2 * a * b ≤ a ^ 2 + b ^ 2"),
    ("hd0", "", "(x y : Rat) (h : 0 < x) (g : 3 < x / (y ^ 2 + 1)) : 3 < x", "3 * y ^ 2 + 3 < x"),
    ("hk :", "", "(p : Nat) (h : ∀ d, d ∣ p → d = 1 ∨ d = p) (g : p ∣ 91) (l : 1 < p) : p = 7 ∨ p = 13", "d ∣ 91"),
    ("he :", "", "(x : Rat) (h : 6 * x = 4) : x.num + x.den = 5", "(2 / 3).num"),
    ("hr :", "", "(f : Nat → Nat) (h : ∀ x y, f (x + y) = f x + f y) (g : f 1 = 3) : f 9 = 27", "f (n + 1) = f n + 3"),
    ("hcf", "", "(a : Nat → Rat) (h : a 1 = 1) (g : ∀ n ≥ 1, a (n + 1) = a n / (1 + 2 * a n)) : a 100 = 1 / 199",
     "a (n + 1) = 1 / (1 + 2 * ↑n)"),
    ("generalize", "", "(x n : Nat) : 1 + n * x ≤ (1 + x) ^ n", "1 + (n + 1) * x ≤ (1 + x) * p0"),
    ("obtain rfl", "", "(a b : Nat) (h : ∀ m, m ∣ a → m = 1 ∨ m = a) (l : 2 ≤ a) (g : ∀ m, m ∣ b → m = 1 ∨ m = b) "
     "(k : 2 ≤ b) (i : a + b = 21) (j : a < b) : a * b = 38", "2 * 19 = 38"),
    ("hq0", "", "(p : Nat) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) (g : 5 ≤ p) : 24 ∣ p ^ 2 - 1", "p % 3 ≠ 0"),
    ("mod_cast", "", "(x y : Nat) (h : (6 : Rat) * x + 6 * y = x * y) : x < 43 ∨ y = 0", "6 * x + 6 * y = x * y"),
    ("hd0", "", "(x y : Nat) (g : 0 < x) (l : x < y) (h : 1 / (x : Rat) + 1 / (y : Rat) = 1 / 6) : x < 12",
     "6 * ↑x + 6 * ↑y"),
    ("hcf", "", "(s : Nat → Rat) (h : s 0 = 0) (g : ∀ n, s (n + 1) = s n + 1 / (((n : Rat) + 1) * ((n : Rat) + 2))) : "
     "s 99 = 99 / 100", "s n = ↑n / (1 + ↑n)"),
    ("hlo", "", "(x y z : Nat) (h : 0 < x) (g : x ≤ y) (l : y ≤ z) (k : x * y * z = x + y + z) : z = 3",
     "1 * y * z = 1 + y + z"),
    ("reducePow", "", "(p : Nat) (h : p ∣ 2 ^ 11 - 1) : p < 2048", "p ∣ 2047"),
    ("hmd", "", "(p : Nat) (g : 2 ≤ p) (h : ∀ m, m ∣ p → m = 1 ∨ m = p) "
     "(l : ∀ m, m ∣ p ^ 2 + 2 → m = 1 ∨ m = p ^ 2 + 2) : p = 3", "p ^ 2 + 2 = 3"),
    ("generalize", "", "(n : Nat) (g : 2 ≤ n ^ 2 - 1) (h : ∀ m, m ∣ n ^ 2 - 1 → m = 1 ∨ m = n ^ 2 - 1) : n = 2",
     "n ^ 2 = q + 1"),
    ("refine", "", "(N : Nat) : ∃ n, N < n ∧ 7 ∣ 2 ^ n + 5", "7 ∣ 2 ^ (3 * N + 1) + 5"),
    ("suffices", "", "(n : Nat) (h : n ^ 2 % 8 = 1) : ∃ k, n = 2 * k + 1", "n % 2 = 1"),
    ("hc0", "", "(m n : Nat) (h : 0 < n) (g : 2 ^ m - 1 = 3 ^ n) : m = 2", "2 ^ 0 - 1 = 3 ^ n"),
    ("hc0", "", "(m n : Nat) (h : 2 ^ m + 7 = n ^ 2) : n = 3", "2 ^ 1 + 7 = n ^ 2"),
    ("intro hc", "", "(a b : Nat) (h : Nat.gcd a b = 5) (g : a * b = 200) : 15 ≤ a + b", "a + b < 15"),
]


@pytest.mark.parametrize(("part", "header", "statement", "text"), PROGRESS, ids=[s for _, _, s, _ in PROGRESS])
def test_a_step_adds_what_is_needed(opened: Open, part: str, header: str, statement: str, text: str) -> None:
    environment, state = opened(f"theorem t {statement}", header)
    steps = [c for c in proposed(state, header) if part in c.action][:6]
    states = [r.state for r in environment.step(state, steps) if r.status is StepStatus.PROGRESS]
    assert any(text in s.text for s in states if s is not None)


def test_nothing_computes_a_huge_power(opened: Open) -> None:
    _, state = opened("theorem t (h : 3 ^ 7000000 % 10 = 1) : (3 ^ 7000000 + 2) % 10 = 3", "")
    assert isinstance(state, LeanState) and state.main_goal is not None
    actions = [c.action for c in AutomationProposer().propose(Problem(""), state)]
    assert actions and all("generalize 3 ^ 7000000" in action for action in actions)


def test_what_is_false_or_too_much_is_not_evaluated(opened: Open) -> None:
    _, state = opened("theorem t (a b : Nat) (h : a * b = 12) : a + b = 7", "")
    assert isinstance(state, LeanState) and state.main_goal is not None
    facts = Reader(state.main_goal).facts
    assert evaluated("a + b = 7", facts, {"a": 13, "b": 13}) is None  # a = 1, b = 12
    assert evaluated("a + b ≤ 13", facts, {"a": 13, "b": 13}) is not None
    assert evaluated("a + b ≤ 13", facts, {"a": 3_000, "b": 3_000}) is None
