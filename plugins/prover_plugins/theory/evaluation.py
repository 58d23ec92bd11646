"""Evaluates the functions of a header on closed values.

Nothing here is trusted: a wrong value makes a conjecture that Lean then fails to prove, or misses one.

Numbers are ints, lists tuples, Booleans and decidable propositions bools; other data are tuples that begin with the
constructor's name; functions take one argument at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prover_plugins.theory.definitions import Definition, Header, Predicate
from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.library import CONSTANTS, METHODS, OPERATORS
from prover_plugins.theory.syntax import Term

Value = Any
Scope = dict[str, Value]
Code = Callable[[Scope], Value]
Match = Callable[[Value, Scope], bool]

_MOST_BITS = 256


class Undecided(Exception):
    """No value: the evaluation took too long, or no case fits."""


class Evaluator:
    """Compiles terms over the functions of a header; ``fuel`` bounds the calls of one evaluation."""

    def __init__(self, header: Header, fuel: int = 3000) -> None:
        self._header = header
        self._constructors = {
            name: len(fields) for datum in header.data.values() for name, fields in datum.constructors
        }
        self._full = fuel
        self._fuel = fuel
        self._functions: dict[str, Callable[..., Value]] = {}
        self._memory: dict[tuple[Value, ...], Value] = {}
        for definition in header.functions.values():
            try:
                self._functions[definition.name] = self._compiled(definition)
            except NotUnderstood:
                continue

        for predicate in header.predicates.values():
            try:
                self._functions[predicate.name] = self._tested(predicate)
            except NotUnderstood:
                continue

    def knows(self, function: str) -> bool:
        """Whether the function can be evaluated."""
        return function in self._functions

    def __call__(self, code: Code, scope: Mapping[str, Value]) -> Value:
        """The value of compiled code.

        Raises:
            Undecided: it has none, as far as can be told.
        """
        self._fuel = self._full
        try:
            return code(dict(scope))
        except (RecursionError, IndexError, TypeError, ValueError, KeyError, ArithmeticError) as error:
            raise Undecided(str(error)) from error

    # ---------------------------------------------------------------------------------- functions

    def _compiled(self, definition: Definition) -> Callable[..., Value]:
        parameters, name = definition.parameters, definition.name
        if definition.body is not None:
            body = self.compile(definition.body, frozenset(parameters))

            def run(arguments: tuple[Value, ...]) -> Value:
                return body(dict(zip(parameters, arguments, strict=True)))
        else:
            arms = self._arms(definition.arms, frozenset(parameters))

            def run(arguments: tuple[Value, ...]) -> Value:
                scope = dict(zip(parameters, arguments, strict=False))
                return _select(arms, arguments[len(parameters) :], scope)

        return self._remembered(name, run)

    def _tested(self, predicate: Predicate) -> Callable[..., Value]:
        """An inductive predicate: whether a constructor's conclusion fits and its premises hold."""
        rules: list[tuple[list[Match], list[Code]]] = []
        for premises, patterns in predicate.rules:
            names: set[str] = set()
            matches = [self._pattern(p, names) for p in patterns]
            rules.append((matches, [self.compile(p, frozenset(names)) for p in premises]))

        def run(arguments: tuple[Value, ...]) -> Value:
            for matches, codes in rules:
                scope: Scope = {}
                fits = all(m(v, scope) for m, v in zip(matches, arguments, strict=True))
                if fits and all(code(scope) for code in codes):
                    return True
            return False

        return self._remembered(predicate.name, run)

    def _remembered(self, name: str, run: Callable[[tuple[Value, ...]], Value]) -> Callable[..., Value]:
        def call(*arguments: Value) -> Value:
            key = (name, *arguments)
            if key in self._memory:
                return self._memory[key]
            self._fuel -= 1
            if self._fuel < 0:
                raise Undecided(f"{name} takes too many steps")
            value = run(arguments)
            if type(value) is int and value.bit_length() > _MOST_BITS:
                raise Undecided(f"{name} grows too large")
            self._memory[key] = value
            return value

        return call

    def _arms(self, arms: Sequence[Term], bound: frozenset[str]) -> list[tuple[list[Match], Code]]:
        compiled = []
        for arm in arms:
            names: set[str] = set()
            matches = [self._pattern(p, names) for p in arm.parts[:-1]]
            compiled.append((matches, self.compile(arm.parts[-1], bound | names)))
        return compiled

    def _pattern(self, term: Term, names: set[str]) -> Match:
        if term.kind == "hole":
            return lambda value, scope: True
        if term.kind == "number":
            number = int(term.name)
            return lambda value, scope: bool(value == number)
        if term.kind == "name" and term.name in CONSTANTS:
            constant = CONSTANTS[term.name]
            return lambda value, scope: bool(value == constant)
        if term.kind in ("name", "dot") and self._constructor(term) is not None:
            return self._datum(term, (), names)
        if term.kind == "name" and "." not in term.name:
            name = term.name
            names.add(name)

            def bind(value: Value, scope: Scope) -> bool:
                scope[name] = value
                return True

            return bind
        if term.kind == "name" and term.name.endswith(".succ"):
            return self._successor(Term("name", term.name.removesuffix(".succ")), 1, names)
        if term.kind == "apply" and term.parts[0].name.endswith("succ") and len(term.parts) == 2:
            return self._successor(term.parts[1], 1, names)
        if term.kind == "apply" and self._constructor(term.parts[0]) is not None:
            return self._datum(term.parts[0], term.parts[1:], names)
        if term.kind == "project" and term.name == "succ":
            return self._successor(term.parts[0], 1, names)
        if term.kind == "operator" and term.name == "+" and term.parts[1].kind == "number":
            return self._successor(term.parts[0], int(term.parts[1].name), names)
        if term.kind == "operator" and term.name == "::":
            head, tail = (self._pattern(p, names) for p in term.parts)
            return lambda value, scope: bool(value) and head(value[0], scope) and tail(value[1:], scope)
        if term.kind == "list":
            items = [self._pattern(p, names) for p in term.parts]
            return lambda value, scope: (
                len(value) == len(items) and all(m(v, scope) for m, v in zip(items, value, strict=True))
            )
        if term.kind == "tuple":
            return self._pair([self._pattern(p, names) for p in term.parts])
        raise NotUnderstood(f"a pattern that is {term.kind}")

    def _constructor(self, term: Term) -> str | None:
        name = term.name.rsplit(".", 1)[-1]
        if term.kind not in ("name", "dot"):
            return None
        qualified = term.kind == "dot" or "." in term.name
        if qualified and name in self._constructors:
            return name
        return name if name in ("some", "none") else None

    def _datum(self, head: Term, fields: Sequence[Term], names: set[str]) -> Match:
        name = self._constructor(head)
        matches = [self._pattern(p, names) for p in fields]
        return lambda value, scope: (
            value[0] == name and all(m(v, scope) for m, v in zip(matches, value[1:], strict=True))
        )

    def _successor(self, below: Term, step: int, names: set[str]) -> Match:
        inner = self._pattern(below, names)
        return lambda value, scope: value >= step and inner(value - step, scope)

    def _pair(self, items: list[Match]) -> Match:
        def match(value: Value, scope: Scope) -> bool:
            for item in items[:-1]:
                if not item(value[1], scope):
                    return False
                value = value[2]
            return items[-1](value, scope)

        return match

    # ----------------------------------------------------------------------------------- terms

    def compile(self, term: Term, bound: frozenset[str]) -> Code:
        """Code for a term whose free variables are ``bound``.

        Raises:
            NotUnderstood: it uses something that is not known here.
        """
        parts = term.parts
        match term.kind:
            case "number":
                number = int(term.name)
                return lambda scope: number
            case "name" | "dot":
                return self._name(term, bound)
            case "apply":
                return self._apply(parts[0], parts[1:], bound)
            case "operator":
                return self._operator(term, bound)
            case "not":
                inner = self.compile(parts[0], bound)
                return lambda scope: not inner(scope)
            case "if":
                condition, yes, no = (self.compile(p, bound) for p in parts)
                return lambda scope: yes(scope) if condition(scope) else no(scope)
            case "list":
                items = [self.compile(p, bound) for p in parts]
                return lambda scope: tuple(item(scope) for item in items)
            case "tuple":
                if len(parts) != 2:
                    return self.compile(Term("tuple", "", (parts[0], Term("tuple", "", parts[1:]))), bound)
                first, second = (self.compile(p, bound) for p in parts)
                return lambda scope: ("Prod.mk", first(scope), second(scope))
            case "project":
                return self._method(term.name, parts[0], (), bound)
            case "match":
                return self._match(term, bound)
            case "let":
                names: set[str] = set()
                pattern = self._pattern(parts[0], names)
                value, body = self.compile(parts[1], bound), self.compile(parts[2], bound | names)

                def run(scope: Scope) -> Value:
                    inside = dict(scope)
                    if not pattern(value(scope), inside):
                        raise Undecided("no case fits")
                    return body(inside)

                return run
            case "fun":
                return self._lambda(parts[:-1], parts[-1], bound)
        raise NotUnderstood(f"a term that is {term.kind}")

    def _name(self, term: Term, bound: frozenset[str]) -> Code:
        name = term.name
        if term.kind == "name" and name in bound:
            return lambda scope: scope[name]
        if term.kind == "name" and name in CONSTANTS:
            constant = CONSTANTS[name]
            return lambda scope: constant
        if term.kind == "name" and (name in self._header.functions or name in self._header.predicates):
            return self._partial(name)
        constructor = self._constructor(term)
        if constructor is not None:
            return _curried(self._constructors.get(constructor, constructor == "some"), lambda *v: (constructor, *v))
        receiver, _, method = name.rpartition(".")
        if receiver in bound:
            return self._method(method, Term("name", receiver), (), bound)
        if method in METHODS:
            arity, _, function = METHODS[method]
            return _curried(arity, function)
        raise NotUnderstood(f"the name {name}")

    def _partial(self, name: str) -> Code:
        known = self._header.functions.get(name) or self._header.predicates[name]
        arity = len(known.arguments)
        return _curried(arity, lambda *v: self.function(name)(*v))

    def function(self, name: str) -> Callable[..., Value]:
        """A function of the header on values.

        Raises:
            Undecided: its definition was not understood.
        """
        try:
            return self._functions[name]
        except KeyError:
            raise Undecided(f"{name} is not understood") from None

    def _apply(self, head: Term, arguments: Sequence[Term], bound: frozenset[str]) -> Code:
        codes = [self.compile(a, bound) for a in arguments]
        if head.kind == "project":
            return self._method(head.name, head.parts[0], arguments, bound)
        if head.kind == "name" and head.name not in bound:
            receiver, _, method = head.name.rpartition(".")
            if receiver in bound:
                return self._method(method, Term("name", receiver), arguments, bound)
            definition = self._header.functions.get(head.name)
            if definition is not None and len(definition.arguments) == len(codes):
                name = head.name
                return lambda scope: self.function(name)(*[c(scope) for c in codes])
        function = self.compile(head, bound)

        def run(scope: Scope) -> Value:
            value = function(scope)
            for code in codes:
                value = value(code(scope))
            return value

        return run

    def _method(self, name: str, receiver: Term, arguments: Sequence[Term], bound: frozenset[str]) -> Code:
        value = self.compile(receiver, bound)
        if name in ("1", "2"):
            place = int(name)
            return lambda scope: value(scope)[place]
        if name not in METHODS:
            raise NotUnderstood(f"the method {name}")
        arity, place, function = METHODS[name]
        codes = [self.compile(a, bound) for a in arguments]
        codes.insert(min(place, len(codes)), value)
        if len(codes) == arity:
            return lambda scope: function(*[c(scope) for c in codes])
        raise NotUnderstood(f"{name} with {len(codes)} arguments")

    def _operator(self, term: Term, bound: frozenset[str]) -> Code:
        left, right = (self.compile(p, bound) for p in term.parts)
        name = term.name
        if name in ("&&", "∧"):
            return lambda scope: left(scope) and right(scope)
        if name in ("||", "∨"):
            return lambda scope: left(scope) or right(scope)
        if name == "→":
            return lambda scope: not left(scope) or right(scope)
        if name not in OPERATORS:
            raise NotUnderstood(f"the operator {name}")
        function = OPERATORS[name]
        return lambda scope: function(left(scope), right(scope))

    def _match(self, term: Term, bound: frozenset[str]) -> Code:
        count = int(term.name)
        scrutinees = [self.compile(p, bound) for p in term.parts[:count]]
        arms = self._arms(term.parts[count:], bound)
        return lambda scope: _select(arms, [s(scope) for s in scrutinees], dict(scope))

    def _lambda(self, patterns: Sequence[Term], body: Term, bound: frozenset[str]) -> Code:
        names: set[str] = set()
        matches = [self._pattern(p, names) for p in patterns]
        code = self.compile(body, bound | names)

        def made(scope: Scope, depth: int) -> Value:
            if depth == len(matches):
                return code(scope)

            def function(value: Value) -> Value:
                inside = dict(scope)
                if not matches[depth](value, inside):
                    raise Undecided("no case fits")
                return made(inside, depth + 1)

            return function

        return lambda scope: made(scope, 0)


def _select(arms: list[tuple[list[Match], Code]], values: Sequence[Value], scope: Scope) -> Value:
    for matches, code in arms:
        if all(m(v, scope) for m, v in zip(matches, values, strict=True)):
            return code(scope)
    raise Undecided("no case fits")


def _curried(arity: int, function: Callable[..., Value]) -> Code:
    def collect(taken: tuple[Value, ...]) -> Value:
        if len(taken) == arity:
            return function(*taken)
        return lambda value: collect((*taken, value))

    return lambda scope: collect(())
