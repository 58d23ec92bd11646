"""A server that dies, hangs, babbles or eats memory: the search goes on, and nobody is blamed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from fakes import FakeToolchain

from prover.errors import BadInput, InfrastructureFault
from prover.lean import process as process_module
from prover.lean import watch
from prover.lean.connection import RequestTimeout, server_source
from prover.lean.process import LostKind
from prover.lean.protocol import StateView, TacticCall, TacticResult
from prover.lean.server import CRASHES_PER_BATCH, LeanServer
from prover.lean.toolchain import ServerCommand


def opened(server: LeanServer) -> StateView:
    environment = server.open_environment(["Init"]).environment
    return server.open_goal(environment, "theorem t : g").state


def step(server: LeanServer, state: int, *tactics: str, wall_ms: int = 300) -> list[TacticResult]:
    return server.step(state, [TacticCall(text) for text in tactics], wall_ms=wall_ms)


def child(result: TacticResult) -> StateView:
    assert result.state is not None, result
    return result.state


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("tactic", "loss"),
    [
        ("die", LostKind.DIED),
        ("hang", LostKind.HUNG),
        ("garbage", LostKind.GARBAGE),
        ("forge", LostKind.GARBAGE),
        ("bomb", LostKind.MEMORY),
    ],
)
def test_only_the_guilty_tactic_of_a_batch_fails(fake_server: LeanServer, tactic: str, loss: LostKind) -> None:
    state = opened(fake_server)
    wall = 3000 if tactic == "bomb" else 200
    results = step(fake_server, state.id, "split", tactic, "fail", "close", wall_ms=wall)
    assert [r.status for r in results] == ["progress", "failed", "failed", "finished"]
    assert [r.kind for r in results] == ["", "crashed", "tactic", ""]
    assert set(fake_server.counts.losses) == {loss}
    assert fake_server.counts.losses[loss] == 2  # with its batch, then by itself
    assert fake_server.counts.restarts == 2


def test_a_tactic_is_not_blamed_for_what_comes_from_outside(
    fake_server: LeanServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops or kills Lean from outside gets five more tries before the tactic is given up."""
    monkeypatch.setattr(watch, "STOPPED_SECONDS", 0.0)
    state = opened(fake_server)
    results = step(fake_server, state.id, "split", "stop", "close", wall_ms=3000)
    assert [r.status for r in results] == ["progress", "failed", "finished"]
    assert fake_server.counts.losses == {LostKind.HUNG: 1 + 1 + process_module.OUTSIDE_CHANCES}
    assert "stopped" in results[1].message


def test_a_lost_process_is_killed_and_reaped(fake_server: LeanServer) -> None:
    state = opened(fake_server)
    first = fake_server.pid
    assert first is not None
    step(fake_server, state.id, "stop")
    assert gone(first)


def test_ids_survive_and_states_are_rebuilt_with_the_same_keys(fake_server: LeanServer) -> None:
    root = opened(fake_server)
    two = child(step(fake_server, root.id, "split")[0])
    three = child(step(fake_server, two.id, "split")[0])
    before = child(step(fake_server, three.id, "close")[0])
    fake_server.release([two.id])  # an ancestor may be gone
    assert fake_server.pid is not None
    os.kill(fake_server.pid, signal.SIGKILL)
    after = child(step(fake_server, three.id, "close")[0])
    assert (after.key, after.text) == (before.key, before.text)
    assert fake_server.counts.restarts == 1
    held = fake_server.statistics().states
    assert held == 3, "root, three and its child; the ancestor was freed again"
    assert child(step(fake_server, before.id, "skip")[0]).key == before.key


def test_a_state_that_comes_out_different_is_not_passed_off_as_the_same(
    fake_server: LeanServer,
) -> None:
    state = child(step(fake_server, opened(fake_server).id, "unstable")[0])
    assert fake_server.pid is not None
    os.kill(fake_server.pid, signal.SIGKILL)
    (result,) = step(fake_server, state.id, "skip")
    assert (result.kind, result.state) == ("crashed", None)
    assert "another state" in result.message


def test_a_loss_that_does_not_repeat_costs_nobody_a_result(fake_server: LeanServer, tmp_path: Path) -> None:
    state = opened(fake_server)
    results = step(fake_server, state.id, "split", f"die_once {tmp_path / 'flag'}", "close")
    assert [r.status for r in results] == ["progress", "progress", "finished"]


def test_a_batch_that_keeps_crashing_is_given_up(fake_server: LeanServer) -> None:
    state = opened(fake_server)
    results = step(fake_server, state.id, *["die"] * (CRASHES_PER_BATCH + 3))
    assert all(r.kind == "crashed" for r in results)
    assert fake_server.counts.losses[LostKind.DIED] == CRASHES_PER_BATCH + 1


def test_sorries_are_rebuilt_together(fake_server: LeanServer) -> None:
    environment = fake_server.open_environment(["Init"]).environment
    first, second = fake_server.open_sorries(environment, "sorry sorry").sorries
    assert fake_server.pid is not None
    os.kill(fake_server.pid, signal.SIGKILL)
    assert child(step(fake_server, second.state.id, "skip")[0]).key == second.state.key
    assert child(step(fake_server, first.state.id, "skip")[0]).key == first.state.key
    assert fake_server.statistics().states == 4


def test_an_endless_line_is_cut_off(fake_server: LeanServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "LINE_LIMIT", 4 << 20)
    (result,) = step(fake_server, opened(fake_server).id, "long", wall_ms=5000)
    assert result.kind == "crashed"
    assert set(fake_server.counts.losses) == {LostKind.TOO_LONG}


