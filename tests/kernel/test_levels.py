"""Universe levels, against their meaning: numbers, for many values of the parameters."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from prover.kernel.terms import Level, Terms

TERMS = Terms()
PARAMS = ("u", "v")
LEVELS: st.SearchStrategy[Level] = st.recursive(
    st.just(TERMS.zero) | st.sampled_from([TERMS.param(name) for name in PARAMS]),
    lambda inner: (
        st.builds(TERMS.succ, inner) | st.builds(TERMS.max, inner, inner) | st.builds(TERMS.imax, inner, inner)
    ),
    max_leaves=8,
)


def value(level: Level, params: dict[str, int]) -> int:
    match level.kind:
        case "zero":
            return 0
        case "succ":
            return value(level.a, params) + 1
        case "param":
            return params[level.a]
    a, b = value(level.a, params), value(level.b, params)
    return 0 if level.kind == "imax" and b == 0 else max(a, b)


ASSIGNMENTS = [dict(zip(PARAMS, numbers, strict=True)) for numbers in itertools.product(range(6), repeat=2)]


@settings(max_examples=500, deadline=None)
@given(LEVELS, LEVELS)
def test_no_order_is_claimed_that_does_not_hold(a: Level, b: Level) -> None:
    holds = all(value(a, params) <= value(b, params) for params in ASSIGNMENTS)
    assert TERMS.level_le(a, b) <= holds
    if TERMS.level_eq(a, b):
        assert all(value(a, params) == value(b, params) for params in ASSIGNMENTS)


@settings(max_examples=200, deadline=None)
@given(LEVELS, LEVELS)
def test_plain_laws_are_found(a: Level, b: Level) -> None:
    assert TERMS.level_le(a, TERMS.succ(a)) and not TERMS.level_le(TERMS.succ(a), a)
    assert TERMS.level_le(a, TERMS.max(a, b)) and TERMS.level_le(TERMS.imax(a, b), TERMS.max(a, b))
    assert TERMS.level_eq(TERMS.max(a, b), TERMS.max(b, a))


@settings(max_examples=200, deadline=None)
@given(LEVELS, LEVELS, LEVELS)
def test_simplification_keeps_the_meaning(a: Level, b: Level, c: Level) -> None:
    replaced = TERMS.level_instance(TERMS.max(TERMS.imax(a, TERMS.param("u")), b), {"u": c})
    for params in ASSIGNMENTS:
        at = {**params, "u": value(c, params)}
        assert value(replaced, params) == max(0 if at["u"] == 0 else max(value(a, at), at["u"]), value(b, at))
