"""The glue of the command line and of ``bench``: options in, a report out.

A :class:`Session` holds what one caller needs to prove things one after the other: the toolchain, the
plugins and a connection to Lean, each made when first needed. It is not thread-safe; use one a thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prover.errors import BadInput, InfrastructureFault
from prover.problem import Problem

EXIT_CODES: Mapping[str, int] = {"proved": 0, "not_proved": 1, "invalid": 2, "infrastructure": 3}


@dataclass(frozen=True, slots=True)
class Options:
    """How to prove: which Lean, which plugins, which seed.

    ``start`` is the file or folder from which a Lake project is looked for. ``use_service`` allows the
    resident server, which keeps Lean warm between calls.
    """

    start: Path | None = None
    project: Path | None = None
    lean: Path | None = None
    use_service: bool = True
    seed: int = 0
    jobs: int = 1
    plugins: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What came out of one problem.

    ``status`` is ``proved`` (Lean accepted the whole proof from scratch), ``not_proved`` (says nothing about
    the truth of the theorem), ``invalid`` (the question makes no sense; ``message``, ``line`` and ``column``
    are Lean's) or ``infrastructure`` (Lean failed or is missing). ``proof`` is what follows ``:=``, ``source``
    the complete text that was checked. ``states`` counts distinct proof states, ``steps`` tactics tried;
    ``seconds`` is wall time. ``proposers`` are those whose steps the proof uses.
    """

    status: str
    name: str = ""
    proof: str | None = None
    statement: str = ""
    axioms: tuple[str, ...] = ()
    checked_by: str = ""
    steps: int = 0
    states: int = 0
    seconds: float = 0.0
    lean: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    message: str = ""
    line: int | None = None
    column: int | None = None
    source: str = ""
    open_goals: tuple[str, ...] = ()
    proposers: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The command line's exit code for this status."""
        return EXIT_CODES[self.status]

    def to_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints; every key is always there."""
        return {
            "status": self.status,
            "name": self.name,
            "proof": self.proof,
            "statement": self.statement,
            "axioms": list(self.axioms),
            "checked_by": self.checked_by,
            "steps": self.steps,
            "states": self.states,
            "seconds": round(self.seconds, 3),
            "lean": {"version": self.lean.get("version"), "kind": self.lean.get("kind")},
            "reason": self.reason,
            "message": self.message,
            "line": self.line,
            "column": self.column,
        }


class Session:
    """placeholder"""
