"""Judges the candidates of all proposers with the small model of :mod:`prover.model.ranker`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prover.domain import Candidate, State
from prover.model import loading
from prover.problem import Problem, text_before

if TYPE_CHECKING:
    from prover.model.ranker import RankerModel

class LearnedRanker:
    """Implements :class:`prover.hookspecs.Ranker`; the model is read at first use, and silence where there is none."""

    name = "ranker"
    domains = ("lean",)

    trust = loading.RANKER_TRUST

    def __init__(self) -> None:
        self._models = loading.KeptModels("ranker", _read)

    def warm_up(self, problem: Problem) -> None:
        """Reads the model, while Lean is busy with the problem."""
        folder = _folder(problem) if problem.domain in self.domains else None
        if folder is not None:
            self._models.of(folder)

    def rank(self, problem: Problem, state: State, candidates: Sequence[Candidate]) -> Sequence[float | None] | None:
        """How probable it is that each helps, less what it costs in time; None without a model, for a state that
        names what training never met, and for candidates of whose proposer or form it saw nothing there."""
        if problem.domain not in self.domains:
            return None
        folder = _folder(problem)
        model = None if folder is None else self._models.of(folder)
        if model is None or not model.is_familiar(state.text, text_before(problem)):
            return None
        learned = [c.proposer in model.proposers for c in candidates]
        if not any(learned):
            return None
        costs = [candidate.surprise for candidate in candidates]
        ranking = model.rank(state.text, state.goals, state.size, [c.action for c in candidates], costs)
        preferences = model.log_preference(ranking).tolist()
        return [
            value if proposer and form else None
            for value, proposer, form in zip(preferences, learned, ranking.known.tolist(), strict=True)
        ]


def _read(folder: Path) -> RankerModel:
    from prover.model.ranker import RankerModel

    return RankerModel.load(folder)


def _folder(problem: Problem) -> Path | None:
    """The folder of the ranker in use: a ranker that was chosen, else the one that comes along; None for ``none``."""
    choice = loading.choice_of(problem)
    if choice == loading.NONE:
        return None
    # Beside a language model, which only proposes, the ranker goes on judging.
    return Path(choice) if choice and loading.kind_of_choice(choice) == "ranker" else loading.default_folder()
