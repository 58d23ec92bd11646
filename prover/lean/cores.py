"""Whether this machine has a core and memory to spare for one more Lean."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

SPARE_CORES = 0.6
"""So many cores must have been idle on average."""

SPARE_MEMORY_MB = 3_000
"""What a Lean process comes to, and as much again for everybody else."""

_STAT = Path("/proc/stat")
_MEMORY = Path("/proc/meminfo")


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class Idleness:
    """How many cores were idle on average since it was made."""

    _before: tuple[int, int] | None = field(default_factory=lambda: _ticks(_STAT))

    def cores(self) -> float:
        """Idle cores; where the system does not count idle time, what its load leaves."""
        now = _ticks(_STAT)
        if now is None or self._before is None:
            return usable_cores() - os.getloadavg()[0]
        idle, total = (after - before for after, before in zip(now, self._before, strict=True))
        return (os.cpu_count() or 1) * idle / total if total > 0 else 0.0

    def has_room(self) -> bool:
        """Whether one more Lean would have a core and memory."""
        return usable_cores() > 1 and self.cores() >= SPARE_CORES and _free_mb(_MEMORY) >= SPARE_MEMORY_MB


def _ticks(path: Path) -> tuple[int, int] | None:
    """Idle and all clock ticks of all cores since the machine started; None where that is not counted."""
    try:
        first = path.read_text().split("\n", 1)[0].split()
        numbers = [int(word) for word in first[1:9]]
    except (OSError, ValueError):
        return None
    return (numbers[3] + numbers[4], sum(numbers)) if first[0] == "cpu" and len(numbers) == 8 else None


def _free_mb(path: Path) -> float:
    """Memory that can be had without swapping; unlimited where the system does not say."""
    try:
        lines = path.read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return float("inf")
