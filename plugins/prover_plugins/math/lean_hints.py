"""A math solution as hints for the proof of a Lean statement.

Only integer polynomials are translated, with the names of the problem, which the Lean statement should share. The
hints are tactics like any other: Lean decides whether they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prover.errors import BadInput
from prover_plugins.math.tasks import Relation, alternatives_of
from prover_plugins.math.text import Node, integer, parse

_FINISH = "first | omega | grind"
_MOST = 12


def hints(statement: str, trace: Sequence[tuple[str, str]]) -> list[str]:
    """Tactics for ``statement`` from the states and moves of a solution, without repetition."""
    zero = "Nat" if re.search(r":\s*(Nat|ℕ)\b", statement) and not re.search(r":\s*(Int|ℤ)\b", statement) else "Int"
    found: dict[str, None] = {}
    texts = [text for text, _ in trace]
    for text, action in trace:
        for hint in _from_state(text, zero):
            found.setdefault(hint)
        if action.startswith("answer "):
            for hint in _from_answer(action.removeprefix("answer "), texts[0]):
                found.setdefault(hint)
    return list(found)[:_MOST]


def _from_state(text: str, kind: str) -> Iterator[str]:
    """An equation with product zero splits into cases; every other equation is a fact to have."""
    try:
        cases = alternatives_of(text)
    except BadInput:
        return
    if len(cases) != 1:
        split = [_equation(case[0]) for case in cases if len(case) == 1]
        if len(split) == len(cases) and all(split):
            claim = " ∨ ".join(str(part) for part in split)
            pattern = " | ".join(["hm"] * len(split))
            yield f"(have hm : {claim} := by {_FINISH}\n rcases hm with {pattern} <;> {_FINISH})"
        return
    for relation in cases[0]:
        equation = _equation(relation)
        if equation is None:
            continue
        factors = _product(relation.left) if integer(relation.right) == 0 else []
        if len(factors) > 1:
            pattern = "hm"
            for _ in factors[2:]:
                pattern = f"({pattern} | hm)"
            yield (
                f"(have hm : {equation} := by grind\n simp only [{kind}.mul_eq_zero] at hm\n"
                f" rcases hm with {pattern} | hm <;> {_FINISH})"
            )
        else:
            yield f"have hm : {equation} := by {_FINISH}"


def _from_answer(answer: str, problem: str) -> Iterator[str]:
    """Witnesses for ``∃``; the equation that an answer to an expression states."""
    match = re.fullmatch(r"\{(.*)\}", answer.strip())
    if match:
        for point in re.findall(r"\(([^()]*)\)", match[1]) or match[1].split(","):
            values = [_value(part) for part in point.split(",")]
            if all(values):
                yield f"exact ⟨{', '.join(str(v) for v in values)}, by first | decide | omega | grind⟩"
        return
    try:
        left, right = lean(parse(problem)), lean(parse(answer))
    except BadInput:
        return
    if left and right:
        yield f"(have hm : {left} = {right} := by grind\n first | exact hm | omega | grind)"


def _value(text: str) -> str | None:
    try:
        value = integer(parse(text))
    except BadInput:
        return None
    return None if value is None else f"({value})" if value < 0 else str(value)


def _equation(relation: Relation) -> str | None:
    left, right = lean(relation.left), lean(relation.right)
    return f"{left} = {right}" if relation.kind == "=" and left and right else None


def _product(node: Node) -> list[Node]:
    if node.kind == "*":
        return [factor for argument in node.arguments for factor in _product(argument)]
    return [node] if node.symbols() else []


def lean(node: Node) -> str | None:
    """Lean's text of an integer polynomial; None for anything else."""
    if node.kind == "number":
        return node.name if node.name.isdecimal() else None
    if node.kind == "symbol":
        return node.name
    parts = [lean(argument) for argument in node.arguments]
    if node.kind not in ("+", "-", "*", "^", "neg") or not all(parts):
        return None
    if node.kind == "neg":
        return f"(-{parts[0]})"
    if node.kind == "^" and integer(node.arguments[1]) is None:
        return None
    return f"({parts[0]} {node.kind} {parts[1]})"
