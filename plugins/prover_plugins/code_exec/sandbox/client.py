"""The outside of the sandbox: starts it, runs tests in it, and says what came of each.

Three processes take part in a run, none of which trusts the next: this one; the judge, which runs the tests
and compares; the subject, which runs the tested code and only ever sees arguments. Judge and subject are
confined alike (see ``inside.confine``); what the subject can do is to answer a call with plain data.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prover.closing import Closing
from prover.errors import InfrastructureFault
from prover_plugins.code_exec.sandbox.inside import codec

_PLUGINS = str(Path(__file__).resolve().parents[3])
_START = (
    "import sys; sys.path.insert(0, {plugins!r}); "
    "from prover_plugins.code_exec.sandbox.inside import host; sys.path.pop(0); host.main({root!r}, {control})"
)
_PYTHON = (sys.executable, "-I", "-S", "-B", "-c")
_START_SECONDS = 30.0
_GRACE = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """What tested code may use. Times in seconds, sizes in bytes.

    ``call`` is wall time for one call, ``total`` for all tests of a run, of which the processor time is at
    most the same; ``memory`` is address space, ``file`` the size of one file, ``output`` what an interactive
    program may print.
    """

    call: float = 2.0
    total: float = 10.0
    memory: int = 512 * 2**20
    file: int = 8 * 2**20
    output: int = 2**18


@dataclass(frozen=True)
class TestResult:
    """What came of one test.

    ``kind`` is empty for a pass, else ``syntax``, ``wrong``, ``timeout``, ``memory``, ``forbidden``, ``exit``,
    ``answer``, ``crash`` or the name of an exception's class; ``message`` says it for a person.
    """

    ok: bool
    kind: str = ""
    message: str = ""

    __test__ = False  # not a test class, whatever pytest thinks of its name


@dataclass(frozen=True)
class Tests:
    """What the judge runs: see ``inside.judge.run``. ``items`` are (source, is a test) pairs in order."""

    __test__ = False

    items: tuple[tuple[str, bool], ...]
    names: Mapping[str, str] = field(default_factory=dict)
    setup: str = ""


class Sandbox(Closing):
    """One sandbox; not thread-safe. It starts when first used.

    ``allow_weak`` lets it run where the machine can take neither the network nor the file system away from a
    process (see :meth:`weakness`); without it such a machine is a fault.
    """

    def __init__(self, limits: Limits | None = None, *, allow_weak: bool = False) -> None:
        self.limits = limits or Limits()
        self.allow_weak = allow_weak
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._root = ""
        self._layers: dict[str, Any] = {}

    # ------------------------------------------------------------------------------------ its life

    @property
    def layers(self) -> dict[str, Any]:
        """What this machine lets the sandbox use: ``namespaces``, ``private_root``, ``landlock``, ``seccomp``.

        Raises:
            InfrastructureFault: the sandbox does not start, or the machine is too weak.
        """
        self._started()
        return dict(self._layers)

    @property
    def weakness(self) -> str:
        """Why tested code is not safely confined on this machine; empty where it is."""
        layers = self.layers
        missing = [] if layers["seccomp"] else ["no filter of system calls (seccomp)"]
        if not layers["private_root"] and not layers["landlock"]:
            missing.append("no private file tree (user namespaces) and no Landlock")
        return "; ".join(missing)

    def close(self) -> None:
        """Ends everything that runs in it; may be called twice."""
        if self._control is not None:
            self._control.close()
            self._control = None
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self._root:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = ""

    def _started(self) -> socket.socket:
        if self._control is not None:
            return self._control
        if os.name != "posix":
            raise InfrastructureFault("the sandbox for tested code needs Linux or another Unix")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._root = tempfile.mkdtemp(prefix="prover-sandbox-")
        script = _START.format(plugins=_PLUGINS, root=self._root, control=theirs.fileno())
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*_PYTHON, script],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()], start_new_session=True, cwd="/", env={"LC_ALL": "C.UTF-8"},
                )  # fmt: skip
            ours.settimeout(_START_SECONDS)
            self._control = ours
            self._layers = self._receive()["layers"]
        except (OSError, InfrastructureFault) as error:
            self.close()
            raise InfrastructureFault(f"the sandbox does not start: {error}") from error
        if not self.allow_weak and (weakness := self.weakness):
            self.close()
            raise InfrastructureFault(
                f"this machine cannot confine tested code: {weakness}; --weak-sandbox runs it all the same"
            )
        return ours

    def _receive(self) -> dict[str, Any]:
        assert self._control is not None
        data = self._control.recv(65536)
        if not data:
            raise InfrastructureFault("its first process has ended")
        answer = json.loads(data)
        assert isinstance(answer, dict)
        return answer

    def _ask(self, request: Mapping[str, Any], handles: Sequence[int] = ()) -> dict[str, Any]:
        control = self._started()
        try:
            socket.send_fds(control, [json.dumps(request).encode()], handles)
            return self._receive()
        except (OSError, ValueError, InfrastructureFault) as error:
            self.close()
            raise InfrastructureFault(f"the sandbox failed: {error}") from error

    # ------------------------------------------------------------------------------------- its use

    def start(self, kind: str, payload: Mapping[str, Any], handles: Sequence[int], limits: Limits) -> int:
        """Starts one confined process: ``subject``, ``judge`` or ``program``; returns its number."""
        numbers = {"memory": limits.memory, "cpu": max(1, round(limits.total) + 1), "file": limits.file}
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(payload).encode())
            file.flush()
            file.seek(0)
            request = {"do": "start", "kind": kind, "limits": numbers}
            return int(self._ask(request, [file.fileno(), *handles])["process"])

    def reap(self, process: int, grace: float = 0.0) -> dict[str, Any]:
        """Ends a process, after ``grace`` seconds if it still runs; says how it ended."""
        return self._ask({"do": "reap", "process": process, "grace": grace})

    def run(self, code: str, tests: Tests, limits: Limits | None = None) -> list[TestResult]:
        """Runs the tests among ``tests.items`` on ``code``; one result for each, in order.

        Raises:
            InfrastructureFault: the sandbox does not work, or the tests' own preparation fails.
        """
        limits = limits or self.limits
        self._started()
        handles: list[int] = []
        processes: list[int] = []
        messages: list[dict[str, Any]] = []
        late = True
        try:
            for _ in range(3):
                handles += os.pipe()
            request_read, request_write, reply_read, reply_write, result_read, result_write = handles
            processes.append(self.start("subject", {"code": code}, [request_read, reply_write], limits))
            payload = {
                "setup": tests.setup, "names": dict(tests.names), "tests": tests.items, "seconds": limits.call,
            }  # fmt: skip
            judge = [request_write, reply_read, result_write]
            processes.append(self.start("judge", payload, judge, Limits(total=limits.total + 1)))
            for handle in (request_read, reply_write, *judge):
                os.close(handle)
                handles.remove(handle)
            messages, late = _collect(result_read, limits.total)
        finally:
            for handle in handles:
                os.close(handle)
            # Without its judge the subject reads the end of its requests and ends too, unless it hangs.
            hangs = late or any(message.get("kind") == "timeout" for message in messages)
            ends = [self.reap(process, 0.0 if hangs else _GRACE) for process in processes if self._control]
        return _results(tests, messages, late, ends)


def _collect(handle: int, seconds: float) -> tuple[list[dict[str, Any]], bool]:
    """The judge's messages, and whether the time was over before its last."""
    deadline = time.monotonic() + seconds
    messages: list[dict[str, Any]] = []
    while True:
        try:
            message = codec.receive(handle, max(0.0, deadline - time.monotonic()))
        except codec.TooLate:
            return messages, True
        except (codec.Ended, codec.BadFrame):
            return messages, False
        messages.append(message)
        if "done" in message or "fault" in message:
            return messages, False


