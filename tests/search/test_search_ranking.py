"""Rankers: the order they give, what they cannot do, and what happens when they break."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pytest
from fake_domain import DONE, FAIL, PROBLEM, FakeEnvironment, Table, TableProposer
from hypothesis import given
from hypothesis import strategies as st

from prover import plugins
from prover.domain import Candidate, State
from prover.hookspecs import hookimpl
from prover.problem import Problem
from prover.search import search
from prover.search.ranking import mixed

TABLE: Table = {"root": {"bad": (FAIL, 0.1), "worse": (FAIL, 0.2), "good": (DONE, 3.0)}}

COSTS = st.floats(0, 50)
ALONE = {"ranker": 1e6}
"""A weight at which only the ranker counts."""


class Ranker:
    name = "ranker"

    def __init__(self, values: dict[str, float | None]) -> None:
        self.values = values

    def rank(self, problem: Problem, state: State, candidates: Sequence[Candidate]) -> Sequence[float | None] | None:
        return [self.values.get(c.action, -9.0) for c in candidates]


@pytest.mark.parametrize("lazy", [False, True])
def test_the_ranker_decides_what_is_tried_first(lazy: bool) -> None:
    environment = FakeEnvironment(TABLE)
    outcome = search(
        PROBLEM, environment, [TableProposer(TABLE, lazy=lazy)], rankers=[Ranker({"good": -0.1})], weights=ALONE
    )
    assert outcome.proved and outcome.steps == 1
    assert environment.stepped == [("root", "good")]


def test_a_weight_of_zero_leaves_it_out_and_none_leaves_a_candidate_as_it_is() -> None:
    off = search(PROBLEM, FakeEnvironment(TABLE), [TableProposer(TABLE)], rankers=[Ranker({})], weights={"ranker": 0})
    assert off.steps == 3
    environment = FakeEnvironment(TABLE)
    search(PROBLEM, environment, [TableProposer(TABLE)], rankers=[Ranker({"bad": None, "good": -1.0})], weights=ALONE)
    assert [action for _, action in environment.stepped] == ["bad", "good"]


LATE = {f"n{i}": (FAIL, 2.0) for i in range(100)}


def test_many_candidates_are_all_tried_in_the_end() -> None:
    table: Table = {"root": {**{f"m{i}": (FAIL, 0.01 * i) for i in range(30)}, **LATE, "good": (DONE, 0.2)}}
    environment = FakeEnvironment(table)
    outcome = search(
        PROBLEM,
        environment,
        [TableProposer(table, lazy=True)],
        rankers=[Ranker({"good": -0.5, "m7": -0.2})],
        weights=ALONE,
    )
    assert outcome.proved
    assert [action for _, action in environment.stepped][:2] == ["m7", "good"]


@given(own=COSTS, other=COSTS, weight=st.floats(0, 100))
def test_a_mixture_trusts_neither_too_much(own: float, other: float, weight: float) -> None:
    cost = mixed(own, other, weight)
    assert min(own, other) - 1e-9 <= cost <= max(own, other) + 1e-9
    assert cost <= own + math.log1p(weight) + 1e-9
    assert weight == 0 or cost <= other + math.log1p(1 / weight) + 1e-9


def test_what_costs_its_proposer_more_is_not_read_before_it_can_matter() -> None:
    read: list[str] = []

    class Slow(TableProposer):
        def propose(self, problem: Problem, state: State) -> Iterator[Candidate]:
            for candidate in super().propose(problem, state):
                read.append(candidate.action)
                yield candidate

    table: Table = {"root": {"good": (DONE, 0.1), "dear": (FAIL, 2.0), **{f"m{i}": (FAIL, 3.0) for i in range(40)}}}
    assert search(PROBLEM, FakeEnvironment(table), [Slow(table)], rankers=[Ranker({"good": -0.1})]).proved
    assert read == ["good", "dear"]


@pytest.mark.parametrize("values", [[float("nan")] * 3, [-1.0], "nonsense"])
def test_a_broken_ranker_is_named_and_left_out(values: Sequence[float]) -> None:
    class Broken(Ranker):
        def rank(self, problem: Problem, state: State, candidates: Sequence[Candidate]) -> Sequence[float]:
            return values

    seen: list[object] = []
    outcome = search(
        PROBLEM, FakeEnvironment(TABLE), [TableProposer(TABLE)], rankers=[Broken({})], observers=[seen.append]
    )
    assert outcome.proved and outcome.steps == 3
    assert any("ranker" in repr(event) and "Fault" in type(event).__name__ for event in seen)


def test_plugins_bring_rankers() -> None:
    class Plugin:
        @hookimpl
        def prover_rankers(self) -> list[Ranker]:
            return [Ranker({"good": -0.1})]

    manager = plugins.PluginManager()
    manager.known["own"] = plugins.PluginInfo("own", "", "here")
    manager.register(Plugin(), "own")
    assert [ranker.name for ranker in plugins.rankers(manager, "lean")] == ["ranker"]
    assert "ranker" in plugins.team(manager, "lean").names
