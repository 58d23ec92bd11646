"""A call that misses its deadline is left behind, quietly."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from queue import SimpleQueue

import pytest

from prover.search import isolation
from prover.search.isolation import DeadlineMissed, Isolation


class Thing:
    pass


def test_a_thread_that_is_abandoned_between_two_calls_ends_without_a_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    worker = isolation._Worker()
    worker.jobs.put((lambda: None, answers := SimpleQueue()))
    assert answers.get(timeout=10) == (None, None)
    worker.abandon()
    worker.thread.join(10)
    assert not worker.thread.is_alive() and capfd.readouterr().err == ""


def test_a_call_in_a_callback_that_cannot_raise_is_left_behind_without_a_traceback(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_callback, ended = threading.Event(), threading.Event()

    def callback(reference: object) -> None:
        in_callback.set()
        try:
            while True:
                time.sleep(0.001)
        finally:
            ended.set()

    def work() -> None:
        thing = Thing()
        reference = weakref.ref(thing, callback)
        del thing
        assert reference() is None

    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    isolation._say_nothing_of_abandoned.cache_clear()
    own = Isolation()
    with pytest.raises(DeadlineMissed):
        own.call(0.2, work)
    assert in_callback.is_set() and ended.wait(10)
    own.close()
    time.sleep(0.1)
    assert said == [] and "Traceback" not in capfd.readouterr().err
    isolation._say_nothing_of_abandoned.cache_clear()
