"""How each thing that a Lean server holds was made, so that a new process can make it again."""

from __future__ import annotations

from typing import Generic, TypeVar

from prover.errors import InfrastructureFault
from prover.lean.protocol import EnvironmentOk

Record = TypeVar("Record")


class Table(Generic[Record]):
    """Records under ids of our own, counted up, never reused."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._next = 1

    def add(self, record: Record) -> int:
        """Holds ``record`` and returns its id."""
        identifier, self._next = self._next, self._next + 1
        self._records[identifier] = record
        return identifier

    def drop(self, identifier: int) -> Record | None:
        """Forgets an id and returns what it stood for; None if it is unknown."""
        return self._records.pop(identifier, None)

    def ids(self) -> list[int]:
        """All ids held."""
        return list(self._records)

    def __getitem__(self, identifier: int) -> Record:
        try:
            return self._records[identifier]
        except KeyError:
            raise InfrastructureFault(f"id {identifier} was released or never given out") from None


class Living:
    """Something that a Lean process may hold: ``live`` is its id there, in ``generation`` only.

    Processes are numbered from 1; generation 0 is none.
    """

    __slots__ = ("generation", "live")

    def __init__(self) -> None:
        self.live = 0
        self.generation = 0

    def settle(self, live: int, generation: int) -> None:
        """Notes that process ``generation`` holds this as ``live``."""
        self.live = live
        self.generation = generation


class Environment(Living):
    """Imported modules with a header on top; ``users`` ids stand for it."""

    __slots__ = ("answer", "header", "imports", "users", "wall_ms")

    def __init__(self, imports: tuple[str, ...], header: str, wall_ms: int) -> None:
        super().__init__()
        self.imports = imports
        self.header = header
        self.wall_ms = wall_ms
        self.users = 0
        self.answer = EnvironmentOk(environment=0, messages=[], definitions=[])


class Goal:
    """The goal of a theorem statement."""

    __slots__ = ("environment", "statement", "wall_ms")

    def __init__(self, environment: Environment, statement: str, wall_ms: int) -> None:
        self.environment = environment
        self.statement = statement
        self.wall_ms = wall_ms


class SorryFile:
    """The goals of all ``sorry``s of a source; they are only ever opened together."""

    __slots__ = ("environment", "source", "states", "wall_ms")

    def __init__(self, environment: Environment, source: str, wall_ms: int) -> None:
        self.environment = environment
        self.source = source
        self.wall_ms = wall_ms
        self.states: list[State] = []


class Step:
    """What a tactic makes of a state."""

    __slots__ = ("heartbeats", "parent", "tactic", "wall_ms")

    def __init__(self, parent: State, tactic: str, heartbeats: int, wall_ms: int) -> None:
        self.parent = parent
        self.tactic = tactic
        self.heartbeats = heartbeats
        self.wall_ms = wall_ms


class State(Living):
    """A proof state; ``key`` is the fingerprint that a rebuilt one must have.

    A state keeps its ancestors' recipes alive, also those whose ids were released (not ``held``).
    """

    __slots__ = ("held", "key", "recipe")

    def __init__(self, recipe: Goal | SorryFile | Step, key: str) -> None:
        super().__init__()
        self.recipe = recipe
        self.key = key
        self.held = True

    def chain(self, generation: int) -> list[State]:
        """The states to rebuild for this one, oldest first, below its nearest living ancestor."""
        chain = [self]
        while isinstance(recipe := chain[-1].recipe, Step):
            if recipe.parent.generation == generation:
                break
            chain.append(recipe.parent)
        chain.reverse()
        return chain
