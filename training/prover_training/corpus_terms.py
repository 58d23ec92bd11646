"""Small typed languages whose terms are both Lean text and Python values.

Random terms of one type are put into classes by their values at many points; two terms of a class make an
equation that is true at all of them. A language lists its operations with how they are written in Lean and what
they compute in Python, which must agree (``Nat`` subtraction stops at 0, division by 0 is 0).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_LOOSE = ("Bool", "Option_Nat")

POINTS = 48
"""Values of the variables at which terms are compared."""


@dataclass(frozen=True, slots=True)
class Operation:
    """``text`` has a ``{}`` for each argument, which is put in parentheses where it needs them."""

    text: str
    arguments: tuple[str, ...]
    result: str
    compute: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Language:
    """``variables`` are (name, type) pairs; ``sample`` draws a value of a type; ``header`` declares what Lean needs.

    ``targets`` are the types whose terms are equated.
    """

    name: str
    variables: tuple[tuple[str, str], ...]
    operations: tuple[Operation, ...]
    targets: tuple[str, ...]
    sample: Callable[[random.Random, str], Any]
    header: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its Lean text, whether it is one token or application argument, size and the variables in it."""

    text: str
    atomic: bool
    size: int
    variables: frozenset[str]
    values: tuple[Any, ...]


def equations(language: Language, generator: random.Random, tries: int, depth: int = 3) -> Iterator[str]:
    """Statements ``theorem t (x : T) … : a = b`` that hold at every point tried; the same one may come again."""
    points = _points(language, generator)
    names = [name for name, _ in language.variables]
    types = dict(language.variables)
    classes: dict[tuple[Any, ...], list[Term]] = defaultdict(list)
    for _ in range(tries):
        target = generator.choice(language.targets)
        term = _term(language, generator, target, generator.randint(1, depth), points)
        if term is None or not term.variables:
            continue
        known = classes[target, term.values]
        # The first of a class are kept as partners; every later one is a new equation.
        if any(term.text == other.text for other in known):
            continue
        for other in known[:3]:
            if other.size + term.size > 4:
                left, right = (term, other) if term.size >= other.size else (other, term)
                used = [name for name in names if name in left.variables | right.variables]
                # Some operations bind weaker than `=`.
                sides = [t.text if t.atomic or target not in _LOOSE else f"({t.text})" for t in (left, right)]
                yield _statement([(name, types[name]) for name in used], " = ".join(sides))
        if len(known) < 12:
            known.append(term)


def _statement(variables: Sequence[tuple[str, str]], claim: str) -> str:
    groups: list[tuple[list[str], str]] = []
    for name, type_ in variables:
        if groups and groups[-1][1] == type_:
            groups[-1][0].append(name)
        else:
            groups.append(([name], type_))
    binders = " ".join(f"({' '.join(names)} : {type_})" for names, type_ in groups)
    return f"theorem t {binders} : {claim}"


def _points(language: Language, generator: random.Random) -> list[dict[str, Any]]:
    return [{name: language.sample(generator, type_) for name, type_ in language.variables} for _ in range(POINTS)]


def _term(
    language: Language, generator: random.Random, type_: str, depth: int, points: list[dict[str, Any]]
) -> Term | None:
    """A random term; None where the type has nothing of this depth, or a value grows out of bounds."""
    leaves = [name for name, its in language.variables if its.replace(" ", "_") == type_]
    choices = [o for o in language.operations if o.result == type_ and (depth > 0 or not o.arguments)]
    if leaves and (depth == 0 or not choices or generator.random() < 0.25):
        name = generator.choice(leaves)
        return Term(name, True, 1, frozenset([name]), tuple(point[name] for point in points))
    if not choices:
        return None
    operation = generator.choice(choices)
    arguments = []
    for argument in operation.arguments:
        term = _term(language, generator, argument, depth - 1, points)
        if term is None:
            return None
        arguments.append(term)
    text = operation.text.format(*(a.text if a.atomic else f"({a.text})" for a in arguments))
    try:
        values = tuple(operation.compute(*(a.values[i] for a in arguments)) for i in range(len(points)))
    except OverflowError:
        return None
    variables = frozenset[str]().union(*(a.variables for a in arguments))
    return Term(text, not operation.arguments, 1 + sum(a.size for a in arguments), variables, values)
