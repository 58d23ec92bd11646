"""What the types of the user's functions suggest about them: statements to be tested, and proved where they hold.

Three kinds: a function may be one of the library's (``meanings``), obey a law of algebra (``laws``), or behave well
with another function or with append (``relations``). All are made from types alone; most are false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from prover_plugins.automation.reading import Reader


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the header: its explicit argument types and the type of its value."""

    name: str
    arguments: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Claim:
    """``∀ variables, statement``, to be proved by induction on ``subject`` or along the recursion of ``call``.

    ``hints`` are library lemmas that the proof may need.
    """

    variables: tuple[tuple[str, str], ...]
    statement: str
    subject: str
    call: str = ""
    hints: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The closed statement."""
        binders = " ".join(f"({name} : {type_})" for name, type_ in self.variables)
        return f"∀ {binders}, {self.statement}"


_MEANINGS: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    (("L",), "L", ("{f} = {a}.reverse", "({f}).Perm {a}", "{f} = {a}")),
    (("L",), "N", ("{f} = {a}.length",)),
    (("LN",), "N", ("{f} = {a}.sum",)),
    (("LN",), "B", ("{f} = true ↔ {a}.Pairwise (· ≤ ·)",)),
    (("L",), "B", ("{f} = {a}.isEmpty",)),
    (("E", "L"), "N", ("{f} = {b}.count {a}",)),
    (("E", "L"), "B", ("{f} = {b}.contains {a}",)),
    (
        ("E", "L"),
        "L",
        ("({f}).Perm ({a} :: {b})", "{f} = {b}.erase {a}", "{f} = {b}.filter (· != {a})", "{f} = {b} ++ [{a}]"),
    ),
    (("L", "L"), "L", ("{f} = {a} ++ {b}", "{f} = {a}.reverse ++ {b}", "({f}).Perm ({a} ++ {b})")),
    (("L", "L"), "B", ("{f} = true ↔ {a}.Perm {b}", "{f} = {a}.isPrefixOf {b}", "{f} = true ↔ {a}.Sublist {b}")),
    (("N", "L"), "L", ("{f} = {b}.take {a}", "{f} = {b}.drop {a}")),
    (("N", "N"), "N", ("{f} = {a} + {b}", "{f} = {a} * {b}", "{f} = {a} - {b}", "{f} = min {a} {b}",
                         "{f} = max {a} {b}")),
    (("N", "N"), "B", ("{f} = ({a} == {b})", "{f} = decide ({a} ≤ {b})", "{f} = decide ({a} < {b})")),
    (("N",), "B", ("{f} = ({a} % 2 == 0)", "{f} = ({a} % 2 == 1)")),
    (("N",), "N", ("{f} = {a} + {a}", "{f} = {a} / 2")),
)  # fmt: skip
"""Argument types, type of the value (L a list of E, N numbers, LN lists of numbers, B Bool), and what the function may
be, where ``{f}`` is its application."""

_HINTS = {".Perm": ("List.cons_perm_iff_perm_erase", "List.perm_nil", "List.nil_perm")}


def functions(goal: Reader) -> list[Function]:
    """Those applied in the goal first, then the others that it depends on."""
    found: dict[str, Function] = {}
    for a in goal.applications("recursive", "plain", local=True):
        if all(a.argument_types) and a.type and a.arguments:
            found.setdefault(a.function, Function(a.function, tuple(a.argument_types), a.type))
    for name, *types in goal.goal.signatures:
        if len(types) > 1:
            found.setdefault(name, Function(name, tuple(types[:-1]), types[-1]))
    return list(found.values())


def claims(goal: Reader) -> list[Claim]:
    """Statements about the functions of the goal, the likeliest first, each once."""
    known = functions(goal)
    found: dict[str, Claim] = {}
    for source in (
        (c for f in known for c in meanings(f)),
        mutual(goal, known),
        (c for f in known for c in relations(f, known)),
        (c for f in known for c in laws(f, known, goal)),
    ):
        for claim in source:
            found.setdefault(claim.text, claim)
    return list(found.values())


def element(type_: str) -> str:
    """The type of a list's elements; empty where it is no list."""
    if not type_.startswith("List "):
        return ""
    inner = type_.removeprefix("List ")
    return inner[1:-1] if inner.startswith("(") else inner


def _typed(f: Function) -> tuple[tuple[str, str], ...]:
    return tuple((f"a{i}", kind) for i, kind in enumerate(f.arguments))


def _call(name: str, arguments: list[str]) -> str:
    return " ".join([name, *arguments])


