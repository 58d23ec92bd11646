"""Divisibility without Lean: the way of a descent, combinations that are numerals."""

from __future__ import annotations

import pytest
from prover_plugins.arithmetic.descent import stages
from prover_plugins.arithmetic.dividing import combination
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import Polynomial, polynomial
from prover_plugins.arithmetic.reading import read_number


def read(text: str) -> Polynomial:
    return polynomial(read_number(text, dict.fromkeys("abcxyz", Kind.INT), Kind.INT))


@pytest.mark.parametrize(
    ("text", "divisors"),
    [
        ("a ^ 2 + b ^ 2 - 3 * c ^ 2", [("a", "b"), ("c",)]),
        ("x ^ 3 + 3 * y ^ 3 - 9 * z ^ 3", [("x",), ("y",), ("z",)]),
        ("x ^ 4 + 2 * y ^ 4 - 4 * z ^ 4", [("x",), ("y",), ("z",)]),
    ],
)
def test_a_descent_leads_back_to_its_equation(text: str, divisors: list[tuple[str, ...]]) -> None:
    found = stages(read(text))
    assert found is not None and [stage.names for stage in found] == divisors
    assert found[-1].rest.terms == read(text).terms


@pytest.mark.parametrize("text", ["a ^ 2 + b ^ 2 - c ^ 2", "a ^ 2 + b ^ 2 - 3", "a - b", "a ^ 2 + b"])
def test_no_descent(text: str) -> None:
    assert stages(read(text)) is None


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ("x + 2", "x ^ 2 + 19", 23),
        ("6 * x - 1", "x - 36", 215),
        ("2 * x + 1", "x ^ 2 + 3", 13),
        ("x ^ 2 + 1", "x ^ 3 - x + 1", 5),
        ("x", "12", 12),
    ],
)
def test_a_combination_is_a_numeral(first: str, second: str, value: int) -> None:
    p, q = read(first), read(second)
    found = combination(p, q)
    assert found is not None
    s, t, c = found
    assert c == value and (s * p + t * q).terms == read(str(value)).terms
    assert all(k.denominator == 1 for part in (s, t) for k in part.terms.values())


def test_no_combination_of_polynomials_with_a_common_factor() -> None:
    assert combination(read("x ^ 2 - 1"), read("x ^ 2 + 2 * x + 1")) is None
    assert combination(read("x + y"), read("x")) is None
