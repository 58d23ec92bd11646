"""Random values of the header's types, on which terms are compared and statements tested."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from random import Random
from typing import Any

from prover_plugins.theory.definitions import Header
from prover_plugins.theory.kinds import BOOL, NAT, PROP, Type

Value = Any

_KNOWN = frozenset({"Nat", "Bool", "Prop", "List", "→", "×", "Option"})
_DEEPEST = 3


def plain_names(type_: Type, header: Header) -> Iterator[str]:
    """The type variables in a type."""
    return (n for n in type_.names() if n not in _KNOWN and n not in header.data and n != "Int")


def sample(type_: Type, header: Header, bases: set[str], random: Random, place: int) -> Value:
    """A random value; the first places get small ones. None where the type is beyond us."""
    bound = 1 + min(place // 4, 3)
    if place < -4 * _DEEPEST:
        return None
    if str(type_) in bases or type_ == NAT:
        # at every third place few values, so that equal ones meet
        return random.randrange(0, 2 if place % 3 == 0 else 2 + bound)
    if type_ == BOOL:
        return random.random() < 0.5
    if type_.element is not None:
        length = random.choice((0, *range(bound + 2))) if place >= 0 else 0
        items = [sample(type_.element, header, bases, random, place) for _ in range(length)]
        return None if None in items else tuple(items)
    if type_.name == "→":
        return _function(type_, bases, random)
    if type_.name == "×":
        parts = [sample(a, header, bases, random, place) for a in type_.arguments]
        return None if None in parts else ("Prod.mk", *parts)
    datum = header.data.get(type_.name)
    if datum is None:
        return None
    values = dict(zip(datum.parameters, type_.arguments, strict=False))
    kinds = {n: tuple(f.substitute(values) for f in fields) for n, fields in datum.constructors}
    # the fields of a datum may hold the datum again, inside a list or by way of another type
    other = partial(sample, header=header, bases=bases, random=random, place=min(place, 8) - 4)
    return _datum(type_, kinds, other, random, bound, header.data.keys())


def _datum(
    type_: Type, kinds: dict[str, tuple[Type, ...]], other: Callable[[Type], Value], random: Random, depth: int,
    data: Collection[str],
) -> Value:  # fmt: skip
    leaves = [n for n, fields in kinds.items() if type_ not in fields]
    if depth <= 0:  # such as hold no datum at all, where there are any
        leaves = [n for n in leaves if not any(f.name in data for f in kinds[n])] or leaves
    inner = [n for n in kinds if n not in leaves]
    if not leaves:
        return None
    name = random.choice(inner) if inner and depth > 0 and random.random() < 0.8 else random.choice(leaves)
    fields = [_datum(type_, kinds, other, random, depth - 1, data) if f == type_ else other(f) for f in kinds[name]]
    return None if None in fields else (name, *fields)


def _function(type_: Type, bases: set[str], random: Random) -> Value:
    argument, result = type_.arguments
    plain = {*bases, "Nat"}
    if str(argument) not in plain:
        return None
    a, b = random.randrange(1, 4), random.randrange(0, 4)
    if result in (BOOL, PROP):
        return lambda x: (a * x + b) % 3 != 0
    if str(result) in plain:
        return lambda x: (a * x + b) % 5
    return None
