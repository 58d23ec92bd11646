"""Problem sets: one JSON object a line (``data/benchmarks/README.md`` describes the format)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.problem import Budget, Problem


@dataclass(frozen=True, slots=True)
class Suite:
    """A problem set: its name, the digest of its file and its problems in order."""

    name: str
    path: Path
    sha256: str
    problems: tuple[Problem, ...]


def read_suite(path: Path) -> Suite:
    """Reads a problem set.

    Raises:
        BadInput: missing, not JSON lines, a line without name and statement, or a name twice;
        with the line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read the problem set {path}: {error.strerror}") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not a text file; a problem set has one JSON object a line") from error
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        problem = _read_problem(line, path, number)
        if problem.name in seen:
            raise BadInput(
                f"{path}: the name {problem.name} is used in lines {seen[problem.name]} and {number}",
                line=number,
            )
        seen[problem.name] = number
        problems.append(problem)
    if not problems:
        raise BadInput(f"{path} holds no problem")
    return Suite(path.stem, path, hashlib.sha256(data).hexdigest(), tuple(problems))


def _read_problem(line: str, path: Path, number: int) -> Problem:
    try:
        record: Any = json.loads(line)
    except ValueError as error:
        raise BadInput(f"{path}: line {number} is not JSON: {error}", line=number) from error
    if not isinstance(record, dict):
        raise BadInput(f"{path}: line {number} is not a JSON object", line=number)
    for key in ("name", "statement"):
        if not isinstance(record.get(key), str) or not record[key].strip():
            raise BadInput(f"{path}: line {number} has no '{key}'", line=number)
    imports = record.get("imports", [])
    if not isinstance(imports, list) or not all(isinstance(module, str) for module in imports):
        raise BadInput(f"{path}: line {number}: 'imports' is a list of module names", line=number)
    notes = record.get("notes", "")
    metadata = record.get("metadata", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise BadInput(f"{path}: line {number}: 'metadata' is an object of texts", line=number)
    module = record.get("module", "")
    if isinstance(module, str) and module:
        # Of which module a library problem is: whole modules are held out.
        metadata = {"module": module, **metadata}
    return Problem(
        statement=record["statement"],
        name=record["name"],
        imports=tuple(imports),
        header=record.get("header") or "",
        metadata={**metadata, "notes": notes if isinstance(notes, str) else ""},
    )


def select(suite: Suite, *, only: Sequence[str] = (), limit: int | None = None) -> tuple[Problem, ...]:
    """The problems named by ``only`` (all when empty), in the order of the set, at most ``limit``.

    Raises:
        BadInput: a name that the set does not hold.
    """
    known = {problem.name for problem in suite.problems}
    missing = [name for name in only if name not in known]
    if missing:
        raise BadInput(f"{suite.path} holds no problem named {', '.join(missing)}")
    chosen = tuple(problem for problem in suite.problems if not only or problem.name in only)
    return chosen[:limit]


def with_budget(problem: Problem, budget: Budget) -> Problem:
    """``problem`` with another budget."""
    return replace(problem, budget=budget)