def _results(
    tests: Tests, messages: list[dict[str, Any]], late: bool, ends: Sequence[Mapping[str, Any]]
) -> list[TestResult]:
    fault = next((str(message["fault"]) for message in messages if "fault" in message), "")
    if fault:
        raise InfrastructureFault(fault)
    found = {message["test"]: message for message in messages if "test" in message}
    complete = any("done" in message for message in messages)
    subject = end_kind(ends[0])
    results = []
    for index, (_, is_test) in enumerate(tests.items):
        if not is_test:
            continue
        message = found.get(index)
        if message is None:
            kind, text = ("timeout", "the time for all tests is over") if late else ("crash", "the judge ended")
            results.append(TestResult(False, kind, text))
        elif subject[0] == "forbidden":
            # Whatever it answered, code that tried what it must not do passes nothing.
            results.append(TestResult(False, *subject))
        elif message["ok"] is True and complete:
            results.append(TestResult(True))
        elif message["kind"] == "exit" and subject[0]:
            results.append(TestResult(False, *subject))
        else:
            results.append(TestResult(False, str(message["kind"]) or "crash", str(message["message"])))
    return results


def end_kind(end: Mapping[str, Any]) -> tuple[str, str]:
    """The error class and sentence for how a process ended; empty where it says nothing."""
    if end["exit"] == codec.FORBIDDEN_EXIT or end["signal"] == signal.SIGSYS:
        return "forbidden", "the code tried what it must not do (network, processes, files outside, …)"
    if end["exit"] == 88:
        return "memory", "the code needs too much memory"
    if end["signal"] == signal.SIGXCPU:
        return "timeout", "the processor time is over"
    if end["signal"] and not end["killed"]:
        return "crash", f"the code ended its process by signal {end['signal']}"
    return "", ""
