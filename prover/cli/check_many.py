"""``prove check DIR``: many files, each judged by itself, a few at a time.

A folder is searched for ``*.lean``. Where ``NAME.against.lean`` stands beside ``NAME.lean``, it is the
original whose statements must be proved. With ``--expect`` a file's first line says what must come out:
``-- expect: accepted``, ``-- expect: invalid`` or ``-- expect: rejected CODE …`` (these codes at least);
a second line ``-- theorem: NAME`` asks for that theorem only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from prover.cli.inputs import read_file
from prover.errors import BadInput, InfrastructureFault

if TYPE_CHECKING:
    from prover.reports import CheckReport
    from prover.session import Session

AGAINST = ".against.lean"
STATUSES = ("accepted", "rejected", "invalid", "infrastructure")


@dataclass(frozen=True, slots=True)
class Case:
    """A file to judge, its original if it has one, and what is expected of it (None: nothing)."""

    path: Path
    against: Path | None = None
    expected: tuple[str, tuple[str, ...]] | None = None
    theorems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out of a case. ``report`` is None where Lean gave no verdict (``message`` says why)."""

    case: Case
    status: str
    codes: tuple[str, ...] = ()
    message: str = ""
    report: CheckReport | None = None

    @property
    def as_expected(self) -> bool:
        """Whether the verdict and the codes named are those of the first line."""
        if self.case.expected is None:
            return True
        status, codes = self.case.expected
        return self.status == status and set(codes) <= set(self.codes)

    def to_json(self) -> dict[str, Any]:
        """The case's part of the JSON object."""
        value: dict[str, Any] = {
            "file": str(self.case.path),
            "status": self.status,
            "codes": list(self.codes),
            "message": self.message,
        }
        if self.case.expected is not None:
            status, codes = self.case.expected
            value |= {"expected": " ".join((status, *codes)), "as_expected": self.as_expected}
        if self.report is not None:
            value["report"] = self.report.to_json()
        return value


def find_cases(folder: Path, expect: bool) -> list[Case]:
    """The files of a folder, sorted by path.

    Raises:
        BadInput: there is none, or one lacks its expectation.
    """
    paths = sorted(path for path in folder.rglob("*.lean") if not path.name.endswith(AGAINST))
    if not paths:
        raise BadInput(f"{folder} holds no Lean file")
    return [_case(path, expect) for path in paths]


def _case(path: Path, expect: bool) -> Case:
    beside = path.with_name(path.name.removesuffix(".lean") + AGAINST)
    against = beside if beside.is_file() else None
    if not expect:
        return Case(path, against)
    # Cases may be no text at all; the expectation is.
    lines = path.read_bytes()[:1000].decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    marks = {"expect": "", "theorem": ""}
    for line in lines[:2]:
        key, colon, value = line.strip().removeprefix("--").partition(":")
        if colon and key.strip() in marks:
            marks[key.strip()] = value.strip()
    words = marks["expect"].split()
    if not words or words[0] not in STATUSES:
        raise BadInput(f"{path}: its first line is no '-- expect: {'|'.join(STATUSES)} [CODE …]'")
    return Case(path, against, (words[0], tuple(words[1:])), tuple(marks["theorem"].split()))


def judge_all(
    cases: Sequence[Case],
    open_session: Callable[[], Session],
    jobs: int,
    seconds: float,
    seen: Callable[[Judged], None],
) -> list[Judged]:
    """Judges the cases, ``jobs`` at a time, each worker with a Lean of its own."""
    sessions = [open_session() for _ in range(min(jobs, len(cases)))]
    free: SimpleQueue[Session] = SimpleQueue()
    for session in sessions:
        free.put(session)

    def work(case: Case) -> Judged:
        session = free.get()
        try:
            judged = _judge(case, session, seconds)
        finally:
            free.put(session)
        seen(judged)
        return judged

    try:
        with ThreadPoolExecutor(len(sessions)) as pool:
            return list(pool.map(work, cases))
    finally:
        for session in sessions:
            session.close()


def _judge(case: Case, session: Session, seconds: float) -> Judged:
    try:
        text = read_file(case.path).text
        reference = read_file(case.against).text if case.against else ""
        report = session.check(text, names=case.theorems, reference=reference, seconds=seconds)
    except BadInput as error:
        return Judged(case, "invalid", message=str(error).strip())
    except InfrastructureFault as fault:
        return Judged(case, "infrastructure", message=str(fault).strip())
    return Judged(case, "accepted" if report.accepted else "rejected", report.codes, report=report)


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """The whole run as one JSON object."""
    counts = Counter(item.status for item in judged)
    value: dict[str, Any] = {
        "status": "accepted" if counts["accepted"] == len(judged) else "rejected",
        "counts": {status: counts[status] for status in STATUSES},
        "files": [item.to_json() for item in judged],
    }
    if any(item.case.expected for item in judged):
        value["as_expected"] = sum(item.as_expected for item in judged)
        value["of"] = len(judged)
    return value


def exit_code(judged: Sequence[Judged]) -> int:
    """0: all accepted, or all as expected; else that of the worst verdict."""
    if any(item.case.expected for item in judged):
        return 0 if all(item.as_expected for item in judged) else 1
    statuses = {item.status for item in judged}
    codes = {"infrastructure": 3, "invalid": 2, "rejected": 1}
    return next((code for status, code in codes.items() if status in statuses), 0)


def line(item: Judged) -> str:
    """One line about a case, for people."""
    why = item.message.splitlines()[0] if item.message else ""
    if item.report is not None and not why:
        found = [*item.report.findings, *(f for t in item.report.theorems for f in t.findings)]
        why = found[0].text.splitlines()[0] if found else ""
    codes = f"  [{' '.join(item.codes)}]" if item.codes else ""
    expected = item.case.expected
    wrong = "" if expected is None or item.as_expected else f"  EXPECTED {expected[0]}"
    return f"{item.status:<14}  {item.case.path}{codes}{wrong}{f'  {why}' if why else ''}"


def write_report(path: Path, judged: Sequence[Judged]) -> None:
    """Writes the JSON object to a file.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(summary(judged), ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
