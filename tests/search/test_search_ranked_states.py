"""Rankers judge the first states of a search only."""

from __future__ import annotations

from collections.abc import Sequence

from fake_domain import DONE, FAIL, PROBLEM, FakeEnvironment, Table, TableProposer

from prover.domain import Candidate, State
from prover.problem import Problem
from prover.search import search
from prover.search.candidates import RANKED


def test_later_states_keep_the_order_of_their_proposers() -> None:
    judged: list[str] = []

    class Noting:
        name = "ranker"

        def rank(self, problem: Problem, state: State, candidates: Sequence[Candidate]) -> Sequence[float | None]:
            judged.append(state.key)
            return [-0.1] * len(candidates)

    length = RANKED + 5
    table: Table = {f"s{i}": {"on": (f"s{i + 1}", 0.1), "off": (FAIL, 0.5)} for i in range(length)}
    table["root"] = {"on": ("s0", 0.1)}
    table[f"s{length}"] = {"end": (DONE, 0.1)}
    outcome = search(PROBLEM, FakeEnvironment(table), [TableProposer(table)], rankers=[Noting()])
    assert outcome.proved and len(outcome.actions) == length + 2
    assert len(set(judged)) == RANKED
