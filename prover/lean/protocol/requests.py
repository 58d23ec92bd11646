"""What Python asks of the Lean-side server: a class for each ``op``."""

from __future__ import annotations

import msgspec

PROTOCOL_VERSION = 1


class Request(msgspec.Struct, tag_field="op", frozen=True, kw_only=True):
    """Base of all requests; ``id`` is echoed by the answer."""

    id: int
    v: int = PROTOCOL_VERSION


class Hello(Request, tag="hello", frozen=True, kw_only=True):
    """Asks for the version of Lean and of the protocol."""


class ParseHeader(Request, tag="parse_header", frozen=True, kw_only=True):
    """Reads the ``import`` lines of a source file with Lean's own parser."""

    source: str


class OpenEnvironment(Request, tag="open_environment", frozen=True, kw_only=True):
    """Imports modules and elaborates ``header`` on top. Equal requests share one environment."""

    imports: list[str]
    header: str = ""
    wall_ms: int = 60_000


class OpenGoal(Request, tag="open_goal", frozen=True, kw_only=True):
    """Opens the goal of a whole theorem statement (no ``:=``) in an environment."""

    environment: int
    statement: str
    wall_ms: int = 60_000


class OpenSorries(Request, tag="open_sorries", frozen=True, kw_only=True):
    """Elaborates source text (its import lines blanked) and opens a goal for every ``sorry`` in it."""

    environment: int
    source: str
    wall_ms: int = 120_000


class TacticCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tactic with its own limits; 0 means the limit of the whole :class:`Step`."""

    text: str
    heartbeats: int = 0
    wall_ms: int = 0


class Step(Request, tag="step", frozen=True, kw_only=True):
    """Applies each tactic of a batch to one state; states are immutable, so the order does not matter."""

    state: int
    tactics: list[TacticCall]
    heartbeats: int = 200_000
    wall_ms: int = 10_000


class Describe(Request, tag="describe", frozen=True, kw_only=True):
    """The structured goals of a state: hypotheses, target, symbols."""

    state: int


class Check(Request, tag="check", frozen=True, kw_only=True):
    """Checks a whole source from scratch in a fresh environment (see ``SOUNDNESS`` in docs).

    ``reference`` is the original text (its header and ``statement := sorry``) that fixes what the statement
    of ``name`` means; empty means "as the source itself says" (used by ``prove check`` without --against).
    ``names`` limits what is audited; empty audits every theorem of the source. With ``strict`` the source
    must be the reference, command by command, with other proofs; without, it may have more (helper lemmas).
    Commands that are not the reference's own may not run code, unless the source is ``trusted`` (the user's).
    """

    imports: list[str]
    source: str
    reference: str = ""
    names: list[str] = []
    strict: bool = True
    trusted: bool = False
    heartbeats: int = 200_000
    wall_ms: int = 120_000


class Declarations(Request, tag="declarations", frozen=True, kw_only=True):
    """Lists declarations of an environment; ``modules`` are prefixes, empty means all. ``names`` asks for these
    alone; ``own`` for what the header declares instead of what is imported.

    Every page counts all that match, which takes time. To read everything, ask for ``whole_modules`` at least so
    many declarations at a time, up to the end of a module, and go on ``from_module`` where the answer ended.
    """

    environment: int
    modules: list[str] = []
    kinds: list[str] = []
    names: list[str] = []
    own: bool = False
    with_types: bool = False
    offset: int = 0
    limit: int = 1_000
    from_module: int = 0
    whole_modules: int = 0


class Trace(Request, tag="trace", frozen=True, kw_only=True):
    """Elaborates source text and reports each tactic with states before and after and its premises."""

    environment: int
    source: str
    wall_ms: int = 120_000


class Export(Request, tag="export", frozen=True, kw_only=True):
    """Elaborates a source as :class:`Check` does (without ``strict``) and gives the theorems ``names``, with
    all that they depend on in the source, as plain terms."""

    imports: list[str]
    source: str
    names: list[str]
    wall_ms: int = 120_000


class Constants(Request, tag="constants", frozen=True, kw_only=True):
    """Gives imported constants as plain terms, named as :class:`ExportOk` names them; unknown names are
    left out, theorems and what the library does not expose come without their values."""

    imports: list[str]
    names: list[str]


class Release(Request, tag="release", frozen=True, kw_only=True):
    """Frees states (and environments); unknown ids are ignored."""

    states: list[int] = []
    environments: list[int] = []


class Statistics(Request, tag="statistics", frozen=True, kw_only=True):
    """Counts and memory of the server."""


class Exit(Request, tag="exit", frozen=True, kw_only=True):
    """Ends the server."""
