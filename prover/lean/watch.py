"""A look at a running process now and then: its memory, and whether it works, idles or was stopped."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

SAMPLE_SECONDS = 0.25
"""How often the process's memory is looked at while an answer is awaited."""

STALL_SECONDS = 20.0
"""A process that owes an answer and used next to no processor time for so long is stuck."""

STOPPED_SECONDS = 1.0
"""A process that was stopped (SIGSTOP) for so long is given up: nobody promises to continue it."""

_BUSY_SHARE = 0.02
"""Share of a processor above which a process counts as busy; an idle one uses less than 0.01."""
_CHILDREN_REFRESH_SECONDS = 2.0


class Watch:
    """Samples memory and processor time of a process and its children, rarely enough to be free."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._processes: list[psutil.Process] = []
        self._root: psutil.Process | None = None
        self._refreshed = float("-inf")
        self._next = time.monotonic() + SAMPLE_SECONDS
        self._busy_at = time.monotonic()
        self._stopped_since: float | None = None
        self._window_began = time.monotonic()
        self._window_processor = 0.0

    def begin(self) -> None:
        """A request goes out: idleness before it does not count as a stall."""
        self._busy_at = time.monotonic()

    def due(self, now: float) -> bool:
        """Whether it is time for another look (``now`` in ``time.monotonic`` seconds, as below)."""
        if now < self._next:
            return False
        self._next = now + SAMPLE_SECONDS
        return True

    def stalled(self, now: float) -> bool:
        """Whether it did next to nothing for too long."""
        return now - self._busy_at > STALL_SECONDS

    def stopped(self, now: float) -> bool:
        """Whether a signal stopped it, and nobody let it go on for a while."""
        return self._stopped_since is not None and now - self._stopped_since >= STOPPED_SECONDS

    def alive(self) -> bool:
        """Whether it runs (a zombie does not)."""
        import psutil

        try:
            root = self._root or psutil.Process(self._pid)
            return bool(root.is_running() and root.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def sample(self, now: float) -> int:
        """Resident bytes now; also notes whether any processor time was used since last time."""
        import psutil

        if now - self._refreshed > _CHILDREN_REFRESH_SECONDS:
            self._refreshed = now
            with contextlib.suppress(psutil.NoSuchProcess):
                self._root = self._root or psutil.Process(self._pid)
                self._processes = [self._root, *self._root.children(recursive=True)]
        resident, processor, stopped = 0, 0.0, False
        for process in self._processes:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                resident += process.memory_info().rss
                times = process.cpu_times()
                status = process.status()
                if status == psutil.STATUS_DISK_SLEEP:  # reading a large library
                    self._busy_at = now
                stopped = stopped or status == psutil.STATUS_STOPPED
                processor += times.user + times.system
        self._stopped_since = (self._stopped_since or now) if stopped else None
        # Looked at over windows: single samples are too short for the clock ticks of the kernel.
        if now - self._window_began > STALL_SECONDS / 4:
            share = (processor - self._window_processor) / (now - self._window_began)
            # A child that ended takes its processor time along, so a negative share means activity.
            if not 0 <= share < _BUSY_SHARE:
                self._busy_at = now
            self._window_began, self._window_processor = now, processor
        return resident
