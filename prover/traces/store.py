"""A folder of our own traces: what ``prove trace`` writes, file by file, and assembles into a benchmark.

Beside the benchmark's files stand ``files/PATH.json`` (a :class:`~prover.traces.tracer.FileTrace` each, which an
interrupted run goes on from) and ``sources/PATH`` (the text that was traced, so that a folder can be replayed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from prover import __version__
from prover.errors import BadInput
from prover.lean.embedded.cache import write_atomically
from prover.lean.source import read_source
from prover.traces.benchmark import write_benchmark
from prover.traces.splits import split
from prover.traces.tracer import FileTrace, digest_of

_decoder = msgspec.json.Decoder(FileTrace)


class Store:
    """Traces of files under their paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, file_path: str, text: str) -> FileTrace | None:
        """The trace of a file, if this very text was traced before."""
        path = self._trace(file_path)
        if not path.is_file():
            return None
        trace = self._read(path)
        return trace if trace.digest == digest_of(text) else None

    def put(self, text: str, trace: FileTrace) -> None:
        """Keeps the trace of a file, and its text.

        Raises:
            BadInput: the folder cannot be written.
        """
        try:
            for path, content in (
                (self._source(trace.corpus.path), text),
                (self._trace(trace.corpus.path), msgspec.json.encode(trace).decode()),
            ):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, content)
        except OSError as error:
            raise BadInput(f"cannot write {self.folder}: {error.strerror}") from error

    def traces(self) -> Iterator[tuple[str, FileTrace]]:
        """The text and trace of every file, in the order of their paths.

        Raises:
            BadInput: there are none, or one cannot be read.
        """
        files = sorted((self.folder / "files").rglob("*.json"))
        if not files:
            raise BadInput(f"{self.folder} holds no traces of 'prove trace' (it has no files/)")
        for path in files:
            trace = self._read(path)
            yield read_source(self._source(trace.corpus.path)), trace

    def assemble(
        self, paths: Sequence[str], *, url: str, commit: str, seed: int, val: float, test: float, lean: str
    ) -> dict[str, dict[str, int]]:
        """Writes the benchmark's own files from the traces of ``paths``; returns the sizes of its parts."""
        traces = [self._read(self._trace(path)) for path in paths]
        theorems = [theorem for trace in traces for theorem in trace.theorems]
        metadata: dict[str, Any] = {
            "creation_time": str(datetime.now(UTC)),
            "from_repo": {"url": url, "commit": commit},
            "leandojo_version": f"none, traced by neural-prover {__version__}",
            "lean": lean,
            "seed": seed,
        }
        splits = split(theorems, seed=seed, val=val, test=test)
        return write_benchmark(self.folder, splits, (trace.corpus for trace in traces), metadata)

    def _trace(self, file_path: str) -> Path:
        return self.folder / "files" / f"{file_path}.json"

    def _source(self, file_path: str) -> Path:
        return self.folder / "sources" / file_path

    def _read(self, path: Path) -> FileTrace:
        try:
            return _decoder.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            raise BadInput(f"{path} is damaged ({error}); remove it and trace again") from error
