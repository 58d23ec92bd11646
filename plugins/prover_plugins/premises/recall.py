"""How often the lemmas that a proof uses are among the first that are found for its goals.

Every tactic of a traced file that names library theorems is a question: its goal, and those theorems. The goals
are opened by trying the proof's tactics one after the other, so tactics inside nested blocks are asked about
only where the block's own steps reach their goal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.errors import BadInput
from prover.lean.environment import DEFAULT_IMPORTS
from prover.lean.library import Library
from prover.lean.protocol import GoalView, TacticCall, TacticTrace
from prover.lean.server import LeanServer


@dataclass(frozen=True, slots=True)
class Question:
    """A goal, the tactic that was used on it and the library theorems that the tactic names."""

    declaration: str
    tactic: str
    goal: GoalView
    premises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: ``ranks`` are from 1 by premise, None for one that was not found at all."""

    question: Question
    ranks: dict[str, int | None]
    milliseconds: float

    def found(self, among: int) -> int:
        """How many premises are among the first so many."""
        return sum(rank is not None and rank <= among for rank in self.ranks.values())


_TURNING = frozenset({"Iff.mp", "Iff.mpr", "Iff.symm", "Eq.symm", "Eq.mp", "Eq.mpr"})
"""What only turns another lemma is not looked for."""


def read_questions(server: LeanServer, path: Path) -> tuple[Library, list[Question], int]:
    """The library in scope of a Lean file, its questions, and how many more could not be opened.

    Raises:
        BadInput: the file cannot be read or does not elaborate.
        InfrastructureFault: Lean fails.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    header = server.parse_header(text)
    imports = tuple(header.imports) or DEFAULT_IMPORTS
    body = text.encode()[header.body :].decode()
    environment = server.open_environment(imports).environment
    traced = server.trace(environment, body)
    for message in traced.messages:
        if message.severity == "error":
            raise BadInput(f"{path.name}: {message.text}", line=message.line, column=message.column)
    library = Library.of(server, environment, imports)
    wanted = [(trace, names) for trace in traced.tactics if (names := _premises(trace, library))]
    goals = _goals(server, environment, body, {trace.state_before for trace, _ in wanted})
    questions = [
        Question(trace.declaration, trace.tactic, goals[trace.state_before], names)
        for trace, names in wanted
        if trace.state_before in goals
    ]
    return library, questions, len(wanted) - len(questions)


def _premises(trace: TacticTrace, library: Library) -> tuple[str, ...]:
    found = dict.fromkeys(premise.name for premise in trace.premises if premise.name not in _TURNING)
    entries = {name: library.entry(name) for name in found}
    return tuple(name for name, entry in entries.items() if entry is not None and entry.kind == "theorem")


def _goals(server: LeanServer, environment: int, body: str, wanted: set[str]) -> dict[str, GoalView]:
    """The first goals of states by their text, as far as replaying the theorems' tactics reaches them."""
    found: dict[str, GoalView] = {}
    for statement, tactics in _theorems(body):
        opened = server.open_goal(environment, statement)
        state, held = opened.state, [opened.state.id]
        for tactic in (*tactics, ""):
            if state.text in wanted and state.text not in found:
                found[state.text] = server.describe(state.id)[0]
            if not tactic:
                break
            (result,) = server.step(state.id, [TacticCall(tactic)])
            if result.state is None or not result.state.goals:
                break
            state = result.state
            held.append(state.id)
        server.release(held)
    return found


def _theorems(body: str) -> Iterator[tuple[str, list[str]]]:
    """Statements and their tactics, for theorems written as ``theorem … := by`` and one tactic a line."""
    for block in ("\n" + body).split("\ntheorem ")[1:]:
        statement, by, proof = block.partition(" := by\n")
        if not by:
            continue
        lines: list[str] = []
        for line in proof.splitlines():
            if not line.strip():
                break
            if line.startswith("   ") and lines:
                lines[-1] += "\n" + line.removeprefix("  ")
            else:
                lines.append(line.strip())
        yield "theorem " + statement, lines


def ask(
    questions: Sequence[Question], find: Callable[[GoalView], Sequence[str]], clock: Callable[[], float]
) -> Iterator[Answer]:
    """Looks each question up; ``find`` gives names of theorems, best first."""
    for question in questions:
        began = clock()
        names = find(question.goal)
        milliseconds = (clock() - began) * 1000
        order = {name: rank for rank, name in enumerate(names, 1)}
        yield Answer(question, {name: order.get(name) for name in question.premises}, milliseconds)
