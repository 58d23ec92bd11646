"""Lean as a domain: opens a theorem, steps through its states, checks whole proofs from scratch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from prover.closing import Closing
from prover.domain import Candidate, Refutation, State, StepResult, StepStatus, Verdict
from prover.errors import BadInput
from prover.lean.barred import Barred
from prover.lean.goals import LeanState
from prover.lean.index import prepare
from prover.lean.library import Library
from prover.lean.protocol import GoalOk, StateView, TacticCall, TacticResult
from prover.lean.refute import is_false
from prover.lean.script import ScriptStep, indented, renderings
from prover.lean.server import LeanServer
from prover.lean.verify import check_proof, gap_after
from prover.problem import Problem

DEFAULT_IMPORTS = ("Init",)

STEP_HEARTBEATS = 200_000
"""Thousands of heartbeats for a step: Lean's own default, so that what works in the search can work
in a file."""

STEP_WALL_MS = 10_000

CRASHES_TOLERATED = 2
"""An action that Lean was lost over in so many states of a problem is not tried in others: each
loss costs a restart, and what kills Lean in one goal tends to do so in its neighbours."""

_LIMIT_KINDS = frozenset({"timeout", "recursion", "crashed"})

_NOT_TRIED = StepResult(StepStatus.TIMED_OUT, kind="crashed", message="not tried: Lean was lost over it before")


class LeanDomain:
    """Opens Lean problems on a server (or on the one that a function gives when first needed)."""

    name = "lean"

    def __init__(self, server: LeanServer | Callable[[], LeanServer], *, label: str = "") -> None:
        self._server = server
        self._label = label

    def open(self, problem: Problem) -> LeanEnvironment:
        """Opens the goal of ``problem``.

        Raises:
            BadInput: the header or the statement does not elaborate, an import is unknown, the name
                is taken; with Lean's message and position.
            InfrastructureFault: Lean is missing or fails.
        """
        if callable(self._server):
            self._server = self._server()
        return LeanEnvironment(self._server, problem, label=self._label)


class Steps:
    """Tactics on states of one server; remembers what each did to the number of goals."""

    def __init__(
        self,
        server: LeanServer,
        initial: StateView,
        library: Callable[[], Library] | None = None,
    ) -> None:
        self._server = server
        self._library = library
        self.initial = LeanState(initial, server.describe, library, server)
        self._counts: dict[tuple[str, str], tuple[int, str]] = {}
        self._crashes: Counter[str] = Counter()

    def step(self, state: LeanState, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Tries the candidates on a state, in one batch."""
        wanted = [self._crashes[c.action] < CRASHES_TOLERATED for c in candidates]
        calls = [
            TacticCall(candidate.action, candidate.heartbeats or 0, candidate.wall_ms or 0)
            for candidate, want in zip(candidates, wanted, strict=True)
            if want
        ]
        tried = iter(self._server.step(state.id, calls, STEP_HEARTBEATS, STEP_WALL_MS))
        return [
            self._outcome(state, candidate.action, next(tried)) if want else _NOT_TRIED
            for candidate, want in zip(candidates, wanted, strict=True)
        ]

    def _outcome(self, state: LeanState, action: str, result: TacticResult) -> StepResult:
        if result.state is None:
            if result.kind == "crashed":
                self._crashes[action] += 1
            limit = result.kind in _LIMIT_KINDS
            status = StepStatus.TIMED_OUT if limit else StepStatus.FAILED
            return StepResult(status, None, result.kind, result.message, result.us)
        after = LeanState(result.state, self._server.describe, self._library, self._server)
        self._counts[state.key, action] = (after.goals, after.key)
        status = StepStatus.PROGRESS if after.goals else StepStatus.FINISHED
        return StepResult(status, after, micros=result.us)

    def layout(self, actions: Sequence[str]) -> list[ScriptStep]:
        """The actions with goals before and after each, for the layout of the script only: Lean
        judges the script by itself. Steps not seen before are run; one that fails now counts as
        one that leaves the number of goals as it is."""
        steps = []
        goals, key = self.initial.goals, self.initial.key
        live: StateView | None = self.initial.view
        opened: list[int] = []
        for position, action in enumerate(actions):
            known = self._counts.get((key, action))
            if known is None:
                live = live or self._walk(actions[:position], opened)
                (result,) = self._server.step(live.id, [TacticCall(action)], STEP_HEARTBEATS, STEP_WALL_MS)
                if result.state is not None:
                    opened.append(result.state.id)
                    known = (result.state.goals, result.state.key)
                live = result.state or live
            else:
                live = None
            after, key = known if known is not None else (goals, key)
            steps.append(ScriptStep(action, goals, after))
            goals = after
        self._server.release(opened)
        return steps

    def _walk(self, actions: Iterable[str], opened: list[int]) -> StateView:
        """The state that the actions lead to, run again from the start."""
        view = self.initial.view
        for action in actions:
            (result,) = self._server.step(view.id, [TacticCall(action)], STEP_HEARTBEATS, STEP_WALL_MS)
            if result.state is not None:
                view = result.state
                opened.append(view.id)
        return view


