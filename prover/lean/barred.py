"""What a proof of a library theorem may not use: the theorem itself and what comes after it.

A theorem of Lean's own library can be asked for again, to learn from it or to be measured on it. It must then not prove
itself, nor be proved by its own consequences. The order of declarations inside a module is not known (the embedded
toolchain comes without their positions), so all other facts of the theorem's own module count as later, except those
that Lean makes together with a definition that the statement names (``f.eq_1``, ``C.injEq``), and what the statement
itself names (``T._proof_1``). Definitions are no facts and may always be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AGAIN = "type_of% @"
"""How a library theorem that is asked for again is stated: exactly, without printing and parsing it."""

_WITH_DEFINITION = (
    "eq_", "injEq", "inj", "noConfusion", "sizeOf_spec", "induct", "fun_cases", "rec", "casesOn", "ofNat", "unfold",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Barred:
    """``same`` are the theorem that is asked for and others that state the same, ``position`` is its module's in the
    order of imports, and ``stated`` are the constants of its statement."""

    same: frozenset[str]
    position: int
    stated: frozenset[str]

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Barred | None:
        """What a problem's metadata (``theorem``, ``aliases``, ``position``, ``symbols``) bars; None: nothing."""
        own = metadata.get("theorem")
        if not own:
            return None
        return cls(
            frozenset((own, *metadata.get("aliases", "").split())),
            int(metadata["position"]),
            frozenset(metadata.get("symbols", "").split()),
        )

    def bars(self, name: str, position: int, *, fact: bool) -> bool:
        """Whether a declaration of the module at ``position`` may not be used; a ``fact`` is one that proves a
        proposition."""
        if name in self.stated:
            return False
        if _stem(name) in self.same:
            return True
        return fact and position >= self.position and not self._is_made_with_what_is_stated(name)

    def _is_made_with_what_is_stated(self, name: str) -> bool:
        owner, _, last = name.rpartition(".")
        if not last.startswith(_WITH_DEFINITION):
            return False
        # `f.match_1.eq_2`, `C.mk.injEq` belong to `f` and `C`.
        outer, _, middle = owner.rpartition(".")
        return owner in self.stated or (outer in self.stated and middle.startswith("match_"))


def _stem(name: str) -> str:
    """The theorem that an auxiliary one (``T._simp_1``, ``T._proof_2``) was made of."""
    head, found, _ = name.partition("._")
    return head if found else name
