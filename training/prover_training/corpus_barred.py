"""The check that a proof of a library theorem uses nothing that is barred (:mod:`prover.lean.barred`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prover.domain import Verdict
from prover.lean.barred import Barred
from prover.problem import Problem


def barred(metadata: Mapping[str, str], uses: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names in ``uses`` that a proof of this problem may not depend on, in order; empty for other problems.

    ``metadata`` is the problem's; ``uses`` is ``Verdict.details["uses"]``: the library's constants that it names.
    """
    known = Barred.of(metadata)
    if known is None:
        return []
    return [str(use["name"]) for use in uses if known.bars(use["name"], use["position"], fact=use["fact"])]


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
