"""Program sketches filled from a bank: comprehensions, folds, recurrences, conditionals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import product
from typing import Any

from prover_plugins.code_exec.synthesis.bank import Bank, Expression, expression
from prover_plugins.code_exec.synthesis.operations import (
    BOOL,
    CONSUMERS,
    ERRORS,
    FAILED,
    LIST,
    NUM,
    STR,
    TUPLE,
    bounded,
    numbers,
)  # fmt: skip

INNER_MOST = 700
INNER_COST = 5
_TESTS = 3
_SOURCES = 10
_PAIRS = 24
_MAX_ELEMENTS = 300
_ITERABLE = (*LIST, STR, TUPLE)
_NAMES = ("x", "y", "item", "element")


def comprehensions(outer: Bank, leaves: Sequence[Expression], deadline: float, most_cost: int) -> Iterator[Expression]:
    """Maps, filters, both at once, and choices by a key, over iterables of ``outer`` that cost up to ``most_cost``."""
    name = next(name for name in _NAMES if all(leaf.text != name for leaf in leaves))
    for source in _sources(outer, leaves, most_cost):
        elements = [(row, item) for row, value in enumerate(source.values) if value is not FAILED for item in value]
        if len(elements) <= _MAX_ELEMENTS:
            yield from _over(source, name, elements, leaves, deadline)


def _sources(outer: Bank, leaves: Sequence[Expression], most_cost: int) -> list[Expression]:
    """What to iterate over: first what the parameters hold, then what is made of them, last the same reordered."""
    held = {_elements(leaf) for leaf in leaves}
    found: list[tuple[int, int, Expression]] = []
    for cost in range(1, most_cost + 1):
        for item in outer.of(cost):
            if item.kind not in _ITERABLE:
                continue
            long = any(value is not FAILED and len(value) > 1 for value in item.values)
            # Constants, and lists of one element, are seldom what a function goes through.
            if long and len({repr(value) for value in item.values}) > 1:
                found.append((cost, cost > 1 and _elements(item) in held, item))
    found.sort(key=lambda entry: entry[:2])
    return [item for _, _, item in found[:_SOURCES]]


def _elements(item: Expression) -> str:
    if item.kind not in _ITERABLE:
        return item.text
    return repr([value if value is FAILED else sorted(map(repr, value)) for value in item.values])


def _over(
    source: Expression, name: str, elements: list[tuple[int, Any]], leaves: Sequence[Expression], deadline: float
) -> Iterator[Expression]:
    inner_leaves = [expression(name, 1, [item for _, item in elements])]
    inner_leaves += [expression(leaf.text, leaf.cost, [leaf.values[row] for row, _ in elements]) for leaf in leaves]
    bank = Bank([leaf for leaf in inner_leaves if leaf], most=INNER_MOST, deadline=deadline)
    maps: list[Expression] = []
    tests: list[Expression] = []
    for cost in range(1, INNER_COST + 1):
        for item in bank.grow(cost):
            if name not in item.text:
                continue
            (tests if item.kind == BOOL else maps).append(item)
            yield from _single(source, name, elements, item)
        if bank.full:
            break
    for test, item in product(tests[:_PAIRS], [item for item in maps if item.text != name][:_PAIRS]):
        yield from _built(
            source, f"[{item.text} for {name} in {source.text} if {test.text}]", item.cost + test.cost + 1, elements,
            item.values, test.values,
        )  # fmt: skip


def _single(source: Expression, name: str, elements: list[tuple[int, Any]], item: Expression) -> Iterator[Expression]:
    if item.text != name:
        yield from _built(source, f"[{item.text} for {name} in {source.text}]", item.cost, elements, item.values)
    if item.kind == BOOL:
        originals = [value for _, value in elements]
        text = f"[{name} for {name} in {source.text} if {item.text}]"
        yield from _built(source, text, item.cost, elements, originals, item.values)
    elif item.text != name and item.kind in (NUM, STR, TUPLE, *LIST):
        for text, choose in _BY_KEY:
            yield from _keyed(source, text.format(source.text, f"lambda {name}: {item.text}"), item, elements, choose)


def _built(
    source: Expression, text: str, cost: int, elements: Sequence[tuple[int, Any]], values: Sequence[Any],
    keep: Sequence[Any] | None = None,
) -> Iterator[Expression]:  # fmt: skip
    """The list of ``values`` for each row, of those elements that ``keep`` says; no row with a failure."""
    rows: list[Any] = [[] if value is not FAILED else FAILED for value in source.values]
    for index, (row, _) in enumerate(elements):
        kept = keep is None or keep[index]
        if kept is FAILED or (kept and values[index] is FAILED):
            rows[row] = FAILED
        elif kept and rows[row] is not FAILED:
            rows[row].append(values[index])
    found = expression(text, source.cost + cost + 1, rows)
    if found is not None:
        yield found


_BY_KEY: tuple[tuple[str, Callable[[list[Any], Any], Any]], ...] = (
    ("sorted({0}, key={1})", lambda items, key: sorted(items, key=key)),
    ("max({0}, key={1})", lambda items, key: max(items, key=key)),
    ("min({0}, key={1})", lambda items, key: min(items, key=key)),
)


def _keyed(
    source: Expression, text: str, item: Expression, elements: Sequence[tuple[int, Any]],
    choose: Callable[[list[Any], Any], Any],
) -> Iterator[Expression]:  # fmt: skip
    rows: list[list[tuple[Any, Any]]] = [[] for _ in source.values]
    for (row, original), key in zip(elements, item.values, strict=True):
        rows[row].append((original, key))
    values: list[Any] = []
    for value, pairs in zip(source.values, rows, strict=True):
        try:
            if value is FAILED or any(key is FAILED for _, key in pairs):
                raise ValueError
            chosen = choose(list(range(len(pairs))), lambda index, pairs=pairs: pairs[index][1])
            values.append([pairs[i][0] for i in chosen] if isinstance(chosen, list) else pairs[chosen][0])
        except ERRORS:
            values.append(FAILED)
    found = expression(text, source.cost + item.cost + 3, values)
    if found is not None:
        yield found


def consumed(item: Expression, wanted: str) -> Iterator[Expression]:
    """What of the kind ``wanted`` is usually made of a list: its sum, its length, its items joined, …"""
    for operation in CONSUMERS.get(wanted, ()):
        if item.kind not in operation.kinds[0]:
            continue
        values: list[Any] = []
        for value in item.values:
            try:
                values.append(FAILED if value is FAILED else bounded(operation.run(value)))
            except ERRORS:
                values.append(FAILED)
        found = expression(operation.text.format(item.text), item.cost + operation.cost, values)
        if found is not None:
            yield found


_FOLDS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("a * b", lambda a, b: a * b),
    ("a * 10 + b", lambda a, b: a * 10 + b),
    ("a * 2 + b", lambda a, b: a * 2 + b),
    ("b - a", lambda a, b: b - a),
    ("a - b", lambda a, b: a - b),
    ("a ^ b", lambda a, b: a ^ b),
    ("a | b", lambda a, b: a | b),
    ("a & b", lambda a, b: a & b),
    ("math.gcd(a, b)", math.gcd),
    ("math.lcm(a, b)", math.lcm),
    ("b + a", lambda a, b: b + a),
    ("a + b", lambda a, b: a + b),
    ("a + b if a > 0 else b", lambda a, b: a + b if a > 0 else b),
)
_JOINING = ("b + a", "a + b")
"""Bodies for texts and lists too; the others are for numbers, since some would fill the memory."""
_INITIAL: tuple[Any, ...] = (1, 0, "", [])


def folds(outer: Bank, most_cost: int) -> Iterator[Expression]:
    """``functools.reduce`` with common bodies over the lists of ``outer``."""
    sources = [item for cost in range(1, most_cost + 1) for item in outer.of(cost) if item.kind in LIST]
    for source in sources[: _SOURCES * 4]:
        for (body, run), start in product(_FOLDS, (*_INITIAL, FAILED)):
            values: list[Any] = []
            for value in source.values:
                try:
                    if value is FAILED or (body not in _JOINING and not numbers(*value)):
                        raise ValueError
                    initial = () if start is FAILED else (start,)
                    values.append(bounded(reduce(run, value, *initial)))
                except ERRORS:
                    values.append(FAILED)
            tail = "" if start is FAILED else f", {start!r}"
            found = expression(f"functools.reduce(lambda a, b: {body}, {source.text}{tail})", source.cost + 3, values)
            if found is not None:
                yield found


_STEPS: tuple[tuple[str, Callable[[list[int]], int]], ...] = (
    ("sum(r)", sum),
    ("r[-1] + 2 * r[-2]", lambda r: r[-1] + 2 * r[-2]),
    ("2 * r[-1] + r[-2]", lambda r: 2 * r[-1] + r[-2]),
    ("r[0] + r[1]", lambda r: r[0] + r[1]),
)
_MAX_TERMS = 300


def recurrences(leaves: Sequence[Expression], starts: Sequence[int]) -> Iterator[Expression]:
    """The n-th term of a linear recurrence with two to four first terms, for each number among the leaves."""
    for leaf, width in product([leaf for leaf in leaves if leaf.kind == NUM], (2, 3, 4)):
        for first in product(sorted(set(starts) & {0, 1, 2}), repeat=width):
            for body, run in _STEPS:
                values = [_term(first, run, value) for value in leaf.values]
                text = (
                    f"functools.reduce(lambda r, _: [*r[1:], {body}], range({leaf.text}), {list(first)})[0]"
                )  # fmt: skip
                found = expression(text, leaf.cost + width + 3, values)
                if found is not None:
                    yield found


def _term(first: tuple[int, ...], run: Callable[[list[int]], int], wanted: Any) -> Any:
    if not isinstance(wanted, int) or not 0 <= wanted <= _MAX_TERMS:
        return FAILED
    window = list(first)
    try:
        for _ in range(wanted):
            window = [*window[1:], run(window)]
    except ERRORS:
        return FAILED
    return bounded(window[0])


class Chooser:
    """Finds ``a if c else b``: two expressions that are right on some examples each, and what tells them apart."""

    def __init__(self, expected: Sequence[Any], same: Callable[[Any, Any], bool]) -> None:
        self._expected = expected
        self._same = same
        self._all = (1 << len(expected)) - 1
        self._right: dict[int, list[Expression]] = {}
        self._tests: dict[int, list[Expression]] = {}

    def learn(self, item: Expression) -> None:
        """Remembers an expression as a branch or as a condition."""
        mask = 0
        for index, (value, wanted) in enumerate(zip(item.values, self._expected, strict=False)):
            if value is not FAILED and self._same(value, wanted):
                mask |= 1 << index
        if mask and len(kept := self._right.setdefault(mask, [])) < 2:
            kept.append(item)
        if item.kind == BOOL:
            shown = item.values[: len(self._expected)]
            if all(isinstance(value, bool) for value in shown):
                true = sum(1 << i for i, value in enumerate(shown) if value)
                if len(known := self._tests.setdefault(true, [])) < _TESTS:
                    known.append(item)

    def found(self, most: int) -> list[tuple[int, str]]:
        """Conditionals right on all examples as (cost, text), the cheapest ``most`` of them."""
        best: list[tuple[int, str]] = []
        for (test_mask, tests), (yes, yes_items) in product(self._tests.items(), self._right.items()):
            if test_mask in (0, self._all) or test_mask & ~yes:
                continue
            for no, no_items in self._right.items():
                if self._all & ~test_mask & ~no:
                    continue
                for test, first, second in product(tests, yes_items, no_items):
                    cost = test.cost + first.cost + second.cost + 1
                    best.append((cost, f"({first.text} if {test.text} else {second.text})"))
        best.sort()
        return best[:most]
