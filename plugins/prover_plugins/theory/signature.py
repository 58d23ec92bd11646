"""What the terms of an exploration are built from: the functions that a goal depends on, and samples of its types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from random import Random
from typing import Any

from prover_plugins.theory.definitions import Definition, Header
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.kinds import BOOL, NAT, PROP, Type
from prover_plugins.theory.library import METHODS, OPERATORS
from prover_plugins.theory.samples import plain_names, sample
from prover_plugins.theory.syntax import Term
from prover_plugins.theory.terms import Node, Symbol

Value = Any

SAMPLES = 48
_MOST_INSTANCES = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """Symbols, variables with their values, and for each function of the header where it looks at its arguments."""

    symbols: tuple[Symbol, ...]
    variables: tuple[Node, ...]
    functions: dict[str, Definition]

    def reduces(self, symbol: Symbol, parts: tuple[Node, ...]) -> bool:
        """Whether a call computes by one of the function's equations."""
        definition = self.functions[symbol.name]
        for arm in definition.arms:
            fits = [_fits(p, n) for p, n in zip(arm.parts[:-1], parts[len(definition.parameters) :], strict=True)]
            if False in fits:
                continue
            return None not in fits
        return not definition.arms

    def looks_at(self, name: str) -> list[int]:
        """The arguments that the function's cases distinguish."""
        definition = self.functions[name]
        if not definition.arms:
            return []
        shift = len(definition.parameters)
        return [
            shift + i
            for i in range(len(definition.arms[0].parts) - 1)
            if any(_is_constructor(arm.parts[i]) for arm in definition.arms)
        ]

    def functional(self, name: str) -> bool:
        """Whether the function's own induction is needed: it looks at several arguments, deeper than one constructor,
        or skips over parts of its argument."""
        definition = self.functions[name]
        places = self.looks_at(name)
        if len(places) != 1:
            return True
        place = places[0] - len(definition.parameters)
        patterns = [arm.parts[place] for arm in definition.arms if _is_constructor(arm.parts[place])]
        deep = any((p.kind == "list" and p.parts) or any(map(_is_constructor, _head(p)[1])) for p in patterns)
        return deep or self.skips(name)

    def skips(self, name: str) -> bool:
        """Whether it calls itself on something that is no part of the argument it looks at."""
        definition = self.functions[name]
        for place in self.looks_at(name)[:1]:
            for arm in definition.arms:
                pattern = arm.parts[place - len(definition.parameters)]
                inner = _head(pattern)[1] if _is_constructor(pattern) else ()
                parts = {n for part in inner for n in _names(part)}
                for call in calls_of(name, arm.parts[-1]):
                    if len(call.parts) > place + 1 and call.parts[place + 1].name not in parts:
                        return True
        return False

    def filters(self, name: str) -> bool:
        """Whether it calls itself on a filtered list."""
        return any(
            "filter" in {*_names(argument), *_projections(argument)}
            for arm in self.functions[name].arms
            for call in calls_of(name, arm.parts[-1])
            for argument in call.parts[1:]
        )

    def falls_through(self, name: str) -> bool:
        """Whether a case is what the ones before it leave, so that its patterns do not say what the arguments are."""
        arms = self.functions[name].arms
        places = range(len(arms[0].parts) - 1) if arms else ()
        tested = [i for i in places if any(_is_constructor(arm.parts[i]) for arm in arms)]
        return len(arms) > 1 and bool(tested) and not any(_is_constructor(arms[-1].parts[i]) for i in tested)

    def calls_itself(self, name: str) -> bool:
        """Whether the function is recursive."""
        return _is_recursive(self.functions[name])

    def changes(self, name: str) -> list[int]:
        """The arguments that the function hands on changed, such as accumulators, and does not look at."""
        definition = self.functions[name]
        looked, shift = self.looks_at(name), len(definition.parameters)
        found: set[int] = set()
        for arm in definition.arms:
            for call in calls_of(name, arm.parts[-1]):
                for place, argument in enumerate(call.parts[1 + shift :]):
                    given = arm.parts[place] if place < len(arm.parts) - 1 else None
                    if shift + place not in looked and argument != given:
                        found.add(shift + place)
        return sorted(found)


