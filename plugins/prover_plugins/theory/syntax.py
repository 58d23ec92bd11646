"""Reads terms, patterns and types of Lean, as far as recursive functions are written with them."""

from __future__ import annotations

from dataclasses import dataclass

from prover_plugins.theory.lexer import NotUnderstood, Token, tokens


@dataclass(frozen=True, slots=True)
class Term:
    """A node: ``kind``, a ``name`` (or operator, or numeral) and parts.

    Kinds: ``name``, ``dot`` (``.node``), ``number``, ``hole``, ``apply`` (function first), ``operator``, ``not``,
    ``if``, ``match`` (scrutinees, then arms), ``arm`` (patterns, then the value), ``let`` (pattern, value, body),
    ``fun`` (patterns, then the body), ``list``, ``tuple``, ``project``.
    """

    kind: str
    name: str = ""
    parts: tuple[Term, ...] = ()


_INFIX: dict[str, tuple[int, int, int]] = {
    "<|": (10, 11, 10), "$": (10, 11, 10), "↔": (20, 21, 21), "→": (25, 26, 25), "->": (25, 26, 25),
    "∨": (30, 31, 30), "||": (30, 30, 31), "∧": (35, 36, 35), "&&": (35, 35, 36), "×": (36, 37, 36),
    "=": (50, 51, 51), "≠": (50, 51, 51), "==": (50, 51, 51), "!=": (50, 51, 51), "<": (50, 51, 51),
    ">": (50, 51, 51), "≤": (50, 51, 51), "≥": (50, 51, 51), "<=": (50, 51, 51), ">=": (50, 51, 51),
    "∈": (50, 51, 51), "∉": (50, 51, 51), "::": (67, 68, 67), "++": (65, 65, 66), "+": (65, 65, 66),
    "-": (65, 65, 66), "*": (70, 70, 71), "/": (70, 70, 71), "%": (70, 70, 71), "^": (75, 76, 75),
}  # fmt: skip
"""Binding powers: of the operator, of its left and of its right side."""

_SAME = {"<=": "≤", ">=": "≥", "->": "→", "$": "<|"}
_STOP = frozenset(
    {
        *("if", "then", "else", "match", "with", "fun", "let", "have", "by", "at", "in", "do", "where", "end"),
        *("def", "abbrev", "theorem", "lemma", "example", "mutual", "inductive", "structure", "instance", "deriving"),
        *("variable", "open", "namespace", "section", "noncomputable", "partial", "private", "protected"),
        *("of", "termination_by", "decreasing_by"),
    }
)


