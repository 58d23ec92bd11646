"""What is asked: a problem in some domain, with its budget."""

from __future__ import annotations

from dataclasses import dataclass, field

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