def branches(definition: Definition) -> bool:
    """Whether a function's cases have conditions or further cases inside."""
    return any(_has_branch(v) for v in values(definition))


def _is_recursive(definition: Definition) -> bool:
    return any(next(calls_of(definition.name, t), None) is not None for t in values(definition))


def _distinguishes(definition: Definition, header: Header) -> bool:
    """Whether it makes a datum of several of the type, by cases that overlap: unfolded it falls into many."""
    places = [i for i, kind in enumerate(definition.arguments) if kind == definition.result]
    arms = definition.arms
    return (
        definition.result.name in header.data
        and len(places) > 1
        and len(arms) > 2
        and not any(_is_constructor(p) and p.kind != "number" for p in arms[-1].parts[:-1])
    )


def values(definition: Definition) -> list[Term]:
    """What a function's cases are equal to."""
    return [arm.parts[-1] for arm in definition.arms] or [definition.body or Term("hole")]


def _names(term: Term) -> Iterator[str]:
    if term.kind == "name":
        yield term.name
    for part in term.parts:
        yield from _names(part)


def _projections(term: Term) -> Iterator[str]:
    """The methods that a term uses by a dot."""
    if term.kind == "project":
        yield term.name
    for part in term.parts:
        yield from _projections(part)


def _has_branch(term: Term) -> bool:
    return term.kind in ("if", "match") or any(_has_branch(p) for p in term.parts)


def calls_of(name: str, term: Term) -> Iterator[Term]:
    """The applications of a function in a term."""
    if term.kind == "apply" and term.parts[0] == Term("name", name):
        yield term
    for part in term.parts:
        yield from calls_of(name, part)


def matched(term: Term) -> Iterator[Term]:
    """The terms that it distinguishes cases of by ``match``."""
    if term.kind == "match":
        yield from term.parts[: int(term.name)]
    for part in term.parts:
        yield from matched(part)


def _is_constructor(pattern: Term) -> bool:
    if pattern.kind == "name":
        return "." in pattern.name or pattern.name in ("true", "false", "none")
    return pattern.kind != "hole"


def _fits(pattern: Term, node: Node) -> bool | None:
    """Whether a pattern fits a term whatever its variables are; None where it depends on them."""
    if not _is_constructor(pattern):
        return True
    symbol = node.symbol
    if symbol is None or not symbol.constructor:
        return None
    head, inner = _head(pattern)
    if head == "[]" and pattern.parts:  # a list of patterns
        if symbol.name == "[]":
            return False
        rest = Term("list", "", pattern.parts[1:])
        return _both(_fits(pattern.parts[0], node.parts[0]), _fits(rest, node.parts[1]))
    if head != symbol.name.rsplit(".", 1)[-1]:
        return False
    fits: bool | None = True
    for p, n in zip(inner, node.parts, strict=False):
        fits = _both(fits, _fits(p, n))
    return fits


def _both(one: bool | None, other: bool | None) -> bool | None:
    return False if False in (one, other) else None if None in (one, other) else True


def _head(pattern: Term) -> tuple[str, tuple[Term, ...]]:
    """The constructor of a pattern as symbols name it, and its fields."""
    if pattern.kind == "number":
        number = int(pattern.name)
        return ("0", ()) if number == 0 else ("succ", (Term("number", str(number - 1)),))
    if pattern.kind == "operator" and pattern.name == "+":
        step = int(pattern.parts[1].name)
        rest = pattern.parts[0]
        return "succ", (rest if step == 1 else Term("operator", "+", (rest, Term("number", str(step - 1)))),)
    if pattern.kind == "operator":
        return pattern.name, pattern.parts
    if pattern.kind == "list":
        return "[]", pattern.parts
    if pattern.kind == "project":
        return pattern.name, pattern.parts
    if pattern.kind == "apply":
        return pattern.parts[0].name.rsplit(".", 1)[-1], pattern.parts[1:]
    receiver, _, last = pattern.name.rpartition(".")
    return last, (Term("name", receiver),) if last == "succ" else ()


