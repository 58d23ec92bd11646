"""Memory images: start a server from the memory of one that had already started.

Elaborating a server and importing its modules takes seconds and always ends in the same state. So
the first start of a server writes that state to a file, and later ones go on from it (see
host/snapshot.js for how, docs/embedded.md for what the server must do).

An image belongs to one source text, one host and one installation folder; it is kept in the host's
folder. Where an image cannot be made or does not work, the server starts without: slower, the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import struct
import subprocess
import time
from pathlib import Path

from prover.lean.embedded import installer
from prover.lean.embedded.cache import exclusive_lock, write_atomically

IMAGE_DEVICE = "/dev/lean-image"
"""The file to which a server writes the address of its main loop; it exists only in the host."""

IMAGE_VARIABLE = "LEAN_HOST_WRITE_IMAGE"
"""The environment variable that tells the host where to write an image."""

_MAGIC = 0x314E4C50
_HEADER = struct.Struct("<4I")  # magic, function, size of the memory, number of chunks
_CHUNK = 65536
_BUILD_TIMEOUT = 600.0
_TRIAL_TIMEOUT = 120.0
_RETRY_AFTER = 24 * 3600.0
_KEPT_IMAGES = 3

_log = logging.getLogger(__name__)


def image_for(source: Path, command: list[str], environment: dict[str, str]) -> Path | None:
    """The image of the server `source`, made now if need be; None where there can be none.

    `command` and `environment` start the server without an image. The first call for a source takes
    as long as such a start and a second more; two callers at once make one image.
    """
    text = source.read_bytes()
    if IMAGE_DEVICE.encode() not in text:
        return None
    folder = installer.host_path() / "images"
    identity = text + b"\0" + str(installer.install_path()).encode()
    image = folder / f"{hashlib.sha256(identity).hexdigest()[:24]}.image"
    if _is_complete(image):
        _touch(image)
        return image
    failure = image.with_suffix(".failed")
    if _recently_failed(failure):
        return None
    try:
        with exclusive_lock(folder / "lock"):
            if _is_complete(image):  # another process made it while this one waited
                return image
            if _recently_failed(failure):
                return None
            problem = _make(image, command, environment)
            if problem is not None:
                write_atomically(failure, problem + "\n")
                _log.warning("Lean starts without a memory image: %s", problem)
                return None
            _remove_old(folder)
            return image
    except OSError as error:
        _log.warning("Lean starts without a memory image: %s", error)
        return None


def _is_complete(image: Path) -> bool:
    """Whether the file has the size that its header promises."""
    try:
        with image.open("rb") as stream:
            header = stream.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return False
        magic, _, _, chunks = _HEADER.unpack(header)
        size: int = _HEADER.size + chunks * (4 + _CHUNK)
        return bool(magic == _MAGIC) and image.stat().st_size == size
    except OSError:
        return False


def _recently_failed(marker: Path) -> bool:
    try:
        return time.time() - marker.stat().st_mtime < _RETRY_AFTER
    except OSError:
        return False


def _touch(image: Path) -> None:
    with contextlib.suppress(OSError):  # a shared cache may be read-only
        os.utime(image)


def _make(image: Path, command: list[str], environment: dict[str, str]) -> str | None:
    """Make and try an image; returns what went wrong, or None."""
    scratch = image.with_suffix(f".{os.getpid()}")
    try:
        problem = _run(command, {**environment, IMAGE_VARIABLE: str(scratch)}, _BUILD_TIMEOUT)
        if problem is None and not _is_complete(scratch):
            problem = "the server ended without offering one"
        if problem is None:
            problem = _run(image_command(command, scratch), environment, _TRIAL_TIMEOUT)
        if problem is None:
            scratch.replace(image)
        return problem
    finally:
        scratch.unlink(missing_ok=True)


def _run(command: list[str], environment: dict[str, str], timeout: float) -> str | None:
    """Run a server on empty input; returns what went wrong, or None."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            start_new_session=True,  # Ctrl-C reaches Python, which then kills the child
        )
    except subprocess.TimeoutExpired:
        return f"no end after {timeout:.0f} s"
    if done.returncode == 0:
        return None
    said = (done.stderr + done.stdout).strip().splitlines()
    return f"exit code {done.returncode}: {said[-1] if said else 'no message'}"


def image_command(command: list[str], image: Path) -> list[str]:
    """The command that starts from `image` instead: the same Node and host, other arguments."""
    node, host = command[:2]
    return [node, host, "--image", str(image)]


def _remove_old(folder: Path) -> None:
    """Keep the images used last; each is some 300 MB."""
    images = sorted(folder.glob("*.image"), key=lambda path: path.stat().st_mtime, reverse=True)
    for image in images[_KEPT_IMAGES:]:
        image.unlink(missing_ok=True)
