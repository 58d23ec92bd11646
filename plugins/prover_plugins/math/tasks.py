"""What is asked: a problem's text as a task, and an answer's text as an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from prover.errors import BadInput
from prover_plugins.math.text import Node, Parser, parse, show, tokens

RELATIONS = ("=", "<", ">", "<=", ">=", "!=")
_FORMS = """the forms are: solve EQUATIONS [for x, y] [over reals|complex|integers] [mod m], simplify|expand|factor E, \
compute E, limit of E as x -> a, derivative of E [with respect to x], integral of E dx [from a to b], \
sum of E for k from a to b, count|find n from a to b with CONDITIONS"""


@dataclass(frozen=True, slots=True)
class Relation:
    """``left kind right``."""

    kind: str
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"{show(self.left)} {self.kind} {show(self.right)}"


@dataclass(frozen=True, slots=True)
class Task:
    """One problem.

    ``kind`` is ``solve``, ``congruence``, ``simplify``, ``expand``, ``factor``, ``compute``, ``limit``,
    ``derivative``, ``integral``, ``sum``, ``count`` or ``find``. ``unknowns`` are what is asked for (of a sum or
    integral its variable), ``bounds`` its lower and upper bound or the point of a limit, ``side`` is ``+`` or
    ``-`` for a limit from one side, ``over`` the domain.
    """

    kind: str
    relations: tuple[Relation, ...] = ()
    expression: Node | None = None
    unknowns: tuple[str, ...] = ()
    bounds: tuple[Node, ...] = ()
    side: str = "+-"
    over: str = "reals"

    @property
    def body(self) -> Node:
        """The expression.

        Raises:
            BadInput: the task has none.
        """
        if self.expression is None:
            raise BadInput(f"a {self.kind} problem has no expression")
        return self.expression


def read_task(text: str) -> Task:
    """Reads a problem.

    Raises:
        BadInput: the text has none of the known forms, or an expression in it is refused.
    """
    plain = " ".join(text.replace("$", " ").split()).rstrip(".?")
    match = re.match(r"([A-Za-z]+)\b\s*(.*)", plain, re.S)
    verb = match[1].lower() if match else ""
    verb = _VERBS.get(verb, verb)
    if verb not in _READERS and len(verb) <= 1:
        # No verb: an equation is to be solved, a number computed, an expression simplified.
        tokens(plain)
        if re.search(r"[=<>≤≥≠≡]", plain):
            return _solve(plain)
        expression = parse(plain)
        return Task("simplify" if expression.symbols() else "compute", expression=expression)
    if match is None or verb not in _READERS:
        raise BadInput(f"cannot tell what is asked: {plain[:60]!r}; {_FORMS}")
    tokens(plain.replace(":", " "))  # length and characters, before anything looks closer
    return _READERS[verb](match[2])


def _solve(rest: str) -> Task:
    over = "reals"
    match = re.search(r"\s+(?:over|in)\s+(?:the\s+)?(reals?|complex|integers|C|R|Z)(?:\s+numbers)?\s*$", rest)
    if match:
        word = match[1][0].lower() if len(match[1]) > 1 else {"C": "c", "R": "r", "Z": "i"}[match[1]]
        over = {"c": "complex", "r": "reals", "i": "integers"}[word]
        rest = rest[: match.start()]
    match = re.search(r"\(?\s*\bmod\s+(\d+)\s*\)?\s*$", rest)
    if match and re.search(r"(?<![<>!])=", rest):
        relations = relations_of(rest[: match.start()].replace("≡", "="))
        modulus = int(match[1])
        if not 2 <= modulus <= 100_000:
            raise BadInput("a modulus is between 2 and 100000")
        unknowns = _symbols(relations)
        if len(unknowns) != 1 or len(relations) != 1:
            raise BadInput("a congruence has one equation and one unknown")
        return Task("congruence", relations, unknowns=unknowns, bounds=(Node("number", str(modulus)),))
    rest, names = _named(rest, r"\s+for\s+([A-Za-z](?:\s*(?:,|and)\s*[A-Za-z])*)\s*$")
    relations = relations_of(rest)
    unknowns = names or _symbols(relations)
    if not unknowns:
        raise BadInput("the equations have no unknown")
    missing = set(unknowns) - set(_symbols(relations))
    if missing:
        raise BadInput(f"{sorted(missing)[0]} does not occur in the equations")
    others = set(_symbols(relations)) - set(unknowns)
    if (others or len(unknowns) > 1) and any(r.kind != "=" for r in relations):
        raise BadInput("an inequality has one unknown and no parameters")
    return Task("solve", relations, unknowns=unknowns, over=over)


def _expression(kind: str) -> Callable[[str], Task]:
    return lambda rest: Task(kind, expression=parse(rest))


def _limit(rest: str) -> Task:
    match = re.fullmatch(
        r"(?:of\s+)?(.+?)\s+(?:as|for)\s+([A-Za-z])\s*(?:->|→|to|approaches|goes to)\s*(.+?)"
        r"(?:\s+from\s+(?:the\s+)?(left|right|above|below))?", rest
    )  # fmt: skip
    if match is None:
        raise BadInput("a limit is written: limit of E as x -> a [from the left|right]")
    side = {"left": "-", "below": "-", "right": "+", "above": "+"}.get(match[4] or "", "+-")
    return Task("limit", expression=parse(match[1]), unknowns=(match[2],), bounds=(parse(match[3]),), side=side)


def _derivative(rest: str) -> Task:
    rest, names = _named(rest, r"\s+(?:with respect to|wrt|in)\s+([A-Za-z])\s*$")
    expression = parse(re.sub(r"^of\s+", "", rest))
    return Task("derivative", expression=expression, unknowns=names or _only(expression, "derivative"))


def _integral(rest: str) -> Task:
    match = re.fullmatch(r"(?:of\s+)?(.+?)\s*\bd([a-z])(?:\s+from\s+(.+?)\s+to\s+(.+))?", rest)
    if match is None:
        raise BadInput("an integral is written: integral of E dx [from a to b]")
    bounds = () if match[3] is None else (parse(match[3]), parse(match[4]))
    return Task("integral", expression=parse(match[1]), unknowns=(match[2],), bounds=bounds)


def _sum(rest: str) -> Task:
    match = re.fullmatch(r"(?:of\s+)?(.+?)\s+(?:for|over)\s+([A-Za-z])\s*(?:=|from)\s*(.+?)\s+to\s+(.+)", rest)
    if match is None:
        raise BadInput("a sum is written: sum of E for k from a to b")
    body = parse(match[1], variable=match[2])
    return Task("sum", expression=body, unknowns=(match[2],), bounds=(parse(match[3]), parse(match[4])))


def _enumerated(kind: str) -> Callable[[str], Task]:
    def read(rest: str) -> Task:
        match = re.fullmatch(
            r"(?:integers?\s+|numbers?\s+)?([A-Za-z](?:\s*,\s*[A-Za-z])*)\s+from\s+(-?\d+)\s+to\s+(-?\d+)\s+"
            r"(?:with|where|such that)\s+(.+)", rest
        )  # fmt: skip
        if match is None:
            raise BadInput(f"write: {kind} n from 1 to 100 with CONDITIONS")
        names = tuple(name.strip() for name in match[1].split(","))
        relations = relations_of(match[4])
        low, high = int(match[2]), int(match[3])
        if high - low + 1 > 1_000_000 ** (1 / len(names)) or low > high or len(set(names)) != len(names):
            raise BadInput("at most a million cases are enumerated")
        unknown = set(_symbols(relations)) - set(names)
        if unknown:
            raise BadInput(f"{sorted(unknown)[0]} has no range")
        return Task(kind, relations, unknowns=names, bounds=(parse(match[2]), parse(match[3])))

    return read


_VERBS = {
    "calculate": "compute", "evaluate": "compute", "differentiate": "derivative", "integrate": "integral",
    "factorise": "factor", "factorize": "factor", "lim": "limit", "antiderivative": "integral",
}  # fmt: skip
_READERS: dict[str, Callable[[str], Task]] = {
    "solve": _solve, "simplify": _expression("simplify"), "expand": _expression("expand"),
    "factor": _expression("factor"), "compute": _expression("compute"),
    "limit": _limit, "derivative": _derivative, "integral": _integral, "sum": _sum,
    "count": _enumerated("count"), "find": _enumerated("find"),
}  # fmt: skip


def _named(text: str, pattern: str) -> tuple[str, tuple[str, ...]]:
    match = re.search(pattern, text)
    if match is None:
        return text, ()
    return text[: match.start()], tuple(re.findall(r"\b[A-Za-z]\b", match[1]))


def _only(expression: Node, what: str) -> tuple[str, ...]:
    names = expression.symbols()
    if len(names) > 1:
        raise BadInput(f"say in which variable: {what} of E with respect to {names[0]}")
    return tuple(names) or ("x",)


def _symbols(relations: tuple[Relation, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for r in relations for side in (r.left, r.right) for name in side.symbols()}))


def relations_of(text: str) -> tuple[Relation, ...]:
    """Reads relations separated by commas, semicolons or ``and``; a chain ``a < b < c`` is two.

    Raises:
        BadInput: a part is no relation.
    """
    found: list[Relation] = []
    parser = Parser(tokens(text))
    while True:
        left = parser.expression()
        if parser.peek() not in (*RELATIONS, "=="):
            raise BadInput(f"{show(left)!r} is no equation or inequality")
        while parser.peek() in (*RELATIONS, "=="):
            kind = parser.take().replace("==", "=")
            right = parser.expression()
            found.append(Relation(kind, left, right))
            left = right
        if not any(parser.accept(separator) for separator in (",", ";", "and")):
            parser.end()
            return tuple(found)


def alternatives_of(text: str) -> list[tuple[Relation, ...]]:
    """Reads a state's text: alternatives separated by ``or``, each relations joined by ``and``.

    Raises:
        BadInput: it is no such text.
    """
    if text.strip() in ("no solution", "{}"):
        return []
    return [relations_of(part) for part in re.split(r"\bor\b", text)]


# ------------------------------------------------------------------------------------------ answers


@dataclass(frozen=True, slots=True)
class Interval:
    """A piece of the real line; ends may be ``oo``."""

    low: Node
    high: Node
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Exactly one is meant: ``value`` (an expression), ``points`` (a finite set of tuples), or, with ``pieces``
    or ``cases``, a set of reals: intervals, or alternatives of inequalities; ``points`` may join the intervals."""

    value: Node | None = None
    points: tuple[tuple[Node, ...], ...] = ()
    pieces: tuple[Interval, ...] = ()
    cases: tuple[tuple[Relation, ...], ...] = ()


