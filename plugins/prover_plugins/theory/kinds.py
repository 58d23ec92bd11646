"""Simple types: names applied to types, functions and pairs among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.syntax import Term, read_term


@dataclass(frozen=True, slots=True)
class Type:
    """``→`` and ``×`` are names with two arguments."""

    name: str
    arguments: tuple[Type, ...] = ()

    def __str__(self) -> str:
        if self.name in ("→", "×"):
            return f"{_inner(self.arguments[0])} {self.name} {_inner(self.arguments[1])}"
        return " ".join([self.name, *map(_inner, self.arguments)])

    def names(self) -> Iterator[str]:
        """All names in it."""
        yield self.name
        for argument in self.arguments:
            yield from argument.names()

    def substitute(self, values: Mapping[str, Type]) -> Type:
        """With types in place of names."""
        if not self.arguments:
            return values.get(self.name, self)
        return Type(self.name, tuple(a.substitute(values) for a in self.arguments))

    @property
    def element(self) -> Type | None:
        """The type of a list's elements."""
        return self.arguments[0] if self.name == "List" else None


def _inner(type_: Type) -> str:
    return f"({type_})" if type_.arguments else str(type_)


NAT, BOOL, PROP = Type("Nat"), Type("Bool"), Type("Prop")


def list_of(element: Type) -> Type:
    """``List element``."""
    return Type("List", (element,))


def read_type(term: Term) -> Type:
    """The type that a term is.

    Raises:
        NotUnderstood: it is not a simple one.
    """
    if term.kind == "name":
        return Type({"ℕ": "Nat", "ℤ": "Int"}.get(term.name, term.name))
    if term.kind == "apply" and term.parts[0].kind == "name":
        return Type(term.parts[0].name, tuple(read_type(p) for p in term.parts[1:]))
    if term.kind == "operator" and term.name in ("→", "×"):
        return Type(term.name, tuple(read_type(p) for p in term.parts))
    raise NotUnderstood(f"a type that is {term.kind}")


def type_of_text(text: str) -> Type | None:
    """The type that a text is; None where it is not understood."""
    try:
        return read_type(read_term(text))
    except NotUnderstood:
        return None
