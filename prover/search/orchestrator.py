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
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prover.domain import POSTPONED, Candidate, Environment, State, StepResult, StepStatus
from prover.errors import InfrastructureFault
from prover.hookspecs import ConsistencyCheck, Observer, Proposer, Ranker, ReasoningModule, RewardSignal, ValueEstimate
from prover.problem import Budget, Problem
from prover.search import events as ev
from prover.search.budget import Clock, Meter, StopReason
from prover.search.candidates import CandidateStream, ProposerSet, Scored
from prover.search.checking import Checker, Checks
from prover.search.graph import Edge, Node, NodeStatus, SearchGraph
from prover.search.isolation import Isolation
from prover.search.outcome import SearchFault, SearchOutcome
from prover.search.refuting import Refuter
from prover.search.rewarding import Rewards
from prover.search.scoring import Scorer, SearchConfig
from prover.search.valuing import Judge


def search(
    problem: Problem,
    environment: Environment,
    proposers: Sequence[Proposer],
    *,
    modules: Sequence[ReasoningModule] = (),
    rewards: Sequence[RewardSignal] = (),
    checks: Sequence[ConsistencyCheck] = (),
    rankers: Sequence[Ranker] = (),
    values: Sequence[ValueEstimate] = (),
    config: SearchConfig | None = None,
    budget: Budget | None = None,
    observers: Sequence[Observer] = (),
    weights: Mapping[str, float] | None = None,
    seed: int = 0,
    clock: Clock = time.monotonic,
) -> SearchOutcome:
    """Searches for an answer to ``problem`` that ``environment.verify`` accepts.

    ``modules`` read every expanded state before ``proposers`` are asked, whose candidates ``rankers`` reorder;
    ``values`` estimate how likely a state can be finished before it is tried; ``rewards`` are computed for every step;
    ``checks`` look at answers that the environment accepted. ``budget`` defaults to the problem's. ``weights`` are by
    the name of a proposer, module, signal, check, ranker or value (see :mod:`prover.search.scoring`). The environment
    is not closed.

    A KeyboardInterrupt ends the search with reason ``INTERRUPTED``; it is not raised again.

    Raises:
        BadInput: a weight is out of its range.
        SearchFault: the infrastructure failed; carries the partial outcome.
    """
    run = _Search(
        problem, environment, proposers, modules, rewards, checks, rankers, values, config or SearchConfig(),
        budget or problem.budget, observers, weights or {}, seed, clock,
    )  # fmt: skip
    try:
        return run.run()
    finally:
        run.isolation.close()


