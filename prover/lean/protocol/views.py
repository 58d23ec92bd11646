"""What answers are made of: states and goals, reports of a check, declarations, traces, exported constants."""

from __future__ import annotations

import msgspec


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
    has no dependencies; ``term`` is the target in the notation of ``lean_project/ProofServer/Terms.lean``;
    ``constructors`` are those of the inductive type at the target's head, as a hypothesis has them."""

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
    constructors: list[list[str]] = []


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


class DeclarationView(msgspec.Struct, frozen=True):
    """``symbols`` are the constants of the type, ``head`` the relation of its conclusion and ``sides``
    the head constants of that relation's last two arguments; ``term`` is the conclusion of a theorem in the
    notation of ``lean_project/ProofServer/Terms.lean``; ``type``, and ``statement`` (the whole of it in that
    notation), only when asked for. ``position`` is the module's in the order of imports; ``is_projection`` says that
    it is a field of a structure or class: one that is a proposition holds by the structure's own existence.
    ``unfolds`` are the constants in a definition's body, where that may be unfolded, or in the fields of a type."""

    name: str
    kind: str
    module: str
    is_prop: bool
    is_projection: bool = False
    is_instance: bool = False
    type: str = ""
    symbols: list[str] = []
    head: str = ""
    sides: list[str] = []
    term: str = ""
    statement: str = ""
    position: int = 0
    unfolds: list[str] = []


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
