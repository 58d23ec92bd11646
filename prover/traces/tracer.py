"""Traces Lean files with our own server: every tactic with its states and premises, in LeanDojo's format.

Lean elaborates each file once (the server's ``trace`` request). What it says is put into LeanDojo's records
here; nothing is guessed from the text.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from prover.errors import BadInput
from prover.lean import protocol as p
from prover.lean.server import LeanServer
from prover.lean.verify import blanked
from prover.traces.theorem import (
    NO_GOALS,
    UNKNOWN,
    CorpusFile,
    CorpusPremise,
    Position,
    Premise,
    TracedTactic,
    TracedTheorem,
)

LIBRARY = ".lake/packages/lean4/src/lean/"
"""Where LeanDojo puts the files of Lean's own library."""

_OWN_LIBRARY = ("Init", "Std", "Lean", "Lake")
_SORRY = "Lean.Parser.Tactic.tacticSorry"

Span = tuple[int, int]


class FileTrace(msgspec.Struct, frozen=True):
    """What tracing one file gave.

    ``spans`` are the offsets (in code points, start and end) of each tactic in the file's text, one list a
    theorem, beside ``theorems``. ``skipped`` names theorems that were left out, with the reason. ``digest`` is of
    the file's text.
    """

    digest: str
    imports: tuple[str, ...]
    theorems: tuple[TracedTheorem, ...]
    spans: tuple[tuple[Span, ...], ...]
    corpus: CorpusFile
    skipped: tuple[tuple[str, str], ...] = ()


def digest_of(text: str) -> str:
    """A fingerprint of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def trace_text(
    server: LeanServer, text: str, *, file_path: str, url: str, commit: str, seconds: float = 300.0
) -> FileTrace:
    """Traces the text of one file. Theorems that contain an error or a sorry tactic are left out, and so is what Lean
    could not read at all.

    Raises:
        BadInput: the file's header does not parse, or it imports what is not there.
        InfrastructureFault: Lean failed or did not finish in time.
    """
    header = server.parse_header(text)
    body = blanked(text, header.body)
    environment = server.open_environment(header.imports).environment
    try:
        found = server.trace(environment, body, wall_ms=int(seconds * 1000))
    finally:
        server.release([], [environment])
    # A file may shadow a name of the library; the last declaration of a name is the one tactics mean.
    declared = {d.name: d for d in found.declarations}
    lines = _Lines(text)
    paths = _Paths(file_path, declared)
    tactics = _by_declaration(found.tactics)
    theorems: list[TracedTheorem] = []
    spans: list[tuple[Span, ...]] = []
    skipped: list[tuple[str, str]] = []
    for declaration in found.declarations:
        if declaration.kind != "theorem":
            continue
        own = tactics[declaration.name]
        reason = _objection(declaration, found.messages, own)
        if reason:
            skipped.append((declaration.name, reason))
            continue
        steps = _steps(own, lines, paths)
        start, end = _range(declaration.keyword)
        theorems.append(
            TracedTheorem(url, commit, file_path, declaration.name, start, end, tuple(step for step, _ in steps))
        )
        spans.append(tuple(span for _, span in steps))
    skipped += [
        (f"what stands at line {message.line}", " ".join(message.text.split())[:200])
        for message in found.messages
        if message.severity == "error" and not any(d.range[0] <= message.line <= d.range[2] for d in found.declarations)
    ]
    corpus = CorpusFile(
        file_path,
        tuple(module_path(module) for module in header.imports),
        tuple(_corpus_premise(d, lines) for d in found.declarations),
    )
    return FileTrace(digest_of(text), tuple(header.imports), tuple(theorems), tuple(spans), corpus, tuple(skipped))


def _by_declaration(tactics: Iterable[p.TacticTrace]) -> Mapping[str, list[p.TacticTrace]]:
    found: defaultdict[str, list[p.TacticTrace]] = defaultdict(list)
    for tactic in tactics:
        # The kind of a bare symbol or keyword (`]`, `;`, `by`) is its text: no tactic.
        if tactic.kind != tactic.tactic:
            found[tactic.declaration].append(tactic)
    return found


def module_path(module: str) -> str:
    """The path that LeanDojo would give to a module's file."""
    path = module.replace(".", "/") + ".lean"
    return LIBRARY + path if module.split(".")[0] in _OWN_LIBRARY else path


def origin(folder: Path) -> tuple[str, str]:
    """(url, commit) of the git repository that ``folder`` is in; its own name and an empty commit elsewhere."""
    url = _git(folder, "config", "--get", "remote.origin.url")
    commit = _git(folder, "rev-parse", "HEAD")
    return url or folder.resolve().name, commit


