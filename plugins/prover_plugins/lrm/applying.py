"""The ways in which a theorem that says the like of a goal can prove it; which of them works, the model learned.

All close the goal or fail: what is left half done would only lead the search astray.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.reading import Reader

_MOST_PARTS = 3
"""So many facts and variables at most are looked into."""

METHODS = ("apply", "simplified", "simpa", "unfolded")


@dataclass(frozen=True, slots=True)
class Use:
    """A tactic that uses a theorem: the name of the ``method``, and its ``rank`` among those that are near the goal."""

    tactic: str
    method: str
    rank: int


def uses(goal: Reader, theorems: Sequence[str], definitions: Sequence[str]) -> Iterator[Use]:
    """All uses of ``theorems`` (the nearest first) on a goal; ``definitions`` are functions of the library in it."""
    closers = " | ".join(["assumption", *_parts(goal)])
    for rank, name in enumerate(theorems):
        yield Use(f"apply {name} <;> first | {closers}", "apply", rank)
        yield Use(f"apply {name} <;> (simp_all; done)", "simplified", rank)
        yield Use(f"simpa using {name} ..", "simpa", rank)
        if definitions:
            yield Use(f"(simp [{', '.join((*definitions, name))}]; done)", "unfolded", rank)


def _parts(goal: Reader) -> list[str]:
    """What facts and variables that are structures have in them: a tree's proof that it is balanced, say."""
    facts = [f"exact {fact.name}.1" for fact in goal.facts if _is_structure(fact) and not fact.is_instance]
    variables = [f"exact {v.name}.2" for v in goal.variables if _is_structure(v) and len(v.constructors[0]) > 2]
    return facts[-_MOST_PARTS:] + variables[:_MOST_PARTS]


def _is_structure(hypothesis: HypothesisView) -> bool:
    return len(hypothesis.constructors) == 1 and not hypothesis.recursive and len(hypothesis.constructors[0]) > 1