_EVERYTHING = Interval(Node("neg", arguments=(Node("constant", "oo"),)), Node("constant", "oo"), True, True)


def read_answer(text: str, task: Task) -> Answer:
    """Reads an answer to ``task``: an expression, ``{2, 3}``, ``x = 2 or x = 3``, ``(1, 2)``, intervals, ….

    Raises:
        BadInput: it has none of these forms.
    """
    plain = " ".join(text.replace("$", " ").split()).rstrip(".")
    if not plain:
        raise BadInput("the answer is empty")
    if task.kind == "limit" and re.fullmatch(r"(does not exist|dne|undefined|no limit|none)", plain, re.I):
        return Answer()
    if task.kind not in ("solve", "congruence", "find"):
        match = re.fullmatch(r"[A-Za-z]\s*=\s*(.+)", plain)
        return Answer(value=parse(match[1] if match else plain))
    if re.fullmatch(r"\{\s*\}|no (real )?solutions?|none|∅", plain, re.I):
        return Answer()
    if task.kind == "congruence":
        plain = re.sub(r"\(?\s*\bmod\s+\d+\s*\)?\s*$", "", plain.replace("≡", "=")).strip()
    inequality = len(task.unknowns) == 1 and any(r.kind != "=" for r in task.relations)
    if inequality and task.kind == "solve":
        return _set_answer(plain)
    if "=" in plain:
        return _assigned(plain, task.unknowns)
    return _points(plain, len(task.unknowns))


