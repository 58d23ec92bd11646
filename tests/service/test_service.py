"""The resident service, with real processes of a stand-in for Lean (and once with the real one)."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from fakes import FakeToolchain

from prover import service
from prover.lean.protocol import StateView, TacticCall
from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.service.runtime import ServiceUnavailable, describe

TESTS = Path(__file__).parent.parent


def use(server: LeanServer) -> StateView:
    environment = server.open_environment(["Init"]).environment
    return server.open_goal(environment, "theorem t : g").state


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def report() -> dict[str, Any]:
    found = service.status()
    assert found is not None
    (daemon,) = found.daemons
    return daemon


def states() -> list[str]:
    return sorted(process["state"] for process in report()["processes"])


def pids() -> set[int]:
    return {process["pid"] for process in report()["processes"]}


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_second_call_meets_the_same_process(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    with service.lease_server(fake_toolchain) as server:
        state = use(server)
        assert server.step(state.id, [TacticCall("close")])[0].status == "finished"
        first = server.pid
        assert states() == ["lent"]
    eventually(lambda: states() == ["idle"])
    with service.lease_server(fake_toolchain, start=False) as server:
        assert use(server).goals == 1
        assert server.pid == first
        assert server.statistics().states == 1, "the first borrower left nothing behind"


def test_nothing_runs_unless_asked(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    assert service.status() is None
    assert service.stop() == 0
    with pytest.raises(ServiceUnavailable):
        service.lease_server(fake_toolchain, start=False)
    with service.open_server(fake_toolchain, use_service=False) as server:
        use(server)
        assert service.status() is None


def test_the_folder_is_private(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    runtime_folder.mkdir(mode=0o777)
    runtime_folder.chmod(0o777)
    with service.lease_server(fake_toolchain):
        assert stat.S_IMODE(runtime_folder.stat().st_mode) == 0o700
        for path in runtime_folder.iterdir():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077 or path.suffix == ".lock"


def test_a_folder_of_somebody_else_is_refused(
    fake_toolchain: FakeToolchain, runtime_folder: Path, tmp_path: Path
) -> None:
    runtime_folder.symlink_to(tmp_path)
    with pytest.raises(ServiceUnavailable, match="not a folder of this user"):
        service.lease_server(fake_toolchain)
    with service.open_server(fake_toolchain) as server:  # works without
        assert use(server).goals == 1


def test_two_at_once_get_two_processes(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("the service starts no more processes than there are processors")
    with (
        service.lease_server(fake_toolchain) as one,
        service.lease_server(fake_toolchain) as two,
    ):
        use(one)
        use(two)
        assert one.pid != two.pid
        assert states() == ["lent", "lent"]


def test_many_callers_start_one_daemon(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    failures: list[BaseException] = []

    def call() -> None:
        try:
            with service.open_server(fake_toolchain) as server:
                use(server)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert len(list(runtime_folder.glob("*.sock"))) == 1


BORROWER = """
    import os, sys, time
    sys.path[:0] = {paths!r}
    from fakes import FakeToolchain
    from prover import service
    from prover.lean.protocol import TacticCall
    server = service.lease_server(FakeToolchain())
    environment = server.open_environment(["Init"]).environment
    state = server.open_goal(environment, "theorem t : g").state
    print(server.pid, flush=True)
    {ending}
