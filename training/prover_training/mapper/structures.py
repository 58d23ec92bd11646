"""What Lean says each encoded state is: the structured goals, asked once and kept beside the encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from prover.domain import Candidate, Environment, State
from prover.errors import BadInput, InfrastructureFault
from prover.lean.environment import LeanDomain
from prover.lean.goals import LeanState
from prover.model.encodings import EncodedStep
from prover.problem import Problem
from prover.session import Session
from prover.traces.searches import LONGEST_STATE
from prover.traces.theorem import NO_GOALS

FILE = "structures.jsonl"


class Piece(msgspec.Struct, frozen=True):
    """A hypothesis (``name``) or the target (no name) of a goal: its constants, its term in prefix notation and what it
    is: ``variable``, ``fact``, ``instance``, ``type``, ``target``."""

    name: str
    kind: str
    symbols: tuple[str, ...]
    term: str


class Structure(msgspec.Struct, frozen=True):
    """The first goal of a state; ``relation`` is what stands at the top of its target (``eq``, ``forall``, …)."""

    theorem: str
    state: str
    relation: str
    size: int
    goals: int
    pieces: tuple[Piece, ...]


def structure_of(theorem: str, state: LeanState) -> Structure | None:
    """What Lean says of a state; None where no goal is left."""
    goal = state.main_goal
    if goal is None:
        return None
    pieces = [
        Piece(
            h.name, _kind(h.is_prop, h.is_instance, h.is_type),
            # Of what is no fact Lean tells the head of its type only.
            tuple(h.symbols) or ((h.head,) if h.head else ()), h.term,
        )
        for h in goal.hypotheses if h.accessible
    ]  # fmt: skip
    pieces.append(Piece("", "target", tuple(goal.symbols), goal.term))
    return Structure(theorem, state.text, goal.shape, goal.size, state.goals, tuple(pieces))


def _kind(fact: bool, instance: bool, type_: bool) -> str:
    return "fact" if fact else "instance" if instance else "type" if type_ else "variable"


def read_structures(folder: Path) -> dict[tuple[str, str], Structure]:
    """The structures kept in the folder of an encoding, by theorem and text of the state."""
    path = folder / FILE
    if not path.exists():
        return {}
    decoder = msgspec.json.Decoder(Structure)
    found: dict[tuple[str, str], Structure] = {}
    for line in path.read_bytes().splitlines():
        try:
            structure = decoder.decode(line)
        except msgspec.MsgspecError:
            continue  # cut short by a crash
        found[structure.theorem, structure.state] = structure
    return found


@dataclass(slots=True)
class _Theorem:
    """What is to be asked of one theorem: any of its steps, and the wanted states by text with their tactics."""

    step: EncodedStep
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)


def ask_structures(
    every: Iterable[EncodedStep], folder: Path, say: Callable[[str], None] = lambda text: None
) -> dict[tuple[str, str], Structure]:
    """Asks Lean about the states before and after every step, as far as they are not known yet; what it answers is
    kept in ``folder`` at once.

    States without a statement and tactics that lead to them (of traces without their project) are passed over.

    Raises:
        BadInput: Lean could be asked about none. InfrastructureFault: Lean fails again and again.
    """
    known = read_structures(folder)
    wanted = _wanted(every, known)
    count = sum(len(theorem.states) for theorem in wanted)
    before, faults = len(known), 0
    with Session() as session, (folder / FILE).open("ab") as stream:
        for number, theorem in enumerate(wanted, 1):
            try:
                for structure in _of_theorem(session, theorem):
                    known[structure.theorem, structure.state] = structure
                    stream.write(msgspec.json.encode(structure) + b"\n")
                faults = 0
            except BadInput as error:
                say(f"{theorem.step.theorem} is passed over: {error}")
            except InfrastructureFault:
                faults += 1
                if faults > 3:
                    raise
                session.let_go()
            stream.flush()
            if number % 25 == 0 or number == len(wanted):
                say(f"{number} of {len(wanted)} theorems, {len(known) - before} of {count} states")
    if not known:
        raise BadInput(f"Lean can be asked about no state of {folder}: its steps have no statements")
    return known


def _wanted(every: Iterable[EncodedStep], known: Mapping[tuple[str, str], Structure]) -> list[_Theorem]:
    """The states that are not known, by theorem (different ones may have one name)."""
    found: dict[tuple[str, str, str], _Theorem] = {}
    for step in every:
        if step.path is None or not step.statement:
            continue
        asked = {step.state_before: step.path}
        if step.state_after and step.state_after != NO_GOALS:
            asked[step.state_after] = (*step.path, step.tactic)
        for text, path in asked.items():
            if (step.theorem, text) not in known:
                theorem = found.setdefault((step.theorem, step.statement, step.header), _Theorem(step))
                theorem.states.setdefault(text, path)
    return list(found.values())


def _of_theorem(session: Session, theorem: _Theorem) -> Iterator[Structure]:
    """The wanted states, as far as the tactics lead to them again."""
    step = theorem.step
    problem = Problem(step.statement, step.theorem, imports=step.imports, header=step.header)
    with LeanDomain(session.server()).open(problem) as environment:
        reached: dict[tuple[str, ...], State | None] = {(): environment.initial_state}
        for text, path in sorted(theorem.states.items(), key=lambda pair: len(pair[1])):
            state = _replay(environment, reached, path)
            # Searches keep the beginning of long texts only.
            if isinstance(state, LeanState) and state.text[:LONGEST_STATE] == text:
                found = structure_of(step.theorem, state)
                if found is not None:
                    yield msgspec.structs.replace(found, state=text)


def _replay(
    environment: Environment, reached: dict[tuple[str, ...], State | None], path: tuple[str, ...]
) -> State | None:
    """The state that the tactics lead to; None where one of them fails this time."""
    if path not in reached:
        before = _replay(environment, reached, path[:-1])
        results = [] if before is None else list(environment.step(before, [Candidate(path[-1], "replay", score=1.0)]))
        reached[path] = results[0].state if results else None
    return reached[path]
