"""The resident service: holds warm Lean processes of one toolchain and lends them out.

Run by ``client``: ``python -m prover.service.daemon FOLDER`` with the spec as JSON on stdin;
returns once the socket listens and a detached child serves it. The child ends after
``IDLE_SECONDS`` without a loan, when told to stop, or when its socket is taken away.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prover.errors import InfrastructureFault
from prover.lean.connection import start_process
from prover.lean.process import LeanProcess
from prover.service.runtime import ServiceUnavailable, Spec, is_ours, pack, read_message
from prover.service.upkeep import load_library, resynchronise, warm

IDLE_SECONDS = 900.0
"""Without a loan for so long the daemon ends; ``PROVER_SERVICE_IDLE`` in the environment of whoever
starts it overrides this."""

SPARE_SECONDS = 120.0
"""A second process that nobody borrowed for so long ends; one stays."""

_TICK_SECONDS = 5.0
_COMING = ("starting", "warming", "returning")
_MEMORY_SHARE = 0.75


@dataclass(eq=False)
class Seat:
    """One Lean process of ours; ``state`` is ``starting``, ``warming``, ``idle``, ``lent`` or
    ``returning``."""

    state: str = "starting"
    warm: bool = False
    process: LeanProcess | None = None
    lean: str = ""
    since: float = field(default_factory=time.monotonic)

    def move(self, state: str) -> None:
        """Changes the state, now."""
        self.state = state
        self.since = time.monotonic()


class Daemon:
    """The service itself. ``_lock`` guards the list of seats and their states."""

    def __init__(self, spec: Spec, folder: Path, listener: socket.socket, idle: float) -> None:
        self.spec = spec
        self.path = folder / f"{spec.name}.sock"
        self._listener = listener
        self._inode = self.path.stat().st_ino
        self._idle_seconds = idle
        self._seats: list[Seat] = []
        self._lock = threading.Condition()
        self._began = time.monotonic()
        self._used = time.monotonic()
        self._ending = False
        self._retiring = False
        self._waiters = 0
        self._limit = max(1, os.cpu_count() or 1)

    # ---------------------------------------------------------------------------- the main loop

    def serve(self) -> None:
        """Accepts callers until it is time to end; then kills all Lean processes."""
        self._start_another()
        self._listener.settimeout(min(_TICK_SECONDS, self._idle_seconds))
        try:
            while not self._over():
                with contextlib.suppress(TimeoutError):
                    connection, _ = self._listener.accept()
                    threading.Thread(target=self._converse, args=(connection,), daemon=True).start()
                self._drop_spare()
        finally:
            self._end()

    def _over(self) -> bool:
        with self._lock:
            if self._ending:
                return True
            busy = any(seat.state in ("lent", "returning") for seat in self._seats)
            if busy:
                self._used = time.monotonic()
                return False
            idle = time.monotonic() - self._used > self._idle_seconds
            return self._retiring or idle or not self._still_ours()

    def _still_ours(self) -> bool:
        """Whether the socket is where clients look for it (somebody may have cleaned up)."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def _end(self) -> None:
        with self._lock:
            self._ending = True
            seats, self._seats = self._seats, []
            for seat in seats:
                if seat.process is not None:
                    seat.process.kill()
            self._lock.notify_all()
        self._listener.close()
        if self._still_ours():
            self.path.unlink(missing_ok=True)

    def stop(self) -> None:
        """Makes the main loop end."""
        with self._lock:
            self._ending = True
        self._nudge()

    def _nudge(self) -> None:
        """Makes the main loop look around now, not at its next tick."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            caller.connect(os.fspath(self.path))

    # ------------------------------------------------------------------------------ conversations

    def _converse(self, connection: socket.socket) -> None:
        """One caller, in a thread of its own."""
        with connection, contextlib.suppress(OSError, ServiceUnavailable):
            if not is_ours(connection):
                return
            connection.settimeout(5.0)
            message = read_message(connection)
            match message.get("op"):
                case "lend":
                    self._lend(connection, float(message.get("wait", 0.0)))
                case "status":
                    connection.sendall(pack(self.report()))
                case "retire":
                    self._retiring = True
                    connection.sendall(pack({"ok": True}))
                    self._nudge()
                case "stop":
                    connection.sendall(pack({"ok": True}))
                    self.stop()
                case other:
                    connection.sendall(pack({"ok": False, "reason": f"unknown op {other!r}"}))

    def report(self) -> dict[str, Any]:
        """What ``status`` answers: seconds, bytes, process numbers."""
        with self._lock:
            now = time.monotonic()
            return {
                "ok": True,
                "pid": os.getpid(),
                "label": self.spec.label,
                "name": self.spec.name,
                "uptime": now - self._began,
                "idle_limit": self._idle_seconds,
                "processes": [
                    {
                        "pid": seat.process.pid if seat.process else None,
                        "state": seat.state,
                        "seconds": now - seat.since,
                        "resident": seat.process.resident_bytes() if seat.process else 0,
                    }
                    for seat in self._seats
                ],
            }

    def _lend(self, connection: socket.socket, wait: float) -> None:
        seat = self._take(wait)
        if seat is None or seat.process is None:
            connection.sendall(pack({"ok": False, "reason": "every process is in use"}))
            return
        process = seat.process
        answer = {
            "ok": True,
            "pid": process.pid,
            "lean": seat.lean,
            "memory_limit_mb": self.spec.memory_limit_mb,
        }
        try:
            descriptors = [process.stdin, process.stdout, process.stderr]
            socket.send_fds(connection, [pack(answer)], descriptors)
            connection.settimeout(None)
            connection.recv(1)  # the borrower says nothing more; this returns when it is gone
        finally:
            seat.move("returning")
            self._take_back(seat)

    # ------------------------------------------------------------------------------------- seats

    def _take(self, wait: float) -> Seat | None:
        """An idle process, made ``lent``; one more is started if there may be. None after ``wait``
        seconds in which none came free (time in which one starts does not count)."""
        deadline = time.monotonic() + wait
        with self._lock, self._waiting():
            while not self._ending:
                self._used = time.monotonic()
                for seat in [seat for seat in self._seats if seat.state == "idle"]:
                    assert seat.process is not None
                    if seat.process.alive():
                        seat.move("lent")
                        return seat
                    seat.process.kill()
                    self._seats.remove(seat)
                coming = any(seat.state in _COMING for seat in self._seats)
                if not coming and self._has_room():
                    self._start_another()
                    coming = True
                elif not coming and time.monotonic() > deadline:
                    return None
                self._lock.wait(1.0)
                states = {seat.state for seat in self._seats}
                if coming and not states & {"idle", *_COMING}:
                    return None  # it did not start (or somebody else was faster)
        return None

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """Counts who waits for a process (under the lock)."""
        self._waiters += 1
        try:
            yield
        finally:
            self._waiters -= 1

    def _has_room(self) -> bool:
        import psutil

        if not self._seats:
            return True
        enough = psutil.virtual_memory().available > self.spec.memory_limit_mb << 20
        return len(self._seats) < self._limit and enough

    def _start_another(self) -> None:
        seat = Seat()
        self._seats.append(seat)
        threading.Thread(target=self._bring_up, args=(seat,), daemon=True).start()

    def _bring_up(self, seat: Seat) -> None:
        """Starts and warms the process of a new seat."""
        command = _Command(self.spec.argv, self.spec.env, Path(self.spec.cwd))
        try:
            process, hello = start_process(command, self.spec.memory_limit_mb)
            load_library(process)
        except InfrastructureFault as error:
            print(error, file=sys.stderr, flush=True)
            with self._lock:
                if seat in self._seats:
                    self._seats.remove(seat)
                self._lock.notify_all()
            return
        with self._lock:
            if self._ending or seat not in self._seats:
                process.kill()
                return
            seat.process, seat.lean = process, hello.lean
        self._offer(seat, fit=True)

    def _take_back(self, seat: Seat) -> None:
        """Makes a returned process idle again, or replaces it."""
        process = seat.process
        assert process is not None
        fit = process.alive() and resynchronise(process)
        fit = fit and process.resident_bytes() < _MEMORY_SHARE * (self.spec.memory_limit_mb << 20)
        self._offer(seat, fit)

    def _offer(self, seat: Seat, fit: bool) -> None:
        """Makes a process idle; warms it first unless somebody waits. An unfit one is replaced."""
        process = seat.process
        assert process is not None
        if fit and not seat.warm and not self._waiters:
            seat.move("warming")
            try:
                # Between two tactics a process can be taken, so that nobody waits long.
                seat.warm = warm(process, lambda: bool(self._waiters) or self._ending)
            except InfrastructureFault:
                fit = False
        with self._lock:
            self._used = time.monotonic()
            if fit and not self._ending and seat in self._seats:
                seat.move("idle")
            else:
                process.kill()
                if seat in self._seats:
                    self._seats.remove(seat)
                if not self._seats and not self._ending and not self._retiring:
                    self._start_another()
            self._lock.notify_all()
        if self._retiring:
            self._nudge()

    def _drop_spare(self) -> None:
        """Ends processes beyond the first that nobody wants, the longest idle first."""
        with self._lock:
            idle = [seat for seat in self._seats if seat.state == "idle"]
            for seat in sorted(idle, key=lambda seat: seat.since)[: len(self._seats) - 1]:
                if time.monotonic() - seat.since > SPARE_SECONDS and seat.process is not None:
                    seat.process.kill()
                    self._seats.remove(seat)


@dataclass(frozen=True)
class _Command:
    argv: list[str]
    env: dict[str, str]
    cwd: Path


def _listen(path: Path) -> socket.socket:
    """The socket, in place of one that a dead daemon left (the caller holds the lock)."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.fspath(path))
    path.chmod(0o600)
    listener.listen(16)
    return listener


def main() -> None:
    """Listens, leaves a child behind that serves, returns."""
    folder = Path(sys.argv[1])
    spec = Spec(**json.load(sys.stdin))
    listener = _listen(folder / f"{spec.name}.sock")
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    daemon = Daemon(spec, folder, listener, float(os.environ.get("PROVER_SERVICE_IDLE", IDLE_SECONDS)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    daemon.serve()


if __name__ == "__main__":
    main()
