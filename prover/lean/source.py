"""Lean files: read them, open each ``sorry`` as a problem, put proofs back in its place.

Offsets are bytes of the UTF-8 text, as Lean counts. Lean elaborates the text with its import lines
blanked out, so that all offsets and lines stay those of the file.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from prover.domain import Verdict
from prover.errors import BadInput
from prover.lean.connection import RequestTimeout
from prover.lean.environment import STEP_HEARTBEATS, STEP_WALL_MS, Opened, Steps
from prover.lean.library import Library
from prover.lean.protocol import Message, SorriesOk, SorryView, TacticCall
from prover.lean.script import indented, renderings
from prover.lean.server import LeanServer
from prover.lean.verify import as_verdict, blanked, checked_by
from prover.problem import Problem

SIZE_LIMIT = 8 << 20
"""Bytes of the largest file that is taken."""

_BOM = b"\xef\xbb\xbf"
_USES_SORRY = re.compile(r"declaration uses .?sorry")  # worded differently from Lean 4.28 on
_NO_THEOREM = {"not_a_theorem", "missing"}  # `missing`: an `example` leaves nothing behind
_OPENS_BLOCK = (":=", "=>", "by", "from", "do", "then", "else", "←", "<|", "fun")


def read_source(path: Path) -> str:
    """The text of a Lean file.

    Raises:
        BadInput: missing, a folder, unreadable, too large, empty or no UTF-8 text.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder; name a Lean file in it") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > SIZE_LIMIT:
        raise BadInput(f"{path} is larger than {SIZE_LIMIT >> 20} MB")
    if not data.strip():
        raise BadInput(f"{path} is empty")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}: line {line} is not UTF-8 text", line=line) from error
    if "\0" in text:
        raise BadInput(f"{path} is a binary file, not Lean text")
    return text


