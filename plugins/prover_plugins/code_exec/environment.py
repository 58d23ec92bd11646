"""The domain ``code``: states are programs with their failing visible tests, a step runs them in the sandbox."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prover.closing import Closing
from prover.domain import Candidate, State, StepResult, StepStatus, Verdict
from prover.errors import BadInput
from prover.problem import Budget, Problem
from prover_plugins.code_exec import actions
from prover_plugins.code_exec.sandbox.client import Limits, Sandbox, TestResult
from prover_plugins.code_exec.sandbox.dialogue import talk
from prover_plugins.code_exec.tasks import Task, read_tasks, task_of

DOMAIN = "code"
SEARCH_LIMITS = Limits(call=1.0, total=4.0)
VERIFY_LIMITS = Limits(call=5.0, total=30.0)
_FATAL = ("syntax", "forbidden")


@dataclass(frozen=True, slots=True)
class CodeState:
    """A program and what the visible tests said of it. ``code`` is empty where nothing was written yet.

    It knows the visible part of its task only, so that whoever proposes from it cannot see hidden tests.
    """

    task: Task
    code: str
    results: tuple[TestResult, ...]

    @property
    def key(self) -> str:
        """The same for programs that differ in layout and comments only."""
        return hashlib.sha256(actions.normal_form(self.code).encode("utf-8", "replace")).hexdigest()

    @property
    def goals(self) -> int:
        """How many visible tests fail."""
        return sum(not result.ok for result in self.results)

    @property
    def size(self) -> int:
        """How many visible tests fail."""
        return self.goals

    @property
    def text(self) -> str:
        """The code, or the prompt where there is none, with numbered lines where it has some; and what fails."""
        lines = [self.code or self.task.prompt]
        failing = [
            (source, result) for source, result in zip(self.task.visible_sources, self.results, strict=True)
            if not result.ok
        ]  # fmt: skip
        if failing:
            lines.append(f"# failing tests: {len(failing)} of {len(self.results)}")
        for source, result in failing:
            lines += [f"#   {line}" for line in source.splitlines()]
            if self.code:
                lines.append(f"#     {result.kind}: {result.message}")
        return "\n".join(lines)

    @property
    def share(self) -> float:
        """The share of visible tests that pass, from 0 to 1."""
        return 1 - self.goals / len(self.results)


class CodeEnvironment(Closing):
    """One task with a sandbox of its own for the search."""

    def __init__(self, task: Task, *, allow_weak: bool = False, verify_limits: Limits = VERIFY_LIMITS) -> None:
        self._task = task
        self._allow_weak = allow_weak
        self._verify_limits = verify_limits
        self._sandbox = Sandbox(SEARCH_LIMITS, allow_weak=allow_weak)
        self._known: dict[str, tuple[TestResult, ...]] = {}
        # What proposers get to see: no hidden tests, no reference solution.
        self._public = replace(task, hidden=(), solution="", dialogues=task.dialogues[: task.shown], setup="")
        code = task.start
        unwritten = TestResult(False, "unwritten", "nothing is written yet")
        results = self._visible(code) if code else (unwritten,) * len(self._public.visible_sources)
        self._initial = CodeState(self._public, code, results)

    @property
    def initial_state(self) -> CodeState:
        """The code that the problem gives, or none."""
        return self._initial

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Runs the visible tests on the program after each action; one result each."""
        assert isinstance(state, CodeState), "a state of another domain"
        return [self._tried(state, candidate) for candidate in candidates]

    def _tried(self, state: CodeState, candidate: Candidate) -> StepResult:
        started = time.perf_counter()
        try:
            code = actions.apply(self._task, state.code, candidate.action)
            compile(code, "solution.py", "exec", dont_inherit=True)
        except actions.NoAction as error:
            return StepResult(StepStatus.FAILED, kind="parse", message=str(error))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return StepResult(StepStatus.FAILED, kind="syntax", message=str(error))
        limits = SEARCH_LIMITS
        if candidate.wall_ms is not None:
            limits = replace(limits, total=max(0.05, min(limits.total, candidate.wall_ms / 1000)))
        results = self._visible(code, limits)
        micros = round((time.perf_counter() - started) * 1e6)
        return _step_result(CodeState(self._public, code, results), micros)

    def _visible(self, code: str, limits: Limits = SEARCH_LIMITS) -> tuple[TestResult, ...]:
        form = actions.normal_form(code)
        if form in self._known:
            return self._known[form]
        results = _run(self._sandbox, self._task, code, limits, hidden=False)
        if limits == SEARCH_LIMITS:
            self._known[form] = results
        return results

    def verify(self, actions_taken: Sequence[str]) -> Verdict:
        """Replays the actions on the problem's own code and runs all tests, hidden ones too, in a new sandbox."""
        code = self._task.start
        try:
            for action in actions_taken:
                code = actions.apply(self._task, code, action)
        except actions.NoAction as error:
            return Verdict(False, code, code, checked_by="", reasons=(("no_action", str(error)),))
        return check_solution(self._task, code, limits=self._verify_limits, allow_weak=self._allow_weak)

    def release(self, states: Sequence[State]) -> None:
        """Nothing is held for a state."""

    def close(self) -> None:
        """Ends the sandbox."""
        self._sandbox.close()


