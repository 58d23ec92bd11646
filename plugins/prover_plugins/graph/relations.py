"""Chains of related terms as shortest paths.

Nodes are terms, edges the facts ``a R b``; an equation is an edge both ways of every relation. A path is put
together with the lemma for its pair of relations: the core library's for Nat and Int, that of a transitivity
hypothesis, or an instance of ``Trans``, which is also how equations join.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from prover_plugins.graph.clauses import Clause, Tokens, parts
from prover_plugins.graph.writing import written

if TYPE_CHECKING:
    import networkx

EQ, LE, LT = "Eq/3", "LE.le/3", "LT.lt/3"
_PREFIXED = frozenset({EQ, LE, LT, "Dvd.dvd/3", "HasSubset.Subset/3"})
"""Relations of the library; their first argument is the type."""

_NODES = 60


@dataclass(frozen=True, slots=True)
class Edge:
    """``proof`` shows ``left R right``, where ``prefix`` is all of that before the two terms."""

    prefix: Tokens
    left: Tokens
    right: Tokens
    proof: str

    def turned(self) -> Edge:
        """The equation the other way round."""
        return Edge(self.prefix, self.right, self.left, f"{self.proof}.symm")


def split(fact: Tokens) -> tuple[Tokens, Tokens, Tokens] | None:
    """Prefix, left and right term of a fact that relates two terms; None for others."""
    if fact[0] not in _PREFIXED and not fact[0].startswith("@/3") and not fact[0].endswith("/2"):
        return None
    if fact[0] in ("And/2", "Or/2", "Iff/2", "→/2", "∀/2", "∀i/2"):
        return None
    arguments = parts(fact)
    if len(arguments) < 2:
        return None
    left, right = arguments[-2:]
    return fact[: len(fact) - len(left) - len(right)], left, right


def transitivity(clause: Clause) -> Tokens | None:
    """The relation's prefix where the clause says that it is transitive."""
    if len(clause.premises) != 2:
        return None
    first, second, whole = map(split, (*clause.premises, clause.conclusion))
    if first is None or second is None or whole is None or not first[0] == second[0] == whole[0]:
        return None
    chained = first[2] == second[1] and first[1] == whole[1] and second[2] == whole[2]
    variables = {first[1], first[2], second[2]}
    is_general = len(variables) == 3 and all(len(v) == 1 and v[0].startswith("?") for v in variables)
    return first[0] if chained and is_general else None


