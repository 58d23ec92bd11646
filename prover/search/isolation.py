"""Calls plugins' code so that one that hangs cannot take the search with it.

Python cannot interrupt code from outside, so the code of plugins runs in a thread of its own and the search
waits for an answer no longer than a deadline. A call that misses it is left behind: its thread is told to end
(at its next bytecode) and never used again. Code that holds the interpreter's lock for good, as one huge
multiplication does, cannot be left behind in this way; such work belongs into a process of the plugin's own.
"""

from __future__ import annotations

import contextvars
import ctypes
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple[Callable[[], Any], SimpleQueue[tuple[Any, BaseException | None]]]


class DeadlineMissed(Exception):
    """A plugin did not answer in time."""


class _Worker:
    """One thread that runs jobs one after the other until told to end."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        context = contextvars.copy_context()
        self.thread = threading.Thread(target=context.run, args=(self._run,), name="plugins", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while (job := self.jobs.get()) is not None:
            work, answers = job
            try:
                answers.put((work(), None))
            except BaseException as error:
                answers.put((None, error))

    def abandon(self) -> None:
        """Asks the thread to end wherever it is; it may take as long as it likes."""
        self.jobs.put(None)
        if self.thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread.ident), ctypes.py_object(SystemExit))


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
