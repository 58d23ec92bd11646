"""The reasoning module: reads every goal of a Lean state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from prover.domain import Candidate, Insight, Refutation, State
from prover.hookspecs import LEAN_DEADLINE
from prover.lean.goals import LeanState
from prover.lean.protocol import GoalView
from prover.problem import Problem, text_before
from prover_plugins.arithmetic.boxes import boxes
from prover_plugins.arithmetic.casting import castings
from prover_plugins.arithmetic.congruence import congruence
from prover_plugins.arithmetic.counterexamples import counterexample
from prover_plugins.arithmetic.descent import descents
from prover_plugins.arithmetic.dividing import dividing
from prover_plugins.arithmetic.divisors import divisors
from prover_plugins.arithmetic.elimination import eliminations
from prover_plugins.arithmetic.exponentials import exponentials
from prover_plugins.arithmetic.factoring import factorings
from prover_plugins.arithmetic.fractions import fractions
from prover_plugins.arithmetic.goals import Question, own_notation, read_goal
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.ordering import ordering
from prover_plugins.arithmetic.products import products
from prover_plugins.arithmetic.reading import NotUnderstood
from prover_plugins.arithmetic.residues import residues
from prover_plugins.arithmetic.semantics import Value
from prover_plugins.arithmetic.squares import squares
from prover_plugins.arithmetic.steps import Sketch
from prover_plugins.arithmetic.subtraction import subtractions
from prover_plugins.arithmetic.systems import systems
from prover_plugins.arithmetic.witnesses import witnesses

_MOST_GOALS = 4
_RULES: tuple[Callable[[Sketch], Iterator[Candidate]], ...] = (
    witnesses, residues, subtractions, divisors, descents, dividing, congruence, exponentials,
)  # fmt: skip
_ADDING: tuple[Callable[[Sketch], Iterator[Candidate]], ...] = (
    castings, products, ordering, eliminations, fractions, boxes,
)  # fmt: skip
"""Rules whose steps add facts or substitute, and finish nothing."""
_FACTORING_FROM = 0.45
"""The best score of a factoring or a certificate: what is better comes first, and may make their work unnecessary."""


class ArithmeticModule:
    """Counterexamples and candidates for goals about Nat, Int and Bool."""

    name = "arithmetic"
    domains: Collection[str] = ("lean",)
    deadline = LEAN_DEADLINE

    def read(self, problem: Problem, state: State) -> Insight | None:
        """A refutation where some goal is false, else candidates for the first; None where nothing is understood."""
        if not isinstance(state, LeanState) or own_notation(text_before(problem)):
            return None
        understood = 0
        for goal in state.structure[:_MOST_GOALS]:
            try:
                read = read_goal(goal)
            except NotUnderstood:
                continue
            values = counterexample(read)
            if values is not None:
                return Insight(refutation=refutation(read, values))
            understood += 1
        if state.main_goal is None:
            return None
        share = understood / min(len(state.structure), _MOST_GOALS)
        return Insight(candidates=candidates(state.main_goal), features={"arithmetic.understood": share})


def candidates(goal: GoalView) -> Iterator[Candidate]:
    """Steps for a goal, best first; sympy is imported only where an equation might be factored."""
    sketch = Sketch(goal)
    rules = _RULES
    if not any(h.is_prop and h.accessible and h.head in ("And", "Exists") for h in goal.hypotheses):
        rules += _ADDING  # else the state in which those are taken apart has the same steps, and more
    found = [c for rule in rules for c in rule(sketch)]
    found.sort(key=lambda c: -(c.score or 0.0))
    first = [c for c in found if (c.score or 0.0) > _FACTORING_FROM]
    yield from first
    rest = [*found[len(first) :], *factorings(sketch), *systems(sketch), *squares(sketch)]
    yield from sorted(rest, key=lambda c: -(c.score or 0.0))


def refutation(question: Question, values: Mapping[str, Value]) -> Refutation:
    """The values as Lean writes them."""
    return Refutation(tuple((name, _written(value, question.variables[name])) for name, value in values.items()))


def _written(value: Value, kind: Kind) -> str:
    if kind is Kind.BOOL:
        return "true" if value else "false"
    if kind is Kind.PROP:
        return "True" if value else "False"
    return str(value)
