"""The functions and data types that a header defines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from prover_plugins.theory.kinds import Type, read_type
from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.syntax import Parser, Term

_COMMAND = re.compile(
    r"^[ \t]*(?:@\[[^\]]*\]\s*)?(?:(?:noncomputable|partial|private|protected)\s+)*"
    r"(def|abbrev|inductive|theorem|lemma|example|structure|instance|mutual|end|namespace|open|variable|section|"
    r"set_option|termination_by|decreasing_by|deriving)\b",
    re.M,
)


_HEAD_OF_PREDICATE = re.compile(r"[^|]*→\s*Prop\b")


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


@dataclass(frozen=True, slots=True)
class Predicate:
    """An inductive predicate: the types of its arguments, and for each constructor its premises and the patterns of
    its conclusion, in which each variable occurs once."""

    name: str
    arguments: tuple[Type, ...]
    rules: tuple[tuple[tuple[Term, ...], tuple[Term, ...]], ...]


@dataclass(slots=True)
class Header:
    """What was understood, in the order of the text."""

    functions: dict[str, Definition] = field(default_factory=dict)
    data: dict[str, Datum] = field(default_factory=dict)
    predicates: dict[str, Predicate] = field(default_factory=dict)
    captured: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For a ``where`` helper the parameters of the outer function that it uses: they are its first arguments."""


def read_header(text: str) -> Header:
    """Reads what it can; definitions that use something else are left out."""
    from prover_plugins.theory.resolving import resolve

    header = Header()
    spaces: list[str] = []
    for command, chunk in _chunks(text):
        if command in ("namespace", "section", "mutual"):
            name = re.match(r"\s*(\S+)", chunk)
            spaces.append(f"{name[1]}." if command == "namespace" and name else "")
            continue
        if command == "end":
            spaces = spaces[:-1]
            continue
        try:
            if command == "inductive" and _HEAD_OF_PREDICATE.match(chunk):
                predicate = _predicate(Parser(chunk))
                header.predicates[predicate.name] = predicate
            elif command == "inductive":
                datum = _datum(Parser(chunk))
                header.data["".join(spaces) + datum.name] = replace(datum, name="".join(spaces) + datum.name)
            elif command in ("def", "abbrev"):
                _add(header, _functions(Parser(chunk)), "".join(spaces))
        except NotUnderstood:
            continue
    return resolve(header)


def _add(header: Header, functions: list[Definition], space: str) -> None:
    """The first function and its helpers."""
    outer, *helpers = functions
    name = space + outer.name
    header.functions[name] = replace(outer, name=name)
    captured = _captured(helpers, outer)
    kinds = dict(zip(outer.parameters, outer.arguments, strict=False))
    for helper in helpers:
        inner = f"{name}.{helper.name}"
        header.captured[inner] = captured
        header.functions[inner] = replace(
            helper, name=inner, parameters=(*captured, *helper.parameters),
            arguments=(*(kinds[c] for c in captured), *helper.arguments),
        )  # fmt: skip


def _captured(helpers: list[Definition], outer: Definition) -> tuple[str, ...]:
    used: set[str] = set()
    for helper in helpers:
        for arm in (*helper.arms, *([Term("arm", "", (helper.body,))] if helper.body else [])):
            bound = {n for pattern in arm.parts[:-1] for n in _used(pattern)}
            used.update({*_used(arm.parts[-1])} - bound - {*helper.parameters})
    return tuple(name for name in outer.parameters if name in used)


def _used(term: Term) -> Iterator[str]:
    """Every name in a term, of dotted ones the first part."""
    if term.kind == "name":
        yield term.name.split(".")[0]
    for part in term.parts:
        yield from _used(part)


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


def _functions(parser: Parser) -> list[Definition]:
    """A function and what follows it after ``where``."""
    found = [_function(parser)]
    if parser.skip("where"):
        while parser.next.kind != "end":
            found.append(_function(parser))
    return found


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
    if parser.next.kind not in ("end", "name") and parser.next.text != "where":
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


def _predicate(parser: Parser) -> Predicate:
    name = parser.take().text
    parser.take(":")
    arguments: list[Type] = []
    type_ = read_type(parser.term())
    while type_.name == "→":
        arguments.append(type_.arguments[0])
        type_ = type_.arguments[1]
    if not parser.skip("where"):
        parser.skip(":=")
    rules: list[tuple[tuple[Term, ...], tuple[Term, ...]]] = []
    while parser.skip("|"):
        parser.take()
        premises: list[Term] = []
        while parser.next.text in ("(", "{"):
            closing = {"(": ")", "{": "}"}[parser.take().text]
            while not parser.skip(":"):
                parser.take()
            term = parser.term()
            parser.take(closing)
            if (term.kind == "operator" and term.name not in ("→", "×")) or term.parts[:1] == (Term("name", name),):
                premises.append(term)
        parser.take(":")
        conclusion = parser.term()
        while conclusion.kind == "operator" and conclusion.name == "→":
            premises.append(conclusion.parts[0])
            conclusion = conclusion.parts[1]
        rules.append((tuple(premises), conclusion.parts[1:]))
        bound = [n for pattern in conclusion.parts[1:] for n in _used(pattern)]
        if conclusion.parts[:1] != (Term("name", name),) or len(bound) != len(set(bound)):
            raise NotUnderstood("a conclusion that is no pattern")
        if not {n for premise in premises for n in _used(premise)} <= {*bound, name, *_TRUTHS}:
            raise NotUnderstood("a premise about what the conclusion does not name")
    return Predicate(name, tuple(arguments), tuple(rules))


_TRUTHS = frozenset({"true", "false", "True", "False"})
