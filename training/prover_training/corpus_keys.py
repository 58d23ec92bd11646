"""Keys of statements: equal for statements that differ only in names.

A key is made of a statement's type as Lean prints it, so spelling, notation and the order of binders' groups do
not matter; the names of bound variables and universes are numbered in the order in which they are bound.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.problem import Problem

COMPARED = 1_900
"""Characters of a printed type that count; Lean's side cuts longer ones off."""

BATCH = 150

_TOKEN = re.compile(r"\s+|«[^»]*»|[^\W\d][\w✝'!?₀-₉.]*|\d+|\"(?:[^\"\\]|\\.)*\"|:=|=>|[^\s\w]")
_OPENING, _CLOSING = "([{⦃⟨", ")]}⦄⟩"
_BINDERS = {"∀": ",", "∃": ",", "∃!": ",", "Σ": ",", "fun": "=>", "λ": "=>"}


def statement_key(printed: str, header: str = "") -> str:
    """The key of a type as Lean printed it; with a ``header`` whose definitions it uses, of both."""
    text = _normal(printed[:COMPARED])
    if header.strip():
        text += "\n" + " ".join(header.split())
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _normal(printed: str) -> str:
    tokens = [token for token in _TOKEN.findall(printed) if not token.isspace()]
    bound: dict[str, str] = {}
    out: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token in _BINDERS:
            for name in _bound_names(tokens, position + 1, _BINDERS[token]):
                bound[name] = f"#{len(bound)}"
        if token in ("Type", "Sort") and position + 1 < len(tokens) and tokens[position + 1][0].isalpha():
            bound.setdefault(tokens[position + 1], f"#{len(bound)}")
        # `xs.length` is a variable and a field.
        head, dot, rest = token.partition(".")
        out.append(bound[token] if token in bound else bound.get(head, head) + dot + rest)
        position += 1
    return " ".join(out)


def _bound_names(tokens: Sequence[str], position: int, end: str) -> Iterator[str]:
    """The names that a binder introduces: in every group those before its colon, or bare ones."""
    depth, naming = 0, True
    for token in tokens[position:]:
        if token in _OPENING:
            depth += 1
            naming = depth == 1
        elif token in _CLOSING:
            depth -= 1
            naming = depth == 0
            if depth < 0:
                return
        elif token == end and depth == 0:
            return
        elif token == ":" or (depth == 0 and not _is_name(token)):
            naming = False
        elif naming and _is_name(token):
            yield token


def _is_name(token: str) -> bool:
    return token[0] == "«" or token[0].isalpha() or token[0] == "_"


def printed_types(server: LeanServer, problems: Iterable[Problem]) -> Iterator[tuple[Problem, str]]:
    """Each problem with its statement's type as Lean prints it; empty where Lean does not accept the statement.

    Problems of equal imports and header should come together: they are elaborated together.

    Raises:
        BadInput: a problem imports what is not there.
        InfrastructureFault: Lean failed.
    """
    for group in _batches(problems):
        texts = [_renamed(problem.statement, f"statement_{number}") for number, problem in enumerate(group)]
        source = "\n\n".join([group[0].header, *(f"{text} := sorry" for text in texts)])
        report = server.check(group[0].imports or ("Init",), source, trusted=True)
        found = {theorem.name: theorem.statement for theorem in report.theorems}
        for number, problem in enumerate(group):
            yield problem, found.get(f"statement_{number}", "")


def _batches(problems: Iterable[Problem]) -> Iterator[list[Problem]]:
    waiting: list[Problem] = []
    for problem in problems:
        first = waiting[0] if waiting else problem
        if len(waiting) >= BATCH or (problem.imports, problem.header) != (first.imports, first.header):
            yield waiting
            waiting = []
        waiting.append(problem)
    if waiting:
        yield waiting


def _renamed(statement: str, name: str) -> str:
    text, found = re.subn(r"^(\s*(?:theorem|lemma)\s+)(«[^»]*»|[^\s({\[:⦃]+)", rf"theorem {name}", statement, count=1)
    if not found:
        raise BadInput(f"not a theorem statement: {' '.join(statement.split())[:100]}")
    return text
