"""The index of declarations behind :mod:`prover.lean.library`: built once, kept on disk (:mod:`prover.lean.stored`),
ready to search. The pattern trees grow at first use, one for each head.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
from collections.abc import Container, Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from prover.lean.embedded.cache import cache_root, write_atomically
from prover.lean.protocol import DeclarationView
from prover.lean.server import LeanServer
from prover.lean.stored import FORMAT, KEPT, KINDS, Stored, is_useful, keys, store
from prover.lean.terms import ANY, PatternTree, Term, pattern, relation

logger = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True):
    """One declaration; the kind is ``projection`` for a definition that is a field of a structure, ``instance`` for one
    of a class. ``head`` is the relation of a theorem's conclusion, ``term`` that conclusion; ``position`` is the
    module's in the order of imports."""

    name: str
    kind: str
    module: str
    position: int
    head: str
    term: str


class Index:
    """Declarations with what it takes to find the theorems among them."""

    def __init__(self, stored: Stored, key: str = "") -> None:
        """``key`` is that of what is imported (:func:`key_of`); empty for what a header declares."""
        self._stored = stored
        self.key = key
        self.names = stored.names
        self.heads = stored.heads
        self.terms = stored.terms
        self.vocabulary = stored.vocabulary
        self.symbols = stored.symbols.lists()
        """By declaration: the numbers of its symbols."""
        self.containing = stored.containing.lists()
        """By symbol: the numbers of the theorems that have it."""
        self._unfolds = stored.unfolds.lists()
        self.conclusions = Patterns(stored.terms, stored.conclusions, None)
        self.left_sides = Patterns(stored.terms, stored.left_sides, 0)
        self.right_sides = Patterns(stored.terms, stored.right_sides, 1)
        theorems = max(2, len(self.theorems()))
        counts = map(self.containing.length, range(len(self.containing)))
        self.weight = [math.log(1 + theorems / (1 + count)) for count in counts]
        """By symbol: its inverse document frequency, in nats."""
        self.total = self._totals()
        """By declaration: the weight of all its symbols."""

    def _totals(self) -> list[float]:
        weight = self.weight
        symbols = self.symbols
        return [sum([weight[s] for s in symbols[number]]) for number in range(len(symbols))]

    def weigh_like(self, other: Index) -> None:
        """Takes the weights of symbols from a larger index; what that does not know counts as rarest there."""
        rarest = max(other.weight, default=1.0)
        numbers = map(other.symbol_number, self.vocabulary)
        self.weight = [rarest if number is None else other.weight[number] for number in numbers]
        self.total = self._totals()

    @classmethod
    def build(cls, declarations: Iterable[DeclarationView]) -> Index:
        """An index of these declarations; theorems that no person would use are left out."""
        return cls(store([d for d in declarations if is_useful(d)]))

    def encode(self) -> bytes:
        """The index as it is stored."""
        return msgspec.msgpack.encode(self._stored)

    @classmethod
    def decode(cls, data: bytes, key: str = "") -> Index:
        """Reads what :meth:`encode` wrote.

        Raises:
            msgspec.MsgspecError: it is something else.
        """
        return cls(msgspec.msgpack.decode(data, type=Stored), key)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _symbol_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.vocabulary)}

    def theorems(self) -> list[int]:
        """The positions of the theorems."""
        return [number for number, kind in enumerate(self._stored.kinds) if kind == 0]

    def number(self, name: str) -> int | None:
        """The position of a declaration."""
        return self._numbers.get(name)

    def symbol_number(self, symbol: str) -> int | None:
        """The position of a constant in the vocabulary; None where no theorem has it."""
        return self._symbol_numbers.get(symbol)

    def unfolds(self, name: str) -> list[str]:
        """What the definition of that name speaks of; empty for what is none, or may not be unfolded."""
        number = self.number(name)
        return [] if number is None else [self._stored.constants[constant] for constant in self._unfolds[number]]

    def covered(self, number: int, names: Container[str]) -> float:
        """How much of what the theorem at ``number`` speaks of is among ``names``, 0 to 1 by the weights of the
        symbols."""
        here = sum(self.weight[s] for s in self.symbols[number] if self.vocabulary[s] in names)
        return here / self.total[number] if self.total[number] else 0.0

    def entry(self, number: int) -> Entry:
        """The declaration at a position."""
        stored = self._stored
        module = stored.module_of[number]
        return Entry(
            stored.names[number], KEPT[stored.kinds[number]], stored.modules[module], stored.positions[module],
            stored.heads[number], stored.terms[number],
        )  # fmt: skip