def _assigned(text: str, unknowns: tuple[str, ...]) -> Answer:
    """``x = 1, y = 2 or x = 2, y = 1``; with one unknown a comma may also stand for ``or``."""
    points: list[tuple[Node, ...]] = []
    match = re.fullmatch(r"\(?([A-Za-z](?:\s*,\s*[A-Za-z])+)\)?\s*=\s*(.+)", text)
    if match:
        names = tuple(name.strip() for name in match[1].split(","))
        if sorted(names) != sorted(unknowns):
            raise BadInput(f"the unknowns are {', '.join(unknowns)}")
        given = _points(match[2], len(names))
        return Answer(points=tuple(tuple(point[names.index(u)] for u in unknowns) for point in given.points))
    text = text.strip("{}")
    single = len(unknowns) == 1
    for part in re.split(r"\bor\b|;" if not single else r"\bor\b|;|\band\b", text):
        if single and "=" in part and "," in part:
            value = part.split("=", 1)[1]
            if "=" not in value:  # x = 2, 3
                points.extend(_points(value, 1).points)
                continue
            points.extend(p for piece in part.split(",") for p in _assigned(piece, unknowns).points)
            continue
        values = {show(r.left): r for r in relations_of(part)}
        if set(values) != set(unknowns) or any(r.kind != "=" for r in values.values()):
            raise BadInput(f"an answer gives a value to each of {', '.join(unknowns)}: {part.strip()!r} does not")
        points.append(tuple(values[name].right for name in unknowns))
    return Answer(points=tuple(points))


