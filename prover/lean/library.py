"""The declarations in scope, and which theorems fit a goal.

What is imported is listed by Lean once for each version and set of imports and kept on disk; what the
problem's header declares is listed when its library is opened. A theorem is found by rare symbols that it
shares with the goal, or because its conclusion, or a side of it, has the goal or a part of the goal as an
instance (:class:`prover.lean.terms.PatternTree`). Ranking weighs symbols by inverse document frequency, as in
the symbol-based premise selection of Meng and Paulson (2009), and prefers theorems that fit by shape.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

from prover.lean.barred import Barred
from prover.lean.index import Entry, Index, load, normal
from prover.lean.protocol import DeclarationView
from prover.lean.server import LeanServer
from prover.lean.terms import Term

_COMMON = 3_000
"""A symbol in more theorems than this brings none in: it says nothing about which one fits."""

_LOGIC = ("Eq", "HEq", "Iff", "Ne", "And", "Or", "Not", "True", "False", "Exists")
"""A theorem that speaks of nothing else and fits every goal of its shape (``Eq.symm``, ``congr``, ``And.imp``) says
nothing about this one."""

_MOST_UNFOLDED = 600
"""So many constants at most are reached by unfolding."""

_OWN = 10_000
_BROUGHT = 2_500
"""So many theorems are brought in by symbols at most, those of the rarest first."""


class Fit(StrEnum):
    """How a theorem fits a goal by its shape."""

    APPLY = "apply"
    """Its conclusion has the goal as an instance."""
    MPR = "mpr"
    """The left side of its equivalence has the goal as an instance."""
    MP = "mp"
    """The right side of its equivalence has."""
    REWRITE = "rewrite"
    """The left side of its equation or equivalence has a part of the goal as an instance."""
    BACKWARD = "backward"
    """The right side has."""


@dataclass(frozen=True, slots=True)
class Premise:
    """A theorem that may help: ``score`` is only comparable within one look-up; ``fits`` may be empty; ``covered``
    is how much of what it speaks of the goal speaks of, 0 to 1 by the weights of the symbols."""

    entry: Entry
    score: float
    fits: frozenset[Fit]
    covered: float = 0.0

    @property
    def name(self) -> str:
        """The theorem's full name."""
        return self.entry.name


class Library:
    """What a proof may use: imported declarations and those of the header, without those that are barred."""

    def __init__(
        self,
        imported: Callable[[], Index],
        own: Callable[[], Sequence[DeclarationView]] = tuple,
        types: Callable[[Sequence[str]], Sequence[DeclarationView]] = lambda names: (),
        barred: Barred | None = None,
    ) -> None:
        """``imported`` and ``own`` (what the header declares) are asked at first use; ``types`` asks Lean for
        declarations by name, with their types; ``barred`` are never found."""
        self._imported = imported
        self._own = own
        self._types = types
        self._barred = barred
        self._statements: dict[str, str] = {}

    @classmethod
    def of(
        cls,
        server: LeanServer,
        environment: int,
        imports: Sequence[str],
        header: str = "",
        barred: Barred | None = None,
    ) -> Library:
        """The library of an environment with these imports and this header.

        What it is asked later raises InfrastructureFault where Lean cannot list its declarations.
        """

        def imported() -> Index:
            return load(server, environment, imports)

        def own() -> Sequence[DeclarationView]:
            if not header.strip():
                return ()
            return server.declarations(environment, own=True, with_types=True, limit=_OWN).declarations

        def types(names: Sequence[str]) -> Sequence[DeclarationView]:
            return server.declarations(environment, names=names, with_types=True).declarations

        return cls(imported, own, types, barred)

    @cached_property
    def own(self) -> Sequence[DeclarationView]:
        """What the header declares, with types and statements."""
        return self._own()

    @cached_property
    def _parts(self) -> list[Index]:
        """The header's first, so that it comes first among equals."""
        imported = self._imported()
        if not self.own:
            return [imported]
        own = Index.build(self.own)
        own.weigh_like(imported)
        return [own, imported]

    def __len__(self) -> int:
        return sum(len(part.names) for part in self._parts)

    def entry(self, name: str) -> Entry | None:
        """The declaration of that name."""
        for part in self._parts:
            number = part.number(name)
            if number is not None:
                return part.entry(number)
        return None

    def find(self, target: Term | None, symbols: Iterable[str], limit: int = 40) -> list[Premise]:
        """The theorems that fit a goal best; those of the header before equally good ones.

        ``target`` is what is to be shown, ``symbols`` are the constants of the goal. Deterministic.
        """
        wanted = set(symbols)
        found: list[Premise] = []
        target = None if target is None else normal(target)
        for part in self._parts:  # sorting keeps the order of equals
            found += self._usable(_search(part, target, wanted), limit)
        found.sort(key=lambda premise: -premise.score)
        return found[:limit]

    def fitting(self, target: Term, fit: Fit) -> list[Premise]:
        """All theorems that fit in one way, those of what is imported first in their order; their scores say nothing.
        For theorems that serve every goal of a kind, which :meth:`find` ranks below those that speak of this one."""
        found: list[Premise] = []
        for part in reversed(self._parts):
            fits = _fits(part, normal(target), frozenset())
            numbers = sorted(number for number, (kinds, _) in fits.items() if fit in kinds)
            found += self._usable((Premise(part.entry(n), 0.0, fits[n][0]) for n in numbers), len(numbers))
        return found

    def nearest(
        self, rate: Callable[[Index], Iterable[tuple[int, float]]], limit: int
    ) -> list[tuple[Entry, float]]:
        """The first ``limit`` theorems by a rating of one's own: ``rate`` gives an index's declarations with their
        marks, the best first. Of what the header declares and of what is imported together."""
        found: list[tuple[Entry, float]] = []
        for part in self._parts:
            rated = (Premise(part.entry(number), mark, frozenset()) for number, mark in rate(part))
            found += [(premise.entry, premise.score) for premise in self._usable(rated, limit)]
        found.sort(key=lambda pair: -pair[1])
        return found[:limit]

    def _usable(self, found: Iterable[Premise], limit: int) -> Iterable[Premise]:
        """The first so many that are not barred."""
        barred = self._barred
        if barred is not None:
            found = (p for p in found if not barred.bars(p.name, p.entry.position, fact=True))
        return islice(found, limit)

    def occurrences(self, symbol: str) -> int:
        """How many of the imported theorems have this constant in their statements; 0 for the commonest (``Nat``),
        which the index leaves out."""
        imported = self._parts[-1]
        number = imported.symbol_number(symbol)
        return imported.containing.length(number) if number is not None else 0

    def definitions(self, symbols: Iterable[str]) -> list[str]:
        """The functions and predicates among ``symbols`` that the library defines, the rarest first: what unfolding
        tells about a goal that has few theorems. Instances and fields of structures are left out."""
        imported = self._parts[-1]
        found: list[tuple[float, str]] = []
        for symbol in symbols:
            number = imported.number(symbol)
            if number is None or imported.entry(number).kind != "definition":
                continue
            if symbol in _LOGIC:
                continue
            position = imported.symbol_number(symbol)
            found.append((-imported.weight[position] if position is not None else -math.inf, symbol))
        return [symbol for _, symbol in sorted(found)]

    def unfolded(self, names: Iterable[str]) -> frozenset[str]:
        """``names`` and what their definitions speak of, directly or through other definitions."""
        found = dict.fromkeys(names)
        waiting = list(found)
        for name in waiting:
            for part in self._parts:
                for other in part.unfolds(name):
                    if other not in found and len(found) < _MOST_UNFOLDED:
                        found[other] = None
                        waiting.append(other)
        return frozenset(found)

    def statements(self, names: Sequence[str]) -> list[str]:
        """``name : type`` for each declaration of these that there is; asked of Lean once each.

        Raises:
            InfrastructureFault: Lean cannot answer.
        """
        missing = [name for name in names if name not in self._statements]
        if missing:
            for declaration in self._types(missing):
                text = " ".join(declaration.type.split())
                self._statements[declaration.name] = f"{declaration.name} : {text}"
        return [self._statements[name] for name in names if name in self._statements]


