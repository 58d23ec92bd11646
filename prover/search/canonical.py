"""A state's text without the names that a person or a tactic chose: what near-equal states have in common.

Local names become what they are (``v:Nat`` for a variable, ``h:=`` for a fact about ``=``), numerals become ``#``.
Texts in LeanDojo's format (hypotheses, ``⊢`` and the target; goals apart by a blank line) are read so; of any other
text only the numerals are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

TOKEN = re.compile(r"[^\W\d_][\w'.!?✝₀-₉]*|\d+|[^\s\w]|_\w*")
RELATIONS = ("∀", "∃", "↔", "→", "∨", "∧", "¬", "=", "≠", "≤", "<", "≥", ">", "∣", "∈")


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal as tokens: ``hypotheses`` in the order of the context, each the tokens of its type, and the ``target``.

    ``facts`` are those of the hypotheses that say something, ``numerals`` how many numerals there were.
    """

    hypotheses: tuple[tuple[str, ...], ...]
    target: tuple[str, ...]
    facts: int
    numerals: int


def goals_of(text: str) -> tuple[Goal, ...]:
    """The goals of a state's text."""
    return tuple(_goal(part) for part in text.split("\n\n") if part.strip())


def _goal(text: str) -> Goal:
    context, mark, target = text.partition("⊢")
    if not mark:
        context, target = "", text
    lines: list[tuple[list[str], str]] = []
    for line in context.splitlines():
        if line[:1].isspace() and lines:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]} {line}")
            continue
        names, colon, kind = line.partition(" : ")
        if colon:
            lines.append((names.split(), kind))
    kinds: dict[str, str] = {}
    hypotheses: list[tuple[str, ...]] = []
    facts = numerals = 0
    for bound, kind in lines:
        tokens = TOKEN.findall(kind)
        relation = relation_of(tokens)
        fact = relation in RELATIONS
        facts += len(bound) if fact else 0
        numerals += sum(token.isdecimal() for token in tokens)
        hypotheses += [tuple(_plain(token, kinds) for token in tokens)] * len(bound)
        word = f"h:{relation}" if fact else f"v:{tokens[0] if tokens else '?'}"
        kinds |= dict.fromkeys(bound, word)
    tokens = TOKEN.findall(target)
    numerals += sum(token.isdecimal() for token in tokens)
    return Goal(tuple(hypotheses), tuple(_plain(token, kinds) for token in tokens), facts, numerals)


def _plain(token: str, kinds: dict[str, str]) -> str:
    if token.isdecimal():
        return "#"
    known = kinds.get(token)
    if known is None and "." in token:
        # `h.left` and the like: the name before the first dot may be a local one.
        head, _, rest = token.partition(".")
        known = f"{kinds[head]}.{rest}" if head in kinds else None
    return token if known is None else known


def relation_of(tokens: Sequence[str]) -> str:
    """The loosest relation of a formula, as far as tokens tell; its first token where there is none."""
    for mark in RELATIONS:
        if mark in tokens:
            return mark
    return tokens[0] if tokens else ""
