"""From the tactics along a path of the search to a proof a person would write.

Each step of the search acts on the first goal alone. So the number of goals before and after each
step gives the tree of the proof: a step that leaves several goals is followed by one ``·`` block
for each. Where the counts do not fit a tree (a step solved a sibling too, through a shared
metavariable), or Lean rejects the tree, the flat forms say the same without structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

INDENT = "  "


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A tactic with the number of goals in the whole state before and after it."""

    tactic: str
    before: int
    after: int

    @property
    def opened(self) -> int:
        """Goals that the first goal turned into; negative if a sibling was solved along with it."""
        return self.after - (self.before - 1)


@dataclass(slots=True)
class _Node:
    """A tactic and what proves the goals it leaves, in order."""

    tactic: str
    children: list[_Node] = field(default_factory=list)


def renderings(steps: Sequence[ScriptStep]) -> Iterator[str]:
    """Scripts that mean the same, the most readable first, each once."""
    seen: set[str] = set()
    for script in (structured(steps), flat(steps), focused(steps)):
        if script is not None and script not in seen:
            seen.add(script)
            yield script


def structured(steps: Sequence[ScriptStep]) -> str | None:
    """The proof as nested ``·`` blocks, or None where the counts do not make a finished tree."""
    root = _tree(steps)
    if root is None:
        return None
    lines: list[str] = []
    # (node, indentation, bullet): a stack instead of recursion, for proofs may be deep.
    todo: list[tuple[_Node, int, bool]] = [(root, 0, False)]
    while todo:
        node, depth, bullet = todo.pop()
        lines.append(_place(node.tactic, depth, bullet))
        inner = depth + 1 if bullet else depth
        single = len(node.children) == 1
        todo += [(child, inner, not single) for child in reversed(node.children)]
    return "\n".join(lines)


def flat(steps: Sequence[ScriptStep]) -> str:
    """One tactic after the other, without structure."""
    return "\n".join(_place(step.tactic, 0, False) for step in steps)


def focused(steps: Sequence[ScriptStep]) -> str:
    """Flat, but each tactic sees the first goal only, as in the search (``all_goals`` and the like
    would otherwise see more)."""
    lines = []
    for step in steps:
        if step.before > 1:
            lines += ["focus", _place(step.tactic, 1, False)]
        else:
            lines.append(_place(step.tactic, 0, False))
    return "\n".join(lines)


def indented(text: str, prefix: str) -> str:
    """``text`` with ``prefix`` before each line but the empty ones and those inside a string."""
    inside = _lines_inside_strings(text)
    return "\n".join(
        line if not line.strip() or number in inside else prefix + line for number, line in enumerate(text.split("\n"))
    )


def _tree(steps: Sequence[ScriptStep]) -> _Node | None:
    """The proof tree, or None if some goal is left or some step does not fit."""
    root: _Node | None = None
    waiting: list[_Node | None] = [None]  # for each open goal, last is first: whose child it will be
    for step in steps:
        if not waiting or step.opened < 0:
            return None
        parent = waiting.pop()
        node = _Node(step.tactic)
        if parent is None:
            root = node
        else:
            parent.children.append(node)
        waiting += [node] * step.opened
        if len(waiting) != step.after:
            return None
    return root if not waiting else None


def _place(tactic: str, depth: int, bullet: bool) -> str:
    """A tactic at a depth; behind a bullet its further lines stand below its first character."""
    tactic = tactic.strip("\n").rstrip()
    if not bullet:
        return indented(tactic, INDENT * depth)
    body = indented(tactic, INDENT * (depth + 1))
    return INDENT * depth + "· " + body.removeprefix(INDENT * (depth + 1))


_TOKEN = re.compile(
    r"""
      --[^\n]*                                   # line comment
    | /-(?:[^-]|-(?!/))*-/                       # block comment (nesting hardly matters here)
    | r(?P<hashes>\#*)"(?:.|\n)*?"(?P=hashes)    # raw string
    | "(?:[^"\\]|\\.|\\\n)*"                     # string, interpolated ones as well
    | '(?:[^'\\\n]|\\[^\n]+?)'                   # character
    """,
    re.VERBOSE,
)


def _lines_inside_strings(text: str) -> set[int]:
    """Numbers (from 0) of the lines that begin inside a string literal."""
    if '"' not in text or "\n" not in text:
        return set()
    inside: set[int] = set()
    for match in _TOKEN.finditer(text):
        if match[0].startswith(('"', "r")):
            first = text.count("\n", 0, match.start())
            inside.update(range(first + 1, first + 1 + match[0].count("\n")))
    return inside
