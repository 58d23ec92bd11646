"""Calls plugins' code so that one that hangs cannot take the search with it.

Python cannot interrupt code from outside, so the code of plugins runs in a thread of its own and the search
waits for an answer no longer than a deadline. A call that misses it is left behind: its thread is told to end
(at its next bytecode) and never used again. Code that holds the interpreter's lock for good, as one huge
multiplication does, cannot be left behind in this way; such work belongs into a process of the plugin's own.
"""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import functools
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from prover.errors import InfrastructureFault

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple[Callable[[], Any], SimpleQueue[tuple[Any, BaseException | None]]]


class DeadlineMissed(Exception):
    """A plugin did not answer in time."""


class Abandoned(SystemExit):
    """Raised in the thread of a call that was left behind."""


@functools.cache
def _say_nothing_of_abandoned() -> None:
    """Where it hits a callback of the interpreter's own, which cannot raise, Python would print a traceback."""
    usual = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs, /) -> None:
        if unraisable.exc_type is not Abandoned:
            usual(unraisable)

    sys.unraisablehook = hook


class _Worker:
    """One thread that runs jobs one after the other until told to end."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        context = contextvars.copy_context()
        self.thread = threading.Thread(target=context.run, args=(self._run,), name="plugins", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with contextlib.suppress(Abandoned):  # which may come after the work has ended as well
            while (job := self.jobs.get()) is not None:
                work, answers = job
                try:
                    answers.put((work(), None))
                except BaseException as error:
                    answers.put((None, error))

    def abandon(self) -> None:
        """Asks the thread to end wherever it is; it may take as long as it likes."""
        self.jobs.put(None)
        _say_nothing_of_abandoned()
        if self.thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread.ident), ctypes.py_object(Abandoned))


class Isolation:
    """Runs the calls of one search; close it at the end (an abandoned call does not hold it up)."""

    def __init__(self) -> None:
        self._worker: _Worker | None = None

    def call(self, seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(*args, **kwargs)``, or whatever it raises; waits ``seconds`` at most.

        Raises:
            DeadlineMissed: it did not answer in time.
        """
        worker = self._worker
        if worker is None:
            worker = self._worker = _Worker()
        answers: SimpleQueue[tuple[T, BaseException | None]] = SimpleQueue()
        worker.jobs.put((lambda: function(*args, **kwargs), answers))
        try:
            result, error = answers.get(timeout=min(seconds, threading.TIMEOUT_MAX))
        except Empty:
            self._worker = None
            worker.abandon()
            raise DeadlineMissed(f"it did not answer within {seconds:g} s") from None
        except BaseException:  # Ctrl-C: the search ends, and so must the call
            self._worker = None
            worker.abandon()
            raise
        if isinstance(error, SystemExit):
            raise RuntimeError("it tried to end the program") from error
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Ends the thread. May be called twice."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.jobs.put(None)


class Guard:
    """Calls plugins for one search, each with its deadline; one that breaks is named once and left out from then on.

    A plugin may have an attribute ``deadline``, the seconds that one call may take where it needs more than
    ``seconds``. Without an ``isolation`` calls are made directly.
    """

    __slots__ = ("_broken", "_isolation", "_on_fault", "_seconds", "remaining")

    def __init__(
        self, isolation: Isolation | None, seconds: float, on_fault: Callable[[object, str, BaseException], None]
    ) -> None:
        """``on_fault`` is told the plugin, its role and what it raised; ``remaining`` may be set to a function that
        tells what is left of the search's time."""
        self._isolation = isolation
        self._seconds = seconds
        self._on_fault = on_fault
        self._broken: dict[tuple[int, str], object] = {}
        self.remaining: Callable[[], float] = lambda: float("inf")

    def broken(self, plugin: object, role: str) -> bool:
        """Whether it is left out in this role."""
        return (id(plugin), role) in self._broken

    def drop(self, plugin: object, role: str, error: BaseException | None = None) -> None:
        """Leaves it out, and names it where it is to blame for an ``error``."""
        # Kept, so that no other object gets its identity; and first, since naming it may call other plugins.
        self._broken[id(plugin), role] = plugin
        if error is not None:
            self._on_fault(plugin, role, error)

    def call(self, plugin: object, role: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``function`` of ``plugin`` returns; None where it breaks, or broke before.

        Raises:
            InfrastructureFault: the plugin met one, which is not its fault.
        """
        if self.broken(plugin, role):
            return None
        try:
            return self._ask(plugin, function, *args, **kwargs)
        except InfrastructureFault:
            raise
        except Exception as error:
            self.drop(plugin, role, error)
            return None

    def hurried(
        self, plugin: object, role: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """As :meth:`call`, but waits no longer than the search itself: a plugin that is still busy when the search's
        time is over is left out without a word, for it is merely slow.

        Raises:
            InfrastructureFault: the plugin met one.
        """
        left = max(0.05, self.remaining())
        if self.broken(plugin, role) or self._isolation is None or left >= self._deadline(plugin):
            return self.call(plugin, role, function, *args, **kwargs)
        try:
            return self._isolation.call(left, function, *args, **kwargs)
        except InfrastructureFault:
            raise
        except DeadlineMissed:
            self.drop(plugin, role)
            return None
        except Exception as error:
            self.drop(plugin, role, error)
            return None

    def _ask(self, plugin: object, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._isolation is None:
            return function(*args, **kwargs)
        return self._isolation.call(self._deadline(plugin), function, *args, **kwargs)

    def _deadline(self, plugin: object) -> float:
        return float(getattr(plugin, "deadline", self._seconds))
