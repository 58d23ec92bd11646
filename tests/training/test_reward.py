"""Rewards: how a step failed, and progress that no loop and no padding can farm."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover import reward
from prover.domain import Candidate, StepResult, StepStatus, Transition
from prover.errors import BadInput
from prover.hookspecs import RewardSignal
from prover.search.graph import SearchGraph


@dataclass(frozen=True)
class S:
    """A state with so many goals and symbols."""

    key: str
    goals: int = 1
    size: int = 10

    @property
    def text(self) -> str:
        return self.key


ROOT = S("root")
TRY = Candidate("tactic", "test", score=0.5)


def step(
    before: S, after: S | None, status: StepStatus = StepStatus.PROGRESS, kind: str = "", message: str = ""
) -> Transition:
    return Transition(ROOT, before, TRY, StepResult(status, after, kind, message))


def total(signals: list[RewardSignal], way: list[S]) -> float:
    sums = [reward.RewardSum(signals).of(step(a, b)) for a, b in pairwise(way)]
    assert None not in sums
    return sum(value for value in sums if value is not None)


states = st.builds(S, st.sampled_from("abcdefgh"), st.integers(1, 6), st.integers(1, 500))
shaped: list[RewardSignal] = [reward.GoalsClosed(), reward.Smaller(), reward.Nearer({"a": 1, "b": 2, "c": 3})]


@given(st.lists(states, min_size=2, max_size=12))
def test_progress_pays_only_for_where_a_rollout_ends(way: list[S]) -> None:
    assert total(shaped, way) == pytest.approx(total(shaped, [way[0], way[-1]]), abs=1e-9)


@given(st.lists(states, min_size=1, max_size=10))
def test_a_loop_earns_nothing(way: list[S]) -> None:
    assert total(shaped, [*way, way[0]]) == pytest.approx(0.0, abs=1e-9)


@given(st.lists(states, min_size=2, max_size=6), st.lists(states, min_size=1, max_size=6), st.integers(0, 5))
def test_padding_earns_nothing(way: list[S], detour: list[S], at: int) -> None:
    at = min(at, len(way) - 1)
    padded = [*way[: at + 1], *detour, *way[at:]]
    signals = [*shaped, *reward.default_signals()]
    assert total(signals, padded) <= total(signals, way) + 1e-9


@given(st.lists(states, min_size=2, max_size=12), st.floats(0.5, 1.0))
def test_with_a_discount_the_sum_telescopes_too(way: list[S], discount: float) -> None:
    signal = reward.GoalsClosed(discount)
    paid = sum(discount**t * signal.reward(step(a, b)) for t, (a, b) in enumerate(pairwise(way)))
    n = len(way) - 1
    assert paid == pytest.approx(discount**n * signal.potential(way[-1]) - signal.potential(way[0]), abs=1e-9)


def test_failures_are_told_apart() -> None:
    def failed(kind: str, message: str = "", status: StepStatus = StepStatus.FAILED) -> float:
        value = reward.RewardSum(reward.default_signals()).of(step(ROOT, None, status, kind, message))
        assert value is not None
        return value

    parse, name = failed("parse"), failed("tactic", "unknown identifier 'foo'")
    tactic, timeout = failed("tactic", "simp made no progress"), failed("timeout", "", StepStatus.TIMED_OUT)
    assert parse < name < timeout < tactic < 0


def test_finishing_beats_any_progress_and_a_lost_checker_says_nothing() -> None:
    everything = reward.RewardSum(reward.default_signals())
    finished = everything.of(step(ROOT, None, StepStatus.FINISHED))
    nearly = everything.of(step(ROOT, S("x", 1, 1)))
    assert finished is not None and nearly is not None and finished > 1 > nearly
    lost = step(ROOT, None, StepStatus.TIMED_OUT, reward.CRASHED)
    assert everything.of(lost) is None
    assert [signal.reward(lost) for signal in reward.default_signals()] == [0, 0, 0, 0]


def test_weights_scale_and_nonsense_is_refused() -> None:
    once = reward.RewardSum([reward.Finished()], {"finished": 3.0})
    assert once.of(step(ROOT, None, StepStatus.FINISHED)) == 3.0

    class Broken:
        name = "broken"

        def reward(self, transition: Transition) -> float:
            return float("nan")

    with pytest.raises(ValueError, match="broken"):
        reward.RewardSum([Broken()]).of(step(ROOT, None))
    with pytest.raises(BadInput, match="discount"):
        reward.GoalsClosed(0.0)


def test_the_distance_to_a_traced_proof_pays_for_each_step_on_it() -> None:
    nearer = reward.Nearer(reward.distances_of(["a", "b", "c"]))
    on_it = nearer.reward(step(S("a"), S("b")))
    assert on_it > 0 and nearer.reward(step(S("b"), S("c"))) == pytest.approx(on_it)
    assert nearer.reward(step(S("b"), S("elsewhere"))) < 0


def test_every_step_on_a_found_proof_gets_credit_and_no_other() -> None:
    from prover.domain import Verdict

    graph = SearchGraph(S("root"))
    first, _ = graph.add(graph.root, TRY, 0.1, StepResult(StepStatus.PROGRESS, S("a")))
    graph.add(graph.root, TRY, 0.1, StepResult(StepStatus.FAILED, kind="tactic"))
    graph.add(graph.root, TRY, 0.1, StepResult(StepStatus.PROGRESS, S("dead end")))
    assert first.child is not None
    last, _ = graph.add(first.child, TRY, 0.1, StepResult(StepStatus.FINISHED))
    assert reward.proof_credit(graph) == {}
    graph.accept(last, Verdict(True))
    assert reward.proof_credit(graph, 0.5) == {(0, 0): 0.5, (1, 0): 1.0}


def test_the_plugin_registers_the_signals() -> None:
    from prover import plugins

    found = {signal.name for signal in plugins.rewards(plugins.load_plugins(), "lean")}
    assert {"step_failed", "finished", "goals_closed", "smaller"} <= found
