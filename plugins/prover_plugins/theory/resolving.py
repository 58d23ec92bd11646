"""Which function of the header a name or a dot stands for: ``t.size``, ``size t`` in its namespace, a ``where`` helper.

Types are followed only as far as that needs: through patterns, parameters and results of the header's functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from prover_plugins.theory.definitions import Datum, Definition, Header
from prover_plugins.theory.kinds import NAT, Type
from prover_plugins.theory.library import METHODS
from prover_plugins.theory.syntax import Term

Types = dict[str, Type | None]


def resolve(header: Header) -> Header:
    """The header with every call in its functions written out."""
    resolver = Resolver(header)
    functions = {name: resolver.definition(d) for name, d in header.functions.items()}
    return replace(header, functions=functions)


class Resolver:
    """Looks names up; a call by a dot becomes one by the function's name."""

    def __init__(self, header: Header) -> None:
        self._functions = header.functions
        self._captured = header.captured
        self._constructors = {
            f"{datum.name}.{name}": (datum, fields)
            for datum in header.data.values()
            for name, fields in datum.constructors
        }
        self._by_last: dict[str, list[str]] = {}
        for name in header.functions:
            if name.rpartition(".")[0] in header.data:
                self._by_last.setdefault(name.rpartition(".")[2], []).append(name)

    def definition(self, definition: Definition) -> Definition:
        """The definition with its calls written out."""
        count = len(definition.parameters)
        types: Types = dict(zip(definition.parameters, definition.arguments, strict=False))
        spaces = _spaces(definition.name)
        arms = tuple(self._arm(arm, definition.arguments[count:], types, spaces) for arm in definition.arms)
        body = definition.body and self.term(definition.body, types, spaces)
        return replace(definition, arms=arms, body=body)

    def term(self, term: Term, types: Types, spaces: Sequence[str] = ()) -> Term:
        """A term whose variables have these ``types`` (None: not known); ``spaces`` are open namespaces."""
        parts = term.parts
        match term.kind:
            case "name":
                return self._name(term.name, types, spaces, ())
            case "apply":
                arguments = tuple(self.term(p, types, spaces) for p in parts[1:])
                if parts[0].kind == "name":
                    return self._name(parts[0].name, types, spaces, arguments)
                if parts[0].kind == "project":
                    receiver = self.term(parts[0].parts[0], types, spaces)
                    return self._method(parts[0].name, receiver, arguments, types)
                return Term("apply", "", (self.term(parts[0], types, spaces), *arguments))
            case "project":
                return self._method(term.name, self.term(parts[0], types, spaces), (), types)
            case "match":
                count = int(term.name)
                scrutinees = [self.term(p, types, spaces) for p in parts[:count]]
                kinds = [self._type(s, types) for s in scrutinees]
                arms = [self._arm(a, kinds, types, spaces) for a in parts[count:]]
                return Term("match", term.name, (*scrutinees, *arms))
            case "let":
                value = self.term(parts[1], types, spaces)
                inner = dict(types)
                self._bind(parts[0], self._type(value, types), inner)
                return Term("let", "", (parts[0], value, self.term(parts[2], inner, spaces)))
            case "fun":
                inner = dict(types)
                for pattern in parts[:-1]:
                    self._bind(pattern, None, inner)
                return Term("fun", "", (*parts[:-1], self.term(parts[-1], inner, spaces)))
            case "arm" | "dot" | "number" | "hole":
                return term
        return replace(term, parts=tuple(self.term(p, types, spaces) for p in parts)) if parts else term

    def _arm(self, arm: Term, kinds: Sequence[Type | None], types: Types, spaces: Sequence[str]) -> Term:
        inner = dict(types)
        for pattern, kind in zip(arm.parts[:-1], kinds, strict=False):
            self._bind(pattern, kind, inner)
        return Term("arm", "", (*arm.parts[:-1], self.term(arm.parts[-1], inner, spaces)))

    # ------------------------------------------------------------------------------------ names

    def _name(self, name: str, types: Types, spaces: Sequence[str], arguments: tuple[Term, ...]) -> Term:
        first, *rest = name.split(".")
        if first in types:
            term = Term("name", first)
            for method in rest[:-1]:
                term = self._method(method, term, (), types)
            if rest:
                return self._method(rest[-1], term, arguments, types)
            return _applied(term, arguments)
        if name not in self._functions:
            name = next((f"{space}.{name}" for space in spaces if f"{space}.{name}" in self._functions), name)
        captured = tuple(Term("name", c) for c in self._captured.get(name, ()))
        return _applied(Term("name", name), (*captured, *arguments))

    def _method(self, method: str, receiver: Term, arguments: tuple[Term, ...], types: Types) -> Term:
        kind = self._type(receiver, types)
        name = f"{kind.name}.{method}" if kind is not None else ""
        if kind is None and method not in METHODS:
            known = self._by_last.get(method, [])
            name = known[0] if len(known) == 1 else ""
        definition = self._functions.get(name)
        if definition is not None:
            owner = name.rpartition(".")[0]
            place = next((i for i, t in enumerate(definition.arguments) if t.name == owner), None)
            if place is not None and place <= len(arguments):
                return _applied(Term("name", name), (*arguments[:place], receiver, *arguments[place:]))
        return _applied(Term("project", method, (receiver,)), arguments)

    # ------------------------------------------------------------------------------------ types

    def _type(self, term: Term, types: Types) -> Type | None:
        head = term.parts[0] if term.kind == "apply" else term
        if head.kind == "name":
            if head.name in self._constructors:
                return Type(self._constructors[head.name][0].name)
            definition = self._functions.get(head.name)
            if definition is not None and len(definition.arguments) == len(term.parts[1:]):
                return definition.result
            return types.get(head.name) if head is term else None
        if term.kind == "number":
            return NAT
        if term.kind == "if":
            return self._type(term.parts[1], types)
        if term.kind == "operator" and term.name in ("++", "::"):
            return self._type(term.parts[1], types)
        if term.kind == "project" and term.name in ("1", "2", "fst", "snd"):
            pair = self._type(term.parts[0], types)
            if pair is not None and pair.name == "×":
                return pair.arguments[term.name in ("2", "snd")]
        return None

    def _bind(self, pattern: Term, kind: Type | None, types: Types) -> None:
        """Adds the types of a pattern's variables."""
        parts = pattern.parts
        if pattern.kind == "name" and "." not in pattern.name:
            types[pattern.name] = kind
        for part, inner in zip(parts, self._fields(pattern, kind), strict=False):
            self._bind(part, inner, types)

    def _fields(self, pattern: Term, kind: Type | None) -> Iterator[Type | None]:
        parts = pattern.parts
        if pattern.kind == "operator" and pattern.name == "::":
            yield from (kind.element if kind else None, kind)
        elif pattern.kind == "operator":
            yield from (NAT, NAT)
        elif pattern.kind == "list":
            yield from [kind.element if kind else None] * len(parts)
        elif pattern.kind == "tuple":
            while kind is not None and kind.name == "×" and len(parts) > 1:
                yield kind.arguments[0]
                kind, parts = kind.arguments[1], parts[1:]
            yield kind if len(parts) == 1 else None
        elif pattern.kind == "apply":
            yield None  # the constructor itself
            found = self._constructor(parts[0], kind)
            if found is not None:
                datum, fields = found
                values = dict(zip(datum.parameters, kind.arguments if kind else (), strict=False))
                yield from (f.substitute(values) for f in fields)
        yield from [None] * len(parts)

    def _constructor(self, head: Term, kind: Type | None) -> tuple[Datum, tuple[Type, ...]] | None:
        if head.kind == "dot" and kind is not None:
            return self._constructors.get(f"{kind.name}.{head.name}")
        if head.name in ("some", "Option.some") or head.name.endswith("succ"):
            return None
        return self._constructors.get(head.name)


def _spaces(name: str) -> list[str]:
    """The namespaces that are open in a definition, inner ones first; its own for its helpers."""
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(len(parts), 0, -1)]


def _applied(function: Term, arguments: tuple[Term, ...]) -> Term:
    return Term("apply", "", (function, *arguments)) if arguments else function
