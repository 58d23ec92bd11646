"""Steps that run out of a first, small limit of heartbeats are tried again later with their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fake_domain import DONE, PROBLEM, SLOW, TIMEOUT, FakeEnvironment, Table, TableProposer

from prover.domain import POSTPONED, Transition
from prover.problem import Budget
from prover.search import SearchConfig, SearchOutcome, search

CONFIG = SearchConfig(batch_size=1, step_cost=0.0, first_heartbeats=1_000, second_try=2.0)


def run(table: Table, config: SearchConfig = CONFIG, **more: Any) -> tuple[SearchOutcome, FakeEnvironment]:
    environment = FakeEnvironment(table)
    more.setdefault("proposers", [TableProposer(table)])
    outcome = search(PROBLEM, environment, more.pop("proposers"), config=config, budget=Budget(None, 100), **more)
    outcome.graph.check_invariants()
    return outcome, environment


def limits(environment: FakeEnvironment) -> list[tuple[str, int | None]]:
    return [(candidate.action, candidate.heartbeats) for batch in environment.batches for candidate in batch]


def test_a_slow_step_waits_for_those_that_cost_less_than_its_second_try() -> None:
    table = {"root": {"slow": (SLOW + DONE, 1.0), "other": (TIMEOUT, 2.5), "later": (TIMEOUT, 3.5)}}
    outcome, environment = run(table)
    assert outcome.proved
    # "other" times out at once and is then dearer (4.5) than the second try of "slow" (3.0).
    assert limits(environment) == [("slow", 1_000), ("other", 1_000), ("slow", None)]
    kinds = [(edge.candidate.action, edge.result.kind, edge.cost) for edge in outcome.graph.edges()]
    assert kinds == [("slow", POSTPONED, 1.0), ("other", POSTPONED, 2.5), ("slow", "", 3.0)]


def test_there_is_no_third_try() -> None:
    outcome, environment = run({"root": {"hopeless": (TIMEOUT, 1.0)}})
    assert not outcome.proved
    assert limits(environment) == [("hopeless", 1_000), ("hopeless", None)]


def test_a_proposers_own_limit_holds_in_the_end_and_a_lower_one_at_once() -> None:
    class Limited(TableProposer):
        def propose(self, *asked: Any) -> Any:
            found = list(super().propose(*asked))
            return [replace(c, heartbeats=500 if c.action == "low" else 9_000) for c in found]

    table = {"root": {"low": (TIMEOUT, 1.0), "high": (TIMEOUT, 2.0)}}
    _, environment = run(table, proposers=[Limited(table)])
    assert limits(environment) == [("low", 500), ("high", 1_000), ("high", 9_000)]


def test_a_step_with_a_time_of_its_own_is_not_postponed() -> None:
    class Patient(TableProposer):
        def propose(self, *asked: Any) -> Any:
            return [replace(candidate, heartbeats=9_000, wall_ms=7_000) for candidate in super().propose(*asked)]

    table = {"root": {"heavy": (TIMEOUT, 1.0)}}
    _, environment = run(table, proposers=[Patient(table)])
    assert limits(environment) == [("heavy", 9_000)]


def test_without_a_first_limit_all_is_as_the_proposer_says() -> None:
    table = {"root": {"slow": (SLOW + DONE, 1.0), "other": (TIMEOUT, 0.5)}}
    outcome, environment = run(table, replace(CONFIG, first_heartbeats=0))
    assert outcome.proved
    assert limits(environment) == [("other", None), ("slow", None)]


def test_a_postponed_step_has_no_reward() -> None:
    class Punish:
        name = "punish"

        def reward(self, transition: Transition) -> float:
            return -1.0

    outcome, _ = run({"root": {"slow": (SLOW + DONE, 1.0)}}, rewards=[Punish()])
    assert [edge.reward for edge in outcome.graph.edges()] == [0.0, -1.0]
