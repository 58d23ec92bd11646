"""Lean's text of terms as tokens."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"\s+|\d+(?![\w.])|[^\W\d][\w'!?✝¹²³]*(?:\.[^\W\d][\w'!?]*)*|\.[^\W\d][\w']*|&&|\|\||==|!=|[-+*/%^∣=≠<≤>≥∧∨→↔¬!∀∃(),:↑]"
)


class NotUnderstood(ValueError):
    """The text says something beyond Nat, Int, Bool and connectives, or its types stay open."""


def tokens(text: str) -> list[str]:
    """The tokens of ``text``.

    Raises:
        NotUnderstood: a character that no term we know has.
    """
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotUnderstood(f"unexpected {text[position]!r}")
        if not match[0].isspace():
            found.append(match[0])
        position = match.end()
    return found


def identifier(token: str, dotted: bool = False) -> str:
    """``token``, which must be a name, with dots only if they are allowed.

    Raises:
        NotUnderstood: it is none.
    """
    if not (token[0].isalpha() or token[0] == "_") or token in ("then", "else", "if", "fun", "let", "match"):
        raise NotUnderstood(f"unexpected {token!r}")
    if "." in token and not dotted:
        raise NotUnderstood(f"unexpected {token!r}")
    return token
