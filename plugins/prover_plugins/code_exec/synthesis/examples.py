"""From a task to inputs: its literal examples, further inputs made from them, and constants worth trying."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prover_plugins.code_exec.checks import literal_call
from prover_plugins.code_exec.tasks import Task

PROBES = 6
_MAX_CONSTANTS = 14


@dataclass(frozen=True, slots=True)
class Inputs:
    """``rows`` are argument lists; the first ``len(expected)`` are the examples, the others probes."""

    parameters: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    expected: tuple[Any, ...]


def inputs_of(task: Task, seed: int = 0) -> Inputs | None:
    """The inputs of a task; None where it has no literal examples or takes a varying number of arguments."""
    examples = [
        example for source, is_test in task.visible
        if is_test and (example := literal_call(source, task.entry_point, "candidate")) is not None
    ]  # fmt: skip
    names = _parameters(task.signature)
    examples = [example for example in examples if names is not None and len(example.args) == len(names)]
    if not examples or not names:
        return None
    rows = [example.args for example in examples]
    return Inputs(names, (*rows, *_probes(rows, random.Random(seed))), tuple(example.expected for example in examples))


def _parameters(signature: str) -> tuple[str, ...] | None:
    try:
        function = ast.parse(signature + "\n    pass").body[0]
    except SyntaxError:
        return None
    if not isinstance(function, ast.FunctionDef) or function.args.vararg or function.args.kwonlyargs:
        return None
    return tuple(argument.arg for argument in (*function.args.posonlyargs, *function.args.args))


def _probes(rows: Sequence[tuple[Any, ...]], chance: random.Random) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    seen = {repr(row) for row in rows}
    for _ in range(PROBES * 6):
        base = chance.choice(rows)
        other = chance.choice(rows)
        row = tuple(
            _changed(value if chance.random() < 0.7 else alternative, chance)
            for value, alternative in zip(base, other, strict=True)
        )
        if repr(row) not in seen:
            seen.add(repr(row))
            found.append(row)
        if len(found) == PROBES:
            break
    return found


def _changed(value: Any, chance: random.Random) -> Any:
    """A value of the same shape, a little different."""
    if isinstance(value, bool):
        return chance.random() < 0.5
    if isinstance(value, int):
        return max(0, value + chance.choice((-2, -1, 0, 1, 2, 3))) if value >= 0 else value + chance.choice((-1, 0, 1))
    if isinstance(value, float):
        return value + chance.choice((-1.5, 0.0, 0.5, 1.25))
    if isinstance(value, str | list | tuple) and value:
        items: list[Any] = list(value)
        how = chance.randrange(5)
        if how == 0:
            items.pop(chance.randrange(len(items)))
        elif how == 1:
            items.insert(chance.randrange(len(items)), chance.choice(items))
        elif how == 2:
            chance.shuffle(items)
        elif how == 3 and not isinstance(value, str):
            place = chance.randrange(len(items))
            items[place] = _changed(items[place], chance)
        else:
            items += items[: chance.randrange(len(items) + 1)]
        return "".join(items) if isinstance(value, str) else type(value)(items)
    return value


def constants_of(task: Task, inputs: Inputs) -> list[Any]:
    """Constants worth trying: common ones, those in the docstring, and outputs that come again."""
    found: list[Any] = [0, 1, 2]
    kinds = {type(value) for row in inputs.rows for value in row} | {type(value) for value in inputs.expected}
    text = re.split(r">>>|assert ", task.docstring)[0]
    kinds |= {type(item) for row in inputs.rows for value in row if isinstance(value, list) for item in value}
    if str in kinds:
        found += ["", " "]
        found += [first or second for first, second in re.findall(r"'([^'\n]{1,12})'|\"([^\"\n]{1,12})\"", text)]
        if re.search(r"vowel", text, re.IGNORECASE):
            found += ["aeiou"]
    if any(isinstance(value, list) for value in inputs.expected):
        found.append([])
    for value in inputs.expected:
        again = isinstance(value, str) and inputs.expected.count(value) > 1
        if again or isinstance(value, bool) or value is None:
            found.append(value)
    found += [int(number) for number in re.findall(r"(?<![\w.])-?\d{1,4}(?![\w.])", text)]
    found += [3, 10, -1]
    distinct = list({repr(value): value for value in found}.values())
    return distinct[:_MAX_CONSTANTS]
