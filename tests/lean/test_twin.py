"""A second Lean process shares the batches of a long search, and nothing but the time is different."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeToolchain

from prover.lean import cores, twin
from prover.lean.connection import Launchable, launcher_of
from prover.lean.protocol import StateView, TacticCall, TacticResult
from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.lean.twin import Batch, Stage, Twin
from prover.problem import Budget, Problem
from prover.session import Options, Session


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process is wanted from the first step on, whatever else this machine does."""
    monkeypatch.setattr(twin, "WORTH_SECONDS", 0.0)
    monkeypatch.setattr(cores.Idleness, "has_room", lambda self: True)


def with_twin(toolchain: Launchable, seconds: float) -> LeanServer:
    return LeanServer(toolchain, twin=launcher_of(toolchain), grace_seconds=seconds)


@pytest.fixture
def pair(fake_toolchain: FakeToolchain) -> Iterator[LeanServer]:
    with with_twin(fake_toolchain, 0.5) as server:
        yield server


def twin_of(server: LeanServer) -> Twin:
    assert server.twin is not None
    return server.twin


def opened(server: LeanServer, statement: str = "theorem t : g", first: str = "skip") -> StateView:
    """A goal with which the second process is ready."""
    state = server.open_goal(server.open_environment(["Init"]).environment, statement).state
    step(server, state, first)
    until(lambda: twin_of(server).stages[-1] is not Stage.PREPARING)
    return state


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def step(server: LeanServer, state: StateView, *tactics: str) -> list[TacticResult]:
    return server.step(state.id, [TacticCall(text) for text in tactics], wall_ms=3_000)


def keys(results: list[TacticResult]) -> list[str]:
    return [result.state.key if result.state else result.kind for result in results]


SLOW = ("split", "spin 0.05", "fail", "close", "spin 0.05", "split", "fail", "spin 0.05")


def test_both_take_part_and_the_results_are_those_of_one(pair: LeanServer, fake_toolchain: FakeToolchain) -> None:
    with LeanServer(fake_toolchain) as alone:
        plain = alone.open_goal(alone.open_environment(["Init"]).environment, "theorem t : g").state
        expected = keys(step(alone, plain, *SLOW))
        state = opened(pair)
        assert twin_of(pair).stages == [Stage.READY]
        results = step(pair, state, *SLOW)
        assert keys(results) == expected
        assert 0 < twin_of(pair).shared < len(SLOW)
        # Every state can be used, whichever process made it: two levels down, and in a single step.
        for result, other in zip(results, step(alone, plain, *SLOW), strict=True):
            if result.state is not None and other.state is not None and result.state.goals:
                below = step(pair, result.state, *SLOW)
                assert keys(below) == keys(step(alone, other.state, *SLOW))
                assert keys(step(pair, result.state, "close")) == keys(step(alone, other.state, "close"))
                deeper = below[5].state
                assert deeper is not None and keys(step(pair, deeper, "close", "fail"))[1] == "tactic"


def test_a_second_that_dies_is_not_missed(pair: LeanServer) -> None:
    state = opened(pair)
    expected = keys(step(pair, state, *SLOW))
    while twin_of(pair).losses < twin.LOSSES:
        pid = twin_of(pair).pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        assert keys(step(pair, state, *SLOW)) == expected
    before = twin_of(pair).shared
    assert keys(step(pair, state, *SLOW)) == expected
    assert twin_of(pair).shared == before, "after so many faults the first works alone"


def test_a_tactic_that_kills_lean_is_only_its_own_fault(pair: LeanServer) -> None:
    state = opened(pair)
    results = step(pair, state, "split", "fail", "skip", "close", "die", "split")
    assert [result.kind for result in results] == ["", "tactic", "", "", "crashed", ""]


def test_what_cannot_be_made_again_is_left_to_the_first(pair: LeanServer) -> None:
    state = opened(pair)
    unstable = step(pair, state, "unstable")[0].state
    assert unstable is not None
    assert keys(step(pair, unstable, "close", "fail", "close", "fail"))[1] == "tactic"
    until(lambda: twin_of(pair).stages == [Stage.REFUSED])


