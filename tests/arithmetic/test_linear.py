"""Exact linear programs: combinations are found where there are any, and are right."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from prover_plugins.arithmetic.linear import nonnegative_combination

NUMBER = st.integers(-3, 3).map(Fraction)
WEIGHT = st.sampled_from([0, 0, 1, 2, 5]).map(Fraction)


def total(columns: list[dict[int, Fraction]], weights: list[Fraction], rows: int) -> list[Fraction]:
    return [sum((c[row] * w for c, w in zip(columns, weights, strict=True)), Fraction(0)) for row in range(rows)]


@given(st.integers(1, 5).flatmap(lambda rows: st.tuples(
    st.just(rows),
    st.lists(st.tuples(st.lists(NUMBER, min_size=rows, max_size=rows), WEIGHT), min_size=1, max_size=8))))  # fmt: skip
def test_a_combination_that_exists_is_found(drawn: tuple[int, list[tuple[list[Fraction], Fraction]]]) -> None:
    rows, pairs = drawn
    columns = [dict(enumerate(values)) for values, _ in pairs]
    weights = [weight for _, weight in pairs]
    target = dict(enumerate(total(columns, weights, rows)))
    found = nonnegative_combination(columns, target)
    assert found is not None and min(found) >= 0
    assert total(columns, found, rows) == list(target.values())
    used = [place for place, weight in enumerate(weights) if weight > 0][:1]
    preferred = nonnegative_combination(columns, target, used)
    if used:
        assert preferred is not None and preferred[used[0]] > 0 and min(preferred) >= 0
        assert total(columns, preferred, rows) == list(target.values())


def test_none_where_there_is_none() -> None:
    one, zero = Fraction(1), Fraction(0)
    assert nonnegative_combination([{0: one}], {0: -one}) is None
    assert nonnegative_combination([{0: one, 1: one}], {0: one, 1: zero}) is None
    # the second column can be used in no combination that sums to nothing
    assert nonnegative_combination([{0: one}, {1: one}], {0: one, 1: zero}, preferred=[1]) is None
