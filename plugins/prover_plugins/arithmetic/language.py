"""Typed terms: the part of Lean's language that the module understands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The type of a term. ``PROP`` and ``BOOL`` have the values 0 and 1."""

    NAT = "Nat"
    INT = "Int"
    RAT = "Rat"
    BOOL = "Bool"
    PROP = "Prop"


@dataclass(frozen=True, slots=True)
class Term:
    """A term: ``operation`` with its arguments.

    ``literal`` has a ``value``, ``variable`` and ``call`` (a function that the caller knows) a ``name``, a
    quantifier (``∀``, ``∃``) the ``name`` of its variable, its type as ``bound`` and its body as the only argument.
    The other operations are Lean's operators as written (``+``, ``∣``, ``↔``, …; ``≥`` and ``>`` are turned round,
    ``neg`` is the prefix minus) and functions by their last name (``gcd``, ``natAbs``, ``tdiv``, ``if``, …).
    """

    operation: str
    kind: Kind
    arguments: tuple[Term, ...] = ()
    name: str = ""
    value: int = 0
    bound: Kind | None = None

    def variables(self) -> frozenset[str]:
        """Names of the free variables."""
        if self.operation == "variable":
            return frozenset((self.name,))
        found = frozenset[str]().union(*(argument.variables() for argument in self.arguments))
        return found - {self.name} if self.operation in ("∀", "∃") else found

    def parts(self) -> Iterator[Term]:
        """The term and all its parts, outermost first."""
        yield self
        for argument in self.arguments:
            yield from argument.parts()

    def is_nonlinear(self) -> bool:
        """Whether a product of terms with variables, or a power of one, occurs in it."""
        return any(
            (part.operation == "*" and all(argument.variables() for argument in part.arguments))
            or (part.operation == "^" and bool(part.arguments[0].variables()))
            for part in self.parts()
        )

    def conjuncts(self) -> Iterator[Term]:
        """The term taken apart at ``∧``."""
        if self.operation == "∧":
            for argument in self.arguments:
                yield from argument.conjuncts()
        else:
            yield self


TRUE = Term("literal", Kind.PROP, value=1)
FALSE = Term("literal", Kind.PROP, value=0)


def renamed(term: Term, old: str, new: str) -> Term:
    """``term`` with the free variable ``old`` called ``new``, which must not be bound inside."""
    if term.operation == "variable":
        return Term("variable", term.kind, name=new) if term.name == old else term
    if term.operation in ("∀", "∃") and term.name == old:
        return term
    arguments = tuple(renamed(argument, old, new) for argument in term.arguments)
    return Term(term.operation, term.kind, arguments, term.name, term.value, term.bound)


def lean(term: Term) -> str:
    """Lean's text of a number made of numerals, variables, casts, ``+``, ``-``, ``*``, ``/`` and ``^``.

    Raises:
        ValueError: another operation.
    """
    match term.operation, term.arguments:
        case "literal", _:
            return str(term.value)
        case "variable", _:
            return term.name
        case "cast", (a,):
            return f"({lean(a) if a.operation == 'variable' else f'({lean(a)} : Nat)'} : {term.kind})"
        case "neg", (a,):
            return f"(-{lean(a)})"
        case ("+" | "-" | "*" | "/" | "^"), (a, b):
            return f"({lean(a)} {term.operation} {lean(b)})"
    raise ValueError(term.operation)
