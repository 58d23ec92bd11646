"""Lean is killed five times during one search: same answer, same steps, no process left."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import replace

import psutil
import pytest

from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.problem import Budget, Problem
from prover.reports import ProofReport
from prover.session import Options, Session

BUDGET = Budget(seconds=600, steps=25)
KILLS = 5
PROBLEMS = (
    Problem("theorem swap (o : Option Nat) (h : o ≠ none) : ∃ n, o = some n", name="swap"),
    Problem("theorem open_end (p q : Nat → Prop) (h : ∀ n, p n → q n) (k : q 3) : p 3", name="open_end"),
)


class Killer:
    """A thread that kills each new Lean process as soon as it was asked something, ``KILLS`` times."""

    def __init__(self, server: LeanServer) -> None:
        self.victims: list[int] = []
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        asked = 0
        while len(self.victims) < KILLS and not self._over.wait(0.003):
            pid, requests = self._server.pid, self._server.counts.requests
            if pid is not None and pid not in self.victims and requests > asked:
                self.victims.append(pid)
                os.kill(pid, signal.SIGKILL)
                asked = requests + 1


def prove(problem: Problem, kill: bool) -> tuple[ProofReport, list[int], int]:
    """The report, the Lean processes that were used, and how often Lean was lost."""
    with Session(Options(use_service=False, seed=3)) as session:
        server = session.server()
        server.hello()
        with Killer(server) if kill else contextlib.nullcontext() as killer:
            report = session.prove(replace(problem, budget=BUDGET))
        pids = [*(killer.victims if killer else ()), *filter(None, [server.pid])]
        losses = sum(server.counts.losses.values())
    return report, pids, losses


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_five_kills_change_neither_answer_nor_steps_and_leave_nobody(
    lean_toolchain: Toolchain, problem: Problem
) -> None:
    calm, _, losses = prove(problem, kill=False)
    assert losses == 0
    harmed, pids, losses = prove(problem, kill=True)
    assert losses == len(pids) - 1 == KILLS
    assert (harmed.status, harmed.proof, harmed.steps, harmed.states, harmed.reason) == (
        calm.status,
        calm.proof,
        calm.steps,
        calm.states,
        calm.reason,
    )
    assert not [pid for pid in pids if psutil.pid_exists(pid)], "ended and reaped"
