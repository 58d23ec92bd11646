"""What the index of a library (:mod:`prover.lean.index`) keeps on disk, and how it is made of Lean's list of
declarations.

What is stored is what a search needs (postings by symbol, heads of patterns), so that loading is decoding and nothing
else.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import msgspec

from prover.lean.protocol import DeclarationView
from prover.lean.terms import ANY, Term, relation

FORMAT = 8
KINDS = ("theorem", "definition", "inductive")
KEPT = (*KINDS, "projection", "instance")
_SKIPPED_MODULES = (
    "Init.Grind", "Init.Omega", "Init.Meta", "Init.Tactics", "Init.Internal", "Init.Data.Iterators",
    "Init.Data.Range", "Init.Data.Slice", "Init.Simproc", "Init.Try", "Lean.", "Lake.",
)  # fmt: skip
"""Modules whose theorems serve Lean's own tactics; their definitions are indexed."""

_MADE_BY_LEAN = re.compile(r"\.(eq_\d+|eq_def|eq_unfold|match_\d+\S*|inj|injEq|sizeOf_spec|congr_simp|_\S*)$")


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
    ``names``, ``modules``, ``vocabulary`` or (``unfolds``) ``constants``; the dictionaries have the theorems by the
    first tokens of a pattern."""

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
    constants: list[str]
    unfolds: Flat
    conclusions: dict[str, list[int]]
    left_sides: dict[str, list[int]]
    right_sides: dict[str, list[int]]


def store(declarations: Sequence[DeclarationView]) -> Stored:
    """What is kept of these declarations."""
    module_numbers: dict[str, int] = {}
    positions: dict[str, int] = {}
    for declaration in declarations:
        module_numbers.setdefault(declaration.module, len(module_numbers))
        positions.setdefault(declaration.module, declaration.position)
    vocabulary, symbols, containing = _symbols(declarations)
    conclusions, left, right = _conclusions(declarations)
    constants, unfolds = _unfolds(declarations)
    return Stored(
        [d.name for d in declarations],
        [KEPT.index(_kind(d)) for d in declarations],
        list(module_numbers),
        list(positions.values()),
        [module_numbers[d.module] for d in declarations],
        [d.head for d in declarations],
        [d.term for d in declarations],
        vocabulary,
        Flat.of(symbols),
        Flat.of(containing),
        constants,
        Flat.of(unfolds),
        conclusions,
        left,
        right,
    )


def is_useful(declaration: DeclarationView) -> bool:
    """Whether a person could want it: no theorem that Lean makes, or that serves its own tactics."""
    if declaration.kind not in KINDS:
        return False
    if declaration.kind != "theorem":
        return True
    if declaration.module.startswith(_SKIPPED_MODULES):
        return False
    return _MADE_BY_LEAN.search(declaration.name) is None


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


def _unfolds(declarations: Sequence[DeclarationView]) -> tuple[list[str], list[list[int]]]:
    """The constants that declarations unfold to, and for each declaration the numbers of its own."""
    constants: dict[str, int] = {}
    unfolds = [[constants.setdefault(name, len(constants)) for name in d.unfolds] for d in declarations]
    return list(constants), unfolds


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
        here, anywhere = (keys(term) * 2)[:2]
        first_argument = here.rpartition(" ")[2]
        conclusions[anywhere if " " in here and _is_open(first_argument) else here].append(number)
        if term.tokens[0] in ("Eq/3", "Iff/2"):
            for side, where in zip(term.arguments()[-2:], sides, strict=True):
                if not _is_open(term.tokens[side]):
                    where[term.tokens[side]].append(number)
    return dict(conclusions), dict(sides[0]), dict(sides[1])


def keys(term: Term) -> list[str]:
    """Where conclusions that may fit a term are kept: by its relation and the first token of the left of its
    last two arguments, and with a variable there. So a tree stays small enough to grow at once."""
    head, arguments = relation(term)
    if not arguments:
        return [head]
    return [f"{head} {term.tokens[arguments[-2:][0]]}", f"{head} {ANY}"]


def _is_open(token: str) -> bool:
    return token[0] in "?@_…λ∀→"
