"""The search graph: invariants under random results, merging, cheaper paths, cycles, proofs."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import pytest
from fake_domain import FakeState
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.domain import Candidate, StepResult, StepStatus, Verdict
from prover.search.graph import Edge, Node, NodeStatus, SearchGraph

YES = Verdict(True)
NO = Verdict(False, reasons=(("no", "no"),))


def add(graph: SearchGraph, parent: Node, target: str, cost: float, action: str = "") -> Edge:
    result = StepResult(StepStatus.PROGRESS, FakeState(target))
    if target == "done":
        result = StepResult(StepStatus.FINISHED, FakeState("done", goals=0))
    if target == "fail":
        result = StepResult(StepStatus.FAILED, kind="tactic", message="no")
    name = action or f"{parent.state.key}>{target}"
    edge, _ = graph.add(parent, Candidate(name, "p"), cost, result)
    return edge


def child(graph: SearchGraph, parent: Node, target: str, cost: float) -> Node:
    node = add(graph, parent, target, cost).child
    assert node is not None
    return node


def test_equal_states_are_merged_and_the_cheaper_path_wins() -> None:
    graph = SearchGraph(FakeState("root"))
    a = child(graph, graph.root, "a", 5.0)
    b = child(graph, a, "b", 1.0)
    c = child(graph, b, "c", 1.0)
    assert (c.cost, c.depth) == (7.0, 3)
    edge, improved = graph.add(
        graph.root, Candidate("short", "p"), 2.0, StepResult(StepStatus.PROGRESS, FakeState("b", 9))
    )
    assert edge.child is b and not edge.created and len(graph) == 4
    assert improved == [b, c]
    assert (b.cost, c.cost, c.depth) == (2.0, 3.0, 2)
    assert graph.path_to(c) == ["short", "b>c"]
    assert [e.candidate.action for e in graph.edges_to(c, first=True)] == ["root>a", "a>b", "b>c"]
    graph.check_invariants()


def test_free_cycles_keep_best_paths_acyclic() -> None:
    graph = SearchGraph(FakeState("root"))
    a = child(graph, graph.root, "a", 0.0)
    b = child(graph, a, "b", 0.0)
    add(graph, b, "a", 0.0)
    add(graph, b, "root", 0.0)
    add(graph, b, "b", 0.0)
    assert graph.path_to(b) == ["root>a", "a>b"]
    graph.check_invariants()


def test_a_gain_below_rounding_still_moves_the_depth() -> None:
    graph = SearchGraph(FakeState("root"))
    x = child(graph, graph.root, "x", 0.0)
    a = child(graph, x, "a", 1e-18)
    b = child(graph, a, "b", 100.0)
    assert b.depth == 3
    add(graph, graph.root, "a", 0.0)
    assert (b.cost, b.depth) == (100.0, 2)
    graph.check_invariants()


def test_finished_states_are_judged_one_by_one() -> None:
    graph = SearchGraph(FakeState("root"))
    a = child(graph, graph.root, "a", 1.0)
    bad = add(graph, graph.root, "done", 0.5, "bad")
    good = add(graph, a, "done", 0.5, "good")
    assert bad.child is not good.child
    graph.reject(bad, NO)
    assert bad.child is not None and bad.child.status is NodeStatus.REJECTED
    assert graph.root.status is NodeStatus.OPEN
    graph.accept(good, YES)
    assert (graph.root.distance_to_proof, a.distance_to_proof) == (2, 1)
    assert bad.verdicts == [NO] and good.verdicts == [YES]
    late = child(graph, graph.root, "late", 9.0)
    add(graph, late, "a", 0.0)
    assert late.status is NodeStatus.PROVED and late.distance_to_proof == 2
    graph.check_invariants()


def test_a_rejected_answer_may_be_accepted_along_another_path() -> None:
    graph = SearchGraph(FakeState("root"))
    edge = add(graph, graph.root, "done", 0.5)
    graph.reject(edge, NO)
    graph.accept(edge, YES)
    graph.reject(edge, NO)
    assert edge.child is not None and edge.child.status is NodeStatus.PROVED
    graph.check_invariants()


def test_settle_fails_a_closed_cycle_but_not_what_leads_out() -> None:
    graph = SearchGraph(FakeState("root"))
    a = child(graph, graph.root, "a", 1.0)
    b = child(graph, a, "b", 1.0)
    add(graph, b, "a", 1.0)
    c = child(graph, graph.root, "c", 1.0)
    d = child(graph, c, "d", 1.0)
    for node in (graph.root, a, b, c):
        graph.exhaust(node)
    graph.settle()
    assert [n.status.value for n in graph.nodes] == [
        "exhausted", "failed", "failed", "exhausted", "open",
    ]  # fmt: skip
    graph.check_invariants()
    graph.exhaust(d)
    graph.settle()
    assert graph.root.status is NodeStatus.FAILED
    graph.check_invariants()


@pytest.mark.parametrize("cost", [-1.0, math.inf, math.nan])
def test_costs_must_be_finite_and_not_negative(cost: float) -> None:
    graph = SearchGraph(FakeState("root"))
    with pytest.raises(ValueError, match="finite and not negative"):
        add(graph, graph.root, "a", cost)


def test_networkx_export_has_the_attributes() -> None:
    graph = SearchGraph(FakeState("root"))
    add(graph, graph.root, "a", 1.0)
    add(graph, graph.root, "fail", 1.0)
    edge = add(graph, graph.root, "done", 1.0)
    graph.accept(edge, YES)
    plain = graph.to_networkx()
    assert list(plain.nodes) == [0, 1, 2] and plain.number_of_edges() == 2
    assert plain.nodes[0]["text"] == "state root" and plain.nodes[0]["status"] == "proved"
    assert plain.nodes[2]["text"] == "no goals" and plain.nodes[2]["goals"] == 0
    data = plain.edges[0, 1, 0]
    assert (data["action"], data["proposer"], data["best"]) == ("root>a", "p", True)
    full = graph.to_networkx(failures=True)
    assert full.nodes["0.1"] == {"text": "no", "status": "failed_step"}
    assert full.edges[0, "0.1", 0]["message"] == "no"


Moves = list[tuple[int, str, float]]
moves = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from([*"abcdefgh", "root", "done", "fail"]),
        st.sampled_from([0.0, 1e-18, 0.1, 0.3, 1.0, 2.5, 100.0]),
    ),
    max_size=40,
)


def build(sequence: Moves, verdicts: list[bool]) -> SearchGraph:
    graph = SearchGraph(FakeState("root"))
    for number, (where, target, cost) in enumerate(sequence):
        open_nodes = [node for node in graph.nodes if not node.finished]
        edge = add(graph, open_nodes[where % len(open_nodes)], target, cost, f"step {number}")
        if edge.child is not None and edge.child.finished and verdicts:
            accepted = verdicts[number % len(verdicts)]
            (graph.accept if accepted else graph.reject)(edge, YES if accepted else NO)
    return graph


@settings(max_examples=150, deadline=None)
@given(moves, st.lists(st.booleans(), max_size=3), st.sets(st.integers(0, 12)))
def test_invariants_hold_after_any_sequence(sequence: Moves, verdicts: list[bool], exhausted: set[int]) -> None:
    graph = build(sequence, verdicts)
    graph.check_invariants()
    for number in exhausted:
        if number < len(graph):
            graph.exhaust(graph.nodes[number])
    graph.settle()
    graph.check_invariants()
    plain = graph.to_networkx()
    costs = nx.single_source_dijkstra_path_length(plain, 0, weight="cost")
    for node in graph.nodes:
        assert node.cost == pytest.approx(costs[node.id], abs=1e-12)
        path = graph.edges_to(node)
        assert len(path) == node.depth and len({e.parent.id for e in path}) == len(path)
        first = graph.edges_to(node, first=True)
        assert not first or (first[0].parent is graph.root and first[-1].child is node)
    _check_distances(graph, plain)


def _check_distances(graph: SearchGraph, plain: nx.MultiDiGraph[Any]) -> None:
    """Compares with networkx: distance to the nearest accepted node, and what failed means."""
    accepted = [n.id for n in graph.nodes if n.finished and n.status is NodeStatus.PROVED]
    alive = [n.id for n in graph.nodes if n.status in (NodeStatus.OPEN, NodeStatus.PROVED)]
    back = plain.reverse()
    reach = nx.multi_source_dijkstra_path_length(back, accepted, weight=None) if accepted else {}
    hope = nx.multi_source_dijkstra_path_length(back, alive, weight=None) if alive else {}
    for node in graph.nodes:
        steps = min(
            (nx.shortest_path_length(plain, node.id, goal) for goal in accepted
             if nx.has_path(plain, node.id, goal)), default=None,
        )  # fmt: skip
        assert node.distance_to_proof == steps and (node.id in reach) == (steps is not None)
        if node.status is NodeStatus.FAILED:
            assert node.id not in hope
        if node.status is NodeStatus.EXHAUSTED:
            assert node.id in hope


@settings(max_examples=100, deadline=None)
@given(moves, st.integers(1, 6))
def test_paths_come_out_cheapest_first(sequence: Moves, limit: int) -> None:
    graph = build(sequence[:14], [])
    node = graph.nodes[-1]
    if node is graph.root:
        return
    plain = graph.to_networkx()
    simple: Any = nx.all_simple_edge_paths(plain, 0, node.id)
    expected = sorted(sum(plain.edges[edge]["cost"] for edge in path) for path in simple)
    found = list(graph.paths_to(node, limit))
    actions = [tuple(edge.candidate.action for edge in path) for path in found]
    assert len(set(actions)) == len(actions) == min(limit, len(expected))
    costs = [sum(edge.cost for edge in path) for path in found]
    assert costs == pytest.approx(expected[:limit], abs=1e-9)
