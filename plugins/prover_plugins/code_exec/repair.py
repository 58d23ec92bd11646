"""Small changes of a given program that does not pass yet: wrong operators, off by one, missing base cases.

One change at a time; the search chains them, since a change that makes fewer tests fail leads to a better state.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

from prover.domain import Candidate, State
from prover.problem import Problem
from prover_plugins.code_exec.environment import DOMAIN, CodeState

MOST_CHANGES = 400
"""For one state."""
_MAX_CODE = 20_000

_COMPARES: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE), ast.LtE: (ast.Lt, ast.GtE, ast.Gt), ast.Gt: (ast.GtE, ast.Lt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add, ast.Mod), ast.Mult: (ast.Add, ast.Pow), ast.Pow: (ast.Mult,),
    ast.Div: (ast.FloorDiv, ast.Mult), ast.FloorDiv: (ast.Div, ast.Mod), ast.Mod: (ast.FloorDiv, ast.Sub),
}  # fmt: skip
_SWAPS = {
    "min": "max", "max": "min", "any": "all", "all": "any", "upper": "lower", "lower": "upper", "isupper": "islower",
    "islower": "isupper", "append": "extend", "extend": "append", "startswith": "endswith", "endswith": "startswith",
    "keys": "values", "values": "keys", "lstrip": "rstrip", "rstrip": "lstrip", "floor": "ceil", "ceil": "floor",
    "isalpha": "isdigit", "isdigit": "isalpha", "find": "rfind", "rfind": "find",
}  # fmt: skip
# How likely each sort of change is, as a score.
_OPERATOR, _CONSTANT, _NAME, _STATEMENT, _BASE = 0.8, 0.75, 0.5, 0.6, 0.45


class RepairProposer:
    """Proposes programs that differ from the state's in one place."""

    name = "code_repair"
    domains = (DOMAIN,)

    def propose(self, problem: Problem, state: State) -> Iterator[Candidate]:
        """Changed programs, the likeliest sort of change first; nothing where nothing is written."""
        if not isinstance(state, CodeState) or not state.code or len(state.code) > _MAX_CODE:
            return
        # Where all fail with an exception, so will most changes elsewhere: the order stays by sort of change.
        ordered = sorted(changes(state.code, state.task.entry_point), key=lambda found: -found[0])
        for score, code in ordered[:MOST_CHANGES]:
            yield Candidate(code, self.name, score=score)


