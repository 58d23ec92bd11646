"""The grammar: operations with their Python text, the kinds of their arguments, and what they do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

MAX_ITEMS = 400
_MOST = 2**256
_SIZED = (str, list, tuple, dict)
NUM, BOOL, STR, DICT, TUPLE, NONE = "num", "bool", "str", "dict", "tuple", "none"
NUMS, STRS, LISTS = "nums", "strs", "lists"
LIST = (NUMS, STRS, LISTS)
SEQ = (STR, *LIST, TUPLE)
_COMPARABLE = (NUM, STR, *LIST, TUPLE, BOOL)


class Failed:
    """The one value of an expression that raises an exception."""

    def __repr__(self) -> str:
        return "failed"


FAILED = Failed()
ERRORS = (
    TypeError, ValueError, IndexError, KeyError, ArithmeticError, AttributeError, RecursionError, MemoryError,
    StopIteration,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """``text`` has ``{0}``, ``{1}``, … for the arguments, ``kinds`` the kinds that each may have."""

    text: str
    kinds: tuple[tuple[str, ...], ...]
    run: Callable[..., Any]
    cost: int = 1
    commutes: bool = False


def kind_of(value: object) -> str:
    """The kind of a value; that of a list is that of its first item (numbers for an empty one)."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int | float):
        return NUM
    if isinstance(value, str):
        return STR
    if isinstance(value, list | range):
        first = value[0] if value else 0
        return NUMS if isinstance(first, int | float) else STRS if isinstance(first, str) else LISTS
    if isinstance(value, dict):
        return DICT
    if isinstance(value, tuple):
        return TUPLE
    return NONE if value is None else type(value).__name__


def bounded(value: Any) -> Any:
    """``value``, or FAILED where it is too large to go on with."""
    kind = type(value)
    if kind is bool:
        return value
    if kind is int:
        return value if -_MOST <= value <= _MOST else FAILED
    if kind is float:
        return value if math.isfinite(value) else FAILED
    if kind in _SIZED and len(value) > MAX_ITEMS:
        return FAILED
    return value


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int) and 0 <= exponent <= 64 and abs(base) <= 10**6:
        return base**exponent
    raise ValueError


def _round(number: Any, digits: Any) -> Any:
    if abs(digits) > 12:
        raise ValueError
    return round(number, digits)


def numbers(*values: Any) -> bool:
    """Whether all are numbers. Asked before multiplying: a text or list times a number may fill the memory."""
    return all(isinstance(value, int | float) for value in values)


def _times(a: Any, b: Any) -> Any:
    if not numbers(a, b):
        raise TypeError
    return a * b


def _modulo(a: Any, b: Any) -> Any:
    if not numbers(a, b):
        raise TypeError
    return a % b


def product_of(items: Any) -> Any:
    """The product of a list of numbers.

    Raises:
        TypeError: something else is in it.
    """
    if not numbers(*items):
        raise TypeError
    return math.prod(items)


def _repeat(items: Any, times: int) -> Any:
    if not isinstance(times, int) or times * len(items) > MAX_ITEMS:
        raise ValueError
    return items * times


def _range(*bounds: int) -> list[int]:
    found = range(*bounds)
    if len(found) > MAX_ITEMS:
        raise ValueError
    return list(found)


def _digits(number: Any) -> Any:
    return [int(digit) for digit in str(abs(number))] if isinstance(number, int) else FAILED


def _at(items: Any, index: int) -> Any:
    return items[index]


def _op(
    text: str, kinds: str | tuple[Any, ...], run: Callable[..., Any], cost: int = 1, commutes: bool = False
) -> Operation:
    arguments = (kinds,) if isinstance(kinds, str) else kinds
    return Operation(text, tuple((k,) if isinstance(k, str) else tuple(k) for k in arguments), run, cost, commutes)


