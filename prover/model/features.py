"""What the ranker reads of a state and of a candidate: hashed features, the same in training and in search.

Local names are replaced by what they are (``v:Nat`` for a variable, ``h:Eq`` for a fact), so that what was learned of
``induction n`` holds for every ``n``; a constant of the goal in a tactic, as in ``simp [f]``, is ``G``. Lemma names are
also read by their parts: ``List.length_append`` fits a goal with ``length`` and ``++`` in it.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np

from prover.search.canonical import relation_of

TOKEN = re.compile(r"[^\W\d_][\w'.!?✝₀-₉]*|\d+|[^\s\w]")
PART = re.compile(r"[A-Za-z]+")
STATE_ROWS, ACTION_ROWS, CROSS_ROWS = 1 << 14, 1 << 13, 1 << 16
"""Rows of the three tables that features are hashed into."""

STATE_WIDTH, ACTION_WIDTH, CROSS_WIDTH = 160, 40, 48
"""The most features of each kind that are read; the rest is cut off."""

DENSE = 14
"""Numbers besides the hashed features; see :func:`_dense`."""

_SYMBOLS = {"+": "add", "*": "mul", "-": "sub", "/": "div", "%": "mod", "^": "pow", "∣": "dvd", "≤": "le", "<": "lt",
            "∧": "and", "∨": "or", "¬": "not", "↔": "iff", "→": "imp", "∃": "exists", "∀": "forall", "≠": "ne",
            "∈": "mem", "∘": "comp", "∅": "empty", "&": "and", "|": "or"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StateFeatures:
    """Hashed features of the first goal; ``crossed`` are the hashes that are paired with the candidate's."""

    rows: np.ndarray
    crossed: np.ndarray
    kinds: dict[str, str]
    constants: frozenset[str]
    parts: frozenset[str]
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Features of candidates for one state: ``actions`` and ``crosses`` are rows of their tables, padded with -1, of
    shape (candidates, width); ``dense`` has shape (candidates, DENSE); ``templates`` are the tactics without names.
    """

    state: np.ndarray
    actions: np.ndarray
    crosses: np.ndarray
    dense: np.ndarray
    templates: tuple[str, ...]


_LIBRARY_NAME = re.compile(r"(?<![\w.])[A-Z][\w'!?₀-₉]*(?:\.[\w'!?₀-₉]+)+")
"""A name of several parts, the first with a capital letter; what is written after a dot behind a variable is none."""


_DECLARED = re.compile(
    r"\b(?:def|abbrev|theorem|lemma|inductive|structure|class|namespace|opaque|axiom)\s+([\w'!?₀-₉]+)"
)


def library_names(text: str, header: str) -> set[str]:
    """The names of several parts in a state's text that begin with none that the problem's ``header`` declares: the
    library's."""
    own = _declared(header)
    return {name for name in _LIBRARY_NAME.findall(text) if name.partition(".")[0] not in own}


@lru_cache(maxsize=8)
def _declared(header: str) -> frozenset[str]:
    """First parts of the names that a header declares; asked for every state of a search, and some headers are long."""
    return frozenset(_DECLARED.findall(header))


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())


def read_state(text: str, goals: int, size: int) -> StateFeatures:
    """The features of a state's text (LeanDojo's format), of its first goal, for that is where tactics act."""
    first = text.split("\n\n", 1)[0]
    context_text, _, target = first.partition("⊢ ")
    context = _read_context(context_text)
    kinds, body = context.kinds, context.body
    written = TOKEN.findall(target)
    goal = [kinds.get(t, t) for t in written[:120]]
    relation = relation_of(goal)
    shape = [f"r {relation}", f"f {goal[0] if goal else ''}"]
    found = [f"t {t}" for t in goal]
    found += [f"b {a} {b}" for a, b in pairwise(goal)]
    found += [f"h {kinds.get(t, t)}" for t in body[:80]]
    found += [*shape, f"g {min(goals, 5)}", f"n {min(context.lines, 12)}"]
    unique = list(dict.fromkeys(found))[:STATE_WIDTH]
    crossing = list(dict.fromkeys([*shape, *(f"t {t}" for t in goal)]))
    crossing += [f"h {t}" for t in dict.fromkeys(kinds.values())]
    constants = frozenset(t for t in [*written, *body] if t[0].isalpha() and t not in kinds)
    parts = frozenset(p.lower() for t in [*goal, *body] for p in _parts(t))
    numbers = (
        math.log1p(size), float(goals), float(context.lines), float(context.facts), float(relation == "="),
        math.log1p(len(goal)), float("∀" in goal or "→" in goal),
    )  # fmt: skip
    return StateFeatures(
        np.array([_hash(f) % STATE_ROWS for f in unique], dtype=np.int64),
        np.array([_hash(f) for f in crossing[:CROSS_WIDTH]], dtype=np.uint64),
        kinds, constants, parts, numbers,
    )  # fmt: skip


