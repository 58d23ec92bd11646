"""A goal as the rules read it, and the suggestions they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from prover.lean.protocol import ApplicationView, GoalView, HypothesisView

_IDENTIFIER = re.compile(r"[^\W\d][\w'.!?₀-₉]*")

ARITHMETIC = frozenset(
    {
        *("HAdd.hAdd", "HSub.hSub", "HMul.hMul", "HDiv.hDiv", "HMod.hMod", "HPow.hPow", "Dvd.dvd"),
        *("LE.le", "LT.lt", "GE.ge", "GT.gt", "Min.min", "Max.max"),
        *("Nat", "Int", "Nat.succ", "Nat.sub", "Nat.add"),
    }
)


_MUTUAL = re.compile(r"^mutual\b(.*?)^end\b", re.S | re.M)
_DEFINED = re.compile(r"\bdef\s+([^\s:({\[]+)")


_PREDICATE = re.compile(
    r"^inductive\s+([^\s:({\[]+)([^|]*?→\s*Prop\b[^|]*)((?:\|.*?)?)(?=^[^\s|]|\Z)", re.S | re.M
)
_CASE = re.compile(r"\|\s*([^\W\d][\w']*)")

_EXPORTED = frozenset({"insert", "singleton", "max", "min", "default", "pure", "bind", "decide", "get", "set"})
"""Names that the core library also has without a prefix: a function of the user's with such a name is ambiguous."""


def written_name(function: str) -> str:
    """The name of a user's function as a list of lemmas can hold it."""
    return f"_root_.{function}" if function in _EXPORTED else function


_MODULUS = re.compile(r"% (\d+)|(?<![\w.])(\d+) ∣")
_LINEAR = re.compile(r"^(?:(\d+) \* )?([^\W\d][\w₀-₉']*)(?: \+ (\d+))?$")


def moduli(text: str, largest: int) -> list[int]:
    """The numerals from 2 to ``largest`` modulo which the text speaks, the smallest first."""
    found = {int(a or b) for a, b in _MODULUS.findall(text)}
    return sorted(m for m in found if 2 <= m <= largest)


