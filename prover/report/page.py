"""The report of a saved search: one HTML page that holds everything and loads nothing.

The data are JSON in a script element that is never run (``<`` is escaped, so no text can end it). The page's own
policy (Content-Security-Policy) allows its one script and its one style by their hashes and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.model.steering import Interventions
from prover.report.figures import checker_seconds, common_failures, time_line, work_by_proposer
from prover.report.layout import place
from prover.report.looks import Look, looks_of
from prover.saved_search import Ending, SavedSearch
from prover.search.graph import Node

TEXT_LIMIT, MESSAGE_LIMIT = 20_000, 4_000
"""Characters; what is longer is cut and says so."""

PACKED_ABOVE = 300
"""States; in a smaller search every leaf has a row, and so a label, of its own."""

Probes = Mapping[str, Mapping[str, Mapping[str, float]]]
"""What a model's probes read: by state (its number or its key), by span of tokens, the probability of each symbol."""

_WEB = Path(__file__).parent / "web"
_SCRIPTS = ("data.js", "camera.js", "tree.js", "state.js", "overview.js", "main.js")


def page(search: SavedSearch, probes: Probes | None = None) -> str:
    """The page of ``search``, as HTML text."""
    data = json.dumps(content(search, probes or {}), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Inside a script element only these could be taken for markup, or end a line in old parsers.
    data = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    style = (_WEB / "page.css").read_text("utf-8")
    script = "'use strict';\n(() => {\n" + "".join((_WEB / name).read_text("utf-8") for name in _SCRIPTS) + "})();\n"
    name = search.run.problem.name or "search"
    values = {
        "TITLE": html.escape(f"{name}: {_status(search)}"),
        "POLICY": f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        "STYLE": style,
        "DATA": data,
        "SCRIPT": script,
    }
    out = (_WEB / "page.html").read_text("utf-8")
    head, *rest = out.split("{{")
    # One pass: what is filled in is never searched for marks.
    parts = [head]
    for piece in rest:
        mark, _, tail = piece.partition("}}")
        parts += [values[mark], tail]
    return "".join(parts)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _status(search: SavedSearch) -> str:
    return str(search.run.result.get("status", "unfinished")).replace("_", " ")


def read_probes(path: Path) -> Probes:
    """Reads ``path``, or ``path/probes.json`` where it is a folder: ``{state: {span: {symbol: probability}}}``.

    Raises:
        BadInput: it cannot be read, or has another shape.
    """
    file = path / "probes.json" if path.is_dir() else path
    try:
        table = json.loads(file.read_text("utf-8"))
        return {
            str(state): {
                str(span): {str(symbol): _probability(p) for symbol, p in symbols.items()}
                for span, symbols in spans.items()
            }
            for state, spans in table.items()
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadInput(f"{file} holds no probes (state → span → symbol → probability): {error}") from error


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is no probability")
    return float(value)


# ------------------------------------------------------------------------------------------ the data


class _Strings:
    """A table of texts, each kept once: tactics and messages repeat a lot."""

    def __init__(self) -> None:
        self.table: list[str] = []
        self._places: dict[str, int] = {}

    def __call__(self, text: str, limit: int = MESSAGE_LIMIT) -> int:
        if len(text) > limit:
            text = text[:limit] + f"\n… ({len(text) - limit:,} more characters)"
        if text not in self._places:
            self._places[text] = len(self.table)
            self.table.append(text)
        return self._places[text]


def content(search: SavedSearch, probes: Probes) -> dict[str, Any]:
    """What the page shows, as one JSON object; nodes and steps by columns, texts by their place in ``strings``."""
    strings = _Strings()
    proposers = [work.name for work in work_by_proposer(search)]
    return {
        "about": _about(search),
        "looks": [look.value for look in Look],
        "endings": [ending.value for ending in Ending],
        "proposers": proposers,
        "nodes": _nodes(search, strings),
        "steps": _steps(search, strings, {name: place for place, name in enumerate(proposers)}),
        "insights": {
            str(node): [[f.module, list(f.facts), _finite(f.features), f.refutation] for f in found]
            for node, found in search.found.items()
        },
        "probes": _probes(search, probes),
        "proof": _proof(search),
        "checks": [[c.node, list(c.actions), c.accepted, list(c.reasons)] for c in search.checks],
        "faults": search.faults,
        "work": [
            [w.name, w.tried, round(w.seconds, 4), round(w.reward, 4), w.on_proof, [w.endings[e] for e in Ending]]
            for w in work_by_proposer(search)
        ],
        "failures": [[f.message, f.count, [list(a) for a in f.actions]] for f in common_failures(search)],
        "timeline": _timeline(search),
        "strings": strings.table,
    }  # fmt: skip


def _about(search: SavedSearch) -> dict[str, Any]:
    run, problem = search.run, search.run.problem
    return {
        "name": problem.name,
        "domain": problem.domain,
        "statement": problem.statement,
        "header": problem.header,
        "imports": list(problem.imports),
        "hints": list(problem.hints),
        "avoid": list(problem.avoid),
        "interventions": Interventions.of(problem).sentences(),
        "status": _status(search),
        "reason": run.result.get("reason", "the search did not come to its end"),
        "answer": run.result.get("proof", ""),
        "checked_by": run.result.get("checked_by", ""),
        "seconds": search.seconds,
        "checker_seconds": round(checker_seconds(search), 3),
        "seed": run.seed,
        "version": run.about.get("version", ""),
        "budget": run.about.get("budget", {}),
        "config": run.about.get("config", {}),
        "weights": run.about.get("weights", {}),
    }


def _nodes(search: SavedSearch, strings: _Strings) -> dict[str, list[Any]]:
    graph = search.graph
    order = {look: number for number, look in enumerate(Look)}
    parents = _parents(search)
    children = _ordered_children(search, parents)
    places = place(children, pack=len(graph) > PACKED_ABOVE)
    return {
        "parent": parents,
        "x": [round(places[n.id][0], 3) for n in graph.nodes],
        "y": [round(places[n.id][1], 3) for n in graph.nodes],
        "text": [strings("no goals" if n.finished and n.id else n.state.text, TEXT_LIMIT) for n in graph.nodes],
        "goals": [0 if n.finished else n.state.goals for n in graph.nodes],
        "size": [0 if n.finished else n.state.size for n in graph.nodes],
        "depth": [n.depth for n in graph.nodes],
        "cost": [_number(n.cost) for n in graph.nodes],
        "heuristic": [_number(n.heuristic) for n in graph.nodes],
        "value": [None if n.value is None else _number(n.value) for n in graph.nodes],
        "look": [order[look] for look in looks_of(search)],
        "when": [round(search.added.get(n.id, 0.0), 3) for n in graph.nodes],
    }  # fmt: skip


def _parents(search: SavedSearch) -> list[int]:
    """Below which state each is drawn (-1: the root): that of its cheapest path, as the search sees it, and along the
    proof the proof's own."""
    parents = [-1] * len(search.graph)
    for node in search.graph.nodes[1:]:
        assert node.best_edge is not None
        parents[node.id] = node.best_edge.parent.id
    before = search.graph.root.id
    for edge in search.proof:
        if edge.child is not None:
            if not _above(parents, edge.child.id, before):
                parents[edge.child.id] = before
            before = edge.child.id
    return parents


def _ordered_children(search: SavedSearch, parents: Sequence[int]) -> dict[int, list[int]]:
    """The states below each. First what the search liked best (or the proof), which runs straight on; then small
    branches before large ones, so that lines are short."""
    nodes = search.graph.nodes
    children: dict[int, list[int]] = {}
    for child, parent in enumerate(parents[1:], 1):
        children.setdefault(parent, []).append(child)
    on_proof = {edge.child.id for edge in search.proof if edge.child is not None}
    sizes = _sizes(children, len(nodes))
    for below in children.values():
        below.sort(key=lambda n: (n not in on_proof, n not in children, nodes[n].cost, n))
        below[1:] = sorted(below[1:], key=lambda n: (sizes[n], nodes[n].cost, n))
    return children


def _sizes(children: Mapping[int, list[int]], count: int) -> list[int]:
    """How many states the subtree of each node has."""
    order = [0]
    for node in order:  # grows while it is read
        order.extend(children.get(node, ()))
    sizes = [1] * count
    for node in reversed(order):
        sizes[node] += sum(sizes[child] for child in children.get(node, ()))
    return sizes


def _above(parents: Sequence[int], node: int, below: int) -> bool:
    """Whether ``node`` is ``below`` or stands above it: hanging it below would make a circle."""
    while below >= 0:
        if below == node:
            return True
        below = parents[below]
    return False


def _steps(search: SavedSearch, strings: _Strings, proposers: Mapping[str, int]) -> dict[str, list[Any]]:
    steps = search.steps
    order = {ending: number for number, ending in enumerate(Ending)}

    def child(node: Node | None) -> int:
        return -1 if node is None else node.id

    return {
        "node": [s.edge.parent.id for s in steps],
        "child": [child(s.edge.child) for s in steps],
        "action": [strings(s.edge.candidate.action) for s in steps],
        "proposer": [proposers[s.edge.candidate.proposer] for s in steps],
        "others": [strings(", ".join(s.edge.proposers)) for s in steps],
        "log_probability": [_number(s.edge.candidate.log_probability) for s in steps],
        "score": [_number(s.edge.candidate.score) for s in steps],
        "cost": [_number(s.edge.cost) for s in steps],
        "ending": [order[s.ending] for s in steps],
        "kind": [strings(s.edge.result.kind) for s in steps],
        "message": [strings(s.edge.result.message.strip()) for s in steps],
        "micros": [s.edge.result.micros for s in steps],
        "reward": [_number(s.edge.reward) for s in steps],
        "seconds": [round(s.seconds, 3) for s in steps],
    }


def _proof(search: SavedSearch) -> list[int]:
    numbers = {id(step.edge): position for position, step in enumerate(search.steps)}
    return [numbers[id(edge)] for edge in search.proof]


def _probes(search: SavedSearch, probes: Probes) -> dict[str, Any]:
    if not probes:
        return {}
    numbers = {node.state.key: str(node.id) for node in search.graph.nodes if not node.finished}
    known = {str(node.id) for node in search.graph.nodes}
    found = {state if state in known else numbers.get(state): spans for state, spans in probes.items()}
    return {state: spans for state, spans in found.items() if state is not None}


def _timeline(search: SavedSearch) -> dict[str, Any]:
    line = time_line(search)
    return {"width": line.width, "bins": line.bins, "first": line.first}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


def _finite(features: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in features.items()}
