"""The languages of generated problems: numbers, lists, options, booleans, and types declared in a header."""

from __future__ import annotations

import random
from typing import Any

from prover_training.corpus_terms import Language, Operation

LIMIT = 10**9


def _bounded(value: int) -> int:
    if abs(value) > LIMIT:
        raise OverflowError
    return value


def _number(low: int, high: int) -> Any:
    def sample(generator: random.Random, type_: str) -> int:
        return generator.choice([0, 1, generator.randint(low, high)])

    return sample


def _op(text: str, arguments: str, result: str, compute: Any) -> Operation:
    return Operation(text, tuple(arguments.split()), result, compute)


def _constants(type_: str, values: range) -> list[Operation]:
    return [_op(str(value), "", type_, lambda value=value: value) for value in values]


NAT = Language(
    "nat",
    (("a", "Nat"), ("b", "Nat"), ("c", "Nat")),
    (
        _op("{} + {}", "Nat Nat", "Nat", lambda a, b: a + b),
        _op("{} * {}", "Nat Nat", "Nat", lambda a, b: _bounded(a * b)),
        _op("{} - {}", "Nat Nat", "Nat", lambda a, b: max(a - b, 0)),
        _op("min {} {}", "Nat Nat", "Nat", min),
        _op("max {} {}", "Nat Nat", "Nat", max),
        _op("{} / 2", "Nat", "Nat", lambda a: a // 2),
        _op("{} % 3", "Nat", "Nat", lambda a: a % 3),
        *_constants("Nat", range(3)),
    ),
    ("Nat",),
    _number(0, 12),
)

INT = Language(
    "int",
    (("a", "Int"), ("b", "Int"), ("c", "Int")),
    (
        _op("{} + {}", "Int Int", "Int", lambda a, b: a + b),
        _op("{} * {}", "Int Int", "Int", lambda a, b: _bounded(a * b)),
        _op("{} - {}", "Int Int", "Int", lambda a, b: a - b),
        _op("-{}", "Int", "Int", lambda a: -a),
        _op("min {} {}", "Int Int", "Int", min),
        _op("max {} {}", "Int Int", "Int", max),
        *_constants("Int", range(3)),
    ),
    ("Int",),
    _number(-12, 12),
)


def _list_sample(generator: random.Random, type_: str) -> Any:
    if type_ == "Nat":
        return generator.choice([0, 1, 2, generator.randint(0, 6)])
    return tuple(generator.randint(0, 4) for _ in range(generator.choice([0, 1, 2, 3, 5])))


LISTS = Language(
    "list",
    (("xs", "List Nat"), ("ys", "List Nat"), ("zs", "List Nat"), ("a", "Nat"), ("n", "Nat")),
    (
        _op("{} ++ {}", "List_Nat List_Nat", "List_Nat", lambda x, y: x + y),
        _op("{}.reverse", "List_Nat", "List_Nat", lambda x: x[::-1]),
        _op("{} :: {}", "Nat List_Nat", "List_Nat", lambda a, x: (a, *x)),
        _op("{}.map (· + 1)", "List_Nat", "List_Nat", lambda x: tuple(v + 1 for v in x)),
        _op("{}.filter (· < 2)", "List_Nat", "List_Nat", lambda x: tuple(v for v in x if v < 2)),
        _op("{}.take {}", "List_Nat Nat", "List_Nat", lambda x, n: x[:n]),
        _op("{}.drop {}", "List_Nat Nat", "List_Nat", lambda x, n: x[n:]),
        _op("[]", "", "List_Nat", lambda: ()),
        _op("{}.length", "List_Nat", "Nat", len),
        _op("{}.sum", "List_Nat", "Nat", sum),
        _op("{} + {}", "Nat Nat", "Nat", lambda a, b: a + b),
        _op("{} - {}", "Nat Nat", "Nat", lambda a, b: max(a - b, 0)),
        *_constants("Nat", range(2)),
    ),
    ("List_Nat", "Nat"),
    _list_sample,
)


def _option_sample(generator: random.Random, type_: str) -> Any:
    if type_ == "Nat":
        return generator.randint(0, 4)
    if type_ == "Bool":
        return generator.random() < 0.5
    return None if generator.random() < 0.3 else generator.randint(0, 4)


OPTIONS = Language(
    "option",
    (("x", "Option Nat"), ("y", "Option Nat"), ("z", "Option Nat"), ("a", "Nat"), ("b", "Nat")),
    (
        _op("none", "", "Option_Nat", lambda: None),
        _op("some {}", "Nat", "Option_Nat", lambda a: a),
        _op("{}.map (· + 1)", "Option_Nat", "Option_Nat", lambda x: None if x is None else x + 1),
        _op("{}.or {}", "Option_Nat Option_Nat", "Option_Nat", lambda x, y: y if x is None else x),
        _op("{}.filter (· < 2)", "Option_Nat", "Option_Nat", lambda x: x if x is not None and x < 2 else None),
        _op("{}.bind fun _ => {}", "Option_Nat Option_Nat", "Option_Nat", lambda x, y: None if x is None else y),
        _op("{}.getD {}", "Option_Nat Nat", "Nat", lambda x, a: a if x is None else x),
        _op("{} + {}", "Nat Nat", "Nat", lambda a, b: a + b),
        _op("{}.isSome", "Option_Nat", "Bool", lambda x: x is not None),
        _op("{}.isNone", "Option_Nat", "Bool", lambda x: x is None),
        _op("{} && {}", "Bool Bool", "Bool", lambda p, q: p and q),
        _op("{} || {}", "Bool Bool", "Bool", lambda p, q: p or q),
        _op("!{}", "Bool", "Bool", lambda p: not p),
    ),
    ("Option_Nat", "Nat", "Bool"),
    _option_sample,
)

BOOLEANS = Language(
    "bool",
    (("p", "Bool"), ("q", "Bool"), ("r", "Bool"), ("s", "Bool")),
    (
        _op("{} && {}", "Bool Bool", "Bool", lambda p, q: p and q),
        _op("{} || {}", "Bool Bool", "Bool", lambda p, q: p or q),
        _op("!{}", "Bool", "Bool", lambda p: not p),
        _op("{} ^^ {}", "Bool Bool", "Bool", lambda p, q: p != q),
        _op("{} == {}", "Bool Bool", "Bool", lambda p, q: p == q),
        _op("bif {} then {} else {}", "Bool Bool Bool", "Bool", lambda p, q, r: q if p else r),
        _op("true", "", "Bool", lambda: True),
        _op("false", "", "Bool", lambda: False),
    ),
    ("Bool",),
    lambda generator, type_: generator.random() < 0.5,
)

_CHAIN = """inductive Chain where
  | nil : Chain
  | link : Nat → Chain → Chain

namespace Chain

def join : Chain → Chain → Chain
  | nil, d => d
  | link a c, d => link a (join c d)

def turn : Chain → Chain
  | nil => nil
  | link a c => join (turn c) (link a nil)

def size : Chain → Nat
  | nil => 0
  | link _ c => size c + 1

def total : Chain → Nat
  | nil => 0
  | link a c => a + total c

def raise : Chain → Chain
  | nil => nil
  | link a c => link (a + 1) (raise c)

end Chain"""

CHAIN = Language(
    "chain",
    (("c", "Chain"), ("d", "Chain"), ("e", "Chain"), ("a", "Nat")),
    (
        _op("Chain.nil", "", "Chain", lambda: ()),
        _op("Chain.link {} {}", "Nat Chain", "Chain", lambda a, c: (a, *c)),
        _op("{}.join {}", "Chain Chain", "Chain", lambda c, d: c + d),
        _op("{}.turn", "Chain", "Chain", lambda c: c[::-1]),
        _op("{}.raise", "Chain", "Chain", lambda c: tuple(v + 1 for v in c)),
        _op("{}.size", "Chain", "Nat", len),
        _op("{}.total", "Chain", "Nat", sum),
        _op("{} + {}", "Nat Nat", "Nat", lambda a, b: a + b),
    ),
    ("Chain", "Nat"),
    _list_sample,
    _CHAIN,
)

_BUSH = """inductive Bush where
  | leaf : Bush
  | fork : Bush → Nat → Bush → Bush

namespace Bush

def flip : Bush → Bush
  | leaf => leaf
  | fork l a r => fork (flip r) a (flip l)

def nodes : Bush → Nat
  | leaf => 0
  | fork l _ r => nodes l + nodes r + 1

def height : Bush → Nat
  | leaf => 0
  | fork l _ r => max (height l) (height r) + 1

def weight : Bush → Nat
  | leaf => 0
  | fork l a r => weight l + a + weight r

def items : Bush → List Nat
  | leaf => []
  | fork l a r => items l ++ a :: items r

def bump : Bush → Bush
  | leaf => leaf
  | fork l a r => fork (bump l) (a + 1) (bump r)

end Bush"""


def _bush_sample(generator: random.Random, type_: str) -> Any:
    if type_ == "Nat":
        return generator.randint(0, 4)

    def grow(depth: int) -> Any:
        if depth == 0 or generator.random() < 0.35:
            return None
        return (grow(depth - 1), generator.randint(0, 4), grow(depth - 1))

    return grow(3)


def _fold(tree: Any, leaf: Any, fork: Any) -> Any:
    return leaf if tree is None else fork(_fold(tree[0], leaf, fork), tree[1], _fold(tree[2], leaf, fork))


BUSH = Language(
    "bush",
    (("s", "Bush"), ("t", "Bush"), ("a", "Nat")),
    (
        _op("Bush.leaf", "", "Bush", lambda: None),
        _op("Bush.fork {} {} {}", "Bush Nat Bush", "Bush", lambda x, a, y: (x, a, y)),
        _op("{}.flip", "Bush", "Bush", lambda t: _fold(t, None, lambda x, a, y: (y, a, x))),
        _op("{}.bump", "Bush", "Bush", lambda t: _fold(t, None, lambda x, a, y: (x, a + 1, y))),
        _op("{}.nodes", "Bush", "Nat", lambda t: _fold(t, 0, lambda x, a, y: x + y + 1)),
        _op("{}.height", "Bush", "Nat", lambda t: _fold(t, 0, lambda x, a, y: max(x, y) + 1)),
        _op("{}.weight", "Bush", "Nat", lambda t: _fold(t, 0, lambda x, a, y: x + a + y)),
        _op("{}.items", "Bush", "List_Nat", lambda t: _fold(t, (), lambda x, a, y: (*x, a, *y))),
        _op("{}.length", "List_Nat", "Nat", len),
        _op("{}.sum", "List_Nat", "Nat", sum),
        _op("{}.reverse", "List_Nat", "List_Nat", lambda x: x[::-1]),
        _op("{}.map (· + 1)", "List_Nat", "List_Nat", lambda x: tuple(v + 1 for v in x)),
        _op("{} ++ {}", "List_Nat List_Nat", "List_Nat", lambda x, y: x + y),
        _op("{} + {}", "Nat Nat", "Nat", lambda a, b: a + b),
    ),
    ("Bush", "Nat", "List_Nat"),
    _bush_sample,
    _BUSH,
)

_RECURSION = """def twice : Nat → Nat
  | 0 => 0
  | n + 1 => twice n + 2

def upTo : Nat → Nat
  | 0 => 0
  | n + 1 => upTo n + (n + 1)

def power (b : Nat) : Nat → Nat
  | 0 => 1
  | n + 1 => b * power b n

def plus : Nat → Nat → Nat
  | 0, m => m
  | n + 1, m => plus n m + 1

def times : Nat → Nat → Nat
  | 0, _ => 0
  | n + 1, m => plus m (times n m)"""

RECURSION = Language(
    "recursion",
    (("a", "Nat"), ("b", "Nat"), ("c", "Nat")),
    (
        _op("twice {}", "Nat", "Nat", lambda a: 2 * a),
        _op("upTo {}", "Nat", "Nat", lambda a: _bounded(a * (a + 1) // 2)),
        _op("power 2 {}", "Nat", "Nat", lambda a: _bounded(2**a if a < 30 else LIMIT + 1)),
        _op("plus {} {}", "Nat Nat", "Nat", lambda a, b: a + b),
        _op("times {} {}", "Nat Nat", "Nat", lambda a, b: _bounded(a * b)),
        _op("{} + {}", "Nat Nat", "Nat", lambda a, b: a + b),
        _op("{} * {}", "Nat Nat", "Nat", lambda a, b: _bounded(a * b)),
        *_constants("Nat", range(2)),
    ),
    ("Nat",),
    _number(0, 6),
    _RECURSION,
)

LANGUAGES = (NAT, INT, LISTS, OPTIONS, BOOLEANS, CHAIN, BUSH, RECURSION)
