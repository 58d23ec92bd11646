"""The reasoning module: what the library has to say about the first goal of a state, said only when asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import overload

from prover.domain import Candidate, Insight, State
from prover.hookspecs import LEAN_DEADLINE
from prover.lean.goals import LeanState
from prover.lean.library import Fit, Library, Premise
from prover.lean.protocol import GoalView
from prover.lean.terms import Term
from prover.problem import Problem, text_before
from prover_plugins.automation import structure
from prover_plugins.automation.reading import Reader
from prover_plugins.premises.candidates import BEST, SURE, candidates, may_be_sure
from prover_plugins.premises.dense import Reranker
from prover_plugins.premises.sets import injections

LIMIT = 48
FACTS = 10


class PremiseModule:
    """Looks for theorems that fit the goal; deterministic.

    ``encoder`` is the folder or hub id of a transformers encoder that reorders what was found; empty for none.
    """

    name = "premises"
    domains = ("lean",)
    deadline = LEAN_DEADLINE
    least_cost = -math.log(SURE)

    def __init__(self, encoder: str = "") -> None:
        self._reranker = Reranker(encoder) if encoder else None

    def read(self, problem: Problem, state: State) -> Insight | None:
        """The best theorems' statements as facts, and tactics that use them; the library is searched when
        one of the two is first read."""
        if not isinstance(state, LeanState) or not state.goals:
            return None
        goal = state.main_goal
        reader = None if goal is None else Reader(goal, text_before(problem))
        if state.library is None or reader is None or not is_readable(reader):
            return Insight(facts=_Statements(self, state), least_cost=math.inf)
        least = SURE if may_be_sure(reader) else BEST
        tactics = self._candidates(state.library, reader)
        return Insight(facts=_Statements(self, state), candidates=tactics, least_cost=-math.log(least))

    def _candidates(self, library: Library, reader: Reader) -> Iterator[Candidate]:
        goal = reader.goal
        compared: list[Premise] = []
        if goal.shape == "eq" and (target := Term.read(goal.term)) is not None:
            compared = injections(library.fitting(target, Fit.MP), library.occurrences)
        definitions = library.definitions(sorted(goal_symbols(goal)))
        yield from candidates(reader, self.find(library, goal), self.name, definitions, compared)

    def find(self, library: Library, goal: GoalView, limit: int = LIMIT) -> list[Premise]:
        """The premises for a goal, best first.

        Raises:
            BadInput: the encoder cannot be loaded.
        """
        found = library.find(Term.read(goal.term), goal_symbols(goal), limit)
        if self._reranker is not None:
            found = self._reranker.reorder(goal, found, library)
        return found

    def statements(self, state: LeanState) -> tuple[str, ...]:
        """``name : type`` of the best premises for the first goal of a state."""
        library, goal = state.library, state.main_goal
        if library is None or goal is None:
            return ()
        return tuple(library.statements([p.name for p in self.find(library, goal)[:FACTS]]))


def goal_symbols(goal: GoalView) -> set[str]:
    """The constants of the target and of the facts."""
    found = set(goal.symbols).union(*(h.symbols for h in goal.hypotheses if h.is_prop))
    if goal.head:
        found.add(goal.head)
    return found


def is_readable(goal: Reader) -> bool:
    """Whether the goal is one to use lemmas on: nothing to introduce, to name or to take apart first."""
    return not goal.shadowed and goal.goal.shape not in structure.BINDERS and structure.conjunction(goal) is None


class _Statements(Sequence[str]):
    """The statements of a state's premises, looked up when first read."""

    def __init__(self, module: PremiseModule, state: LeanState) -> None:
        self._module = module
        self._state = state
        self._found: tuple[str, ...] | None = None

    def _read(self) -> tuple[str, ...]:
        if self._found is None:
            self._found = self._module.statements(self._state)
        return self._found

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())
