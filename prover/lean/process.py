"""One Lean process behind three pipes: lines out, lines in, a watch on time, memory and progress.

Nothing here knows what the lines mean. Whatever goes wrong with the process is a
:class:`ProcessLost` that says how; the process is then of no more use and its owner kills it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
import weakref
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, Protocol

from prover.errors import InfrastructureFault
from prover.lean.watch import SAMPLE_SECONDS, STALL_SECONDS, Watch

LINE_LIMIT = 64 << 20
"""Bytes of the longest answer; a longer line is a fault, whatever it says."""

OUTSIDE_CHANCES = 5
UNKNOWN_CHANCES = 2
"""How often more a request is tried whose process was lost to somebody outside (a signal that Lean does
not send itself), or for a reason that cannot be known (a borrowed process, whose exit status is its
owner's)."""

_READ_BYTES = 1 << 20
_STDERR_KEPT = 4096
_OUTSIDE_SIGNALS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class LostKind(StrEnum):
    """How a process was lost."""

    DIED = "died"
    HUNG = "hung"
    MEMORY = "memory"
    GARBAGE = "garbage"
    TOO_LONG = "line_too_long"


class ProcessLost(InfrastructureFault):
    """The Lean process is of no more use; ``kind`` says why. Never a statement about a theorem.

    ``chances`` says how often the request that it met deserves another try on a new process: more than
    none where the loss came, or may have come, from outside, which is nobody's fault.
    """

    def __init__(self, kind: LostKind, message: str, chances: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.chances = chances


class Command(Protocol):
    """How to start a process (what ``toolchain.ServerCommand`` is)."""

    @property
    def argv(self) -> list[str]:
        """Program and arguments."""

    @property
    def env(self) -> dict[str, str]:
        """The complete environment."""

    @property
    def cwd(self) -> Path:
        """The working folder."""


class Activity(StrEnum):
    """Where a process stands between request and answer.

    ``SENDING`` and ``AWAITING`` outlive an exchange only if an exception (Ctrl-C) broke it off.
    """

    IDLE = "idle"
    SENDING = "sending"
    AWAITING = "awaiting"


class LeanProcess:
    """A running Lean process, owned (``popen`` given) or borrowed from the resident service.

    The three file descriptors are ours to close. An owned process is killed and reaped when this
    object goes away or Python exits; a borrowed one is only let go, at last by closing ``tie``, the
    descriptor whose end tells its owner so. Not thread-safe.
    """

    def __init__(
        self,
        pid: int,
        descriptors: tuple[int, int, int],
        memory_limit_mb: int,
        popen: subprocess.Popen[bytes] | None = None,
        tie: int | None = None,
    ) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = descriptors
        self.memory_limit_mb = memory_limit_mb
        self.activity = Activity.IDLE
        self._popen = popen
        for descriptor in descriptors:
            os.set_blocking(descriptor, False)
        self._buffer = bytearray()
        self._scanned = 0
        self._errors = bytearray()
        self._reading = select.poll()
        self._reading.register(self.stdout, select.POLLIN)
        self._reading.register(self.stderr, select.POLLIN)
        self._watch = Watch(pid)
        held = descriptors if tie is None else (*descriptors, tie)
        self._close = weakref.finalize(self, _let_go, held, popen, os.getpid())

    # ------------------------------------------------------------------------------------ lines

    def send(self, line: bytes, deadline: float) -> None:
        """Writes one line (newline included) by ``deadline`` (``time.monotonic`` seconds).

        Raises:
            ProcessLost: it died, or does not take its input.
        """
        self.activity = Activity.SENDING
        self._watch.begin()
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self.stdin, rest) :]
            except BlockingIOError:
                self._await_input_room(deadline)
            except OSError as error:
                self._lose(LostKind.DIED, f"Lean closed its input ({error.strerror})")
        self.activity = Activity.AWAITING

    def receive(self, deadline: float) -> bytes:
        """The next line, without its newline.

        Raises:
            ProcessLost: it died, hung, took too much memory or wrote too long a line.
        """
        while True:
            end = self._buffer.find(b"\n", self._scanned)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._scanned = 0
                return line
            self._scanned = len(self._buffer)
            if self._scanned > LINE_LIMIT:
                self._lose(LostKind.TOO_LONG, f"Lean wrote a line of more than {LINE_LIMIT >> 20} MB")
            self._fill(deadline)

    def settle(self) -> None:
        """Says that the answer awaited has come (or was given up on)."""
        self.activity = Activity.IDLE

    @property
    def borrowed(self) -> bool:
        """Whether another process (the resident service) owns this one."""
        return self._popen is None

    def _fill(self, deadline: float) -> None:
        """Waits for output and reads it; looks after the process meanwhile."""
        ready = self._reading.poll(self._patience(deadline))
        for descriptor, _ in ready:
            if descriptor == self.stderr:
                self._drain_errors()
                continue
            try:
                chunk = os.read(self.stdout, _READ_BYTES)
            except BlockingIOError:
                continue
            if not chunk:
                self._lose(LostKind.DIED, "Lean ended")
            self._buffer += chunk
        self._look_after(deadline)

    def _await_input_room(self, deadline: float) -> None:
        writing = select.poll()
        writing.register(self.stdin, select.POLLOUT)
        writing.poll(self._patience(deadline))
        self._drain_errors()
        self._look_after(deadline)

    def _patience(self, deadline: float) -> float:
        """Milliseconds until the next look at the process."""
        return max(0.0, min(SAMPLE_SECONDS, deadline - time.monotonic())) * 1000

    def _drain_errors(self) -> None:
        """Keeps the end of what Lean writes to stderr, so that it never blocks on it."""
        try:
            chunk = os.read(self.stderr, _READ_BYTES)
        except (BlockingIOError, OSError):
            return
        if not chunk:
            with contextlib.suppress(KeyError):
                self._reading.unregister(self.stderr)
            return
        self._errors += chunk
        del self._errors[:-_STDERR_KEPT]

    # -------------------------------------------------------------------------------- watching

    def _look_after(self, deadline: float) -> None:
        now = time.monotonic()
        if now >= deadline and not self._buffer:
            self._lose(LostKind.HUNG, "Lean did not answer in time")
        if now >= deadline + SAMPLE_SECONDS:  # a line that never ends
            self._lose(LostKind.HUNG, "Lean did not finish its answer in time")
        if not self._watch.due(now):
            return
        if self._popen is not None and self._popen.poll() is not None:
            self._take_last_words()
            return
        resident = self._watch.sample(now)
        if resident > self.memory_limit_mb << 20:
            self._lose(LostKind.MEMORY, f"Lean took more than its {self.memory_limit_mb} MB of memory")
        if self._watch.stopped(now):
            self._lose(LostKind.HUNG, "Lean was stopped by a signal", OUTSIDE_CHANCES)
        if self._watch.stalled(now):
            self._lose(LostKind.HUNG, f"Lean did nothing for {STALL_SECONDS:.0f} s")

    def _take_last_words(self) -> None:
        """An ended process may have left its answer in the pipe: only an empty pipe is a loss. (Its
        end need not show as end of file, for a child of its own may keep the pipe open.)"""
        try:
            chunk = os.read(self.stdout, _READ_BYTES)
        except BlockingIOError:
            chunk = b""
        if not chunk:
            self._lose(LostKind.DIED, "Lean ended")
        self._buffer += chunk

    def _lose(self, kind: LostKind, message: str, chances: int = 0) -> NoReturn:
        self._drain_errors()
        if kind is LostKind.DIED and self._popen is None:
            chances = UNKNOWN_CHANCES
        elif kind is LostKind.DIED and self._popen is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._popen.wait(1)
                message += _describe_exit(code)
                chances = OUTSIDE_CHANCES if -code in _OUTSIDE_SIGNALS else 0
        said = self._errors.decode("utf-8", "replace").strip().splitlines()
        if said:
            telling = [line for line in said if "rror" in line] or said
            message += f"; its last words: {telling[-1].strip()[:300]}"
        raise ProcessLost(kind, message, chances)

    def resident_bytes(self) -> int:
        """Memory that the process and its children hold now; 0 if it is gone."""
        return self._watch.sample(time.monotonic())

    def alive(self) -> bool:
        """Whether the process runs (a zombie does not)."""
        if self._popen is not None:
            return self._popen.poll() is None
        return self._watch.alive()

    # ------------------------------------------------------------------------------- ending it

    def kill(self) -> None:
        """Kills the whole process group, reaps it where it is ours and closes the pipes."""
        if self._popen is None and self._watch.alive():
            _kill_group(self.pid)
        self.close()

    def close(self) -> None:
        """Lets a borrowed process go; kills and reaps an owned one. May be called twice."""
        self._close()


