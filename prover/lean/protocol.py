"""The typed messages between Python and the Lean-side server (``lean_project``).

One JSON object a line. A request carries ``op`` (its tag), ``v`` (the protocol version) and ``id``; the
answer carries the same ``id`` and either a tagged ``ok`` object or a typed ``error``. Malformed lines raise
:class:`ProtocolError`, never a guess at another message type.

Units: heartbeats are in thousands (Lean's ``maxHeartbeats`` option), wall limits in milliseconds, ``us`` in
microseconds. Lines count from 1, columns from 0 in Unicode code points (Lean's convention).
"""

from __future__ import annotations

import msgspec

from prover.errors import InfrastructureFault

PROTOCOL_VERSION = 1


class ProtocolError(InfrastructureFault):
    """The server wrote a line that is not a message of this protocol version."""


# ------------------------------------------------------------------------------------------- requests


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


# -------------------------------------------------------------------------------------------- answers


class Message(msgspec.Struct, frozen=True):
    """A message of Lean about source text."""

    severity: str
    text: str
    line: int
    column: int


class StateView(msgspec.Struct, frozen=True):
    """A state as the search sees it.

    ``key`` is a hash of the goals up to names of metavariables, ``text`` LeanDojo's ``state_before``
    format, ``goals`` their number, ``size`` the number of symbols in all goals.
    """

    id: int
    key: str
    text: str
    goals: int
    size: int


class TacticResult(msgspec.Struct, frozen=True):
    """``status`` is ``progress``, ``finished`` or ``failed``; ``kind`` types a failure:
    ``parse``, ``tactic``, ``timeout``, ``recursion``, ``forbidden``, ``incomplete``."""

    status: str
    us: int
    state: StateView | None = None
    kind: str = ""
    message: str = ""
    line: int = 0
    column: int = 0


class HypothesisView(msgspec.Struct, frozen=True):
    """One hypothesis. ``head`` is the head constant of its type, ``inductive`` the inductive type that its
    type reduces to (empty for none), ``recursive`` whether that type is recursive, ``names`` the
    constructor names with the binder names of their fields (recursive fields marked ``*name``), ``term`` the
    type of a proof in the notation of ``lean_project/ProofServer/Terms.lean``."""

    name: str
    type: str
    value: str | None
    head: str
    inductive: str
    recursive: bool
    is_prop: bool
    is_instance: bool
    accessible: bool
    is_type: bool
    symbols: list[str]
    depends: list[str]
    constructors: list[list[str]]
    term: str = ""


class ApplicationView(msgspec.Struct, frozen=True):
    """An application of a defined function inside a goal, for unfolding and functional induction.

    ``arguments`` are the explicit arguments as text, ``free`` the hypothesis name where an argument is just
    a variable (else empty), ``kind`` is ``recursive``, ``plain``, ``matcher`` or ``ite``;
    ``is_local`` says whether it is defined in the header (not imported); ``closed`` whether it has
    no variables; ``where`` is the hypothesis it occurs in, empty for the target.
    """

    function: str
    arguments: list[str]
    free: list[str]
    kind: str
    is_local: bool
    where: str
    closed: bool
    type: str = ""
    text: str = ""
    argument_types: list[str] = []


class GoalView(msgspec.Struct, frozen=True):
    """One goal: case name, hypotheses, target text, head relation, symbols (constants in the target),
    ``bound`` the binder names that ``intro`` would use, ``shape`` the connective at the top:
    ``forall``, ``implies``, ``and``, ``or``, ``iff``, ``exists``, ``not``, ``eq``, ``ne``, ``le``, ``lt``,
    ``dvd``, ``mem``, ``false``, ``true``, ``other``. ``definitions`` are the functions of the header that
    the goal depends on, directly or through other definitions; ``theorems`` the header's lemmas;
    ``signatures`` lists [name, explicit argument types ..., result type] of the functions whose type
    has no dependencies; ``term`` is the target in the notation of ``lean_project/ProofServer/Terms.lean``."""

    case: str
    hypotheses: list[HypothesisView]
    target: str
    head: str
    shape: str
    symbols: list[str]
    bound: list[str]
    applications: list[ApplicationView]
    literals: list[str]
    size: int
    definitions: list[str] = []
    theorems: list[str] = []
    signatures: list[list[str]] = []
    term: str = ""


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


class SorryView(msgspec.Struct, frozen=True):
    """A ``sorry`` of a source file: byte offsets of its text, the declaration it belongs to, whether it is
    a tactic (else a term, to be replaced by ``by …``)."""

    declaration: str
    start: int
    end: int
    line: int
    column: int
    is_tactic: bool
    state: StateView


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


class Finding(msgspec.Struct, frozen=True):
    """One reason for a rejection: stable code, one sentence."""

    code: str
    text: str


