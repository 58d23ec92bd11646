"""Replays traces in Lean: does every tactic lead from its ``state_before`` to its ``state_after``?

The place of each tactic is opened as a ``sorry`` in the theorem's own text; there the goals must be those of
``state_before``. Then the tactic is applied as a step of a search would be, and must leave ``state_after``. A
step sees the first goal only; a tactic that looks at the others (``case``, ``all_goals``) is instead elaborated in
its place, and the goals after it are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prover.errors import BadInput
from prover.lean.protocol import SorryView, TacticCall
from prover.lean.server import LeanServer
from prover.lean.verify import blanked
from prover.traces.theorem import NO_GOALS, TracedTactic, TracedTheorem
from prover.traces.tracer import FileTrace, Span, digest_of

HEARTBEATS = 400_000
WALL_MS = 60_000


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A tactic that does not do in Lean what its trace says. ``number`` counts from 1."""

    theorem: str
    number: int
    tactic: str
    problem: str

    def __str__(self) -> str:
        first = self.tactic.splitlines()[0] if self.tactic else ""
        return f"{self.theorem}, tactic {self.number} ({first}): {self.problem}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The replay of one theorem: how many tactics were tried, and those that differ."""

    theorem: str
    tactics: int
    mismatches: tuple[Mismatch, ...]


def replay_file(server: LeanServer, text: str, trace: FileTrace) -> Iterator[Replayed]:
    """Replays every theorem of a traced file, one at a time.

    Raises:
        BadInput: the text is not the one that was traced, or the trace's parts do not belong together.
        InfrastructureFault: Lean failed, which says nothing of the trace.
    """
    if digest_of(text) != trace.digest:
        raise BadInput(f"{trace.corpus.path} is not the text that was traced; trace it again")
    body = blanked(text, server.parse_header(text).body)
    for theorem, spans in zip(trace.theorems, trace.spans, strict=True):
        if len(spans) != len(theorem.traced_tactics):
            raise BadInput(f"{theorem.full_name}: the trace has {len(spans)} places for its tactics; trace it again")
        yield _replay(server, body, trace, theorem, spans)


def _replay(
    server: LeanServer, body: str, trace: FileTrace, theorem: TracedTheorem, spans: tuple[Span, ...]
) -> Replayed:
    mismatches = []
    if spans:
        cut, end = _around(body, trace, theorem)
        try:
            environment = server.open_environment(trace.imports, body[:cut]).environment
        except BadInput:
            # The text before it does not stand alone (a mutual block): the whole file is opened each time.
            cut, end = 0, len(body)
            environment = server.open_environment(trace.imports).environment
        try:
            place = _Place(server, environment, body[cut:end], cut)
            for number, (tactic, span) in enumerate(zip(theorem.traced_tactics, spans, strict=True), 1):
                problem = place.problem(tactic, span)
                if problem:
                    mismatches.append(Mismatch(theorem.full_name, number, tactic.tactic, problem))
        finally:
            server.release([], [environment])
    return Replayed(theorem.full_name, len(spans), tuple(mismatches))


def _around(body: str, trace: FileTrace, theorem: TracedTheorem) -> tuple[int, int]:
    """Offsets of the end of the declaration before a theorem, and of the theorem's own."""
    before = [premise.end for premise in trace.corpus.premises if premise.end <= theorem.start]
    lines = body.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column - 1

    return (offset(*max(before)) if before else 0), offset(*theorem.end)


class _Place:
    """The text of one theorem, to be opened at its tactics."""

    def __init__(self, server: LeanServer, environment: int, text: str, start: int) -> None:
        self._server = server
        self._environment = environment
        self._text = text
        self._start = start

    def problem(self, tactic: TracedTactic, span: Span) -> str:
        """What differs; empty for nothing."""
        begin, end = span[0] - self._start, span[1] - self._start
        if self._text[begin:end] != tactic.tactic:
            return "the file has another text there"
        views = self._sorries(self._text[:begin] + "sorry" + self._text[end:], begin)
        here = [view for view in views if view.state.text == tactic.state_before]
        if not here:
            found = views[0].state.text if views else "no goal"
            return f"before it Lean has\n{found}\nand the trace\n{tactic.state_before}"
        after = self._after(here[0].state.id, tactic.tactic)
        self._server.release([view.state.id for view in views])
        if after == tactic.state_after:
            return ""
        placed = self._placed(begin, end, tactic.state_after)
        if placed == tactic.state_after:
            return ""
        return f"after it Lean has\n{placed if placed is not None else after}\nand the trace\n{tactic.state_after}"

    def _after(self, state: int, tactic: str) -> str:
        (result,) = self._server.step(state, [TacticCall(tactic)], HEARTBEATS, WALL_MS)
        if result.state is None:
            return f"an error: {result.message}"
        self._server.release([result.state.id])
        return result.state.text

    def _placed(self, begin: int, end: int, expected: str) -> str | None:
        """The goals after the tactic where it stands; None where Lean does not get there."""
        line = self._text.rfind("\n", 0, begin) + 1
        indent = " " * (begin - line)
        gap = f"\n{indent}"
        views = self._sorries(self._text[:end] + gap + "sorry" + self._text[end:], end + len(gap))
        texts = [view.state.text for view in views]
        self._server.release([view.state.id for view in views])
        if expected in texts:
            return expected
        if not texts and expected == NO_GOALS and self._complete():
            return NO_GOALS
        return texts[0] if texts else None

    def _complete(self) -> bool:
        """Whether the theorem elaborates as it stands: then a tactic after which nothing can be left left nothing."""
        opened = self._server.open_sorries(self._environment, self._text)
        self._server.release([view.state.id for view in opened.sorries])
        return not opened.sorries and not any(message.severity == "error" for message in opened.messages)

    def _sorries(self, text: str, offset: int) -> list[SorryView]:
        """What was opened at the sorry that stands at ``offset`` (code points); the others are let go."""
        at = len(text[:offset].encode())
        opened = self._server.open_sorries(self._environment, text).sorries
        here = [view for view in opened if view.start == at and view.is_tactic]
        self._server.release([view.state.id for view in opened if view not in here])
        return here
