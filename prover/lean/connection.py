"""A line to Lean that is always there: request and answer, and a new process for a lost one."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from prover.errors import BadInput, InfrastructureFault
from prover.lean import protocol as p
from prover.lean.assemble import assemble
from prover.lean.embedded.cache import cache_root, write_atomically
from prover.lean.process import (
    OUTSIDE_CHANCES,
    Activity,
    Command,
    LeanProcess,
    LostKind,
    ProcessLost,
    spawn,
)

START_SECONDS = 300.0
"""Time Lean may take to start; a native one elaborates the server, on a loaded machine slowly."""

_INPUT_KINDS = frozenset(
    {
        "parse",
        "elaboration",
        "unknown_import",
        "name_taken",
        "no_goal",
        "forbidden",
        "bad_request",  # a statement that is not one theorem
    }
)

OkType = TypeVar("OkType")
Result = TypeVar("Result")
Started = tuple[LeanProcess, p.HelloOk]
Launcher = Callable[[], Started]
"""Starts, or borrows, a Lean process that is ready for requests."""


class Launchable(Protocol):
    """What is needed of a toolchain."""

    @property
    def memory_limit_mb(self) -> int:
        """Memory that one process may hold."""

    def server_command(self, source: Path, /) -> Command:
        """How to run the Lean file ``source``."""


class RequestTimeout(InfrastructureFault):
    """A request reached its own time limit; the server is well."""


@dataclass
class ServerCounts:
    """What happened since the client was made; ``losses`` says how processes were lost."""

    starts: int = 0
    requests: int = 0
    losses: dict[LostKind, int] = field(default_factory=dict)

    @property
    def restarts(self) -> int:
        """Starts after the first."""
        return max(0, self.starts - 1)


def server_source() -> Path:
    """The single Lean file that serves, assembled from ``lean_project`` into the cache.

    Its folder is named by its content, so that two versions of the program never share one. Where
    the cache cannot be written, it is a temporary file that goes when Python ends.

    Raises:
        InfrastructureFault: the Lean part is missing, or there is no place to write to.
    """
    try:
        text = assemble()
    except OSError as error:
        raise InfrastructureFault(f"the Lean part of the prover is incomplete: {error}") from error
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = cache_root() / "server" / digest / "server.lean"
    with contextlib.suppress(OSError):
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
        return path
    return _temporary(text)


@functools.cache
def _temporary(text: str) -> Path:
    """A file of our own with that text, once for each text."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="neural-prover-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        path = folder / "server.lean"
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InfrastructureFault(f"no place to put the Lean part: {error}") from error
    return path


def launcher_of(toolchain: Launchable, memory_limit_mb: int | None = None) -> Launcher:
    """What starts a process of our own on a toolchain, with its memory limit unless another is given."""
    limit = memory_limit_mb or toolchain.memory_limit_mb
    return lambda: start_process(toolchain.server_command(server_source()), limit)


def start_process(command: Command, memory_limit_mb: int, seconds: float = START_SECONDS) -> Started:
    """Starts Lean and waits for its ready line.

    A start that is ended from outside is made again.

    Raises:
        InfrastructureFault: it does not start, ends, or speaks another protocol version.
    """
    for attempt in range(1 + OUTSIDE_CHANCES):
        try:
            return _start_once(command, memory_limit_mb, seconds)
        except ProcessLost as lost:
            if attempt >= lost.chances:
                # Nothing was asked of it yet: not a loss to retry after.
                raise InfrastructureFault(f"Lean did not start: {lost}") from lost
    raise AssertionError("the last attempt returns or raises")


def _start_once(command: Command, memory_limit_mb: int, seconds: float) -> Started:
    process = spawn(command, memory_limit_mb)
    deadline = time.monotonic() + seconds
    said: list[str] = []
    try:
        while True:
            line = process.receive(deadline)
            if line.startswith(b"{"):
                break
            said.append(line.decode("utf-8", "replace"))
        hello = p.decode(line).ok
        if not isinstance(hello, p.HelloOk):
            raise p.ProtocolError("Lean's first message is not a greeting")
        if hello.protocol != p.PROTOCOL_VERSION:
            raise p.ProtocolError(f"Lean's part speaks protocol {hello.protocol}, this program {p.PROTOCOL_VERSION}")
    except BaseException as error:
        process.kill()
        if isinstance(error, ProcessLost) and said:
            told = "\n  ".join([str(error), *said[:8]])
            raise ProcessLost(error.kind, told, error.chances) from error
        raise
    return process, hello


