"""The Lean domain: steps map to the search's results, and only Lean's own check makes a proof."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from prover.domain import Candidate, StepStatus
from prover.errors import BadInput, InfrastructureFault
from prover.lean.environment import CRASHES_TOLERATED, LeanDomain, LeanEnvironment
from prover.lean.goals import LeanState
from prover.lean.server import LeanServer
from prover.problem import Problem


def walk(environment: LeanEnvironment, actions: Sequence[str]) -> LeanState:
    state = environment.initial_state
    for action in actions:
        (result,) = environment.step(state, [Candidate(action, "test")])
        assert isinstance(result.state, LeanState), result
        state = result.state
    return state


def opened(server: LeanServer, statement: str, header: str = "") -> LeanEnvironment:
    return LeanDomain(server, label="embedded").open(Problem(statement, header=header))


def test_outcomes_of_steps(fake_server: LeanServer) -> None:
    with opened(fake_server, "theorem t : g") as environment:
        names = ["split", "close", "fail", "die"]
        candidates = [Candidate(name, "test") for name in names]
        results = environment.step(environment.initial_state, candidates)
    assert [result.status for result in results] == [
        StepStatus.PROGRESS,
        StepStatus.FINISHED,
        StepStatus.FAILED,
        StepStatus.TIMED_OUT,
    ]
    assert results[3].kind == "crashed"


def test_what_keeps_killing_lean_is_not_tried_in_every_state(fake_server: LeanServer) -> None:
    with opened(fake_server, "theorem t : g") as environment:
        state = environment.initial_state
        for _ in range(4):
            names = ["split", "die", "skip"]
            results = environment.step(state, [Candidate(name, "test") for name in names])
            assert [result.kind for result in results] == ["", "crashed", ""]
            assert isinstance(results[0].state, LeanState)
            state = results[0].state
    assert fake_server.counts.restarts == 2 * CRASHES_TOLERATED


def test_a_check_at_its_limit_is_no_proof_and_no_fault(fake_server: LeanServer) -> None:
    with opened(fake_server, "theorem slow : g") as environment:
        verdict = environment.verify(["close"])
    assert not verdict.accepted
    assert verdict.reasons[0][0] == "timeout"


def test_a_fault_in_the_check_is_a_fault(fake_server: LeanServer) -> None:
    with opened(fake_server, "theorem t : g") as environment:
        fake_server.close()
        with pytest.raises(InfrastructureFault):
            environment.verify(["close"])


def test_a_server_is_asked_for_when_first_needed(fake_server: LeanServer) -> None:
    asked: list[int] = []

    def make() -> LeanServer:
        asked.append(1)
        return fake_server

    domain = LeanDomain(make)
    assert not asked
    domain.open(Problem("theorem t : g")).close()
    domain.open(Problem("theorem t : g")).close()
    assert asked == [1]


def test_an_empty_statement(fake_server: LeanServer) -> None:
    with pytest.raises(BadInput):
        opened(fake_server, "  ")


def test_a_proof_is_checked_from_scratch(lean_server: LeanServer) -> None:
    statement = "theorem t (a b : Nat) (h : a = b) : b = a ∧ ∀ n : Nat, n + 0 = n ∧ a = a"
    actions = ["constructor", "exact h.symm", "intro n", "constructor", "rfl", "rfl"]
    with opened(lean_server, statement) as environment:
        assert walk(environment, actions).goals == 0
        verdict = environment.verify(actions)
    assert verdict.accepted, verdict.reasons
    assert verdict.source == f"{statement} := {verdict.answer}\n"
    assert verdict.answer == (
        "by\n"
        "  constructor\n"
        "  · exact h.symm\n"
        "  · intro n\n"
        "    constructor\n"
        "    · rfl\n"
        "    · rfl"
    )  # fmt: skip
    assert "embedded" in verdict.checked_by
    assert verdict.details["statement"].startswith("∀ (a b : Nat)")


def test_verification_needs_no_search(lean_server: LeanServer) -> None:
    with opened(lean_server, "theorem t : True ∧ True") as environment:
        verdict = environment.verify(["constructor", "trivial", "trivial"])
        assert verdict.accepted
        assert "· trivial" in verdict.answer
        assert not environment.verify(["constructor", "trivial"]).accepted
        assert not environment.verify([]).accepted
        assert not environment.verify(["no_such_tactic"]).accepted


@pytest.mark.parametrize(
    "action",
    ["sorry", "exact sorryAx _ false", "trivial\n\ntheorem u : True := trivial", "admit"],
)
def test_what_proves_nothing_is_rejected(lean_server: LeanServer, action: str) -> None:
    with opened(lean_server, "theorem t (p : Prop) : p ∨ ¬p ∨ False") as environment:
        assert not environment.verify([action]).accepted


def test_a_goal_solved_along_with_another(lean_server: LeanServer) -> None:
    actions = ["refine ⟨?w, ?h⟩", "case h => exact rfl"]
    with opened(lean_server, "theorem t : ∃ n : Nat, n = 3") as environment:
        state = environment.initial_state
        done = []
        for action in ["apply Exists.intro", "exact (rfl : 3 = 3)"]:
            (result,) = environment.step(state, [Candidate(action, "test")])
            assert isinstance(result.state, LeanState), result
            state = result.state
            done.append(action)
        assert state.goals == 0
        assert environment.verify(done).accepted
        assert environment.verify(actions).accepted


def test_header_and_comment_at_the_end_of_the_statement(lean_server: LeanServer) -> None:
    header = "def double (n : Nat) : Nat := n + n\n"
    with opened(lean_server, "theorem t : double 2 = 4 -- easy", header) as environment:
        assert environment.definitions == ("double",)
        verdict = environment.verify(["rfl"])
    assert verdict.accepted, verdict.reasons


def test_the_position_of_an_error_in_the_header(lean_server: LeanServer) -> None:
    with pytest.raises(BadInput) as caught:
        opened(lean_server, "theorem t : True", "\ndef f : Nat := nonsense")
    assert caught.value.line == 2


def test_closing_frees_everything(lean_server: LeanServer) -> None:
    before = lean_server.statistics()
    with opened(lean_server, "theorem t : ∀ a : Nat, a = a", "def one := 1") as environment:
        state = walk(environment, ["intro a"])
        environment.release([state, environment.initial_state])
        assert environment.step(environment.initial_state, [Candidate("intro a", "test")])
    lean_server.release_all()
    after = lean_server.statistics()
    assert after.states <= before.states
    assert after.environments <= max(1, before.environments)
