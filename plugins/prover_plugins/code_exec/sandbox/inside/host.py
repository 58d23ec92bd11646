"""The first process of a sandbox: makes a world of its own, then forks one confined process for each run.

It talks with the outside over one socket, one JSON message at a time: ``start`` (with file handles) gives a
process number, ``reap`` kills a process and says how it ended. It never runs tested code itself.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import sys
import time
from typing import Any

from . import codec, confine, judge, landlock, seccomp, subject

_ABOVE = 100
"""Handles are moved here before they get their final numbers."""


def main(root: str, control_handle: int) -> None:
    """Serves until the other end of the socket ``control_handle`` closes. ``root`` is an empty folder."""
    confine.die_with_parent()
    layers: dict[str, Any] = {
        "namespaces": False, "private_root": False, "landlock": landlock.version() > 0,
        "seccomp": seccomp.supported(), "reason": "",
    }  # fmt: skip
    try:
        confine.new_world(root)
    except (OSError, AttributeError) as error:
        layers["reason"] = str(error)
    else:
        layers["namespaces"] = layers["private_root"] = True
        child = os.fork()
        if child:  # the next process is the first of the new process namespace: with it all others die
            os.close(control_handle)
            _, status = os.waitpid(child, 0)
            os._exit(0 if status == 0 else 1)
        confine.die_with_parent()
    control = socket.socket(fileno=control_handle)
    control.send(json.dumps({"layers": layers}).encode())
    while True:
        message, handles, _, _ = socket.recv_fds(control, 65536, 8)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if request["do"] == "start":
            answer = _start(request, handles, layers)
        else:
            answer = _reap(request["process"], request["grace"])
        control.send(json.dumps(answer).encode())


def _start(request: dict[str, Any], handles: list[int], layers: dict[str, Any]) -> dict[str, Any]:
    process = os.fork()
    if process == 0:
        code = 1
        try:
            _cell(request, handles, layers)
            code = 0
        except MemoryError:
            code = 88
        except BaseException as error:
            # Nobody may see a traceback of this process; its end says that it failed.
            code = 2 if isinstance(error, SystemExit) else 1
            if request["kind"] == "program":
                code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else code
                code = 0 if isinstance(error, SystemExit) and error.code is None else code
        finally:
            os._exit(code & 0xFF)
    for handle in handles:
        os.close(handle)
    return {"process": process}


def _cell(request: dict[str, Any], handles: list[int], layers: dict[str, Any]) -> None:
    """Becomes the confined process: puts its handles in order and closes all others."""
    os.setsid()
    confine.die_with_parent()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    kind = request["kind"]
    payload_handle, *others = [fcntl.fcntl(handle, fcntl.F_DUPFD, _ABOVE) for handle in handles]
    if kind == "program":
        for target in range(3):
            os.dup2(others[0], target)
    else:
        null = os.open(os.devnull, os.O_RDWR)
        for target in range(3):
            os.dup2(null, target)
    with os.fdopen(payload_handle, "rb") as file:
        payload = json.loads(file.read())
    line = [os.dup2(handle, 3 + number) for number, handle in enumerate(others)] if kind != "program" else []
    os.closerange(3 + len(line), 4096)
    confine.confine(request["limits"], layers)
    confine.audit(layers["private_root"])
    if kind == "judge":
        judge.run(payload, *line)
    elif kind == "subject":
        subject.run(payload, *line)
    else:
        subject.program(payload)


def _reap(process: int, grace: float) -> dict[str, Any]:
    """Ends the process if it still runs after ``grace`` seconds; tells how it ended."""
    deadline = time.monotonic() + grace
    done, status, usage = os.wait4(process, os.WNOHANG)
    while done == 0 and time.monotonic() < deadline:
        time.sleep(0.002)
        done, status, usage = os.wait4(process, os.WNOHANG)
    killed = done == 0
    if killed:
        os.kill(process, signal.SIGKILL)
        _, status, usage = os.wait4(process, 0)
    return {
        "killed": killed, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1, "cpu": usage.ru_utime + usage.ru_stime,
    }  # fmt: skip


# Loaded now, since nothing outside Python's own library can be read later.
_NEEDED_LATER = (codec, ctypes, sys)
