"""The index of declarations behind :mod:`prover.lean.library`: built once, kept on disk, ready to search.

What is stored is what a search needs (postings by symbol, heads of patterns), so that loading is decoding and
nothing else. The pattern trees grow at first use, one for each head.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
import threading
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

import msgspec

from prover.lean.embedded.cache import cache_root, write_atomically
from prover.lean.protocol import DeclarationView
from prover.lean.server import LeanServer
from prover.lean.terms import ANY, PatternTree, Term, pattern, relation

logger = logging.getLogger(__name__)

FORMAT = 7
KINDS = ("theorem", "definition", "inductive")
_KEPT = (*KINDS, "projection", "instance")
_SKIPPED_MODULES = (
    "Init.Grind", "Init.Omega", "Init.Meta", "Init.Tactics", "Init.Internal", "Init.Data.Iterators",
    "Init.Data.Range", "Init.Data.Slice", "Init.Simproc", "Init.Try", "Lean.", "Lake.",
)  # fmt: skip
"""Modules whose theorems serve Lean's own tactics; their definitions are indexed."""

_MADE_BY_LEAN = re.compile(r"\.(eq_\d+|eq_def|eq_unfold|match_\d+\S*|inj|injEq|sizeOf_spec|congr_simp|_\S*)$")


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


class Flat(msgspec.Struct, frozen=True, array_like=True):
    """Many short lists of numbers as two arrays of 32-bit integers: all numbers, and where each list ends.

    Unlike lists, they cost nothing to decode and are nothing for Python's garbage collector to walk.
    """

    numbers: bytes
    ends: bytes

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> Flat:
        """Packs ``lists``."""
        numbers = array("i", [number for each in lists for number in each])
        return cls(numbers.tobytes(), array("i", accumulate(map(len, lists))).tobytes())

    def lists(self) -> Lists:
        """Unpacks them, at no cost."""
        numbers, ends = array("i"), array("i", [0])
        numbers.frombytes(self.numbers)
        ends.frombytes(self.ends)
        return Lists(numbers, ends)


@dataclass(frozen=True, slots=True)
class Lists:
    """Read-only lists of numbers; see :class:`Flat`."""

    numbers: array[int]
    ends: array[int]

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, position: int) -> array[int]:
        if not 0 <= position < len(self):
            raise IndexError(position)
        return self.numbers[self.ends[position] : self.ends[position + 1]]

    def length(self, position: int) -> int:
        """How many numbers the list at ``position`` has."""
        return self.ends[position + 1] - self.ends[position]


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """What is on disk. Lists are parallel to ``names``, ``positions`` to ``modules``; numbers are positions in
    ``names``, ``modules`` or ``vocabulary``; the dictionaries have the theorems by the first tokens of a pattern."""

    names: list[str]
    kinds: list[int]
    modules: list[str]
    positions: list[int]
    module_of: list[int]
    heads: list[str]
    terms: list[str]
    vocabulary: list[str]
    symbols: Flat
    containing: Flat
    conclusions: dict[str, list[int]]
    left_sides: dict[str, list[int]]
    right_sides: dict[str, list[int]]


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
        return cls(_store([d for d in declarations if _is_useful(d)]))

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

    def entry(self, number: int) -> Entry:
        """The declaration at a position."""
        stored = self._stored
        module = stored.module_of[number]
        return Entry(
            stored.names[number], _KEPT[stored.kinds[number]], stored.modules[module], stored.positions[module],
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
        keys = _keys(term) if self._side is None else [term.tokens[position]]
        found: list[tuple[int, int]] = []
        for key in keys:
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


def _keys(term: Term) -> list[str]:
    """Where conclusions that may fit a term are kept: by its relation and the first token of the left of its
    last two arguments, and with a variable there. So a tree stays small enough to grow at once."""
    head, arguments = relation(term)
    if not arguments:
        return [head]
    return [f"{head} {term.tokens[arguments[-2:][0]]}", f"{head} {ANY}"]


def normal(term: Term) -> Term:
    """The term with ``>`` and ``≥`` at its root turned around, as conclusions are in the index."""
    head, arguments = relation(term)
    if head == term.tokens[0]:
        return term
    turned = Term.read(" ".join([head, *(" ".join(term.part(position)) for position in arguments)]))
    assert turned is not None, "its parts are terms"
    return turned


def _store(declarations: Sequence[DeclarationView]) -> Stored:
    module_numbers: dict[str, int] = {}
    positions: dict[str, int] = {}
    for declaration in declarations:
        module_numbers.setdefault(declaration.module, len(module_numbers))
        positions.setdefault(declaration.module, declaration.position)
    vocabulary, symbols, containing = _symbols(declarations)
    conclusions, left, right = _conclusions(declarations)
    return Stored(
        [d.name for d in declarations],
        [_KEPT.index(_kind(d)) for d in declarations],
        list(module_numbers),
        list(positions.values()),
        [module_numbers[d.module] for d in declarations],
        [d.head for d in declarations],
        [d.term for d in declarations],
        vocabulary,
        Flat.of(symbols),
        Flat.of(containing),
        conclusions,
        left,
        right,
    )


def _kind(declaration: DeclarationView) -> str:
    if declaration.kind != "definition":
        return declaration.kind
    return "projection" if declaration.is_projection else "instance" if declaration.is_instance else "definition"


def _symbols(declarations: Sequence[DeclarationView]) -> tuple[list[str], list[list[int]], list[list[int]]]:
    """The symbols of all theorems, the numbers of those of each declaration, and of the theorems that have each."""
    vocabulary: dict[str, int] = {}
    symbols: list[list[int]] = []
    containing: list[list[int]] = []
    for number, declaration in enumerate(declarations):
        if declaration.kind != "theorem":
            symbols.append([])
            continue
        own = sorted({vocabulary.setdefault(symbol, len(vocabulary)) for symbol in declaration.symbols})
        containing += [[] for _ in range(len(vocabulary) - len(containing))]
        for symbol in own:
            containing[symbol].append(number)
        symbols.append(own)
    return list(vocabulary), symbols, containing


def _conclusions(
    declarations: Sequence[DeclarationView],
) -> tuple[dict[str, list[int]], dict[str, list[int]], dict[str, list[int]]]:
    """The numbers of the theorems by what their conclusion looks like, and by its left and its right side."""
    conclusions: dict[str, list[int]] = defaultdict(list)
    sides: tuple[dict[str, list[int]], ...] = (defaultdict(list), defaultdict(list))
    for number, declaration in enumerate(declarations):
        term = Term.read(declaration.term) if declaration.kind == "theorem" else None
        # A conclusion that is a variable or a variable's application fits everything.
        if term is None or _is_open(term.tokens[0]):
            continue
        here, anywhere = (_keys(term) * 2)[:2]
        first_argument = here.rpartition(" ")[2]
        conclusions[anywhere if " " in here and _is_open(first_argument) else here].append(number)
        if term.tokens[0] in ("Eq/3", "Iff/2"):
            for side, where in zip(term.arguments()[-2:], sides, strict=True):
                if not _is_open(term.tokens[side]):
                    where[term.tokens[side]].append(number)
    return dict(conclusions), dict(sides[0]), dict(sides[1])


def _is_open(token: str) -> bool:
    return token[0] in "?@_…λ∀→"


def _is_useful(declaration: DeclarationView) -> bool:
    if declaration.kind not in KINDS:
        return False
    if declaration.kind != "theorem":
        return True
    if declaration.module.startswith(_SKIPPED_MODULES):
        return False
    return _MADE_BY_LEAN.search(declaration.name) is None


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
