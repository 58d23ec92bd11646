"""The records of the LeanDojo Benchmark 4 (Yang et al. 2023), in its field names and order.

Positions are ``(line, column)`` from 1, as LeanDojo writes them; ``(0, 0)`` where a position is not known.
"""

from __future__ import annotations

import msgspec

Position = tuple[int, int]

UNKNOWN: Position = (0, 0)
"""The position of a declaration of which only the file is known."""

NO_GOALS = "no goals"
"""``state_after`` of a tactic that leaves nothing."""


class Premise(msgspec.Struct, frozen=True):
    """A constant that a tactic names: where it is declared."""

    full_name: str
    def_path: str
    def_pos: Position
    def_end_pos: Position


class TracedTactic(msgspec.Struct, frozen=True):
    """One tactic with the goals before and after it.

    ``annotated_tactic`` is the tactic with ``<a>…</a>`` around each premise's name, and the premises in
    the order of their marks. The states are Lean's goals as text, ``no goals`` at the end.
    """

    tactic: str
    annotated_tactic: tuple[str, tuple[Premise, ...]]
    state_before: str
    state_after: str

    @property
    def premises(self) -> tuple[Premise, ...]:
        """The premises of the annotated tactic."""
        return self.annotated_tactic[1]


class TracedTheorem(msgspec.Struct, frozen=True):
    """A theorem with the tactics of its proof, in the order of its text; none for a proof term."""

    url: str
    commit: str
    file_path: str
    full_name: str
    start: Position
    end: Position
    traced_tactics: tuple[TracedTactic, ...] = ()


class CorpusPremise(msgspec.Struct, frozen=True):
    """A declaration that proofs may use: its text, where it stands and its syntax kind."""

    full_name: str
    code: str
    start: Position
    end: Position
    kind: str


class CorpusFile(msgspec.Struct, frozen=True):
    """A file of the corpus (one line of ``corpus.jsonl``): the paths it imports, the declarations it makes."""

    path: str
    imports: tuple[str, ...]
    premises: tuple[CorpusPremise, ...]
