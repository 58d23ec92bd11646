"""Propositions in the prefix notation of ``lean_project/ProofServer/Terms.lean``: reading and matching.

A :class:`Term` is read from its text. A :class:`PatternTree` is a discrimination tree (McCune 1992): it finds, of
many patterns with variables, those that have a given term as an instance, up to what the notation leaves out
(instances, implicit arguments, unfolding). So what it finds may still fail in Lean, and what it does not find
may still work there up to computation; it is a filter, not a judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ANY = "?"
"""In a pattern: matches any term and remembers nothing."""

_SWAPPED = {"GT.gt/3": "LT.lt/3", "GE.ge/3": "LE.le/3"}
_FLAT = frozenset({"_", "…"})


def arity(token: str) -> int:
    """How many terms follow a token."""
    _, slash, number = token.rpartition("/")
    return int(number) if slash and number.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Term:
    """A term as its tokens; ``ends[i]`` is where the subterm that begins at ``i`` ends.

    A subterm is named by the position of its first token; the whole term is at 0.
    """

    tokens: tuple[str, ...]
    ends: tuple[int, ...]

    @classmethod
    def read(cls, text: str) -> Term | None:
        """The term that ``text`` writes; None where it is not one (a name with blanks in it, say)."""
        tokens = text.split()
        if not tokens:
            return None
        ends = [0] * len(tokens)
        # From the right: the subterms that begin after a position are known when it is read.
        for position in range(len(tokens) - 1, -1, -1):
            end = position + 1
            for _ in range(arity(tokens[position])):
                if end >= len(tokens):
                    return None
                end = ends[end]
            ends[position] = end
        if ends[0] != len(tokens):
            return None
        return cls(tuple(tokens), tuple(ends))

    def arguments(self, position: int = 0) -> list[int]:
        """The positions of the terms that the token at ``position`` takes."""
        found: list[int] = []
        at, end = position + 1, self.ends[position]
        while at < end:
            found.append(at)
            at = self.ends[at]
        return found

    def part(self, position: int) -> tuple[str, ...]:
        """The tokens of a subterm: equal terms have equal tokens."""
        return self.tokens[position : self.ends[position]]

    def subterms(self) -> Iterator[int]:
        """Positions of distinct subterms that a pattern could match: applications and constants, outermost
        first."""
        seen: set[tuple[str, ...]] = set()
        for position, token in enumerate(self.tokens):
            if token[0] in "'#?_…@0123456789" or token.startswith(("λ/", "∀", "→/")):
                continue
            part = self.part(position)
            if part not in seen:
                seen.add(part)
                yield position


def relation(term: Term, position: int = 0) -> tuple[str, list[int]]:
    """The relation at ``position`` and its arguments' positions, ``>`` and ``≥`` turned around."""
    token, arguments = term.tokens[position], term.arguments(position)
    if token in _SWAPPED:
        kind, left, right = arguments
        return _SWAPPED[token], [kind, right, left]
    return token, arguments


def pattern(term: Term, position: int = 0) -> tuple[str, ...]:
    """A subterm as a pattern: what cannot be matched token by token becomes :data:`ANY`.

    That are functions given as arguments (an instance may be computed on) and variables that are applied.
    """
    found: list[str] = []
    at, end = position, term.ends[position]
    while at < end:
        token = term.tokens[at]
        if token in _FLAT or token.startswith("λ/") or (token.startswith("@/") and term.tokens[at + 1].startswith("?")):
            found.append(ANY)
            at = term.ends[at]
        else:
            found.append(token)
            at += 1
    return tuple(found)


class _Node:
    """A place in the tree: where constants and variables lead, and the patterns that end here."""

    __slots__ = ("constants", "numbers", "variables")

    def __init__(self) -> None:
        self.constants: dict[str, _Node] = {}
        self.variables: dict[str, _Node] = {}
        self.numbers: list[int] = []


class PatternTree:
    """Patterns by their tokens, each with a number; finds those that a term is an instance of."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, tokens: tuple[str, ...], number: int) -> None:
        """Adds a pattern; tokens that begin with ``?`` are its variables."""
        node = self._root
        for token in tokens:
            below = node.variables if token.startswith(ANY) else node.constants
            if token not in below:
                below[token] = _Node()
            node = below[token]
        node.numbers.append(number)

    def match(self, term: Term, position: int = 0) -> list[int]:
        """The numbers of the patterns that the subterm at ``position`` is an instance of.

        A variable that a pattern has twice must stand for the same term at both places.
        """
        found: list[int] = []
        _walk(self._root, term, position, term.ends[position], {}, found)
        return found


def _walk(node: _Node, term: Term, at: int, end: int, bound: dict[str, tuple[str, ...]], found: list[int]) -> None:
    if at == end:
        found.extend(node.numbers)
        return
    token = term.tokens[at]
    child = node.constants.get(token)
    if child is not None and token not in _FLAT:
        _walk(child, term, at + 1, end, bound, found)
    for variable, below in node.variables.items():
        if variable == ANY:
            _walk(below, term, term.ends[at], end, bound, found)
            continue
        part = term.part(at)
        known = bound.setdefault(variable, part)
        if known == part:
            _walk(below, term, term.ends[at], end, {**bound}, found)
        if known is part:
            del bound[variable]
