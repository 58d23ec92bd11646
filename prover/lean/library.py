"""The theorems in scope, ranked by how well their symbols fit a goal's.

The index is built once for each Lean version and set of imports (a request to the server) and cached on disk
as JSON; ranking is a weighted overlap of symbols, rare symbols counting more (inverse document
frequency), as in the symbol-based premise selection of Meng and Paulson (2009).
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from prover.lean.embedded.cache import cache_root, write_atomically
from prover.lean.protocol import DeclarationView
from prover.lean.server import LeanServer

FORMAT = 1
_PAGE = 20_000
_SKIPPED_MODULES = (
    "Init.Grind", "Init.Omega", "Init.Meta", "Init.Tactics", "Init.Internal", "Init.Data.Iterators",
    "Init.Data.Range", "Init.Data.Slice", "Init.Simproc", "Init.Try", "Lean.", "Lake.",
)  # fmt: skip
_COMMON = 3_000
"""A symbol in more theorems than this says nothing about which one fits."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One theorem: name, constants of its statement, relation of its conclusion, heads of its sides."""

    name: str
    symbols: tuple[str, ...]
    head: str
    sides: tuple[str, ...]


class Library:
    """Theorems that a proof may use, searchable by symbols."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._containing: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(entries):
            for symbol in set(entry.symbols):
                self._containing[symbol].append(number)
        total = max(len(entries), 2)
        self._weight = {
            symbol: math.log(total / len(where)) for symbol, where in self._containing.items()
        }
        self._total = [sum(self._weight[s] for s in set(entry.symbols)) for entry in entries]

    @classmethod
    def of(cls, server: LeanServer, environment: int, imports: Sequence[str]) -> Library:
        """The library of an environment with these imports; from the cache where it is there.

        Raises:
            InfrastructureFault: Lean cannot list its declarations.
        """
        key = "\n".join([str(FORMAT), server.hello().lean, *imports])
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        path = cache_root() / "libraries" / f"{digest}.json"
        entries = _read(path)
        if entries is None:
            entries = _list(server, environment)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, msgspec.json.encode(entries).decode())
        return cls(entries)

    def rank(
        self, symbols: Iterable[str], limit: int = 40, heads: frozenset[str] | None = None
    ) -> list[Entry]:
        """The theorems that fit best: many of the goal's rare symbols, few of their own besides.

        ``heads`` limits the relation of the conclusion (``Eq``, ``Iff``, ``LE.le`` …).
        """
        wanted = {s for s in symbols if s in self._weight}
        overlap: dict[int, float] = defaultdict(float)
        for symbol in sorted(wanted):
            where = self._containing[symbol]
            if len(where) <= _COMMON:
                weight = self._weight[symbol]
                for number in where:
                    overlap[number] += weight
        # Common symbols do not bring a theorem in, but they count as covered.
        common = {s for s in wanted if len(self._containing[s]) > _COMMON}
        scored: list[tuple[float, int]] = []
        for number, shared in overlap.items():
            entry = self.entries[number]
            if heads is not None and entry.head not in heads:
                continue
            shared += sum(self._weight[s] for s in common.intersection(entry.symbols))
            covered = shared / max(self._total[number], 1e-9)
            scored.append((-(covered * covered * covered) * shared, number))
        scored.sort()
        return [self.entries[number] for _, number in scored[:limit]]


def _read(path: Path) -> list[Entry] | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Entry])
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _list(server: LeanServer, environment: int) -> list[Entry]:
    entries: list[Entry] = []
    offset = 0
    while True:
        answer = server.declarations(environment, kinds=["theorem"], offset=offset, limit=_PAGE)
        entries += [_entry(d) for d in answer.declarations if _is_useful(d)]
        offset += _PAGE
        if offset >= answer.total:
            return entries


def _entry(declaration: DeclarationView) -> Entry:
    return Entry(
        declaration.name, tuple(declaration.symbols), declaration.head, tuple(declaration.sides)
    )


def _is_useful(declaration: DeclarationView) -> bool:
    if declaration.module.startswith(_SKIPPED_MODULES):
        return False
    last = declaration.name.rsplit(".", 1)[-1]
    return not last.startswith(("eq_", "match_", "injEq", "sizeOf_spec", "_"))
