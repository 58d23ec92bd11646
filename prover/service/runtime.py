"""Where the resident services of a user meet their clients: a private folder, names, messages.

One daemon serves one toolchain in one state. Its files are named ``SLOT-KEY``: the slot says for
what (the embedded Lean, or a project), the key in which state (program, sources of our Lean part,
build of the project). A new key in a slot makes the daemons with older keys retire.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.errors import InfrastructureFault
from prover.lean.connection import Launchable, server_source
from prover.lean.embedded.cache import cache_root

MESSAGE_LIMIT = 64 << 10
_PATH_LIMIT = 100  # the kernel's limit for a socket's path is 108 bytes
_RELEVANT = ("LEAN_PATH", "LEAN_SYSROOT", "ELAN_HOME", "ELAN_TOOLCHAIN", "LEAN_HOST_MOUNTS")


class ServiceUnavailable(InfrastructureFault):
    """No resident service can be had; Lean can still be started without it."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a daemon has to run, and the name it runs under."""

    name: str
    label: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    memory_limit_mb: int

    @property
    def slot(self) -> str:
        """The part of the name that does not change with the state of the toolchain."""
        return self.name.partition("-")[0]


def describe(toolchain: Launchable) -> Spec:
    """The spec for a toolchain as it is now."""
    command = toolchain.server_command(server_source())
    project: Path | None = getattr(toolchain, "project", None)
    kind = str(getattr(toolchain, "kind", "lean"))
    state = {
        "argv": command.argv,
        "cwd": str(command.cwd),
        "env": {name: command.env.get(name) for name in _RELEVANT},
        "memory": toolchain.memory_limit_mb,
        # The other arguments carry digests of their contents in their names.
        "program": _stamp(Path(command.argv[0])),
        "project": _project_stamp(project) if project else None,
    }
    slot = _digest([kind, str(project or cache_root())])[:8]
    return Spec(
        name=f"{slot}-{_digest(state)[:16]}",
        label=f"{kind} Lean" + (f" of {project}" if project else ""),
        argv=list(command.argv),
        env=dict(command.env),
        cwd=str(command.cwd),
        memory_limit_mb=toolchain.memory_limit_mb,
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _stamp(path: Path) -> list[Any] | None:
    """Changes when the file does; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return [str(path), found.st_mtime_ns, found.st_size]


def _project_stamp(project: Path) -> list[Any]:
    """Changes when the project's toolchain, dependencies or own build do: a warm process has read
    the old .olean files."""
    names = ("lean-toolchain", "lake-manifest.json", "lakefile.toml", "lakefile.lean")
    newest, count = 0, 0
    for folder, _, files in os.walk(project / ".lake" / "build" / "lib"):
        for file in files:
            if file.endswith(".olean"):
                count += 1
                newest = max(newest, Path(folder, file).stat().st_mtime_ns)
    return [[_stamp(project / name) for name in names], count, newest]


# ------------------------------------------------------------------------------- the private folder


def runtime_folder() -> Path:
    """The user's folder for sockets, made if need be: mode 0700, owned by the user, no link.

    In ``$XDG_RUNTIME_DIR``, else in the cache folder; a short name in ``/tmp`` where that path is
    too long for a socket.

    Raises:
        ServiceUnavailable: the folder belongs to someone else, or cannot be made private.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "neural-prover" if base else cache_root() / "run"
    if len(os.fsencode(folder)) > _PATH_LIMIT - 40:
        folder = Path("/tmp") / f"neural-prover-{os.geteuid()}-{_digest(str(folder))[:8]}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise ServiceUnavailable(f"{folder} is not a folder of this user")
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise ServiceUnavailable(f"no private folder for the service: {error}") from error
    return folder


def sockets(folder: Path) -> Iterator[Path]:
    """The sockets of all daemons, alive or not."""
    return iter(sorted(folder.glob("*.sock")))


def is_ours(connection: socket.socket) -> bool:
    """Whether the other end of a connection runs as this user (where the system can say so)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder's mode is the guard
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return bool(struct.unpack("3i", credentials)[1] == os.geteuid())


# ------------------------------------------------------------------------------------- messages


def pack(message: dict[str, Any]) -> bytes:
    """One message: a line of JSON."""
    return json.dumps(message).encode() + b"\n"


def read_message(connection: socket.socket, first: bytes = b"") -> dict[str, Any]:
    """The next message of a connection, whose timeout must be set; ``first`` was read already.

    Raises:
        ServiceUnavailable: the connection ended, or what came is no message.
    """
    data = bytearray(first)
    try:
        while b"\n" not in data:
            chunk = connection.recv(4096)
            if not chunk or len(data) > MESSAGE_LIMIT:
                raise ServiceUnavailable("the resident service ended the conversation")
            data += chunk
        message = json.loads(data)
    except (OSError, ValueError) as error:
        raise ServiceUnavailable(f"the resident service does not answer: {error}") from error
    if not isinstance(message, dict):
        raise ServiceUnavailable("the resident service does not answer in its language")
    return message