class _Search:
    """The state of one search."""

    def __init__(
        self,
        problem: Problem,
        environment: Environment,
        proposers: Sequence[Proposer],
        modules: Sequence[ReasoningModule],
        rewards: Sequence[RewardSignal],
        checks: Sequence[ConsistencyCheck],
        rankers: Sequence[Ranker],
        values: Sequence[ValueEstimate],
        config: SearchConfig,
        budget: Budget,
        observers: Sequence[Observer],
        weights: Mapping[str, float],
        seed: int,
        clock: Clock,
    ) -> None:
        root = environment.initial_state
        self.problem = problem
        self.environment = environment
        self.config = config
        self.isolation = Isolation()
        self.events = ev.EventStream(observers, self.isolation, config.plugin_seconds)
        self.seed = seed
        self.meter = Meter(budget, clock)
        guard = self.events.guard
        guard.remaining = self.meter.remaining_seconds
        self.scorer = Scorer(config, weights, root, seed)
        self.proposers = ProposerSet(problem, proposers, self.scorer, guard, modules, rankers)
        self.rewards = Rewards(rewards, weights, root, guard)
        self.judge = Judge(problem, values, weights, self.scorer, guard)
        self.graph = SearchGraph(root)
        self.heap: list[tuple[float, int, Node]] = []
        self.serial = 0
        # The serial of the one live heap entry of each queued node; older entries are stale.
        self.queued: dict[int, int] = {}
        self.streams: dict[int, CandidateStream] = {}
        self.unreleased: list[State] = []
        checking = Checks(problem, checks, weights, guard)
        self.checker = Checker(self.graph, environment, self.events, self.meter, self.proposers, checking)
        self.refuter = Refuter(environment)

    # ------------------------------------------------------------------------------------ the loop

    def run(self) -> SearchOutcome:
        root = self.graph.root
        if self.events:
            self.events.emit(
                ev.SearchStarted(
                    self.problem,
                    self.config,
                    self.meter.budget,
                    self.proposers.names,
                    self.seed,
                    root.state,
                    dict(self.scorer.weights),
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
            return StopReason.PROVED if self.checker.check_root() else StopReason.EXHAUSTED
        while True:
            reason = self.meter.stop_reason()
            if reason is not None:
                return reason
            node, priority = self._pop()
            if node is None:
                return StopReason.EXHAUSTED
            if self._waits(node):
                continue
            if self._read(node):
                return StopReason.REFUTED
            if node.status is NodeStatus.REFUTED:
                continue
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
        """Queues ``node`` for its next candidate; an entry that it already has becomes stale."""
        stream = self.streams[node.id]
        if stream.bound == math.inf:
            self._exhaust(node)
            return
        priority = self.scorer.priority(node.cost, node.depth, node.heuristic, stream.bound)
        self.serial += 1
        self.queued[node.id] = self.serial
        heapq.heappush(self.heap, (priority, self.serial, node))

    def _waits(self, node: Node) -> bool:
        """Judges a node that came to the top; True where another is better now, and it waits again."""
        if self.judge.judge(node):
            if self.events:
                self.events.emit(ev.NodeValued(node.id, node.heuristic, node.value, self.judge.values(node)))
            bound = self.streams[node.id].bound
            if self.heap and self.scorer.priority(node.cost, node.depth, node.heuristic, bound) > self.heap[0][0]:
                self._push(node)
                return True
        self.judge.take(node)
        return False

    def _read(self, node: Node) -> bool:
        """Has the modules read the state of ``node`` once; True where that refutes the whole problem."""
        for module, insight in self.streams[node.id].prepare().items():
            if self.events:
                self.events.emit(ev.InsightFound(node.id, module, insight.facts, insight.features, insight.refutation))
            if insight.refutation is None:
                continue
            if self.refuter.refutes(self.graph.path_to(node), insight.refutation):
                return True
            # The first state is left only to a checked refutation: a module may be wrong.
            if node is not self.graph.root:
                self.graph.refute(node)
                del self.streams[node.id]
                self._release(node.state)
                return False
        return False

    def _chunk(self, node: Node, priority: float) -> list[Scored]:
        """The candidates of ``node`` to try now; empty where it must wait or has none left."""
        stream = self.streams[node.id]
        first = stream.peek()
        if first is None:
            self._exhaust(node)
            return []
        if self.meter.remaining_seconds() <= 0:  # the proposers took the rest of the time
            self._push(node)
            return []
        actual = self.scorer.priority(node.cost, node.depth, node.heuristic, first.cost)
        if actual > priority and self.heap and actual > self.heap[0][0]:
            self._push(node)  # it was queued at a lower bound, and another is better now
            return []
        size = self.meter.remaining_steps(self.config.batch_size)
        limit = first.cost + self.config.chunk_delta
        chunk = [stream.take()]
        while len(chunk) < size and stream.bound <= limit and self.meter.remaining_seconds() > 0:
            following = stream.peek()
            if following is None or following.cost > limit:
                break
            chunk.append(stream.take())
        return chunk

    def _step(self, node: Node, chunk: list[Scored], priority: float) -> bool:
        """Tries ``chunk`` on ``node`` and queues what follows; True once a proof is accepted."""
        if self.events:
            self.events.emit(ev.NodeExpanded(node.id, priority, len(chunk), len(self.queued)))
        candidates = self._limited([self._first(scored) for scored in chunk])
        results = self.environment.step(node.state, candidates)
        if len(results) != len(chunk):
            raise InfrastructureFault(f"the environment answered {len(results)} results to {len(chunk)} actions")
        results = [
            self._postponed(node, scored, candidate, result)
            for scored, candidate, result in zip(chunk, candidates, results, strict=True)
        ]
        edges = [self._record(node, scored, result) for scored, result in zip(chunk, results, strict=True)]
        self._push(node)
        closing = [edge for edge in edges if edge.child is not None and edge.child.finished]
        if any(self.checker.check(edge) for edge in closing):
            return True
        # A merge is a new path, which may repair an answer that was rejected before.
        merged = self.checker.waiting and any(edge.child is not None and not edge.created for edge in edges)
        return merged and self.checker.recheck()

    def _first(self, scored: Scored) -> Candidate:
        """The candidate with the limit of a first try, unless this is the second, its own limit is lower, or its
        proposer set its time too, and so knows how long it takes."""
        candidate, first = scored.candidate, self.config.first_heartbeats
        own = candidate.heartbeats or math.inf
        if scored.again or not first or first >= own or candidate.wall_ms is not None:
            return candidate
        return replace(candidate, heartbeats=first)

    def _postponed(self, node: Node, scored: Scored, tried: Candidate, result: StepResult) -> StepResult:
        """Its result; a step that ran out of a first try's heartbeats gets a second one, at a price."""
        # Out of time rather than out of heartbeats, it has had all that it may take.
        out_of_time = result.micros >= (tried.wall_ms or self.config.step_wall_ms) * 1000
        if tried.heartbeats == scored.candidate.heartbeats or result.kind != "timeout" or out_of_time:
            return result
        self.streams[node.id].again(scored, scored.cost + self.config.second_try)
        return replace(result, kind=POSTPONED)

    def _limited(self, candidates: list[Candidate]) -> list[Candidate]:
        """Shortens the wall limits so that the batch, tried one by one, ends within the budget."""
        share = self.meter.remaining_seconds() * 1000 / len(candidates)
        if share >= self.config.step_wall_ms:
            return candidates
        wall_ms = max(1, int(share))  # 0 would mean "no limit of its own"
        return [replace(candidate, wall_ms=min(wall_ms, candidate.wall_ms or wall_ms)) for candidate in candidates]

    # -------------------------------------------------------------------------------- recording

    def _record(self, node: Node, scored: Scored, result: StepResult) -> Edge:
        """Puts one result into the graph and queues what it made or moved."""
        if result.status is StepStatus.PROGRESS and result.state is None:
            raise InfrastructureFault(f"the environment made progress without a state: {result}")
        self.meter.steps += 1
        edge, improved = self.graph.add(node, scored.candidate, scored.cost, result, scored.proposers)
        child = edge.child
        self.proposers.count(edge)
        if self.rewards and result.kind != POSTPONED:
            edge.reward = self.rewards.of(node.state, scored.candidate, result)
        if self.events:
            self.events.emit(
                ev.StepTried(
                    self.meter.steps, self.meter.seconds(), node.id, scored.candidate, scored.cost,
                    result, None if child is None else child.id,
                    child is not None and not edge.created, edge.reward, tuple(scored.proposers),
                )
            )  # fmt: skip
        if child is None:
            if not self.config.keep_failures:
                node.outgoing.pop()
            return edge
        for nearer in improved:
            if nearer.id in self.queued:
                self._push(nearer)
        if edge.created:
            self._admit(child, edge)
            if child.finished and result.state is not None:
                self._release(result.state)
        elif result.state is not None and _handle(result.state) != _handle(child.state):
            # Equal for the search, but a state of its own for the checker, which may forget it.
            self._release(result.state)
        return edge

    def _admit(self, node: Node, edge: Edge | None) -> None:
        """Scores a new node and queues it."""
        self.meter.nodes = len(self.graph)
        if not node.finished:
            node.heuristic = self.scorer.heuristic(node.state, 0.0 if edge is None else edge.reward)
            self.streams[node.id] = self.proposers.stream(node.state)
            self._push(node)
        if self.events and edge is not None:
            self.events.emit(ev.NodeAdded(node.id, edge.parent.id, node.depth, node.cost, node.heuristic, node.state))

    def _exhaust(self, node: Node) -> None:
        """No candidate is left: others may be merged into the node, but its state is done with."""
        self.graph.exhaust(node)
        del self.streams[node.id]
        if node is not self.graph.root:  # the caller may search the same environment again
            self._release(node.state)

    def _release(self, state: State) -> None:
        self.unreleased.append(state)
        if len(self.unreleased) >= self.config.release_batch:
            batch, self.unreleased = self.unreleased, []
            self.environment.release(batch)

    # ---------------------------------------------------------------------------------- the end

    def _finish(self, reason: StopReason) -> SearchOutcome:
        self.graph.settle()
        checker = self.checker
        status = "not_proved" if checker.verdict is None else "proved"
        outcome = SearchOutcome(
            status=status,
            reason=reason,
            verdict=checker.verdict or (checker.rejected[-1] if checker.rejected else None),
            refutation=self.refuter.found,
            actions=checker.actions,
            graph=self.graph,
            steps=self.meter.steps,
            states=len(self.graph),
            seconds=self.meter.seconds(),
            statistics=self.proposers.statistics,
            rejected=tuple(checker.rejected),
            best_open=self._best_open(),
        )
        if self.events:
            self.events.emit(ev.SearchFinished(status, reason.value, outcome.steps, outcome.states, outcome.seconds))
        return outcome

    def _best_open(self) -> Node | None:
        """The open node that would be tried next; the root only where no other is open."""
        live = [entry for entry in self.heap if self.queued.get(entry[2].id) == entry[1]]
        live.sort(key=lambda entry: (entry[2] is self.graph.root, entry[0], entry[1]))
        return live[0][2] if live else None


def _handle(state: State) -> object:
    """What the checker knows a state by: its ``id`` where it has one, since states that ask the
    same may compare equal and yet be held twice; else the state itself.
    """
    return getattr(state, "id", state)
