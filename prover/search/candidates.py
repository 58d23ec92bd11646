"""The candidates of one state: the streams of all proposers and modules merged, cheapest first, without
duplicates."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeAlias, TypeVar

from prover.domain import Candidate, Insight, State, StepStatus
from prover.hookspecs import Proposer, Ranker, ReasoningModule
from prover.problem import Problem
from prover.search.graph import Edge
from prover.search.isolation import Guard
from prover.search.ranking import ranked
from prover.search.scoring import Scorer

P = ParamSpec("P")
T = TypeVar("T")


_SECOND = -1
"""Stands for a proposer in a stream's heap: the candidate is a second try."""

RANKED = 8
"""So many states are judged by rankers, those that the search comes to first; of the others the proposers' own order
holds. What a ranker saves is in the first steps; over a long chain of steps that it does not know, what it adds to the
cost of each would add up until the chain is never reached.
"""


@dataclass(slots=True)
class ProposerStatistics:
    """What one proposer or module did in a search.

    ``asked`` states, ``proposed`` candidates read from it, ``tried`` steps that it was (one of)
    those to suggest, of which ``progress``, ``failed``, ``timed_out`` and ``finished`` say how they
    ended and ``new_states`` how many led to an unknown state; ``in_proof`` steps of the accepted
    proof. ``seconds`` were spent in its own code, ``checker_seconds`` by the checker on its steps.
    ``refuted`` states were found false by it.
    """

    asked: int = 0
    proposed: int = 0
    tried: int = 0
    progress: int = 0
    failed: int = 0
    timed_out: int = 0
    finished: int = 0
    new_states: int = 0
    in_proof: int = 0
    refuted: int = 0
    seconds: float = 0.0
    checker_seconds: float = 0.0


@dataclass(slots=True)
class Scored:
    """A candidate with its cost; ``proposers`` grows when others turn out to suggest the same
    action. ``again`` says that it is tried a second time, with all the effort that it may take."""

    cost: float
    candidate: Candidate
    proposers: list[str]
    again: bool = False


Entry: TypeAlias = tuple[float, int, int, Scored | None]
"""Of a stream's heap: cost, proposer, serial and candidate; None stands for one that was not read yet."""


