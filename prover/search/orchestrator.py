"""Best-first search over merged states, with partial expansion.

One heap holds (node, its next candidate), as in partial-expansion A* (Yoshizumi, Miura and Ishida
2000; Felner et al. 2012): a popped node sends only its cheapest untried candidates to the checker
and goes back with the cost of the next one. So a cheap action deep in the graph is tried before an
expensive one near the root, and the other way round. A node is queued with a lower bound first; its
proposers are asked only when the bound makes it the best, so states that are never popped cost no
proposer call.

The search is deterministic for a given seed under step and node limits: ties are broken by
insertion order, and nothing depends on hashes, addresses or time (near a wall limit it does).
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from prover.domain import Candidate, Environment, State, StepResult, StepStatus, Verdict
from prover.errors import InfrastructureFault
from prover.hookspecs import Observer, Proposer
from prover.problem import Budget, Problem
from prover.search import events as ev
from prover.search.budget import Clock, Meter, StopReason
from prover.search.candidates import CandidateStream, ProposerSet, ProposerStatistics, Scored
from prover.search.graph import Edge, Node, NodeStatus, SearchGraph
from prover.search.scoring import Scorer, SearchConfig

Value = Callable[[State], float]

# After a rejection, how many finished states are looked at again when a merge opens new paths to
# them.
_RETRIED_REJECTIONS = 8


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search found. ``status`` is ``"proved"`` iff ``verdict`` is an accepted one.

    ``reason`` says why it ended, ``rejected`` holds the verdicts that rejected an answer,
    ``actions`` are those of the accepted answer, ``best_open`` is the open node that would have
    been tried next (not the root where another is open), ``seconds`` is wall time and ``states``
    counts distinct states.
    """

    status: str
    reason: StopReason
    verdict: Verdict | None
    actions: tuple[str, ...]
    graph: SearchGraph
    steps: int
    states: int
    seconds: float
    statistics: dict[str, ProposerStatistics]
    rejected: tuple[Verdict, ...]
    best_open: Node | None

    @property
    def proved(self) -> bool:
        """Whether a check from scratch accepted an answer."""
        return self.verdict is not None and self.verdict.accepted


class SearchFault(InfrastructureFault):
    """The infrastructure failed during a search; ``outcome`` is what had been found until then."""

    def __init__(self, message: str, outcome: SearchOutcome) -> None:
        super().__init__(message)
        self.outcome = outcome


def search(
    problem: Problem,
    environment: Environment,
    proposers: Sequence[Proposer],
    *,
    config: SearchConfig | None = None,
    budget: Budget | None = None,
    observers: Sequence[Observer] = (),
    weights: Mapping[str, float] | None = None,
    seed: int = 0,
    value: Value | None = None,
    clock: Clock = time.monotonic,
) -> SearchOutcome:
    """Searches for an answer to ``problem`` that ``environment.verify`` accepts.

    ``budget`` defaults to the problem's. ``weights`` are by proposer (see
    :mod:`prover.search.scoring`). ``value`` estimates in [0, 1] how likely a state is to be
    finished. The environment is not closed.

    A KeyboardInterrupt ends the search with reason ``INTERRUPTED``; it is not raised again.

    Raises:
        BadInput: a weight is out of its range.
        SearchFault: the infrastructure failed; carries the partial outcome.
    """
    run = _Search(
        problem, environment, proposers, config or SearchConfig(), budget or problem.budget,
        ev.EventStream(observers), weights or {}, seed, value, clock,
    )  # fmt: skip
    return run.run()