@dataclass(slots=True)
class _Context:
    """The hypotheses of a goal: ``kinds`` are what the names stand for, ``body`` the tokens of the types, ``lines`` how
    many lines name something, ``facts`` how many of them say something."""

    kinds: dict[str, str] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    lines: int = 0
    facts: int = 0


def _read_context(text: str) -> _Context:
    found = _Context()
    for line in text.splitlines():
        names, colon, type_ = line.partition(" : ")
        if not colon or line[:1].isspace():
            found.body += TOKEN.findall(line)[:40]
            continue
        tokens = TOKEN.findall(type_)
        fact = _is_fact(tokens)
        kind = f"h:{relation_of(tokens)}" if fact else f"v:{tokens[0] if tokens else '?'}"
        found.kinds |= dict.fromkeys(names.split(), kind)
        found.body += tokens[:40]
        found.lines += 1
        found.facts += fact
    return found


def _is_fact(tokens: Sequence[str]) -> bool:
    return any(t in ("=", "≤", "<", "∈", "¬", "∧", "∨", "↔", "≠", "∣", "∃", "≥", ">") for t in tokens)


def _parts(token: str) -> list[str]:
    return [_SYMBOLS[token]] if token in _SYMBOLS else PART.findall(token)


def read_actions(state: StateFeatures, actions: Sequence[str], costs: Sequence[float]) -> Batch:
    """The features of candidates; ``costs`` are what their proposers think of them, in nats."""
    rows = np.full((len(actions), ACTION_WIDTH), -1, dtype=np.int64)
    crosses = np.full((len(actions), 2 * CROSS_WIDTH), -1, dtype=np.int64)
    dense = np.zeros((len(actions), DENSE), dtype=np.float32)
    width = len(state.crossed)
    templates: list[str] = []
    for i, (action, cost) in enumerate(zip(actions, costs, strict=True)):
        raw = TOKEN.findall(action)[:60]
        tokens = [raw[0], *(_kind(t, state) for t in raw[1:])] if raw else []
        template = _template(tokens)
        templates.append(template)
        found = [f"t {t}" for t in tokens] + [f"b {a} {b}" for a, b in pairwise(tokens)]
        found = [f"T {template}", f"w {tokens[0] if tokens else ''}", *found]
        names = [t for t in tokens[1:] if "." in t or "_" in t]
        unique = list(dict.fromkeys(found))[:ACTION_WIDTH]
        rows[i, : len(unique)] = [_hash(f) % ACTION_ROWS for f in unique]
        for at, key in enumerate((template, " ".join(tokens[:4]))):
            mixed = state.crossed * np.uint64(0x9E3779B1) + np.uint64(_hash(key)) * np.uint64(0x85EBCA77)
            crossed = (mixed >> np.uint64(7)) % np.uint64(CROSS_ROWS)
            crosses[i, at * width : (at + 1) * width] = crossed.astype(np.int64)
        dense[i] = _dense(state, action, names, cost)
    return Batch(state.rows, rows, crosses, dense, tuple(templates))


def _kind(token: str, state: StateFeatures) -> str:
    known = state.kinds.get(token)
    if known is not None:
        return known
    return "G" if token in state.constants else token


def _template(tokens: Sequence[str]) -> str:
    """The tactic without its names: ``L`` for a lemma, and a list of one kind of thing once."""
    found: list[str] = []
    for token in tokens:
        lemma = token[:1].isalpha() and ":" not in token and ("." in token or "_" in token)
        shape = "L" if lemma and found else token
        if len(found) > 1 and found[-1] == "," and found[-2] == shape:
            found.pop()
        else:
            found.append(shape)
        if len(found) == 14:
            break
    return " ".join(found)


def _dense(state: StateFeatures, action: str, names: Sequence[str], cost: float) -> list[float]:
    parts = {p.lower() for name in names for p in PART.findall(name.split(".", 1)[-1])}
    shared = len(parts & state.parts)
    return [
        min(cost, 8.0), math.log1p(len(action)), float(len(names)), float(shared), shared / max(len(parts), 1),
        float("\n" in action), float("<;>" in action), *state.numbers,
    ]  # fmt: skip
