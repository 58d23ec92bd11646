"""What Lean says each encoded state is: the structured goals, asked once and kept beside the encoding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from prover.domain import Candidate, Environment, State
from prover.errors import BadInput, InfrastructureFault
from prover.lean.environment import LeanDomain
from prover.lean.goals import LeanState
from prover.model.encodings import EncodedStep
from prover.problem import Problem
from prover.session import Session

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
        Piece(h.name, _kind(h.is_prop, h.is_instance, h.is_type), tuple(h.symbols), h.term)
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


def ask_structures(
    every: Iterable[EncodedStep], folder: Path, say: Callable[[str], None] = lambda text: None
) -> dict[tuple[str, str], Structure]:
    """Asks Lean about the state of every step that is not known yet; what it answers is kept in ``folder`` at once.

    States without a statement and tactics that lead to them (of traces without their project) are passed over.

    Raises:
        BadInput: Lean could be asked about none. InfrastructureFault: Lean fails again and again.
    """
    known = read_structures(folder)
    wanted: dict[str, list[EncodedStep]] = defaultdict(list)
    asked: set[tuple[str, str]] = set()
    for step in every:
        key = (step.theorem, step.state_before)
        if step.path is not None and step.statement and key not in asked:
            asked.add(key)
            if key not in known:
                wanted[step.theorem].append(step)
    faults = 0
    with Session() as session, (folder / FILE).open("ab") as stream:
        for number, (theorem, steps) in enumerate(wanted.items(), 1):
            try:
                for structure in _of_theorem(session, theorem, steps):
                    known[structure.theorem, structure.state] = structure
                    stream.write(msgspec.json.encode(structure) + b"\n")
                faults = 0
            except BadInput as error:
                say(f"{theorem} is passed over: {error}")
            except InfrastructureFault:
                faults += 1
                if faults > 3:
                    raise
                session.let_go()
            stream.flush()
            if number % 25 == 0:
                say(f"{number} of {len(wanted)} theorems, {len(known)} states")
    if not known:
        raise BadInput(f"Lean can be asked about no state of {folder}: its steps have no statements")
    return known


def _of_theorem(session: Session, theorem: str, steps: Iterable[EncodedStep]) -> Iterator[Structure]:
    ordered = sorted(steps, key=lambda step: len(step.path or ()))
    first = ordered[0]
    problem = Problem(first.statement, theorem, imports=first.imports, header=first.header)
    with LeanDomain(session.server()).open(problem) as environment:
        reached: dict[tuple[str, ...], State] = {(): environment.initial_state}
        for step in ordered:
            state = _replay(environment, reached, step.path or ())
            if isinstance(state, LeanState) and state.text.startswith(step.state_before):
                found = structure_of(theorem, state)
                if found is not None:
                    yield msgspec.structs.replace(found, state=step.state_before)


def _replay(environment: Environment, reached: dict[tuple[str, ...], State], path: tuple[str, ...]) -> State | None:
    if path in reached:
        return reached[path]
    before = _replay(environment, reached, path[:-1])
    if before is None:
        return None
    (result,) = environment.step(before, [Candidate(path[-1], "replay", score=1.0)])
    if result.state is None:
        return None
    reached[path] = result.state
    return result.state
