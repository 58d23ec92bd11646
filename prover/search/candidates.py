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

    Raises (from the streams):
        InfrastructureFault: a proposer met one; it is not the proposer's fault and ends the search.
    """

    problem: Problem
    proposers: Sequence[Proposer]
    scorer: Scorer
    on_fault: Callable[[str, Exception], None]
    statistics: dict[str, ProposerStatistics] = field(default_factory=dict)
    _broken: set[int] = field(default_factory=set)

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
        """Asks one proposer; None where it broke or is left out by its weight."""
        proposer = self.proposers[index]
        if index in self._broken or self.scorer.weight(proposer.name) <= 0:
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

    A proposer that returns a list is sorted; one that yields is trusted to yield its best first,
    and a candidate that comes out of order is simply handed out next. Of equal actions (up to
    surrounding blanks) the first, which is the cheapest, is handed out; later ones only add their
    proposer to it.

    ``bound`` is a lower bound of the next cost as far as known without asking anyone.
    """

    __slots__ = (
        "_heap",
        "_hungry",
        "_left",
        "_seen",
        "_serial",
        "_set",
        "_sources",
        "_state",
        "bound",
    )

    def __init__(self, proposers: ProposerSet, state: State) -> None:
        self._set = proposers
        self._state = state
        self._sources: list[Iterator[Scored] | None] | None = None
        self._hungry: list[int] = list(range(len(proposers.proposers)))
        self._heap: list[tuple[float, int, int, Scored]] = []
        self._seen: dict[str, Scored] = {}
        self._left = proposers.scorer.config.max_candidates
        self._serial = 0
        self.bound = proposers.scorer.config.step_cost

    def peek(self) -> Scored | None:
        """The next candidate, or None when there is none left. Asks proposers as needed."""
        while True:
            self._feed()
            if not self._heap:
                return None
            _, index, _, scored = self._heap[0]
            known = self._seen.get(scored.candidate.action.strip())
            if known is None:
                self.bound = scored.cost
                return scored
            heapq.heappop(self._heap)
            self._hungry.append(index)
            if scored.candidate.proposer not in known.proposers:
                known.proposers.append(scored.candidate.proposer)

    def take(self) -> Scored:
        """Removes and returns what :meth:`peek` showed."""
        _, index, _, scored = heapq.heappop(self._heap)
        self._hungry.append(index)
        self._seen[scored.candidate.action.strip()] = scored
        return scored

    def _feed(self) -> None:
        """Reads one candidate from each proposer whose last one was taken."""
        if self._sources is None:
            self._sources = [self._set.open(index, self._state) for index in self._hungry]
        while self._hungry:
            index = self._hungry.pop(0)
            source = self._sources[index]
            if source is None:
                continue
            scored = self._set.pull(index, source) if self._left > 0 else None
            if scored is None:
                self._sources[index] = None
                continue
            self._left -= 1
            if scored.cost == math.inf or not scored.candidate.action.strip():
                self._hungry.append(index)
                continue
            self._serial += 1
            heapq.heappush(self._heap, (scored.cost, index, self._serial, scored))
