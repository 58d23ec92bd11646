"""The cache folder, and the locks and atomic moves that keep it whole under concurrent callers."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def cache_root() -> Path:
    """`$PROVER_CACHE`, else `$XDG_CACHE_HOME/neural-prover`, else `~/.cache/neural-prover`."""
    if explicit := os.environ.get("PROVER_CACHE"):
        return Path(explicit).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    folder = Path(base).expanduser() if base else Path.home() / ".cache"
    return folder.absolute() / "neural-prover"


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold an advisory lock on the file `path`, waiting for as long as another process holds it.

    The kernel releases the lock when its holder dies, so a killed installer blocks nobody.
    """
    import fcntl  # absent on Windows, where the embedded Lean is not supported

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """A scratch folder beside `target` that becomes `target` when the body succeeds.

    Readers see either no folder or a complete one. On an error the scratch folder is deleted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield scratch
        scratch.chmod(0o755)  # mkdtemp makes it private, but a cache may be shared
        if target.exists():
            shutil.rmtree(target)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write `content` so that a concurrent reader sees the old content or all of the new one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        scratch.chmod(0o644)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