"""


def borrower(ending: str) -> tuple[subprocess.Popen[bytes], int]:
    program = textwrap.dedent(BORROWER).format(paths=[str(TESTS), str(TESTS.parent)], ending=ending)
    python = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert python.stdout is not None
    return python, int(python.stdout.readline())


@pytest.mark.parametrize(
    "ending",
    [
        "time.sleep(60)",
        "server.step(state.id, [TacticCall('spin 1')])",
        "os.write(server._connection.process.stdin, b'{\"half a requ'); time.sleep(60)",
    ],
)
def test_a_killed_borrower_leaves_a_good_process(
    fake_toolchain: FakeToolchain, runtime_folder: Path, ending: str
) -> None:
    python, lean = borrower(ending)
    time.sleep(0.3)
    python.kill()
    python.wait(10)
    eventually(lambda: states() == ["idle"])
    with service.lease_server(fake_toolchain, start=False) as server:
        assert use(server).goals == 1
        assert server.pid == lean


def test_a_process_that_does_not_come_back_is_replaced(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    python, lean = borrower("time.sleep(60)")
    os.kill(lean, signal.SIGKILL)
    python.kill()
    python.wait(10)
    eventually(lambda: states() == ["idle"] and lean not in pids())
    assert ended(lean)


def test_a_lost_process_is_replaced_during_the_loan(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    with service.open_server(fake_toolchain) as server:
        state = use(server)
        first = server.pid
        assert first is not None
        results = server.step(state.id, [TacticCall("split"), TacticCall("die"), TacticCall("close")])
        assert [r.kind for r in results] == ["", "crashed", ""]
        assert server.pid != first
        assert server.pid in pids(), "the new one is borrowed as well"


def test_the_death_of_the_daemon_is_survived(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    with service.open_server(fake_toolchain) as server:
        state = use(server)
        lean = server.pid
        assert lean is not None
        daemon = report()["pid"]
        os.kill(daemon, signal.SIGKILL)
        eventually(lambda: ended(daemon))
        assert server.step(state.id, [TacticCall("close")])[0].status == "finished"
    eventually(lambda: ended(lean))  # with nobody at the other end of its input
    assert list(runtime_folder.glob("*.sock")), "a stale socket is left"
    with service.lease_server(fake_toolchain) as server:
        assert use(server).goals == 1
    assert report()["pid"] != daemon


def test_a_hung_daemon_is_not_waited_for_forever(
    fake_toolchain: FakeToolchain, runtime_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prover.service.client.START_SECONDS", 0.5)
    service.lease_server(fake_toolchain).close()
    daemon = report()["pid"]
    os.kill(daemon, signal.SIGSTOP)
    try:
        with service.open_server(fake_toolchain) as server:
            assert use(server).goals == 1
            assert psutil.Process(server.pid).ppid() == os.getpid(), "one of our own"
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_a_changed_toolchain_gets_a_fresh_daemon(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    service.lease_server(fake_toolchain).close()
    old = report()["pid"]
    changed = replace(fake_toolchain, arguments=("--newer",))
    assert describe(changed).name != describe(fake_toolchain).name
    assert describe(changed).slot == describe(fake_toolchain).slot
    service.lease_server(changed).close()
    eventually(lambda: ended(old))
    assert report()["pid"] != old


def test_a_rebuilt_project_is_a_changed_toolchain(fake_toolchain: FakeToolchain, tmp_path: Path) -> None:
    class InProject(FakeToolchain):
        project = tmp_path

    before = describe(InProject()).name
    library = tmp_path / ".lake" / "build" / "lib"
    library.mkdir(parents=True)
    (library / "A.olean").write_bytes(b"x")
    after = describe(InProject()).name
    assert before != after == describe(InProject()).name


def test_stop_ends_daemon_and_lean(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    server = service.open_server(fake_toolchain)
    state = use(server)
    lean, daemon = server.pid, report()["pid"]
    assert lean is not None
    assert "1 in use" in str(service.status())
    assert service.stop() == 1
    eventually(lambda: ended(lean) and ended(daemon))
    assert not list(runtime_folder.glob("*.sock"))
    assert server.step(state.id, [TacticCall("close")])[0].status == "finished"  # with another
    server.close()


def test_an_idle_daemon_ends(
    fake_toolchain: FakeToolchain, runtime_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVER_SERVICE_IDLE", "0.3")
    with service.lease_server(fake_toolchain) as server:
        lean = server.pid
        assert lean is not None
        time.sleep(0.6)
        assert states() == ["lent"], "not while it is used"
    eventually(lambda: service.status() is None)
    eventually(lambda: ended(lean))


def test_a_daemon_whose_socket_is_taken_away_ends(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    service.lease_server(fake_toolchain).close()
    daemon = report()["pid"]
    for path in runtime_folder.glob("*.sock"):
        path.unlink()
    eventually(lambda: ended(daemon))


def test_the_daemon_holds_nothing_of_its_caller(
    fake_toolchain: FakeToolchain, runtime_folder: Path, tmp_path: Path
) -> None:
    """Output and folder of the command that started it: a pipe reader would wait forever."""
    program = textwrap.dedent(BORROWER).format(paths=[str(TESTS), str(TESTS.parent)], ending="server.close()")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=30, check=True)
    assert done.stderr == b""
    daemon = psutil.Process(report()["pid"])
    assert Path(daemon.cwd()) == runtime_folder
    assert os.getsid(daemon.pid) != os.getsid(0)
    assert not any(file.path.startswith(str(tmp_path)) for file in daemon.open_files())


def test_nonsense_is_answered_and_survived(fake_toolchain: FakeToolchain, runtime_folder: Path) -> None:
    service.lease_server(fake_toolchain).close()
    (path,) = runtime_folder.glob("*.sock")
    for message in (b"\xff\xfe\n", b"[]\n", b'{"op":"nonsense"}\n', b"x" * 100_000, b""):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            try:
                connection.sendall(message)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(5)
                connection.recv(4096)
            except (ConnectionError, BrokenPipeError):
                pass
    with service.lease_server(fake_toolchain, start=False) as server:
        assert use(server).goals == 1


def test_the_real_lean_is_lent(lean_toolchain: Toolchain, runtime_folder: Path) -> None:
    with service.lease_server(lean_toolchain) as server:
        environment = server.open_environment(["Init"]).environment
        state = server.open_goal(environment, "theorem t (a b : Nat) : a + b = b + a").state
        assert server.step(state.id, [TacticCall("omega")])[0].status == "finished"
        first = server.pid
    eventually(lambda: states() == ["idle"], 120)
    began = time.monotonic()
    with service.lease_server(lean_toolchain, start=False) as server:
        environment = server.open_environment(["Init"]).environment
        state = server.open_goal(environment, "theorem t (a b : Nat) : a + b = b + a").state
        assert server.step(state.id, [TacticCall("omega")])[0].status == "finished"
        assert time.monotonic() - began < 2
        assert server.pid == first
