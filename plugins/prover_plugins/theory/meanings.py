"""Which function of the library a function may be, by its type: statements that are tested before they are tried.

What is known of the library then holds for the function too; a sorting function that is a permutation of its argument
inherits all that ``grind`` knows of permutations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prover_plugins.theory.evaluation import Evaluator, Undecided
from prover_plugins.theory.kinds import BOOL, NAT, PROP, Type, list_of
from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.signature import Signature
from prover_plugins.theory.syntax import read_term
from prover_plugins.theory.terms import Node, Symbol, written

_TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("L", "L", ("{f} = {a}.reverse", "({f}).Perm {a}", "{f} = {a}.dropLast", "{f} = {a}.tail")),
    ("L", "N", ("{f} = {a}.length",)),
    ("M", "N", ("{f} = {a}.sum", "{f} = {a}.getLastD 0")),
    ("L", "B", ("{f} = {a}.isEmpty",)),
    ("EL", "N", ("{f} = {b}.count {a}",)),
    ("EL", "B", ("{f} = true ↔ {a} ∈ {b}",)),
    ("EL", "L", ("({f}).Perm ({a} :: {b})", "{f} = {b}.erase {a}", "{f} = {b}.filter (· != {a})")),
    ("EL", "L", ("{f} = {b} ++ [{a}]",)),
    ("LL", "L", ("{f} = {a} ++ {b}", "{f} = {a}.reverse ++ {b}", "({f}).Perm ({a} ++ {b})")),
    ("LL", "B", ("{f} = true ↔ {a}.Perm {b}", "{f} = {a}.isPrefixOf {b}")),
    ("NL", "L", ("{f} = {b}.take {a}", "{f} = {b}.drop {a}")),
    ("NE", "L", ("{f} = List.replicate {a} {b}",)),
    ("PL", "L", ("{f} = {b}.filter {a}", "{f} = {b}.takeWhile {a}", "{f} = {b}.dropWhile {a}")),
    ("PL", "B", ("{f} = {b}.all {a}", "{f} = {b}.any {a}")),
    ("LK", "Z", ("{f} = {a}.zip {b}",)),
    ("NN", "N", ("{f} = {a} - {b}", "{f} = min {a} {b}", "{f} = max {a} {b}", "{f} = {a} ^ {b}")),
    ("NN", "B", ("{f} = true ↔ {a} = {b}", "{f} = true ↔ {a} ≤ {b}", "{f} = true ↔ {a} < {b}")),
    ("N", "B", ("{f} = true ↔ {a} % 2 = 0", "{f} = true ↔ {a} % 2 = 1")),
    ("N", "N", ("{f} = 2 * {a}", "{f} = {a} / 2")),
)  # fmt: skip
"""Types of the arguments, type of the value (L a list of E, M a list of numbers, N a number, B a Boolean, P a predicate
on E, K any type, Z pairs of the elements of L and K), and what the function may be, where ``{f}`` is its application.
Two arguments may come in either order."""

_PERMUTATIONS = ("List.cons_perm_iff_perm_erase", "List.nil_perm", "List.perm_nil")
"""What a test for permutations needs to know."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A statement about an application of a function to variables; ``hints`` are lemmas for its proof."""

    call: Node
    statement: str
    hints: tuple[str, ...]


def meanings(made: Signature, evaluator: Evaluator) -> Iterator[Meaning]:
    """What the tests on the samples leave, for each function in the order of the header."""
    done: set[tuple[str, str]] = set()
    for symbol in made.symbols:
        if not symbol.own:
            continue
        arguments = distinct(symbol.arguments, made)
        if arguments is None:
            continue
        call = written(symbol, arguments)
        for statement in _statements(symbol, call):
            if (symbol.name, statement) not in done and holds(statement, arguments, evaluator):
                done.add((symbol.name, statement))
                yield Meaning(call, statement, _PERMUTATIONS if ".Perm" in statement and "↔" in statement else ())