class Use(msgspec.Struct, frozen=True):
    """A constant of the library that a proof names. ``fact`` says that its type is a proposition; ``position`` is
    its module's in the order of imports: what a module imports comes before it."""

    name: str
    fact: bool
    position: int
    module: str


class TheoremReport(msgspec.Struct, frozen=True):
    """The audit of one theorem. ``accepted`` iff ``findings`` is empty; ``remarks`` say what a reader
    should know of how the statement is written (its own notation, variables that Lean bound).
    ``dependencies`` are what it depends on in the text itself, ``uses`` the library's constants that it and
    those name."""

    name: str
    accepted: bool
    statement: str
    axioms: list[str]
    dependencies: list[str]
    findings: list[Finding]
    remarks: list[Finding] = []
    uses: list[Use] = []


class CheckOk(msgspec.Struct, tag="check", frozen=True):
    """``findings`` concern the whole source; ``method`` says how axioms were collected
    (``trusted-library`` on the embedded toolchain, ``full`` on a native one)."""

    theorems: list[TheoremReport]
    findings: list[Finding]
    messages: list[Message]
    method: str
    remarks: list[Finding] = []


class DeclarationView(msgspec.Struct, frozen=True):
    """``symbols`` are the constants of the type, ``head`` the relation of its conclusion and ``sides``
    the head constants of that relation's last two arguments; ``term`` is the conclusion of a theorem in the
    notation of ``lean_project/ProofServer/Terms.lean``; ``type``, and ``statement`` (the whole of it in that
    notation), only when asked for. ``position`` is the module's in the order of imports."""

    name: str
    kind: str
    module: str
    is_prop: bool
    type: str = ""
    symbols: list[str] = []
    head: str = ""
    sides: list[str] = []
    term: str = ""
    statement: str = ""
    position: int = 0


class DeclarationsOk(msgspec.Struct, tag="declarations", frozen=True):
    """One page; ``total`` counts all that match (of the modules looked at). ``next_module`` is where to go on
    with ``whole_modules``, 0 at the end."""

    declarations: list[DeclarationView]
    total: int
    next_module: int = 0


class Premise(msgspec.Struct, frozen=True):
    """A constant that a tactic names: where it is declared (empty for the text at hand) and where it is
    written."""

    name: str
    module: str
    line: int
    column: int
    end_column: int


class TacticTrace(msgspec.Struct, frozen=True):
    """One tactic of a traced proof; positions are (line, column) of its text."""

    declaration: str
    kind: str
    tactic: str
    start: list[int]
    end: list[int]
    state_before: str
    state_after: str
    premises: list[Premise]


class DeclarationTrace(msgspec.Struct, frozen=True):
    """A declaration of the text at hand. Ranges are (line, column, end line, end column): ``range`` of all
    of it, ``keyword`` without its modifiers, ``selection`` of its name, ``value`` of its value or proof from
    ``:=`` on (empty for none)."""

    name: str
    kind: str
    range: list[int]
    keyword: list[int]
    selection: list[int]
    value: list[int]


class TraceOk(msgspec.Struct, tag="trace", frozen=True):
    """Every tactic, outermost first, and every declaration of the text."""

    tactics: list[TacticTrace]
    declarations: list[DeclarationTrace]
    messages: list[Message]


class ConstantView(msgspec.Struct, frozen=True):
    """A constant as Lean's kernel knows it (see ``prover.kernel.declarations.Declaration``). Numbers stand
    for entries of the tables of :class:`ExportOk`: ``type``, ``value`` and the last of a rule for an
    expression, the others for names. ``hint`` is ``opaque``, ``abbrev`` or a height in decimals; a rule
    is [constructor, number of fields, expression]."""

    name: int
    kind: str
    params: list[int]
    type: int
    value: int | None = None
    hint: str = "opaque"
    num_params: int = 0
    num_indices: int = 0
    num_fields: int = 0
    num_motives: int = 0
    num_minors: int = 0
    k: bool = False
    recursive: bool = False
    constructors: list[int] = []
    parent: int | None = None
    family: list[int] = []
    rules: list[list[int]] = []


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


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Answer)


def encode(request: Request) -> bytes:
    """One line, newline included. JSON escapes newlines, so a message can never span two lines."""
    return _encoder.encode(request) + b"\n"


def decode(line: bytes) -> Answer:
    """Decodes one answer line.

    Raises:
        ProtocolError: not JSON, not an answer, an unknown tag, or neither/both of ``ok`` and ``error``.
    """
    try:
        answer = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        shown = line[:200].decode("utf-8", "replace")
        raise ProtocolError(f"not a message of protocol {PROTOCOL_VERSION}: {error}: {shown!r}") from error
    if (answer.ok is None) == (answer.error is None):
        raise ProtocolError(f"answer {answer.id} has neither or both of 'ok' and 'error'")
    return answer