def linear(text: str) -> tuple[int, str, int] | None:
    """(a, v, b) for ``a * v + b``."""
    match = _LINEAR.match(text)
    return (int(match[1] or 1), match[2], int(match[3] or 0)) if match else None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tactic with a preference in (0, 1]; ``heartbeats`` (thousands) and ``wall_ms`` limit it."""

    tactic: str
    score: float
    heartbeats: int | None = None
    wall_ms: int | None = None


class Reader:
    """One goal with the questions that rules ask of it; answers are computed at first use."""

    def __init__(self, goal: GoalView, header: str = "") -> None:
        """``header`` is the problem's: it tells which functions are mutually recursive, which the
        goal does not show (the partners are compiled into one another)."""
        self.goal = goal
        self.header = header
        self._predicates = {m[1]: _CASE.findall(m[3]) for m in _PREDICATE.finditer(header)}
        self.mutual = [frozenset(_DEFINED.findall(block)) for block in _MUTUAL.findall(header)]

    @cached_property
    def shadowed(self) -> frozenset[int]:
        """Positions of hypotheses that cannot be written: inaccessible or shadowed by a later one."""
        later: set[str] = set()
        hidden: set[int] = set()
        for position in range(len(self.goal.hypotheses) - 1, -1, -1):
            hypothesis = self.goal.hypotheses[position]
            if not hypothesis.accessible or hypothesis.name in later:
                hidden.add(position)
            later.add(hypothesis.name)
        return frozenset(hidden)

    @cached_property
    def hypotheses(self) -> list[HypothesisView]:
        """Hypotheses that can be written, in order."""
        return [h for i, h in enumerate(self.goal.hypotheses) if i not in self.shadowed]

    @cached_property
    def facts(self) -> list[HypothesisView]:
        """Proofs of propositions."""
        return [h for h in self.hypotheses if h.is_prop]

    @cached_property
    def variables(self) -> list[HypothesisView]:
        """Neither proofs nor types nor instances."""
        return [h for h in self.hypotheses if not (h.is_prop or h.is_type or h.is_instance)]

    @cached_property
    def numbers(self) -> list[HypothesisView]:
        """Variables of type Nat or Int."""
        return [h for h in self.variables if h.type in ("Nat", "Int", "ℕ", "ℤ")]

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name in the context, so that fresh ones can be made."""
        return frozenset(h.name for h in self.goal.hypotheses)

    def variable(self, name: str) -> HypothesisView:
        """The variable of that name.

        Raises:
            StopIteration: there is none.
        """
        return next(v for v in self.variables if v.name == name)

    def fresh(self, base: str, taken: Iterable[str] = ()) -> str:
        """``base``, or ``base`` with the first number that makes it new."""
        used = self.names.union(taken)
        base = base or "x"
        name, number = base, 0
        while name in used:
            number += 1
            name = f"{base}{number}"
        return name

    @cached_property
    def in_induction(self) -> bool:
        """Whether the context has an induction hypothesis (they are named so)."""
        return any("ih" in f.name for f in self.goal.hypotheses if f.is_prop)

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Constants in the target and the facts."""
        return frozenset(self.goal.symbols).union(*(h.symbols for h in self.facts))

    @cached_property
    def text(self) -> str:
        """The target and the facts, one a line."""
        return "\n".join([self.goal.target, *(f.type for f in self.facts)])

    @cached_property
    def is_arithmetic(self) -> bool:
        """Whether arithmetic on numbers occurs at all."""
        return not ARITHMETIC.isdisjoint(self.symbols) or any(h.head == "Eq" for h in self.facts)

    @cached_property
    def definitions(self) -> list[str]:
        """The user's functions that the goal depends on."""
        found = dict.fromkeys(self.goal.definitions)
        for block in self.mutual:
            if not block.isdisjoint(found):
                found.update(dict.fromkeys(sorted(block)))
        return list(found)

    @cached_property
    def predicates(self) -> list[str]:
        """The header's inductive predicates that the goal speaks of."""
        return [name for name in self._predicates if name in self.symbols]

    @cached_property
    def clauses(self) -> list[str]:
        """The constructors of those predicates."""
        return [f"{name}.{case}" for name in self.predicates for case in self._predicates[name]]

    def is_mutual(self, function: str) -> bool:
        """Whether ``function`` is defined together with others (no functional induction then)."""
        return any(function in block for block in self.mutual)

    def unfolding(self, *more: str) -> str:
        """The bracketed list of the user's definitions and lemmas for ``simp`` or ``grind``; empty for none."""
        # a predicate's recursor says nothing, and with it in the list ``grind`` fails at once
        theorems = [t for t in self.goal.theorems if not t.endswith((".brecOn", ".recOn", ".casesOn", ".below"))]
        items = list(dict.fromkeys([*map(written_name, self.definitions), *self.clauses, *theorems, *more]))
        return f" [{', '.join(items)}]" if items else ""

    @cached_property
    def splittable(self) -> list[str]:
        """``cases T`` for each recursive type of a variable and each inductive predicate: ``grind`` splits on it."""
        types = dict.fromkeys(
            v.inductive
            for v in self.goal.hypotheses
            if v.recursive and not v.is_prop and v.inductive != "Nat"
        )
        return [f"cases {t}" for t in (*types, *self.predicates) if t]

    def applications(self, *kinds: str, local: bool | None = None) -> Iterator[ApplicationView]:
        """Applications of those kinds, those in the target first."""
        for in_target in (True, False):
            for a in self.goal.applications:
                if a.kind in kinds and (a.where == "") == in_target and local in (None, a.is_local):
                    yield a

    def mentions(self, name: str, text: str | None = None) -> bool:
        """Whether ``name`` occurs as an identifier in ``text`` (the target if none is given)."""
        return name in identifiers(self.goal.target if text is None else text)


def identifiers(text: str) -> set[str]:
    """Identifiers in Lean text; ``xs.length`` gives ``xs.length`` and ``xs``."""
    found: set[str] = set()
    for match in _IDENTIFIER.findall(text):
        found.add(match)
        found.add(match.split(".", 1)[0])
    return found


def put(text: str, name: str, replacement: str) -> str:
    """``text`` with the identifier ``name`` replaced."""
    return re.sub(rf"(?<![\w.']){re.escape(name)}(?![\w'])", replacement, text)