def changes(code: str, entry: str = "") -> Iterator[tuple[float, str]]:
    """All programs that differ from ``code`` by one change, with the score of the change; no text twice."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    seen = {ast.unparse(tree)}
    count = sum(1 for _ in ast.walk(tree))
    for index in range(count):
        for score, change in _changes_at(_node(tree, index), tree, entry):
            changed = copy.deepcopy(tree)
            change(_node(changed, index))
            try:
                text = ast.unparse(ast.fix_missing_locations(changed))
            except (ValueError, AttributeError, RecursionError):
                continue
            if text not in seen:
                seen.add(text)
                yield score, text + "\n"


Change = Callable[[Any], object]


def _node(tree: ast.AST, index: int) -> ast.AST:
    for position, node in enumerate(ast.walk(tree)):
        if position == index:
            return node
    raise IndexError(index)


def _changes_at(node: ast.AST, tree: ast.Module, entry: str) -> Iterator[tuple[float, Change]]:
    """The changes at one node, as functions of the same node in a copy."""
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                for new in _COMPARES.get(type(operator), ()):
                    yield _OPERATOR, _set_item("ops", place, new())
        case ast.BinOp() | ast.AugAssign():
            yield from _operators(node)
        case ast.BoolOp():
            yield _OPERATOR, _set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.Constant():
            yield from _constants(node)
        case ast.Name(ctx=ast.Load()):
            yield from _names(node, tree)
        case ast.Attribute(attr=name) if name in _SWAPS:
            yield _OPERATOR, _set("attr", _SWAPS[name])
        case ast.Call():
            yield from _calls(node)
        case ast.Slice():
            yield from _slices(node)
        case ast.Subscript(slice=index) if not isinstance(index, ast.Slice | ast.Constant):
            yield _CONSTANT, _shift("slice", 1)
            yield _CONSTANT, _shift("slice", -1)
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield _STATEMENT, _negate
    if isinstance(node, ast.Return) and node.value is not None:
        yield _NAME, _shift("value", 1)
        yield _NAME, _shift("value", -1)
    if isinstance(node, ast.Module | ast.FunctionDef | ast.For | ast.While | ast.If):
        yield from _statements(node)
    if isinstance(node, ast.FunctionDef) and node.name == entry and node.args.args:
        yield from _base_cases(node)


def _operators(node: ast.BinOp | ast.AugAssign) -> Iterator[tuple[float, Change]]:
    for other in _OPERATORS.get(type(node.op), ()):
        yield _OPERATOR, _set("op", other())
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Mult):
        yield _NAME, _swap_sides


def _names(node: ast.Name, tree: ast.Module) -> Iterator[tuple[float, Change]]:
    if node.id in _SWAPS:
        yield _OPERATOR, _set("id", _SWAPS[node.id])
    variables = _variables(tree)
    if node.id in variables:
        for name in variables:
            if name != node.id:
                yield _NAME, _set("id", name)


def _constants(node: ast.Constant) -> Iterator[tuple[float, Change]]:
    value = node.value
    if isinstance(value, bool):
        yield _CONSTANT, _set("value", not value)
    elif isinstance(value, int | float):
        for new in dict.fromkeys((value + 1, value - 1, 0, 1, -value)):
            if new != value:
                yield _CONSTANT, _set("value", new)
    elif isinstance(value, str) and len(value) <= 1:
        for text in ("", " ", ",", "\n"):
            if text != value:
                yield _NAME, _set("value", text)


def _calls(node: ast.Call) -> Iterator[tuple[float, Change]]:
    if isinstance(node.func, ast.Name) and node.func.id == "range" and node.args:
        last = len(node.args) - 1 if len(node.args) < 3 else 1
        yield _CONSTANT, _shift_item("args", last, 1)
        yield _CONSTANT, _shift_item("args", last, -1)
        if len(node.args) > 1:
            yield _CONSTANT, _shift_item("args", 0, 1)
            yield _CONSTANT, _shift_item("args", 0, -1)
        else:
            yield _CONSTANT, lambda call: call.args.insert(0, ast.Constant(1))
    if isinstance(node.func, ast.Name) and node.func.id in ("sorted", "sort") and not node.keywords:
        yield _CONSTANT, lambda call: call.keywords.append(ast.keyword("reverse", ast.Constant(True)))
    if node.keywords:
        yield _NAME, lambda call: call.keywords.pop()
    if len(node.args) == 2:
        yield _NAME, lambda call: call.args.reverse()


def _slices(node: ast.Slice) -> Iterator[tuple[float, Change]]:
    for side in ("lower", "upper"):
        if getattr(node, side) is None:
            yield _NAME, _set(side, ast.Constant(1 if side == "lower" else -1))
        else:
            yield _CONSTANT, _shift(side, 1)
            yield _CONSTANT, _shift(side, -1)
            yield _NAME, _set(side, None)


def _statements(node: Any) -> Iterator[tuple[float, Change]]:
    """Removes a statement; swaps two; takes the last one of a block out of it, or takes the next one in."""
    for place, statement in enumerate(node.body):
        block = isinstance(statement, ast.For | ast.While | ast.If) and not statement.orelse
        last = place + 1 == len(node.body)
        if len(node.body) > 1 and not isinstance(statement, ast.FunctionDef):
            yield _NAME, _body(lambda body, at: body.pop(at), place)
            if not last:
                yield _NAME, _body(lambda body, at: body.insert(at, body.pop(at + 1)), place)
        if block and len(statement.body) > 1:
            yield _STATEMENT, _body(lambda body, at: body.insert(at + 1, body[at].body.pop()), place)
        if block and not last:
            yield _NAME, _body(lambda body, at: body[at].body.append(body.pop(at + 1)), place)


def _body(change: Callable[[Any, int], object], place: int) -> Change:
    def changed(node: Any) -> None:
        change(node.body, place)

    return changed


def _base_cases(node: ast.FunctionDef) -> Iterator[tuple[float, Change]]:
    argument = node.args.args[0].arg
    for condition in (f"not {argument}", f"{argument} <= 0", f"{argument} <= 1", f"len({argument}) < 2"):
        for result in ("0", "1", argument, "[]", "''", "None", "False", "True"):
            yield _BASE, _first_statement(f"if {condition}:\n    return {result}")


def _first_statement(source: str) -> Change:
    def change(node: Any) -> None:
        place = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body.insert(place, ast.parse(source).body[0])

    return change


def _variables(tree: ast.Module) -> list[str]:
    names = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    names += [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(names))


def _set(field: str, value: Any) -> Change:
    return lambda node: setattr(node, field, copy.deepcopy(value))


def _set_item(field: str, place: int, value: Any) -> Change:
    return lambda node: getattr(node, field).__setitem__(place, copy.deepcopy(value))


def _shifted(expression: ast.expr, by: int) -> ast.expr:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, int):
        return ast.Constant(expression.value + by)
    return ast.BinOp(expression, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _shift(field: str, by: int) -> Change:
    return lambda node: setattr(node, field, _shifted(getattr(node, field), by))


def _shift_item(field: str, place: int, by: int) -> Change:
    def change(node: Any) -> None:
        items = getattr(node, field)
        items[place] = _shifted(items[place], by)

    return change


def _swap_sides(node: Any) -> None:
    node.left, node.right = node.right, node.left


def _negate(node: Any) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)
