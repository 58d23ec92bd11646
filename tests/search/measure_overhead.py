"""Measures what the search itself costs per step, on a domain whose steps cost almost nothing.

Run from the root of the repository: ``python tests/search/measure_overhead.py [steps]``. Prints
milliseconds per step, with the fake checker's own time taken out, for a few shapes of search.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from fake_domain import FAIL, PROBLEM, FakeEnvironment, Table, TableProposer

from prover.domain import Candidate, State, StepResult
from prover.problem import Budget
from prover.search import SearchConfig, search


class Timed(FakeEnvironment):
    """Adds up its own time."""

    seconds = 0.0

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        started = time.perf_counter()
        try:
            return super().step(state, candidates)
        finally:
            self.seconds += time.perf_counter() - started

    def release(self, states: Sequence[State]) -> None:
        pass


def table(states: int, width: int, failing: float) -> Table:
    """A random table: ``width`` moves a state, some of which fail."""
    rng = random.Random(0)
    return {
        "root" if number == 0 else str(number): {
            f"t{move}": (
                FAIL if rng.random() < failing else str(rng.randrange(1, states)),
                rng.expovariate(1.0),
            )
            for move in range(width)
        }
        for number in range(states)
    }


def measure(name: str, moves: Table, steps: int, **more: Any) -> None:
    """Runs one search and prints a line."""
    environment = Timed(moves)
    proposers = [TableProposer(moves, "list"), TableProposer(moves, "lazy", lazy=True)]
    started = time.perf_counter()
    outcome = search(PROBLEM, environment, proposers, budget=Budget(None, steps, None), **more)
    seconds = time.perf_counter() - started - environment.seconds
    print(
        f"{name:<28} {outcome.steps:>6} steps {outcome.states:>6} states"
        f" {1000 * seconds / max(1, outcome.steps):.3f} ms/step"
    )


def main() -> None:
    """Measures new states mostly, merges mostly, one at a time, and with an observer."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    wide = table(100_000, 12, 0.6)
    narrow = table(steps // 8, 12, 0.3)
    measure("mostly failures", wide, steps)
    measure("mostly merges", narrow, steps)
    measure("one candidate a batch", wide, steps, config=SearchConfig(batch_size=1))
    measure("with an observer", wide, steps, observers=[lambda event: None])


if __name__ == "__main__":
    main()
