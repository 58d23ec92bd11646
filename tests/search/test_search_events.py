"""Observers hear every event in order; one that breaks is named once and dropped."""

from __future__ import annotations

import logging

import pytest

from prover.search.events import EventStream, PluginFault, SearchFinished

EVENT = SearchFinished("not_proved", "time", 1, 2, 3.0)


def test_nobody_listens_is_false() -> None:
    assert not EventStream()
    assert EventStream([print])


def test_a_broken_observer_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[object] = []

    def broken(event: object) -> None:
        raise RuntimeError("disk\nfull")

    stream = EventStream([broken, heard.append])
    with caplog.at_level(logging.WARNING):
        stream.emit(EVENT)
        stream.emit(EVENT)
    assert len(caplog.records) == 1
    line = caplog.records[0].getMessage()
    assert "broken" in line and "RuntimeError: disk full" in line and "\n" not in line
    assert [type(event) for event in heard] == [PluginFault, SearchFinished, SearchFinished]


def test_observers_that_break_each_other_are_all_dropped() -> None:
    class Broken:
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, event: object) -> None:
            raise KeyError(self.name)

    stream = EventStream([Broken("a"), Broken("b"), Broken("c")])
    stream.emit(EVENT)
    assert not stream


def test_an_interruption_is_not_a_fault_of_the_observer() -> None:
    def interrupted(event: object) -> None:
        raise KeyboardInterrupt

    stream = EventStream([interrupted])
    with pytest.raises(KeyboardInterrupt):
        stream.emit(EVENT)
    assert stream
