"""Problem files: one JSON object a line with ``problem`` and, where an answer is to be judged, ``answer``.

``name`` names the problem, ``wrong`` (true) says that the answer is known to be wrong and must be refused,
``lean_statement`` is kept as metadata. Results may be kept in a file, by which an interrupted run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.cli.inputs import read_file
from prover.errors import BadInput

_KEYS = frozenset(("problem", "answer", "name", "wrong", "lean_statement", "notes"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a problem file."""

    name: str
    problem: str
    answer: str | None = None
    wrong: bool = False
    lean_statement: str = ""

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes a result reusable."""
        return self.problem, self.answer


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one entry: ``solved``, ``not solved``, ``accepted``, ``refused`` or ``invalid``.

    ``expected`` says whether it is what the file leads to expect; ``message`` is who vouches for it, or why not.
    """

    entry: Entry
    outcome: str
    answer: str
    message: str
    seconds: float

    @property
    def expected(self) -> bool:
        """Whether a problem was solved, a right answer accepted, a wrong one refused."""
        if self.entry.answer is None:
            return self.outcome == "solved"
        return self.outcome == ("refused" if self.entry.wrong else "accepted")

    def to_json(self) -> dict[str, Any]:
        """One line of a results file."""
        return {
            "name": self.entry.name, "problem": self.entry.problem, "answer_given": self.entry.answer,
            "outcome": self.outcome, "expected": self.expected, "answer": self.answer, "message": self.message,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


def read_suite(path: Path) -> list[Entry]:
    """The entries of a problem file.

    Raises:
        BadInput: it cannot be read, or a line is not as described above; names the line.
    """
    entries: list[Entry] = []
    for number, line in enumerate(read_file(path).text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record: Any = json.loads(line)
        except ValueError as error:
            raise BadInput(f"{path}: line {number} is not JSON: {error}", line=number) from error
        entries.append(_entry(record, path, number))
    if not entries:
        raise BadInput(f"{path} holds no problem")
    return entries


def _entry(record: Any, path: Path, number: int) -> Entry:
    if not isinstance(record, dict) or not isinstance(record.get("problem"), str):
        raise BadInput(f"{path}: line {number} is not an object with a text 'problem'", line=number)
    unknown = sorted(set(record) - _KEYS)
    if unknown:
        raise BadInput(f"{path}: line {number}: there is no key {unknown[0]!r}", line=number)
    answer = record.get("answer")
    wrong = record.get("wrong", False)
    if not (answer is None or isinstance(answer, str)) or not isinstance(wrong, bool) or (wrong and answer is None):
        raise BadInput(f"{path}: line {number}: 'answer' is a text, 'wrong' true or false with an answer", line=number)
    texts = [record.get("name", str(number)), record.get("lean_statement", "")]
    if not all(isinstance(text, str) for text in texts):
        raise BadInput(f"{path}: line {number}: 'name' and 'lean_statement' are texts", line=number)
    return Entry(texts[0], record["problem"], answer, wrong, texts[1])


def read_results(path: Path, entries: list[Entry]) -> Iterator[Result]:
    """The results of an earlier run that belong to ``entries``; a last line cut short is left out.

    Raises:
        BadInput: the file is no results file.
    """
    by_key = {entry.key: entry for entry in entries}
    lines = read_file(path).text.splitlines() if path.exists() and path.stat().st_size else []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            entry = by_key.get((record["problem"], record["answer_given"]))
            if entry is not None:
                yield Result(entry, record["outcome"], record["answer"], record["message"], record["seconds"])
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                return  # the run was ended while it wrote this line
            raise BadInput(f"{path}: line {number} is no result of 'prove math'; name another file") from error
