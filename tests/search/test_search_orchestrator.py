"""Best-first search over merged states: order, budgets, faults, memory (``test_search_verdicts``: checks)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from fake_domain import (
    DONE,
    FAIL,
    TIMEOUT,
    FakeEnvironment,
    FakeState,
    Table,
    TableProposer,
    Ticker,
    run,
)  # fmt: skip

from prover.domain import Candidate, State, Verdict
from prover.errors import InfrastructureFault
from prover.problem import Budget
from prover.search import NodeStatus, SearchConfig, SearchFault, StopReason
from prover.search import events as ev


def test_a_cheap_deep_step_goes_before_an_expensive_one_near_the_root() -> None:
    table = {
        "root": {"cheap": ("a", 1.0), "dear": ("z", 5.0)},
        "a": {"cheap2": ("b", 1.0), "dear2": (FAIL, 9.0)},
        "b": {"cheap3": (FAIL, 1.0), "dear3": (DONE, 3.5)},
        "z": {"cheap4": (FAIL, 0.1)},
    }
    outcome, environment = run(table)
    assert [action for _, action in environment.stepped] == [
        "cheap", "cheap2", "cheap3", "dear", "cheap4", "dear3",
    ]  # fmt: skip
    assert outcome.proved and outcome.status == "proved" and outcome.reason is StopReason.PROVED
    assert outcome.actions == ("cheap", "cheap2", "dear3")
    assert outcome.verdict is not None and outcome.verdict.answer == "cheap; cheap2; dear3"
    assert (outcome.steps, outcome.states) == (6, 5)


def test_states_that_are_never_popped_cost_no_proposer_call() -> None:
    table = {"root": {"a": ("a", 1.0), "b": ("b", 3.0)}, "a": {"x": (DONE, 1.0)}, "b": {}}
    proposer = TableProposer(table, lazy=True)
    outcome, _ = run(table, proposers=[proposer])
    assert outcome.proved and proposer.asked == ["root", "a"]


def test_merged_states_are_expanded_once_and_cycles_end() -> None:
    table = {
        "root": {"a": ("a", 1.0), "b": ("b", 1.0), "self": ("root", 0.1)},
        "a": {"c": ("c", 1.0), "up": ("root", 0.0)},
        "b": {"c": ("c", 0.5)},
        "c": {"up": ("a", 0.0), "x": (FAIL, 1.0)},
    }
    proposer = TableProposer(table)
    outcome, environment = run(table, proposers=[proposer])
    assert outcome.status == "not_proved" and outcome.reason is StopReason.EXHAUSTED
    assert sorted(proposer.asked) == ["a", "b", "c", "root"]
    assert len(set(environment.stepped)) == len(environment.stepped) == 8
    assert all(node.status is NodeStatus.FAILED for node in outcome.graph.nodes)
    assert outcome.verdict is None and outcome.best_open is None


def test_a_cheaper_path_found_later_moves_queued_descendants_forward() -> None:
    table = {
        "root": {"cheap": ("b", 0.5), "dear": ("a", 2.0), "other": ("z", 3.5)},
        "a": {"deep": ("d", 0.5)},
        "b": {"to a": ("a", 0.1)},
        "d": {"end": (DONE, 2.2)},
        "z": {"end": (DONE, 0.5)},
    }
    # The size of b delays it until a and d are known. Through b, d's end costs 3.3, else 4.7; z's
    # 4.0.
    environment = FakeEnvironment(table, sizes={"b": 10_000})
    config = SearchConfig(chunk_delta=5.0, step_cost=0.0)
    outcome, _ = run(table, environment=environment, config=config)
    assert environment.stepped[3:] == [("a", "deep"), ("b", "to a"), ("d", "end")]
    assert outcome.actions == ("cheap", "to a", "deep", "end")


def test_the_answer_uses_the_cheapest_known_path() -> None:
    table = {
        "root": {"long": ("a", 1.0), "short": ("m", 1.8)},
        "a": {"on": ("m", 1.0)},
        "m": {"end": (DONE, 0.7)},
    }
    outcome, _ = run(table)
    assert outcome.actions == ("short", "end")


def test_batches_hold_what_costs_nearly_the_same() -> None:
    table = {"root": {f"t{i}": (FAIL, 1.0 + 0.1 * i) for i in range(9)}}
    config = SearchConfig(batch_size=3, chunk_delta=0.35, step_cost=0.0)
    _, environment = run(table, config=config)
    assert [len(batch) for batch in environment.batches] == [3, 3, 3]
    config = SearchConfig(batch_size=8, chunk_delta=0.15, step_cost=0.0)
    _, environment = run(table, config=config)
    assert [len(batch) for batch in environment.batches] == [2, 2, 2, 2, 1]


# ----------------------------------------------------------------------------------------- budgets

ENDLESS: Table = {str(i): {f"t{j}": (str(i * 3 + j + 1), 0.1 + j) for j in range(3)} for i in range(3000)}
ENDLESS = {**ENDLESS, "root": {"go": ("0", 0.1)}}


@pytest.mark.parametrize("steps", [0, 1, 7, 50])
def test_the_step_budget_is_exact(steps: int) -> None:
    config = SearchConfig(chunk_delta=5.0)
    outcome, environment = run(ENDLESS, budget=Budget(None, steps, None), config=config)
    assert outcome.steps == steps == len(environment.stepped)
    assert outcome.reason is StopReason.STEPS
    assert outcome.best_open is not None
    assert (outcome.best_open is outcome.graph.root) == (steps == 0)


def test_the_node_budget_stops() -> None:
    outcome, _ = run(ENDLESS, budget=Budget(None, None, 20))
    assert outcome.reason is StopReason.NODES and outcome.states == 20


def test_the_time_budget_stops_and_shortens_the_last_steps() -> None:
    clock = Ticker()

    def on_step(batch: Sequence[Candidate]) -> None:
        limits = [candidate.wall_ms or 1000 for candidate in batch]
        clock.now += sum(limits) / 1000  # every action uses all it may

    environment = FakeEnvironment(ENDLESS, on_step=on_step)
    config = SearchConfig(batch_size=3, chunk_delta=5.0, step_wall_ms=1000)
    outcome, _ = run(
        ENDLESS, environment=environment, config=config, budget=Budget(9.5, None, None),
        clock=clock,
    )  # fmt: skip
    assert outcome.reason is StopReason.TIME
    assert clock.now == pytest.approx(9.5, abs=0.01)
    limits = [candidate.wall_ms for batch in environment.batches for candidate in batch]
    assert limits[:4] == [None] * 4 and limits[-1] is not None and limits[-1] >= 1


def test_a_shorter_limit_of_the_candidate_is_kept() -> None:
    class Brief(TableProposer):
        def propose(self, problem: Any, state: State) -> list[Candidate]:
            return [Candidate("x", "brief", score=1.0, wall_ms=5)]

    environment = FakeEnvironment({})
    run({}, environment=environment, proposers=[Brief({})], budget=Budget(2.0, None, None),
        clock=Ticker())  # fmt: skip
    assert environment.batches[0][0].wall_ms == 5


def test_time_spent_by_proposers_counts() -> None:
    clock = Ticker()

    class Slow(TableProposer):
        def propose(self, problem: Any, state: State) -> list[Candidate]:
            clock.now += 3.0
            return [Candidate("x", "slow", score=1.0)]

    outcome, environment = run({}, proposers=[Slow({})], budget=Budget(2.0, None, None), clock=clock)
    assert outcome.reason is StopReason.TIME and environment.stepped == []


# ------------------------------------------------------------------------------------------ faults


def test_a_fault_of_the_infrastructure_carries_what_was_found() -> None:
    def on_step(batch: Sequence[Candidate]) -> None:
        if batch[0].action == "t1":
            raise InfrastructureFault("Lean died")

    heard: list[object] = []
    with pytest.raises(SearchFault, match="Lean died") as caught:
        run(ENDLESS, environment=FakeEnvironment(ENDLESS, on_step=on_step), observers=[heard.append])
    outcome = caught.value.outcome
    assert isinstance(caught.value.__cause__, InfrastructureFault)
    assert outcome.reason is StopReason.FAULT and outcome.status == "not_proved"
    assert outcome.steps > 0
    assert isinstance(heard[-1], ev.SearchFinished) and heard[-1].reason == "fault"
    outcome.graph.check_invariants()


def test_a_fault_during_the_check_is_not_a_rejection() -> None:
    class Dying(FakeEnvironment):
        def verify(self, actions: Sequence[str]) -> Verdict:
            raise InfrastructureFault("out of memory")

    table = {"root": {"end": (DONE, 1.0)}}
    with pytest.raises(SearchFault) as caught:
        run(table, environment=Dying(table))
    assert caught.value.outcome.rejected == ()
    assert caught.value.outcome.graph.nodes[1].status is NodeStatus.OPEN


def test_a_wrong_number_of_results_is_a_fault() -> None:
    class Forgetful(FakeEnvironment):
        def step(self, state: State, candidates: Sequence[Candidate]) -> list[Any]:
            return []

    with pytest.raises(SearchFault, match="0 results to 1 actions"):
        run(ENDLESS, environment=Forgetful(ENDLESS))


def test_an_interruption_hands_back_the_outcome() -> None:
    def on_step(batch: Sequence[Candidate]) -> None:
        if batch[0].action == "t1":
            raise KeyboardInterrupt

    heard: list[object] = []
    outcome, _ = run(ENDLESS, environment=FakeEnvironment(ENDLESS, on_step=on_step), observers=[heard.append])
    assert outcome.reason is StopReason.INTERRUPTED and outcome.steps > 0
    assert isinstance(heard[-1], ev.SearchFinished) and heard[-1].reason == "interrupted"


def test_a_broken_proposer_is_named_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(TableProposer):
        def propose(self, problem: Any, state: State) -> list[Candidate]:
            raise ConnectionError("no model server")

    table = {"root": {"a": ("a", 1.0)}, "a": {"end": (DONE, 1.0)}}
    heard: list[object] = []
    proposers = [Broken(table, name="llm"), TableProposer(table)]
    outcome, _ = run(table, proposers=proposers, observers=[heard.append])
    assert outcome.proved and outcome.statistics["llm"].asked == 1
    assert [e.plugin for e in heard if isinstance(e, ev.PluginFault)] == ["llm"]
    assert len(caplog.records) == 1 and "no model server" in caplog.text


# ------------------------------------------------------------------------- memory, accounts


def test_growth_is_penalised() -> None:
    table = {
        "root": {"grow": ("a", 1.0), "calm": ("b", 1.2)},
        "a": {"end": (DONE, 1.0)},
        "b": {"end": (DONE, 1.0)},
    }
    environment = FakeEnvironment(table, sizes={"root": 10, "a": 1000, "b": 10})
    outcome, _ = run(table, environment=environment)
    assert outcome.actions == ("calm", "end")


def test_states_are_released_once_they_cannot_be_stepped_again() -> None:
    table = {
        "root": {"a": ("a", 0.1), "b": ("b", 0.2)},
        "a": {"c": ("c", 0.1)},
        "b": {"c": ("c", 0.1), "x": ("d", 9.0)},
        "c": {"y": (FAIL, 0.1), "up": ("root", 0.1), "bad": (DONE, 0.1)},
    }
    config = SearchConfig(batch_size=1, release_batch=1)
    environment = FakeEnvironment(table, poison=frozenset({"bad"}))
    outcome, environment = run(table, environment=environment, config=config)
    assert outcome.reason is StopReason.EXHAUSTED
    released = sorted(state.key for state in environment.released)
    # c and root were reached again as states of their own; the first root is never released.
    assert released == ["a", "b", "c", "c", "d", DONE, "root"]
    assert all(state.handle for state in environment.released)
    assert len(set(environment.released)) == len(environment.released)


def test_a_state_that_the_checker_shares_is_not_released_under_another() -> None:
    class Sharing(FakeEnvironment):
        def _state(self, key: str, handle: int) -> FakeState:
            return super()._state(key, 0)  # equal states are the same state

    table = {"root": {"a": ("a", 0.1), "b": ("a", 0.2)}, "a": {"x": (FAIL, 5.0), "y": (FAIL, 6.0)}}
    config = SearchConfig(batch_size=1, release_batch=1)
    outcome, environment = run(table, config=config, environment=Sharing(table))
    assert outcome.reason is StopReason.EXHAUSTED
    assert [state.key for state in environment.released] == ["a"]


def test_states_that_compare_equal_but_are_held_twice_are_released() -> None:
    @dataclass(frozen=True)
    class Held(FakeState):
        @property
        def id(self) -> int:
            return self.handle

        def __eq__(self, other: object) -> bool:
            return isinstance(other, FakeState) and other.key == self.key

        def __hash__(self) -> int:
            return hash(self.key)

    class Holding(FakeEnvironment):
        def _state(self, key: str, handle: int) -> FakeState:
            return Held(key, handle, goals=int(key != DONE))

        def release(self, states: Sequence[State]) -> None:
            handles.extend(state.handle for state in states if isinstance(state, Held))

    handles: list[int] = []
    table = {"root": {"a": ("a", 0.1), "b": ("a", 0.2), "c": ("a", 0.3), "d": (DONE, 9.0)}}
    config = SearchConfig(batch_size=1, release_batch=1)
    run(table, config=config, environment=Holding(table))
    assert handles == [1, 2, 3, 4]


def test_statistics_by_proposer() -> None:
    table = {
        "root": {"a": ("a", 0.1), "no": (FAIL, 0.05), "slow": (TIMEOUT, 0.06), "b": ("a", 0.07)},
        "a": {"end": (DONE, 0.2)},
    }
    proposers = [TableProposer(table, name="one"), TableProposer({"a": table["a"]}, name="two")]
    outcome, _ = run(table, proposers=proposers)
    one, two = outcome.statistics["one"], outcome.statistics["two"]
    assert (one.asked, two.asked) == (2, 2)
    assert (one.tried, one.failed, one.timed_out, one.progress, one.finished) == (5, 1, 1, 2, 1)
    assert (one.new_states, one.in_proof, two.tried, two.in_proof) == (2, 2, 0, 0)
    assert one.checker_seconds == pytest.approx(25e-6)


def test_weights_choose_between_proposers() -> None:
    one: Table = {"root": {"x": (DONE, 1.0)}}
    two: Table = {"root": {"y": (DONE, 1.5)}}
    table: Table = {"root": {**one["root"], **two["root"]}}
    proposers = [TableProposer(one, name="one"), TableProposer(two, name="two")]
    assert run(table, proposers=proposers)[0].actions == ("x",)
    assert run(table, proposers=proposers, weights={"two": 2.0})[0].actions == ("y",)
    outcome, environment = run({}, proposers=proposers, weights={"one": 0.0})
    assert environment.stepped == [("root", "y")] and "one" not in outcome.statistics


def test_failed_steps_can_be_forgotten() -> None:
    table = {"root": {"no": (FAIL, 0.1), "a": ("a", 0.2)}}
    outcome, _ = run(table)
    assert len(list(outcome.graph.edges())) == 2
    outcome, _ = run(table, config=SearchConfig(keep_failures=False))
    assert [edge.candidate.action for edge in outcome.graph.edges()] == ["a"]
