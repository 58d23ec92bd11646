"""What the resident service does with a Lean process between two loans."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from prover.lean import protocol as p
from prover.lean.connection import new_id
from prover.lean.process import LeanProcess, ProcessLost

SYNC_SECONDS = 15.0
"""A process given back must have finished what it was doing by then, or it is replaced."""

STATES_KEPT = 20_000
"""A process that still holds so many states of past borrowers is replaced."""

_WARM_IMPORTS = ("Init",)
_WARM_STATEMENT = "theorem warm_up (a b : Nat) (h : a ≤ b) : a + 0 ≤ b"
_WARM_TACTICS = ("simp", "omega", "grind", "exact?")


def _ask(process: LeanProcess, request: p.Request, seconds: float) -> p.Answer:
    """Sends a request and skips whatever comes before its answer."""
    deadline = time.monotonic() + seconds
    # The newline ends a request that a borrower may have left half written.
    process.send(b"\n" + p.encode(request), deadline)
    while True:
        line = process.receive(deadline)
        with contextlib.suppress(p.ProtocolError):
            answer = p.decode(line)
            if answer.id == request.id:
                process.settle()
                return answer


def load_library(process: LeanProcess) -> int | None:
    """Opens the usual imports, which stay; Lean's id of the environment, if it could be opened.

    Raises:
        ProcessLost: the process did not survive it.
    """
    opened = _ask(process, p.OpenEnvironment(id=new_id(), imports=list(_WARM_IMPORTS)), 120).ok
    return opened.environment if isinstance(opened, p.EnvironmentOk) else None


def warm(process: LeanProcess, stop: Callable[[], bool]) -> bool:
    """Runs the common tactics once, for the first use is the slow one; says whether it got through
    before ``stop`` said so.

    Raises:
        ProcessLost: the process did not survive it.
    """
    environment = load_library(process)
    if environment is None:
        return False
    question = p.OpenGoal(id=new_id(), environment=environment, statement=_WARM_STATEMENT)
    goal = _ask(process, question, 120).ok
    if not isinstance(goal, p.GoalOk):
        return False
    states, done = [goal.state.id], 0
    for text in _WARM_TACTICS:
        if stop():
            break
        request = p.Step(id=new_id(), state=goal.state.id, tactics=[p.TacticCall(text)])
        stepped = _ask(process, request, 120).ok
        if isinstance(stepped, p.StepOk):
            states += [result.state.id for result in stepped.results if result.state is not None]
        done += 1
    _ask(process, p.Release(id=new_id(), states=states), 60)
    return done == len(_WARM_TACTICS)


def resynchronise(process: LeanProcess) -> bool:
    """Whether a process given back answers in time and holds little of its borrower's."""
    try:
        answer = _ask(process, p.Statistics(id=new_id()), SYNC_SECONDS).ok
    except ProcessLost:
        return False
    return isinstance(answer, p.StatisticsOk) and answer.states < STATES_KEPT
