"""Near-equal states share a group, others do not, and groups make a search neither random nor incomplete."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, permutations

import pytest
from fake_domain import FakeEnvironment, TableProposer
from hypothesis import given
from hypothesis import strategies as st

from prover.problem import Budget, Problem
from prover.search import SearchConfig, search
from prover.search.canonical import goals_of
from prover.search.grouping import Groups


@dataclass(frozen=True)
class Text:
    text: str
    goals: int = 1
    size: int = 1

    @property
    def key(self) -> str:
        return self.text


BASE = "n m : Nat\nh : n < m\n⊢ n + 0 = n"
NEAR = [
    "a b : Nat\nfact : a < b\n⊢ a + 0 = a",  # other names
    "n m : Nat\nh : n < m\n⊢ n + 7 = n",  # another numeral
    "n m : Nat\nh : n < m\nk : m = n\n⊢ n + 0 = n",  # one hypothesis more
    "n m : Nat\n⊢ n + 0 = n",  # one less
    "n m : Nat\nh : n = m\n⊢ n + 0 = n",  # another in its place
]
APART = [
    "n m : Nat\nh : n < m\n⊢ n + 0 = m * n",  # another target
    "n m : Int\nh : n < m\n⊢ n + 0 = n",  # of another type
    "n m : Nat\nh : n < m\nk : m = n\nl : m ≤ n\n⊢ n + 0 = n",  # two more
    f"{BASE}\n\n{BASE}",  # twice the work
]


@pytest.mark.parametrize("text", NEAR)
def test_near_equal_states_share_a_group(text: str) -> None:
    groups = Groups()
    assert groups.of(Text(BASE)) is groups.of(Text(text))


@pytest.mark.parametrize("text", APART)
def test_others_do_not(text: str) -> None:
    groups = Groups()
    assert groups.of(Text(BASE)) is not groups.of(Text(text))


def test_the_price_grows_with_those_taken_up_only() -> None:
    groups = Groups()
    states = [Text(text) for text in (BASE, *NEAR)]
    assert [groups.surcharge(state) for state in states] == [0.0] * 6
    prices = []
    for state in states:
        prices.append(groups.surcharge(state))
        groups.take(state)
    assert prices[0] == 0.0
    assert all(a < b < a + 1 for a, b in pairwise(prices))
    assert groups.surcharge(Text(APART[0])) == 0.0


NAMES = st.lists(st.sampled_from(["x", "y", "foo", "n'", "hx", "z₁"]), min_size=3, max_size=3, unique=True)


@given(NAMES, st.integers(0, 99))
def test_names_and_numerals_do_not_matter(names: list[str], number: int) -> None:
    a, b, h = names
    text = f"{a} {b} : Nat\n{h} : {a} ∣ {b}\n⊢ {a} * {number} ∣ {b} * {number + 1}"
    (goal,) = goals_of(text)
    (other,) = goals_of("p q : Nat\nd : p ∣ q\n⊢ p * 3 ∣ q * 4")
    assert (goal.hypotheses, goal.target) == (other.hypotheses, other.target)


def test_every_state_is_tried_in_the_end_and_the_order_is_the_same_each_time() -> None:
    """Twelve near-equal dead ends and one far goal among their like: a high price delays, but drops nothing."""
    twins = {f"t{i}": (f"dead end {i}", 0.1 * i) for i in range(12)}
    table = {"root": {**twins, "last": ("dead end 99", 1.3)}, "dead end 99": {"end": ("done", 1.0)}}
    table |= {f"dead end {i}": {"x": ("fail", 0.1), "y": ("fail", 3.0)} for i in range(12)}
    found = []
    for diversity in (0.0, 2.0, 50.0, 50.0):
        environment = FakeEnvironment(table)
        config = SearchConfig(batch_size=1, step_cost=0.0, diversity=diversity)
        assert search(
            Problem("p", domain="fake"), environment, [TableProposer(table)], config=config, budget=Budget(None, None)
        ).proved
        found.append(environment.stepped)
    assert found[2] == found[3]
    assert found[0] != found[2]


def test_a_grown_group_lets_others_go_first() -> None:
    """Of five cheap near-equal states and one that is like nothing else, that one is tried second, not last."""
    table = {
        "root": {**{f"t{i}": (f"copy {i}", 0.1 * i) for i in range(5)}, "o": ("original", 1.0)},
        **{f"copy {i}": {"x": ("fail", 1.0)} for i in range(5)},
        "original": {"x": ("fail", 1.0)},
    }

    def order(diversity: float) -> list[str]:
        environment = FakeEnvironment(table)
        config = SearchConfig(batch_size=8, chunk_delta=9.0, step_cost=0.0, diversity=diversity)
        search(Problem("p", domain="fake"), environment, [TableProposer(table)], config=config, budget=Budget(None))
        return [state for state, action in environment.stepped if action == "x"]

    assert order(0.0)[-1] == "original"
    assert order(3.0)[:2] == ["copy 0", "original"]
    assert sorted(order(3.0)) == sorted(order(0.0))


def test_groups_do_not_depend_on_what_is_asked_first_for_equal_texts() -> None:
    texts = [BASE, NEAR[0], APART[0]]
    for order in permutations(texts):
        groups = Groups()
        for text in order:
            groups.of(Text(text))
        assert groups.of(Text(BASE)) is groups.of(Text(NEAR[0]))
        assert groups.of(Text(BASE)) is not groups.of(Text(APART[0]))
