"""Levels and expressions, each made once: equal terms are the same object.

Variables bound by a binder are de Bruijn indices; a binder that is entered gets a free variable of its
own, which carries its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any


class Level:
    """A universe level: ``zero``, ``succ l``, ``max a b``, ``imax a b`` or ``param name``."""

    __slots__ = ("a", "b", "kind")

    def __init__(self, kind: str, a: Any = None, b: Any = None) -> None:
        self.kind = kind
        self.a = a
        self.b = b


class Kind(IntEnum):
    """What an expression is. ``a``, ``b``, ``c`` of :class:`Expr` in this order, after the colon."""

    BOUND = 0  # index
    FREE = 1  # number, type
    SORT = 2  # level
    CONST = 3  # name, levels
    APP = 4  # function, argument
    LAMBDA = 5  # type, body
    PI = 6  # type, body
    LET = 7  # type, value, body
    NAT = 8  # int
    STRING = 9  # str
    PROJ = 10  # structure's name, index, expression


class Expr:
    """An expression. ``loose`` is 1 + the highest bound variable that it does not bind itself."""

    __slots__ = ("a", "b", "c", "has_param", "kind", "loose")

    def __init__(self, kind: Kind, a: Any, b: Any, c: Any, loose: int, has_param: bool) -> None:
        self.kind = kind
        self.a = a
        self.b = b
        self.c = c
        self.loose = loose
        self.has_param = has_param


class Terms:
    """Makes terms; keeps every one it made, so that equal ones are identical."""

    def __init__(self) -> None:
        self._levels: dict[tuple[Any, ...], Level] = {}
        self._exprs: dict[tuple[Any, ...], Expr] = {}
        self._next_free = 0
        self.zero = self._level("zero")
        self.one = self.succ(self.zero)
        self.prop = self.sort(self.zero)

    # ---------------------------------------------------------------------------------- levels

    def _level(self, kind: str, a: Any = None, b: Any = None) -> Level:
        key = (kind, a, b)
        found = self._levels.get(key)
        if found is None:
            found = self._levels[key] = Level(kind, a, b)
        return found

    def succ(self, level: Level) -> Level:
        """``level + 1``."""
        return self._level("succ", level)

    def param(self, name: str) -> Level:
        """A universe parameter."""
        return self._level("param", name)

    def max(self, a: Level, b: Level) -> Level:
        """The greater of two levels; simplified where that is plain to see."""
        if a is b or b is self.zero:
            return a
        if a is self.zero:
            return b
        if a.kind == b.kind == "succ":
            return self.succ(self.max(a.a, b.a))
        return self._level("max", a, b)

    def imax(self, a: Level, b: Level) -> Level:
        """Zero if ``b`` is, else the greater of the two; simplified where that is plain to see."""
        if b is self.zero or a is b or a is self.zero or a is self.one:
            return b
        if b.kind == "succ":
            return self.max(a, b)
        return self._level("imax", a, b)

    def level_instance(self, level: Level, values: Mapping[str, Level]) -> Level:
        """``level`` with parameters replaced, simplified."""
        match level.kind:
            case "zero":
                return level
            case "succ":
                return self.succ(self.level_instance(level.a, values))
            case "param":
                return values.get(level.a, level)
            case kind:
                a, b = self.level_instance(level.a, values), self.level_instance(level.b, values)
                return self.max(a, b) if kind == "max" else self.imax(a, b)

    def level_le(self, a: Level, b: Level, slack: int = 0) -> bool:
        """Whether ``a <= b + slack`` for all values of the parameters."""
        if a is self.zero and slack >= 0:
            return True
        if b is self.zero and slack < 0:
            return False
        if a is b and slack >= 0:
            return True
        kinds = (a.kind, b.kind)
        if kinds == ("param", "param"):
            return a is b and slack >= 0
        if kinds == ("param", "zero"):
            return False
        if kinds == ("zero", "param"):
            return slack >= 0
        if a.kind == "max":
            return self.level_le(a.a, b, slack) and self.level_le(a.b, b, slack)
        if a.kind in ("param", "zero") and b.kind == "max":
            return self.level_le(a, b.a, slack) or self.level_le(a, b.b, slack)
        for level in (a, b):
            if level.kind == "imax":
                if level.b.kind == "param":
                    return self._level_le_by_cases(level.b.a, a, b, slack)
                spread = self._spread(level)
                return self.level_le(spread if level is a else a, spread if level is b else b, slack)
        if a.kind == "succ":
            return self.level_le(a.a, b, slack - 1)
        if b.kind == "succ":
            return self.level_le(a, b.a, slack + 1)
        raise AssertionError(f"levels {a.kind}, {b.kind}")

    def _level_le_by_cases(self, name: str, a: Level, b: Level, slack: int) -> bool:
        """The parameter is zero, or it is a successor."""
        return all(
            self.level_le(self.level_instance(a, {name: value}), self.level_instance(b, {name: value}), slack)
            for value in (self.zero, self.succ(self.param(name)))
        )

    def _spread(self, level: Level) -> Level:
        """``imax a (max b c)`` as a maximum of smaller ones."""
        a, b = level.a, level.b
        if b.kind == "imax":
            return self.max(self.imax(a, b.b), self.imax(b.a, b.b))
        return self.max(self.imax(a, b.a), self.imax(a, b.b))

    def level_eq(self, a: Level, b: Level) -> bool:
        """Whether two levels are equal for all values of the parameters."""
        return a is b or (self.level_le(a, b) and self.level_le(b, a))

    # ----------------------------------------------------------------------------- expressions

    def _expr(self, kind: Kind, a: Any, b: Any, c: Any, loose: int, has_param: bool) -> Expr:
        key = (kind, a, b, c)
        found = self._exprs.get(key)
        if found is None:
            found = self._exprs[key] = Expr(kind, a, b, c, loose, has_param)
        return found

    def bound(self, index: int) -> Expr:
        """A bound variable; 0 is the innermost."""
        return self._expr(Kind.BOUND, index, None, None, index + 1, False)

    def fresh(self, type_: Expr) -> Expr:
        """A new free variable of that type."""
        self._next_free += 1
        return self._expr(Kind.FREE, self._next_free, type_, None, 0, type_.has_param)

    def sort(self, level: Level) -> Expr:
        """``Sort level``."""
        return self._expr(Kind.SORT, level, None, None, 0, _level_has_param(level))

    def const(self, name: str, levels: Sequence[Level] = ()) -> Expr:
        """A constant at some levels."""
        return self._expr(Kind.CONST, name, tuple(levels), None, 0, any(map(_level_has_param, levels)))

    def app(self, function: Expr, argument: Expr) -> Expr:
        """An application."""
        loose = max(function.loose, argument.loose)
        return self._expr(Kind.APP, function, argument, None, loose, function.has_param or argument.has_param)

    def apps(self, function: Expr, arguments: Sequence[Expr]) -> Expr:
        """An application to several arguments."""
        for argument in arguments:
            function = self.app(function, argument)
        return function

    def binder(self, kind: Kind, type_: Expr, body: Expr) -> Expr:
        """A ``LAMBDA`` or a ``PI``."""
        loose = max(type_.loose, body.loose - 1)
        return self._expr(kind, type_, body, None, loose, type_.has_param or body.has_param)

    def let(self, type_: Expr, value: Expr, body: Expr) -> Expr:
        """``let x : type := value; body``."""
        loose = max(type_.loose, value.loose, body.loose - 1)
        has_param = type_.has_param or value.has_param or body.has_param
        return self._expr(Kind.LET, type_, value, body, loose, has_param)

    def nat(self, value: int) -> Expr:
        """A numeral."""
        return self._expr(Kind.NAT, value, None, None, 0, False)

    def string(self, value: str) -> Expr:
        """A string literal."""
        return self._expr(Kind.STRING, value, None, None, 0, False)

    def proj(self, structure: str, index: int, of: Expr) -> Expr:
        """Field ``index`` of a value of a structure."""
        return self._expr(Kind.PROJ, structure, index, of, of.loose, of.has_param)

    # ------------------------------------------------------------------------------ replacing

    def instance(self, body: Expr, values: Sequence[Expr]) -> Expr:
        """``body`` with bound variable ``i`` (from inside) replaced by ``values[-1 - i]``; the values
        have no bound variables that are loose."""
        if not body.loose or not values:
            return body
        count = len(values)

        def variable(index: int, depth: int) -> Expr:
            inner = index - depth
            if inner < 0:
                return self.bound(index)
            return values[count - 1 - inner] if inner < count else self.bound(index - count)

        return self._replace(body, 0, variable, {})

    def _replace(self, e: Expr, depth: int, variable: Any, seen: dict[tuple[Expr, int], Expr]) -> Expr:
        if e.loose <= depth:
            return e
        if e.kind is Kind.BOUND:
            replaced: Expr = variable(e.a, depth)
            return replaced
        key = (e, depth)
        found = seen.get(key)
        if found is None:
            go = self._replace
            match e.kind:
                case Kind.APP:
                    found = self.app(go(e.a, depth, variable, seen), go(e.b, depth, variable, seen))
                case Kind.LAMBDA | Kind.PI:
                    body = go(e.b, depth + 1, variable, seen)
                    found = self.binder(e.kind, go(e.a, depth, variable, seen), body)
                case Kind.LET:
                    type_, value = go(e.a, depth, variable, seen), go(e.b, depth, variable, seen)
                    found = self.let(type_, value, go(e.c, depth + 1, variable, seen))
                case _:
                    found = self.proj(e.a, e.b, go(e.c, depth, variable, seen))
            seen[key] = found
        return found

    def abstract(self, e: Expr, variable: Expr) -> Expr:
        """``e`` with a free variable made the bound variable 0 of a binder to be put around it."""
        seen: dict[tuple[Expr, int], Expr] = {}

        def go(e: Expr, depth: int) -> Expr:
            if e is variable:
                return self.bound(depth)
            if e.kind in (Kind.BOUND, Kind.FREE, Kind.SORT, Kind.CONST, Kind.NAT, Kind.STRING):
                return e
            found = seen.get((e, depth))
            if found is None:
                match e.kind:
                    case Kind.APP:
                        found = self.app(go(e.a, depth), go(e.b, depth))
                    case Kind.LAMBDA | Kind.PI:
                        found = self.binder(e.kind, go(e.a, depth), go(e.b, depth + 1))
                    case Kind.LET:
                        found = self.let(go(e.a, depth), go(e.b, depth), go(e.c, depth + 1))
                    case _:
                        found = self.proj(e.a, e.b, go(e.c, depth))
                seen[e, depth] = found
            return found

        return go(e, 0)

    def with_levels(self, e: Expr, values: Mapping[str, Level]) -> Expr:
        """``e`` with its universe parameters replaced."""
        seen: dict[Expr, Expr] = {}

        def go(e: Expr) -> Expr:
            if not e.has_param:
                return e
            found = seen.get(e)
            if found is None:
                match e.kind:
                    case Kind.SORT:
                        found = self.sort(self.level_instance(e.a, values))
                    case Kind.CONST:
                        found = self.const(e.a, [self.level_instance(level, values) for level in e.b])
                    case Kind.APP:
                        found = self.app(go(e.a), go(e.b))
                    case Kind.LAMBDA | Kind.PI:
                        found = self.binder(e.kind, go(e.a), go(e.b))
                    case Kind.LET:
                        found = self.let(go(e.a), go(e.b), go(e.c))
                    case Kind.PROJ:
                        found = self.proj(e.a, e.b, go(e.c))
                    case _:
                        found = e
                seen[e] = found
            return found

        return go(e) if values else e


def _level_has_param(level: Level) -> bool:
    match level.kind:
        case "zero":
            return False
        case "param":
            return True
        case "succ":
            return _level_has_param(level.a)
        case _:
            return _level_has_param(level.a) or _level_has_param(level.b)


def spine(e: Expr) -> tuple[Expr, list[Expr]]:
    """The head of an application and its arguments."""
    arguments: list[Expr] = []
    while e.kind is Kind.APP:
        arguments.append(e.b)
        e = e.a
    arguments.reverse()
    return e, arguments