def _subject(variables: tuple[tuple[str, str], ...]) -> str:
    """The variable to induct on: the last list or datum, else the first number."""
    data = [
        name for name, kind in variables if kind not in ("Nat", "Int", "Bool") and len(kind) > 1 and "→" not in kind
    ]
    return (data or [variables[0][0]])[-1]


def meanings(f: Function) -> Iterator[Claim]:
    """The library's functions of the same type; a function with two arguments may have them in either order."""
    typed = _typed(f)
    call = _call(f.name, [name for name, _ in typed])
    for pattern, result, statements in _MEANINGS:
        for order in ((0,), (0, 1), (1, 0)):
            if (
                len(order) != len(pattern)
                or len(pattern) != len(typed)
                or (order == (1, 0) and pattern[0] == pattern[1])
            ):
                continue
            if not _fits([typed[i][1] for i in order], f.result, pattern, result):
                continue
            names = {letter: typed[i][0] for letter, i in zip("ab", order, strict=False)}
            for statement in statements:
                hints = next((h for mark, h in _HINTS.items() if mark in statement), ())
                subject = names["a"] if result == "B" else _subject(typed)
                yield Claim(typed, statement.format(f=call, **names), subject, call, hints)
    if (
        len(typed) == 2
        and element(f.arguments[0])
        and f.result == f"List ({element(f.arguments[0])} × {element(f.arguments[1])})"
    ):
        yield Claim(typed, f"{call} = a0.zip a1", "a0", call)


def _fits(arguments: list[str], result: str, pattern: tuple[str, ...], value: str) -> bool:
    elements = {element(t) for t in (*arguments, result) if element(t)}
    if len(elements) > 1:
        return False
    inner = next(iter(elements), "")
    kinds = {"L": f"List {inner}", "LN": "List Nat", "E": inner, "N": "Nat", "B": "Bool"}
    if "L" in (*pattern, value) and " " in inner:
        return False
    return [kinds[p] for p in pattern] == arguments and kinds[value] == result


def mutual(goal: Reader, known: list[Function]) -> Iterator[Claim]:
    """Statements about two functions defined together, whose induction hypotheses need one another."""
    for block in goal.mutual:
        pair = [f for f in known if f.name in block and len(f.arguments) == 1]
        if len(pair) != 2 or pair[0].arguments != pair[1].arguments or pair[0].result != pair[1].result:
            continue
        kind, result = pair[0].arguments[0], pair[0].result
        if result == "Bool" and kind == "Nat":
            options = ["{f} = (a0 % 2 == 0)", "{f} = (a0 % 2 == 1)"]
        elif element(kind) and result == kind:
            options = ["({f}).length ≤ a0.length", "({f}).length = (a0.length + 1) / 2", "({f}).length = a0.length / 2"]
        else:
            continue
        for one, other in product(options, repeat=2):
            first, second = (s.format(f=f"{f.name} a0") for s, f in zip((one, other), pair, strict=True))
            yield Claim((("a0", kind),), f"{first} ∧ {second}", "a0")


def laws(f: Function, known: list[Function], goal: Reader) -> Iterator[Claim]:
    """Units and zeros, associativity, commutativity, distributivity; a function and its form with an accumulator."""
    if len(f.arguments) != 2 or f.arguments != (f.result, f.result):
        return
    kind, n = f.result, f.name
    units, steps = _constructors(kind, goal)
    two, three = (("a0", kind), ("a1", kind)), (("a0", kind), ("a1", kind), ("a2", kind))
    for unit in units:
        yield Claim((("a0", kind),), f"{n} a0 {unit} = a0", "a0")
        yield Claim((("a0", kind),), f"{n} a0 {unit} = {unit}", "a0")
    for step in steps:
        yield Claim(two, f"{n} a0 ({step} a1) = {step} ({n} a0 a1)", "a0")
        yield Claim(two, f"{n} a0 ({step} a1) = {n} ({step} a0) a1", "a0")
    yield Claim(two, f"{n} a0 a1 = {n} a1 a0", "a0")
    yield Claim(three, f"{n} ({n} a0 a1) a2 = {n} a0 ({n} a1 a2)", "a0", f"{n} a0 a1")
    yield Claim(three, f"{n} a0 ({n} a1 a2) = {n} a1 ({n} a0 a2)", "a0")
    for g in known:
        if g.name == n:
            continue
        if g.arguments == f.arguments and g.result == kind:
            m = g.name
            yield Claim(three, f"{m} ({n} a0 a1) a2 = {n} ({m} a0 a2) ({m} a1 a2)", "a0")
            yield Claim(three, f"{m} a0 ({n} a1 a2) = {n} ({m} a0 a1) ({m} a0 a2)", "a0")
            # g as a tail-recursive form of f
            yield Claim(three, f"{m} a0 ({n} a1 a2) = {n} ({m} a0 a1) a2", "a0", f"{m} a0 a1")
        if g.arguments == (kind,):
            m = g.name
            if g.result == kind:
                yield Claim(two, f"{m} ({n} a0 a1) = {n} ({m} a0) ({m} a1)", "a0")
                yield Claim(two, f"{m} ({n} a0 a1) = {n} ({m} a1) ({m} a0)", "a0")
                yield Claim(two, f"{n} ({m} a0) a1 = {m} ({n} a0 a1)", "a0")
                yield Claim(two, f"{n} a0 ({m} a1) = {m} ({n} a0 a1)", "a0")
                yield Claim((("a0", kind),), f"{m} ({m} a0) = a0", "a0")


