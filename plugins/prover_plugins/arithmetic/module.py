"""The reasoning module: reads every goal of a Lean state."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from prover.domain import Insight, Refutation, State
from prover.lean.goals import LeanState
from prover.problem import Problem
from prover_plugins.arithmetic.counterexamples import counterexample
from prover_plugins.arithmetic.goals import Question, own_notation, read_goal
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood
from prover_plugins.arithmetic.semantics import Value

_MOST_GOALS = 4


class ArithmeticModule:
    """Counterexamples and candidates for goals about Nat, Int and Bool."""

    name = "arithmetic"
    domains: Collection[str] = ("lean",)

    def read(self, problem: Problem, state: State) -> Insight | None:
        """A refutation where some goal is false, else candidates for the first; None where nothing is understood."""
        if not isinstance(state, LeanState) or own_notation(problem.header):
            return None
        question: Question | None = None
        for place, goal in enumerate(state.structure[:_MOST_GOALS]):
            try:
                read = read_goal(goal)
            except NotUnderstood:
                continue
            values = counterexample(read)
            if values is not None:
                return Insight(refutation=refutation(read, values))
            if place == 0:
                question = read
        if question is None:
            return None
        return Insight(features={"arithmetic.understood": 1.0})


def refutation(question: Question, values: Mapping[str, Value]) -> Refutation:
    """The values as Lean writes them."""
    return Refutation(tuple((name, _written(value, question.variables[name])) for name, value in values.items()))


def _written(value: Value, kind: Kind) -> str:
    if kind is Kind.BOOL:
        return "true" if value else "false"
    if kind is Kind.PROP:
        return "True" if value else "False"
    return str(value)
