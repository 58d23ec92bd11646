"""What a search hands back, also when the infrastructure failed under it."""

from __future__ import annotations

from dataclasses import dataclass

from prover.domain import Refutation, Verdict
from prover.errors import InfrastructureFault
from prover.search.budget import StopReason
from prover.search.candidates import ProposerStatistics
from prover.search.graph import Node, SearchGraph


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search found.

    ``status`` is ``"proved"`` iff ``verdict`` accepted the answer made of ``actions``, else
    ``"not_proved"``; then ``verdict`` is the last rejection, or None where no answer was found.
    ``reason`` says why the search ended and ``rejected`` holds all verdicts that rejected an
    answer. ``best_open`` is the open node that would have been tried next (the root only where no
    other is open). ``refutation`` is the counterexample that the domain checked, for the reason ``REFUTED``.
    ``states`` counts distinct states, ``seconds`` is wall time, ``statistics`` are
    by proposer.
    """

    status: str
    reason: StopReason
    verdict: Verdict | None
    actions: tuple[str, ...]
    graph: SearchGraph
    steps: int
    states: int
    seconds: float
    statistics: dict[str, ProposerStatistics]
    rejected: tuple[Verdict, ...]
    best_open: Node | None
    refutation: Refutation | None = None

    @property
    def proved(self) -> bool:
        """Whether a check from scratch accepted an answer."""
        return self.verdict is not None and self.verdict.accepted


class SearchFault(InfrastructureFault):
    """The infrastructure failed during a search; ``outcome`` is what had been found until then.

    The original fault is the ``__cause__``.
    """

    def __init__(self, message: str, outcome: SearchOutcome) -> None:
        super().__init__(message)
        self.outcome = outcome