def _constructors(kind: str, goal: Reader) -> tuple[list[str], list[str]]:
    """The constants of a type, and its constructors with one argument of the type itself."""
    if element(kind):
        return ["[]"], []
    if kind == "Nat":
        return ["0", "1"], ["Nat.succ"]
    datum = next((h for h in goal.goal.hypotheses if h.type == kind and h.constructors), None)
    if datum is None:
        return [], []
    names = [(f"{datum.inductive}.{constructor}", fields) for constructor, *fields in datum.constructors]
    recursive = [name for name, fields in names if len(fields) == 1 and fields[0].startswith("*")]
    return [name for name, fields in names if not fields], recursive


def relations(f: Function, known: list[Function]) -> Iterator[Claim]:
    """What tests, measures and contents of a function's value are, and what the function does with append."""
    typed = _typed(f)
    letters = [name for name, _ in typed]
    call = _call(f.name, letters)
    same = [i for i, kind in enumerate(f.arguments) if kind == f.result]
    for g in known:
        if g.name == f.name or not g.arguments or g.arguments[-1] != f.result:
            continue
        before = tuple((f"b{i}", kind) for i, kind in enumerate(g.arguments[:-1]))
        for i in same:
            yield from _preserved(f, g, typed, before, i)
        if not same and len(g.arguments) == len(f.arguments) == 1 and g.result == f.arguments[0]:
            yield Claim(typed, f"{g.name} ({call}) = {letters[0]}", letters[0])
    lists = [i for i, kind in enumerate(f.arguments) if element(kind)]
    if len(typed) > 1:
        for i in same:
            yield from _accumulator(f, typed, i, known)
            if not lists or lists == [i]:
                yield from _commuting(f, typed, i)
    for i in lists:
        yield from _over_lists(f, typed, i)


def _preserved(
    f: Function, g: Function, typed: tuple[tuple[str, str], ...], before: tuple[tuple[str, str], ...], i: int
) -> Iterator[Claim]:
    """``g`` of the value of ``f`` against ``g`` of its argument number ``i``."""
    letters = [name for name, _ in typed]
    call, subject = _call(f.name, letters), letters[i]
    front = [name for name, _ in before]
    old, new = _call(g.name, [*front, subject]), _call(g.name, [*front, f"({call})"])
    variables = (*before, *typed)
    others = [(name, kind) for name, kind in typed if name != subject]
    if g.result == "Bool":
        if len(typed) > 1 and not before:
            yield Claim(variables, f"{old} = true → {new} = true", subject, call)
        elif before == (("b0", others[0][1] if others else ""),):
            yield Claim(variables, f"{new} = (b0 == {others[0][0]} || {old})", subject, call)
        elif before:
            yield Claim(variables, f"{new} = {old}", subject, call)
    elif g.result == "Nat" and not before:
        yield Claim(variables, f"{new} = {old}", subject, call)
        yield Claim(variables, f"{new} = {old} + 1", subject, call)
        for other, kind in others:
            if kind == "Nat":
                yield Claim(variables, f"{new} = {old} + {other}", subject, call)
            elif kind == f.result:
                yield Claim(variables, f"{new} = {old} + {_call(g.name, [other])}", subject, call)
    elif element(g.result) and not before:
        for other, kind in others:
            if kind == element(g.result):
                yield Claim((*variables, ("c", kind)), f"({new}).count c = ({other} :: {old}).count c", subject, call)
                yield Claim((*variables, ("c", kind)), f"c ∈ {new} ↔ c = {other} ∨ c ∈ {old}", subject, call)
        if not others:
            yield Claim(variables, f"{new} = ({old}).reverse", subject)


