"""The proposer: programs that give what the visible examples expect, the simplest first."""

from __future__ import annotations

import ast
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
from prover_plugins.code_exec.synthesis.operations import FAILED
from prover_plugins.code_exec.tasks import Task

MOST_PROGRAMS = 60
_MOST_COST = 7
_SOURCE_COST = 2
_CONDITIONALS = 12
_TIME_SHARE = 0.8
_MODULES = ("math", "itertools", "functools", "collections")


class SynthesisProposer:
    """Writes whole functions ``return <expression>`` from the examples; on the first state only.

    What it proposes passes the visible examples by its own evaluation, which runs no text; the sandbox has
    the word all the same. Deterministic up to a limit of four fifths of the problem's seconds.
    """

    name = "code_synthesis"
    domains = (DOMAIN,)

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
    given: set[str] = set()
    cost = 1
    while cost <= _MOST_COST and not bank.full:
        for item in bank.grow(cost):
            yield from _matching(item, inputs, given)
            chooser.learn(item)
        if cost == _SOURCE_COST:
            yield from _sketches(bank, scope, inputs, given, chooser, deadline)
        if cost >= 3:
            for total, text in chooser.found(_CONDITIONALS):
                if text not in given:
                    given.add(text)
                    yield total, text
        cost += 1


def _sketches(
    bank: Bank, scope: list[Expression], inputs: Inputs, given: set[str], chooser: sketches.Chooser, deadline: float
) -> Iterator[tuple[int, str]]:
    """Fills the sketches once; what does not match at once is offered to the bank to build on."""
    numbers = [value for value in (0, 1, 2, 3) if any(repr(value) == leaf.text for leaf in scope)]
    filled: list[Iterator[Expression]] = [
        sketches.comprehensions(bank, scope, deadline, _SOURCE_COST),
        sketches.folds(bank, _SOURCE_COST),
        sketches.recurrences(scope[: len(inputs.parameters)], numbers),
    ]
    for source in filled:
        for item in source:
            yield from _matching(item, inputs, given)
            bank.offer(item)
        if time.monotonic() > deadline:
            return


def _matching(item: Expression, inputs: Inputs, given: set[str]) -> Iterator[tuple[int, str]]:
    """The expression, where it gives what is expected and no given one gives the same everywhere."""
    if all(
        value is not FAILED and same(value, wanted) for value, wanted in zip(item.values, inputs.expected, strict=False)
    ) and (behaviour := repr(item.values)) not in given:
        given.add(behaviour)
        yield item.cost, item.text


def same(value: Any, wanted: Any) -> bool:
    """Whether a value is what is expected: equal, and true or false only where that is meant."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def render(task: Task, text: str) -> str:
    """The function that returns the expression ``text``, with the imports that it needs."""
    tidy = ast.unparse(ast.parse(text, mode="eval"))
    imports = "".join(f"import {module}\n" for module in _MODULES if re.search(rf"\b{module}\.", tidy))
    return f"{task.preamble}{imports}{task.signature}\n    return {tidy}\n"
