"""A traced theorem, in the field names of the LeanDojo Benchmark 4 (Yang et al. 2023).

Positions are ``(line, column)`` from 1, as LeanDojo writes them.
"""

from __future__ import annotations

import msgspec

Position = tuple[int, int]


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


class TracedTheorem(msgspec.Struct, frozen=True):
    """A theorem with the tactics of its proof, in the order they ran; none for a proof term."""

    url: str
    commit: str
    file_path: str
    full_name: str
    start: Position
    end: Position
    traced_tactics: tuple[TracedTactic, ...] = ()
