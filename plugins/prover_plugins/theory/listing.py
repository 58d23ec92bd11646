"""How the members of a datum are listed, and the lemmas that speak of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prover_plugins.theory.kinds import BOOL, NAT, Type, list_of
from prover_plugins.theory.proving import Claim
from prover_plugins.theory.terms import Node, Symbol, written

ORDERED = "Pairwise (· ≤ ·)"


@dataclass(frozen=True, slots=True)
class View:
    """How the members of a datum are listed: by itself, or by a function with ``[]`` for its other lists. A pair of
    lists is seen as both together, a list of lists as all of them."""

    kind: Type
    element: Type
    symbol: Symbol | None = None
    place: int = 0

    def of(self, datum: Node) -> Node:
        """The list of a datum's members."""
        if self.kind.name == "×":
            text = inside(datum.text)
            return replace(datum, type=list_of(self.element), text=f"{text}.1 ++ {text}.2")
        if self.symbol is None and self.kind != list_of(self.element):
            return replace(datum, type=list_of(self.element), text=f"{inside(datum.text)}.flatten")
        if self.symbol is None:
            return datum
        kinds = self.symbol.arguments
        empty = [Symbol("[]", (), kind, tuple, constructor=True) for kind in kinds]
        return written(self.symbol, tuple(datum if i == self.place else written(e, ()) for i, e in enumerate(empty)))


@dataclass(frozen=True, slots=True)
class Lemma:
    """A claim, and the beginning of its proof where that is no induction on the claim's own terms."""

    claim: Claim
    ordering: bool = False
    """Whether it speaks of order, so that the library's lemmas on that belong to its proof."""
    through: Claim | None = None
    """A claim that is proved first, inside its proof, and that it is an instance of."""

    hints: tuple[str, ...] = ()
    """Lemmas of the library for its proof."""

    proof: str = ""
    """All of its proof, where that is known."""

    start: str = ""
    """How its proof begins where its terms do not tell."""


def in_order(datum: Node) -> tuple[str, str]:
    """That a list, or each list of a list of lists, is in order: as it is tested on the samples, and as stated."""
    text = inside(datum.text)
    if datum.type == list_of(list_of(NAT)):
        each = f"l.{ORDERED}"
        return f"{text}.all (fun l => {each})", f"(∀ l ∈ {text}, {each})"
    return (f"({datum.text}).{ORDERED}",) * 2


def plain(whole: Node) -> Node:
    """The call whose value is viewed as one list, else the term itself."""
    return written(whole.symbol, whole.parts) if whole.symbol else whole


def true(call: Node) -> str:
    """That a test is passed."""
    return f"{call.text} = true" if call.type == BOOL else call.text


def inside(text: str) -> str:
    """As it is written as an argument."""
    return f"({text})" if " " in text else text
