"""Expressions and problems as text: what is read, what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prover_plugins.math.exact import exact
from prover_plugins.math.tasks import read_answer, read_task
from prover_plugins.math.text import Node, parse, show

from prover.errors import BadInput


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14), ("-3^2", -9), ("2^3^2", 512), ("2(1 + 2)(3)", 18), ("10 / 4", Fraction(5, 2)), ("5!", 120),
        ("7 mod 3 + 1", 2), ("gcd(12, 18, 8)", 2), ("|2 - 5|", 3), ("-7 mod 3", 2), ("-(7 mod 3)", -1),
        ("-2*3 + 1", -5), ("2 − 1 × 3", -1),
        ("100!/98!", 9900), ("3²", 9), ("floor(7/2) - ceil(7/2)", -1), ("0.25 * 4", 1), ("--2", 2),
        ("2^-1", Fraction(1, 2)),
    ],
)  # fmt: skip
def test_values(text: str, value: Fraction) -> None:
    assert exact(parse(text), {}) == value


_LEAVES = st.one_of(
    st.integers(0, 99).map(lambda n: Node("number", str(n))), st.sampled_from("xyz").map(lambda n: Node("symbol", n))
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda k, a, b: Node(k, arguments=(a, b)), st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda a: Node("neg", arguments=(a,)), inner),
        st.builds(lambda f, a: Node("call", f, (a,)), st.sampled_from(["sin", "sqrt", "abs"]), inner),
        st.builds(lambda a, n: Node("^", arguments=(a, Node("number", str(n)))), inner, st.integers(0, 3)),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(_TREES)
def test_what_is_shown_reads_as_the_same_function(tree: Node) -> None:
    shown = show(tree)
    assert show(parse(shown)) == shown
    values = {"x": 2, "y": 5, "z": -3}
    try:
        expected = exact(tree, values)
    except ValueError:
        return
    assert exact(parse(shown), values) == expected


HOSTILE = [
    "__import__('os').system('id')", "().__class__", "lambda x: x", "x.real", "exec", "eval(1)", "open('f')",
    "[x for x in y]",
    "9^9^9^9", "10^10^10!", "2^(999*999*999)", "(10^6)!", "((2^99)^99)^99", "binomial(10^9, 10^8)", "x^1000", "1" * 100,
    "(" * 100 + "x" + ")" * 100, "x" + "+x" * 1000, "\x00", "x;import os", "sin", "x +", "", "abc", "2 3",
    "e^(10^9)", "2^(1/(1/10^30))", "1e999", "2^x^", "@",
    "3!!!!", "-" * 599 + "x" * 5, "{x}", "x = 1",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert "\n" not in str(caught.value) and 0 < len(str(caught.value)) < 200
    with pytest.raises(BadInput):
        read_task(f"compute {text}")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse, read_task):
        try:
            read(text)
        except BadInput:
            continue


@pytest.mark.parametrize(
    ("text", "kind", "unknowns"),
    [
        ("solve x^2 - 5x + 6 = 0", "solve", ("x",)), ("x^2 = 4", "solve", ("x",)), ("Solve a x = b for x.",
        "solve", ("x",)),
        ("solve 3x = 2 mod 7", "congruence", ("x",)), ("solve 1 < x < 3", "solve", ("x",)), ("2 + 2", "compute", ()),
        ("limit of sin(x)/x as x -> 0 from the right", "limit", ("x",)), ("differentiate y^2", "derivative", ("y",)),
        ("integrate x^2 dx from 0 to 1", "integral", ("x",)), ("sum of i^2 for i from 1 to n", "sum", ("i",)),
        ("count n from 1 to 9 with n mod 2 = 1", "count", ("n",)), ("find x, y from 0 to 3 with x < y",
        "find", ("x", "y")),
    ],
)  # fmt: skip
def test_problems(text: str, kind: str, unknowns: tuple[str, ...]) -> None:
    task = read_task(text)
    assert (task.kind, task.unknowns) == (kind, unknowns)


@pytest.mark.parametrize(
    "text",
    [
        "prove me", "solve", "solve 2 = 2", "solve x^2", "solve x = 1 for y", "solve x < a", "limit of x",
        "integral of x",
        "sum of k", "count n from 1 to 99999999 with n = 1", "count n from 1 to 5 with m = 1", "derivative of x*y",
        "solve x = 1 mod 1", "solve x = y mod 5", "x == = 2",
    ],
)  # fmt: skip
def test_what_is_no_problem(text: str) -> None:
    with pytest.raises(BadInput):
        read_task(text)


@pytest.mark.parametrize(
    "text",
    [
        "{2, 3}",
        "2, 3",
        "x = 2 or x = 3",
        "x = 2, x = 3",
        "{3; 2}",
        "2 or 3",
        "x = 2, 3",
        " $\\{2,3\\}$".replace("\\", ""),
    ],
)
def test_forms_of_one_answer(text: str) -> None:
    answer = read_answer(text, read_task("solve x^2 - 5x + 6 = 0"))
    assert sorted(show(point[0]) for point in answer.points) == ["2", "3"]


@pytest.mark.parametrize(
    "text", ["(1, 2)", "{(1, 2)}", "x = 1, y = 2", "x = 1 and y = 2", "(x, y) = (1, 2)", "(y, x) = (2, 1)"]
)
def test_forms_of_one_pair(text: str) -> None:
    answer = read_answer(text, read_task("solve x + y = 3, x - y = -1"))
    assert [tuple(map(show, point)) for point in answer.points] == [("1", "2")]


@pytest.mark.parametrize("text", ["", "x = 2 or y = 3", "(1, 2", "{1", "2 3 and", "x > 1"])
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(BadInput):
        read_answer(text, read_task("solve x^2 = 4"))
