"""The candidates of one state: the streams of all proposers merged, cheapest first, without
duplicates."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from prover.domain import Candidate, State
from prover.errors import InfrastructureFault
from prover.hookspecs import Proposer
from prover.problem import Problem
from prover.search.scoring import Scorer


@dataclass(slots=True)
class ProposerStatistics:
    """What one proposer did in a search.

    ``asked`` states, ``proposed`` candidates read from it, ``tried`` steps that it was (one of)
    those to suggest, of which ``progress``, ``failed``, ``timed_out`` and ``finished`` say how they
    ended and ``new_states`` how many led to an unknown state; ``in_proof`` steps of the accepted
    proof. ``seconds`` were spent in its own code, ``checker_seconds`` by the checker on its steps.
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
    seconds: float = 0.0
    checker_seconds: float = 0.0


@dataclass(slots=True)
class Scored:
    """A candidate with its cost; ``proposers`` grows when others turn out to suggest the same
    action."""

    cost: float
    candidate: Candidate
    proposers: list[str]


@dataclass(slots=True)
class ProposerSet:
    """The proposers of one search. One that raises is named by ``on_fault`` and never asked again.

    A proposer may have an attribute ``least_cost``, in nats: nothing that it proposes is more
    probable than ``exp(-least_cost)``. It is then asked only when that is the best there is to try.

    Raises (from the streams):
        InfrastructureFault: a proposer met one; it is not the proposer's fault and ends the search.
    """

    problem: Problem
    proposers: Sequence[Proposer]
    scorer: Scorer
    on_fault: Callable[[str, Exception], None]
    statistics: dict[str, ProposerStatistics] = field(default_factory=dict)
    bounds: list[tuple[float, int, int, None]] = field(default_factory=list)
    _broken: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Finds where each proposer begins in the streams; those of weight zero nowhere."""
        for index, proposer in enumerate(self.proposers):
            try:
                bound = self.scorer.bound(proposer.name, getattr(proposer, "least_cost", 0.0))
            except (TypeError, ValueError) as error:
                self._fault(index, error)
                continue
            if bound < math.inf:
                self.bounds.append((bound, index, 0, None))
        heapq.heapify(self.bounds)

    def of(self, name: str) -> ProposerStatistics:
        """The statistics of the proposer called ``name``."""
        found = self.statistics.get(name)
        if found is None:
            found = self.statistics[name] = ProposerStatistics()
        return found

    def stream(self, state: State) -> CandidateStream:
        """The merged candidates of ``state``."""
        return CandidateStream(self, state)

    def open(self, index: int, state: State) -> Iterator[Scored] | None:
        """Asks one proposer; None where it broke."""
        proposer = self.proposers[index]
        if index in self._broken:
            return None
        statistics = self.of(proposer.name)
        statistics.asked += 1
        started = time.perf_counter()
        try:
            proposed = proposer.propose(self.problem, state)
            if isinstance(proposed, Sequence):
                scored = [self._score(candidate, proposer.name) for candidate in proposed]
                statistics.proposed += len(scored)
                scored.sort(key=lambda item: item.cost)
                return iter(scored)
            return self._lazy(iter(proposed), proposer.name)
        except InfrastructureFault:
            raise
        except Exception as error:
            self._fault(index, error)
            return None
        finally:
            statistics.seconds += time.perf_counter() - started

    def pull(self, index: int, source: Iterator[Scored]) -> Scored | None:
        """The next candidate of an opened proposer; None at its end or where it broke."""
        if index in self._broken:
            return None
        started = time.perf_counter()
        try:
            return next(source, None)
        except InfrastructureFault:
            raise
        except Exception as error:
            self._fault(index, error)
            return None
        finally:
            self.of(self.proposers[index].name).seconds += time.perf_counter() - started

    def _lazy(self, source: Iterator[Candidate], name: str) -> Iterator[Scored]:
        statistics = self.of(name)
        for candidate in source:
            statistics.proposed += 1
            yield self._score(candidate, name)

    def _score(self, candidate: Candidate, name: str) -> Scored:
        return Scored(self.scorer.cost(candidate, name), candidate, [candidate.proposer])

    def _fault(self, index: int, error: Exception) -> None:
        self._broken.add(index)
        self.on_fault(self.proposers[index].name, error)


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

    __slots__ = ("_heap", "_left", "_seen", "_serial", "_set", "_sources", "_state")

    def __init__(self, proposers: ProposerSet, state: State) -> None:
        self._set = proposers
        self._state = state
        self._sources: dict[int, Iterator[Scored]] = {}
        # (cost, proposer, serial, candidate); None stands for one that was not read yet.
        self._heap: list[tuple[float, int, int, Scored | None]] = list(proposers.bounds)
        self._seen: dict[str, Scored] = {}
        self._left = proposers.scorer.config.max_candidates
        self._serial = 0

    @property
    def bound(self) -> float:
        """A lower bound of the next cost without asking anyone; infinite where nothing is left."""
        return self._heap[0][0] if self._heap else math.inf

    def peek(self) -> Scored | None:
        """The next candidate, or None when there is none left. Asks proposers as needed."""
        while self._heap:
            cost, index, _, scored = self._heap[0]
            if scored is None:
                self._read(cost, index)
                continue
            known = self._seen.get(scored.candidate.action.strip())
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
        self._wait(cost, index)
        self._seen[scored.candidate.action.strip()] = scored
        return scored

    def _wait(self, cost: float, index: int) -> None:
        """Replaces the top of the heap by the bound of what comes after it."""
        self._serial += 1
        heapq.heapreplace(self._heap, (cost, index, self._serial, None))

    def _read(self, cost: float, index: int) -> None:
        """Replaces the bound at the top of the heap by a candidate that was read."""
        source = self._sources.get(index)
        if source is None:
            source = self._set.open(index, self._state)
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