class Opened(Closing):
    """What the goal of a theorem and that of a sorry have in common, opened on a server."""

    imports: tuple[str, ...]
    _server: LeanServer
    _environment: int
    _steps: Steps

    @property
    def initial_state(self) -> LeanState:
        """The goal that the problem opens with."""
        return self._steps.initial

    @property
    def server(self) -> LeanServer:
        """The server that this problem is open on."""
        return self._server

    @property
    def environment(self) -> int:
        """The server's id of the environment (imports, and the header if there is one)."""
        return self._environment

    def prepare(self) -> None:
        """Lists the library where that was never done for these imports; tens of seconds, once."""
        prepare(self._server, self._environment, self.imports)

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Tries each candidate on the first goal of ``state``.

        A tactic that could not be tried because Lean was lost over it is ``TIMED_OUT`` with kind
        ``crashed``: it says nothing about the theorem.

        Raises:
            InfrastructureFault: Lean cannot be started again.
        """
        return self._steps.step(cast(LeanState, state), candidates)

    def release(self, states: Sequence[State]) -> None:
        """Frees states in Lean. The initial state stays, for ``verify`` may need it."""
        initial = self.initial_state.id
        self._server.release(state.id for state in cast(Sequence[LeanState], states) if state.id != initial)


class LeanEnvironment(Opened):
    """One opened theorem (implements ``prover.domain.Environment``). Not thread-safe."""

    def __init__(self, server: LeanServer, problem: Problem, *, label: str = "") -> None:
        self._server = server
        self._label = label
        self.problem = problem
        self.imports = problem.imports or DEFAULT_IMPORTS
        opened = server.open_environment(self.imports, problem.header)
        self._environment = opened.environment
        self.definitions = tuple(opened.definitions)
        try:
            goal = self._open_goal()
        except BaseException:
            server.release(environments=[self._environment])
            raise
        self.theorem = goal.name
        self._library: Library | None = None
        self._steps = Steps(server, goal.state, self.library)
        self._closed = False

    def _open_goal(self) -> GoalOk:
        statement = self.problem.statement
        if not statement.strip():
            raise BadInput("there is no statement", kind="parse")
        return self._server.open_goal(self._environment, statement.rstrip() + gap_after(statement))

    def library(self) -> Library:
        """The theorems in scope; listed by Lean once for these imports, then from the cache."""
        if self._library is None:
            barred = Barred.of(self.problem.metadata)
            self._library = Library.of(self._server, self._environment, self.imports, self.problem.header, barred)
        return self._library

    def verify(self, actions: Sequence[str]) -> Verdict:
        """Has Lean check the whole proof from scratch, in a fresh environment, at default limits.

        Nothing that the search found out is trusted: what it knows of the goals only chooses the
        layout. If Lean rejects the structured script, the flat ones are tried.

        Raises:
            InfrastructureFault: Lean could not carry the check out.
        """
        verdict = Verdict(False, reasons=(("empty", "there are no tactics"),))
        if not actions:
            return verdict
        for script in renderings(self._steps.layout(actions)):
            verdict = self._check("by\n" + indented(script, "  "))
            if verdict.accepted:
                break
        return verdict

    def _check(self, proof: str) -> Verdict:
        return check_proof(
            self._server,
            imports=self.imports,
            header=self.problem.header,
            statement=self.problem.statement,
            name=self.theorem,
            proof=proof,
            label=self._label,
        )

    def refute(self, actions: Sequence[str], refutation: Refutation) -> bool:
        """Whether Lean proves, from scratch, that the theorem is false by the values of ``refutation``.

        ``actions`` lead to the state that the values were found for; only values of variables that the
        theorem itself names can refute it.
        """
        return is_false(self._server, self.problem, self.imports, self.theorem, refutation)

    def close(self) -> None:
        """Frees the initial state and the environment. May be called twice."""
        if not self._closed:
            self._closed = True
            self._server.release([self.initial_state.id], [self._environment])
