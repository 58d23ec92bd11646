"""The search graph: states that ask the same are one node, however they were reached.

The graph is not a tree: a node may have several incoming edges, and actions that undo each other
make cycles. What keeps it simple is written as invariants, which
:meth:`SearchGraph.check_invariants` checks:

* Merging. Two nodes never have the same key. Finished states (no goals left) are the exception:
  each has a node of its own, because each stands for one complete answer that is accepted or
  rejected by itself.
* Best path. ``node.cost`` is the smallest cost of any path from the root, ``node.best_edge`` the
  last edge of one such path and ``node.depth`` its length. Costs of edges are not negative and a
  best edge is replaced only by a strictly cheaper one, so best edges never form a cycle, even where
  zero-cost edges do: ``depth`` falls by one along each of them. Floating-point addition is
  monotone, so this holds exactly.
* Proof. ``node.distance_to_proof`` is the fewest edges to a finished state whose check accepted; it
  is set exactly for nodes of status ``PROVED``. It says that the rest of a proof is known, from an
  equal state; about the theorem only a :class:`prover.domain.Verdict` speaks.
* Failure. From a ``FAILED`` node only ``FAILED``, ``REJECTED`` and ``REFUTED`` nodes can be reached.

ReProver's search tree (Yang et al. 2023) keeps similar invariants for trees; HyperTree Proof Search
(Lample et al. 2022) merges equal states likewise.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from prover.domain import Candidate, State, StepResult, StepStatus, Verdict

if TYPE_CHECKING:
    import networkx as nx


class NodeStatus(StrEnum):
    """What is known of a node.

    ``OPEN``: candidates are left to try (for a finished state: its check has not ended).
    ``EXHAUSTED``: none is left, but states reached from it may be open. ``FAILED``: neither is (set
    by :meth:`SearchGraph.settle`). ``REJECTED``: finished, and rejected by the check. ``REFUTED``: a
    reasoning module found it false, so it was never expanded.
    """

    OPEN = "open"
    EXHAUSTED = "exhausted"
    FAILED = "failed"
    PROVED = "proved"
    REJECTED = "rejected"
    REFUTED = "refuted"


@dataclass(eq=False, slots=True)
class Node:
    """A distinct state. ``cost``, ``depth`` and ``best_edge`` describe the cheapest known path to
    it; ``first_edge`` made it: along first edges ``state`` itself was computed, not one equal to
    it. ``surcharge`` is the part of its heuristic that near-equal states taken up before it cause.
    """

    id: int
    state: State
    cost: float = math.inf
    depth: int = 0
    heuristic: float = 0.0
    value: float | None = None
    surcharge: float = 0.0
    status: NodeStatus = NodeStatus.OPEN
    distance_to_proof: int | None = None
    finished: bool = False
    best_edge: Edge | None = field(default=None, repr=False)
    first_edge: Edge | None = field(default=None, repr=False)
    incoming: list[Edge] = field(default_factory=list, repr=False)
    outgoing: list[Edge] = field(default_factory=list, repr=False)


@dataclass(eq=False, slots=True)
class Edge:
    """One action tried on ``parent``. ``child`` is None where it failed; ``proposers`` are all who
    suggested it, the cheapest first; ``created`` says that this edge made its child; ``reward`` is that of
    the reward signals (0 without any); ``verdicts`` are the checks of answers that end with this edge.
    """

    parent: Node = field(repr=False)
    candidate: Candidate
    cost: float
    result: StepResult = field(repr=False)
    child: Node | None = None
    proposers: list[str] = field(default_factory=list)
    created: bool = False
    reward: float = 0.0
    verdicts: list[Verdict] = field(default_factory=list, repr=False)


class SearchGraph:
    """All states of a search and the steps between them; ``nodes[i].id == i`` and node 0 is the
    root."""

    def __init__(self, root: State) -> None:
        self.root = Node(0, root, cost=0.0, finished=root.goals == 0)
        self.nodes: list[Node] = [self.root]
        self._by_key: dict[str, Node] = {root.key: self.root}

    def __len__(self) -> int:
        return len(self.nodes)

    def find(self, key: str) -> Node | None:
        """The node of a state with this key, finished states excepted."""
        return self._by_key.get(key)

    def add(
        self,
        parent: Node,
        candidate: Candidate,
        cost: float,
        result: StepResult,
        proposers: list[str] | None = None,
    ) -> tuple[Edge, list[Node]]:
        """Records a step, making or merging its child.

        Returns the edge and the nodes that existed before and whose path became cheaper by it,
        nearest to the root first.

        Raises:
            ValueError: ``cost`` is negative or not finite.
        """
        if not 0 <= cost < math.inf:
            raise ValueError(f"the cost of an edge must be finite and not negative, not {cost}")
        edge = Edge(parent, candidate, cost, result, proposers=proposers or [candidate.proposer])
        parent.outgoing.append(edge)
        state = result.state
        finished = result.status is StepStatus.FINISHED or (state is not None and state.goals == 0)
        if not finished and (result.status is not StepStatus.PROGRESS or state is None):
            return edge, []
        child = None if finished or state is None else self._by_key.get(state.key)
        if child is None:
            # A finished step may come without a state: the parent's stands in, it is never stepped.
            child = Node(len(self.nodes), state or parent.state, finished=finished)
            child.first_edge = edge
            edge.created = True
            self.nodes.append(child)
            if not finished:
                self._by_key[child.state.key] = child
        edge.child = child
        child.incoming.append(edge)
        improved = self._relax(edge)
        if child.distance_to_proof is not None:
            self._spread_proof(child)
        return edge, [] if edge.created else improved

    def _relax(self, edge: Edge) -> list[Node]:
        """Restores the best-path invariant after ``edge`` was added or its parent became
        cheaper."""
        improved: dict[int, Node] = {}
        waiting = [edge]
        for current in waiting:  # grows while it is read: breadth first, so ties are by insertion
            child = current.child
            if child is None:
                continue
            cost, depth = current.parent.cost + current.cost, current.parent.depth + 1
            if not cost < child.cost:
                # Rounding may hide that the parent became cheaper; its new depth counts all the
                # same.
                if child.best_edge is not current or depth == child.depth:
                    continue
                cost = child.cost
            child.cost, child.depth, child.best_edge = cost, depth, current
            improved[child.id] = child
            waiting.extend(child.outgoing)
        return list(improved.values())

    def accept(self, edge: Edge, verdict: Verdict) -> None:
        """Records that the check accepted an answer that ends with ``edge``."""
        assert edge.child is not None and edge.child.finished
        edge.verdicts.append(verdict)
        self._prove(edge.child)

    def accept_root(self) -> None:
        """Records that the empty answer was accepted."""
        self._prove(self.root)

    def _prove(self, node: Node) -> None:
        node.distance_to_proof = 0
        node.status = NodeStatus.PROVED
        self._spread_proof(node)

    def _spread_proof(self, node: Node) -> None:
        """Restores the proof invariant above ``node``, whose distance is set."""
        waiting = [node]
        for current in waiting:
            assert current.distance_to_proof is not None
            distance = current.distance_to_proof + 1
            for edge in current.incoming:
                parent = edge.parent
                if parent.distance_to_proof is None or distance < parent.distance_to_proof:
                    parent.distance_to_proof = distance
                    parent.status = NodeStatus.PROVED
                    waiting.append(parent)

    def reject(self, edge: Edge, verdict: Verdict) -> None:
        """Records that the check rejected an answer that ends with ``edge``."""
        edge.verdicts.append(verdict)
        if edge.child is not None and edge.child.status is NodeStatus.OPEN:
            edge.child.status = NodeStatus.REJECTED

    def exhaust(self, node: Node) -> None:
        """Records that no candidate of ``node`` is left to try."""
        if node.status is NodeStatus.OPEN:
            node.status = NodeStatus.EXHAUSTED

    def refute(self, node: Node) -> None:
        """Records that ``node``, which has no children yet, is false."""
        assert not node.outgoing
        if node.status is NodeStatus.OPEN:
            node.status = NodeStatus.REFUTED

    def settle(self) -> None:
        """Marks as failed the exhausted nodes from which neither an open nor a proved one can be
        reached.

        Two exhausted nodes that only lead to each other are failed too, so this asks what can be
        reached instead of waiting for the children of each to fail first. Linear in the size of the
        graph.
        """
        alive = [n for n in self.nodes if n.status in (NodeStatus.OPEN, NodeStatus.PROVED)]
        reached = {node.id for node in alive}
        for node in alive:
            for edge in node.incoming:
                if edge.parent.id not in reached:
                    reached.add(edge.parent.id)
                    alive.append(edge.parent)
        for node in self.nodes:
            if node.status is NodeStatus.EXHAUSTED and node.id not in reached:
                node.status = NodeStatus.FAILED

    def path_to(self, node: Node) -> list[str]:
        """The actions of the cheapest path from the root to ``node``."""
        return [edge.candidate.action for edge in self.edges_to(node)]

    def edges_to(self, node: Node, *, first: bool = False) -> list[Edge]:
        """The edges of the cheapest path to ``node``, or with ``first`` of the path that made
        it."""
        path: list[Edge] = []
        edge = node.first_edge if first else node.best_edge
        while edge is not None:
            path.append(edge)
            edge = edge.parent.first_edge if first else edge.parent.best_edge
        path.reverse()
        return path

    def paths_to(self, node: Node, limit: int) -> Iterator[list[Edge]]:
        """At most ``limit`` paths to ``node`` without repeated nodes, cheapest first.

        Searches backwards from ``node``; the exact cost of reaching each node from the root is
        known, so the paths come out in order (A* with a perfect heuristic). Paths that begin with a
        repeated node are dropped; at most ``100 * limit`` partial paths are looked at.
        """
        serial = 0
        waiting: list[tuple[float, int, float, Node, tuple[Edge, ...]]] = [(node.cost, 0, 0.0, node, ())]
        found = 0
        for _ in range(100 * limit):
            if not waiting or found >= limit:
                return
            _, _, tail, head, edges = heapq.heappop(waiting)
            if head is self.root:
                found += 1
                yield list(edges)
                continue
            on_path = {edge.child for edge in edges}
            for edge in head.incoming:
                if edge.parent is head or edge.parent in on_path:
                    continue
                serial += 1
                longer = tail + edge.cost
                entry = (edge.parent.cost + longer, serial, longer, edge.parent, (edge, *edges))
                heapq.heappush(waiting, entry)

    def edges(self) -> Iterator[Edge]:
        """All edges, those of failed steps included, by parent and then in the order tried."""
        for node in self.nodes:
            yield from node.outgoing

    def to_networkx(self, *, failures: bool = False) -> nx.MultiDiGraph[Any]:
        """The graph for plots and analysis.

        Nodes are numbers with ``text``, ``status``, ``depth``, ``cost``, ``value``, ``goals``,
        ``size``, ``distance_to_proof``, ``finished``. Edges have ``action``, ``proposer``,
        ``proposers``, ``cost``, ``status``, ``kind``, ``message``, ``micros``, ``best``,
        ``rejected``. With ``failures`` each failed step is an edge to a node
        ``"<parent>.<position>"`` of status ``failed_step``.
        """
        import networkx as nx  # slow to import, and of no use to a search

        out: nx.MultiDiGraph[Any] = nx.MultiDiGraph()
        for node in self.nodes:
            out.add_node(node.id, **_node_attributes(node))
        for node in self.nodes:
            for position, edge in enumerate(node.outgoing):
                if edge.child is not None:
                    out.add_edge(node.id, edge.child.id, **_edge_attributes(edge))
                elif failures:
                    failed = f"{node.id}.{position}"
                    out.add_node(failed, text=edge.result.message, status="failed_step")
                    out.add_edge(node.id, failed, **_edge_attributes(edge))
        return out

    def check_invariants(self) -> None:
        """Checks everything that the module promises.

        Raises:
            AssertionError: names the node that breaks an invariant.
        """
        keys: set[str] = set()
        for number, node in enumerate(self.nodes):
            where = f"node {number}"
            assert node.id == number, where
            if not node.finished:
                assert node.state.key not in keys, f"{where}: not merged"
                keys.add(node.state.key)
                assert self._by_key[node.state.key] is node, where
            self._check_path(node, where)
            self._check_status(node, where)
            for edge in node.outgoing:
                assert edge.parent is node, where
                assert edge.child is None or edge in edge.child.incoming, where
            for edge in node.incoming:
                assert edge.child is node and edge in edge.parent.outgoing, where

    def _check_path(self, node: Node, where: str) -> None:
        if node is self.root:
            assert node.cost == 0 and node.depth == 0, where
            assert node.best_edge is None and node.first_edge is None, where
            return
        best = node.best_edge
        assert best is not None and best in node.incoming, f"{where}: no best edge"
        assert node.first_edge in node.incoming and node.first_edge is not None, where
        assert node.first_edge.created and node.first_edge.parent.id < node.id, where
        assert node.depth == best.parent.depth + 1, f"{where}: depth"
        assert node.cost == best.parent.cost + best.cost, f"{where}: cost of the best path"
        for edge in node.incoming:
            assert node.cost <= edge.parent.cost + edge.cost, f"{where}: a cheaper path exists"

    def _check_status(self, node: Node, where: str) -> None:
        children = [edge.child for edge in node.outgoing if edge.child is not None]
        proved = node.distance_to_proof is not None
        assert proved == (node.status is NodeStatus.PROVED), f"{where}: status and distance"
        if node.finished:
            assert not node.outgoing and node.distance_to_proof in (None, 0), where
            return
        distances = [c.distance_to_proof for c in children if c.distance_to_proof is not None]
        expected = 1 + min(distances) if distances else None
        assert node.distance_to_proof == expected, f"{where}: distance to proof"
        if node.status is NodeStatus.FAILED:
            dead = (NodeStatus.FAILED, NodeStatus.REJECTED, NodeStatus.REFUTED)
            assert all(child.status in dead for child in children), f"{where}: failed too early"
        assert node.status is not NodeStatus.REJECTED, where


def _node_attributes(node: Node) -> dict[str, Any]:
    return {
        "text": "no goals" if node.finished and node.id else node.state.text,
        "status": node.status.value,
        "depth": node.depth,
        "cost": node.cost,
        "value": node.value,
        "goals": 0 if node.finished else node.state.goals,
        "size": 0 if node.finished else node.state.size,
        "distance_to_proof": node.distance_to_proof,
        "finished": node.finished,
    }


def _edge_attributes(edge: Edge) -> dict[str, Any]:
    child = edge.child
    return {
        "action": edge.candidate.action,
        "proposer": edge.candidate.proposer,
        "proposers": tuple(edge.proposers),
        "cost": edge.cost,
        "status": edge.result.status.value,
        "kind": edge.result.kind,
        "message": edge.result.message,
        "micros": edge.result.micros,
        "best": child is not None and child.best_edge is edge,
        "rejected": child is not None and child.status is NodeStatus.REJECTED,
    }
