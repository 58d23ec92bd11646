"""Closed forms through values: what is found has the values, and nothing is found where there is none."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from prover_plugins.automation.closed_forms import exponential_through, polynomial_through, quotient_through

NUMBER = st.integers(-9, 9).map(Fraction)


def at(coefficients: list[Fraction], n: int) -> Fraction:
    return sum((c * n**i for i, c in enumerate(coefficients)), Fraction(0))


@given(st.lists(NUMBER, min_size=1, max_size=5))
def test_polynomials(coefficients: list[Fraction]) -> None:
    values = [at(coefficients, n) for n in range(12)]
    found = polynomial_through(values)
    assert found is not None and [at(found, n) for n in range(12)] == values


@given(NUMBER, NUMBER, NUMBER, st.sampled_from([Fraction(2), Fraction(-3), Fraction(1, 2)]))
def test_exponentials(slope: Fraction, start: Fraction, constant: Fraction, base: Fraction) -> None:
    values = [(slope * n + start) * base**n + constant for n in range(12)]
    found = exponential_through(values, base)
    if slope or start:
        assert found is not None
        assert [at(found[0], n) * base**n + found[1] for n in range(12)] == values
    else:
        assert found is None  # a polynomial


@given(st.integers(0, 9), st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9))
def test_quotients(a: int, b: int, c: int, d: int) -> None:
    values = [Fraction(a + b * n, c + d * n) for n in range(10)]
    found = quotient_through(values)
    if values[1] == values[2]:
        assert found is None  # constant
    else:
        assert found is not None
        (p, q), (r, s) = found
        assert [(p + q * n) / (r + s * n) for n in range(10)] == values


def test_none_where_there_is_none() -> None:
    fibonacci = [Fraction(x) for x in (0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89)]
    assert polynomial_through(fibonacci) is None and quotient_through(fibonacci) is None
    assert all(exponential_through(fibonacci, Fraction(base)) is None for base in (2, 3, -1))