class Relations:
    """The facts that relate terms, and the paths along them."""

    def __init__(self, facts: Mapping[Tokens, str], transitive: Iterable[tuple[Tokens, Clause]]) -> None:
        self._transitive = dict(transitive)
        self._edges: list[Edge] = []
        self._ends: set[Tokens] = set()
        self._graphs: dict[Tokens, networkx.DiGraph[Any]] = {}
        for fact, proof in facts.items():
            found = split(fact)
            if found is not None:
                self._edges.append(Edge(*found, proof))
                self._ends.update(found[1:])

    def has_pair(self) -> bool:
        """Whether any two facts meet in a term."""
        return len(self._ends) < 2 * len(self._edges)

    def prove(self, goal: Tokens) -> str | None:
        """A proof of ``goal`` by a chain of facts; None where there is none."""
        found = split(goal)
        if found is None:
            return None
        prefix, left, right = found
        # Without a fact about each end there is no chain, and no need of a graph.
        if left not in self._ends or right not in self._ends:
            return None
        if prefix[0] == EQ:
            return self._equation(prefix, left, right)
        if not self.is_transitive(prefix):
            return None
        proof = self.path(prefix, left, right)
        if proof is None and prefix in ((LE, "Nat"), (LE, "Int")):
            equal = self.path((EQ, prefix[1]), left, right)
            return None if equal is None else f"({prefix[1]}.le_of_eq {equal})"
        return proof

    def is_transitive(self, prefix: Tokens) -> bool:
        """Whether chains of the relation can be put together."""
        return prefix in self._transitive or prefix[0] in _PREFIXED

    def closures(self, prefix: Tokens) -> Iterator[tuple[Tokens, str]]:
        """Every pair of terms related by a chain of two or more facts, as a fact with its proof."""
        graph = self._graph(prefix)
        sources = [node for node in graph if node[1] == 0]
        if len(sources) > _NODES:
            return
        import networkx

        for source in sources:
            for target, path in networkx.single_source_shortest_path(graph, source).items():
                if target[1] == 1 and len(path) > 2:
                    yield (*prefix, *source[0], *target[0]), self._compose(graph, path)

    def path(self, prefix: Tokens, left: Tokens, right: Tokens) -> str | None:
        """The shortest chain that shows ``prefix left right``."""
        import networkx

        graph = self._graph(prefix)
        try:
            nodes = networkx.shortest_path(graph, (left, 0), (right, 1))
        except (networkx.NetworkXNoPath, networkx.NodeNotFound):
            return None
        return self._compose(graph, nodes)

    def _equation(self, prefix: Tokens, left: Tokens, right: Tokens) -> str | None:
        proof = self.path(prefix, left, right)
        if proof is None and prefix[1:] in (("Nat",), ("Int",)):
            order = (LE, *prefix[1:])
            there, back = self.path(order, left, right), self.path(order, right, left)
            if there is not None and back is not None:
                return f"({prefix[1]}.le_antisymm {there} {back})"
        return proof

    def _graph(self, prefix: Tokens) -> networkx.DiGraph[Any]:
        """Nodes are (term, layer). Layer 1 is reached by an edge of the relation itself: for ``<`` that is a
        strict step, for a weak relation any step."""
        import networkx

        graph = self._graphs.get(prefix)
        if graph is not None:
            return graph
        graph = self._graphs[prefix] = networkx.DiGraph()
        weak = (LE, *prefix[1:]) if prefix[0] == LT else None
        for edge in self._edges:
            if edge.prefix == prefix:
                _link(graph, edge, (0, 1), (1, 1))
                if prefix[0] == EQ:
                    _link(graph, edge.turned(), (0, 1), (1, 1))
            elif edge.prefix == weak:
                _link(graph, edge, (0, 0), (1, 1))
            elif prefix[0] == LE and edge.prefix == (LT, *prefix[1:]):
                proof = f"({_family(prefix)}.le_of_lt {edge.proof})"
                _link(graph, Edge(prefix, edge.left, edge.right, proof), (0, 1), (1, 1))
            elif edge.prefix[0] == EQ:
                _link(graph, edge, (0, 0), (1, 1))
                _link(graph, edge.turned(), (0, 0), (1, 1))
        return graph

    def _compose(self, graph: networkx.DiGraph[Any], nodes: list[tuple[Tokens, int]]) -> str:
        edges: list[Edge] = [graph.edges[pair]["edge"] for pair in pairwise(nodes)]
        return reduce(self._join, edges).proof

    def _join(self, first: Edge, second: Edge) -> Edge:
        """One edge for two that follow each other."""
        one, two = first.prefix[0], second.prefix[0]
        prefix = first.prefix if one == LT or two == EQ else second.prefix
        clause = self._transitive.get(prefix) if first.prefix == second.prefix else None
        if clause is not None:
            proof = clause.use((first.proof, second.proof))
        elif one != two and EQ in (one, two) and {one, two}.isdisjoint((LE, LT)):
            proof = _replaced(prefix, first, second)
        else:
            proof = f"({_lemma(one, two, prefix)} {first.proof} {second.proof})"
        return Edge(prefix, first.left, second.right, proof)


def _link(graph: networkx.DiGraph[Any], edge: Edge, *layers: tuple[int, int]) -> None:
    for before, after in layers:
        graph.add_node((edge.left, 0))
        if not graph.has_edge((edge.left, before), (edge.right, after)):
            graph.add_edge((edge.left, before), (edge.right, after), edge=edge)


def _replaced(prefix: Tokens, first: Edge, second: Edge) -> str:
    """A relation with an end replaced by its equal. Lean must be told the result, or it looks for others."""
    equation, relation = (first, second) if first.prefix[0] == EQ else (second, first)
    result = written((*prefix, *first.left, *second.right))
    if result is None:
        return f"(Trans.trans {first.proof} {second.proof})"
    return f"(show {result} from {equation.proof} ▸ {relation.proof})"


def _family(prefix: Tokens) -> str:
    """The namespace of a type's order lemmas."""
    return prefix[1] if prefix[1:] in (("Nat",), ("Int",)) else "Std"


_ORDER = {
    (LE, LE): "le_trans", (LT, LE): "lt_of_lt_of_le", (LE, LT): "lt_of_le_of_lt", (LT, LT): "lt_trans",
}  # fmt: skip
_ORDER_AND_EQUAL = {
    (LE, EQ): "le_of_le_of_eq", (EQ, LE): "le_of_eq_of_le", (LT, EQ): "lt_of_lt_of_eq", (EQ, LT): "lt_of_eq_of_lt",
}  # fmt: skip


def _lemma(one: str, two: str, prefix: Tokens) -> str:
    """The name of what joins two relations of the library on one type."""
    if (one, two) in _ORDER:
        return f"{_family(prefix)}.{_ORDER[one, two]}"
    if (one, two) in _ORDER_AND_EQUAL:
        return _ORDER_AND_EQUAL[one, two]
    if one == two == EQ:
        return "Eq.trans"
    if one == two == "Dvd.dvd/3" and _family(prefix) != "Std":
        return f"{_family(prefix)}.dvd_trans"
    if one == two == "HasSubset.Subset/3" and prefix[1] == "List/1":
        return "List.Subset.trans"
    return "Trans.trans"
