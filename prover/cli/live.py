"""The line that moves while a search runs. An observer of search events; writes to stderr,
terminals only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.status import Status

REFRESH_SECONDS = 0.1


class LiveLine:
    """Shows seconds, states, steps, steps a second and the most promising goal.

    Use as a context manager and pass it as an observer. Where stderr is no terminal it does
    nothing.
    """

    name = "live line"

    def __init__(self, label: str = "", *, enabled: bool = True) -> None:
        import sys

        self._enabled = enabled and sys.stderr.isatty()
        self._label = label
        self._status: Status | None = None
        self._started = time.monotonic()
        self._shown = 0.0
        self._steps = 0
        self._nodes = 1
        self._best = ""
        self._best_rank: tuple[int, int] | None = None

    def __enter__(self) -> LiveLine:
        if self._enabled:
            from rich.console import Console

            self._status = Console(stderr=True).status("starting Lean", spinner="dots")
            self._status.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Clears the line; later events are ignored."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def label(self, text: str) -> None:
        """What the line begins with from now on."""
        self._label = text

    def say(self, text: str) -> None:
        """Replaces the line by ``text`` until the next event."""
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(text))

    def __call__(self, event: object) -> None:
        """Counts, and redraws at most ten times a second."""
        if self._status is None:
            return
        match type(event).__name__:
            case "SearchStarted":
                self._started = time.monotonic()
                self._steps, self._nodes, self._best_rank = 0, 1, None
                self._consider(event)
            case "StepTried":
                self._steps += 1
            case "NodeAdded":
                self._nodes += 1
                self._consider(event)
            case "GoalsClosed":
                self.say(f"{self._label}checking the whole proof from scratch")
                return
        now = time.monotonic()
        if now - self._shown >= REFRESH_SECONDS:
            self._shown = now
            self.say(self.text(now - self._started))

    def text(self, seconds: float) -> str:
        """The line itself."""
        rate = self._steps / seconds if seconds > 0.5 else 0.0
        speed = f" ({rate:.0f}/s)" if rate else ""
        return f"{self._label}{seconds:4.1f} s  {self._nodes:,} states  {self._steps:,} steps{speed}  {self._best}"

    def _consider(self, event: Any) -> None:
        state = event.state
        rank = (state.goals, state.size)
        if state.goals and (self._best_rank is None or rank < self._best_rank):
            self._best_rank = rank
            more = f" (+{state.goals - 1} goals)" if state.goals > 1 else ""
            self._best = target(state.text, 60) + more


def target(text: str, limit: int) -> str:
    """The first target of a state's text, on one line of at most ``limit`` characters."""
    start = text.find("⊢")
    goal = text[start:].split("\n\n", 1)[0] if start >= 0 else text
    line = " ".join(goal.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
