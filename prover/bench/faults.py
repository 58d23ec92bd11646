"""Faults done to a running bench, on purpose: what can be done, and the thread that does it at random.

Everything here is real: signals to real processes, bytes on the real protocol stream, a limit of the
kernel on the size of files (what a full disk does to a write: a part of it, then an error).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from prover.bench import results
from prover.errors import ProverError
from prover.hookspecs import Observer
from prover.lean.process import LeanProcess
from prover.lean.server import LeanServer
from prover.problem import Problem
from prover.reports import ProofReport
from prover.session import Options, Session

QUIET_REQUESTS = 25
"""Answers that Lean must have given since the last fault before one comes that a tactic could also be
guilty of (memory, garbage): alone, on a new process, a tactic that does so again is held to be guilty."""

GARBAGE = (
    b"no goals\n",
    b"\xff\xfe\x00 not even text \xc3\n",
    b'{"id": 7, "ok": {"type": "step", "results": []}}\n',
    b'{"id": 1, "error": {"kind": "internal"',
    b"[" * 2000 + b"\n",
    b'{"id": 0, "ok": {"type": "hello", "lean": "4.0.0", "protocol": 99}}\n',
)


class WatchedSession(Session):
    """A session that can be seen from the outside. ``brief`` gives Lean back after every problem, so
    that the resident service has something to do."""

    def __init__(self, options: Options, brief: bool = False) -> None:
        super().__init__(options)
        self.current: LeanServer | None = None
        self._brief = brief

    def server(self) -> LeanServer:
        """As in :class:`Session`; remembered for whoever harms it."""
        self.current = super().server()
        return self.current

    def prove(self, problem: Problem, observers: Sequence[Observer] = (), **more: Any) -> ProofReport:
        """As in :class:`Session`."""
        try:
            return super().prove(problem, observers, **more)
        finally:
            if self._brief:
                self.let_go()


class Target:
    """What can be harmed: the Lean of the session that is at work, the results file, the clock."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.session: WatchedSession | None = None
        self.disk_full = threading.Event()
        self._clock_offset = 0.0
        self._calm_at = 0
        self._calm_server: LeanServer | None = None

    @property
    def server(self) -> LeanServer | None:
        """The connection in use now, if any."""
        return self.session.current if self.session else None

    def process(self) -> LeanProcess | None:
        """The Lean process in use now, if any."""
        process = self.server.process if self.server else None
        return process if process is not None and process.alive() else None

    def calm(self) -> bool:
        """Whether Lean has answered enough since it was last harmed."""
        server = self.server
        if server is None:
            return False
        # Another server means another problem.
        answered = server.counts.requests - self._calm_at
        return server is not self._calm_server or answered >= QUIET_REQUESTS

    def disturbed(self) -> None:
        """Notes that Lean was harmed just now."""
        self._calm_server = self.server
        self._calm_at = self._calm_server.counts.requests if self._calm_server else 0

    # ------------------------------------------------------------------ the faults; False: not now

    def kill(self) -> bool:
        """SIGKILL, at any moment."""
        return self._signal(signal.SIGKILL)

    def stop(self) -> bool:
        """SIGSTOP, at any moment: Lean hangs."""
        return self._signal(signal.SIGSTOP)

    def kill_when_calm(self) -> bool:
        """SIGKILL to a borrowed Lean, whose borrower cannot see what it died of."""
        return self.calm() and self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> bool:
        process = self.process()
        if process is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
            self.disturbed()
            return True
        return False

    def garbage(self) -> bool:
        """Bytes that are no answer, on the stream on which Lean answers."""
        process = self.process()
        if process is None or not self.calm():
            return False
        with contextlib.suppress(OSError):
            stream = os.open(f"/proc/{process.pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(stream, self.rng.choice(GARBAGE))
            finally:
                os.close(stream)
            self.disturbed()
            return True
        return False

    def memory(self) -> bool:
        """The limit of memory falls below what Lean holds."""
        process = self.process()
        if process is None or not self.calm():
            return False
        process.memory_limit_mb = 1
        self.disturbed()
        return True

    def clock(self) -> bool:
        """The wall clock jumps, up to a month to either side."""
        self._clock_offset += self.rng.uniform(-30, 30) * 86400
        return True

    def disk(self) -> bool:
        """The disk is full when the next result is written."""
        if self.disk_full.is_set():
            return False
        self.disk_full.set()
        return True

    # ------------------------------------------------------------------------------- the stage

    @contextlib.contextmanager
    def stage(self) -> Iterator[None]:
        """Makes the clock and the disk things that can be harmed, in this process, for a while."""
        real_time, real_append = time.time, results.append

        def append(path: Path, record: results.Record) -> None:
            if not self.disk_full.is_set():
                return real_append(path, record)
            self.disk_full.clear()
            with _file_size_limit((path.stat().st_size if path.exists() else 0) + 20):
                return real_append(path, record)

        with (
            mock.patch.object(time, "time", lambda: real_time() + self._clock_offset),
            mock.patch.object(results, "append", append),
        ):
            yield


@contextlib.contextmanager
def _file_size_limit(size: int) -> Iterator[None]:
    """No file of this process grows beyond ``size`` bytes: a longer write ends half done."""
    import resource  # absent on Windows, where the embedded Lean is not supported

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


Fault = Callable[[], bool]


class Injector:
    """A thread that does faults, one of ``faults`` at a time, until there were ``quota`` of them.

    Order and pauses are random (seeded); each kind comes equally often. What a fault hits depends
    on how fast the machine is: at any moment, that is the point.
    """

    def __init__(self, faults: dict[str, Fault], quota: int, rng: random.Random, pause: float = 0.8) -> None:
        self.injected: Counter[str] = Counter()
        self.errors: list[str] = []
        self._faults = faults
        self._quota = quota
        self._rng = rng
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="faults", daemon=True)

    @property
    def done(self) -> bool:
        """Whether there were enough."""
        return self.injected.total() >= self._quota

    def __enter__(self) -> Injector:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        deck: list[str] = []
        while not self.done:
            if self._over.wait(self._rng.expovariate(1 / self._pause)):
                return
            if not deck:
                deck = list(self._faults)
                self._rng.shuffle(deck)
            # What is not possible now (no Lean at the moment) waits for its turn.
            for name in list(deck):
                try:
                    happened = self._faults[name]()
                except (ProverError, OSError) as error:
                    self.errors.append(f"{name}: {error}")
                    deck.remove(name)
                    break
                if happened:
                    self.injected[name] += 1
                    deck.remove(name)
                    break
