"""Quadratic equations in two unknowns as products: the algebra, without Lean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prover_plugins.arithmetic.divisors import rectangle, solution
from prover_plugins.arithmetic.polynomials import Polynomial, constant, variable

X, Y = variable("x"), variable("y")
SMALL = st.integers(-6, 6)


def linear(a: int, b: int, c: int) -> Polynomial:
    return X * constant(a) + Y * constant(b) + constant(c)


@given(SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, st.integers(-50, 50))
def test_a_product_is_found_again(a: int, b: int, c: int, d: int, e: int, f: int, n: int) -> None:
    p = linear(a, b, c) * linear(d, e, f) - constant(n)
    found = rectangle(p)
    if p.degree != 2 or len(p.variables) != 2 or a * e == b * d:
        assert found is None
    elif found is not None:
        first, second, number = found
        product = first * second - constant(number)
        # the same equation, up to a factor
        assert product.primitive()[1] in (p.primitive()[1], (p * constant(-1)).primitive()[1])


def test_solutions() -> None:
    found = rectangle(X * Y + X + Y - constant(80))
    assert found is not None
    first, second, n = found
    assert n == 81
    assert solution(first, second, 3, 27, ["x", "y"]) == (26, 2)
    doubled = rectangle(X * Y * constant(2) + X + Y - constant(7))
    assert doubled is not None and doubled[2] == 15
    assert solution(X * constant(2), Y, 3, 5, ["x", "y"]) is None
    assert rectangle(X * X + Y * Y - constant(25)) is None
