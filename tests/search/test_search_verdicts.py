"""What the search makes of accepted and rejected answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fake_domain import DONE, FakeEnvironment, run

from prover.domain import Verdict
from prover.search import NodeStatus, SearchConfig, StopReason
from prover.search import events as ev


def test_a_rejected_answer_is_recorded_and_the_search_goes_on() -> None:
    table = {
        "root": {"native_decide": (DONE, 0.1), "a": ("a", 1.0)},
        "a": {"end": (DONE, 1.0)},
    }
    environment = FakeEnvironment(table, poison=frozenset({"native_decide"}))
    heard: list[object] = []
    outcome, _ = run(table, environment=environment, observers=[heard.append])
    assert outcome.proved and outcome.actions == ("a", "end")
    assert [verdict.reasons[0][0] for verdict in outcome.rejected] == ["poison"]
    assert environment.verified == [("native_decide",), ("a", "end")]
    assert [type(e) for e in heard if isinstance(e, (ev.ProofFound, ev.ProofRejected))] == [
        ev.ProofRejected, ev.ProofFound,
    ]  # fmt: skip


def test_only_rejections_is_not_proved() -> None:
    table = {"root": {"sorry": (DONE, 0.1)}}
    outcome, _ = run(table, environment=FakeEnvironment(table, poison=frozenset({"sorry"})))
    assert outcome.status == "not_proved" and not outcome.proved
    assert outcome.reason is StopReason.EXHAUSTED
    assert outcome.verdict is not None and not outcome.verdict.accepted
    assert outcome.graph.nodes[1].status is NodeStatus.REJECTED


@pytest.mark.parametrize("honest", [0.5, 4.0])
def test_a_bad_first_half_does_not_spoil_the_merged_state(honest: float) -> None:
    """Only the honest first half is accepted; it is found before or after the rejection."""
    table = {
        "root": {"bad": ("m", 0.1), "honest": ("h", honest)},
        "h": {"on": ("m", 0.1)},
        "m": {"end": (DONE, 2.0)},
    }
    environment = FakeEnvironment(table, poison=frozenset({"bad"}))
    outcome, _ = run(table, environment=environment)
    assert outcome.proved and outcome.actions == ("honest", "on", "end")
    assert environment.verified == [("bad", "end"), ("honest", "on", "end")]


def test_checks_of_one_finished_state_are_limited() -> None:
    table = {
        "root": {f"bad{i}": ("m", 0.1 * i) for i in range(9)},
        "m": {"end": (DONE, 2.0)},
    }
    environment = FakeEnvironment(table, poison=frozenset({"end"}))
    config = SearchConfig(batch_size=1, alternative_paths=2)
    outcome, _ = run(table, environment=environment, config=config)
    assert len(environment.verified) == 3 == len(outcome.rejected)
    assert len(set(environment.verified)) == 3


def test_a_problem_that_begins_finished_is_checked_too() -> None:
    outcome, environment = run({}, environment=FakeEnvironment({}, root=DONE))
    assert outcome.proved and outcome.actions == () and environment.verified == [()]

    class Stubborn(FakeEnvironment):
        def verify(self, actions: Sequence[str]) -> Verdict:
            return Verdict(False)

    outcome, _ = run({}, environment=Stubborn({}, root=DONE))
    assert not outcome.proved and outcome.reason is StopReason.EXHAUSTED