class Connection:
    """Exchanges messages with one Lean process at a time, started at first need.

    ``generation`` numbers the processes from 1: what one of them held is gone in the next. Request
    ids are random: a tactic that manages to print on Lean's output cannot guess the id of the
    answer it would have to forge.
    """

    def __init__(self, launcher: Launcher, grace_seconds: float) -> None:
        self.counts = ServerCounts()
        self.generation = 0
        # One request at a time: a plugin left behind in the middle of one must not meet the next. Only `close`
        # does without, for it ends a request that waits.
        self.lock = threading.RLock()
        self._launch = launcher
        self._grace = grace_seconds
        self._process: LeanProcess | None = None
        self._hello: p.HelloOk | None = None
        self._closed = False
        self._awaited: tuple[int, float] = (0, 0.0)
        self._unclaimed: list[tuple[int, int]] = []

    @property
    def process(self) -> LeanProcess | None:
        """The running process, if any."""
        return self._process

    def take_unclaimed(self) -> list[tuple[int, int]]:
        """States (generation, Lean's id) in answers that an interrupted caller did not wait for."""
        taken, self._unclaimed = self._unclaimed, []
        return taken

    def hello(self) -> p.HelloOk:
        """The greeting of the running process; starts one if need be."""
        with self.lock:
            self.ready()
            assert self._hello is not None
            return self._hello

    def close(self) -> None:
        """Ends Lean (or gives a borrowed process back). May be called twice."""
        self._closed = True
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def exchange(self, request: p.Request, expect: type[OkType], seconds: float) -> OkType:
        """Sends a request and waits for its answer, ``seconds`` plus the grace at most.

        Raises:
            ProcessLost: Lean is gone; the next exchange meets a new process.
            BadInput, RequestTimeout, InfrastructureFault: Lean's typed error.
        """
        try:
            line = p.encode(request)
        except UnicodeEncodeError as error:
            raise BadInput(f"the text is not valid Unicode: {error.reason}") from error
        with self.lock:
            return self._exchange(line, request.id, expect, seconds)

    def _exchange(self, line: bytes, identifier: int, expect: type[OkType], seconds: float) -> OkType:
        process = self.ready()
        deadline = time.monotonic() + seconds + self._grace
        self._awaited = (identifier, deadline)
        self.counts.requests += 1
        try:
            process.send(line, deadline)
            answer = p.decode(process.receive(deadline))
            if answer.id != identifier:
                raise p.ProtocolError(f"an answer to request {answer.id}, which nobody made")
            process.settle()
        except ProcessLost as lost:
            raise self.lose(lost) from lost
        except p.ProtocolError as error:
            raise self.lose(ProcessLost(LostKind.GARBAGE, str(error))) from error
        if answer.error is not None:
            raise _as_exception(answer.error)
        if not isinstance(answer.ok, expect):
            raise self.lose(ProcessLost(LostKind.GARBAGE, "Lean answered another question"))
        return answer.ok

    def retry(self, work: Callable[[], Result]) -> Result:
        """Once more after a loss: the process may have died of what came before. A hang is not
        tried again, it would take as long."""
        with self.lock:
            try:
                return self.patiently(work)
            except ProcessLost as lost:
                if lost.kind is LostKind.HUNG:
                    raise
            return self.patiently(work)

    def patiently(self, work: Callable[[], Result]) -> Result:
        """Again after each loss that came from outside, as often as the loss gives chances."""
        attempt = 0
        while True:
            try:
                return work()
            except ProcessLost as lost:
                attempt += 1
                if attempt > lost.chances:
                    raise

    def lose(self, lost: ProcessLost) -> ProcessLost:
        """Kills the process; the next request starts another."""
        self.counts.losses[lost.kind] = self.counts.losses.get(lost.kind, 0) + 1
        process, self._process = self._process, None
        if process is not None:
            process.kill()
        return lost

    def ready(self) -> LeanProcess:
        """The running process, in step with us; starts one if there is none."""
        with self.lock:
            return self._ready()

    def _ready(self) -> LeanProcess:
        if self._closed:
            raise InfrastructureFault("this Lean server was closed")
        if self._process is not None and self._process.activity is not Activity.IDLE:
            self._catch_up(self._process)
        if self._process is None:
            process, self._hello = self._launch()
            if self._closed:  # by another thread, meanwhile
                process.close()
                raise InfrastructureFault("this Lean server was closed")
            self._process = process
            self.generation += 1
            self.counts.starts += 1
        return self._process

    def _catch_up(self, process: LeanProcess) -> None:
        """Reads the answer that an interrupted caller did not wait for."""
        identifier, deadline = self._awaited
        try:
            if process.activity is Activity.SENDING:
                raise ProcessLost(LostKind.GARBAGE, "a request was cut off")
            answer = p.decode(process.receive(deadline))
            if answer.id != identifier:
                raise ProcessLost(LostKind.GARBAGE, "an answer nobody asked for")
        except (ProcessLost, p.ProtocolError):
            self.lose(ProcessLost(LostKind.GARBAGE, "interrupted"))
            return
        process.settle()
        if isinstance(answer.ok, p.StepOk):
            states = [result.state for result in answer.ok.results if result.state is not None]
            self._unclaimed += [(self.generation, state.id) for state in states]


def new_id() -> int:
    """A request id that nobody can guess."""
    return 1 + secrets.randbits(50)


def _as_exception(error: p.ServerError) -> Exception:
    if error.kind in _INPUT_KINDS:
        line = error.line or None
        return BadInput(error.message, line=line, column=error.column if line else None, kind=error.kind)
    if error.kind == "timeout":
        return RequestTimeout(error.message)
    return InfrastructureFault(f"Lean server: {error.kind}: {error.message}")
