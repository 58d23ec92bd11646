"""What the functions of the core library that definitions often use do to values (see ``evaluation``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

Value = Any

CONSTANTS: dict[str, Value] = {
    "true": True, "false": False, "True": True, "False": False, "Bool.true": True, "Bool.false": False,
    "List.nil": (), "Nat.zero": 0,
}  # fmt: skip

OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "+": lambda a, b: a + b,
    "*": lambda a, b: a * b,
    "-": lambda a, b: max(0, a - b),
    "/": lambda a, b: a // b if b else 0,
    "%": lambda a, b: a % b if b else a,
    "^": lambda a, b: a**b if b < 40 else 1 / 0,
    "++": lambda a, b: a + b,
    "::": lambda a, b: (a, *b),
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "↔": lambda a, b: a == b,
    "≠": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "≤": lambda a, b: a <= b,
    "≥": lambda a, b: a >= b,
    "∈": lambda a, b: a in b,
    "∉": lambda a, b: a not in b,
}


def _option(values: tuple[Value, ...]) -> Value:
    return ("some", values[0]) if values else ("none",)


def _erase(values: tuple[Value, ...], item: Value) -> Value:
    if item not in values:
        return values
    place = values.index(item)
    return values[:place] + values[place + 1 :]


def _while(test: Callable[[Value], bool], values: tuple[Value, ...]) -> int:
    return next((i for i, v in enumerate(values) if not test(v)), len(values))


def _ordered(relation: Callable[[Value], Callable[[Value], bool]], values: tuple[Value, ...]) -> bool:
    return all(relation(a)(b) for i, a in enumerate(values) for b in values[i + 1 :])


METHODS: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "length": (1, 0, len),
    "reverse": (1, 0, lambda xs: xs[::-1]),
    "append": (2, 0, lambda xs, ys: xs + ys),
    "map": (2, 1, lambda f, xs: tuple(f(x) for x in xs)),
    "filter": (2, 1, lambda p, xs: tuple(x for x in xs if p(x))),
    "all": (2, 0, lambda xs, p: all(p(x) for x in xs)),
    "any": (2, 0, lambda xs, p: any(p(x) for x in xs)),
    "take": (2, 1, lambda n, xs: xs[:n]),
    "drop": (2, 1, lambda n, xs: xs[n:]),
    "takeWhile": (2, 1, lambda p, xs: xs[: _while(p, xs)]),
    "dropWhile": (2, 1, lambda p, xs: xs[_while(p, xs) :]),
    "count": (2, 1, lambda a, xs: xs.count(a)),
    "contains": (2, 0, lambda xs, a: a in xs),
    "elem": (2, 1, lambda a, xs: a in xs),
    "isEmpty": (1, 0, lambda xs: not xs),
    "erase": (2, 0, _erase),
    "zip": (2, 0, lambda xs, ys: tuple(("Prod.mk", a, b) for a, b in zip(xs, ys, strict=False))),
    "replicate": (2, 1, lambda n, a: (a,) * n),
    "sum": (1, 0, sum),
    "flatten": (1, 0, lambda xss: tuple(x for xs in xss for x in xs)),
    "join": (1, 0, lambda xss: tuple(x for xs in xss for x in xs)),
    "foldr": (3, 2, lambda f, a, xs: reduce(lambda b, x: f(x)(b), xs[::-1], a)),
    "foldl": (3, 2, lambda f, a, xs: reduce(lambda b, x: f(b)(x), xs, a)),
    "dropLast": (1, 0, lambda xs: xs[:-1]),
    "tail": (1, 0, lambda xs: xs[1:]),
    "head?": (1, 0, _option),
    "getLast?": (1, 0, lambda xs: _option(xs[::-1])),
    "headD": (2, 0, lambda xs, a: xs[0] if xs else a),
    "getLastD": (2, 0, lambda xs, a: xs[-1] if xs else a),
    "Perm": (2, 0, lambda xs, ys: sorted(map(repr, xs)) == sorted(map(repr, ys))),
    "Pairwise": (2, 1, _ordered),
    "Nodup": (1, 0, lambda xs: len(set(xs)) == len(xs)),
    "isPrefixOf": (2, 0, lambda xs, ys: ys[: len(xs)] == xs),
    "succ": (1, 0, lambda n: n + 1),
    "pred": (1, 0, lambda n: max(0, n - 1)),
    "fst": (1, 0, lambda p: p[1]),
    "snd": (1, 0, lambda p: p[2]),
    "toNat": (1, 0, int),
    "not": (1, 0, lambda b: not b),
    "and": (2, 0, lambda a, b: a and b),
    "or": (2, 0, lambda a, b: a or b),
    "min": (2, 0, min),
    "max": (2, 0, max),
    "decide": (1, 0, lambda p: p),
    "id": (1, 0, lambda a: a),
}
"""By the last part of the name: arity, the place of the receiver in ``receiver.method``, and the meaning."""