class Patterns:
    """Conclusions, or left or right sides of conclusions, to match with terms."""

    def __init__(self, terms: Sequence[str], by_head: dict[str, list[int]], side: int | None) -> None:
        self._terms = terms
        self._by_head = by_head
        self._side = side
        self._trees: dict[str, PatternTree] = {}
        self._sizes: dict[int, int] = {}

    def match(self, term: Term, position: int) -> list[tuple[int, int]]:
        """(theorem, symbols that had to match) for each pattern that the subterm is an instance of."""
        found: list[tuple[int, int]] = []
        for key in keys(term) if self._side is None else [term.tokens[position]]:
            tree = self._trees.get(key)
            if tree is None:
                tree = self._trees[key] = self._grow(key)
            found += [(number, self._sizes[number]) for number in tree.match(term, position)]
        return found

    def _grow(self, head: str) -> PatternTree:
        tree = PatternTree()
        for number in self._by_head.get(head, ()):
            term = Term.read(self._terms[number])
            assert term is not None, "only readable terms are listed by head"
            tokens = _pattern(term, self._side)
            self._sizes[number] = sum(not token.startswith(ANY) for token in tokens)
            tree.add(tokens, number)
        return tree


def _pattern(term: Term, side: int | None) -> tuple[str, ...]:
    """The conclusion (turned as :func:`relation` does), or a side of it, as a pattern."""
    if side is not None:
        return pattern(term, relation(term)[1][side - 2])
    head, arguments = relation(term)
    tokens = [head]
    for position in arguments:
        tokens += pattern(term, position)
    return tuple(tokens)


def normal(term: Term) -> Term:
    """The term with ``>`` and ``≥`` at its root turned around, as conclusions are in the index."""
    head, arguments = relation(term)
    if head == term.tokens[0]:
        return term
    turned = Term.read(" ".join([head, *(" ".join(term.part(position)) for position in arguments)]))
    assert turned is not None, "its parts are terms"
    return turned


_building = threading.Lock()


def load(server: LeanServer, environment: int, imports: Sequence[str]) -> Index:
    """The index of what is imported: from memory, from the cache folder, or listed by Lean and kept.

    Raises:
        InfrastructureFault: Lean cannot list its declarations.
    """
    path = _path(server, imports)
    with _building:
        try:
            return _decoded(path, path.stat().st_mtime_ns)
        except (FileNotFoundError, msgspec.MsgspecError):
            logger.info("listing what %s offers, once", " ".join(imports))
            index = Index.build(_listed(server, environment))
            index.key = key_of(server, imports)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, index.encode())
            return index


def prepare(server: LeanServer, environment: int, imports: Sequence[str]) -> None:
    """Makes sure that the index is in the cache folder, so that :func:`load` is quick.

    Raises:
        InfrastructureFault: Lean cannot list its declarations.
    """
    if not is_prepared(server, imports):
        logger.info("indexing the library, once for these imports")
        load(server, environment, imports)


def is_prepared(server: LeanServer, imports: Sequence[str]) -> bool:
    """Whether the index for these imports is in the cache folder."""
    return _path(server, imports).exists()


def key_of(server: LeanServer, imports: Sequence[str]) -> str:
    """Tells what different versions of Lean and different imports offer apart."""
    key = "\n".join([str(FORMAT), server.hello().lean, *imports])
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def folder() -> Path:
    """Where what was found out about libraries is kept."""
    return cache_root() / "libraries"


def _path(server: LeanServer, imports: Sequence[str]) -> Path:
    return folder() / f"{key_of(server, imports)}.index"


@lru_cache(maxsize=2)
def _decoded(path: Path, changed: int) -> Index:
    return Index.decode(path.read_bytes(), path.stem)


def _listed(server: LeanServer, environment: int) -> list[DeclarationView]:
    found: list[DeclarationView] = []
    for page, _ in server.all_declarations(environment, kinds=KINDS):
        found += page
    return found