class Parser:
    """One pass over a text; raises NotUnderstood at whatever it does not know."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0
        self._floor = (-1, -1)

    @property
    def next(self) -> Token:
        """The token that is read next."""
        return self._tokens[self._at]

    def take(self, text: str | None = None) -> Token:
        """Reads one token, which must be ``text`` if one is given."""
        token = self.next
        if text is not None and token.text != text:
            raise NotUnderstood(f"{token.text!r} where {text!r} was expected")
        self._at += 1
        return token

    def skip(self, *texts: str) -> bool:
        """Reads a token where it is one of ``texts``."""
        if self.next.kind != "end" and self.next.text in texts:
            self._at += 1
            return True
        return False

    def term(self, power: int = 0) -> Term:
        """A term whose operators bind at least as strongly as ``power``."""
        left = self._prefix()
        while True:
            token = self.next
            if token.kind != "symbol" or token.text not in _INFIX:
                return left
            own, _, right = _INFIX[token.text]
            if own < power:
                return left
            self._at += 1
            operator = _SAME.get(token.text, token.text)
            if operator == "<|":
                left = _applied(left, self.term(right))
            else:
                left = Term("operator", operator, (left, self.term(right)))

    def _prefix(self) -> Term:
        token = self.next
        if token.text == "if":
            return self._if()
        if token.text in ("fun", "λ"):
            return self._fun()
        if token.text == "match":
            return self._match()
        if token.text in ("let", "have"):
            return self._let()
        if token.text in ("¬", "!", "not"):
            self._at += 1
            return Term("not", "", (self.term(40 if token.text == "¬" else 90),))
        return self._application()

    def _application(self) -> Term:
        head = self.atom()
        arguments: list[Term] = []
        while self._starts_atom():
            arguments.append(self.atom())
        if self.next.text in ("fun", "λ") and arguments:
            arguments.append(self._fun())
        return Term("apply", "", (head, *arguments)) if arguments else head

    def _starts_atom(self) -> bool:
        token = self.next
        if token.line != self._floor[0] and token.column <= self._floor[1]:
            return False
        if token.kind in ("number",):
            return True
        if token.kind == "name":
            return token.text not in _STOP
        return token.text in ("(", "[", "⟨", ".", "·") and not (token.text == "." and token.tight)

    def atom(self) -> Term:
        """A term that needs no parentheses, with its projections."""
        token = self.take()
        found: Term
        if token.kind == "number":
            found = Term("number", token.text)
        elif token.kind == "name" and token.text not in _STOP:
            found = Term("hole") if token.text == "_" else Term("name", token.text)
        elif token.text == "·":
            found = Term("name", "·")
        elif token.text == ".":
            found = Term("dot", self.take().text)
        elif token.text in ("(", "⟨"):
            found = self._parenthesised(")" if token.text == "(" else "⟩")
        elif token.text == "[":
            found = Term("list", "", self._separated("]"))
        else:
            raise NotUnderstood(f"{token.text!r} in a term")
        while self.next.text == "." and self.next.tight:
            self._at += 1
            name = self.take()
            for part in name.text.split("."):
                found = Term("project", part, (found,))
        return found

    def _parenthesised(self, end: str) -> Term:
        parts = self._separated(end)
        if len(parts) == 1 and end == ")":
            return _section(parts[0])
        if not parts:
            raise NotUnderstood("an empty tuple")
        return Term("tuple", "", parts) if len(parts) > 1 else parts[0]

    def _separated(self, end: str) -> tuple[Term, ...]:
        parts: list[Term] = []
        while not self.skip(end):
            part = self.term()
            if self.skip(":"):  # a type ascription says nothing about the value
                self.term()
            parts.append(part)
            if not self.skip(",") and self.next.text != end:
                raise NotUnderstood(f"{self.next.text!r} where {end!r} was expected")
        return tuple(parts)

    def _if(self) -> Term:
        self.take("if")
        if self._tokens[self._at + 1].text == ":":
            self._at += 2
        condition = self.term()
        self.take("then")
        yes = self.term()
        self.take("else")
        return Term("if", "", (condition, yes, self.term()))

    def _fun(self) -> Term:
        self._at += 1
        patterns: list[Term] = []
        while not self.skip("=>", "↦"):
            if self.next.text == "(" and self._binder_ahead():
                patterns += self.binder()
            else:
                patterns.append(self.atom())
        return Term("fun", "", (*patterns, self.term()))

    def _binder_ahead(self) -> bool:
        ahead = self._at + 1
        while self._tokens[ahead].kind == "name":
            ahead += 1
        return self._tokens[ahead].text == ":"

    def binder(self) -> list[Term]:
        """``(x y : A)``: the names."""
        self.take("(")
        names = []
        while not self.skip(":"):
            names.append(Term("name", self.take().text))
        self.term()
        self.take(")")
        return names

    def _match(self) -> Term:
        self.take("match")
        scrutinees = [self.term()]
        while self.skip(","):
            scrutinees.append(self.term())
        self.take("with")
        return Term("match", str(len(scrutinees)), (*scrutinees, *self.arms()))

    def arms(self) -> list[Term]:
        """``| p, q => value`` lines, those in the column of the first one."""
        first = self.next
        found: list[Term] = []
        while (self.next.text == "|" and self.next.column == first.column) or (
            self.next.text == "|" and found and self.next.line == first.line
        ):
            self.take("|")
            patterns = [self.term(26)]
            while self.skip(","):
                patterns.append(self.term(26))
            self.take("=>")
            found.append(Term("arm", "", (*patterns, self.term())))
        if not found:
            raise NotUnderstood(f"{first.text!r} where a case was expected")
        return found

    def _let(self) -> Term:
        # what stands in the column of the word or left of it is no argument of the value
        floor, self._floor = self._floor, (self.next.line, self.next.column)
        self._at += 1
        pattern = self.term(26)
        if self.skip(":"):
            self.term()
        self.take(":=")
        value = self.term()
        self.skip(";")
        self._floor = floor
        return Term("let", "", (pattern, value, self.term()))


def _applied(function: Term, argument: Term) -> Term:
    if function.kind == "apply":
        return Term("apply", "", (*function.parts, argument))
    return Term("apply", "", (function, argument))


def _section(term: Term) -> Term:
    """``(· ≤ x)`` as a function."""
    count = 0

    def filled(t: Term) -> Term:
        nonlocal count
        if t.kind == "name" and t.name == "·":
            count += 1
            return Term("name", f"·{count}")
        return Term(t.kind, t.name, tuple(filled(p) for p in t.parts)) if t.parts else t

    body = filled(term)
    return Term("fun", "", (*(Term("name", f"·{i + 1}") for i in range(count)), body)) if count else term


def read_term(text: str) -> Term:
    """A whole text as one term.

    Raises:
        NotUnderstood: it is not one.
    """
    parser = Parser(text)
    found = parser.term()
    if parser.next.kind != "end":
        raise NotUnderstood(f"{parser.next.text!r} after the term")
    return found
