"""Tokens of the part of Lean that defines functions by recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass


class NotUnderstood(Exception):
    """The text uses something that is not read here; whatever depends on it is left out."""


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is ``name``, ``number``, ``symbol`` or ``end``; ``tight`` says that no space comes before it."""

    kind: str
    text: str
    line: int
    column: int
    tight: bool


_TOKEN = re.compile(
    r"(?P<number>\d+)"
    r"|(?P<name>[^\W\d][\w'!?₀-₉]*(?:\.[^\W\d][\w'!?₀-₉]*)*)"
    r"|(?P<symbol>::|\+\+|:=|=>|->|==|!=|<=|>=|&&|\|\||\|>\.|<\||//|[()\[\]{}⟨⟩,;:=|<>+*/%^!.\-$·λ→←↦×≤≥≠∈∉∧∨¬↔∀∃@])"
)
_COMMENT = re.compile(r"/-.*?-/|--[^\n]*", re.S)


def tokens(text: str) -> list[Token]:
    """All tokens and a last one of kind ``end``.

    Raises:
        NotUnderstood: a character that no definition here has (a string, a backtick, ...).
    """
    plain = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found: list[Token] = []
    position, line, start, tight = 0, 0, 0, False
    while position < len(plain):
        character = plain[position]
        if character.isspace():
            if character == "\n":
                line, start = line + 1, position + 1
            position, tight = position + 1, False
            continue
        match = _TOKEN.match(plain, position)
        if match is None:
            raise NotUnderstood(f"the character {character!r}")
        found.append(Token(match.lastgroup or "", match[0], line, position - start, tight))
        position, tight = match.end(), True
    found.append(Token("end", "", line + 1, 0, False))
    return found
