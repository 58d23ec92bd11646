"""What the Lean-side server answers: an ``…Ok`` for each request, or a typed error."""

from __future__ import annotations

import msgspec

from prover.lean.protocol.views import (
    ConstantView,
    DeclarationTrace,
    DeclarationView,
    Finding,
    GoalView,
    Message,
    SorryView,
    StateView,
    TacticResult,
    TacticTrace,
    TheoremReport,
)


class HelloOk(msgspec.Struct, tag="hello", frozen=True):
    """The version of Lean and of the protocol that the server speaks."""

    lean: str
    protocol: int


class HeaderOk(msgspec.Struct, tag="parse_header", frozen=True):
    """``body`` is the byte offset where the commands begin; ``module`` says the file is a ``module``,
    ``prelude`` that it does without Lean's own ``Init``."""

    imports: list[str]
    body: int
    module: bool
    prelude: bool = False


class EnvironmentOk(msgspec.Struct, tag="open_environment", frozen=True):
    """``definitions`` are the names of functions and types that the header itself declares."""

    environment: int
    messages: list[Message]
    definitions: list[str]


class GoalOk(msgspec.Struct, tag="open_goal", frozen=True):
    """The opened goal and the full name of its theorem."""

    state: StateView
    name: str


class SorriesOk(msgspec.Struct, tag="open_sorries", frozen=True):
    """Every ``sorry`` of the source, in order."""

    sorries: list[SorryView]
    messages: list[Message]


class StepOk(msgspec.Struct, tag="step", frozen=True):
    """One result for each tactic, in order."""

    results: list[TacticResult]


class DescribeOk(msgspec.Struct, tag="describe", frozen=True):
    """The structured goals, in order."""

    goals: list[GoalView]


class CheckOk(msgspec.Struct, tag="check", frozen=True):
    """``findings`` concern the whole source; ``method`` says how axioms were collected
    (``trusted-library`` on the embedded toolchain, ``full`` on a native one)."""

    theorems: list[TheoremReport]
    findings: list[Finding]
    messages: list[Message]
    method: str
    remarks: list[Finding] = []


class DeclarationsOk(msgspec.Struct, tag="declarations", frozen=True):
    """One page; ``total`` counts all that match (of the modules looked at). ``next_module`` is where to go on
    with ``whole_modules``, 0 at the end."""

    declarations: list[DeclarationView]
    total: int
    next_module: int = 0


class TraceOk(msgspec.Struct, tag="trace", frozen=True):
    """Every tactic, outermost first, and every declaration of the text."""

    tactics: list[TacticTrace]
    declarations: list[DeclarationTrace]
    messages: list[Message]


class ExportOk(msgspec.Struct, tag="export", frozen=True):
    """Terms with all sharing kept: ``levels`` and ``exprs`` have a line for each, which refers to earlier
    lines by number (``lean_project/ProofServer/Export.lean`` describes the lines). ``findings`` say why
    the source was refused, if it was."""

    names: list[str]
    strings: list[str]
    levels: str
    exprs: str
    declarations: list[ConstantView]
    findings: list[Finding] = []


class ReleaseOk(msgspec.Struct, tag="release", frozen=True):
    """How many states are still held."""

    states: int


class StatisticsOk(msgspec.Struct, tag="statistics", frozen=True):
    """``steps`` tried since start, ``states`` and ``environments`` held now, ``heap`` in bytes (0 unknown)."""

    steps: int
    states: int
    environments: int
    heap: int


class ExitOk(msgspec.Struct, tag="exit", frozen=True):
    """The server ends."""


Ok = (
    HelloOk | HeaderOk | EnvironmentOk | GoalOk | SorriesOk | StepOk | DescribeOk | CheckOk
    | DeclarationsOk | TraceOk | ExportOk | ReleaseOk | StatisticsOk | ExitOk
)  # fmt: skip


class ServerError(msgspec.Struct, frozen=True):
    """A request that could not be carried out. ``kind``: ``parse``, ``elaboration``, ``unknown_import``,
    ``name_taken``, ``no_goal``, ``unknown_state``, ``unknown_environment``, ``timeout``, ``bad_request``,
    ``version``, ``forbidden``, ``internal``."""

    kind: str
    message: str
    line: int = 0
    column: int = 0


class Answer(msgspec.Struct, frozen=True):
    """The answer to request ``id``: exactly one of ``ok`` and ``error`` is set; ``us`` is server time."""

    id: int
    ok: Ok | None = None
    error: ServerError | None = None
    us: int = 0