class CodeDomain:
    """Opens problems made by :func:`problem_of`."""

    name = DOMAIN

    def open(self, problem: Problem) -> CodeEnvironment:
        """Finds the task in the file that ``problem.metadata["source"]`` names; or the statement is its JSON.

        Raises:
            BadInput: there is no such file or task.
        """
        if problem.statement.lstrip().startswith("{"):
            try:
                record = json.loads(problem.statement)
            except ValueError as error:
                raise BadInput(f"the problem is no JSON: {error}") from error
            return CodeEnvironment(task_of(record))
        source, wanted = problem.metadata.get("source", ""), problem.metadata.get("task_id", problem.name)
        if not source:
            raise BadInput("a code problem names its JSONL file as metadata 'source'; see `prove code --help`")
        for task in read_tasks(Path(source)):
            if task.task_id == wanted:
                return CodeEnvironment(task)
        raise BadInput(f"{source} has no problem {wanted!r}")


def problem_of(task: Task, source: Path | None = None, budget: Budget | None = None) -> Problem:
    """The problem that proposers see: the prompt. The tests stay in the file ``source``."""
    metadata = {"task_id": task.task_id, **({} if source is None else {"source": str(source)})}
    return Problem(
        statement=task.prompt, name=task.task_id, domain=DOMAIN, budget=budget or Budget(), metadata=metadata
    )


def check_solution(task: Task, code: str, *, limits: Limits = VERIFY_LIMITS, allow_weak: bool = False) -> Verdict:
    """Runs all tests of ``task``, hidden ones too, on ``code`` in a sandbox of its own.

    The reasons of a rejection name error classes, never what a hidden test asks or expects.

    Raises:
        InfrastructureFault: the sandbox does not work, or the tests' own preparation fails.
    """
    with Sandbox(limits, allow_weak=allow_weak) as sandbox:
        results = _run(sandbox, task, code, limits, hidden=True)
    visible = len(task.visible_sources)
    failed = [
        (result.kind, f"{'visible' if index < visible else 'hidden'} test {index + 1} of {len(results)}: {result.kind}")
        for index, result in enumerate(results)
        if not result.ok
    ]
    accepted = bool(results) and not failed
    details = {"passed": len(results) - len(failed), "tests": len(results), "visible": visible}
    by = f"{len(results)} tests in a fresh sandbox" if accepted else ""
    return Verdict(accepted, answer=code, source=code, checked_by=by, reasons=tuple(failed), details=details)


def _run(sandbox: Sandbox, task: Task, code: str, limits: Limits, *, hidden: bool) -> tuple[TestResult, ...]:
    if task.kind == "interactive":
        talks = task.dialogues if hidden else task.dialogues[: task.shown]
        return tuple(talk(sandbox, code, dialogue, limits) for dialogue in talks)
    return tuple(sandbox.run(code, task.tests(hidden=hidden), limits))


def _step_result(state: CodeState, micros: int) -> StepResult:
    failing = [result for result in state.results if not result.ok]
    if not failing:
        return StepResult(StepStatus.FINISHED, state, micros=micros)
    kinds = [result.kind for result in failing]
    first = failing[0]
    for fatal in _FATAL:
        if fatal in kinds:
            return StepResult(StepStatus.FAILED, kind=fatal, message=first.message, micros=micros)
    if "timeout" in kinds:
        return StepResult(StepStatus.TIMED_OUT, kind="timeout", message=first.message, micros=micros)
    return StepResult(StepStatus.PROGRESS, state, first.kind, first.message, micros)
