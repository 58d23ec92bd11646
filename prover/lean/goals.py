"""Lean's proof states as the search sees them, and helpers to read their goals.

Two views of the same goals: the text (LeanDojo's ``state_before`` format), which comes with every
step, and the structure (:class:`prover.lean.protocol.GoalView`), asked of Lean when first needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prover.lean.protocol import GoalView, HypothesisView, StateView
from prover.report.fragments import Displayed

if TYPE_CHECKING:
    from prover.lean.library import Library
    from prover.lean.server import LeanServer

NO_GOALS = "no goals"


class LeanState(Displayed):
    """An immutable proof state (implements ``prover.domain.State``).

    States are equal when they ask the same, that is, when their keys are equal.
    """

    __slots__ = ("_describe", "_library", "_structure", "server", "view")

    def __init__(
        self,
        view: StateView,
        describe: Callable[[int], list[GoalView]],
        library: Callable[[], Library] | None = None,
        server: LeanServer | None = None,
    ) -> None:
        """``server`` holds the state; a plugin may try tactics there whose outcome decides what it proposes (and
        frees the states that they make)."""
        self.view = view
        self.server = server
        self._describe = describe
        self._library = library
        self._structure: tuple[GoalView, ...] | None = None

    @property
    def id(self) -> int:
        """The id under which the server's client knows this state."""
        return self.view.id

    @property
    def key(self) -> str:
        """Canonical fingerprint of the goals."""
        return self.view.key

    @property
    def text(self) -> str:
        """The goals in LeanDojo's format."""
        return self.view.text

    @property
    def goals(self) -> int:
        """How many goals are left."""
        return self.view.goals

    @property
    def size(self) -> int:
        """Number of symbols in all goals."""
        return self.view.size

    @property
    def structure(self) -> tuple[GoalView, ...]:
        """The goals with hypotheses, symbols and shapes; one request to Lean, at first use.

        Raises:
            InfrastructureFault: the state was released, or Lean cannot answer.
        """
        if self._structure is None:
            self._structure = tuple(self._describe(self.view.id)) if self.view.goals else ()
        return self._structure

    @property
    def main_goal(self) -> GoalView | None:
        """The goal that a tactic acts on; None when there is none."""
        return self.structure[0] if self.structure else None

    @property
    def library(self) -> Library | None:
        """The theorems in scope, ranked on demand; None where the environment offers none."""
        return self._library() if self._library is not None else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeanState) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def _html(self) -> str:
        from prover.report.fragments import goals_html

        return goals_html(self.text or NO_GOALS)

    def __repr__(self) -> str:
        return f"LeanState(id={self.id}, goals={self.goals}, key={self.key})"


# ------------------------------------------------------------------------- reading a GoalView


def hypothesis(goal: GoalView, name: str) -> HypothesisView | None:
    """The innermost hypothesis of that name (an outer one of the same name is inaccessible)."""
    for candidate in reversed(goal.hypotheses):
        if candidate.name == name and candidate.accessible:
            return candidate
    return None


def facts(goal: GoalView) -> Iterator[HypothesisView]:
    """Accessible hypotheses that are proofs of propositions."""
    return (h for h in goal.hypotheses if h.is_prop and h.accessible)


def variables(goal: GoalView, inductive: str | None = None) -> Iterator[HypothesisView]:
    """Accessible variables: neither proofs, nor types, nor instances; those of one inductive type
    if it is given."""
    for h in goal.hypotheses:
        if h.is_prop or h.is_type or h.is_instance or not h.accessible:
            continue
        if inductive is None or h.inductive == inductive:
            yield h


# ---------------------------------------------------------------------------- reading the text


@dataclass(frozen=True, slots=True)
class ParsedHypothesis:
    """``names : type`` or ``name : type := value``."""

    names: tuple[str, ...]
    type: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedGoal:
    """One goal of a state's text. ``case`` is None where the text names none."""

    case: str | None
    hypotheses: tuple[ParsedHypothesis, ...]
    target: str


_GOAL_BREAK = re.compile(r"\n\n(?=case |\S)")
_HYPOTHESIS = re.compile(r"^(?P<names>(?:«[^»]*»\S*|[^\s:«]+)(?:\s+(?:«[^»]*»\S*|[^\s:«]+))*) : ")
_NAME = re.compile(r"«[^»]*»\S*|\S+")
_OPENING, _CLOSING = "([{⟨⦃⟦", ")]}⟩⦄⟧"


def parse_goals(text: str) -> list[ParsedGoal]:
    """Reads a state's text; also what LeanDojo wrote.

    Raises:
        ValueError: it is not a state in that format; says which line.
    """
    text = text.strip("\n")
    if not text.strip() or text.strip() == NO_GOALS:
        return []
    return [_parse_goal(part) for part in _split_goals(text)]


def _split_goals(text: str) -> list[str]:
    """At empty lines that follow a target; an empty line inside a goal does not part it."""
    parts: list[str] = []
    for part in _GOAL_BREAK.split(text):
        if parts and "⊢" not in parts[-1]:
            parts[-1] += "\n" + part
        else:
            parts.append(part)
    return parts


def _parse_goal(text: str) -> ParsedGoal:
    case: str | None = None
    entries: list[str] = []
    for line in text.splitlines():
        if not entries and case is None and line.startswith("case "):
            case = line[5:].strip()
        elif line[:1].isspace() and entries:
            entries[-1] += "\n" + line
        elif line.strip():
            entries.append(line)
    if not entries or not entries[-1].startswith(("⊢ ", "| ")):
        raise ValueError(f"not a proof state: no target in {text[:80]!r}")
    target = entries.pop()[2:]
    return ParsedGoal(case, tuple(map(_parse_hypothesis, entries)), target)


def _parse_hypothesis(entry: str) -> ParsedHypothesis:
    # A type too long for its line begins on the next one.
    head = _HYPOTHESIS.match(entry.replace(" :\n", " : \n", 1))
    if head is None:
        raise ValueError(f"not a hypothesis of a proof state: {entry[:80]!r}")
    rest = entry[head.end("names") + 2 :]
    value_at = _value_position(rest)
    names = tuple(_NAME.findall(head["names"]))
    if value_at is None:
        return ParsedHypothesis(names, rest.strip())
    return ParsedHypothesis(names, rest[:value_at].strip(), rest[value_at + 2 :].strip())


def _value_position(text: str) -> int | None:
    """Where a top-level ``:=`` begins; those inside brackets belong to the type."""
    depth = 0
    for position, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif depth == 0 and text.startswith(":=", position):
            return position
    return None
