"""Folds with an accumulator: ``List.foldl`` from a value ``a`` is ``a`` together with the fold from the unit. Loops of
``do`` notation become such folds.

An induction over the list meets ``foldl f (f 0 x) xs`` where its hypothesis speaks of ``foldl f 0 xs``. With
``∀ l a, foldl f a l = a + foldl f 0 l`` as a fact, the induction goes through. Which operation stands for ``+`` is read
off what the folded function does; Lean proves the law by induction, or the step fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.reading import Reader, Suggestion, written_name

_FOLD = "List.foldl"
_OPENING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}
_LAWS = (
    ("max", "0", "max {a} ({s})"),
    ("||", "false", "({a} || {s})"),
    ("&&", "true", "({a} && {s})"),
    ("::", "[]", "{s} ++ {a}"),
    ("++", "[]", "{a} ++ {s}"),
    ("*", "1", "{a} * {s}"),
    ("+", "0", "{a} + {s}"),
    ("-", "0", "{a} + {s}"),
    ("if", "0", "max {a} ({s})"),
)
"""What occurs in the function, the unit, and the fold from ``a`` by ``s``, the fold from the unit."""

_MOST_STEPS = 4
_WALL_MS = 6_000


@dataclass(frozen=True, slots=True)
class Fold:
    """``List.foldl function start items``, each as it is written."""

    function: str
    start: str
    items: str


def folds(goal: Reader) -> Iterator[Suggestion]:
    """The rules of this module."""
    if "Array.foldl" in goal.goal.target:
        yield Suggestion("simp only [← Array.foldl_toList]", 0.4)
    looping = [name for name in goal.definitions if _is_loop(name, goal.header)]
    if looping:
        # Loops become folds where both branches of an `if` go on with the loop.
        branches = "← apply_ite pure, ← apply_ite ForInStep.yield"
        yield Suggestion(f"simp [{', '.join(map(written_name, looping))}, {branches}]", 0.5)
    folding = [name for name in goal.definitions if _is_fold(name, goal.header)]
    if folding:
        yield Suggestion(f"simp only [{', '.join(map(written_name, folding))}]", 0.45)
    laws = (law for fold in dict.fromkeys(read_folds(goal.text)) for law in _laws(goal, fold))
    yield from islice(laws, _MOST_STEPS)


def _is_fold(name: str, header: str) -> bool:
    """Whether the header defines a function by a fold, without recursion of its own."""
    return "foldl" in _body(name, header)


def _is_loop(name: str, header: str) -> bool:
    """Whether the header defines a function by a loop of ``do`` notation."""
    return re.search(r"\bfor [^\n]* in [^\n]* do\b", _body(name, header)) is not None


def _body(name: str, header: str) -> str:
    """The definition of a function as it is written, without its name; empty where there is none to read."""
    short = re.escape(name.rpartition(".")[2])
    definition = re.search(rf"^def (?:[\w.]+\.)?{short}\b(?P<body>(?:(?!^\S).)*)", header, re.M | re.S)
    return definition["body"] if definition else ""


def _laws(goal: Reader, fold: Fold) -> Iterator[Suggestion]:
    known = f"{_FOLD} {fold.function} "
    if any(fact.type.startswith("∀") and known in fact.type for fact in goal.facts):
        return
    name = goal.fresh("hacc")
    for sign, unit, law in _LAWS:
        if sign not in fold.function:
            continue
        whole = f"{_FOLD} {fold.function} {fold.start} {fold.items}"
        together = law.format(a="a", s=f"{_FOLD} {fold.function} {unit} l")
        have = (
            f"have {name} : ∀ (l : type_of% ({fold.items})) (a : type_of% ({whole})),\n"
            f"     {_FOLD} {fold.function} a l = {together} := by\n"
            f"   intro l\n   induction l with\n   | nil => first | (simp; done) | grind\n   | cons x l ih => grind"
        )
        grind = f"grind{goal.unfolding()}"
        lists = [v.name for v in goal.variables if goal.mentions(v.name, fold.items)]
        ways = [f"(induction {name} <;> {grind})" for name in lists]
        ways.insert(len(ways) if lists == [fold.items] else 0, grind)
        yield Suggestion(f"({have}\n first | {' | '.join(ways)})", 0.45, 2 * QUICK, _WALL_MS)
        yield Suggestion(f"({have})", 0.25, QUICK)


def read_folds(text: str) -> Iterator[Fold]:
    """The folds of ``text`` that have all their arguments, from the left."""
    position = text.find(_FOLD)
    while position >= 0:
        end = position + len(_FOLD)
        arguments: list[str] = []
        while len(arguments) < 3 and (argument := _argument(text, end)) is not None:
            arguments.append(" ".join(argument[0].split()))
            end = argument[1]
        if len(arguments) == 3 and text[position - 1 : position] != ".":
            yield Fold(*arguments)
        position = text.find(_FOLD, position + 1)


def _argument(text: str, position: int) -> tuple[str, int] | None:
    """The argument that begins after blanks at ``position``, and where it ends; None where there is none."""
    begin = position
    while text[begin : begin + 1].isspace():
        begin += 1
    if begin == position:
        return None
    closing: list[str] = []
    for end in range(begin, len(text)):
        character = text[end]
        if character in _OPENING:
            closing.append(_OPENING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif not closing and (character.isspace() or character in ")]}⟩,"):
            break
    else:
        end = len(text)
    return (text[begin:end], end) if end > begin and not closing else None
