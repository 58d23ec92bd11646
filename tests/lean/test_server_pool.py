"""The pool: no more servers than asked for, none before it is needed, none lent twice."""

from __future__ import annotations

import threading
import time

import psutil
import pytest
from fakes import FakeToolchain

from prover.errors import InfrastructureFault
from prover.lean.pool import LeanPool
from prover.lean.protocol import TacticCall
from prover.lean.server import LeanServer


def prove(server: LeanServer) -> None:
    environment = server.open_environment(["Init"]).environment
    state = server.open_goal(environment, "theorem t : g").state
    calls = [TacticCall("split"), TacticCall("spin 0.05"), TacticCall("close")]
    results = server.step(state.id, calls)
    assert [r.status for r in results] == ["progress", "progress", "finished"]


def test_servers_start_when_needed_and_are_used_again(fake_toolchain: FakeToolchain) -> None:
    with LeanPool(fake_toolchain, 3) as pool:
        assert pool.servers == ()
        for _ in range(4):
            with pool.lease() as server:
                prove(server)
        assert len(pool.servers) == 1
        assert pool.servers[0].statistics().states == 0, "each borrower's states were freed"


def test_threads_share_it(fake_toolchain: FakeToolchain) -> None:
    lent: set[LeanServer] = set()
    clashes: list[str] = []

    def work() -> None:
        for _ in range(5):
            with pool.lease() as server:
                if server in lent:
                    clashes.append("lent twice")
                lent.add(server)
                try:
                    prove(server)
                except AssertionError as error:
                    clashes.append(str(error))
                lent.discard(server)

    with LeanPool(fake_toolchain, 2) as pool:
        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not clashes
        assert 1 <= len(pool.servers) <= 2


def test_an_error_of_the_borrower_gives_the_server_back(fake_toolchain: FakeToolchain) -> None:
    with LeanPool(fake_toolchain, 1) as pool:
        with pytest.raises(ZeroDivisionError), pool.lease() as server:
            prove(server)
            raise ZeroDivisionError
        with pool.lease() as again:
            assert again is server
            prove(again)


def test_a_closed_pool(fake_toolchain: FakeToolchain) -> None:
    pool = LeanPool(fake_toolchain, 2)
    with pool.lease() as server:
        prove(server)
        pid = server.pid
        pool.close()
    assert pid is not None
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline
    with pytest.raises(InfrastructureFault, match="closed"), pool.lease():
        pass


def test_an_empty_pool_makes_no_sense(fake_toolchain: FakeToolchain) -> None:
    with pytest.raises(ValueError, match="at least one"):
        LeanPool(fake_toolchain, 0)
