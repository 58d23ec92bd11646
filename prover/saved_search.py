"""A saved search, rebuilt from its events with the search's own graph. Whoever wants to know what a search did reads
it here: the report, the traces, the search that goes on with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from prover.domain import Candidate, StepResult, StepStatus, Verdict
from prover.errors import BadInput
from prover.runs import Run
from prover.search.graph import Edge, Node, SearchGraph


class Ending(StrEnum):
    """How one step ended."""

    NEW = "new state"
    MERGED = "known state"
    CLOSED = "no goals left"
    FAILED = "failed"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class SavedState:
    """A state as the events keep it (implements :class:`prover.domain.State`)."""

    key: str
    text: str
    goals: int
    size: int


@dataclass(frozen=True, slots=True)
class Step:
    """One tried action; ``seconds`` since the start of the search."""

    number: int
    seconds: float
    edge: Edge
    ending: Ending


@dataclass(frozen=True, slots=True)
class Found:
    """What a reasoning module found about a state."""

    module: str
    facts: tuple[str, ...]
    features: Mapping[str, float]
    refutation: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check from scratch of ``actions``: accepted, or why not."""

    node: int
    actions: tuple[str, ...]
    accepted: bool
    reasons: tuple[str, ...]


@dataclass(slots=True)
class SavedSearch:
    """A saved search, read whole.

    ``proof`` are the edges of the accepted proof from the root (empty without one). ``expanded`` are the states
    whose candidates were tried, ``added`` the seconds at which each state was reached.
    """

    run: Run
    graph: SearchGraph
    steps: list[Step] = field(default_factory=list)
    found: dict[int, list[Found]] = field(default_factory=lambda: defaultdict(list))
    checks: list[Check] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    expanded: set[int] = field(default_factory=set)
    added: dict[int, float] = field(default_factory=lambda: {0: 0.0})
    proof: list[Edge] = field(default_factory=list)

    @property
    def proof_nodes(self) -> set[int]:
        """The numbers of the states along the accepted proof."""
        return {edge.parent.id for edge in self.proof} | {edge.child.id for edge in self.proof if edge.child}

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of the accepted proof (empty without one)."""
        return next((check.actions for check in self.checks if check.accepted), ())

    @property
    def seconds(self) -> float:
        """Wall time: the search's own figure, or that of the last step where it was killed."""
        last = self.steps[-1].seconds if self.steps else 0.0
        return float(self.run.result.get("seconds", last))


def read_search(run: Run) -> SavedSearch:
    """Reads the events of ``run``.

    Raises:
        BadInput: there are none, or they do not fit together.
    """
    try:
        events = list(run.events())
        states = {event["node"]: event for event in events if event["event"] in ("search_started", "node_added")}
        if 0 not in states:
            raise BadInput(f"{run.folder} holds no search: its events do not say where it started")
        search = SavedSearch(run, SearchGraph(_state(states[0])))
        for event in events:
            _take(search, event, states)
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput(f"the events of {run.folder} cannot be read: {type(error).__name__}: {error}") from error
    search.graph.settle()
    return search


def _state(event: Mapping[str, Any]) -> SavedState:
    return SavedState(event["key"], event["text"], int(event["goals"]), int(event["size"]))


def _take(search: SavedSearch, event: Mapping[str, Any], states: Mapping[int, Mapping[str, Any]]) -> None:
    match event["event"]:
        case "step_tried":
            _step(search, event, states)
        case "node_added":
            node = search.graph.nodes[event["node"]]
            node.heuristic = event["heuristic"]
        case "node_valued":
            node = search.graph.nodes[event["node"]]
            node.value, node.heuristic = event["value"], event["heuristic"]
        case "node_expanded":
            search.expanded.add(event["node"])
        case "insight_found":
            values = event["refutation"]
            refutation = "" if values is None else ", ".join(f"{name} = {value}" for name, value in values.items())
            if event["facts"] or event["features"] or refutation:
                search.found[event["node"]].append(
                    Found(event["module"], tuple(event["facts"]), event["features"], refutation)
                )
            if values is not None and event["node"]:
                search.graph.refute(search.graph.nodes[event["node"]])
        case "proof_found" | "proof_rejected":
            _check(search, event)
        case "plugin_fault":
            search.faults.append(f"{event['role']} {event['plugin']}: {event['message']}")


def _step(search: SavedSearch, event: Mapping[str, Any], states: Mapping[int, Mapping[str, Any]]) -> None:
    graph, child = search.graph, event["child"]
    state: SavedState | None = None
    if child is not None:
        # The event of a child comes after its step; that of a killed search's last child may be missing.
        if child not in states and child >= len(graph):
            return
        state = _state(states[child]) if child in states else None
    status = StepStatus(event["status"])
    result = StepResult(status, state, event["kind"], event["message"], int(event["micros"]))
    candidate = Candidate(event["action"], event["proposer"], event["log_probability"], event["score"])
    edge, _ = graph.add(graph.nodes[event["node"]], candidate, event["cost"], result, list(event["proposers"]))
    if (edge.child.id if edge.child else None) != child:
        raise ValueError(f"step {event['step']} leads to state {child}, which no event describes")
    edge.reward = event["reward"]
    if edge.child is not None and edge.created:
        search.added[edge.child.id] = event["seconds"]
    search.steps.append(Step(event["step"], event["seconds"], edge, _ending(edge)))


def _ending(edge: Edge) -> Ending:
    if edge.child is None:
        return Ending.TIMED_OUT if edge.result.status is StepStatus.TIMED_OUT else Ending.FAILED
    if edge.child.finished:
        return Ending.CLOSED
    return Ending.NEW if edge.created else Ending.MERGED


def _check(search: SavedSearch, event: Mapping[str, Any]) -> None:
    accepted = event["event"] == "proof_found"
    actions = tuple(event["actions"])
    reasons = tuple((str(code), str(sentence)) for code, sentence in event["reasons"])
    search.checks.append(Check(event["node"], actions, accepted, tuple(sentence for _, sentence in reasons)))
    path = walk(search.graph, actions)
    verdict = Verdict(accepted, answer=event["answer"], checked_by=event["checked_by"], reasons=reasons)
    if not path:
        if accepted and not actions:
            search.graph.accept_root()
    elif path[-1].child is not None and path[-1].child.finished:
        (search.graph.accept if accepted else search.graph.reject)(path[-1], verdict)
    if accepted:
        search.proof = path


def walk(graph: SearchGraph, actions: Sequence[str]) -> list[Edge]:
    """The edges along ``actions`` from the root, as far as the graph has them."""
    path: list[Edge] = []
    node: Node | None = graph.root
    for position, action in enumerate(actions):
        if node is None:
            break
        last = position == len(actions) - 1
        ways = [edge for edge in node.outgoing if edge.candidate.action == action and edge.child is not None]
        edge = next((e for e in ways if not last or (e.child and e.child.finished)), ways[0] if ways else None)
        if edge is None:
            break
        path.append(edge)
        node = edge.child
    return path
