"""What a domain is: an environment opens a problem, steps through immutable states and verifies.

Every domain (Lean, code execution, math) implements :class:`Environment`; the orchestrator knows nothing
else. Errors: bad input raises :class:`prover.errors.BadInput`; a fault of the checker raises
:class:`prover.errors.InfrastructureFault` and is never turned into a :class:`StepResult`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class State(Protocol):
    """An immutable state of a problem.

    ``key`` is a canonical fingerprint: states that ask the same have equal keys, so the search merges
    them. ``text`` is what a person or a model reads (for Lean exactly LeanDojo's ``state_before``).
    ``goals`` counts what is left to do; a state with ``goals == 0`` is finished. ``size`` is a cheap
    measure of how much is left (for Lean: the number of symbols in all goals).
    """

    @property
    def key(self) -> str:
        """Canonical fingerprint."""

    @property
    def text(self) -> str:
        """What is left to do, for a person or a model."""

    @property
    def goals(self) -> int:
        """How many goals are left."""

    @property
    def size(self) -> int:
        """Number of symbols in all goals."""


class StepStatus(StrEnum):
    """How one action ended. ``TIMED_OUT`` covers heartbeats, wall time and recursion limits."""

    PROGRESS = "progress"
    FINISHED = "finished"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action that a proposer suggests for a state.

    Either ``log_probability`` (natural logarithm, a real one) or ``score`` (any preference in (0, 1],
    1 is best) is set; ``prover.search.scoring`` is the only place that compares the two. ``heartbeats``
    (in thousands, Lean's unit) and ``wall_ms`` override the environment's limits for this action.
    """

    action: str
    proposer: str
    log_probability: float | None = None
    score: float | None = None
    heartbeats: int | None = None
    wall_ms: int | None = None

    @property
    def surprise(self) -> float:
        """How unlikely the proposer thinks it, in nats, at least 0; infinite where it says nothing or probability 0."""
        if self.log_probability is not None:
            return max(0.0, -self.log_probability)
        return max(0.0, -math.log(self.score)) if self.score else math.inf


POSTPONED = "postponed"
"""The kind of a step that ran out of a first try's heartbeats: it is tried again later, with all that it may take."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What the checker said about one action on one state.

    ``state`` is the new state for ``PROGRESS`` and ``FINISHED``, else None. ``kind`` types a failure
    (``parse``, ``elaboration``, ``tactic``, ``timeout``, ``recursion``, ``forbidden``, ``postponed``);
    ``message`` is the checker's own. ``micros`` is the checker's own time in microseconds.
    """

    status: StepStatus
    state: State | None = None
    kind: str = ""
    message: str = ""
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """One step as reward signals see it: what was tried where, and what the checker said.

    ``root`` is the state that the problem opened with, for measures relative to it.
    """

    root: State
    before: State
    candidate: Candidate
    result: StepResult


@dataclass(frozen=True, slots=True)
class Refutation:
    """Why a state is false: values of its variables for which all hypotheses hold and the goal does not.

    ``values`` are (variable, value) pairs in the order of the context, values as the domain writes them.
    """

    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.values)


@dataclass(frozen=True, slots=True)
class Insight:
    """What a reasoning module found about a state.

    ``facts`` are sentences or statements that an informed proposer (a language model) may read,
    ``candidates`` join those of the proposers, ``features`` are numbers for observers and learned weights,
    ``refutation`` says that the state is false: the search leaves it, and where it is the first state
    it ends. ``least_cost`` (nats) says that none of the ``candidates`` is cheaper, for a module that knows more of this
    state than its own ``least_cost`` says of all.
    """

    facts: Sequence[str] = ()
    candidates: Iterable[Candidate] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    refutation: Refutation | None = None
    least_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of an independent check of a whole answer.

    ``accepted`` is the only thing that may be called proved. ``reasons`` are (code, sentence) pairs of
    a rejection. ``answer`` is what was checked, in the form a person can use (for Lean: the proof after
    ``:=``); ``source`` the complete text that was checked.
    """

    accepted: bool
    answer: str = ""
    source: str = ""
    axioms: tuple[str, ...] = ()
    checked_by: str = ""
    reasons: tuple[tuple[str, str], ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


class Environment(Protocol):
    """One opened problem. Not thread-safe; close it when done (it is a context manager)."""

    @property
    def initial_state(self) -> State:
        """The state that the problem opens with."""

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Tries each candidate on ``state``; results in order, one per candidate."""

    def verify(self, actions: Sequence[str]) -> Verdict:
        """Checks the whole answer made of ``actions`` from scratch, independent of the search."""

    def release(self, states: Sequence[State]) -> None:
        """Says that these states will not be used again."""

    def close(self) -> None:
        """Frees what the problem holds; may be called twice."""
