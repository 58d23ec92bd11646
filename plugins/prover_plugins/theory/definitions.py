"""The functions and data types that a header defines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from prover_plugins.theory.kinds import Type, read_type
from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.syntax import Parser, Term

_COMMAND = re.compile(
    r"^[ \t]*(?:@\[[^\]]*\]\s*)?(?:(?:noncomputable|partial|private|protected)\s+)*"
    r"(def|abbrev|inductive|theorem|lemma|example|structure|instance|mutual|end|namespace|open|variable|section|"
    r"set_option|termination_by|decreasing_by|deriving)\b",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function: names of its explicit parameters, types of all its explicit arguments, and its value.

    The value is a term, or arms for the arguments after the parameters.
    """

    name: str
    parameters: tuple[str, ...]
    arguments: tuple[Type, ...]
    result: Type
    arms: tuple[Term, ...] = ()
    body: Term | None = None


@dataclass(frozen=True, slots=True)
class Datum:
    """An inductive type: the names of its parameters, its constructors with the types of their fields."""

    name: str
    parameters: tuple[str, ...]
    constructors: tuple[tuple[str, tuple[Type, ...]], ...]


@dataclass(slots=True)
class Header:
    """What was understood, in the order of the text."""

    functions: dict[str, Definition] = field(default_factory=dict)
    data: dict[str, Datum] = field(default_factory=dict)


def read_header(text: str) -> Header:
    """Reads what it can; definitions that use something else are left out."""
    header = Header()
    for command, chunk in _chunks(text):
        try:
            if command == "inductive":
                datum = _datum(Parser(chunk))
                header.data[datum.name] = datum
            elif command in ("def", "abbrev"):
                function = _function(Parser(chunk))
                header.functions[function.name] = function
        except NotUnderstood:
            continue
    return header


def _chunks(text: str) -> Iterator[tuple[str, str]]:
    starts = list(_COMMAND.finditer(text))
    for this, following in zip(starts, [*starts[1:], None], strict=False):
        # the command's own line keeps its columns: arms are recognised by them
        yield this[1], text[this.end() : following.start() if following else len(text)]


def _binders(parser: Parser) -> Iterator[tuple[list[str], Type | None]]:
    """Explicit binders with their types; implicit ones and instances are read over."""
    closing = {"(": ")", "{": "}", "[": "]"}
    while parser.next.text in closing:
        opening = parser.take().text
        if opening == "[":
            parser.term()
            parser.take("]")
            continue
        names = []
        while not parser.skip(":"):
            names.append(parser.take().text)
        type_ = parser.term()
        parser.take(closing[opening])
        if opening == "(":
            yield names, None if type_ in (Term("name", "Type"), Term("name", "Prop")) else read_type(type_)


def _function(parser: Parser) -> Definition:
    name = parser.take().text
    parameters: list[str] = []
    arguments: list[Type] = []
    for names, type_ in _binders(parser):
        if type_ is None:
            raise NotUnderstood("a type as an explicit argument")
        parameters += names
        arguments += [type_] * len(names)
    parser.take(":")
    while parser.next.text == "[":  # [DecidableEq α] : …
        parser.take("[")
        parser.term()
        parser.take("]")
        parser.take("→")
    type_ = read_type(parser.term())
    if parser.skip(":="):
        return Definition(name, tuple(parameters), tuple(arguments), type_, body=parser.term())
    arms = parser.arms()
    if parser.next.kind != "end":
        raise NotUnderstood(f"{parser.next.text!r} after the cases")
    for _ in range(len(arms[0].parts) - 1):
        if type_.name != "→":
            raise NotUnderstood("more patterns than arguments")
        arguments.append(type_.arguments[0])
        type_ = type_.arguments[1]
    return Definition(name, tuple(parameters), tuple(arguments), type_, arms=tuple(arms))


def _datum(parser: Parser) -> Datum:
    name = parser.take().text
    parameters: list[str] = []
    while parser.next.text == "(":
        parser.take("(")
        while not parser.skip(":"):
            parameters.append(parser.take().text)
        parser.term()
        parser.take(")")
    if parser.skip(":"):
        parser.term()
    if not parser.skip("where"):
        parser.take(":=")
    constructors: list[tuple[str, tuple[Type, ...]]] = []
    while parser.skip("|"):
        constructor = parser.take().text
        fields: list[Type] = []
        for names, type_ in _binders(parser):
            if type_ is None:
                raise NotUnderstood("a type as a field")
            fields += [type_] * len(names)
        if parser.skip(":"):
            type_ = read_type(parser.term())
            while type_.name == "→":
                fields.append(type_.arguments[0])
                type_ = type_.arguments[1]
        constructors.append((constructor, tuple(fields)))
    if not constructors or parser.next.kind != "end":
        raise NotUnderstood("an inductive type that is not a list of constructors")
    return Datum(name, tuple(parameters), tuple(constructors))
