"""Moves that work without a model, chosen by reading the state's text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from prover.domain import Candidate, State
from prover.errors import BadInput
from prover.problem import Problem
from prover_plugins.math.environment import MathState
from prover_plugins.math.tasks import Relation, Task, alternatives_of
from prover_plugins.math.text import Node, show

Move = tuple[str, float]


class AlgebraProposer:
    """Proposes algebraic moves, and the answer once the state shows it."""

    name = "algebra"
    domains: Collection[str] = ("math",)

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """Moves for a state of the math domain, best first."""
        if not isinstance(state, MathState):
            return []
        moves = sorted(_moves(state), key=lambda move: -move[1])
        return [Candidate(action, self.name, score=score) for action, score in moves]


def _moves(state: MathState) -> Iterator[Move]:
    if state.phase == "task":
        yield "enumerate" if state.task.kind in ("congruence", "count", "find") else "evaluate", 0.9
    elif state.phase == "value":
        yield from _value_moves(state.task, state.text)
    elif state.phase == "relations":
        try:
            yield from _relation_moves(state.task, alternatives_of(state.text), state.text)
        except BadInput:
            return  # a state that our own notation cannot hold has no moves


def _value_moves(task: Task, text: str) -> Iterator[Move]:
    preferred = task.kind
    if preferred not in ("simplify", "expand", "factor"):
        yield f"answer {text}", 0.95
        if task.kind in ("derivative", "integral", "sum", "limit"):
            yield "simplify", 0.6
            yield "factor", 0.3
        return
    yield preferred, 0.9
    if preferred == "simplify":
        yield "cancel", 0.6
    yield f"answer {text}", 0.5
    others = ("expand", "factor", "cancel", "combine fractions", "rationalize", "use trigonometric identities")
    for move in others:
        if move != preferred and not (preferred == "simplify" and move == "cancel"):
            yield move, 0.2


def _relation_moves(task: Task, cases: list[tuple[Relation, ...]], text: str) -> Iterator[Move]:
    answer = _answer(task, cases, text)
    if answer is not None:
        yield f"answer {answer}", 1.0
        return
    if any(r.kind != "=" for case in cases for r in case):
        yield "solve", 0.6
        yield "move_all_left", 0.5
        yield "factor", 0.4
        return
    yield "solve", 0.25
    if len(task.unknowns) > 1:
        for name in task.unknowns:
            yield f"isolate {name}", 0.5
            yield f"substitute {name}", 0.6
        yield "expand", 0.2
        return
    x = task.unknowns[0]
    relations = [r for case in cases for r in case if not _is_solved(r, x)]
    if any(_denominator(side, x) for r in relations for side in (r.left, r.right)):
        yield "clear denominators", 0.85
    degrees = [max(_degree(r.left, x), _degree(r.right, x)) for r in relations]
    if max(degrees, default=0) <= 1:
        yield f"isolate {x}", 0.9
    if any(r.left.kind in ("*", "^") and show(r.right) == "0" for r in relations):
        yield "split factors", 0.9
    if any(show(r.right) == "0" and r.left.kind in ("+", "-") for r in relations):
        yield "factor", 0.8
    if any(show(r.right) != "0" for r in relations):
        yield "move_all_left", 0.75
    if 2 in degrees:
        yield "quadratic formula", 0.5


def _is_solved(relation: Relation, name: str) -> bool:
    return relation.kind == "=" and show(relation.left) == name and name not in relation.right.symbols()


def _answer(task: Task, cases: list[tuple[Relation, ...]], text: str) -> str | None:
    """The answer that a solved state shows; None while it is not solved."""
    if not cases:
        return "{}"
    if any(r.kind != "=" for r in task.relations):
        relations = [r for case in cases for r in case]
        return text if all(r.left.kind == "symbol" and not r.right.symbols() for r in relations) else None
    points: list[str] = []
    for case in cases:
        values: dict[str, str] = {}
        for relation in case:
            name = show(relation.left)
            if not _is_solved(relation, name) or set(relation.right.symbols()) & set(task.unknowns):
                return None
            values[name] = show(relation.right)
        if set(values) != set(task.unknowns) or len(case) != len(values):
            return None
        written = [values[name] for name in task.unknowns]
        points.append(written[0] if len(written) == 1 else f"({', '.join(written)})")
    return "{" + ", ".join(points) + "}"


def _degree(node: Node, name: str) -> int:
    """An upper bound for the degree in ``name``; 9 for anything that is no polynomial."""
    if node.kind == "symbol":
        return int(node.name == name)
    if name not in node.symbols():
        return 0
    below = [_degree(argument, name) for argument in node.arguments]
    match node.kind:
        case "+" | "-" | "neg":
            return max(below)
        case "*":
            return min(9, sum(below))
        case "/" if name not in node.arguments[1].symbols():
            return below[0]
        case "^" if node.arguments[1].kind == "number" and node.arguments[1].name.isdecimal():
            return min(9, below[0] * int(node.arguments[1].name))
    return 9


def _denominator(node: Node, name: str) -> bool:
    return any(part.kind == "/" and name in part.arguments[1].symbols() for part in node.parts())
