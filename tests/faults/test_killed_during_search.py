"""Lean is killed five times during one search: same answer, same steps, no process left."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace

import psutil
import pytest

from prover.lean.toolchain import Toolchain
from prover.problem import Budget, Problem
from prover.reports import ProofReport
from prover.search import events as ev
from prover.session import Options, Session

BUDGETS = {"option_cases": Budget(seconds=600, steps=40), "false_equal": Budget(seconds=600, steps=25)}
PROBLEMS = (
    Problem("theorem option_cases (o : Option Nat) (h : o ≠ none) : ∃ n, o = some n", name="option_cases"),
    Problem("theorem false_equal (a b : Nat) : a = b", name="false_equal"),
)


class Killer:
    """Sends a signal to Lean at five states of a search, at once or while it works on the next batch."""

    def __init__(self, session: Session, number: signal.Signals) -> None:
        self._session = session
        self._number = number
        self._delays = [0.0, 0.005, 0.02, 0.04, 0.08]
        self._timers: list[threading.Timer] = []
        self.victims: list[int] = []

    def __call__(self, event: object) -> None:
        pid = self._session.server().pid
        if not isinstance(event, ev.NodeExpanded) or pid is None or not self._delays:
            return
        self.victims.append(pid)
        timer = threading.Timer(self._delays.pop(0), os.kill, (pid, self._number))
        timer.start()
        self._timers.append(timer)

    def finish(self) -> None:
        for timer in self._timers:
            timer.join()


def prove(problem: Problem, number: signal.Signals | None = None) -> tuple[ProofReport, list[int], int]:
    """The report, the Lean processes that were used, and how often Lean was lost."""
    with Session(Options(use_service=False, seed=3)) as session:
        killer = Killer(session, number) if number else None
        report = session.prove(replace(problem, budget=BUDGETS[problem.name]), [killer] if killer else [])
        server = session.server()
        pids = [pid for pid in (server.pid,) if pid is not None]
        if killer:
            killer.finish()
            pids += killer.victims
        losses = sum(server.counts.losses.values())
    return report, pids, losses


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_five_kills_change_neither_answer_nor_steps_and_leave_nobody(
    lean_toolchain: Toolchain, problem: Problem
) -> None:
    calm, _, losses = prove(problem)
    assert losses == 0
    harmed, pids, losses = prove(problem, signal.SIGKILL)
    assert losses == 5
    assert (harmed.status, harmed.proof, harmed.steps, harmed.states, harmed.reason) == (
        calm.status,
        calm.proof,
        calm.steps,
        calm.states,
        calm.reason,
    )
    assert not [pid for pid in pids if psutil.pid_exists(pid)], "ended and reaped"
