"""A deterministic domain without Lean: states are names in a table of moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prover.domain import Candidate, State, StepResult, StepStatus, Verdict
from prover.errors import InfrastructureFault
from prover.problem import Budget, Problem
from prover.search import SearchConfig, SearchOutcome, search

DONE = "done"
FAIL = "fail"
TIMEOUT = "timeout"
SLOW = "slow "
"""Before a state: the action runs out of any limit of heartbeats that it is given."""

# state -> action -> (state or DONE, FAIL, TIMEOUT; cost in nats)
Table = Mapping[str, Mapping[str, tuple[str, float]]]

PROBLEM = Problem("fake", domain="fake")
FREE = Budget(None, 10_000, None)


@dataclass(frozen=True)
class FakeState:
    """``handle`` stands for the checker's own number of the state: equal states have different
    ones."""

    key: str
    handle: int = 0
    goals: int = 1
    size: int = 1

    @property
    def text(self) -> str:
        return f"state {self.key}"


@dataclass
class FakeEnvironment:
    """``poison`` are actions that make the check reject an answer; ``on_step`` is called before a
    batch."""

    table: Table
    root: str = "root"
    poison: frozenset[str] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)
    on_step: Callable[[Sequence[Candidate]], None] = lambda _: None
    stepped: list[tuple[str, str]] = field(default_factory=list)
    batches: list[list[Candidate]] = field(default_factory=list)
    verified: list[tuple[str, ...]] = field(default_factory=list)
    released: list[FakeState] = field(default_factory=list)
    handles: int = 0

    @property
    def initial_state(self) -> FakeState:
        return self._state(self.root, 0)

    def _state(self, key: str, handle: int) -> FakeState:
        return FakeState(key, handle, goals=int(key != DONE), size=self.sizes.get(key, 1))

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        assert isinstance(state, FakeState)
        if state in self.released:
            raise InfrastructureFault(f"{state} was released")
        self.on_step(candidates)
        self.batches.append(list(candidates))
        return [self._one(state, candidate) for candidate in candidates]

    def _one(self, state: FakeState, candidate: Candidate) -> StepResult:
        self.stepped.append((state.key, candidate.action))
        target, _ = self.table.get(state.key, {}).get(candidate.action, (FAIL, 0.0))
        if target == FAIL:
            return StepResult(StepStatus.FAILED, kind="tactic", message="no such move", micros=5)
        if target == TIMEOUT or (target.startswith(SLOW) and candidate.heartbeats is not None):
            return StepResult(StepStatus.TIMED_OUT, kind="timeout", micros=5)
        target = target.removeprefix(SLOW)
        self.handles += 1
        status = StepStatus.FINISHED if target == DONE else StepStatus.PROGRESS
        return StepResult(status, self._state(target, self.handles), micros=5)

    def verify(self, actions: Sequence[str]) -> Verdict:
        self.verified.append(tuple(actions))
        state = self.root
        for action in actions:
            state = self.table.get(state, {}).get(action, (FAIL, 0.0))[0].removeprefix(SLOW)
        if state != DONE:
            return Verdict(False, reasons=(("unfinished", f"the answer ends in {state}"),))
        bad = self.poison.intersection(actions)
        if bad:
            return Verdict(False, reasons=(("poison", f"the answer uses {sorted(bad)}"),))
        return Verdict(True, answer="; ".join(actions), checked_by="fake")

    def release(self, states: Sequence[State]) -> None:
        self.released.extend(state for state in states if isinstance(state, FakeState))

    def close(self) -> None:
        pass


@dataclass
class TableProposer:
    """Proposes the moves of a table at their costs, as a list or lazily (cheapest first)."""

    table: Table
    name: str = "table"
    lazy: bool = False
    asked: list[str] = field(default_factory=list)

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        self.asked.append(state.key)
        moves = self.table.get(state.key, {}).items()
        candidates = [Candidate(action, self.name, log_probability=-cost) for action, (_, cost) in moves]
        if self.lazy:
            return _lazily(candidates)
        return candidates


def _lazily(candidates: list[Candidate]) -> Iterator[Candidate]:
    yield from sorted(candidates, key=lambda c: -(c.log_probability or 0.0))


class Ticker:
    """A clock that tests move by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(
    table: Table, *, environment: FakeEnvironment | None = None, **more: Any
) -> tuple[SearchOutcome, FakeEnvironment]:
    """Searches a table one candidate at a time, so that the order of steps is that of costs."""
    environment = environment or FakeEnvironment(table)
    more.setdefault("config", SearchConfig(batch_size=1, step_cost=0.0))
    outcome = search(
        PROBLEM, environment, more.pop("proposers", [TableProposer(table)]),
        budget=more.pop("budget", FREE), **more,
    )  # fmt: skip
    outcome.graph.check_invariants()
    return outcome, environment