def properties(made: Signature, evaluator: Evaluator) -> Iterator[Meaning]:
    """Bounds of a function's value by an argument, and order as the library has it."""
    for symbol in made.symbols:
        arguments = distinct(symbol.arguments, made) if symbol.own else None
        if arguments is None:
            continue
        call = written(symbol, arguments)
        for statement in dict.fromkeys(_bounds(symbol, call)):
            exact = statement.replace(" ≤ ", " = ")
            # an equation is found by the enumeration
            if not holds(exact, arguments, evaluator) and holds(statement, arguments, evaluator):
                yield Meaning(call, statement, ())
        for statement in _signs(symbol, call):
            if holds(statement, arguments, evaluator):
                yield Meaning(call, statement, ())
        for statement, found in _monotone(symbol, call, made):
            if holds(statement, found, evaluator):
                yield Meaning(call, statement, ())
        # late, for in the context it makes the other proofs about order harder
        ordered = f"{call.text} = true ↔ {arguments[0].text}.Pairwise (· ≤ ·)"
        if _fits("MB", [*symbol.arguments, symbol.result]) and holds(ordered, arguments, evaluator):
            yield Meaning(call, ordered, ())


def _bounds(symbol: Symbol, call: Node) -> Iterator[str]:
    for part in call.parts:
        if part.type.element is not None and symbol.result.element is not None:
            yield f"({call.text}).length ≤ {part.text}.length"
        elif part.type.element is not None and symbol.result == NAT:
            yield f"{call.text} ≤ {part.text}.length"
        elif part.type == symbol.result == NAT:
            yield f"{call.text} ≤ {part.text}"


def _signs(symbol: Symbol, call: Node) -> Iterator[str]:
    """Whether the value is never zero or empty, always even or odd."""
    if symbol.result == NAT:
        yield from (f"0 < {call.text}", f"{call.text} % 2 = 0", f"{call.text} % 2 = 1")
    elif symbol.result.element is not None:
        yield f"{call.text} ≠ []"


def _monotone(symbol: Symbol, call: Node, made: Signature) -> Iterator[tuple[str, list[Node]]]:
    """A bound that holds of a datum still holds where it is lowered, or raised."""
    numbers = [i for i, kind in enumerate(symbol.arguments) if kind == NAT]
    if symbol.result not in (BOOL, PROP) or len(numbers) != 1 or len(call.parts) != 2:
        return
    number = call.parts[numbers[0]]
    other = next((v for v in made.variables if v.type == NAT and v is not number), None)
    if other is not None:
        parts = [other if part is number else part for part in call.parts]
        end = " = true" if symbol.result == BOOL else ""
        for order in (f"{other.text} ≤ {number.text}", f"{number.text} ≤ {other.text}"):
            yield f"{call.text}{end} → {order} → {written(symbol, tuple(parts)).text}{end}", [*call.parts, other]


def distinct(kinds: Sequence[Type], made: Signature) -> tuple[Node, ...] | None:
    """A variable of its own for each type; None where there are not enough."""
    chosen: list[Node] = []
    for kind in kinds:
        variable = next((v for v in made.variables if v.type == kind and v not in chosen), None)
        if variable is None:
            return None
        chosen.append(variable)
    return tuple(chosen)


def _statements(symbol: Symbol, call: Node) -> Iterator[str]:
    for pattern, result, statements in _TABLE:
        orders = ((0,),) if len(pattern) == 1 else ((0, 1), (1, 0))
        if len(symbol.arguments) != len(pattern):
            continue
        for order in orders:
            kinds = [symbol.arguments[i] for i in order]
            if not _fits(pattern + result, [*kinds, symbol.result]):
                continue
            names = dict(zip("ab", (call.parts[i].text for i in order), strict=False))
            for statement in statements:
                yield statement.format(f=call.text, **names)
            if pattern[0] == pattern[-1]:
                break


def _fits(letters: str, kinds: list[Type]) -> bool:
    element = next((k.element for k in kinds if k.element is not None), None)
    fixed: dict[str, Type | None] = {
        "N": NAT, "B": BOOL, "M": list_of(NAT), "E": element,
        "L": list_of(element) if element else None, "P": Type("→", (element, BOOL)) if element else None,
        "K": kinds[1] if len(kinds) > 2 else None,
    }  # fmt: skip
    if element and len(kinds) == 3 and kinds[1].element is not None:
        fixed["Z"] = list_of(Type("×", (element, kinds[1].element)))
    return len(letters) == len(kinds) and all(fixed.get(a) == kind for a, kind in zip(letters, kinds, strict=True))


def holds(statement: str, arguments: Sequence[Node], evaluator: Evaluator) -> bool:
    """Whether a statement about variables is true on all samples; False also where that cannot be told."""
    names = frozenset(v.text for v in arguments)
    try:
        code = evaluator.compile(read_term(statement), names)
        return all(
            evaluator(code, {v.text: v.values[i] for v in arguments}) is True for i in range(len(arguments[0].values))
        )
    except (NotUnderstood, Undecided):
        return False