class _Search:
    """The state of one search."""

    def __init__(
        self,
        problem: Problem,
        environment: Environment,
        proposers: Sequence[Proposer],
        config: SearchConfig,
        budget: Budget,
        events: ev.EventStream,
        weights: Mapping[str, float],
        seed: int,
        value: Value | None,
        clock: Clock,
    ) -> None:
        root = environment.initial_state
        self.problem = problem
        self.environment = environment
        self.config = config
        self.events = events
        self.seed = seed
        self.value = value
        self.meter = Meter(budget, clock)
        self.scorer = Scorer(config, weights, root, seed)
        self.proposers = ProposerSet(problem, proposers, self.scorer, self._proposer_fault)
        self.graph = SearchGraph(root)
        self.heap: list[tuple[float, int, Node]] = []
        self.serial = 0
        # The serial of the one live heap entry of each queued node; older entries are stale.
        self.queued: dict[int, int] = {}
        self.streams: dict[int, CandidateStream] = {}
        self.unreleased: list[State] = []
        self.verdict: Verdict | None = None
        self.actions: tuple[str, ...] = ()
        self.rejected: list[Verdict] = []
        self.rejected_edges: list[Edge] = []
        self.checked: set[tuple[str, ...]] = set()

    # ------------------------------------------------------------------------------------ the loop

    def run(self) -> SearchOutcome:
        root = self.graph.root
        if self.events:
            names = tuple(
                p.name for p in self.proposers.proposers if self.scorer.weight(p.name) > 0
            )
            self.events.emit(
                ev.SearchStarted(
                    self.problem, self.config, self.meter.budget, names, self.seed, root.state
                )
            )
        try:
            reason = self._loop()
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        except InfrastructureFault as fault:
            raise SearchFault(str(fault), self._finish(StopReason.FAULT)) from fault
        return self._finish(reason)

    def _loop(self) -> StopReason:
        root = self.graph.root
        self._admit(root, None)
        if root.finished:
            return StopReason.PROVED if self._check_root() else StopReason.EXHAUSTED
        while True:
            reason = self.meter.stop_reason()
            if reason is not None:
                return reason
            node, priority = self._pop()
            if node is None:
                return StopReason.EXHAUSTED
            chunk = self._chunk(node, priority)
            if chunk and self._step(node, chunk, priority):
                return StopReason.PROVED

    def _pop(self) -> tuple[Node | None, float]:
        while self.heap:
            priority, serial, node = heapq.heappop(self.heap)
            if self.queued.get(node.id) == serial:
                del self.queued[node.id]
                return node, priority
        return None, math.inf

    def _push(self, node: Node) -> None:
        """Queues ``node`` at the priority of its next candidate; replaces an entry it already
        has."""
        stream = self.streams[node.id]
        priority = self.scorer.priority(node.cost, node.depth, node.heuristic, stream.bound)
        self.serial += 1
        self.queued[node.id] = self.serial
        heapq.heappush(self.heap, (priority, self.serial, node))

    def _chunk(self, node: Node, priority: float) -> list[Scored]:
        """The candidates of ``node`` to try now; empty where it must wait or has none left."""
        stream = self.streams[node.id]
        first = stream.peek()
        if first is None:
            self._exhaust(node)
            return []
        actual = self.scorer.priority(node.cost, node.depth, node.heuristic, first.cost)
        if actual > priority and self.heap and actual > self.heap[0][0]:
            self._push(node)  # it was queued at a lower bound, and another is better now
            return []
        size = self.meter.remaining_steps(self.config.batch_size)
        limit = first.cost + self.config.chunk_delta
        chunk = [stream.take()]
        while len(chunk) < size and self.meter.remaining_seconds() > 0:
            following = stream.peek()
            if following is None or following.cost > limit:
                break
            chunk.append(stream.take())
        return chunk

    def _step(self, node: Node, chunk: list[Scored], priority: float) -> bool:
        """Tries ``chunk`` on ``node`` and queues what follows; True once a proof is accepted."""
        if self.events:
            self.events.emit(ev.NodeExpanded(node.id, priority, len(chunk), len(self.queued)))
        candidates = self._limited([scored.candidate for scored in chunk])
        results = self.environment.step(node.state, candidates)
        if len(results) != len(chunk):
            raise InfrastructureFault(
                f"the environment answered {len(results)} results to {len(chunk)} actions"
            )
        closing = [
            edge
            for scored, result in zip(chunk, results, strict=True)
            if (edge := self._record(node, scored, result)) is not None
        ]
        self._push(node)
        return any(self._check(edge) for edge in closing) or self._recheck()

    def _limited(self, candidates: list[Candidate]) -> list[Candidate]:
        """Shortens the wall limits so that the batch, tried one by one, ends within the budget."""
        share = self.meter.remaining_seconds() * 1000 / len(candidates)
        if share >= self.config.step_wall_ms:
            return candidates
        wall_ms = max(1, int(share))  # 0 would mean "no limit of its own"
        return [
            replace(candidate, wall_ms=min(wall_ms, candidate.wall_ms or wall_ms))
            for candidate in candidates
        ]

    # -------------------------------------------------------------------------------- recording

    def _record(self, node: Node, scored: Scored, result: StepResult) -> Edge | None:
        """Puts one result into the graph; returns its edge where no goal is left."""
        if result.status is StepStatus.PROGRESS and result.state is None:
            raise InfrastructureFault(f"the environment made progress without a state: {result}")
        self.meter.steps += 1
        edge, improved = self.graph.add(
            node, scored.candidate, scored.cost, result, scored.proposers
        )
        child = edge.child
        self._count(edge)
        if self.events:
            self.events.emit(
                ev.StepTried(
                    self.meter.steps, self.meter.seconds(), node.id, scored.candidate, scored.cost,
                    result, None if child is None else child.id,
                    child is not None and not edge.created,
                )
            )  # fmt: skip
        if child is None:
            if not self.config.keep_failures:
                node.outgoing.pop()
            return None
        for nearer in improved:
            if nearer.id in self.queued:
                self._push(nearer)
        if edge.created:
            self._admit(child, edge)
        elif result.state is not None and result.state != child.state:
            # Equal for the search, but a state of its own for the checker, which may forget it.
            self._release(result.state)
        return edge if child.finished else None

    def _admit(self, node: Node, edge: Edge | None) -> None:
        """Scores a new node and queues it."""
        self.meter.nodes = len(self.graph)
        if not node.finished:
            node.value = self._value_of(node.state)
            node.heuristic = self.scorer.heuristic(node.state, node.value)
            self.streams[node.id] = self.proposers.stream(node.state)
            self._push(node)
        if self.events and edge is not None:
            self.events.emit(
                ev.NodeAdded(
                    node.id,
                    edge.parent.id,
                    node.depth,
                    node.cost,
                    node.heuristic,
                    node.value,
                    node.state,
                )
            )

    def _value_of(self, state: State) -> float | None:
        if self.value is None:
            return None
        try:
            value = float(self.value(state))
            if math.isnan(value):
                raise ValueError("the value is not a number")
            return min(1.0, max(0.0, value))
        except InfrastructureFault:
            raise
        except Exception as error:
            name = getattr(self.value, "__qualname__", type(self.value).__qualname__)
            self.value = None
            self.events.fault(name, "value function", error)
            return None

    def _proposer_fault(self, name: str, error: Exception) -> None:
        self.events.fault(name, "proposer", error)

    def _count(self, edge: Edge) -> None:
        result = edge.result
        for name in edge.proposers:
            statistics = self.proposers.of(name)
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

    def _exhaust(self, node: Node) -> None:
        """No candidate is left: the node's state will not be stepped again, though it may be merged
        into."""
        self.graph.exhaust(node)
        del self.streams[node.id]
        if node is not self.graph.root:  # the caller may search the same environment again
            self._release(node.state)

    def _release(self, state: State) -> None:
        self.unreleased.append(state)
        if len(self.unreleased) >= self.config.release_batch:
            batch, self.unreleased = self.unreleased, []
            self.environment.release(batch)

    # --------------------------------------------------------------------------------- checking

    def _check(self, edge: Edge) -> bool:
        """Checks the answer that ends with ``edge`` from scratch; True where one is accepted.

        States are merged when they ask the same, but the answers that reach them differ, and the
        fault of a rejected answer may lie in its first half. So after the cheapest path the one
        along which the state was really computed is checked, and then a few others.
        """
        child = edge.child
        assert child is not None
        paths = [self.graph.edges_to(child), self.graph.edges_to(child, first=True)]
        paths += self.graph.paths_to(child, 1 + self.config.alternative_paths)
        rejected = False
        for path in paths:
            actions = tuple(step.candidate.action for step in path)
            if actions in self.checked:
                continue
            if self._verify(child.id, actions):
                assert self.verdict is not None
                self.graph.accept(edge, self.verdict)
                for name in {name: None for step in path for name in step.proposers}:
                    used = sum(name in step.proposers for step in path)
                    self.proposers.of(name).in_proof += used
                return True
            rejected = True
            self.graph.reject(edge, self.rejected[-1])
        if rejected and edge not in self.rejected_edges:
            self.rejected_edges.append(edge)
        return False

    def _recheck(self) -> bool:
        return False

    def _check_root(self) -> bool:
        if not self._verify(0, ()):
            self.graph.root.status = NodeStatus.REJECTED
            return False
        self.graph.accept_root()
        return True

    def _verify(self, node: int, actions: tuple[str, ...]) -> bool:
        self.checked.add(actions)
        if self.events:
            self.events.emit(ev.GoalsClosed(node, actions))
        verdict = self.environment.verify(actions)
        if verdict.accepted:
            self.verdict, self.actions = verdict, actions
            if self.events:
                self.events.emit(ev.ProofFound(node, actions, verdict))
            return True
        self.rejected.append(verdict)
        if self.events:
            self.events.emit(ev.ProofRejected(node, actions, verdict))
        return False

    # ---------------------------------------------------------------------------------- the end

    def _finish(self, reason: StopReason) -> SearchOutcome:
        self.graph.settle()
        status = "proved" if self.verdict is not None else "not_proved"
        outcome = SearchOutcome(
            status=status,
            reason=reason,
            verdict=self.verdict or (self.rejected[-1] if self.rejected else None),
            actions=self.actions,
            graph=self.graph,
            steps=self.meter.steps,
            states=len(self.graph),
            seconds=self.meter.seconds(),
            statistics=self.proposers.statistics,
            rejected=tuple(self.rejected),
            best_open=self._best_open(),
        )
        if self.events:
            self.events.emit(
                ev.SearchFinished(
                    status, reason.value, outcome.steps, outcome.states, outcome.seconds
                )
            )
        return outcome

    def _best_open(self) -> Node | None:
        """The open node that would be tried next; the root only where no other is open."""
        live = [entry for entry in self.heap if self.queued.get(entry[2].id) == entry[1]]
        live.sort(key=lambda entry: (entry[2] is self.graph.root, entry[0], entry[1]))
        return live[0][2] if live else None