# --------------------------------------------------------------------------------------- making


def signature(
    header: Header, evaluator: Evaluator, wanted: Iterable[str], types: Iterable[Type], variables: Iterable[str],
    words: str, taken: Iterable[str] = (), partners: Iterable[str] = (),
) -> Signature:  # fmt: skip
    """The signature for the functions ``wanted`` at the ``types`` of a goal.

    ``variables`` are the goal's type variables, ``words`` the text in which library functions are looked for,
    ``partners`` the functions that are defined together with others.
    """
    known = [header.functions[n] for n in header.functions if n in set(wanted) and evaluator.knows(n)]
    # a function that calls neither itself nor a partner is unfolded, and needs no lemmas, unless it has many cases
    own = [d for d in known if d.name in partners or _is_recursive(d) or _distinguishes(d, header)]
    bases = [Type(v) for v in variables] or [NAT]
    symbols: dict[tuple[str, tuple[Type, ...]], Symbol] = {}
    for definition in own:
        for arguments, result in _instances(definition, header, bases):
            made = _own(definition.name, evaluator)
            symbols[definition.name, arguments] = Symbol(
                definition.name, arguments, result, made, own=True, branches=branches(definition)
            )
    used = dict.fromkeys(types)
    for symbol in symbols.values():
        used.update(dict.fromkeys((*symbol.arguments, symbol.result)))
    for symbol in (*_constructors(header, used), *_library(used, list(symbols.values()), words)):
        symbols.setdefault((symbol.name, symbol.arguments), symbol)
    nodes = tuple(_variables(symbols.values(), header, set(map(str, bases)), {*taken, *header.functions}))
    possible = {n.type for n in nodes} | {s.result for s in symbols.values()}
    kept = tuple(s for s in symbols.values() if all(a in possible for a in s.arguments))
    return Signature(kept, nodes, {d.name: d for d in own})


def _own(name: str, evaluator: Evaluator) -> Callable[..., Value]:
    def run(*arguments: Value) -> Value:
        return evaluator(lambda scope: evaluator.function(name)(*arguments), {})

    return run


def _instances(definition: Definition, header: Header, bases: list[Type]) -> Iterator[tuple[tuple[Type, ...], Type]]:
    whole = (*definition.arguments, definition.result)
    free = dict.fromkeys(n for t in whole for n in plain_names(t, header))
    # of several type variables each stands for another of the goal's, where there are enough
    choices = product(bases, repeat=len(free)) if len(free) > len(bases) else combinations(bases, len(free))
    for choice in list(choices)[:_MOST_INSTANCES]:
        values = dict(zip(free, choice, strict=True))
        yield tuple(t.substitute(values) for t in definition.arguments), definition.result.substitute(values)


def _constructors(header: Header, used: Iterable[Type]) -> Iterator[Symbol]:
    for type_ in used:
        element = type_.element
        if element is not None:
            yield Symbol("[]", (), type_, lambda: (), constructor=True)
            yield Symbol("::", (element, type_), type_, OPERATORS["::"], constructor=True, infix=True)
        elif type_ == BOOL:
            for value in (True, False):
                yield Symbol(str(value).lower(), (), BOOL, partial(bool, value), constructor=True)
        elif type_ == NAT:
            yield Symbol("0", (), NAT, lambda: 0, constructor=True)
            yield Symbol("Nat.succ", (NAT,), NAT, lambda n: n + 1, constructor=True)
        elif type_.name in header.data:
            datum = header.data[type_.name]
            values = dict(zip(datum.parameters, type_.arguments, strict=False))
            for name, fields in datum.constructors:
                kinds = tuple(f.substitute(values) for f in fields)
                yield Symbol(f"{datum.name}.{name}", kinds, type_, _maker(name), constructor=True)


def _maker(name: str) -> Callable[..., Value]:
    return lambda *fields: (name, *fields)


