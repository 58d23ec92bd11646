"""Values of operations, of quantifiers, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.reading import NotUnderstood, read_number, read_proposition
from prover_plugins.arithmetic.semantics import Undecided, compiled, evaluate

NAT = {"a": Kind.NAT, "b": Kind.NAT, "n": Kind.NAT}
INT = {"x": Kind.INT, "y": Kind.INT}


def number(text: str, kind: Kind, **values: int) -> int | Fraction:
    return evaluate(read_number(text, {**NAT, **INT}, kind), values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a - b", 0), ("a / 0", 0), ("a % 0", 3), ("a / b", 0), ("b - a * 2", 0), ("b - a - 1", 1), ("2 ^ a ^ 2", 512),
        ("0 ^ 0 + a", 4), ("min a b * max a b", 15), ("a.gcd 6", 3), ("a.succ.succ", 5), ("(a - b).pred", 0),
        ("if a < b then a else b", 3), ("10 - 3 - 2", 5), ("2 + 3 * a ^ 2 % 5", 4), ("Nat.gcd (a + b) 4", 4),
    ],
)  # fmt: skip
def test_naturals(text: str, value: int) -> None:
    assert number(text, Kind.NAT, a=3, b=5) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x / y", 4), ("x % y", 1), ("y / x", 1), ("x / 2", -4), ("x % 2", 1), ("x / 0", 0), ("x % 0", -7),
        ("x.tdiv 2", -3), ("x.tmod 2", -1), ("x.fdiv 2", -4), ("x.fmod 2", 1), ("x.fdiv (-2)", 3), ("x.fmod (-2)", -1),
        ("-x ^ 2", -49), ("-7 % 2 + x", -6), ("x - y - 1", -6), ("x.sign", -1), ("↑(a - b) + x", -7), ("↑a - ↑b", -2),
    ],
)  # fmt: skip
def test_integers(text: str, value: int) -> None:
    assert number(text, Kind.INT, x=-7, y=-2, a=3, b=5) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a < b ∧ b < a → False", True), ("¬a = b ∧ a ≠ b ↔ a < b ∨ b < a", True), ("0 ∣ a", False), ("a ∣ 0", True),
        ("∀ k < b, k ≤ 4", True), ("∃ k, k < b ∧ k * k = 16", True), ("∃ k, b = 2 * k", False),
        ("∃ k, a + b = 2 * k", True),
        ("∀ (m : Nat) (z : Int), m < 2 → 0 ≤ z → z ≤ 3 → z < 4", True), ("∃ k, k ∣ 12 ∧ 6 < k ∧ k < 12", False),
        ("∃ p q, a = 3 * p ∧ b = 5 * q", True), ("(a == 3) = true ∧ (!a == b) = true", True),
    ],
)  # fmt: skip
def test_propositions(text: str, value: bool) -> None:
    assert bool(evaluate(read_proposition(text, NAT), {"a": 3, "b": 5})) is value


@pytest.mark.parametrize(
    "text", ["∃ k, k * k = 7 + n", "∀ k, k < k + n", "2 ^ 2 ^ n = 5", "∃ k, n + 1 < k * k + k ∧ False"]
)
def test_what_cannot_be_told_is_undecided(text: str) -> None:
    with pytest.raises(Undecided):
        evaluate(read_proposition(text, NAT), {"n": 30})


def test_one_side_may_decide_alone() -> None:
    assert evaluate(read_proposition("(∃ k, k * k = 7) ∨ n = 1", NAT), {"n": 1})
    assert not evaluate(read_proposition("(∃ k, k * k = 7) ∧ n = 2", NAT), {"n": 1})
    assert evaluate(read_proposition("n = 2 → ∃ k, k * k = 7", NAT), {"n": 1})


def test_rationals_and_calls() -> None:
    body = read_number("f (n - 1) / 2 + 1 / 3", NAT, Kind.RAT, {"f": ((Kind.NAT,), Kind.RAT)})
    assert evaluate(body, {"n": 4}, {"f": lambda index: index + 1}) == Fraction(7, 3)


@pytest.mark.parametrize(
    "text",
    [
        "a = c", "a = b = n", "a < (b", "f a = 3", "a ∈ b", "x = a", "a + True", "∃ z : Rat, z = 1", "fun z => z",
        "a.foo = 1",
        "-a = 3 ∧ a = a.natAbs", "a = ⋯", "∀ x x, x = x", "True < False", "__import__", "a" + " + a" * 1000, "(" * 200,
    ],
)  # fmt: skip
def test_what_is_not_understood(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read_proposition(text, {**NAT, **INT})


def test_types_come_from_the_instances() -> None:
    text = "5 - 7 = 0"
    integers = read_proposition(text, {}, ["Int", "HSub.hSub", "instHSub", "Int.instSub", "instOfNat"])
    naturals = read_proposition(text, {}, ["HSub.hSub", "instHSub", "instSubNat"])
    assert (compiled(integers)({}), compiled(naturals)({})) == (False, True)
    for symbols in (["Int"], ["Rat", "Rat.instMul"], ["Foo.add"]):
        with pytest.raises(NotUnderstood):
            read_proposition("2 = 3", {}, symbols)


@pytest.mark.parametrize("text", ["∃ p, p = p", "∀ x, ∃ y, x = y"])
def test_a_hidden_type_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood, match="a type is not shown"):
        read_proposition(text, {}, ["Exists"])
    with pytest.raises(NotUnderstood, match="a type is not shown"):
        read_proposition("2 = 3", {}, [], generic=True)


def test_terms_know_their_free_variables() -> None:
    term = read_proposition("∀ k, k < a → ∃ b, b = k + n", NAT)
    assert term.variables() == {"a", "n"}
    assert isinstance(term, Term) and [part.name for part in term.parts() if part.operation == "∃"] == ["b"]