def test_both_goals_of_a_file_are_shared(pair: LeanServer) -> None:
    sorries = pair.open_sorries(pair.open_environment(["Init"]).environment, "a b").sorries
    for sorry in sorries:
        step(pair, sorry.state, "skip")
        until(lambda: twin_of(pair).stages[-1] is Stage.READY)
        before = twin_of(pair).shared
        assert keys(step(pair, sorry.state, *SLOW))[2] == "tactic"
        assert twin_of(pair).shared > before


def test_what_is_released_is_forgotten(pair: LeanServer) -> None:
    state = opened(pair)
    step(pair, state, *SLOW)
    pair.release([state.id])
    assert twin_of(pair).stages == []
    opened(pair)
    pair.release_all()
    assert twin_of(pair).stages == []


def test_an_easy_problem_starts_nothing(monkeypatch: pytest.MonkeyPatch, fake_toolchain: FakeToolchain) -> None:
    monkeypatch.setattr(twin, "WORTH_SECONDS", 1.5)
    with with_twin(fake_toolchain, 0.5) as server:
        opened(server)
        assert twin_of(server).stages == [Stage.UNASKED] and twin_of(server).pid is None


def test_no_room_no_second(monkeypatch: pytest.MonkeyPatch, fake_toolchain: FakeToolchain) -> None:
    monkeypatch.setattr(cores.Idleness, "has_room", lambda self: False)
    with with_twin(fake_toolchain, 0.5) as server:
        opened(server)
        assert twin_of(server).stages == [Stage.UNASKED] and twin_of(server).pid is None


def test_a_batch_is_taken_from_both_ends_once() -> None:
    batch = Batch(9)
    taken = [batch.take(front=True), batch.take(front=False), batch.take(front=True), batch.take(front=False)]
    assert [list(part) for part in taken] == [[0, 1, 2], [7, 8], [3], [6]]
    assert [list(batch.take(front=True)) for _ in range(3)] == [[4], [5], []]
    assert not batch.take(front=False)


def test_idle_cores_are_counted(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n")
    assert cores._ticks(stat) == (850, 1000)
    assert cores._ticks(tmp_path / "none") is None
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 9000000 kB\nMemAvailable:    4096000 kB\n")
    assert cores._free_mb(memory) == 4000
    assert cores._free_mb(tmp_path / "none") == float("inf")
    assert cores.usable_cores() >= 1


def test_a_search_is_the_same(lean_toolchain: Toolchain) -> None:
    """Which steps were tried, and what came of them, does not depend on who tried them."""
    header = "def rev : List Nat → List Nat\n  | [] => []\n  | x :: xs => rev xs ++ [x]"
    asked = Problem("theorem t (xs : List Nat) : rev (rev xs) = xs.map (· + 1)", header=header)
    found = []
    for options in (Options(use_service=False), Options(use_service=False, twin=True)):
        with Session(options) as session:
            report = session.prove(replace(asked, budget=Budget(seconds=120, steps=30)))
            server = session.server()
            assert (server.twin is not None and server.twin.shared > 0) == options.twin
            counts = ("tried", "failed", "progress", "new_states")
            tried = {name: [each[count] for count in counts] for name, each in report.statistics.items()}
            found.append((report.status, report.steps, report.states, tried))
    assert found[0] == found[1]


def test_on_real_lean(lean_toolchain: Toolchain) -> None:
    """States of either process can be continued, down to the end."""
    with with_twin(lean_toolchain, 10.0) as server:
        state = opened(server, "theorem t (a b : Nat) (h : a ≤ b) : a + 0 ≤ b ∧ 0 ≤ b", "skip")
        results = step(server, state, "omega", "constructor", "exact h", "cases b", "refine ⟨?_, ?_⟩", "decide")
        assert [result.status for result in results] == ["finished", "progress", "failed", *["progress"] * 2, "failed"]
        assert twin_of(server).shared > 0
        for result in (results[1], results[4]):
            assert result.state is not None
            first, *_ = step(server, result.state, "exact h", "simp", "rfl", "omega")
            assert first.state is not None and first.state.goals == 1
            assert [r.status for r in step(server, first.state, "exact Nat.zero_le b", "rfl")] == ["finished", "failed"]
