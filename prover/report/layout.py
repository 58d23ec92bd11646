"""Places the states of a search in the plane: a compact tree that grows to the right.

A state stands one column right of its parent, in the row of its first child, so that the first path (the proof,
where there is one) runs straight. Subtrees are pushed together along their outlines as in Reingold and Tilford 1981;
states without children, most of a large search, are packed into blocks. Linear in the number of states but for
sorting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PACKED_FROM = 4
"""So many leaves of one parent are packed into a block."""
BLOCK_WIDTH = 6
"""Leaves in a row of a block."""
BLOCK_PITCH = 0.15
"""Columns from one leaf of a block to the next; a whole block fits in one column."""


@dataclass(slots=True)
class _Outline:
    """The first and last row that a subtree takes in each column, relative to ``shift``; its deepest column first."""

    first: list[float]
    last: list[float]
    shift: float = 0.0


def place(children: Mapping[int, Sequence[int]], root: int = 0) -> dict[int, tuple[float, float]]:
    """The (column, row) of every node that can be reached from ``root``; the root is at (0, 0).

    ``children`` is a tree, each node's children in the order in which they are to appear, but that leaves come right
    after the first child. Columns and rows are 1
    apart, but for leaves in blocks (:data:`BLOCK_PITCH`).
    """
    order = [root]
    for node in order:  # grows while it is read: parents before their children
        order.extend(children.get(node, ()))
    outlines: dict[int, _Outline] = {}
    # The row of each node relative to its parent, and how far right of its column it stands.
    offset: dict[int, float] = {root: 0.0}
    aside: dict[int, float] = {}
    for node in reversed(order):
        below = children.get(node, ())
        leaves = [child for child in below[1:] if not children.get(child)]
        packed = set(leaves) if len(leaves) >= PACKED_FROM else set()
        # The first child, then the leaves: they fit in the same column right below it. Other branches must clear its
        # whole subtree.
        parts = [(outlines.pop(child), [child]) for child in below[:1]]
        if packed:
            parts.append(_block(leaves, offset, aside))
        else:
            parts += [(outlines.pop(leaf), [leaf]) for leaf in leaves]
        parts += [(outlines.pop(child), [child]) for child in below[1:] if children.get(child)]
        outlines[node] = _under(parts, offset, packed)
    return _absolute(order, children, offset, aside)


def _block(leaves: Sequence[int], offset: dict[int, float], aside: dict[int, float]) -> tuple[_Outline, list[int]]:
    rows = math.ceil(len(leaves) / BLOCK_WIDTH)
    for position, leaf in enumerate(leaves):
        # Column by column, so that neighbours in cost are neighbours.
        offset[leaf] = float(position % rows)
        aside[leaf] = (position // rows) * BLOCK_PITCH
    return _Outline([0.0], [rows - 1.0]), list(leaves)


def _under(parts: Sequence[tuple[_Outline, list[int]]], offset: dict[int, float], packed: set[int]) -> _Outline:
    """Stacks ``parts`` below each other, closely, and puts their parent in the row of the first."""
    whole: _Outline | None = None
    for outline, nodes in parts:
        shift = 0.0 if whole is None else _gap(whole, outline)
        for node in nodes:
            offset[node] = (offset[node] if node in packed else 0.0) + shift
        outline.shift += shift
        whole = outline if whole is None else _joined(whole, outline)
    if whole is None:
        return _Outline([0.0], [0.0])
    whole.first.append(-whole.shift)
    whole.last.append(-whole.shift)
    return whole


def _gap(above: _Outline, below: _Outline) -> float:
    depth = min(len(above.last), len(below.first))
    return 1.0 + max(above.last[-d] + above.shift - below.first[-d] - below.shift for d in range(1, depth + 1))


def _joined(above: _Outline, below: _Outline) -> _Outline:
    """The outline of both; reuses the longer one, so that the work is that of the shorter."""
    depth = min(len(above.last), len(below.last))
    if len(above.last) >= len(below.last):
        for d in range(1, depth + 1):
            above.last[-d] = below.last[-d] + below.shift - above.shift
        return above
    for d in range(1, depth + 1):
        below.first[-d] = above.first[-d] + above.shift - below.shift
    return below


def _absolute(
    order: Sequence[int], children: Mapping[int, Sequence[int]], offset: Mapping[int, float], aside: Mapping[int, float]
) -> dict[int, tuple[float, float]]:
    depth, places = {order[0]: 0}, {order[0]: (0.0, 0.0)}
    for node in order:
        for child in children.get(node, ()):
            depth[child] = depth[node] + 1
            places[child] = (depth[child] + aside.get(child, 0.0), places[node][1] + offset[child])
    return places
