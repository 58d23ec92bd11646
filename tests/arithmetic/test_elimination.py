"""Equations in one unknown that follow from a system, and least values of quadratics."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from prover_plugins.arithmetic.certificates import completed, remainder
from prover_plugins.arithmetic.polynomials import Polynomial, constant, variable
from prover_plugins.arithmetic.systems import eliminated

X, Y, Z = variable("x"), variable("y"), variable("z")
SMALL = st.integers(-6, 6).filter(bool)


def value(p: Polynomial, **values: int) -> Fraction:
    for name, number in values.items():
        p = p.substituted(name, constant(number))
    return p.coefficient(())


@given(SMALL, SMALL)
def test_the_solutions_of_a_system_are_roots(a: int, b: int) -> None:
    equations = [X + Y - constant(a + b), X * Y - constant(a * b)]
    found = eliminated(equations, ["x", "y"], "x")
    assert found is not None and set(found.variables) == {"x"} and found.degree <= 2
    assert value(found, x=a) == value(found, x=b) == 0


def test_products_of_pairs() -> None:
    equations = [X * Y - constant(12), Y * Z - constant(20), X * Z - constant(15)]
    found = eliminated(equations, ["x", "y", "z"], "x")
    assert found is not None and value(found, x=3) == value(found, x=-3) == 0 and value(found, x=1) != 0
    assert eliminated([X * Y - constant(12)], ["x", "y"], "x") is None


@given(SMALL, SMALL, SMALL)
def test_the_least_value_for_a_fixed_variable(a: int, b: int, c: int) -> None:
    p = X * X + constant(a) * X * Y + constant(9) * Y * Y + constant(b) * Y + constant(c)
    left = remainder(p, "y")
    assert left is not None
    for y in (-2, 0, 3):
        least = Fraction(-a * y, 2)
        assert value(left, y=y) == value(p.substituted("x", constant(least)), y=y)


def test_sums_of_squares() -> None:
    whole = completed(X * X - constant(2) * X * Y + Y * Y)
    assert whole is not None and whole[1] == 0 and len(whole[0]) == 1
    assert completed(X * X - Y * Y) is None and completed(X * X - constant(1)) is None
