"""The event stream that every observer of a search reads (progress bar, trace log, report).

An observer is called with each event in order, never two at a time. One that raises or does not return in
time is named once, in a log line and as a :class:`PluginFault`, and is not called again; the search goes
on. Events are immutable; nodes are named by their number in the search graph (0 is the root).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prover.domain import Candidate, Refutation, State, StepResult, Verdict
from prover.errors import InfrastructureFault
from prover.problem import Budget, Problem
from prover.search.isolation import Guard, Isolation
from prover.search.scoring import SearchConfig

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchStarted:
    """The first event. ``proposers`` are the names of those that will be asked, ``weights`` what was set by name."""

    problem: Problem
    config: SearchConfig
    budget: Budget
    proposers: tuple[str, ...]
    seed: int
    state: State
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeExpanded:
    """A chunk of ``candidates`` of ``node`` goes to the environment; ``waiting`` entries are
    queued."""

    node: int
    priority: float
    candidates: int
    waiting: int


@dataclass(frozen=True, slots=True)
class InsightFound:
    """A reasoning module found something about ``node``."""

    node: int
    module: str
    facts: Sequence[str]
    features: Mapping[str, float]
    refutation: Refutation | None


@dataclass(frozen=True, slots=True)
class StepTried:
    """One action was tried on ``node``. ``child`` is None where it failed; ``merged`` says that the
    child was known already. ``step`` counts from 1; ``seconds`` since the start of the search; ``proposers``
    are all who had suggested the action by then.
    """

    step: int
    seconds: float
    node: int
    candidate: Candidate
    cost: float
    result: StepResult
    child: int | None
    merged: bool
    reward: float = 0.0
    proposers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeAdded:
    """A new state was reached. ``cost`` is that of its path; its value comes later, when it is the next to be tried."""

    node: int
    parent: int
    depth: int
    cost: float
    heuristic: float
    state: State


@dataclass(frozen=True, slots=True)
class NodeValued:
    """``node`` came to the top of the queue and was valued: ``values`` are by name, ``value`` is all of them together
    (None where there is none). With its new ``heuristic`` it may have to wait again."""

    node: int
    heuristic: float
    value: float | None
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GoalsClosed:
    """No goal is left after ``actions``; the check from scratch begins. Not yet a proof."""

    node: int
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofFound:
    """The check from scratch accepted ``actions``."""

    node: int
    actions: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ProofRejected:
    """The check from scratch rejected ``actions``; the search goes on."""

    node: int
    actions: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PluginFault:
    """A plugin broke and is left out of the rest of this search."""

    plugin: str
    role: str
    message: str

    def __str__(self) -> str:
        return f"{self.role} {self.plugin!r} failed and is left out of this search: {self.message}"


@dataclass(frozen=True, slots=True)
class SearchFinished:
    """The last event, also after an interruption or a fault of the infrastructure."""

    status: str
    reason: str
    steps: int
    states: int
    seconds: float


class EventStream:
    """Sends events to observers. False in a condition where nobody listens, so that the search need
    not even build the event: ``if events: events.emit(...)``. ``guard`` calls the observers, and may call the other
    plugins of the search too: its faults are sent as events.
    """

    __slots__ = ("_observers", "guard")

    def __init__(
        self,
        observers: Iterable[Callable[[object], None]] = (),
        isolation: Isolation | None = None,
        seconds: float = 5.0,
    ) -> None:
        """``seconds`` is what one call of a plugin may take, where they are isolated."""
        self._observers = list(observers)
        self.guard = Guard(isolation, seconds, self.fault)

    def __bool__(self) -> bool:
        return any(not self.guard.broken(observer, "observer") for observer in self._observers)

    def emit(self, event: object) -> None:
        """Calls every observer with ``event``; drops those that raise an Exception."""
        for observer in self._observers:
            # An observer has no say in the search, so it is not believed when it speaks of a fault of Lean.
            self.guard.call(observer, "observer", _told, observer, event)

    def fault(self, plugin: object, role: str, error: BaseException) -> None:
        """Names a plugin that broke, in one line, to the log and to the observers."""
        event = PluginFault(_name(plugin), role, _one_line(error))
        logger.warning("%s", event)
        self.emit(event)


def _told(observer: Callable[[object], None], event: object) -> None:
    try:
        observer(event)
    except InfrastructureFault as fault:
        raise RuntimeError(_one_line(fault)) from fault


def _name(plugin: object) -> str:
    name = getattr(plugin, "name", None) or getattr(plugin, "__qualname__", None)
    return str(name or type(plugin).__qualname__)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
