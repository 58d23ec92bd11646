"""What a proof of a library theorem may not use: the theorem itself and what comes after it.

Otherwise the theorem would prove itself, or be proved by its own consequences. The order of declarations inside
a module is not known (the embedded toolchain comes without their positions), so all other facts of the theorem's own
module count as later, except those that Lean makes together with a definition that the statement names
(``f.eq_1``, ``C.injEq``). Definitions are no facts and may always be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prover.domain import Verdict
from prover.problem import Problem

_WITH_DEFINITION = (
    "eq_", "injEq", "inj", "noConfusion", "sizeOf_spec", "induct", "fun_cases", "rec", "casesOn", "ofNat", "unfold",
)  # fmt: skip


def barred(metadata: Mapping[str, str], uses: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names in ``uses`` that a proof of this problem may not depend on, in order; empty for other problems.

    ``metadata`` is the problem's: ``theorem`` (the library theorem that is asked for), ``aliases`` (others
    that state the same), ``position`` (of its module in the order of imports) and ``symbols`` (the constants of
    its statement). ``uses`` is ``Verdict.details["uses"]``: the library's constants that the proof names.
    """
    own = metadata.get("theorem")
    if not own:
        return []
    same = {own, *metadata.get("aliases", "").split()}
    position = int(metadata["position"])
    stated = set(metadata.get("symbols", "").split())
    return [
        str(use["name"])
        for use in uses
        if _stem(use["name"]) in same
        or (use["fact"] and use["position"] >= position and not _made_with(use["name"], stated))
    ]


def _stem(name: str) -> str:
    """The theorem that an auxiliary one (``T._simp_1``, ``T._proof_2``) was made of."""
    head, found, _ = name.partition("._")
    return head if found else name


def _made_with(name: str, symbols: set[str]) -> bool:
    owner, _, last = name.rpartition(".")
    if owner in symbols and last.startswith(_WITH_DEFINITION):
        return True
    # `f.match_1.eq_2`, `C.mk.injEq` belong to `f` and `C`.
    outer, _, middle = owner.rpartition(".")
    return outer in symbols and last.startswith(_WITH_DEFINITION) and (middle.startswith("match_") or owner in symbols)


class BarredCheck:
    """Rejects a proof of a library theorem that rests on the theorem itself or on what comes after it."""

    name = "barred"
    domains = ("lean",)

    def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Sequence[tuple[str, str]]:
        """One objection that names what was used; or that it is not known what was."""
        if "theorem" not in problem.metadata:
            return ()
        uses = verdict.details.get("uses")
        if uses is None:
            return (("barred", "it is not known which theorems of the library the proof uses"),)
        found = barred(problem.metadata, uses)
        if not found:
            return ()
        shown = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        return (("barred", f"the proof uses {shown}, which is the theorem itself or comes after it"),)
