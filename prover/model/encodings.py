"""Encodings on disk: what a model's hidden states were at each logical step, and where in the text.

A folder holds ``encoding.json`` (what it is), ``steps.jsonl`` (a step a line, with its spans) and
``hidden-00000.safetensors`` … (one tensor ``hidden`` each, of shape (rows, layers, width), in half precision,
memory-mapped when read). A step is in ``steps.jsonl`` only when its rows are in a finished shard, so an interrupted
folder is whole and is gone on with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from prover.errors import BadInput
from prover.model.tensors import read_safetensors

FORMAT = 1
ABOUT, STEPS = "encoding.json", "steps.jsonl"
SHARD_BYTES = 64 << 20
"""A shard is closed at this size."""


class Span(msgspec.Struct, frozen=True):
    """A piece of a step's text and its rows: characters ``start`` to ``end`` of ``state_before`` (of ``tactic`` for the
    kind ``tactic``), rows ``row`` to ``row + rows`` of the hidden states.

    ``kind`` is ``goal`` (all of the first goal), ``hypothesis`` (``name`` is the line's names), ``target``,
    ``tactic``, or ``after`` (the last position of all, where the model has read the tactic). A pooled span has one row.
    """

    kind: str
    name: str
    start: int
    end: int
    row: int = -1
    rows: int = 1


class EncodedStep(msgspec.Struct, frozen=True):
    """One logical step: a state, the tactic that was tried on it, what Lean said, and the spans that were recorded.

    ``proof`` says that it is on a found proof; ``distance`` and ``distance_after`` count steps from the states
    before and after to the end of the shortest proof, None where none is known. ``log_probability`` is the model's
    of the tactic, its end included. ``statement``, ``header`` and ``imports`` let Lean be asked again; ``path`` are the
    tactics that lead to ``state_before``, None where that is not known.
    """

    theorem: str
    step: int
    state_before: str
    tactic: str
    state_after: str | None
    status: str
    proof: bool
    module: str = ""
    file: str = ""
    distance: int | None = None
    distance_after: int | None = None
    log_probability: float | None = None
    statement: str = ""
    header: str = ""
    imports: tuple[str, ...] = ()
    path: tuple[str, ...] | None = None
    spans: tuple[Span, ...] = ()

    def span(self, kind: str) -> Span | None:
        """The first span of that kind."""
        return next((span for span in self.spans if span.kind == kind), None)


class About(msgspec.Struct):
    """What ``encoding.json`` says: the model, the recorded layers (0: the embeddings), how spans were pooled, the
    prompt format, the source and which of its steps were chosen. ``consumed`` counts the steps of the source that were
    read.
    """

    model: str
    model_sha256: str
    architecture: str
    layers: tuple[int, ...]
    pooling: str
    width: int
    prompt: str
    source: str
    chosen: str = ""
    format: int = FORMAT
    steps: int = 0
    rows: int = 0
    consumed: int = 0
    finished: bool = False
    shards: list[str] = []
    rows_per_shard: list[int] = []
    created: str = ""


class EncodingWriter:
    """Writes an encoding, shard by shard; goes on with a folder of the same settings."""

    def __init__(self, folder: Path, about: About) -> None:
        """Opens or creates ``folder``.

        Raises:
            BadInput: it holds an encoding of other settings, or cannot be written.
        """
        self.folder, self.about = folder, about
        self._waiting: list[tuple[EncodedStep, list[np.ndarray]]] = []
        self._bytes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / ABOUT).exists():
                self.about = _read_about(folder)
                same = ("model_sha256", "layers", "pooling", "prompt", "source", "chosen")
                other = [name for name in same if getattr(about, name) != getattr(self.about, name)]
                if other:
                    raise BadInput(f"{folder} holds an encoding of another {other[0]}; choose another folder")
            self._forget_unfinished()
        except OSError as error:
            raise BadInput(f"cannot write {folder}: {error.strerror}") from error

    def _forget_unfinished(self) -> None:
        """Cuts ``steps.jsonl`` to the steps of finished shards."""
        path = self.folder / STEPS
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        path.write_bytes(b"".join(lines[: self.about.steps]))

    def add(self, step: EncodedStep, rows: Sequence[np.ndarray]) -> None:
        """Appends a step: ``rows[i]``, of shape (k, layers, width), are those of its span ``i``."""
        at, spans = self._next, []
        halves = [part.astype(np.float16) for part in rows]
        for span, part in zip(step.spans, halves, strict=True):
            spans.append(msgspec.structs.replace(span, row=at, rows=len(part)))
            at += len(part)
        self._waiting.append((msgspec.structs.replace(step, spans=tuple(spans)), halves))
        self._bytes += sum(part.nbytes for part in halves)

    @property
    def _next(self) -> int:
        """The number of the next row."""
        waiting = (span for step, _ in reversed(self._waiting) for span in reversed(step.spans))
        last = next(waiting, None)
        return self.about.rows if last is None else last.row + last.rows

    @property
    def waiting(self) -> int:
        """How many steps are not on the disk yet."""
        return len(self._waiting)

    def flush_if_full(self, consumed: int) -> None:
        """Closes the shard where it is large enough."""
        if self._bytes >= SHARD_BYTES:
            self.flush(consumed)

    def flush(self, consumed: int, *, finished: bool = False) -> None:
        """Writes what waits as a shard; ``consumed`` counts the steps of the source that were read so far."""
        from safetensors.numpy import save_file

        # Nothing of ours changes before all is written, so that after Ctrl-C in here this can be called again.
        about = msgspec.structs.replace(self.about, consumed=consumed, finished=finished)
        if self._waiting:
            name = f"hidden-{len(about.shards):05d}.safetensors"
            hidden = np.concatenate([row for _, rows in self._waiting for row in rows] or [self._none()])
            save_file({"hidden": hidden}, self.folder / name)
            self._forget_unfinished()
            with (self.folder / STEPS).open("ab") as stream:
                for step, _ in self._waiting:
                    stream.write(msgspec.json.encode(step) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            about.shards = [*about.shards, name]
            about.rows_per_shard = [*about.rows_per_shard, len(hidden)]
            about.rows += len(hidden)
            about.steps += len(self._waiting)
        part = self.folder / f".{ABOUT}.part"
        part.write_text(json.dumps(msgspec.to_builtins(about), indent=1, ensure_ascii=False) + "\n", "utf-8")
        part.replace(self.folder / ABOUT)
        self._waiting, self._bytes = [], 0
        self.about = about

    def _none(self) -> np.ndarray:
        return np.empty((0, len(self.about.layers), self.about.width), np.float16)


class Encoding:
    """An encoding that was written, with its hidden states mapped into memory."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput where the folder holds no whole encoding."""
        self.folder = folder
        self.about = _read_about(folder)
        try:
            self._shards = [read_safetensors(folder / name)["hidden"] for name in self.about.shards]
        except (OSError, ValueError, KeyError) as error:
            raise BadInput(f"the encoding in {folder} is not whole: {error}") from error
        self._starts = np.cumsum([0, *self.about.rows_per_shard])

    @property
    def layers(self) -> tuple[int, ...]:
        """The numbers of the recorded layers; 0 is the embeddings."""
        return self.about.layers

    @property
    def width(self) -> int:
        """The width of a hidden state."""
        return self.about.width

    def steps(self) -> Iterator[EncodedStep]:
        """All steps, in order, one at a time.

        Raises:
            BadInput: a line is malformed.
        """
        decoder = msgspec.json.Decoder(EncodedStep)
        with (self.folder / STEPS).open("rb") as stream:
            for number, line in zip(range(self.about.steps), stream, strict=False):
                try:
                    yield decoder.decode(line)
                except msgspec.MsgspecError as error:
                    raise BadInput(f"{self.folder / STEPS}, line {number + 1}: {error}") from error

    def hidden(self, row: int, count: int = 1) -> np.ndarray:
        """The hidden states of ``count`` rows from ``row``: float32 of shape (count, layers, width)."""
        return self.gather(range(row, row + count))

    def gather(self, rows: Sequence[int], layer: int | None = None) -> np.ndarray:
        """The hidden states of any rows: float32 of shape (rows, layers, width), or (rows, width) of the one layer
        at that position in ``layers``."""
        index = np.asarray(rows, dtype=np.int64)
        shape = (len(index), len(self.layers), self.width) if layer is None else (len(index), self.width)
        found = np.empty(shape, np.float32)
        for start, shard in zip(self._starts, self._shards, strict=False):
            inside = (index >= start) & (index < start + len(shard))
            if inside.any():
                at = index[inside] - start
                found[inside] = shard[at] if layer is None else shard[at, layer]
        return found


def open_encoding(folder: Path) -> Encoding:
    """The encoding in ``folder``.

    Raises:
        BadInput: there is none.
    """
    return Encoding(folder)


def _read_about(folder: Path) -> About:
    try:
        found: Any = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
    except OSError as error:
        raise BadInput(f"{folder} holds no encoding; make one with: prove encode RUN|TRACES -o {folder}") from error
    except msgspec.MsgspecError as error:
        raise BadInput(f"{folder / ABOUT}: {error}") from error
    if found.format != FORMAT:
        raise BadInput(f"{folder} holds an encoding of format {found.format}, this version reads {FORMAT}")
    return About(**msgspec.structs.asdict(found))