def lean_files(paths: Sequence[Path]) -> tuple[Path, list[Path]]:
    """The Lean files meant by ``paths`` (files, or folders searched for ``*.lean``) and the folder that their
    names are relative to.

    Raises:
        BadInput: a path is not there, is no Lean file, or there is no Lean file at all.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (f for f in sorted(path.rglob("*.lean")) if not _hidden(f.relative_to(path)))
            found.update(dict.fromkeys(f.resolve() for f in inside))
        elif not path.exists():
            raise BadInput(f"there is no file or folder {path}")
        elif path.suffix != ".lean":
            raise BadInput(f"{path} is no Lean file: its name must end in .lean")
        else:
            found[path.resolve()] = None
    if not found:
        raise BadInput(f"there is no Lean file in {', '.join(map(str, paths)) or 'nothing'}")
    files = list(found)
    only = paths[0].resolve() if len(paths) == 1 and paths[0].is_dir() else None
    root = only or Path(*_common([f.parent.parts for f in files]))
    return root, files


def _common(parts: list[tuple[str, ...]]) -> list[str]:
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return shared


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""  # no git: the folder has no origin that we can tell
    return done.stdout.strip() if done.returncode == 0 else ""


def _objection(declaration: p.DeclarationTrace, messages: Iterable[p.Message], tactics: Iterable[p.TacticTrace]) -> str:
    """Why the theorem cannot be learned from; empty if it can."""
    first, last = declaration.range[0], declaration.range[2]
    for message in messages:
        if message.severity == "error" and first <= message.line <= last:
            return f"line {message.line}: " + " ".join(message.text.split())[:200]
    return "it contains sorry" if any(tactic.kind == _SORRY for tactic in tactics) else ""


def _steps(tactics: Iterable[p.TacticTrace], lines: _Lines, paths: _Paths) -> list[tuple[TracedTactic, Span]]:
    """As LeanDojo keeps them: in the order of their text, none on nothing, no step twice."""
    seen: dict[tuple[str, str, str], tuple[TracedTactic, Span]] = {}
    for tactic in sorted(tactics, key=lambda t: (t.start, [-n for n in t.end])):
        signature = (tactic.state_before, tactic.tactic, tactic.state_after)
        if tactic.state_before == NO_GOALS or signature in seen:
            continue
        span = lines.offset(*tactic.start), lines.offset(*tactic.end)
        step = TracedTactic(
            tactic.tactic, _annotated(tactic, span[0], lines, paths), tactic.state_before, tactic.state_after
        )
        seen[signature] = step, span
    return list(seen.values())


def _annotated(tactic: p.TacticTrace, start: int, lines: _Lines, paths: _Paths) -> tuple[str, tuple[Premise, ...]]:
    text, premises = tactic.tactic, []
    pieces, done = [], 0
    for premise in sorted(tactic.premises, key=lambda q: (q.line, q.column)):
        begin = lines.offset(premise.line, premise.column) - start
        end = begin + premise.end_column - premise.column
        written = text[begin:end]
        # Notation stands for constants too (`⟨a, b⟩`): only what names its constant is a premise.
        if begin < done or not written or written.rpartition(".")[2] != premise.name.rpartition(".")[2]:
            continue
        pieces += [text[done:begin], "<a>", written, "</a>"]
        done = end
        premises.append(paths.premise(premise))
    return "".join(pieces) + text[done:], tuple(premises)


def _corpus_premise(declaration: p.DeclarationTrace, lines: _Lines) -> CorpusPremise:
    """A theorem's code ends before its proof, as in LeanDojo; other declarations are whole."""
    line, column, end_line, end_column = declaration.range
    if declaration.kind == "theorem" and declaration.value:
        end_line, end_column = declaration.value[:2]
    code = lines.text[lines.offset(line, column) : lines.offset(end_line, end_column)].strip()
    start, end = _range(declaration.range)
    return CorpusPremise(declaration.name, code, start, end, "commanddeclaration")


def _range(numbers: Sequence[int]) -> tuple[Position, Position]:
    """LeanDojo counts columns from 1, Lean from 0."""
    line, column, end_line, end_column = numbers
    return (line, column + 1), (end_line, end_column + 1)


class _Lines:
    """Positions of a text as offsets in code points."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        for number, char in enumerate(text, 1):
            if char == "\n":
                self._starts.append(number)

    def offset(self, line: int, column: int) -> int:
        """Of a line from 1 and a column from 0."""
        return self._starts[line - 1] + column


class _Paths:
    """Where constants are declared, as far as that is known."""

    def __init__(self, file_path: str, declared: dict[str, p.DeclarationTrace]) -> None:
        self._file_path = file_path
        self._declared = declared

    def premise(self, premise: p.Premise) -> Premise:
        if premise.module:
            return Premise(premise.name, module_path(premise.module), UNKNOWN, UNKNOWN)
        declaration = self._declared.get(premise.name)
        if declaration is None:  # a constructor or field: known is only that it is declared here
            return Premise(premise.name, self._file_path, UNKNOWN, UNKNOWN)
        return Premise(premise.name, self._file_path, *_range(declaration.selection))
