"""Problems of Lean's own library: every theorem of Init and Std that a person wrote, to be proved again.

``theorem t : type_of% @Name`` states a theorem exactly, without printing and parsing it. The header takes the
theorem's own ``simp`` and ``grind`` attributes away, those of theorems that state the same, and those of its nearest
relatives of the same module, none of which the proof may use (:mod:`prover.lean.barred`).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from prover.lean.barred import AGAIN
from prover.lean.embedded.cache import cache_root, write_atomically
from prover.lean.protocol import DeclarationView
from prover.lean.server import LeanServer
from prover_training.corpus_keys import statement_key

MODULES = ("Init", "Std")
ATTRIBUTES = ("simp", "grind")
NEAREST = 12
"""So many relatives of the same module lose their attributes."""

FORMAT = 3
_SIMPLE = re.compile(r"[^\W\d][\w!?'₀-₉]*")
_MADE_BY_LEAN = re.compile(
    r"(^|\.)(_|match_|proof_|eq_\d+$|eq_def$|eq_unfold$|injEq$|inj$|inj_arrow$|sizeOf_spec$|noConfusion|ctorIdx|"
    r"toCtorIdx|ofNat_toCtorIdx$|induct|fun_cases|brecOn|binductionOn|congr_simp$|congr_eq_|congr$|hcongr_|elim$|rec)"
)

Say = Callable[[str], None]


class LibraryTheorem(msgspec.Struct, frozen=True):
    """A theorem of the library: its printed type, the constants in it, and which attributes it has."""

    name: str
    module: str
    position: int
    type: str
    symbols: tuple[str, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LibraryProblem:
    """A theorem to be proved again, with those that state the same and those of its module nearest to it."""

    theorem: LibraryTheorem
    key: str
    aliases: tuple[str, ...]
    without: dict[str, tuple[str, ...]]

    @property
    def statement(self) -> str:
        """The statement, exact and without printing."""
        return f"theorem t : {AGAIN}{quoted(self.theorem.name)}"

    @property
    def header(self) -> str:
        """What takes attributes away."""
        return "\n".join(
            f"attribute [-{attribute}] {' '.join(map(quoted, names))}"
            for attribute, names in self.without.items()
            if names
        )

    @property
    def imports(self) -> tuple[str, ...]:
        """What a proof may import."""
        return ("Init",) if self.theorem.module.split(".")[0] == "Init" else ("Init", "Std")

    @property
    def metadata(self) -> dict[str, str]:
        """What :class:`prover.lean.barred.Barred` goes by."""
        return {
            "theorem": self.theorem.name,
            "aliases": " ".join(self.aliases),
            "position": str(self.theorem.position),
            "symbols": " ".join(self.theorem.symbols),
        }


def library_theorems(server: LeanServer, say: Say = lambda text: None) -> list[LibraryTheorem]:
    """The theorems of Init and Std that a person wrote, with their attributes; listed once for a Lean version.

    Listing takes Lean a minute or two; the result is kept in the cache folder.

    Raises:
        InfrastructureFault: Lean failed.
    """
    digest = hashlib.sha256(f"{FORMAT} {server.hello().lean}".encode()).hexdigest()[:16]
    folder = cache_root() / "libraries"
    path = folder / f"theorems-{digest}.json"
    if path.is_file():
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[LibraryTheorem])
        except msgspec.MsgspecError:
            say(f"{path} is damaged and made again")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"theorems-{digest}.part.jsonl"
    found = _listed(server, unfinished, say)
    write_atomically(path, msgspec.json.encode(found).decode())
    unfinished.unlink(missing_ok=True)
    return found


def _listed(server: LeanServer, unfinished: Path, say: Say) -> list[LibraryTheorem]:
    environment = server.open_environment(MODULES, wall_ms=120_000).environment
    try:
        theorems = [theorem for page in _pages(unfinished) for theorem in page.theorems]
        start = max((page.next for page in _pages(unfinished)), default=0)
        complete = any(page.next == 0 for page in _pages(unfinished))
        if not complete:
            pages = server.all_declarations(
                environment, modules=MODULES, kinds=["theorem"], with_types=True, chunk=1_500, start=start
            )
            with unfinished.open("ab") as file:
                for views, following in pages:
                    page = _Page(following, tuple(_with_attributes(server, environment, views)))
                    file.write(msgspec.json.encode(page) + b"\n")
                    file.flush()
                    theorems += page.theorems
                    where = f", up to {theorems[-1].module}" if theorems else ""
                    say(f"listing the library: {len(theorems):,} theorems{where}")
    finally:
        server.release([], [environment])
    return theorems


class _Page(msgspec.Struct, frozen=True):
    """A part of the list, and where Lean goes on after it (0: that was all)."""

    next: int
    theorems: tuple[LibraryTheorem, ...]


def _pages(path: Path) -> Iterator[_Page]:
    """What an interrupted listing left; a last line that was cut off is made again."""
    if not path.is_file():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield msgspec.json.decode(line, type=_Page)
        except msgspec.MsgspecError:
            return


def _with_attributes(
    server: LeanServer, environment: int, views: Iterable[DeclarationView]
) -> Iterator[LibraryTheorem]:
    # A field of a structure is a theorem where it is a proposition, and nothing but itself proves it.
    written = [view for view in views if view.type and not view.is_projection and written_by_a_person(view.name)]
    names = [view.name for view in written]
    having = {attribute: _having(server, environment, attribute, names) for attribute in ATTRIBUTES}
    for view in written:
        yield LibraryTheorem(
            view.name,
            view.module,
            view.position,
            view.type,
            tuple(view.symbols),
            tuple(attribute for attribute in ATTRIBUTES if view.name in having[attribute]),
        )


def _having(server: LeanServer, environment: int, attribute: str, names: Sequence[str]) -> set[str]:
    """Those that have an attribute: Lean objects (an error or a warning) to taking it away from the others."""
    source = "\n".join(f"attribute [-{attribute}] {quoted(name)}" for name in names)
    objected = {message.line for message in server.trace(environment, source).messages}
    return {name for line, name in enumerate(names, 1) if line not in objected}


def written_by_a_person(name: str) -> bool:
    """Whether a theorem's name is not one that Lean makes up beside a definition."""
    return not _MADE_BY_LEAN.search(name)


