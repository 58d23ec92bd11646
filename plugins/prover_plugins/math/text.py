"""Expressions as text: a tokenizer and parser of our own, with limits, and a printer.

User text is never given to ``eval`` or ``sympify``. What comes out is a small tree; whoever computes with it decides
what its operations mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

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
        left = self.signed()
        while True:
            token = self.peek()
            if token in ("*", "/"):
                self.take()
                left = Node(token, arguments=(left, self.signed()))
            elif token == "mod":
                self.take()
                left = Node("call", "mod", (left, self.signed()))
            elif token == "(" or (token and (token[0].isalnum()) and token not in WORDS):
                left = Node("*", arguments=(left, self.power()))
            else:
                return left

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
    if node.kind == "^":
        exponent = integer(node.arguments[1])
        if node.arguments[0].symbols():
            return 0.0
        if exponent is None:
            # An exponent that is computed: 10 to the number of its digits is a bound for its size.
            size = digits(node.arguments[1])
            return below[0] * 10 ** min(size, 8) if not node.arguments[1].symbols() and not _small(node) else below[0]
        return below[0] * abs(exponent)
    if node.kind == "!":
        argument = integer(node.arguments[0])
        if argument is None:
            return 0.0 if node.symbols() else 10.0 ** min(below[0], 8)
        return argument * max(1.0, len(str(argument)) - 0.4)
    return max(below, default=1.0)


def _small(node: Node) -> bool:
    """Whether the exponent is plainly a small number: a fraction, a root, a constant."""
    exponent = node.arguments[1]
    kinds = ("number", "/", "neg", "constant", "call", "+", "-", "*")
    return all(p.kind in kinds and (p.kind != "number" or len(p.name) <= 4) for p in exponent.parts())


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
    if digits(node) > LARGEST_DIGITS:
        raise BadInput(f"{_short(show(node))} is a number of more than {LARGEST_DIGITS} digits; too large to work with")
    return node


def checked_factorial(argument: Node) -> Node:
    """``argument!``.

    Raises:
        BadInput: the result would be too large.
    """
    node = Node("!", arguments=(argument,))
    if digits(node) > LARGEST_DIGITS:
        raise BadInput(f"{_short(show(node))} is a number of more than {LARGEST_DIGITS} digits; too large to work with")
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


# ------------------------------------------------------------------------------------------ numbers


def exact(node: Node, values: dict[str, int]) -> Fraction:
    """The exact value of arithmetic with integers: for the brute-force checks, without sympy.

    ``mod`` has the sign of the modulus (``-7 mod 3 = 2``).

    Raises:
        ValueError: something else than integer arithmetic and fractions, or division by zero.
        KeyError: a symbol has no value.
    """
    import math

    if node.kind == "number":
        return Fraction(node.name)
    if node.kind == "symbol":
        return Fraction(values[node.name])
    given = [exact(argument, values) for argument in node.arguments]
    whole = [int(value) for value in given if value.denominator == 1]
    try:
        match node.kind, node.name:
            case "+", _:
                return given[0] + given[1]
            case "-", _:
                return given[0] - given[1]
            case "*", _:
                return given[0] * given[1]
            case "/", _:
                return given[0] / given[1]
            case "neg", _:
                return -given[0]
            case "^", _ if given[1].denominator == 1 and abs(given[1]) <= LARGEST_DIGITS:
                if given[0].numerator.bit_length() * abs(given[1]) > 4 * LARGEST_DIGITS:
                    raise ValueError("a power too large")
                return Fraction(given[0] ** int(given[1]))
            case "!", _ if len(whole) == 1 and 0 <= whole[0] <= 1500:
                return Fraction(math.factorial(whole[0]))
            case "call", "gcd" | "lcm" | "binomial" if len(whole) == 2:
                if node.name == "binomial":
                    return Fraction(math.comb(*whole))
                return Fraction(math.gcd(*whole) if node.name == "gcd" else math.lcm(*whole))
            case "call", "mod" if len(whole) == 2:
                return Fraction(whole[0] % whole[1])
            case "call", "min" | "max":
                return min(given) if node.name == "min" else max(given)
            case "call", "abs":
                return abs(given[0])
            case "call", "floor" | "ceiling":
                return Fraction(math.floor(given[0]) if node.name == "floor" else math.ceil(given[0]))
    except ZeroDivisionError as error:
        raise ValueError("division by zero") from error
    raise ValueError(f"{show(node)} is not integer arithmetic")