def spawn(command: Command, memory_limit_mb: int) -> LeanProcess:
    """Starts a Lean process in its own session, so that a terminal's Ctrl-C does not reach it.

    Raises:
        InfrastructureFault: the program cannot be started.
    """
    child_in, our_in = os.pipe()
    our_out, child_out = os.pipe()
    our_err, child_err = os.pipe()
    try:
        popen = subprocess.Popen(
            command.argv,
            env=command.env,
            cwd=command.cwd,
            stdin=child_in,
            stdout=child_out,
            stderr=child_err,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        for descriptor in (our_in, our_out, our_err):
            os.close(descriptor)
        raise InfrastructureFault(f"cannot start Lean: {error}") from error
    finally:
        for descriptor in (child_in, child_out, child_err):
            os.close(descriptor)
    return LeanProcess(popen.pid, (our_in, our_out, our_err), memory_limit_mb, popen)


def _let_go(descriptors: Sequence[int], popen: subprocess.Popen[bytes] | None, owner: int) -> None:
    """Closes the pipes; kills and reaps an owned process (but never from a forked child)."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    if popen is None or os.getpid() != owner:
        return
    # A wrapper (`lake env`) may have children: the whole group goes, before the leader is reaped
    # and its number may be used again.
    if popen.returncode is None:
        _kill_group(popen.pid)
        popen.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _describe_exit(code: int) -> str:
    if code < 0:
        try:
            return f" (killed by {signal.Signals(-code).name})"
        except ValueError:
            return f" (killed by signal {-code})"
    return f" (exit code {code})"