def write_source(path: Path, text: str) -> None:
    """Replaces a file's text at once (a reader sees the old or the new one), keeping its mode."""
    bom = path.exists() and path.read_bytes().startswith(_BOM)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write((_BOM if bom else b"") + text.encode())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def unified_diff(before: str, after: str, path: Path | str) -> str:
    """The change as a patch; empty if there is none."""
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{path}",
            f"b/{path}",
        )
    )


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Lean file as it was read: its imports, and where its commands begin (bytes)."""

    path: Path
    text: str
    imports: tuple[str, ...]
    body: int

    def blanked(self, text: str | None = None) -> str:
        """``text`` (default: the file's) with everything before the commands made blank."""
        return blanked(self.text if text is None else text, self.body)


def open_source(server: LeanServer, path: Path) -> SourceFile:
    """Reads a file and its import lines.

    Raises:
        BadInput: it cannot be read, or its header is wrong.
    """
    text = read_source(path)
    header = server.parse_header(text)
    return SourceFile(path, text, tuple(header.imports), header.body)


class SorryProblem:
    """One ``sorry`` of a file, to be opened as a problem.

    ``siblings`` counts the other sorries of its declaration, ``sorried`` all of the file's by declaration.
    """

    def __init__(
        self,
        server: LeanServer,
        environment: int,
        source: SourceFile,
        view: SorryView,
        others: Sequence[SorryView],
    ) -> None:
        self._server = server
        self._environment = environment
        self.source = source
        self.view = view
        self.total = len(others) + 1
        self.siblings = sum(1 for other in others if other.declaration == view.declaration)
        self.owners = len({other.declaration for other in others})
        self.sorried = Counter(each.declaration for each in (view, *others))

    @property
    def problem(self) -> Problem:
        """What is asked, as proposers and reports see it: the goal stands for the statement."""
        return Problem(
            statement=self.view.state.text,
            name=self.view.declaration,
            imports=self.source.imports,
            metadata={"file": str(self.source.path), "line": str(self.view.line)},
        )

    def open(self, label: str = "") -> SorryEnvironment:
        """The environment to search in; closing it keeps the file's other problems open."""
        return SorryEnvironment(self._server, self, label)

    def replacements(self, script: str) -> Iterator[str]:
        """Texts to put in place of this sorry, the best-looking first; Lean has the last word."""
        return _replacements(self.source.text, self.view, script)


def open_sorry_problems(server: LeanServer, path: Path) -> list[SorryProblem]:
    """A problem for every ``sorry`` of a file, in order.

    Raises:
        BadInput: the file cannot be read or has errors of its own; with Lean's position.
    """
    source = open_source(server, path)
    opened = server.open_environment(source.imports)
    try:
        return _questions(server, opened.environment, source)
    except BadInput:
        server.release([], [opened.environment])
        raise


def open_filled(server: LeanServer, found: Sequence[tuple[SorryProblem, str]]) -> list[SorryProblem]:
    """The sorries that are left where the texts ``found`` take the place of others of the same file (its states stay
    open). A theorem that uses an earlier one can then be proved without that one's sorry.

    Raises:
        BadInput: the file has errors then.
    """
    first = found[0][0]
    text = replace_all(first.source, [(question.view, answer) for question, answer in found])
    return _questions(server, first._environment, replace(first.source, text=text))


def _questions(server: LeanServer, environment: int, source: SourceFile) -> list[SorryProblem]:
    found = server.open_sorries(environment, source.blanked())
    error = first_error(found.messages)
    if error is not None:
        server.release([view.state.id for view in found.sorries])
        raise BadInput(f"{source.path.name}: {error.text}", line=error.line, column=error.column, kind="elaboration")
    views = _distinct(server, found)
    return [SorryProblem(server, environment, source, view, [v for v in views if v is not view]) for view in views]


def _distinct(server: LeanServer, found: SorriesOk) -> list[SorryView]:
    """The sorries in order; one that Lean ran on several goals (``constructor <;> sorry``) stands there once, with
    the first of them. The states of the others are released."""
    views: dict[int, SorryView] = {}
    for view in found.sorries:
        if views.setdefault(view.start, view) is not view:
            server.release([view.state.id])
    return sorted(views.values(), key=lambda view: view.start)


class SorryEnvironment(Opened):
    """A sorry opened for search (implements ``prover.domain.Environment``)."""

    def __init__(self, server: LeanServer, question: SorryProblem, label: str) -> None:
        self._server = server
        self._label = label
        self.question = question
        self.problem = question.problem
        self.imports = question.source.imports
        self._environment = question._environment
        self._library: Library | None = None
        self._steps = Steps(server, question.view.state, self.library)

    def library(self) -> Library:
        """The imported theorems; those of the file itself are in no environment of their own."""
        if self._library is None:
            self._library = Library.of(self._server, self._environment, self.imports)
        return self._library

    def verify(self, actions: Sequence[str]) -> Verdict:
        """Puts the proof into the file and has Lean check that, from scratch.

        The declaration's theorem is audited, with other declarations left as they are. Where it has
        other sorries, or is no theorem, the file must elaborate with this one sorry less; then
        ``details["partial"]`` is true, and :func:`finish` audits what is complete at the end.
        """
        verdict = Verdict(False, reasons=(("empty", "there are no tactics"),))
        if not actions:
            return verdict
        for script in renderings(self._steps.layout(actions)):
            for replacement in self.question.replacements(script):
                text = replace_all(self.question.source, [(self.question.view, replacement)])
                try:
                    verdict = self._check(script, replacement, text)
                except RequestTimeout as limit:
                    return Verdict(False, replacement, text, reasons=(("timeout", str(limit)),))
                if verdict.accepted:
                    return verdict
        return verdict

    def _check(self, script: str, replacement: str, text: str) -> Verdict:
        source, name = self.question.source, self.question.view.declaration
        report = self._server.check(source.imports, source.blanked(text), reference=source.blanked(), names=[name])
        by = checked_by(self._server, report.method, self._label)
        verdict = as_verdict(report, name, replacement, text, by)
        verdict = naming_sorries(verdict, set(self.question.sorried) - {name})
        tolerated = {*_NO_THEOREM, "sorry"} if self.question.siblings else _NO_THEOREM
        if verdict.accepted or not {code for code, _ in verdict.reasons} <= tolerated:
            return verdict
        return self._partial(script, verdict)

    def _partial(self, script: str, verdict: Verdict) -> Verdict:
        """Accepts a partial proof if it leaves one sorry less, none that shows only in Lean's
        warnings, and closes its goal by itself (the sorries beside it hide from the audit one that
        it may add)."""
        call = TacticCall(f"(\n{indented(script, '  ')}\n)")
        (alone,) = self._server.step(self.initial_state.id, [call], STEP_HEARTBEATS, STEP_WALL_MS)
        if alone.state is not None:
            self._server.release([alone.state.id])
        question = self.question
        opened = self._server.open_sorries(self.environment, question.source.blanked(verdict.source))
        left = _distinct(self._server, opened)
        self._server.release([view.state.id for view in left])
        warnings = sum(1 for message in opened.messages if _USES_SORRY.search(message.text))
        fits = (
            alone.status == "finished"
            and len(left) == question.total - 1
            and warnings <= question.owners
            and first_error(opened.messages) is None
        )
        return replace(
            verdict,
            accepted=fits,
            # The sorries beside it bring theirs, which is none of this part's doing; the audit at the end counts anew.
            axioms=tuple(axiom for axiom in verdict.axioms if axiom != "sorryAx" or not fits),
            reasons=() if fits else (("sorry", "the proof leaves a sorry"),),
            checked_by=checked_by(self._server, "elaborated only", self._label),
            details={"partial": True},
        )

    def close(self) -> None:
        """Frees the initial state."""
        self._server.release([self.initial_state.id])


def replace_all(source: SourceFile, edits: Iterable[tuple[SorryView, str]]) -> str:
    """The file's text with each sorry replaced."""
    data = source.text.encode()
    ending = "\r\n" if "\r\n" in source.text else "\n"
    for view, replacement in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        inserted = replacement.replace("\n", ending).encode()
        head = data[: view.start]
        if inserted.startswith((b"\n", b"\r")):
            head = head.rstrip(b" ")
        data = head + inserted + data[view.end :]
    return data.decode()


def finish(
    server: LeanServer, solved: Sequence[tuple[SorryProblem, Verdict]], label: str = ""
) -> tuple[str, dict[str, Verdict]]:
    """Puts all accepted proofs of a file in, and audits the declarations that are then complete.

    Returns:
        the new text, and a verdict for each theorem that has no sorry left. One that is not
        accepted must not be called proved (its proofs are in the text all the same).
    """
    accepted = [(problem, verdict) for problem, verdict in solved if verdict.accepted]
    if not accepted:
        return (solved[0][0].source.text if solved else "", {})
    source = accepted[0][0].source
    text = replace_all(source, [(problem.view, verdict.answer) for problem, verdict in accepted])
    filled = Counter(problem.view.declaration for problem, _ in accepted)
    complete = [
        problem.view.declaration for problem, _ in accepted if filled[problem.view.declaration] == problem.siblings + 1
    ]
    names = list(dict.fromkeys(complete))
    if not names:
        return text, {}
    report = server.check(source.imports, source.blanked(text), reference=source.blanked(), names=names)
    by = checked_by(server, report.method, label)
    sorried = set(accepted[0][0].sorried - filled)
    verdicts = {name: naming_sorries(as_verdict(report, name, "", text, by), sorried) for name in names}
    return text, {
        name: verdict
        for name, verdict in verdicts.items()
        if verdict.accepted or not {code for code, _ in verdict.reasons} <= _NO_THEOREM
    }


def naming_sorries(verdict: Verdict, sorried: Set[str]) -> Verdict:
    """``verdict`` with the declarations ``sorried`` named on which the sorry that it complains of rests, in
    ``details["sorries"]`` too."""
    names = [name for name in verdict.details.get("dependencies", ()) if name in sorried]
    if not names or not any(code == "sorry" for code, _ in verdict.reasons):
        return verdict
    text = f"it depends on the sorry of {', '.join(f'`{name}`' for name in names)}"
    reasons = tuple((code, text if code == "sorry" else sentence) for code, sentence in verdict.reasons)
    return replace(verdict, reasons=reasons, details={**verdict.details, "sorries": names})


def first_error(messages: Iterable[Message]) -> Message | None:
    """The first message that is an error."""
    return next((message for message in messages if message.severity == "error"), None)


def _replacements(text: str, view: SorryView, script: str) -> Iterator[str]:
    before = text.encode()[: view.start].decode()
    prefix = before.rpartition("\n")[2]
    # Where the line begins, or the sorry itself if it begins its line (bullets count as space).
    lead = len(prefix) - len(prefix.lstrip(" ·"))
    several = "\n" in script
    opens = before.rstrip().endswith(_OPENS_BLOCK)
    deeper = " " * (lead + 2)
    block = "\n" + indented(script, deeper)
    aligned = indented(script, " " * len(prefix)).lstrip(" ")
    if view.is_tactic:
        if not several:
            yield script
        elif opens and prefix.strip(" ·"):
            yield block
        if several:
            yield aligned
        yield "(" + indented(script, " " * (len(prefix) + 1)).lstrip(" ") + ")"
        return
    term = f"by{block}" if several else f"by {script}"
    if opens:
        yield term
    yield f"({term})"
