"""The learned retriever: theorems that are like the goal, and how to apply them."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from prover.domain import Candidate, Environment, Insight, State
from prover.hookspecs import LEAN_DEADLINE
from prover.lean.environment import Opened
from prover.lean.goals import LeanState
from prover.lean.index import Entry, Index, key_of, load
from prover.lean.library import Library
from prover.lean.terms import Term
from prover.model import loading
from prover.problem import Problem, text_before
from prover_plugins.automation.reading import Reader
from prover_plugins.lrm.applying import Means, Use, uses
from prover_plugins.premises.module import goal_symbols, is_readable
from prover_plugins.premises.sets import is_specific

if TYPE_CHECKING:
    from prover.model.retriever import Near, RetrieverModel, Space

NEAREST = 8
"""So many theorems are applied."""

_LOOKED_AT = 400
"""So many are looked at for them. Of a library theorem that is asked for again, what may not be used lies nearest."""

MOST = 0.6
"""The highest score of a candidate: what needs no library comes first."""

LEAST_LIKELY = 0.02
"""What is less likely to close the goal is not tried."""

USUAL_SECONDS = 0.15
"""What a step of other proposers takes. Most uses of a theorem take a tenth of that, so ten unlikely ones are worth a
likely step: a score is the probability for so many seconds of Lean's."""

HEARTBEATS, WALL_MS = 4_000, 1_000
"""Limits of one use."""


class Retrieval:
    """Finds theorems with a model; keeps the points of the libraries it has seen."""

    def __init__(self, model: RetrieverModel) -> None:
        self.model = model
        self._spaces: WeakKeyDictionary[Index, Space] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def find(self, library: Library, goal: Reader, limit: int = NEAREST) -> list[Near]:
        """The theorems that are most like a goal, the best first: by the similarity of the vectors, and by how much of
        what they speak of is reached from the goal by unfolding definitions."""
        from prover.model.retriever import Near, likeness

        view = goal.goal
        every = sorted(goal_symbols(view))
        symbols = [s for s in every if library.occurrences(s) or library.entry(s) is None]
        vector = self.model.goal_vector(view.term, symbols)
        reach = library.unfolded(every)
        marks: dict[str, tuple[float, float]] = {}

        def rate(index: Index) -> list[tuple[int, float]]:
            rated = []
            for number, cosine in self._space(index).nearest(vector, _LOOKED_AT):
                reached = index.covered(number, reach)
                marks[index.names[number]] = cosine, reached
                rated.append((number, cosine + reached))
            return sorted(rated, key=lambda pair: -pair[1])

        found = [entry for entry, _ in library.nearest(rate, 4 * limit) if _is_specific(entry)][:limit]
        return [Near(e.name, marks[e.name][0], likeness(view.term, e.term), marks[e.name][1]) for e in found]

    def prepare(self, environment: Opened) -> None:
        """Makes sure that the vectors of what is imported are in the cache folder, so that finding is quick.

        Raises:
            InfrastructureFault: Lean cannot list the library's declarations.
        """
        from prover.model.retriever import kept_at

        server, imports = environment.server, environment.imports
        if not kept_at(self.model, key_of(server, imports)).exists():
            self._space(load(server, environment.environment, imports))

    def _space(self, index: Index) -> Space:
        from prover.model.retriever import Space

        with self._lock:
            if index not in self._spaces:
                self._spaces[index] = Space.of(self.model, index)
            return self._spaces[index]


def _is_specific(entry: Entry) -> bool:
    """Whether it speaks of more than logic and linear arithmetic: of these tactics know more than any one theorem."""
    term = Term.read(entry.term)
    return term is not None and is_specific(term)


class LearnedRetriever:
    """Implements :class:`prover.hookspecs.ReasoningModule` with the small model of :mod:`prover.model.retriever`; says
    nothing without it, and with ``--no-model``."""

    name = "retriever"
    domains = ("lean",)
    deadline = LEAN_DEADLINE
    least_cost = -math.log(MOST)

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` is the model's; by default the one that comes along."""
        self._folder = folder
        self._retrievals = loading.KeptModels("retriever", _read)

    def prepare(self, problem: Problem, environment: Environment) -> None:
        """Reads the library's theorems where that was never done for these imports; a second or two, once.

        Raises:
            InfrastructureFault: Lean cannot list them.
        """
        if loading.choice_of(problem) != loading.NONE and isinstance(environment, Opened):
            retrieval = self._ready()
            if retrieval is not None:
                retrieval.prepare(environment)

    def read(self, problem: Problem, state: State) -> Insight | None:
        """Tactics that apply the theorems most like the first goal; looked up when first read."""
        if loading.choice_of(problem) == loading.NONE or not isinstance(state, LeanState) or not state.goals:
            return None
        goal, library = state.main_goal, state.library
        if goal is None or library is None:
            return None
        reader = Reader(goal, text_before(problem))
        retrieval = self._ready() if is_readable(reader) else None
        if retrieval is None:
            return None
        return Insight(candidates=self._candidates(retrieval, library, reader))

    def _candidates(self, retrieval: Retrieval, library: Library, goal: Reader) -> Iterator[Candidate]:
        near = retrieval.find(library, goal)
        rated: list[tuple[float, Use]] = []
        for use in uses([theorem.name for theorem in near], Means.of(library, goal)):
            method = retrieval.model.methods.get(use.method)
            likely = 0.0 if method is None else method.probability(near[use.rank], use.rank)
            if method is not None and likely >= LEAST_LIKELY:
                rated.append((min(likely * USUAL_SECONDS / method.seconds, MOST), use))
        for score, use in sorted(rated, key=lambda pair: -pair[0]):
            yield Candidate(use.tactic, self.name, score=score, heartbeats=HEARTBEATS, wall_ms=WALL_MS)

    def _ready(self) -> Retrieval | None:
        """The model, read at first use; None where there is none."""
        folder = self._folder or loading.folder_beside("retriever")
        return None if folder is None else self._retrievals.of(folder)


def _read(folder: Path) -> Retrieval:
    from prover.model.retriever import RetrieverModel

    return Retrieval(RetrieverModel.load(folder))