ARITHMETIC = (
    _op("({0} + {1})", (NUM, NUM), lambda a, b: a + b, commutes=True),
    _op("({0} - {1})", (NUM, NUM), lambda a, b: a - b),
    _op("({0} * {1})", (NUM, NUM), _times, commutes=True),
    _op("({0} // {1})", (NUM, NUM), lambda a, b: a // b),
    _op("({0} % {1})", (NUM, NUM), _modulo),
    _op("({0} / {1})", (NUM, NUM), lambda a, b: a / b),
    _op("({0} ** {1})", (NUM, NUM), _power),
    _op("max({0}, {1})", (NUM, NUM), max, commutes=True),
    _op("min({0}, {1})", (NUM, NUM), min, commutes=True),
    _op("abs({0})", NUM, abs),
    _op("(-{0})", NUM, lambda a: -a),
    _op("int({0})", NUM, int),
    _op("round({0})", NUM, round),
    _op("round({0}, {1})", (NUM, NUM), _round, 2),
    _op("math.gcd({0}, {1})", (NUM, NUM), math.gcd, commutes=True),
    _op("math.isqrt({0})", NUM, math.isqrt),
)
IDIOMS = (
    _op("{0}[0]", (SEQ,), lambda a: a[0]),
    _op("{0}[1]", (SEQ,), lambda a: a[1]),
    _op("{0}[-1]", (SEQ,), lambda a: a[-1]),
    _op("list(zip({0}, {0}[1:]))", ((*LIST, STR),), lambda a: list(pairwise(a))),
    _op("({0} % 2 == 0)", NUM, lambda a: _modulo(a, 2) == 0),
    _op("({0} % 2 == 1)", NUM, lambda a: _modulo(a, 2) == 1),
    _op("({0} % {1} == 0)", (NUM, NUM), lambda a, b: _modulo(a, b) == 0),
    _op("({0} > 0)", NUM, lambda a: a > 0),
    _op("({0} < 0)", NUM, lambda a: a < 0),
    _op("({0} ** 2)", NUM, lambda a: a * a),
    _op("({0} + 1)", NUM, lambda a: a + 1),
    _op("({0} - 1)", NUM, lambda a: a - 1),
)
LOGIC = (
    _op("({0} < {1})", ((NUM, STR), (NUM, STR)), lambda a, b: a < b),
    _op("({0} <= {1})", ((NUM, STR), (NUM, STR)), lambda a, b: a <= b),
    _op("({0} == {1})", (_COMPARABLE, _COMPARABLE), lambda a, b: a == b, commutes=True),
    _op("({0} != {1})", ((NUM, STR), (NUM, STR)), lambda a, b: a != b, commutes=True),
    _op("({0} and {1})", (BOOL, BOOL), lambda a, b: a and b, commutes=True),
    _op("({0} or {1})", (BOOL, BOOL), lambda a, b: a or b, commutes=True),
    _op("(not {0})", BOOL, lambda a: not a),
    _op("({0} in {1})", ((NUM, STR, TUPLE), (*LIST, STR, DICT)), lambda a, b: a in b),
)
STRINGS = (
    _op("len({0})", STR, len),
    _op("{0}[::-1]", (SEQ,), lambda a: a[::-1]),
    _op("{0}.upper()", STR, str.upper),
    _op("{0}.lower()", STR, str.lower),
    _op("{0}.swapcase()", STR, str.swapcase),
    _op("{0}.capitalize()", STR, str.capitalize),
    _op("{0}.title()", STR, str.title),
    _op("{0}.strip()", STR, str.strip),
    _op("{0}.split()", STR, str.split),
    _op("{0}.split({1})", (STR, STR), lambda a, b: a.split(b)),
    _op("list({0})", ((STR, TUPLE),), list),
    _op("({0} + {1})", (STR, STR), lambda a, b: a + b),
    _op("({0} * {1})", ((STR, *LIST), NUM), _repeat),
    _op("{0}.replace({1}, {2})", (STR, STR, STR), lambda a, b, c: a.replace(b, c)),
    _op("{1}.join({0})", (STRS, STR), lambda a, b: b.join(a)),
    _op("{0}.count({1})", ((STR, *LIST), (STR, NUM)), lambda a, b: a.count(b)),
    _op("{0}.find({1})", (STR, STR), lambda a, b: a.find(b)),
    _op("{0}.startswith({1})", (STR, STR), lambda a, b: a.startswith(b)),
    _op("{0}.endswith({1})", (STR, STR), lambda a, b: a.endswith(b)),
    _op("{0}.isdigit()", STR, str.isdigit),
    _op("{0}.isalpha()", STR, str.isalpha),
    _op("{0}.isupper()", STR, str.isupper),
    _op("{0}.islower()", STR, str.islower),
    _op("str({0})", NUM, str),
    _op("int({0})", STR, int),
    _op("bin({0})[2:]", NUM, lambda a: bin(a)[2:] if a >= 0 else FAILED),
    _op("ord({0})", STR, ord),
    _op("chr({0})", NUM, chr),
)
SEQUENCES = (
    _op("len({0})", ((*LIST, TUPLE, DICT),), len),
    _op("sum({0})", ((NUMS, TUPLE),), sum),
    _op("max({0})", (SEQ,), max),
    _op("min({0})", (SEQ,), min),
    _op("math.prod({0})", NUMS, product_of),
    _op("sorted({0})", (SEQ,), sorted),
    _op("sorted({0}, reverse=True)", (SEQ,), lambda a: sorted(a, reverse=True)),
    _op("sorted(set({0}))", (SEQ,), lambda a: sorted(set(a))),
    _op("list(dict.fromkeys({0}))", (SEQ,), lambda a: list(dict.fromkeys(a))),
    _op("len(set({0}))", (SEQ,), lambda a: len(set(a))),
    _op("{0}[{1}]", (SEQ, NUM), _at),
    _op("{0}[1:]", (SEQ,), lambda a: a[1:]),
    _op("{0}[:-1]", (SEQ,), lambda a: a[:-1]),
    _op("{0}[:{1}]", (SEQ, NUM), lambda a, b: a[:b]),
    _op("{0}[{1}:]", (SEQ, NUM), lambda a, b: a[b:]),
    _op("{0}[::2]", (SEQ,), lambda a: a[::2]),
    _op("{0}[1::2]", (SEQ,), lambda a: a[1::2]),
    _op("({0} + {1})", (LIST, LIST), lambda a, b: a + b),
    _op("[{0}]", ((NUM, STR, *LIST),), lambda a: [a]),
    _op("{0}.index({1})", (LIST, (NUM, STR)), lambda a, b: a.index(b)),
    _op("list(zip({0}, {1}))", ((*LIST, STR), (*LIST, STR)), lambda a, b: list(zip(a, b, strict=False)), 2),
    _op("list(enumerate({0}))", ((*LIST, STR),), lambda a: list(enumerate(a)), 2),
    _op("all({0})", (LIST,), all),
    _op("any({0})", (LIST,), any),
    _op("list(itertools.accumulate({0}))", NUMS, lambda a: list(accumulate(a))),
    _op("list(itertools.accumulate({0}, max))", NUMS, lambda a: list(accumulate(a, max)), 2),
    _op("list(itertools.chain.from_iterable({0}))", LISTS, lambda a: list(chain.from_iterable(a))),
    _op("list(map(list, zip(*{0})))", LISTS, lambda a: list(map(list, zip(*a, strict=False))), 2),
    _op("list(range({0}))", NUM, _range),
    _op("list(range(1, {0} + 1))", NUM, lambda a: _range(1, a + 1)),
    _op("list(range({0}, {1}))", (NUM, NUM), _range, 2),
    _op("[int(d) for d in str(abs({0}))]", NUM, _digits, 2),
    _op("tuple({0})", (LIST,), tuple),
    _op("({0}, {1})", ((NUM, STR, *LIST, BOOL), (NUM, STR, *LIST, BOOL)), lambda a, b: (a, b)),
    _op("dict(collections.Counter({0}))", ((*LIST, STR),), lambda a: dict(Counter(a)), 2),
    _op("list({0}.values())", DICT, lambda a: list(a.values())),
    _op("list({0})", DICT, list),
    _op("list({0}.items())", DICT, lambda a: list(a.items())),
    _op("{0}[{1}]", (DICT, (STR, NUM)), _at),
    _op("dict({0})", LISTS, dict),
    _op("max({0}, key={1}.count)", (SEQ, SEQ), lambda a, b: max(a, key=b.count), 2),
    _op("max({0}, key=len)", ((STRS, LISTS),), lambda a: max(a, key=len), 2),
    _op("min({0}, key=len)", ((STRS, LISTS),), lambda a: min(a, key=len), 2),
    _op("sorted({0}, key=len)", ((STRS, LISTS),), lambda a: sorted(a, key=len), 2),
)
OPERATIONS = (*IDIOMS, *ARITHMETIC, *LOGIC, *STRINGS, *SEQUENCES)

CONSUMERS: dict[str, tuple[Operation, ...]] = {
    BOOL: (_op("all({0})", (LIST,), all), _op("any({0})", (LIST,), any)),
    NUM: (
        _op("sum({0})", NUMS, sum), _op("len({0})", (LIST,), len), _op("max({0})", NUMS, max),
        _op("min({0})", NUMS, min), _op("math.prod({0})", NUMS, product_of),
        _op("len(set({0}))", (LIST,), lambda a: len(set(a))),
    ),
    STR: (_op("''.join({0})", STRS, "".join), _op("' '.join({0})", STRS, " ".join)),
    TUPLE: (_op("tuple({0})", (LIST,), tuple),),
    DICT: (_op("dict({0})", LISTS, dict),),
    **{
        kind: (
            _op("sorted({0})", (LIST,), sorted), _op("{0}[::-1]", (LIST,), lambda a: a[::-1]),
            _op("sorted(set({0}))", (LIST,), lambda a: sorted(set(a))),
            _op("sorted({0}, reverse=True)", (LIST,), lambda a: sorted(a, reverse=True)),
        )
        for kind in LIST
    },
}  # fmt: skip
"""By the kind that is wanted: what is usually done with a list that was just built."""
