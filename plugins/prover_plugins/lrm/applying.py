"""The ways in which a theorem that says the like of a goal can prove it; which of them works, the model learned.

All close the goal or fail: what is left half done would only lead the search astray.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prover.lean.library import Library
from prover.lean.protocol import HypothesisView
from prover_plugins.automation.reading import Reader
from prover_plugins.premises.module import goal_symbols

METHODS = ("apply", "simplified", "simpa", "unfolded", "opened")

_MOST_OPENED = 3
_MOST_UNFOLDED = 2


@dataclass(frozen=True, slots=True)
class Use:
    """A tactic that uses a theorem: the name of the ``method``, and its ``rank`` among those that are near the goal."""

    tactic: str
    method: str
    rank: int


@dataclass(frozen=True, slots=True)
class Means:
    """What else a use can take: ``definitions`` of the library to unfold (the rarest in the goal), variables that are
    ``structures``, and ``parts`` of facts and variables that may be what is left to prove (that a tree is balanced,
    say)."""

    definitions: tuple[str, ...]
    structures: tuple[str, ...]
    parts: tuple[str, ...]

    @classmethod
    def of(cls, library: Library, goal: Reader) -> Means:
        """Those for a goal."""
        variables = [v for v in goal.variables if _is_structure(v)][:_MOST_OPENED]
        facts = [fact for fact in goal.facts if _is_structure(fact) and not fact.is_instance][-_MOST_OPENED:]
        return cls(
            tuple(library.definitions(sorted(goal_symbols(goal.goal)))[:_MOST_UNFOLDED]),
            tuple(v.name for v in variables),
            (*(f"{fact.name}.1" for fact in facts), *(f"{v.name}.2" for v in variables if len(v.constructors[0]) > 2)),
        )


def _is_structure(hypothesis: HypothesisView) -> bool:
    return len(hypothesis.constructors) == 1 and not hypothesis.recursive and len(hypothesis.constructors[0]) > 1


def uses(theorems: Sequence[str], means: Means) -> Iterator[Use]:
    """All uses of ``theorems``, the nearest first."""
    opening = "; ".join(f"cases {name}" for name in means.structures)
    closers = " | ".join(["first", "assumption", "rfl", *(f"exact {part}" for part in means.parts)])
    for rank, name in enumerate(theorems):
        yield Use(f"apply {name} <;> {closers}", "apply", rank)
        yield Use(f"apply {name} <;> (simp_all; done)", "simplified", rank)
        yield Use(f"simpa using {name} ..", "simpa", rank)
        if opening:
            yield Use(f"({opening}; apply {name} <;> first | assumption | rfl)", "opened", rank)
        if means.definitions:
            yield Use(f"(simp [{', '.join((*means.definitions, name))}]; done)", "unfolded", rank)
