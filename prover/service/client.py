"""The client's side of the resident service: borrow a Lean process, ask for status, stop."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import prover
from prover.lean.connection import (
    START_SECONDS,
    Launchable,
    Started,
    launcher_of,
)
from prover.lean.embedded.cache import exclusive_lock
from prover.lean.process import LeanProcess
from prover.lean.protocol import PROTOCOL_VERSION, HelloOk
from prover.lean.server import LeanServer
from prover.service.runtime import (
    ServiceUnavailable,
    Spec,
    describe,
    is_ours,
    pack,
    read_message,
    runtime_folder,
    sockets,
)

BUSY_WAIT_SECONDS = 5.0
"""How long to wait for a busy process when the service may not start one more."""

_QUICK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One entry a daemon, as the daemon itself reports (see ``daemon.Daemon.report``)."""

    daemons: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        lines = []
        for daemon in self.daemons:
            processes = daemon["processes"]
            lent = sum(1 for process in processes if process["state"] == "lent")
            megabytes = sum(process["resident"] for process in processes) >> 20
            lines.append(
                f"{daemon['label']}: daemon {daemon['pid']}, {len(processes)} Lean "
                f"({lent} in use), {megabytes} MB, up for {daemon['uptime']:.0f} s"
            )
        return "\n".join(lines)


def open_server(
    toolchain: Launchable, use_service: bool = True, *, memory_limit_mb: int | None = None, twin: bool = False
) -> LeanServer:
    """A Lean server; see :func:`prover.service.open_server`. Starts nothing before first use."""
    own = launcher_of(toolchain, memory_limit_mb)
    second = own if twin else None
    if not use_service or memory_limit_mb is not None:
        return LeanServer(launcher=own, twin=second)

    def launch() -> Started:
        try:
            return borrow(describe(toolchain), start=True)
        except ServiceUnavailable:
            return own()

    return LeanServer(launcher=launch, twin=second)


def lease_server(toolchain: Launchable, *, start: bool = True) -> LeanServer:
    """A borrowed Lean server; see :func:`prover.service.lease_server`."""
    first: list[Started] = [borrow(describe(toolchain), start=start)]

    def launch() -> Started:
        return first.pop() if first else borrow(describe(toolchain), start=True)

    server = LeanServer(launcher=launch)
    server.hello()  # makes the loan the server's, to give back when it is closed
    return server


def borrow(spec: Spec, *, start: bool) -> Started:
    """Borrows a process from the daemon of ``spec``; ``start`` says whether to start one.

    Raises:
        ServiceUnavailable: no daemon, or it has no process to lend.
    """
    if not hasattr(socket, "send_fds"):
        raise ServiceUnavailable("this system cannot pass file descriptors")
    folder = runtime_folder()
    connection = _connect(folder / f"{spec.name}.sock")
    if connection is None and start:
        connection = _start(folder, spec)
    if connection is None:
        raise ServiceUnavailable("no resident service runs")
    try:
        return _take(connection)
    except BaseException:
        connection.close()
        raise


def _take(connection: socket.socket) -> Started:
    """The conversation of a loan. The connection stays open as long as the loan lasts."""
    connection.settimeout(START_SECONDS)  # the daemon may have to start Lean first
    descriptors: list[int] = []
    try:
        connection.sendall(pack({"op": "lend", "wait": BUSY_WAIT_SECONDS}))
        data, descriptors, _, _ = socket.recv_fds(connection, 4096, 3)
        answer = read_message(connection, data)
        if not answer.get("ok") or len(descriptors) != 3:
            raise ServiceUnavailable(str(answer.get("reason", "the service lends nothing")))
        stdin, stdout, stderr = descriptors
        process = LeanProcess(
            answer["pid"],
            (stdin, stdout, stderr),
            answer["memory_limit_mb"],
            tie=connection.detach(),
        )
    except BaseException as error:
        for descriptor in descriptors:
            os.close(descriptor)
        if isinstance(error, OSError):
            raise ServiceUnavailable(f"the resident service does not answer: {error}") from error
        raise
    return process, HelloOk(lean=answer["lean"], protocol=PROTOCOL_VERSION)


def _connect(path: Path) -> socket.socket | None:
    """A connection to a daemon of this user; None if none listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_QUICK_SECONDS)
    try:
        connection.connect(os.fspath(path))
    except OSError:  # no socket, or one that a dead daemon left
        connection.close()
        return None
    if not is_ours(connection):
        connection.close()
        raise ServiceUnavailable(f"{path} is served by another user")
    return connection


def _start(folder: Path, spec: Spec) -> socket.socket | None:
    """Starts the daemon of ``spec``, unless somebody else just did, and connects to it."""
    path = folder / f"{spec.name}.sock"
    with exclusive_lock(folder / f"{spec.slot}.lock"):
        connection = _connect(path)
        if connection is not None:
            return connection
        for other in sockets(folder):
            if other.name.partition("-")[0] == spec.slot and other != path:
                _ask(other, {"op": "retire"})
        _launch(folder, spec)
        return _connect(path)


def _launch(folder: Path, spec: Spec) -> None:
    """Runs ``python -m prover.service.daemon``, which returns when its socket listens: it leaves a
    child of its own behind, with nothing of ours but the log file."""
    package = Path(prover.__file__).resolve().parent.parent
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    log = os.open(folder / f"{spec.slot}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        subprocess.run(
            [sys.executable, "-P", "-m", "prover.service.daemon", os.fspath(folder)],
            input=json.dumps(asdict(spec)).encode(),
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServiceUnavailable(f"the resident service does not start: {error}") from error
    finally:
        os.close(log)


def _ask(path: Path, message: dict[str, Any]) -> dict[str, Any] | None:
    """One question to one daemon; None if it does not answer."""
    with contextlib.suppress(ServiceUnavailable, OSError):
        connection = _connect(path)
        if connection is not None:
            with connection:
                connection.sendall(pack(message))
                return read_message(connection)
    return None


def status() -> ServiceStatus | None:
    """What the daemons of this user report; None if none runs."""
    try:
        found = [_ask(path, {"op": "status"}) for path in sockets(runtime_folder())]
    except ServiceUnavailable:
        return None
    daemons = tuple(answer for answer in found if answer is not None)
    return ServiceStatus(daemons) if daemons else None


def stop() -> int:
    """Ends the daemons of this user with their Lean processes; returns how many there were."""
    try:
        paths = list(sockets(runtime_folder()))
    except ServiceUnavailable:
        return 0
    stopped = 0
    for path in paths:
        if _ask(path, {"op": "stop"}) is not None:
            stopped += 1
            deadline = time.monotonic() + _QUICK_SECONDS
            while path.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
    return stopped