@dataclass(slots=True)
class ProposerSet:
    """The proposers and reasoning modules of one search, called by its ``guard``.

    A proposer or module may have an attribute ``least_cost`` (see :mod:`prover.hookspecs`).

    Raises (from the streams):
        InfrastructureFault: a plugin met one; it is not the plugin's fault and ends the search.
    """

    problem: Problem
    proposers: Sequence[Proposer]
    scorer: Scorer
    guard: Guard
    modules: Sequence[ReasoningModule] = ()
    rankers: Sequence[Ranker] = ()
    statistics: dict[str, ProposerStatistics] = field(default_factory=dict)
    bounds: list[Entry] = field(default_factory=list)
    _members: list[Proposer | ReasoningModule] = field(default_factory=list)
    _ranker_faults: list[tuple[Ranker, Exception]] = field(default_factory=list)
    _judged: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Finds where each of them begins in the streams; those of weight zero nowhere."""
        self._members = [*self.proposers, *self.modules]
        for index, member in enumerate(self._members):
            try:
                bound = self.scorer.bound(member.name, getattr(member, "least_cost", 0.0))
            except (TypeError, ValueError) as error:
                self.guard.drop(member, self._role(index), error)
                continue
            if bound < math.inf:
                self.bounds.append((bound, index, 0, None))
            else:
                self.guard.drop(member, self._role(index))
        heapq.heapify(self.bounds)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that will be asked."""
        return tuple(m.name for i, m in enumerate(self._members) if not self._broken(i))

    def _role(self, index: int) -> str:
        return "proposer" if index < len(self.proposers) else "reasoning module"

    def _broken(self, index: int) -> bool:
        return self.guard.broken(self._members[index], self._role(index))

    def of(self, name: str) -> ProposerStatistics:
        """The statistics of the proposer or module called ``name``."""
        found = self.statistics.get(name)
        if found is None:
            found = self.statistics[name] = ProposerStatistics()
        return found

    def stream(self, state: State) -> CandidateStream:
        """The merged candidates of ``state``."""
        return CandidateStream(self, state)

    def read(self, state: State) -> dict[int, Insight]:
        """What the modules find about ``state``, by their number; called when the search comes to it."""
        if len(self._judged) < RANKED:
            self._judged.add(state.key)
        found: dict[int, Insight] = {}
        first = len(self.proposers)
        for index, module in enumerate(self.modules, first):
            if self._broken(index):
                continue
            statistics = self.of(module.name)
            statistics.asked += 1
            insight = self._ask(index, self._insight, module, state)
            if insight is None:
                continue
            statistics.refuted += insight.refutation is not None
            found[index] = insight
        return found

    def _insight(self, module: ReasoningModule, state: State) -> Insight | None:
        insight = module.read(self.problem, state)
        if insight is not None and not isinstance(insight, Insight):
            raise TypeError(f"read returned a {type(insight).__name__}, not an Insight")
        if insight is not None and not insight.least_cost >= 0:
            raise ValueError(f"the insight's least_cost is {insight.least_cost}, it must not be negative")
        return insight

    def bounded(self, heap: Sequence[Entry], insights: dict[int, Insight]) -> list[Entry]:
        """The heap of a stream, with the bounds that modules gave for this state."""
        found: list[Entry] = []
        for cost, index, serial, scored in heap:
            insight = insights.get(index)
            if insight is not None and insight.least_cost and scored is None:
                cost = max(cost, self.scorer.bound(self._members[index].name, insight.least_cost))
            found.append((cost, index, serial, scored))
        heapq.heapify(found)
        return found

    def open(self, index: int, state: State, insights: dict[int, Insight]) -> Iterator[Scored] | None:
        """The candidates of one of them; None where it broke."""
        if self._broken(index):
            return None
        proposed: Iterable[Candidate] | None
        if index >= len(self.proposers):
            proposed = insights[index].candidates if index in insights else None
        else:
            proposer = self.proposers[index]
            silent = getattr(proposer, "is_silent", None)
            if silent is not None and self._ask(index, silent, self.problem):
                return iter(())  # nothing is looked up for it
            self.of(proposer.name).asked += 1
            informed = getattr(proposer, "propose_informed", None)
            if informed is not None:
                # A module may look its facts up only now, so reading them is its own code.
                read = [self._ask(number, tuple, insight.facts) or () for number, insight in insights.items()]
                facts = tuple(fact for each in read for fact in each)
                proposed = self._ask(index, informed, self.problem, state, facts)
            else:
                proposed = self._ask(index, proposer.propose, self.problem, state)
        if proposed is None:
            return None
        return self._ask(index, self._scored, proposed, self._members[index].name, state)

    def pull(self, index: int, source: Iterator[Scored]) -> Scored | None:
        """The next candidate of an opened source; None at its end or where it broke."""
        if self._broken(index):
            return None
        return self._ask(index, next, source, None)

    def _ask(self, index: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Calls plugin code within its deadline; None where it fails."""
        member = self._members[index]
        started = time.perf_counter()
        try:
            return self.guard.hurried(member, self._role(index), function, *args, **kwargs)
        finally:
            self.of(member.name).seconds += time.perf_counter() - started
            while self._ranker_faults:
                ranker, fault = self._ranker_faults.pop()
                self.guard.drop(ranker, "ranker", fault)

    def _scored(self, proposed: Iterable[Candidate], name: str, state: State) -> Iterator[Scored]:
        """The costs of candidates; those of a sequence are sorted, others are read as needed. Where there are
        rankers they have the last word."""
        if self.rankers and state.key in self._judged:
            stream = self._lazy(iter(proposed), name)
            for ranker in self.rankers:
                weight = self.scorer.weight(ranker.name) * float(getattr(ranker, "trust", 1.0))
                if weight > 0:
                    stream = ranked(stream, ranker, weight, self.problem, state, self._ranker_fault)
            return stream
        if isinstance(proposed, Sequence):
            scored = [self._score(candidate, name) for candidate in proposed]
            self.of(name).proposed += len(scored)
            scored.sort(key=lambda item: item.cost)
            return iter(scored)
        return self._lazy(iter(proposed), name)

    def _lazy(self, source: Iterator[Candidate], name: str) -> Iterator[Scored]:
        statistics = self.of(name)
        for candidate in source:
            statistics.proposed += 1
            yield self._score(candidate, name)

    def _ranker_fault(self, ranker: Ranker, error: Exception) -> None:
        # This runs inside a proposer's call: it is told when that has ended, for observers wait for the same thread.
        self.rankers = [other for other in self.rankers if other is not ranker]
        self._ranker_faults.append((ranker, error))

    def _score(self, candidate: Candidate, name: str) -> Scored:
        if not isinstance(candidate, Candidate) or not isinstance(candidate.action, str):
            raise TypeError(f"{candidate!r:.80} is not a Candidate with a text as its action")
        cost = math.inf if _avoided(candidate.action, self.problem.avoid) else self.scorer.cost(candidate, name)
        return Scored(cost, candidate, [candidate.proposer])

    def count(self, edge: Edge) -> None:
        """Adds a step that was tried to the statistics of all who suggested it."""
        result = edge.result
        for name in edge.proposers:
            statistics = self.of(name)
            statistics.tried += 1
            statistics.checker_seconds += result.micros * 1e-6
            statistics.new_states += edge.created
            if edge.child is not None and edge.child.finished:
                statistics.finished += 1
            elif result.status is StepStatus.PROGRESS:
                statistics.progress += 1
            elif result.status is StepStatus.TIMED_OUT:
                statistics.timed_out += 1
            else:
                statistics.failed += 1


def _avoided(action: str, avoid: Sequence[str]) -> bool:
    """Whether a person said not to try ``action``: as a whole, or by the word it begins with."""
    words = action.split()
    return any(words == banned.split() or words[:1] == [banned.strip()] for banned in avoid)


class CandidateStream:
    """Candidates of one state, read no further than needed.

    One heap holds the next candidate of each proposer or, where that was not read yet, a lower
    bound of its cost: at first the proposer's ``least_cost``, later the cost of its last candidate.
    A proposer is asked when its bound comes to the top, so an expensive one that says what its
    candidates cost at least is not asked before the cheaper candidates of the others were tried.

    A proposer that returns a list is sorted; one that yields is trusted to yield its best first,
    and a candidate that comes out of order is simply handed out next. Of equal actions (up to
    surrounding blanks) the first, which is the cheapest, is handed out; later ones only add their
    proposer to it.
    """

    __slots__ = ("_heap", "_insights", "_left", "_seen", "_serial", "_set", "_sources", "_state")

    def __init__(self, proposers: ProposerSet, state: State) -> None:
        self._set = proposers
        self._state = state
        self._sources: dict[int, Iterator[Scored]] = {}
        self._heap: list[Entry] = list(proposers.bounds)
        self._seen: dict[str, Scored] = {}
        self._insights: dict[int, Insight] | None = None
        self._left = proposers.scorer.config.max_candidates
        self._serial = 0

    @property
    def bound(self) -> float:
        """A lower bound of the next cost without asking anyone; infinite where nothing is left."""
        return self._heap[0][0] if self._heap else math.inf

    def prepare(self) -> dict[str, Insight]:
        """Has the modules read the state, the first time; what they found then, by module."""
        if self._insights is not None:
            return {}
        self._insights = self._set.read(self._state)
        self._heap = self._set.bounded(self._heap, self._insights)
        names = self._set.modules
        first = len(self._set.proposers)
        return {names[index - first].name: insight for index, insight in self._insights.items()}

    def peek(self) -> Scored | None:
        """The next candidate, or None when there is none left. Asks proposers as needed."""
        while self._heap:
            cost, index, _, scored = self._heap[0]
            if scored is None:
                self._read(index)
                continue
            known = None if scored.again else self._seen.get(scored.candidate.action.strip())
            if known is None:
                return scored
            self._wait(cost, index)
            if scored.candidate.proposer not in known.proposers:
                known.proposers.append(scored.candidate.proposer)
        return None

    def take(self) -> Scored:
        """Removes and returns what :meth:`peek` showed."""
        cost, index, _, scored = self._heap[0]
        assert scored is not None, "peek before take"
        if scored.again:
            heapq.heappop(self._heap)
            return scored
        self._wait(cost, index)
        self._seen[scored.candidate.action.strip()] = scored
        return scored

    def again(self, scored: Scored, cost: float) -> None:
        """Hands ``scored`` out a second time, at ``cost``."""
        self._serial += 1
        heapq.heappush(self._heap, (cost, _SECOND, self._serial, replace(scored, cost=cost, again=True)))

    def _wait(self, cost: float, index: int) -> None:
        """Replaces the top of the heap by the bound of what comes after it."""
        self._serial += 1
        heapq.heapreplace(self._heap, (cost, index, self._serial, None))

    def _read(self, index: int) -> None:
        """Replaces the bound at the top of the heap by a candidate that was read."""
        source = self._sources.get(index)
        if source is None:
            source = self._set.open(index, self._state, self._insights or {})
            if source is not None:
                self._sources[index] = source
        scored = None
        while source is not None and self._left > 0:
            self._left -= 1
            scored = self._set.pull(index, source)
            if scored is None or (scored.cost < math.inf and scored.candidate.action.strip()):
                break
            scored = None  # not to be tried: an empty action or one of probability zero
        if scored is None:
            heapq.heappop(self._heap)
            self._sources[index] = iter(())
        else:
            self._serial += 1
            heapq.heapreplace(self._heap, (scored.cost, index, self._serial, scored))
