"""Properties of whole searches on random finite graphs: completeness, determinism, budgets."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

from fake_domain import DONE, FAIL, PROBLEM, FakeEnvironment, Table, TableProposer
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.domain import State
from prover.problem import Budget, Problem
from prover.search import SearchConfig, SearchOutcome, StopReason, search
from prover.search import events as ev

KEYS = [*"abcdef", "root"]
# Sizes delay some states, so that cheaper paths are found to states that wait already.
SIZES = {"a": 50, "c": 3000, "e": 200}
COSTS = st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0, 3.0])
TARGETS = st.sampled_from([*KEYS, FAIL, FAIL, DONE])
TABLES = st.fixed_dictionaries(
    {
        key: st.lists(st.tuples(TARGETS, COSTS), max_size=4).map(
            lambda moves: {f"t{number}": move for number, move in enumerate(moves)}
        )
        for key in KEYS
    }
)
CONFIGS = st.builds(
    SearchConfig,
    batch_size=st.integers(1, 8),
    chunk_delta=st.sampled_from([0.0, 0.3, 5.0]),
    step_cost=st.sampled_from([0.0, 0.05]),
    alpha=st.sampled_from([0.0, 0.5, 1.0]),
    exploration=st.sampled_from([0.0, 0.5]),
    release_batch=st.integers(1, 4),
    diversity=st.sampled_from([0.0, 0.5, 3.0]),
)


class Guess:
    """Says of each state what it may, with nothing behind it."""

    name = "guess"

    def value(self, problem: Problem, state: State) -> float | None:
        return {"a": 0.0, "b": 0.01, "c": 0.5, "d": None}.get(state.key, 1.0)


def provable(table: Table) -> bool:
    seen, waiting = {"root"}, ["root"]
    for key in waiting:
        for target, _ in table.get(key, {}).values():
            if target == DONE:
                return True
            if target != FAIL and target not in seen:
                seen.add(target)
                waiting.append(target)
    return False


def trace(
    table: Table, config: SearchConfig, seed: int, budget: Budget
) -> tuple[SearchOutcome, list[tuple[object, ...]], FakeEnvironment]:
    events: list[tuple[object, ...]] = []

    def observe(event: object) -> None:
        if isinstance(event, ev.StepTried):
            events.append((event.node, event.candidate.action, event.cost, event.child))

    environment = FakeEnvironment(table, sizes=SIZES if config.size_weight else {})
    proposers = [TableProposer(table, "list"), TableProposer(table, "lazy", lazy=True)]
    outcome = search(
        PROBLEM,
        environment,
        proposers,
        values=[Guess()] if config.value_weight else [],
        config=config,
        budget=budget,
        observers=[observe],
        seed=seed,
    )
    outcome.graph.check_invariants()
    return outcome, events, environment


@settings(max_examples=150, deadline=None)
@given(TABLES, CONFIGS, st.integers(0, 3))
def test_a_proof_is_found_exactly_where_one_exists(table: Table, config: SearchConfig, seed: int) -> None:
    outcome, _, environment = trace(table, config, seed, Budget(None, None, None))
    assert outcome.proved == provable(table)
    assert (outcome.reason is StopReason.PROVED) == outcome.proved
    assert outcome.proved or outcome.reason is StopReason.EXHAUSTED
    # No action is tried twice on one state, however often and by whomever it is reached.
    assert len(set(environment.stepped)) == len(environment.stepped) == outcome.steps
    if outcome.proved:
        assert environment.verify(outcome.actions).accepted
        assert outcome.graph.root.distance_to_proof is not None


@settings(max_examples=60, deadline=None)
@given(TABLES, CONFIGS, st.integers(0, 3), st.integers(0, 25), st.integers(1, 8))
def test_same_seed_and_limits_same_trace_and_limits_hold(
    table: Table, config: SearchConfig, seed: int, steps: int, nodes: int
) -> None:
    budget = Budget(None, steps, nodes)
    first, events, _ = trace(table, config, seed, budget)
    second, again, _ = trace(table, config, seed, budget)
    assert events == again and first.actions == second.actions and first.reason is second.reason
    assert first.steps <= steps
    assert first.states < nodes + config.batch_size
    if first.reason is StopReason.STEPS:
        assert first.steps == steps


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_one_at_a_time_the_first_proof_is_a_cheapest_one(table: Table) -> None:
    """Without heuristics this is Dijkstra's algorithm: states are stepped in the order of path
    cost."""
    config = SearchConfig(batch_size=1, step_cost=0.0, size_weight=0.0, value_weight=0.0)
    outcome, _, _ = trace(table, config, 0, Budget(None, None, None))
    if outcome.proved:
        node = outcome.graph.nodes[-1]
        assert node.finished and abs(node.cost - cheapest(table)) < 1e-9


def cheapest(table: Table) -> float:
    """The cost of the cheapest proof, by Bellman and Ford."""
    best = dict.fromkeys(KEYS, math.inf) | {"root": 0.0, DONE: math.inf}
    for _ in KEYS:
        for key in KEYS:
            for target, cost in table[key].values():
                if target != FAIL:
                    best[target] = min(best[target], best[key] + cost)
    return best[DONE]


PROGRAM = """
from fake_domain import DONE, PROBLEM, FakeEnvironment, TableProposer
from prover.problem import Budget
from prover.search import search
table = {str(i): {f"t{j}": (str((i * 7 + j * j) % 97), 0.1 * (j % 3)) for j in range(5)}
         for i in range(97)}
environment = FakeEnvironment(table, root="1")
outcome = search(PROBLEM, environment, [TableProposer(table), TableProposer(table, "b", lazy=True)],
                 budget=Budget(None, 300, None))
print(outcome.steps, environment.stepped)
"""


def test_the_trace_does_not_depend_on_hashes() -> None:
    here = Path(__file__).resolve().parent
    path = f"{here}:{here.parent.parent}"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert outputs.pop().startswith("300 ")
