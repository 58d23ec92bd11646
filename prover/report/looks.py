"""How each state of a saved search is shown."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum

from prover.saved_search import SavedSearch
from prover.search.graph import Node


class Look(StrEnum):
    """What a reader wants to know of a state first; the order is that of the page's legend."""

    PROOF = "proof"
    EXPANDED = "expanded"
    WAITING = "waiting"
    STUCK = "stuck"
    CLOSED = "closed"
    REJECTED = "rejected"
    REFUTED = "refuted"


def looks_of(search: SavedSearch) -> list[Look]:
    """What to show of each state, by number."""
    on_proof = search.proof_nodes
    return [_look(node, on_proof, search.expanded) for node in search.graph.nodes]


def _look(node: Node, on_proof: Set[int], expanded: Set[int]) -> Look:
    if node.id in on_proof:
        return Look.PROOF
    if node.status.value in ("rejected", "refuted"):
        return Look(node.status.value)
    if node.finished:
        return Look.CLOSED
    if any(edge.child is not None for edge in node.outgoing):
        return Look.EXPANDED
    return Look.STUCK if node.outgoing or node.id in expanded else Look.WAITING
