"""What is asked: a problem in some domain, with its budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

LEAN = "lean"
"""The domain of theorems, the only one in which anything is ever ``proved``."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one search. Whatever is reached first ends it; ``None`` means no such limit.

    ``seconds`` is wall time, ``steps`` counts actions tried (each tactic sent to the checker is one
    step), ``nodes`` counts distinct states kept. A search limited by ``steps`` alone is reproducible
    for a given seed; one limited by ``seconds`` is not.
    """

    seconds: float | None = 60.0
    steps: int | None = None
    nodes: int | None = 20_000


@dataclass(frozen=True, slots=True)
class Problem:
    """A question for a domain.

    For the Lean domain ``statement`` is a theorem without its proof (``theorem t (a : Nat) : a = a``),
    ``imports`` are module names (``("Init",)``) and ``header`` is Lean source put before the statement
    (definitions, ``open``, options). ``hints`` are actions or lemma names that a person thinks useful,
    ``avoid`` actions that must not be tried (exactly, or a first word such as ``omega``).
    """

    statement: str
    name: str = ""
    domain: str = LEAN
    imports: tuple[str, ...] = ()
    header: str = ""
    budget: Budget = field(default_factory=Budget)
    hints: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)


def text_before(problem: Problem) -> str:
    """The Lean source in which the question stands: the header, or for a sorry of a file what comes before it there."""
    path, line = problem.metadata.get("file"), problem.metadata.get("line", "")
    if problem.header or not path or not line.isdigit():
        return problem.header
    try:
        return "\n".join(_lines(Path(path), Path(path).stat().st_mtime_ns)[: int(line) - 1])
    except (OSError, UnicodeDecodeError):
        return ""


@lru_cache(maxsize=4)
def _lines(path: Path, changed: int) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
