"""The domain: problems, states, steps and the final check."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from prover.closing import Closing
from prover.domain import Candidate, State, StepResult, StepStatus, Verdict
from prover.errors import InfrastructureFault
from prover.problem import Problem
from prover_plugins.math.process import Limited, MathProcess
from prover_plugins.math.tasks import Task, read_task
from prover_plugins.math.text import show

STEP_SECONDS = 6.0
CHECK_SECONDS = 30.0
_SEED = 20_241


@dataclass(frozen=True, slots=True)
class MathState:
    """A state: relations or an expression that are equivalent to the problem, or its answer.

    ``phase`` is ``task`` (as asked), ``relations``, ``value`` or ``answer``. ``text`` is in the notation of the
    problem.
    """

    task: Task
    phase: str
    text: str

    @property
    def key(self) -> str:
        """Fingerprint of phase and text."""
        return hashlib.sha256(f"{self.phase}:{self.text}".encode()).hexdigest()[:16]

    @property
    def goals(self) -> int:
        """1 until there is an answer."""
        return int(self.phase != "answer")

    @property
    def size(self) -> int:
        """Length of the text without spaces."""
        return len(self.text.replace(" ", ""))


class MathDomain:
    """Opens math problems. One child process serves all problems opened with the same domain."""

    name = "math"

    def __init__(self, process: MathProcess | None = None) -> None:
        """``process`` is shared and not closed; without one each environment has its own."""
        self._process = process

    def open(self, problem: Problem) -> MathEnvironment:
        """Opens ``problem``.

        Raises:
            BadInput: the statement is none of the known forms, or is refused; one clear line.
        """
        return MathEnvironment(problem, self._process)


class MathEnvironment(Closing):
    """One opened problem."""

    def __init__(self, problem: Problem, process: MathProcess | None = None) -> None:
        self.problem = problem
        self.task = read_task(problem.statement)
        self._process = process or MathProcess()
        self._shared = process is not None
        self._initial = initial_state(self.task, problem.statement)

    @property
    def initial_state(self) -> MathState:
        """The problem itself."""
        return self._initial

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Tries each move; a step that is not shown to be equivalent fails.

        Raises:
            InfrastructureFault: the child process cannot be used.
        """
        if not isinstance(state, MathState):
            raise InfrastructureFault(f"not a state of the math domain: {state!r}")
        return [self._step(state, candidate) for candidate in candidates]

    def _step(self, state: MathState, candidate: Candidate) -> StepResult:
        if state.phase == "answer":
            return StepResult(StepStatus.FAILED, kind="tactic", message="the answer is given already")
        request = {
            "op": "step", "problem": self.problem.statement, "phase": state.phase, "text": state.text,
            "action": candidate.action, "seed": _SEED,
        }  # fmt: skip
        seconds = min(STEP_SECONDS, (candidate.wall_ms or 1e9) / 1000)
        try:
            reply = self._process.ask(request, seconds)
        except Limited as limit:
            return StepResult(StepStatus.TIMED_OUT, kind="timeout", message=str(limit), micros=int(seconds * 1e6))
        micros = int(reply.get("micros", 0))
        if not reply["ok"]:
            status = StepStatus.TIMED_OUT if reply["kind"] == "limit" else StepStatus.FAILED
            return StepResult(status, kind=reply["kind"], message=reply["message"], micros=micros)
        made = MathState(self.task, reply["phase"], reply["text"])
        status = StepStatus.FINISHED if made.phase == "answer" else StepStatus.PROGRESS
        return StepResult(status, made, micros=micros)

    def verify(self, actions: Sequence[str]) -> Verdict:
        """Checks the answer that ``actions`` end with against the problem, whatever led to it."""
        word, _, answer = actions[-1].strip().partition(" ") if actions else ("", "", "")
        if word != "answer":
            return Verdict(False, reasons=(("no-answer", "the steps do not end with an answer"),))
        return self.check(answer, actions)

    def check(self, answer: str, actions: Sequence[str] = ()) -> Verdict:
        """Checks an answer given by anybody.

        Raises:
            InfrastructureFault: the child process cannot be used.
        """
        source = "\n".join([self.problem.statement, *actions]) if actions else self.problem.statement
        try:
            reply = self._process.ask(
                {"op": "verify", "problem": self.problem.statement, "answer": answer, "seed": _SEED + 1}, CHECK_SECONDS
            )
        except Limited as limit:
            return Verdict(False, answer, source, reasons=(("limit", f"the check was ended: {limit}"),))
        if not reply["ok"]:
            return Verdict(False, answer, source, reasons=((reply["kind"], reply["message"]),))
        return Verdict(True, answer, source, checked_by=reply["how"])

    def release(self, states: Sequence[State]) -> None:
        """Nothing is held for states."""

    def close(self) -> None:
        """Ends the child process if it is this environment's own. May be called twice."""
        if not self._shared:
            self._process.close()


def initial_state(task: Task, statement: str) -> MathState:
    """The state that a task opens with."""
    if task.kind == "solve":
        return MathState(task, "relations", " and ".join(map(str, task.relations)))
    if task.kind in ("simplify", "expand", "factor"):
        return MathState(task, "value", show(task.body))
    return MathState(task, "task", " ".join(statement.split()))