def _points(text: str, size: int) -> Answer:
    """``{2, 3}``, ``2, 3``, ``(1, 2)``, ``{(1, 2), (2, 1)}``, ``2 or 3``."""
    parser = Parser([")" if t == "]" else "(" if t == "[" else t for t in tokens(text)])
    braces = parser.accept("{")
    points: list[tuple[Node, ...]] = []
    while True:
        if size > 1:
            parser.take("(")
        values = [parser.expression()]
        for _ in range(size - 1):
            parser.take(",")
            values.append(parser.expression())
        if size > 1:
            parser.take(")")
        points.append(tuple(values))
        if not any(parser.accept(separator) for separator in (",", ";", "or", "and")):
            break
    if braces:
        parser.take("}")
    parser.end()
    return Answer(points=tuple(points))


def _set_answer(text: str) -> Answer:
    """Intervals joined by ``U``, inequalities joined by ``or``, ``all reals``, a finite set."""
    if re.fullmatch(r"all reals?( numbers)?|R|reals|all x|ℝ", text, re.I):
        return Answer(pieces=(_EVERYTHING,))
    if any(sign in text for sign in "<>=≤≥≠"):
        return Answer(cases=tuple(alternatives_of(text)))
    answer = Answer()
    parser = Parser(tokens(text))
    while True:
        opening = parser.take()
        if opening == "{":
            values = [(parser.expression(),)]
            while parser.accept(","):
                values.append((parser.expression(),))
            parser.take("}")
            answer = replace(answer, points=(*answer.points, *values))
        elif opening in ("(", "["):
            low = parser.expression()
            parser.take(",")
            high = parser.expression()
            closing = parser.take()
            if closing not in (")", "]"):
                raise BadInput(f"an interval ends with ) or ], not {closing!r}")
            piece = Interval(low, high, opening == "(", closing == ")")
            answer = replace(answer, pieces=(*answer.pieces, piece))
        else:
            raise BadInput(
                f"a set of solutions is written (-oo, 1) U [2, 3], x < 1 or x >= 2, or {{1, 2}}: not {text!r}"
            )
        if not parser.accept("U"):
            parser.end()
            return answer