def _over_lists(f: Function, typed: tuple[tuple[str, str], ...], i: int) -> Iterator[Claim]:
    subject, kind = typed[i]
    inner = element(kind)
    both = (*typed[:i], (subject, kind), ("b", kind), *typed[i + 1 :])

    def call(argument: str) -> str:
        return _call(f.name, [argument if j == i else v for j, (v, _) in enumerate(typed)])

    plain = call(subject)
    first, second, whole = plain, call("b"), call(f"({subject} ++ b)")
    if element(f.result):
        yield Claim(typed, f"({first}).length = {subject}.length", subject, plain)
        yield Claim(typed, f"({first}).length ≤ {subject}.length", subject, plain)
        if len(typed) == 2 and typed[1 - i][1] == inner:
            other = typed[1 - i][0]
            yield Claim(typed, f"({first}).length = {subject}.length + 1", subject, plain)
            yield Claim((*typed, ("c", inner)), f"c ∈ {first} ↔ c = {other} ∨ c ∈ {subject}", subject, plain)
        if f.result == kind and len(typed) == 1:
            yield Claim((*typed, ("c", inner)), f"c ∈ {first} ↔ c ∈ {subject}", subject, plain)
            yield Claim((*typed, ("c", inner)), f"c ∈ {first} → c ∈ {subject}", subject, plain)
            yield Claim(typed, f"{f.name} ({first}) = {first}", subject, plain)
            yield Claim(typed, f"{f.name} ({first}) = {subject}", subject, plain)
        if len(typed) == 1:
            yield Claim(both, f"{whole} = {second} ++ {first}", subject)
            if f.result == kind:
                yield Claim((*typed, ("c", inner)), f"{call(f'({subject} ++ [c])')} = c :: {first}", subject)
        yield Claim(both, f"{whole} = {first} ++ {second}", subject)
    elif f.result == "Nat":
        yield Claim(both, f"{whole} = {first} + {second}", subject)
    elif f.result == "Bool":
        yield Claim(both, f"{whole} = ({first} && {second})", subject)


def _accumulator(f: Function, typed: tuple[tuple[str, str], ...], i: int, known: list[Function]) -> Iterator[Claim]:
    """What a recursive function does with the argument of its result's type."""

    def call(argument: str) -> str:
        return _call(f.name, [argument if j == i else v for j, (v, _) in enumerate(typed)])

    accumulator = typed[i][0]
    subject = next(v for j, (v, _) in enumerate(typed) if j != i)
    if element(f.result):
        yield Claim(typed, f"{call(accumulator)} = {call('[]')} ++ {accumulator}", subject)
    elif f.result == "Nat":
        yield Claim(typed, f"{call(accumulator)} = {call('0')} + {accumulator}", subject)
    rest = [v for j, (v, _) in enumerate(typed) if j != i]
    for g in known:
        # the same function without the accumulator
        if (
            g.name == f.name
            or g.result != f.result
            or list(g.arguments) != [k for j, (_, k) in enumerate(typed) if j != i]
        ):
            continue
        plain = _call(g.name, rest)
        if element(f.result):
            yield Claim(typed, f"{call(accumulator)} = {plain} ++ {accumulator}", subject)
        elif f.result == "Nat":
            yield Claim(typed, f"{call(accumulator)} = {plain} + {accumulator}", subject)
        for h in known:
            if h.arguments == (f.result, f.result) and h.result == f.result and h.name not in (f.name, g.name):
                yield Claim(typed, f"{call(accumulator)} = {h.name} ({plain}) {accumulator}", subject)


def _commuting(f: Function, typed: tuple[tuple[str, str], ...], i: int) -> Iterator[Claim]:
    """Two applications in either order."""
    if len(typed) != 2 or typed[0][1] == typed[1][1]:
        return
    (other, other_kind), (subject, kind) = typed[1 - i], typed[i]

    def call(a: str, b: str) -> str:
        return f"{f.name} {a} {b}" if i == 1 else f"{f.name} {b} {a}"

    variables = ((other, other_kind), ("b", other_kind), (subject, kind))
    inner, swapped = call(other, subject), call("b", subject)
    yield Claim(variables, f"{call('b', f'({inner})')} = {call(other, f'({swapped})')}", subject)


def type_variables(goal: Reader) -> frozenset[str]:
    """The names of type variables in the context."""
    return frozenset(h.name for h in goal.goal.hypotheses if h.is_type and re.fullmatch(r"Type.*|Sort.*", h.type))