def _library(used: Iterable[Type], own: list[Symbol], words: str) -> Iterator[Symbol]:
    lists = [t for t in used if t.element is not None]
    for type_ in lists:
        appends = any(s.result == type_ and s.arguments.count(type_) > 1 for s in own)
        element = type_.element or NAT
        if "++" in words or (any(s.result == type_ for s in own) and not appends):
            yield Symbol("++", (type_, type_), type_, OPERATORS["++"], infix=True)
        for name, arguments, result in (
            ("List.length", (type_,), NAT),
            ("List.reverse", (type_,), type_),
            ("List.count", (element, type_), NAT),
            ("List.take", (NAT, type_), type_),
            ("List.drop", (NAT, type_), type_),
            ("List.filter", (Type("→", (element, BOOL)), type_), type_),
        ):
            last = name.removeprefix("List.")
            if re.search(rf"\b{last}\b", words):
                yield Symbol(name, arguments, result, METHODS[last][2])
        if element == NAT and re.search(r"\bsum\b", words):
            yield Symbol("List.sum", (type_,), NAT, METHODS["sum"][2])
        for other in lists:
            if re.search(r"\bmap\b", words):
                yield Symbol("List.map", (Type("→", (element, other.element or NAT)), type_), other, METHODS["map"][2])
        if "∈" in words:
            yield Symbol("∈", (element, type_), PROP, OPERATORS["∈"], infix=True)
    if any(s.result == NAT for s in own) or re.search(r"\b(length|count)\b", words):
        yield Symbol("+", (NAT, NAT), NAT, OPERATORS["+"], infix=True, commutative=True)
    if (NAT, NAT) in {s.arguments for s in own} or re.search(r"[\w)] \* [\w(]", words):
        yield Symbol("*", (NAT, NAT), NAT, OPERATORS["*"], infix=True, commutative=True)
    if any(s.result == BOOL for s in own) and any(BOOL in s.arguments for s in own):
        yield Symbol("==", (BOOL, BOOL), BOOL, OPERATORS["=="], infix=True, commutative=True)
    for name in ("max", "min"):
        if re.search(rf"\b{name}\b", words):
            yield Symbol(name, (NAT, NAT), NAT, METHODS[name][2], commutative=True)


# ------------------------------------------------------------------------------------ variables

_NAMES: dict[str, tuple[str, ...]] = {
    "List": ("xs", "ys", "zs"), "Nat": ("n", "m", "k"), "→": ("f", "g"), "Bool": ("b", "d"),
}  # fmt: skip


def _variables(symbols: Iterable[Symbol], header: Header, bases: set[str], taken: set[str]) -> Iterator[Node]:
    """Three for a type of which functions take several arguments, two for another datum, one for functions."""
    counts: dict[Type, int] = {}
    for symbol in symbols:
        for type_ in symbol.arguments:
            several = symbol.own and symbol.arguments.count(type_) > 1
            small = type_.name == "→" or type_ == BOOL
            counts[type_] = max(counts.get(type_, 1), 1 if small else 3 if several else 2)
    random = Random(7)
    for type_, count in counts.items():
        columns = [[sample(type_, header, bases, random, i) for i in range(SAMPLES)] for _ in range(count)]
        if type_.element is not None and None not in columns[0]:
            _relate(columns, random)
        if any(v is None for column in columns for v in column):
            continue
        letters = _NAMES.get(type_.name, ("x", "y", "z") if str(type_) in bases else ("t", "u", "v"))
        for number, column in enumerate(columns):
            letter = letters[number]
            name = next(n for n in (letter, *(f"{letter}{i}" for i in range(1, 99))) if n not in taken)
            taken.add(name)
            yield Node(type_, name, 1, tuple(column), (name,))


def _relate(columns: list[list[Value]], random: Random) -> None:
    """Makes some lists ordered, and some lists equal to others or permutations of them, which few are by chance."""
    for i in range(SAMPLES // 2, SAMPLES):
        if i % 4 == 3 and all(isinstance(v, int) for column in columns for v in column[i]):
            for column in columns:
                column[i] = tuple(sorted(column[i]))
        for column in columns[1:]:
            if i % 3 == 1:
                column[i] = tuple(random.sample(columns[0][i], len(columns[0][i])))
            elif i % 6 == 2:
                column[i] = columns[0][i]
