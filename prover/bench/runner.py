"""Runs problems on one or more provers and hands over each result as soon as it is there.

One thread a job, each with a prover (so a Lean process) of its own; the caller's thread does
nothing but wait, so that Ctrl-C is seen at once. On an interruption the provers are closed, which
kills their Lean processes, and the problems they were working on are not reported.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Protocol

from prover.errors import InfrastructureFault
from prover.problem import Problem
from prover.reports import ProofReport


class Prover(Protocol):
    """What the runner needs of a prover; ``prover.session.Session`` is one."""

    def prove(self, problem: Problem) -> ProofReport:
        """Works on one problem; never raises for a problem's own faults."""

    def close(self) -> None:
        """Ends its processes; may be called from another thread, and more than once."""


Report = tuple[Problem, ProofReport]


def run(
    problems: Sequence[Problem],
    make_prover: Callable[[], Prover],
    *,
    jobs: int = 1,
    on_start: Callable[[Problem], None] | None = None,
) -> Generator[Report, None, None]:
    """Yields (problem, report) in the order in which they finish.

    A failure of the machinery while a problem runs (also while its prover starts) is a report
    with status ``infrastructure``; the worker then goes on with a fresh prover.
    """
    waiting: queue.SimpleQueue[Problem] = queue.SimpleQueue()
    for problem in problems:
        waiting.put(problem)
    done: queue.Queue[Report | BaseException] = queue.Queue()
    stop = threading.Event()
    provers: list[Prover] = []
    threads = [
        threading.Thread(
            target=_work,
            args=(waiting, done, stop, make_prover, provers, on_start),
            name=f"bench-{number}",
            daemon=True,
        )
        for number in range(max(1, min(jobs, len(problems))))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in problems:
            item = _next(done)
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        for prover in list(provers):
            prover.close()
        for thread in threads:
            thread.join(timeout=5)


def _next(done: queue.Queue[Report | BaseException]) -> Report | BaseException:
    # A wait without a timeout cannot be interrupted by Ctrl-C on every platform.
    while True:
        try:
            return done.get(timeout=0.5)
        except queue.Empty:
            continue


def _work(
    waiting: queue.SimpleQueue[Problem],
    done: queue.Queue[Report | BaseException],
    stop: threading.Event,
    make_prover: Callable[[], Prover],
    provers: list[Prover],
    on_start: Callable[[Problem], None] | None,
) -> None:
    prover: Prover | None = None
    while not stop.is_set():
        try:
            problem = waiting.get_nowait()
        except queue.Empty:
            break
        if on_start is not None:
            on_start(problem)
        try:
            if prover is None:
                prover = make_prover()
                provers.append(prover)
            report = prover.prove(problem)
        except InfrastructureFault as error:
            report = ProofReport(
                status="infrastructure",
                name=problem.name,
                statement=problem.statement,
                reason="infrastructure",
                message=str(error),
            )
        except Exception as error:  # a defect of ours: hand it to the caller's thread with its traceback
            done.put(error)
            return
        if report.status == "infrastructure" and prover is not None:
            provers.remove(prover)
            prover.close()
            prover = None
        if stop.is_set():
            return
        done.put((problem, report))