def _search(index: Index, target: Term | None, symbols: set[str]) -> Iterator[Premise]:
    """The theorems that fit, the best first."""
    numbers = sorted(
        (s for s in map(index.symbol_number, symbols) if s is not None), key=lambda s: (index.containing.length(s), s)
    )
    here = frozenset(numbers)
    fits = _fits(index, target, here) if target is not None else {}
    candidates = set(fits)
    for symbol in numbers:
        where = index.containing[symbol]
        if len(where) > _COMMON or len(candidates) + len(where) > _BROUGHT:
            break
        candidates.update(where)
    weight = index.weight
    scored: list[tuple[float, int, float]] = []
    for number in candidates:
        shared = sum([weight[symbol] for symbol in index.symbols[number] if symbol in here])
        covered = (shared + 1.0) / (index.total[number] + 1.0)
        score = covered * covered * covered * (shared + 1.0)
        if number in fits:
            score *= _SHAPE + _SPECIFIC * fits[number][1]
        scored.append((-score, number, covered))
    scored.sort()
    nothing: tuple[frozenset[Fit], float] = (frozenset(), 0.0)
    return (
        Premise(index.entry(number), -score, fits.get(number, nothing)[0], covered) for score, number, covered in scored
    )


_SHAPE = 2.0
_SPECIFIC = 0.3
"""A theorem that fits by shape counts this much more, and more for each symbol that had to match."""


def _fits(index: Index, target: Term, here: frozenset[int]) -> dict[int, tuple[frozenset[Fit], float]]:
    """Theorems whose shape fits, with how, and how many symbols of theirs had to match; without those that fit whatever
    has a logical constant there, unless they speak of something that the goal does (``here``)."""
    how: dict[int, set[Fit]] = defaultdict(set)
    size: dict[int, float] = defaultdict(float)
    said = here.difference(map(index.symbol_number, _LOGIC))

    def note(fit: Fit, matches: Iterable[tuple[int, int]], position: int = 0) -> None:
        logical = target.tokens[position].partition("/")[0] in _LOGIC
        for number, matched in matches:
            if logical and matched == 1 and said.isdisjoint(index.symbols[number]):
                continue
            how[number].add(fit)
            size[number] = max(size[number], matched)

    note(Fit.APPLY, index.conclusions.match(target, 0))
    for position in target.subterms():
        left = index.left_sides.match(target, position)
        right = index.right_sides.match(target, position)
        note(Fit.REWRITE, left, position)
        note(Fit.BACKWARD, right, position)
        if position == 0:
            note(Fit.MPR, ((n, m) for n, m in left if index.heads[n] == "Iff"))
            note(Fit.MP, ((n, m) for n, m in right if index.heads[n] == "Iff"))
    return {number: (frozenset(kinds), math.sqrt(size[number])) for number, kinds in how.items()}


__all__ = ["Entry", "Fit", "Library", "Premise"]
