"""Expressions as text: a tokenizer and parser of our own, with limits, and a printer.

User text is never given to ``eval`` or ``sympify``. What comes out is a small tree; whoever computes with it decides
what its operations mean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from prover.errors import BadInput

LONGEST = 600
DEEPEST = 40
MOST_DIGITS = 60
HIGHEST_POWER = 64
"""The highest exponent of something that is not a number."""

LARGEST_DIGITS = 4_000
"""A number that would have more digits is refused before anything computes it."""

FUNCTIONS = {
    "sqrt": 1, "cbrt": 1, "abs": 1, "exp": 1, "ln": 1, "sin": 1, "cos": 1, "tan": 1, "cot": 1, "sec": 1, "csc": 1,
    "asin": 1, "acos": 1, "atan": 1, "arcsin": 1, "arccos": 1, "arctan": 1, "sinh": 1, "cosh": 1, "tanh": 1,
    "floor": 1, "ceil": 1, "ceiling": 1, "factorial": 1, "gcd": 2, "lcm": 2, "mod": 2, "binomial": 2, "min": 2,
    "max": 2, "log": 0, "root": 2,
}  # fmt: skip
"""Functions with the number of their arguments (``log`` has one, or two with the base second)."""

CONSTANTS = frozenset(("pi", "e", "i", "oo"))
GREEK = frozenset(
    ("alpha", "beta", "gamma", "delta", "theta", "lambda_", "mu", "phi", "omega", "sigma", "tau", "epsilon", "rho")
)
_SPELLINGS = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "²": "^2", "³": "^3",
    "π": " pi ", "∞": " oo ", "√": " sqrt ", "∪": " U ", "∅": "{}", "→": "->",
    "**": "^", "ℝ": " R ", "∨": " or ", "∧": " and ",
}  # fmt: skip
_TOKEN = re.compile(r"\s+|(\d+(?:\.\d+)?|[^\W\d_]+(?:_?\d+)?'?|<=|>=|!=|==|->|[-+*/^!()|,=<>{}\[\];])")


@dataclass(frozen=True, slots=True)
class Node:
    """``number`` (``name`` is its text), ``symbol``, ``constant``, an operator (``+ - * / ^ neg !``) or ``call``."""

    kind: str
    name: str = ""
    arguments: tuple[Node, ...] = ()

    def parts(self) -> Iterator[Node]:
        """The node and everything below."""
        yield self
        for argument in self.arguments:
            yield from argument.parts()

    def symbols(self) -> list[str]:
        """Names of the symbols, sorted."""
        return sorted({part.name for part in self.parts() if part.kind == "symbol"})


def tokens(text: str) -> list[str]:
    """The tokens of ``text``; names in lower or upper case as written.

    Raises:
        BadInput: too long, or a character that no expression has.
    """
    if len(text) > LONGEST:
        raise BadInput(f"the text has {len(text)} characters; at most {LONGEST} are read")
    for spelling, plain in _SPELLINGS.items():
        text = text.replace(spelling, plain)
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadInput(f"unexpected character {text[position]!r} in {_short(text)!r}")
        if match[1]:
            found.append(match[1])
        position = match.end()
    return found


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def parse(text: str, *, variable: str = "") -> Node:
    """Reads one expression; ``variable`` may be ``i``, which is else the imaginary unit.

    Raises:
        BadInput: it is none, or is beyond the limits; says where.
    """
    parser = Parser(tokens(text), variable=variable)
    node = parser.expression()
    parser.end()
    return node


class Parser:
    """Recursive descent over tokens; ``5x`` and ``2(x + 1)`` are products."""

    def __init__(self, found: list[str], *, variable: str = "") -> None:
        self.tokens = found
        self.variable = variable
        self.position = 0
        self.depth = 0

    def peek(self) -> str:
        """The next token, empty at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        """Takes the next token, which must be ``expected`` if that is given."""
        token = self.peek()
        if not token or (expected and token != expected):
            wanted = f"expected {expected!r}" if expected else "something is missing"
            raise BadInput(f"{wanted} {'before ' + repr(token) if token else 'at the end'}")
        self.position += 1
        return token

    def accept(self, token: str) -> bool:
        """Takes ``token`` if it comes next."""
        if self.peek() == token:
            self.position += 1
            return True
        return False

    def end(self) -> None:
        """Raises BadInput where tokens are left."""
        if self.peek():
            raise BadInput(f"unexpected {self.peek()!r}")

    def expression(self) -> Node:
        """Sums."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadInput(f"the expression is nested deeper than {DEEPEST} levels")
        left = self.product()
        while self.peek() in ("+", "-"):
            operator = self.take()
            left = Node(operator, arguments=(left, self.product()))
        self.depth -= 1
        return left

    def product(self) -> Node:
        """Products and quotients, also without a sign between factors."""
        leading_sign = self.peek() in ("-", "+")
        left = self.signed()
        while True:
            token = self.peek()
            if token == "mod":
                self.take()
                left = Node("call", "mod", (left, self.signed()))
                continue
            if token in ("*", "/"):
                kind, right = self.take(), self.signed()
            elif token == "(" or (token[:1].isalpha() and token not in WORDS):
                kind, right = "*", self.power()
            else:
                return left
            if leading_sign and left.kind == "neg":  # -a*b is the negative of a product
                left = Node("neg", arguments=(Node(kind, arguments=(left.arguments[0], right)),))
            else:
                left = Node(kind, arguments=(left, right))

    def signed(self) -> Node:
        """A power with signs before it: ``-x^2`` is the negative of a square."""
        signs = 0
        while self.peek() in ("-", "+"):
            signs += self.take() == "-"
            if self.position > LONGEST:
                raise BadInput("too many signs")
        node = self.power()
        return Node("neg", arguments=(node,)) if signs % 2 else node

    def power(self) -> Node:
        """Powers, associated to the right."""
        base = self.postfix()
        if not self.accept("^"):
            return base
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadInput(f"the expression is nested deeper than {DEEPEST} levels")
        exponent = self.signed()  # right associative: power() inside
        self.depth -= 1
        return checked_power(base, exponent)

    def postfix(self) -> Node:
        """Factorials."""
        node = self.atom()
        while self.peek() == "!":
            self.take()
            node = checked_factorial(node)
        return node

    def atom(self) -> Node:
        """A number, a name, a call, or something in brackets."""
        token = self.take()
        if token == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if token == "|":
            inner = self.expression()
            self.take("|")
            return Node("call", "abs", (inner,))
        if token[0].isdecimal():
            if len(token) > MOST_DIGITS:
                raise BadInput(f"a number has more than {MOST_DIGITS} digits")
            return Node("number", token)
        if token[0].isalpha():
            return self.named(token)
        raise BadInput(f"unexpected {token!r}")

    def named(self, token: str) -> Node:
        """What begins with a name."""
        if token in FUNCTIONS:
            return self.call(token)
        if token == self.variable:
            return Node("symbol", token)
        if token in CONSTANTS or token in ("infinity", "inf"):
            return Node("constant", "oo" if token.startswith("inf") else token)
        if token in WORDS:
            raise BadInput(f"unexpected word {token!r}")
        letters = token.rstrip("0123456789'").rstrip("_")
        if letters == "e":
            raise BadInput(f"{token!r} is no number: write 3*10^5, or e^5")
        if len(letters) == 1 or letters in GREEK:
            return Node("symbol", token)
        raise BadInput(f"unknown name {token!r}: variables have one letter (write x*y for a product)")

    def call(self, name: str) -> Node:
        """The arguments of a function; ``sin x`` needs no brackets."""
        if self.accept("("):
            arguments = [self.expression()]
            while self.accept(","):
                arguments.append(self.expression())
            self.take(")")
        elif name in ("sqrt", "sin", "cos", "tan", "ln", "log", "exp", "abs"):
            arguments = [self.power()]  # sin x, ln 2
        else:
            raise BadInput(f"{name} needs its arguments in brackets")
        wanted = FUNCTIONS[name]
        if len(arguments) != wanted and not (name == "log" and len(arguments) in (1, 2)):
            if name in ("gcd", "lcm", "min", "max") and len(arguments) > 2:
                first = arguments[0]
                for other in arguments[1:]:
                    first = Node("call", name, (first, other))
                return first
            raise BadInput(f"{name} takes {wanted} argument{'s' * (wanted != 1)}, not {len(arguments)}")
        if name == "factorial":
            return checked_factorial(arguments[0])
        if name == "binomial":
            checked = Node("call", name, tuple(arguments))
            _within_limits(checked)
            return checked
        plain = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ceil": "ceiling"}.get(name, name)
        return Node("call", plain, tuple(arguments))


WORDS = frozenset(
    """and or for from to with of as dx dy dt over the respect at mod U R by in integers reals complex left right
    above below where such that solution solutions no all none if dz du dn dk""".split()  # noqa: SIM905
)
"""Words of problems and answers, never names in expressions."""


# ------------------------------------------------------------------------------------------ limits


def digits(node: Node) -> float:
    """About how many digits the largest number has that computing ``node`` makes; 0 with symbols in it."""
    if node.kind == "number":
        return float(len(node.name))
    below = [digits(argument) for argument in node.arguments]
    if node.kind == "*":
        return sum(below)
    if node.symbols():
        return max(below, default=0.0)
    if node.kind == "^":
        return below[0] * bound(node.arguments[1])
    if node.kind == "!":
        size = bound(node.arguments[0])
        return size * max(1.0, math.log10(size) if 1 < size < math.inf else size)
    if node.kind == "call" and node.name == "binomial":
        return 0.31 * bound(node.arguments[0]) + 1
    return max(below, default=1.0)


def bound(node: Node) -> float:
    """Roughly an upper bound for the size of a number; infinite where it is not seen easily."""
    if node.kind == "number":
        return float(node.name)
    if node.kind in ("constant", "symbol"):
        return {"pi": 3.2, "e": 2.8, "i": 1.0}.get(node.name, math.inf)
    given = [bound(argument) for argument in node.arguments]
    try:
        match node.kind, node.name:
            case (("+" | "-"), _):
                return sum(given)
            case "neg", _:
                return given[0]
            case "*", _:
                return given[0] * given[1]
            case "/", _:
                denominator = node.arguments[1]
                if denominator.kind == "number" and given[1] > 0:
                    return given[0] / given[1]
                # Roots and the like are no smaller than a thousandth; what could be is not seen easily.
                tiny = any(part.kind in ("/", "^", "-") for part in denominator.parts())
                return math.inf if tiny else given[0] * 1000
            case "^", _:
                return float(max(1.0, given[0]) ** given[1])
            case "call", ("sin" | "cos" | "tanh"):
                return 1.0
            case "call", ("sqrt" | "cbrt" | "root" | "ln" | "log" | "abs" | "floor" | "ceiling"):
                return max(1.0, given[0])
            case "call", ("gcd" | "mod" | "min" | "max"):
                return max(given)
            case "call", ("asin" | "acos" | "atan"):
                return 3.2
    except OverflowError:
        return math.inf
    return math.inf


def integer(node: Node) -> int | None:
    """The value of an integer literal, with a sign; None for anything else."""
    if node.kind == "neg":
        value = integer(node.arguments[0])
        return None if value is None else -value
    return int(node.name) if node.kind == "number" and node.name.isdecimal() else None


def checked_power(base: Node, exponent: Node) -> Node:
    """``base ^ exponent``.

    Raises:
        BadInput: the result would be too large.
    """
    node = Node("^", arguments=(base, exponent))
    value = integer(exponent)
    if base.symbols() and value is not None and abs(value) > HIGHEST_POWER:
        raise BadInput(f"the exponent {value} is higher than {HIGHEST_POWER}")
    _within_limits(node)
    return node


def _within_limits(node: Node) -> None:
    if digits(node) > LARGEST_DIGITS:
        raise BadInput(f"{_short(show(node))} is a number of more than {LARGEST_DIGITS} digits; too large to work with")


def checked_factorial(argument: Node) -> Node:
    """``argument!``.

    Raises:
        BadInput: the result would be too large.
    """
    node = Node("!", arguments=(argument,))
    _within_limits(node)
    return node


# ----------------------------------------------------------------------------------------- printing

_STRENGTH = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 3, "^": 4, "!": 5}


def show(node: Node) -> str:
    """``node`` as text that :func:`parse` reads again."""
    if node.kind in ("number", "symbol", "constant"):
        return node.name
    if node.kind == "call":
        return f"{node.name}({', '.join(map(show, node.arguments))})"
    strength = _STRENGTH[node.kind]
    if node.kind == "neg":
        return "-" + _inner(node.arguments[0], strength + 1)
    if node.kind == "!":
        return _inner(node.arguments[0], strength) + "!"
    left, right = node.arguments
    if node.kind == "^":
        return f"{_inner(left, strength + 1)}^{_inner(right, strength + 1)}"
    space = "" if node.kind in "*/" else " "
    return f"{_inner(left, strength)}{space}{node.kind}{space}{_inner(right, strength + 1)}"


def _inner(node: Node, strength: int) -> str:
    text = show(node)
    return f"({text})" if _STRENGTH.get(node.kind, 9) < strength else text
