"""Conjectures about functions that are defined together: each needs one about its partners, proved in one induction.

``length (flatten t) = size t`` about trees needs ``length (flattens ts) = sizes ts`` about lists of trees: the same
with each function replaced by the partner in its block, or else some other conjecture about the partner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.kinds import Type
from prover_plugins.theory.meanings import holds
from prover_plugins.theory.proving import Claim
from prover_plugins.theory.signature import Signature
from prover_plugins.theory.terms import Equation, Node, written

Block = tuple[str, ...]


def block_of(terms: Iterable[Node], blocks: Sequence[Block]) -> tuple[Block, Node] | None:
    """The block of the first function in the terms that has partners, and its call on variables."""
    for term in terms:
        for node in _nodes(term):
            if node.symbol is not None and node.is_plain:
                for block in blocks:
                    if node.symbol.name in block:
                        return block, node
    return None


def joined(claims: Sequence[Claim], block: Block) -> tuple[str, str]:
    """The conjunction of claims about the functions of a block, in its order, and how its proof begins."""
    parts = [f"({claim.text})" for claim in claims]
    return " ∧ ".join(parts), f"apply {block[0]}.mutual_induct"


def leading(claim: Claim, call: Node) -> Claim:
    """The claim with the variables of the call first, as the induction wants them."""
    kinds = dict(claim.variables)
    names = [*(n for n in call.variables if n in kinds), *(n for n in kinds if n not in call.variables)]
    return Claim(tuple((n, kinds[n]) for n in names), claim.statement, claim.terms)


class Partners:
    """Conjectures with the functions of mutual blocks exchanged."""

    def __init__(self, made: Signature, evaluator: Evaluator, blocks: Sequence[Block]) -> None:
        self._made = made
        self._evaluator = evaluator
        self._blocks = blocks

    def partner(self, equation: Equation, source: str, target: str) -> Equation | None:
        """The equation with ``target`` in place of ``source``, and so in all blocks; None where it does not hold."""
        block = next(b for b in self._blocks if source in b)
        places = block.index(source), block.index(target)
        names: dict[str, Node] = {}
        one, other = (self._moved(t, places, names, None) for t in (equation.left, equation.right))
        if one is None or other is None or one.type != other.type:
            # the side that is a variable or a library term takes the type of the other
            known = one or other
            if known is None:
                return None
            names.clear()
            one, other = (self._moved(t, places, names, known.type) for t in (equation.left, equation.right))
        if one is None or other is None:
            return None
        statement = f"({one.text}).Perm ({other.text})" if equation.bags else f"({one.text}) = ({other.text})"
        if not holds(statement, list(names.values()), self._evaluator):
            return None
        return Equation(one, other, equation.bags)

    def _moved(self, node: Node, places: tuple[int, int], names: dict[str, Node], kind: Type | None) -> Node | None:
        if node.symbol is None:
            if node.text in names:
                return names[node.text] if kind in (None, names[node.text].type) else None
            taken = {v.text for v in names.values()}
            wanted = kind or node.type
            found = next((v for v in self._made.variables if v.type == wanted and v.text not in taken), None)
            if found is not None:
                names[node.text] = found
            return found
        name = node.symbol.name
        for block in self._blocks:
            if name in block and block.index(name) == places[0] and places[1] < len(block):
                name = block[places[1]]
                break
        for symbol in self._made.symbols:
            if symbol.name != name or len(symbol.arguments) != len(node.parts) or kind not in (None, symbol.result):
                continue
            kept = dict(names)
            parts = [self._moved(p, places, names, k) for p, k in zip(node.parts, symbol.arguments, strict=True)]
            whole = tuple(p for p in parts if p is not None)
            if len(whole) == len(parts):
                return written(symbol, whole)
            names.clear()
            names.update(kept)
        return None


def _nodes(term: Node) -> Iterable[Node]:
    yield term
    for part in term.parts:
        yield from _nodes(part)
