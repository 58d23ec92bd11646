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
from prover.problem import Budget, Problem
from prover.search.isolation import Isolation
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
    """A new state was reached. ``cost`` is that of its path, ``value`` the value hook's, if any."""

    node: int
    parent: int
    depth: int
    cost: float
    heuristic: float
    value: float | None
    state: State


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
    """A proposer, module, signal, observer or value function broke and is left out of the rest of this
    search."""

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
    not even build the event: ``if events: events.emit(...)``.
    """

    __slots__ = ("_isolation", "_observers", "_seconds")

    def __init__(
        self,
        observers: Iterable[Callable[[object], None]] = (),
        isolation: Isolation | None = None,
        seconds: float = 5.0,
    ) -> None:
        """``seconds`` is what one observer may take for one event, where they are isolated."""
        self._observers = list(observers)
        self._isolation = isolation
        self._seconds = seconds

    def __bool__(self) -> bool:
        return bool(self._observers)

    def emit(self, event: object) -> None:
        """Calls every observer with ``event``; drops those that raise an Exception."""
        for observer in tuple(self._observers):
            if observer not in self._observers:
                continue  # broke just now, on being told of another observer's fault
            try:
                if self._isolation is None:
                    observer(event)
                else:
                    self._isolation.call(self._seconds, observer, event)
            except Exception as error:
                # Removed first, so that naming the fault to the others cannot come back to this
                # one.
                self._observers.remove(observer)
                self.fault(_name(observer), "observer", error)

    def fault(self, plugin: str, role: str, error: BaseException) -> None:
        """Names a plugin that broke, in one line, to the log and to the observers."""
        event = PluginFault(plugin, role, _one_line(error))
        logger.warning("%s", event)
        if self._observers:
            self.emit(event)


def _name(observer: object) -> str:
    name = getattr(observer, "name", None) or getattr(observer, "__qualname__", None)
    return str(name or type(observer).__qualname__)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
