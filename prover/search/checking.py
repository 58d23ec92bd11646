"""From a finished state to a verdict: which answers are checked from scratch, and what a rejection
means.

States are merged when they ask the same, but the answers that reach them differ, and the fault of a
rejected answer may lie in its first half. So after the cheapest path to a finished state, the path
along which that state was really computed is checked, then a few others, now or when the search
finds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from prover.domain import Environment, Verdict
from prover.hookspecs import ConsistencyCheck
from prover.problem import Problem
from prover.search import events as ev
from prover.search.budget import Meter
from prover.search.candidates import ProposerSet
from prover.search.graph import Edge, NodeStatus, SearchGraph
from prover.search.isolation import Guard

# How many finished states that were rejected are looked at again when a merge opens new paths, and
# how many paths to each. Both only bound the search's own work: each check is bounded by the
# settings.
_REMEMBERED = 8
_PATHS_SEEN = 16


class Checks:
    """The consistency checks of one search: each may object to an answer that the domain accepted.

    The weights of those that object are added; from 1 on the answer is rejected. None can accept anything.
    """

    __slots__ = ("_checks", "_guard", "_problem", "_weights")

    def __init__(
        self, problem: Problem, checks: Sequence[ConsistencyCheck], weights: Mapping[str, float], guard: Guard
    ) -> None:
        """``weights`` are by check, 1 where one has none."""
        self._problem = problem
        self._checks = tuple(checks)
        self._weights = weights
        self._guard = guard

    def apply(self, actions: Sequence[str], verdict: Verdict) -> Verdict:
        """``verdict``, or a rejection that carries what the checks object.

        What was objected below the threshold is in the verdict's ``details``, under ``objections``.
        """
        if not verdict.accepted or not self._checks:
            return verdict
        against = 0.0
        objections: list[tuple[str, str]] = []
        for check in self._checks:
            weight = self._weights.get(check.name, 1.0)
            if weight <= 0:
                continue
            # Never left out: silence would let answers pass. One that broke objects to every answer from then on.
            found = self._guard.call(check, "consistency check", self._objections, check, tuple(actions), verdict)
            if found is None:
                found = [("check_failed", f"the consistency check {check.name!r} could not be carried out")]
            if found:
                against += weight
                objections += found
        if against >= 1:
            return replace(verdict, accepted=False, reasons=tuple(objections))
        if objections:
            return replace(verdict, details={**verdict.details, "objections": objections})
        return verdict

    def _objections(self, check: ConsistencyCheck, actions: tuple[str, ...], verdict: Verdict) -> list[tuple[str, str]]:
        return [(str(code), str(sentence)) for code, sentence in check.check(self._problem, actions, verdict)]


class Checker:
    """Checks answers for one search. ``verdict`` and ``actions`` are those of the accepted one."""

    __slots__ = (
        "_checked", "_checks", "_environment", "_events", "_graph", "_meter", "_proposers", "_rejected_edges",
        "actions", "rejected", "verdict",
    )  # fmt: skip

    def __init__(
        self,
        graph: SearchGraph,
        environment: Environment,
        events: ev.EventStream,
        meter: Meter,
        proposers: ProposerSet,
        checks: Checks,
    ) -> None:
        self._checks = checks
        self._graph = graph
        self._environment = environment
        self._events = events
        self._meter = meter
        self._proposers = proposers
        self._checked: set[tuple[str, ...]] = set()
        self._rejected_edges: list[Edge] = []
        self.verdict: Verdict | None = None
        self.actions: tuple[str, ...] = ()
        self.rejected: list[Verdict] = []

    @property
    def waiting(self) -> bool:
        """Whether a new path could change a rejection."""
        return bool(self._rejected_edges)

    def check_root(self) -> bool:
        """Checks the empty answer, for a problem that begins finished."""
        verdict = self._verify(0, ())
        if verdict.accepted:
            self._graph.accept_root()
        else:
            self._graph.root.status = NodeStatus.REJECTED
        return verdict.accepted

    def check(self, edge: Edge) -> bool:
        """Checks answers that end with ``edge``; True once one is accepted.

        At most ``1 + alternative_paths`` answers are checked for one edge in the whole search, and
        no answer twice. The first is checked even where the time is over, the others are not.
        """
        child = edge.child
        assert child is not None
        most = 1 + self._proposers.scorer.config.alternative_paths
        for path in self._paths(edge):
            actions = tuple(step.candidate.action for step in path)
            if actions in self._checked:
                continue
            if len(edge.verdicts) >= most:
                break
            if edge.verdicts and self._meter.remaining_seconds() <= 0:
                break
            verdict = self._verify(child.id, actions)
            if verdict.accepted:
                self._graph.accept(edge, verdict)
                self._credit(path)
                return True
            self._graph.reject(edge, verdict)
        if edge not in self._rejected_edges:
            self._rejected_edges.append(edge)
            del self._rejected_edges[:-_REMEMBERED]
        return False

    def recheck(self) -> bool:
        """Looks at rejected finished states again, after new paths were found; True once
        accepted."""
        return any(self.check(edge) for edge in tuple(self._rejected_edges))

    def _paths(self, edge: Edge) -> Iterator[list[Edge]]:
        child = edge.child
        assert child is not None
        yield self._graph.edges_to(child)
        yield self._graph.edges_to(child, first=True)
        yield from self._graph.paths_to(child, _PATHS_SEEN)

    def _verify(self, node: int, actions: tuple[str, ...]) -> Verdict:
        self._checked.add(actions)
        if self._events:
            self._events.emit(ev.GoalsClosed(node, actions))
        verdict = self._checks.apply(actions, self._environment.verify(actions))
        if verdict.accepted:
            self.verdict, self.actions = verdict, actions
            if self._events:
                self._events.emit(ev.ProofFound(node, actions, verdict))
        else:
            self.rejected.append(verdict)
            if self._events:
                self._events.emit(ev.ProofRejected(node, actions, verdict))
        return verdict

    def _credit(self, path: list[Edge]) -> None:
        for edge in path:
            for name in edge.proposers:
                self._proposers.of(name).in_proof += 1