def quoted(name: str) -> str:
    """A name as it is written in Lean source: parts that are no identifiers in ``«»``."""
    return ".".join(part if _SIMPLE.fullmatch(part) else f"«{part}»" for part in name.split("."))


def library_problems(theorems: Iterable[LibraryTheorem]) -> Iterator[LibraryProblem]:
    """One problem for each statement; of theorems that state the same, the first, in the order of the library."""
    same: dict[str, list[LibraryTheorem]] = defaultdict(list)
    modules: dict[str, _Module] = defaultdict(_Module)
    for theorem in theorems:
        same[statement_key(theorem.type)].append(theorem)
        modules[theorem.module].add(theorem)
    for key, group in same.items():
        first = group[0]
        without = {}
        for attribute in ATTRIBUTES:
            near = modules[first.module].nearest(first, attribute)
            names = [t.name for t in (*group, *near) if attribute in t.attributes]
            without[attribute] = tuple(dict.fromkeys(names))
        yield LibraryProblem(first, key, tuple(t.name for t in group[1:]), without)


class _Module:
    """The theorems of one module, by their symbols."""

    def __init__(self) -> None:
        self._theorems: dict[str, list[LibraryTheorem]] = {attribute: [] for attribute in ATTRIBUTES}

    def add(self, theorem: LibraryTheorem) -> None:
        for attribute in theorem.attributes:
            self._theorems[attribute].append(theorem)

    def nearest(self, theorem: LibraryTheorem, attribute: str) -> list[LibraryTheorem]:
        """The other theorems with this attribute whose symbols overlap most (Jaccard index)."""
        own = set(theorem.symbols)

        def distance(other: LibraryTheorem) -> tuple[float, str]:
            symbols = set(other.symbols)
            return -len(own & symbols) / max(len(own | symbols), 1), other.name

        return sorted((t for t in self._theorems[attribute] if t is not theorem), key=distance)[:NEAREST]
