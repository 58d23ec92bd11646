"""Searches values for which all hypotheses hold and the target does not.

Values are assigned one variable at a time. A hypothesis is tested as soon as its variables have values, and where
it bounds a variable (also an equation solved for it) only values inside are tried. Boxes of growing size come
first, so that a small counterexample is found before a large one; then the numerals of the goal and their
neighbours, then random values of growing size. The work is limited by a count, not by a clock: the same goal gives
the same answer on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prover_plugins.arithmetic.goals import Question
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.semantics import Domain, Evaluator, Undecided, Value, Values, compiled, cost

WORK = 6_000
"""Evaluations of one proposition for one state; some 20 ms."""

_BOXES = (2, 4, 10, 30, 120)
_RANDOM_ROUNDS = 60


_Test = tuple[Evaluator, int]
"""An evaluator and its cost."""


class _Spent(Exception):
    """The work allowed is done."""


@dataclass(frozen=True, slots=True)
class _Level:
    """One variable in the order of assignment, with its domain and the hypotheses it completes."""

    name: str
    kind: Kind
    domain: Domain
    tests: tuple[_Test, ...]


def counterexample(question: Question, work: int = WORK) -> dict[str, Value] | None:
    """Values of the shown variables that refute ``question``; None where none was found.

    Every hypothesis was evaluated to true and the target to false for them, with Lean's meaning of each operation.
    """
    return _Search(question, work).run()


def models(question: Question, count: int, work: int = WORK) -> list[dict[str, Value]]:
    """Up to ``count`` assignments for which the hypotheses hold, small ones first."""
    search = _Search(question, work)
    found: list[dict[str, Value]] = []
    try:
        for values in search.assignments(6):
            found.append(dict(values))
            if len(found) == count:
                break
    except _Spent:
        pass  # fewer than asked for
    return found


class _Search:
    """The state of one search."""

    def __init__(self, question: Question, work: int) -> None:
        self.question = question
        self.left = work
        self.target = compiled(question.target)
        self.price = cost(question.target)
        self.closed = tuple((compiled(h), cost(h)) for h in question.hypotheses if not h.variables())
        self.levels = _levels(question)
        self.special = _special(question)

    def run(self) -> dict[str, Value] | None:
        try:
            for box in _BOXES:
                for values in self.assignments(box):
                    if self.refutes(values):
                        return self.shown(values)
                if not self.levels:
                    return None
            return self.scattered()
        except _Spent:
            return None

    def shown(self, values: Mapping[str, Value]) -> dict[str, Value]:
        return {name: values[name] for name in self.question.shown}

    def refutes(self, values: Values) -> bool:
        self.spend(self.price)
        try:
            return not self.target(values)
        except Undecided:
            return False

    def spend(self, price: int = 1) -> None:
        self.left -= price
        if self.left < 0:
            raise _Spent

    def holds(self, tests: tuple[_Test, ...], values: Values) -> bool:
        for test, price in tests:
            self.spend(price)
            try:
                if not test(values):
                    return False
            except Undecided:
                return False
        return True

    def assignments(self, box: int) -> Iterator[Values]:
        """All values within ``box`` (per variable, counted from its bounds) that satisfy the hypotheses."""
        if self.holds(self.closed, {}):
            yield from self.assign(0, {}, box)

    def assign(self, place: int, values: Values, box: int) -> Iterator[Values]:
        if place == len(self.levels):
            yield values
            return
        level = self.levels[place]
        self.spend()
        candidates, _ = level.domain.values(values, box, box)
        for value in candidates[:box]:
            values[level.name] = value
            if self.holds(level.tests, values):
                yield from self.assign(place + 1, values, box)
        values.pop(level.name, None)

    def scattered(self) -> dict[str, Value] | None:
        """Numerals of the goal and random values; equations still decide the variables they can."""
        generator = random.Random(0)
        while True:
            for round_ in range(_RANDOM_ROUNDS):
                values: Values = {}
                size = 10 ** (1 + round_ % 4)
                if self.scatter(generator, size, values) and self.refutes(values):
                    return self.shown(values)

    def scatter(self, generator: random.Random, size: int, values: Values) -> bool:
        for level in self.levels:
            self.spend()
            inside, complete = level.domain.values(values, 64, 64)
            if not inside:
                return False
            if complete or generator.random() < 0.3:
                value = generator.choice(inside)
            elif generator.random() < 0.5 and self.special:
                value = generator.choice(self.special)
            else:
                value = generator.randint(0 if level.kind is Kind.NAT else -size, size)
            values[level.name] = max(value, 0) if level.kind is Kind.NAT else value
            if not self.holds(level.tests, values):
                return False
        return True


def _levels(question: Question) -> list[_Level]:
    """The variables in an order in which hypotheses determine or bound the later by the earlier ones."""
    supports = {h: h.variables() for h in question.hypotheses if h.variables()}
    order: list[str] = []
    rest = list(question.variables)
    while rest:
        # Last comes what an equation determines; else keep the order of the context.
        free = [name for name in rest if not _determined(name, rest, question.hypotheses)]
        chosen = (free or rest)[0]
        order.append(chosen)
        rest.remove(chosen)
    levels: list[_Level] = []
    for place, name in enumerate(order):
        known = set(order[: place + 1])
        complete = [h for h, support in supports.items() if name in support and support <= known]
        kind = question.variables[name]
        levels.append(_Level(name, kind, Domain(name, kind, complete), tuple((compiled(h), cost(h)) for h in complete)))
    return levels


def _determined(name: str, rest: list[str], hypotheses: tuple[Term, ...]) -> bool:
    """Whether some equation gives ``name`` outright in terms of others that are still to be assigned."""
    for h in hypotheses:
        if h.operation == "=":
            for side, other in (h.arguments, h.arguments[::-1]):
                if side.operation == "variable" and side.name == name:
                    others = other.variables()
                    if name not in others and others & set(rest):
                        return True
    return False


def _special(question: Question) -> list[int]:
    """The numerals of the goal, their neighbours, negatives and products."""
    numerals = {
        part.value
        for term in (*question.hypotheses, question.target)
        for part in term.parts()
        if part.operation == "literal" and part.kind in (Kind.NAT, Kind.INT)
    }
    found: set[int] = set()
    for numeral in sorted(numerals)[:12]:
        found |= {numeral - 1, numeral, numeral + 1, -numeral, 2 * numeral, numeral * numeral}
    products = [a * b for a in sorted(numerals)[:6] for b in sorted(numerals)[:6] if a < b]
    return sorted(found | set(products) | {v - 1 for v in products} | {v + 1 for v in products})
