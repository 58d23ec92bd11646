"""Several Lean servers for several threads, each started when first needed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from prover.closing import Closing
from prover.errors import InfrastructureFault
from prover.lean.connection import Launchable
from prover.lean.server import LeanServer


class LeanPool(Closing):
    """At most ``size`` servers, lent to one thread at a time. Thread-safe.

    ``open_server`` makes a server (default: a process of our own on ``toolchain``); it is called
    for the first lease that finds no idle server, so a pool used by one thread has one process.
    """

    def __init__(
        self,
        toolchain: Launchable | None,
        size: int,
        *,
        memory_limit_mb: int | None = None,
        open_server: Callable[[], LeanServer] | None = None,
    ) -> None:
        if size < 1:
            raise ValueError("a pool has at least one server")
        self.size = size
        self._open = open_server or (lambda: LeanServer(toolchain, memory_limit_mb=memory_limit_mb))
        self._permits = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[LeanServer] = []
        self._all: list[LeanServer] = []
        self._closed = False

    @contextlib.contextmanager
    def lease(self) -> Iterator[LeanServer]:
        """Lends a server, the most recently used idle one first; waits while all are lent. What the
        borrower opened is released afterwards.

        Raises:
            InfrastructureFault: the pool is closed.
        """
        with self._permits:
            server = self._take()
            try:
                yield server
            finally:
                self._put(server)

    def _take(self) -> LeanServer:
        with self._lock:
            if self._closed:
                raise InfrastructureFault("the pool of Lean servers is closed")
            if self._idle:
                return self._idle.pop()
            server = self._open()
            self._all.append(server)
            return server

    def _put(self, server: LeanServer) -> None:
        # A server that cannot be tidied starts anew at its next use, and is empty then.
        with contextlib.suppress(InfrastructureFault):
            server.release_all()
        with self._lock:
            if self._closed:
                server.close()
            else:
                self._idle.append(server)

    @property
    def servers(self) -> tuple[LeanServer, ...]:
        """All servers made so far, lent or idle (for statistics)."""
        with self._lock:
            return tuple(self._all)

    def close(self) -> None:
        """Ends idle servers now and lent ones when they come back. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for server in idle:
            server.close()
