"""What a constant is, as Lean exports it, and the reader of that export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prover.kernel.terms import Expr, Kind, Level, Terms

if TYPE_CHECKING:
    from prover.lean.protocol import ConstantView, ExportOk

OPAQUE_HEIGHT = -1
ABBREVIATION_HEIGHT = 1 << 40


class ExportError(ValueError):
    """What Lean exported cannot be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What a recursor does to one constructor with ``fields`` fields."""

    constructor: str
    fields: int
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """A constant. ``kind`` is ``axiom``, ``definition``, ``theorem``, ``opaque``, ``quotient``,
    ``inductive``, ``constructor`` or ``recursor``.

    ``height`` orders unfolding: of two definitions the higher is unfolded first. ``parent`` is a
    constructor's inductive type, ``family`` the types of the inductive declaration that this is part of.
    Fields that a kind does not have are empty or zero.
    """

    name: str
    kind: str
    params: tuple[str, ...]
    type: Expr
    value: Expr | None = None
    height: int = OPAQUE_HEIGHT
    num_params: int = 0
    num_indices: int = 0
    num_fields: int = 0
    num_motives: int = 0
    num_minors: int = 0
    k: bool = False
    recursive: bool = False
    constructors: tuple[str, ...] = ()
    parent: str = ""
    family: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def major(self) -> int:
        """Position of a recursor's major premise among its arguments."""
        return self.num_params + self.num_motives + self.num_minors + self.num_indices

    def terms(self) -> Iterator[Expr]:
        """All its expressions."""
        yield self.type
        if self.value is not None:
            yield self.value
        for rule in self.rules:
            yield rule.value


def read(terms: Terms, export: ExportOk) -> list[Declaration]:
    """The declarations of one export.

    Raises:
        ExportError: it is not in the format that ``lean_project/ProofServer/Export.lean`` describes.
    """
    try:
        return _Reader(terms, export).declarations()
    except (IndexError, ValueError, KeyError) as error:
        raise ExportError(f"the export of terms cannot be read: {error}") from error


class _Reader:
    def __init__(self, terms: Terms, export: ExportOk) -> None:
        self._terms = terms
        self._export = export
        self._levels: list[Level] = []
        self._exprs: list[Expr] = []
        for line in export.levels.splitlines():
            self._levels.append(self._level(line.split(" ")))
        for line in export.exprs.splitlines():
            self._exprs.append(self._expr(line.split(" ")))

    def _level(self, words: Sequence[str]) -> Level:
        terms, levels = self._terms, self._levels
        match words:
            case ["z"]:
                return terms.zero
            case ["s", a]:
                return terms.succ(levels[int(a)])
            case ["m", a, b]:
                return terms.max(levels[int(a)], levels[int(b)])
            case ["i", a, b]:
                return terms.imax(levels[int(a)], levels[int(b)])
            case ["p", name]:
                return terms.param(self._export.names[int(name)])
        raise ExportError(f"no level: {' '.join(words)}")

    def _expr(self, words: Sequence[str]) -> Expr:
        terms, exprs, names = self._terms, self._exprs, self._export.names
        match words:
            case ["v", index]:
                return terms.bound(int(index))
            case ["s", level]:
                return terms.sort(self._levels[int(level)])
            case ["c", name, *levels]:
                return terms.const(names[int(name)], [self._levels[int(level)] for level in levels])
            case ["a", function, argument]:
                return terms.app(exprs[int(function)], exprs[int(argument)])
            case ["l", type_, body]:
                return terms.binder(Kind.LAMBDA, exprs[int(type_)], exprs[int(body)])
            case ["p", type_, body]:
                return terms.binder(Kind.PI, exprs[int(type_)], exprs[int(body)])
            case ["z", type_, value, body]:
                return terms.let(exprs[int(type_)], exprs[int(value)], exprs[int(body)])
            case ["n", value]:
                return terms.nat(int(value))
            case ["t", index]:
                return terms.string(self._export.strings[int(index)])
            case ["j", structure, index, of]:
                return terms.proj(names[int(structure)], int(index), exprs[int(of)])
        raise ExportError(f"no expression: {' '.join(words)}")

    def declarations(self) -> list[Declaration]:
        return [self._declaration(view) for view in self._export.declarations]

    def _declaration(self, view: ConstantView) -> Declaration:
        names = self._export.names
        heights = {"opaque": OPAQUE_HEIGHT, "abbrev": ABBREVIATION_HEIGHT}
        found = Declaration(
            name=names[view.name],
            kind=view.kind,
            params=tuple(names[index] for index in view.params),
            type=self._exprs[view.type],
            value=None if view.value is None else self._exprs[view.value],
            height=heights[view.hint] if view.hint in heights else int(view.hint),
            num_params=view.num_params,
            num_indices=view.num_indices,
            num_fields=view.num_fields,
            num_motives=view.num_motives,
            num_minors=view.num_minors,
            k=view.k,
            recursive=view.recursive,
            constructors=tuple(names[index] for index in view.constructors),
            parent="" if view.parent is None else names[view.parent],
            family=tuple(names[index] for index in view.family),
            rules=tuple(Rule(names[rule[0]], rule[1], self._exprs[rule[2]]) for rule in view.rules),
        )
        if any(term.loose for term in found.terms()):
            raise ExportError(f"{found.name} has a loose bound variable")
        return found


def plain_name(name: str) -> str:
    """A name without the marks that keep different names apart, as Lean's reports write it."""
    parts: list[str] = [""]
    characters = iter(name)
    for character in characters:
        if character == "\\":
            parts[-1] += next(characters, "")
        elif character == ".":
            parts.append("")
        elif character != "#" or parts[-1]:
            parts[-1] += character
    return ".".join(parts)


def constants(declaration: Declaration) -> set[str]:
    """The names of the constants that a declaration mentions."""
    found = {declaration.parent, *declaration.constructors} - {""}
    seen: set[Expr] = set()
    todo = list(declaration.terms())
    while todo:
        e = todo.pop()
        if e in seen:
            continue
        seen.add(e)
        match e.kind:
            case Kind.CONST:
                found.add(e.a)
            case Kind.APP | Kind.LAMBDA | Kind.PI:
                todo += (e.a, e.b)
            case Kind.LET:
                todo += (e.a, e.b, e.c)
            case Kind.PROJ:
                found.add(e.a)
                todo.append(e.c)
            case _:
                pass
    return found
