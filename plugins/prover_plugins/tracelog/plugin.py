"""Registers the observer; found through the entry point ``tracelog``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prover.hookspecs import Observer, hookimpl

if TYPE_CHECKING:
    from prover.runs import RunWriter


class TraceLog:
    """Opens a writer when a search starts that is to be saved, and feeds it."""

    name = "tracelog"

    def __init__(self) -> None:
        self._writer: RunWriter | None = None

    def __call__(self, event: object) -> None:
        """Writes ``event`` where the search is saved."""
        from prover.search.events import SearchStarted

        if isinstance(event, SearchStarted):
            folder = event.problem.metadata.get("save")
            if folder:
                from prover.runs import RunWriter

                self._writer = RunWriter(Path(folder))
            else:
                self._writer = None
        if self._writer is not None:
            self._writer(event)


@hookimpl
def prover_observers() -> list[Observer]:
    """The trace log."""
    return [TraceLog()]
