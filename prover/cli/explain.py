"""``--explain``: the search as a tree in the terminal, proof first, then what was tried and how
it ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prover.cli.live import target

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from prover.search import Edge, Node, SearchGraph

FAILURES_SHOWN = 3
NODES_SHOWN = 60
MESSAGE_WIDTH = 90


def search_tree(graph: SearchGraph, actions: tuple[str, ...] = ()) -> Tree:
    """The best paths of a search graph as a tree.

    Each state hangs below the state from which it is reached most cheaply, so merged states
    appear once. ``actions`` are those of the accepted proof. At most ``NODES_SHOWN`` states are
    drawn, nearest to the root first; of the failed steps of a state the first few, with the
    checker's first line.
    """
    from rich.text import Text
    from rich.tree import Tree

    from prover.saved_search import walk

    on_proof = {node.id for edge in walk(graph, actions) for node in (edge.parent, edge.child) if node is not None}
    root = Tree(_label(graph.root, on_proof), guide_style="dim")
    drawn = 1
    waiting: list[tuple[Node, Tree]] = [(graph.root, root)]
    for node, branch in waiting:  # grows while it is read: breadth first
        children = [e for e in node.outgoing if e.child is not None and e.child.best_edge is e]
        # The proof first, then what looked best to the search.
        children.sort(key=lambda e: (e.child is None or e.child.id not in on_proof, e.cost))
        hidden = 0
        for edge in children:
            child = edge.child
            assert child is not None
            if drawn >= NODES_SHOWN and child.id not in on_proof:
                hidden += 1
                continue
            drawn += 1
            twig = branch.add(_step(edge, child, on_proof))
            waiting.append((child, twig))
        _add_failures(node, branch)
        if hidden:
            branch.add(Text(f"… {hidden} more states", style="dim"))
    return root


def _add_failures(node: Node, branch: Tree) -> None:
    from rich.text import Text

    failures = [edge for edge in node.outgoing if edge.child is None]
    for edge in failures[:FAILURES_SHOWN]:
        message = edge.result.message.strip().splitlines()
        reason = target(message[0], MESSAGE_WIDTH) if message else edge.result.kind
        branch.add(
            Text.assemble(("✗ ", "red"), (_first_line(edge.candidate.action), "dim"), (f"  {reason}", "dim italic"))
        )
    if len(failures) > FAILURES_SHOWN:
        branch.add(Text(f"✗ … {len(failures) - FAILURES_SHOWN} more failed", style="dim"))


def _step(edge: Edge, child: Node, on_proof: set[int]) -> Text:
    from rich.text import Text

    proved = child.id in on_proof
    mark = ("✓ ", "green") if proved else ("✗ ", "red") if _rejected(child) else ("· ", "dim")
    line = Text.assemble(
        mark,
        (_first_line(edge.candidate.action), "bold green" if proved else "bold"),
        (f"  [{', '.join(edge.proposers)}]", "cyan dim"),
        "\n  ",
    )
    line.append_text(_label(child, on_proof))
    return line


def _label(node: Node, on_proof: set[int]) -> Text:
    from rich.text import Text

    if _rejected(node) and node.id not in on_proof:
        return Text(f"no goals, but the check rejects it: {_objection(node)}", style="red")
    if node.finished and node.id:
        return Text("no goals", style="green" if node.id in on_proof else "yellow")
    goals = "" if node.state.goals == 1 else f" ({node.state.goals} goals)"
    return Text(target(node.state.text, MESSAGE_WIDTH) + goals)


def _rejected(node: Node) -> bool:
    return node.status.value == "rejected"


def _objection(node: Node) -> str:
    """The first reason of the last check that rejected an answer which ends in ``node``."""
    verdicts = [verdict for edge in node.incoming for verdict in edge.verdicts if not verdict.accepted]
    reasons = verdicts[-1].reasons if verdicts else ()
    return target(reasons[0][1], MESSAGE_WIDTH) if reasons else "no reason given"


def _first_line(action: str) -> str:
    lines = action.strip().splitlines() or [""]
    return lines[0] + (" …" if len(lines) > 1 else "")
