"""A person's reviewed remarks on traces: theorems made harder, dropped, or with a step corrected.

A file has one JSON object a line: ``full_name``, ``action`` (``raise``, ``drop``, ``correct``), ``tactic`` (the
number of the step, from 0; for ``drop`` it may be left out to drop the whole theorem), ``new_tactic`` for
``correct``, ``by`` for ``raise`` (1 unless given), and ``note``. A corrected step is used only if Lean accepts the
whole proof with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from prover.errors import BadInput
from prover.hookspecs import Curriculum
from prover.lean.server import LeanServer
from prover.traces.store import Store
from prover.traces.stream import lines
from prover.traces.theorem import TracedTheorem
from prover.traces.tracer import FileTrace, trace_text


class Annotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One remark of a reviewer (see the module)."""

    full_name: str
    action: Literal["raise", "drop", "correct"]
    tactic: int | None = None
    new_tactic: str = ""
    by: float = 1.0
    note: str = ""


Recheck = Callable[[TracedTheorem, int, str], TracedTheorem]
"""Gives a theorem with another tactic at a step, as Lean traces it; raises BadInput where Lean does not accept it."""


def read_annotations(path: Path) -> list[Annotation]:
    """The remarks of a file.

    Raises:
        BadInput: malformed; says which line and what is missing.
    """
    decoder = msgspec.json.Decoder(Annotation)
    found = []
    for number, line in lines(path):
        try:
            annotation = decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise BadInput(f"{path}, line {number}: {error}") from error
        if annotation.action == "correct" and (annotation.tactic is None or not annotation.new_tactic.strip()):
            raise BadInput(f"{path}, line {number}: 'correct' needs 'tactic' (a number from 0) and 'new_tactic'")
        found.append(annotation)
    return found


def reviewed(
    theorems: Iterable[TracedTheorem],
    annotations: Sequence[Annotation],
    recheck: Recheck,
    refused: Callable[[Annotation, str], None],
) -> Iterator[TracedTheorem]:
    """The theorems with the remarks applied, in order; those without remarks as they are.

    A remark that cannot be applied (no such step, Lean does not accept the correction, a theorem that is not there)
    goes to ``refused`` with the reason, and the theorem stays as it was.
    """
    waiting: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        waiting[annotation.full_name].append(annotation)
    for theorem in theorems:
        remarks = waiting.pop(theorem.full_name, [])
        kept = theorem
        # Corrections first, and all dropped steps at once: numbers are those of the trace that was reviewed.
        for annotation in remarks:
            if annotation.action == "correct" and annotation.tactic is not None:
                try:
                    kept = recheck(kept, _step(kept, annotation.tactic), annotation.new_tactic)
                except BadInput as error:
                    refused(annotation, str(error))
        dropped = {a.tactic for a in remarks if a.action == "drop"}
        if None in dropped:
            continue
        for annotation in remarks:
            if annotation.action == "drop" and not 0 <= (annotation.tactic or 0) < len(kept.traced_tactics):
                refused(annotation, f"the proof has {len(kept.traced_tactics)} steps")
        if dropped:
            left = tuple(step for number, step in enumerate(kept.traced_tactics) if number not in dropped)
            kept = msgspec.structs.replace(kept, traced_tactics=left)
        yield kept
    for rest in waiting.values():
        for annotation in rest:
            refused(annotation, "there is no such theorem")


def _step(theorem: TracedTheorem, number: int) -> int:
    if not 0 <= number < len(theorem.traced_tactics):
        raise BadInput(f"the proof has {len(theorem.traced_tactics)} steps")
    return number


class Corrector:
    """Puts corrected steps into the files that were traced, and has Lean trace them anew."""

    def __init__(self, server: LeanServer, store: Store) -> None:
        self._server = server
        self._files: dict[str, tuple[str, FileTrace]] = {
            trace.corpus.path: (text, trace) for text, trace in store.traces()
        }

    def __call__(self, theorem: TracedTheorem, number: int, tactic: str) -> TracedTheorem:
        """The theorem as Lean traces it with ``tactic`` as step ``number``.

        Raises:
            BadInput: the theorem is not in these traces, or Lean does not accept the proof with that step.
        """
        if theorem.file_path not in self._files:
            raise BadInput(f"{theorem.file_path} is not among the traced files")
        text, trace = self._files[theorem.file_path]
        places = {found.full_name: spans for found, spans in zip(trace.theorems, trace.spans, strict=True)}
        spans = places.get(theorem.full_name, ())
        if number >= len(spans):
            raise BadInput(f"the trace of {theorem.full_name} has no step {number}")
        start, end = spans[number]
        changed = text[:start] + tactic + text[end:]
        again = trace_text(self._server, changed, file_path=theorem.file_path, url=theorem.url, commit=theorem.commit)
        for found in again.theorems:
            if found.full_name == theorem.full_name:
                self._files[theorem.file_path] = changed, again
                return found
        reasons = dict(again.skipped)
        raise BadInput(f"Lean does not accept it: {reasons.get(theorem.full_name, 'the theorem is gone')}")


class Raised:
    """A curriculum with the difficulty of some theorems raised by a reviewer."""

    def __init__(self, curriculum: Curriculum, annotations: Iterable[Annotation]) -> None:
        self._curriculum = curriculum
        self.name = curriculum.name
        raises: dict[str, float] = defaultdict(float)
        for annotation in annotations:
            if annotation.action == "raise":
                raises[annotation.full_name] += annotation.by
        self.raises: Mapping[str, float] = raises

    def difficulty(self, theorem: TracedTheorem) -> float:
        """The curriculum's own, plus what reviewers added."""
        return self._curriculum.difficulty(theorem) + self.raises.get(theorem.full_name, 0.0)

    def boundaries(self, difficulties: Sequence[float], stages: int) -> Sequence[float]:
        """The curriculum's own."""
        return self._curriculum.boundaries(difficulties, stages)
