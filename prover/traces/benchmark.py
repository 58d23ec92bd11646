"""A folder of the LeanDojo Benchmark 4: read as a stream, written byte for byte as LeanDojo does.

Layout: ``random/`` and ``novel_premises/`` with ``train.json``, ``val.json`` and ``test.json`` (arrays of
theorems), ``corpus.jsonl`` (a file a line), ``metadata.json``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec

from prover.errors import BadInput
from prover.traces.stream import array_elements, lines, open_binary
from prover.traces.theorem import CorpusFile, TracedTheorem

STRATEGIES = ("random", "novel_premises")
PARTS = ("train", "val", "test")

T = TypeVar("T")

_theorems = msgspec.json.Decoder(TracedTheorem)
_corpus = msgspec.json.Decoder(CorpusFile)


def read_theorems(path: Path) -> Iterator[TracedTheorem]:
    """The theorems of a ``train.json`` (an array) or of a ``.jsonl`` file (one a line), one at a time.

    Memory is bounded by the largest theorem, whatever the size of the file.

    Raises:
        BadInput: malformed; says which theorem (number from 1, name) and which field.
    """
    if path.suffix == ".jsonl":
        for number, line in lines(path):
            yield _decode(_theorems, line, f"{path}, line {number}")
        return
    for number, text in enumerate(array_elements(path), 1):
        yield _decode(_theorems, text, f"{path}, theorem {number}")


def read_corpus(path: Path) -> Iterator[CorpusFile]:
    """The files of a ``corpus.jsonl``, one at a time.

    Raises:
        BadInput: malformed; says which line and field.
    """
    for number, line in lines(path):
        yield _decode(_corpus, line, f"{path}, line {number}")


def write_theorems(path: Path, theorems: Iterable[TracedTheorem]) -> int:
    """Writes an array as LeanDojo does (``json.dump``), streaming; returns how many.

    A file that was there is replaced only when everything is written.
    """
    count = 0
    with _replacing(path) as file:
        file.write("[")
        for theorem in theorems:
            file.write((", " if count else "") + dumps(theorem))
            count += 1
        file.write("]")
    return count


def write_corpus(path: Path, files: Iterable[CorpusFile]) -> int:
    """Writes a ``corpus.jsonl``; returns how many files it lists."""
    return write_lines(path, files)


def write_lines(path: Path, records: Iterable[msgspec.Struct]) -> int:
    """Writes a record a line; returns how many. A file that was there is replaced at the end."""
    count = 0
    with _replacing(path) as file:
        for record in records:
            file.write(dumps(record) + "\n")
            count += 1
    return count


def dumps(record: msgspec.Struct) -> str:
    """JSON of a record exactly as ``json.dumps`` writes it in LeanDojo (ASCII, a blank after each comma)."""
    return json.dumps(msgspec.to_builtins(record))


class Benchmark:
    """A benchmark folder. Opening it reads nothing but its file names."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput where ``folder`` holds no split at all."""
        self.folder = folder
        self.strategies = tuple(
            name for name in STRATEGIES if any((folder / name / f"{part}.json").is_file() for part in PARTS)
        )
        if not self.strategies:
            raise BadInput(
                f"{folder} is not a LeanDojo benchmark: it has neither random/ nor novel_premises/ "
                "with train.json, val.json or test.json"
            )

    def parts(self, strategy: str = "random") -> tuple[str, ...]:
        """The parts of a split that are there."""
        return tuple(part for part in PARTS if (self.folder / strategy / f"{part}.json").is_file())

    def theorems(self, part: str = "train", strategy: str = "random") -> Iterator[TracedTheorem]:
        """Streams one part of one split (see :func:`read_theorems`)."""
        return read_theorems(self.folder / strategy / f"{part}.json")

    def corpus(self) -> Iterator[CorpusFile]:
        """Streams the corpus (see :func:`read_corpus`)."""
        return read_corpus(self.folder / "corpus.jsonl")

    def metadata(self) -> dict[str, Any]:
        """What ``metadata.json`` says; raises BadInput where it is missing or no JSON object."""
        path = self.folder / "metadata.json"
        with open_binary(path) as file:
            data = file.read()
        return _decode(msgspec.json.Decoder(dict[str, Any]), data, str(path))


def read_any(path: Path) -> Iterator[TracedTheorem]:
    """Theorems of a file, or of every part of a folder's first split (train, val, test in turn).

    Raises:
        BadInput: neither a file of theorems nor a benchmark folder.
    """
    if not path.is_dir():
        yield from read_theorems(path)
        return
    benchmark = Benchmark(path)
    strategy = benchmark.strategies[0]
    for part in benchmark.parts(strategy):
        yield from benchmark.theorems(part, strategy)


def write_benchmark(
    folder: Path,
    splits: Mapping[str, Mapping[str, Iterable[TracedTheorem]]],
    corpus: Iterable[CorpusFile],
    metadata: Mapping[str, Any],
) -> dict[str, dict[str, int]]:
    """Writes a whole folder; returns how many theorems each part of each split holds.

    Raises:
        BadInput: the folder cannot be written.
    """
    counts: dict[str, dict[str, int]] = {}
    try:
        for strategy, parts in splits.items():
            (folder / strategy).mkdir(parents=True, exist_ok=True)
            counts[strategy] = {
                part: write_theorems(folder / strategy / f"{part}.json", parts.get(part, ())) for part in PARTS
            }
        write_corpus(folder / "corpus.jsonl", corpus)
        with _replacing(folder / "metadata.json") as file:
            json.dump(dict(metadata), file)
    except OSError as error:
        raise BadInput(f"cannot write {folder}: {error.strerror}") from error
    return counts


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when all of it is written, and not before."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _decode(decoder: msgspec.json.Decoder[T], data: bytes, where: str) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # The name helps to find the theorem, where at least that can be read.
        try:
            name = str(msgspec.json.decode(data, type=dict[str, Any]).get("full_name", ""))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            name = ""
        what = str(error).replace(" - at `$.", " in field `")
        raise BadInput(f"{where}{f' ({name})' if name else ''}: {what}") from error
