"""Reads Lean's text of propositions and numbers into typed terms.

Lean does not print the types of numerals, so types are inferred as Lean does (both sides of an operator have one
type, exponents are natural) and, where the caller knows which constants the text stands for, from the instances
among them: with ``Int.instSub`` and no ``instSubNat``, every ``-`` is the integers'. What stays open is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prover_plugins.arithmetic.constants import INSTANCES, KNOWN, NAMED
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.lexer import NotUnderstood, identifier, tokens
from prover_plugins.arithmetic.semantics import ARITHMETIC

_LONGEST = 2_000
_DEEPEST = 60
_RELATIONS = frozenset(("=", "≠", "<", "≤", ">", "≥", "∣", "==", "!="))
TYPES = {
    "Nat": Kind.NAT, "Int": Kind.INT, "Rat": Kind.RAT, "Bool": Kind.BOOL, "Prop": Kind.PROP,
    "ℕ": Kind.NAT, "ℤ": Kind.INT, "ℚ": Kind.RAT,
}  # fmt: skip


@dataclass(slots=True)
class _Cell:
    """A type that may not be known yet; ``link`` leads to the one that it was found equal to;
    ``numeric`` says that a numeral or arithmetic has it."""

    kind: Kind | None = None
    link: _Cell | None = None
    numeric: bool = False

    def root(self) -> _Cell:
        cell = self
        while cell.link is not None:
            cell = cell.link
        return cell


@dataclass(slots=True)
class _Draft:
    """A term before its types are known."""

    operation: str
    cell: _Cell
    arguments: list[_Draft] = field(default_factory=list)
    name: str = ""
    value: int = 0
    bound: _Cell | None = None


def read_proposition(
    text: str, variables: Mapping[str, Kind], symbols: Iterable[str] | None = None, generic: bool = False
) -> Term:
    """Reads ``text`` as a proposition about ``variables``.

    ``symbols`` are the constants that it stands for (``GoalView.symbols``); without them an open type is taken
    to be Nat, good enough for proposals only. ``generic`` says that the context has type variables, of which
    numerals may be.

    Raises:
        NotUnderstood: a constant, some syntax or a type is beyond us.
    """
    return _Reader(text, variables, symbols, {}, generic).whole(Kind.PROP)


def read_number(
    text: str, variables: Mapping[str, Kind], kind: Kind, functions: Mapping[str, tuple[tuple[Kind, ...], Kind]] = {}
) -> Term:
    """Reads ``text`` as a number of type ``kind``; ``functions`` are names that may be applied, with their types.

    Raises:
        NotUnderstood: some syntax or a type is beyond us.
    """
    reader = _Reader(text, variables, None, functions)
    reader.casts_to = Kind.RAT if kind is Kind.RAT else Kind.INT
    return reader.whole(kind)


class _Reader:
    """A recursive-descent parser with Lean's precedences that unifies types as it goes."""

    def __init__(
        self,
        text: str,
        variables: Mapping[str, Kind],
        symbols: Iterable[str] | None,
        functions: Mapping[str, tuple[tuple[Kind, ...], Kind]],
        generic: bool = False,
    ) -> None:
        if len(text) > _LONGEST:
            raise NotUnderstood("the text is too long")
        self.scope: dict[str, _Cell] = {name: _Cell(kind) for name, kind in variables.items()}
        self.functions = functions
        self.casts_to = Kind.INT
        self.generic = generic
        self.symbols = None if symbols is None else frozenset(symbols)
        if self.symbols is not None and (unknown := self.symbols - KNOWN):
            raise NotUnderstood(f"what {sorted(unknown)[0]} means is not known")
        self.instances: dict[str, set[Kind]] = {}
        for symbol in self.symbols or ():
            if symbol in INSTANCES:
                operation, kind = INSTANCES[symbol]
                self.instances.setdefault(operation, set()).add(kind)
        self.tokens = tokens(text)
        self.position = 0
        self.depth = 0

    def whole(self, kind: Kind) -> Term:
        draft = self.expression(0)
        if self.peek():
            raise NotUnderstood(f"unexpected {self.peek()!r}")
        self.unify(draft.cell, _Cell(kind))
        return self.finished(draft)

    # ---------------------------------------------------------------------------------------- types

    def unify(self, a: _Cell, b: _Cell) -> None:
        a, b = a.root(), b.root()
        if a is b:
            return
        if a.kind is not None and b.kind is not None and a.kind is not b.kind:
            raise NotUnderstood(f"{a.kind} and {b.kind} meet")
        if a.kind is not None:
            a, b = b, a
        a.link = b
        b.numeric |= a.numeric

    def finished(self, draft: _Draft) -> Term:
        """The term with its types; every type that stays open is what it can only be."""
        kind = self.resolved(draft.cell)
        bound = None if draft.bound is None else self.resolved(draft.bound)
        arguments = tuple(self.finished(argument) for argument in draft.arguments)
        term = Term(draft.operation, kind, arguments, draft.name, draft.value, bound)
        _check(term)
        return term

    def resolved(self, cell: _Cell) -> Kind:
        root = cell.root()
        if root.kind is None:
            others = self.symbols is not None and not self.symbols.isdisjoint(("Int", "Rat"))
            if others or (self.symbols is not None and (not root.numeric or self.generic)):
                raise NotUnderstood("a type is not shown")
            # Nat is not listed among the symbols; any other type of numbers would be.
            root.kind = Kind.NAT
        return root.kind

    def numeric(self, operation: str) -> _Cell:
        """The type at which ``operation`` works, as far as the instances tell."""
        kinds = self.instances.get(operation, set())
        return _Cell(next(iter(kinds)) if len(kinds) == 1 else None, numeric=True)

    # --------------------------------------------------------------------------------------- tokens

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise NotUnderstood(f"expected {expected or 'more'}, found {token or 'the end'}")
        self.position += 1
        return token

    # ---------------------------------------------------------------------------------------- terms

    def expression(self, least: int) -> _Draft:
        """A term of at least that precedence."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotUnderstood("nested too deep")
        left = self.prefix()
        while (power := _PRECEDENCE.get(self.peek(), -1)) >= least:
            operator = self.take()
            right_associative = operator in "→∨∧^"
            right = self.expression(power if right_associative else power + 1)
            left = self.binary(operator, left, right)
            if operator in _RELATIONS or operator == "↔":  # not associative
                least = max(least, 0)
                if _PRECEDENCE.get(self.peek()) == power:
                    raise NotUnderstood("chained relations")
        self.depth -= 1
        return left

    def binary(self, operator: str, left: _Draft, right: _Draft) -> _Draft:
        if operator in ("∧", "∨", "→", "↔"):
            for side in (left, right):
                self.unify(side.cell, _Cell(Kind.PROP))
            return _Draft(operator, _Cell(Kind.PROP), [left, right])
        if operator in ("&&", "||"):
            for side in (left, right):
                self.unify(side.cell, _Cell(Kind.BOOL))
            return _Draft(operator, _Cell(Kind.BOOL), [left, right])
        if operator == "^":
            self.unify(right.cell, _Cell(Kind.NAT))
            cell = self.numeric("^")
            self.unify(left.cell, cell)
            return _Draft("^", cell, [left, right])
        if operator in (">", "≥"):
            operator, left, right = {">": "<", "≥": "≤"}[operator], right, left
        self.unify(left.cell, right.cell)
        if operator in _RELATIONS:
            if operator in ("<", "≤", "∣"):
                self.unify(left.cell, self.numeric(operator))
            result = Kind.BOOL if operator in ("==", "!=") else Kind.PROP
            return _Draft(operator, _Cell(result), [left, right])
        self.unify(left.cell, self.numeric(operator))
        return _Draft(operator, left.cell, [left, right])

    def prefix(self) -> _Draft:
        token = self.peek()
        if token in ("∀", "∃"):
            return self.quantifier()
        if token in ("¬", "!"):
            self.take()
            argument = self.expression(40)
            kind = Kind.PROP if token == "¬" else Kind.BOOL
            self.unify(argument.cell, _Cell(kind))
            return _Draft(token, _Cell(kind), [argument])
        if token == "-":
            self.take()
            argument = self.expression(75)
            cell = self.numeric("neg")
            if self.symbols is not None and "Rat.instNeg" not in self.symbols:
                self.unify(cell, _Cell(Kind.INT))
            self.unify(argument.cell, cell)
            return _Draft("neg", cell, [argument])
        if token == "if":
            self.take()
            condition = self.expression(0)
            self.unify(condition.cell, _Cell(Kind.PROP))
            self.take("then")
            yes = self.expression(0)
            self.take("else")
            no = self.expression(0)
            self.unify(yes.cell, no.cell)
            return _Draft("if", yes.cell, [condition, yes, no])
        return self.application()

    def quantifier(self) -> _Draft:
        """``∀ (x y : T) (z : U), …``, ``∃ x y, …``, ``∀ x : T, …`` and ``∀ x < e, …``."""
        quantifier = self.take()
        outer = dict(self.scope)
        bound: list[tuple[str, _Cell]] = []
        relation: tuple[str, _Draft] | None = None
        while self.peek() == "(":
            self.take()
            bound += self.binders()
            self.take(")")
        if not bound:
            bound = self.binders()
            if self.peek() in _RELATIONS:
                relation = (self.take(), self.expression(51))
        self.take(",")
        names = [name for name, _ in bound]
        if not names or len(set(names)) != len(names) or (relation and len(names) > 1):
            raise NotUnderstood("binders of another form")
        self.scope.update(bound)
        body = self.expression(0)
        self.unify(body.cell, _Cell(Kind.PROP))
        if relation is not None:
            variable = _Draft("variable", bound[0][1], name=names[0])
            guard = self.binary(relation[0], variable, relation[1])
            body = self.binary("→" if quantifier == "∀" else "∧", guard, body)
        self.scope = outer
        for name, cell in reversed(bound):
            body = _Draft(quantifier, _Cell(Kind.PROP), [body], name=name, bound=cell)
        return body

    def binders(self) -> list[tuple[str, _Cell]]:
        """``x y : T`` or ``x y``; one type for all of them."""
        names: list[str] = []
        cell = _Cell()
        while self.peek() not in (":", ",", ")", "", *_RELATIONS):
            names.append(identifier(self.take()))
        if self.peek() == ":":
            self.take()
            cell = _Cell(self.type())
        return [(name, cell) for name in names]

    def type(self) -> Kind:
        name = self.take()
        if name not in TYPES:
            raise NotUnderstood(f"the type {name}")
        return TYPES[name]

    def application(self) -> _Draft:
        """``max a b``, ``Nat.gcd a b``, ``a.gcd b``, ``f n``, or an atom."""
        token = self.peek()
        if token in ("max", "min") and token not in self.scope:
            self.take()
            left, right = self.atom(), self.atom()
            self.unify(left.cell, right.cell)
            self.unify(left.cell, self.numeric(token))
            return _Draft(token, left.cell, [left, right])
        if token == "decide" and token not in self.scope:
            self.take()
            argument = self.atom()
            self.unify(argument.cell, _Cell(Kind.PROP))
            return _Draft("decide", _Cell(Kind.BOOL), [argument])
        if token in self.functions:
            self.take()
            kinds, result = self.functions[token]
            return self.applied("call", token, [], kinds, result)
        if token in NAMED and token.split(".")[0] not in self.scope:
            self.take()
            return self.applied(token.split(".")[1], "", [], *NAMED[token])
        return self.atom(with_arguments=True)

    def applied(self, operation: str, name: str, given: list[_Draft], kinds: tuple[Kind, ...], result: Kind) -> _Draft:
        arguments = [*given, *(self.atom() for _ in kinds[len(given) :])]
        for argument, kind in zip(arguments, kinds, strict=True):
            self.unify(argument.cell, _Cell(kind))
        return _Draft(operation, _Cell(result), arguments, name=name)

    def atom(self, with_arguments: bool = False) -> _Draft:
        token = self.take()
        fields: list[str] = []
        if token.isdecimal():
            draft = _Draft("literal", _Cell(numeric=True), value=int(token))
        elif token == "(":
            draft = self.expression(0)
            if self.peek() == ":":
                self.take()
                self.unify(draft.cell, _Cell(self.type()))
            self.take(")")
        elif token == "↑":
            argument = self.atom()
            self.unify(argument.cell, _Cell(Kind.NAT))
            rational = self.symbols is not None and "Rat.instNatCast" in self.symbols
            integral = self.symbols is None or "instNatCastInt" in self.symbols or not rational
            if rational and integral:
                raise NotUnderstood("casts to two types")
            kind = self.casts_to if self.symbols is None else Kind.RAT if rational else Kind.INT
            draft = _Draft("cast", _Cell(kind), [argument])
        elif token in ("True", "False", "true", "false"):
            kind = Kind.PROP if token[0].isupper() else Kind.BOOL
            draft = _Draft("literal", _Cell(kind), value=int(token.lower() == "true"))
        else:
            first, *fields = identifier(token, dotted=True).split(".")
            if first not in self.scope:
                raise NotUnderstood(f"{token!r} is not a variable")
            draft = _Draft("variable", self.scope[first], name=first)
        while self.peek().startswith("."):
            fields.append(self.take()[1:])
        for place, name in enumerate(fields):
            kinds, result = self.field(name, draft.cell)
            last = place == len(fields) - 1
            if len(kinds) > 1 and not (last and with_arguments):
                raise NotUnderstood(f"{name} without its argument")
            draft = self.applied(name, "", [draft], kinds, result)
        return draft

    def field(self, name: str, cell: _Cell) -> tuple[tuple[Kind, ...], Kind]:
        """The function that ``x.name`` stands for."""
        kind = cell.root().kind
        possible = [full for full in (f"Nat.{name}", f"Int.{name}") if full in NAMED]
        if kind is not None:
            possible = [full for full in possible if full.startswith(kind.value)]
        elif self.symbols is not None:
            possible = [full for full in possible if full in self.symbols]
        if len(possible) != 1:
            raise NotUnderstood(f"what .{name} means is not known")
        return NAMED[possible[0]]


_PRECEDENCE: Mapping[str, int] = {
    "↔": 20, "→": 25, "∨": 30, "∧": 35, "||": 30, "&&": 35, **dict.fromkeys(_RELATIONS, 50),
    "+": 65, "-": 65, "*": 70, "/": 70, "%": 70, "^": 75,
}  # fmt: skip


def _check(term: Term) -> None:
    """Refuses what no rule above typed: arithmetic on truth values, order on them, and the like."""
    numbers = (Kind.NAT, Kind.INT, Kind.RAT)
    operation = term.operation
    if (operation in ARITHMETIC or operation in ("min", "max", "neg")) and term.kind not in numbers:
        raise NotUnderstood(f"{operation} on {term.kind}")
    if operation in ("<", "≤", "∣") and term.arguments[0].kind not in numbers:
        raise NotUnderstood(f"{operation} on {term.arguments[0].kind}")
    if operation == "literal" and term.value > 1 and term.kind not in numbers:
        raise NotUnderstood("a numeral that is no number")
    if term.kind is Kind.RAT and operation in ("%", "min", "max"):
        raise NotUnderstood(f"{operation} on rationals")
    if operation == "neg" and term.kind is Kind.NAT:
        raise NotUnderstood("a negative natural number")
    if operation in ("∀", "∃") and term.bound is Kind.RAT:
        raise NotUnderstood("a quantifier over rationals")


__all__ = ["TYPES", "NotUnderstood", "read_number", "read_proposition"]
