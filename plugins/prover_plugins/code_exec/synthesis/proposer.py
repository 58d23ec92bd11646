"""The proposer: programs that give what the visible examples expect, the simplest first."""

from __future__ import annotations

import ast
import heapq
import re
import time
from collections.abc import Iterator
from typing import Any

from prover.domain import Candidate, State
from prover.problem import Problem
from prover_plugins.code_exec.environment import DOMAIN, CodeState
from prover_plugins.code_exec.synthesis import sketches
from prover_plugins.code_exec.synthesis.bank import Bank, Expression, expression
from prover_plugins.code_exec.synthesis.examples import Inputs, constants_of, inputs_of
from prover_plugins.code_exec.synthesis.operations import FAILED, kind_of
from prover_plugins.code_exec.tasks import Task

MOST_PROGRAMS = 60
_MOST_COST = 6
_SOURCE_COST = 2
_CONDITIONALS = 12
_CONDITIONAL_COST = 1
_OFFERED_COST = 5
_INNER_CONSTANTS = 8
_TIME_SHARE = 0.8
_MODULES = ("math", "itertools", "functools", "collections")


class SynthesisProposer:
    """Writes whole functions ``return <expression>`` from the examples; on the first state only.

    What it proposes passes the visible examples by its own evaluation, which runs no text; the sandbox has
    the word all the same. Deterministic up to a limit of four fifths of the problem's seconds.
    """

    name = "code_synthesis"
    domains = (DOMAIN,)
    deadline = 3600.0
    """Seconds that one call may take; its own limit is the share of the problem's time above."""

    def propose(self, problem: Problem, state: State) -> Iterator[Candidate]:
        """Programs for a state in which nothing is written yet or everything fails."""
        if not isinstance(state, CodeState) or state.code != state.task.start or state.task.kind != "function":
            return
        seconds = problem.budget.seconds
        deadline = time.monotonic() + (_TIME_SHARE * seconds if seconds is not None else float("inf"))
        for count, (cost, text) in enumerate(programs(state.task, deadline)):
            if count >= MOST_PROGRAMS:
                return
            yield Candidate(render(state.task, text), self.name, score=max(0.05, 0.9 ** min(cost, 20)))


def programs(task: Task, deadline: float = float("inf")) -> Iterator[tuple[int, str]]:
    """Expressions that give what the visible examples expect, as (cost, text), about cheapest first."""
    inputs = inputs_of(task)
    if inputs is None:
        return
    leaves = [
        expression(name, 1, [row[index] for row in inputs.rows]) for index, name in enumerate(inputs.parameters)
    ]  # fmt: skip
    scope = [leaf for leaf in leaves if leaf is not None]
    for value in constants_of(task, inputs):
        constant = expression(repr(value), 1, [value] * len(inputs.rows))
        if constant is not None:
            scope.append(constant)
    bank = Bank(scope, deadline=deadline)
    chooser = sketches.Chooser(inputs.expected, same)
    matches = _Matches(inputs)
    for cost in range(1, _MOST_COST + 1):
        for item in bank.grow(cost):
            matches.offer(item)
            yield from matches.ready(cost)
            chooser.learn(item)
        if cost == _SOURCE_COST:
            _fill(bank, scope, len(inputs.parameters), matches, deadline)
        if cost == _SOURCE_COST + 1:
            yield from matches.ready(_OFFERED_COST)
        if cost >= _SOURCE_COST:
            for total, text in chooser.found(_CONDITIONALS):
                matches.add(total + _CONDITIONAL_COST, text, text)
        yield from matches.ready(cost + 1)
        if bank.full:
            break
    yield from matches.ready(None)


def _fill(bank: Bank, scope: list[Expression], parameters: int, matches: _Matches, deadline: float) -> None:
    """Fills the sketches once; the simple ones are offered to the bank to build on.

    The first ``parameters`` leaves of ``scope`` are those of the function.
    """
    numbers = [value for value in (0, 1, 2, 3) if any(repr(value) == leaf.text for leaf in scope)]
    filled: list[Iterator[Expression]] = [
        sketches.folds(bank, _SOURCE_COST),
        sketches.recurrences(scope[:parameters], numbers),
        sketches.comprehensions(bank, scope[: parameters + _INNER_CONSTANTS], deadline, _SOURCE_COST),
    ]
    wanted = kind_of(matches.expected[0])
    known: set[str] = set()
    for source in filled:
        for item in source:
            behaviour = repr(item.values)
            if behaviour in known:
                continue
            known.add(behaviour)
            matches.offer(item)
            if item.cost <= _OFFERED_COST:
                bank.offer(item)
            for further in sketches.consumed(item, wanted):
                matches.offer(further)
                if further.cost <= _OFFERED_COST:
                    bank.offer(further)
        if time.monotonic() > deadline:
            return


class _Matches:
    """Expressions that give what is expected, handed out by cost; of those that agree everywhere the cheapest."""

    def __init__(self, inputs: Inputs) -> None:
        self.expected = inputs.expected
        self._best: dict[str, int] = {}
        self._heap: list[tuple[int, int, str, str]] = []
        self._serial = 0

    def offer(self, item: Expression) -> None:
        """Keeps the expression if it matches."""
        for value, wanted in zip(item.values, self.expected, strict=False):
            if value is FAILED or not same(value, wanted):
                return
        self.add(item.cost, item.text, repr(item.values))

    def add(self, cost: int, text: str, behaviour: str) -> None:
        """Keeps a matching expression unless one of the same behaviour is known that costs no more."""
        if cost < self._best.get(behaviour, cost + 1):
            self._best[behaviour] = cost
            self._serial += 1
            heapq.heappush(self._heap, (cost, self._serial, text, behaviour))

    def ready(self, cost: int | None) -> Iterator[tuple[int, str]]:
        """Hands out those up to ``cost``, all where it is None."""
        while self._heap and (cost is None or self._heap[0][0] <= cost):
            found, _, text, behaviour = heapq.heappop(self._heap)
            if self._best[behaviour] == found:
                # Handed out: whatever behaves so and comes later is not, even if it costs less.
                self._best[behaviour] = -1
                yield found, text


def same(value: Any, wanted: Any) -> bool:
    """Whether a value is what is expected: equal, and true or false only where that is meant."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def render(task: Task, text: str) -> str:
    """The function that returns the expression ``text``, with the imports that it needs."""
    tidy = ast.unparse(ast.parse(text, mode="eval"))
    imports = "".join(f"import {module}\n" for module in _MODULES if re.search(rf"\b{module}\.", tidy))
    return f"{task.preamble}{imports}{task.signature}\n    return {tidy}\n"