def test_a_single_tactic_is_not_blamed_for_a_process_that_was_dead_already(
    fake_server: LeanServer,
) -> None:
    state = opened(fake_server)
    assert fake_server.pid is not None
    os.kill(fake_server.pid, signal.SIGKILL)
    assert child(step(fake_server, state.id, "split")[0]).goals == 2


def test_the_last_words_of_lean_are_reported(fake_server: LeanServer) -> None:
    (result,) = step(fake_server, opened(fake_server).id, "die")
    assert "SIGSEGV" in result.message
    assert "a last error" in result.message


def test_a_stalled_process_is_found_long_before_a_long_limit(
    fake_server: LeanServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "STALL_SECONDS", 1.0)
    state = opened(fake_server)
    began = time.monotonic()
    (result,) = step(fake_server, state.id, "stop", wall_ms=60_000)
    assert result.kind == "crashed"
    assert time.monotonic() - began < 20


def test_a_busy_process_is_not_taken_for_stalled(
    fake_toolchain: FakeToolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "STALL_SECONDS", 0.5)
    burner = "import sys,time\nt=time.time()\nwhile time.time()-t<2: pass\nprint('done')"
    command = replace(fake_toolchain.server_command(Path()), argv=[sys.executable, "-c", burner])
    process = process_module.spawn(command, 400)
    assert process.receive(time.monotonic() + 30) == b"done"
    process.kill()


def test_opening_is_tried_twice_and_then_lean_is_to_blame(fake_server: LeanServer) -> None:
    with pytest.raises(InfrastructureFault, match="SIGSEGV"):
        fake_server.open_environment(["Init"], "die")
    assert fake_server.counts.losses[LostKind.DIED] == 2
    opened(fake_server)  # and the server is well


def test_the_users_errors_are_bad_input_with_a_position(fake_server: LeanServer) -> None:
    with pytest.raises(BadInput) as caught:
        fake_server.open_environment(["Init"], "wrong")
    assert (caught.value.line, caught.value.column, caught.value.kind) == (3, 4, "elaboration")


def test_text_that_is_no_unicode_is_bad_input(fake_server: LeanServer) -> None:
    environment = fake_server.open_environment(["Init"]).environment
    with pytest.raises(BadInput, match="Unicode"):
        fake_server.open_goal(environment, "theorem t : \udcff")
    fake_server.open_goal(environment, "theorem t : g")
    assert fake_server.counts.restarts == 0


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROVER_CACHE", str(tmp_path / "file" / "below"))
    assert server_source().read_text().endswith("#serve\n")
    assert server_source() == server_source()


def test_a_check_at_its_limit_says_so(fake_server: LeanServer) -> None:
    with pytest.raises(RequestTimeout):
        fake_server.check(["Init"], "slow")


def test_lean_that_does_not_start_is_reported_with_what_it_said(
    fake_toolchain: FakeToolchain,
) -> None:
    broken = replace(fake_toolchain, arguments=("--broken",))
    with (
        LeanServer(broken) as server,
        pytest.raises(InfrastructureFault, match="unknown identifier"),
    ):
        server.hello()


def test_lean_that_is_not_there(fake_toolchain: FakeToolchain, tmp_path: Path) -> None:
    class Missing(FakeToolchain):
        def server_command(self, source: Path) -> ServerCommand:
            return replace(super().server_command(source), argv=[str(tmp_path / "no-lean")])

    with LeanServer(Missing()) as server, pytest.raises(InfrastructureFault, match="cannot start"):
        server.hello()


def test_an_interrupted_call_does_not_shift_the_answers(fake_server: LeanServer) -> None:
    state = opened(fake_server)
    pid = fake_server.pid
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(KeyboardInterrupt):
        step(fake_server, state.id, "spin 0.6", wall_ms=2000)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    (result,) = step(fake_server, state.id, "split")
    assert child(result).goals == 2
    assert fake_server.pid == pid, "the process is still good"
    assert fake_server.statistics().states == 2, "what nobody waited for was freed"


def test_equal_environments_are_shared_until_the_last_user_leaves(fake_server: LeanServer) -> None:
    one = fake_server.open_environment(["Init"], "def a := 1").environment
    two = fake_server.open_environment(["Init"], "def a := 1").environment
    assert one != two
    fake_server.release(environments=[one])
    fake_server.open_goal(two, "theorem t : g")
    with pytest.raises(InfrastructureFault, match="released"):
        fake_server.open_goal(one, "theorem t : g")


def test_a_closed_server_refuses(fake_server: LeanServer) -> None:
    opened(fake_server)
    pid = fake_server.pid
    assert pid is not None
    fake_server.close()
    fake_server.close()
    assert gone(pid)
    with pytest.raises(InfrastructureFault, match="closed"):
        fake_server.hello()


ORPHAN = """
    import sys, time
    sys.path[:0] = {paths!r}
    from fakes import FakeToolchain
    from prover.lean.server import LeanServer
    server = LeanServer(FakeToolchain())
    server.hello()
    print(server.pid, flush=True)
    {ending}
"""


@pytest.mark.parametrize("ending", ["time.sleep(60)", "sys.exit(0)", "raise RuntimeError", "del server"])
def test_no_lean_is_left_behind_however_python_ends(ending: str) -> None:
    tests = Path(__file__).parent.parent
    program = textwrap.dedent(ORPHAN).format(paths=[str(tests), str(tests.parent)], ending=ending)
    python = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert python.stdout is not None
    pid = int(python.stdout.readline())
    if "sleep" in ending:
        python.kill()  # SIGKILL: nothing of ours runs any more
    python.wait(10)
    python.stdout.close()
    with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended already
        psutil.Process(pid).wait(10)
