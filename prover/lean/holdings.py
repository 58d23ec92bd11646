"""What the callers of a Lean server hold: ids of ours that survive a restart of Lean, and what is to be freed there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from prover.lean.connection import Connection
from prover.lean.protocol import EnvironmentOk, StateView
from prover.lean.recipes import Environment, Goal, SorryFile, State, Step, Table
from prover.lean.replay import Replay


class Holdings:
    """Ids of environments and states, given out to callers.

    Equal environments are one, here and in Lean: it may go only with its last user.
    """

    def __init__(self, connection: Connection, replay: Replay) -> None:
        self._connection = connection
        self._replay = replay
        self._environments: Table[Environment] = Table()
        self._shared: dict[tuple[tuple[str, ...], str], Environment] = {}
        self._states: Table[State] = Table()
        self._garbage: list[tuple[int, int]] = []  # generation, Lean's id

    def environment(self, identifier: int) -> Environment:
        """What an id stands for.

        Raises:
            InfrastructureFault: it was released or never given out.
        """
        return self._environments[identifier]

    def state(self, identifier: int) -> State:
        """What an id stands for.

        Raises:
            InfrastructureFault: it was released or never given out.
        """
        return self._states[identifier]

    def open_environment(
        self, imports: Sequence[str], header: str, wall_ms: int, ask: Callable[[Environment], EnvironmentOk]
    ) -> EnvironmentOk:
        """Gives out an id for an environment; Lean is asked for it (``ask``) only where nobody holds its like."""
        question = (tuple(imports), header)
        record = self._shared.get(question)
        if record is None:
            record = Environment(*question, wall_ms)
            record.answer = ask(record)
            record.settle(record.answer.environment, self._connection.generation)
            self._shared[question] = record
        record.users += 1
        return msgspec.structs.replace(record.answer, environment=self._environments.add(record))

    def hold(self, recipe: Goal | SorryFile | Step, view: StateView) -> StateView:
        """Gives out an id for a state of the running process."""
        record = State(recipe, view.key)
        record.settle(view.id, self._connection.generation)
        return msgspec.structs.replace(view, id=self._states.add(record))

    def adopt(self, recipe: Step, view: StateView) -> tuple[State, StateView]:
        """Gives out an id for a state that another process made: the running one makes it when it is wanted."""
        record = State(recipe, view.key)
        return record, msgspec.structs.replace(view, id=self._states.add(record))

    def live(self, record: State) -> int:
        """Lean's id of a state, which is rebuilt if need be.

        Raises:
            StateLost: it cannot be rebuilt.
        """
        live = self._replay.state(record)
        revived, self._replay.revived = self._replay.revived, []
        for state in revived:
            self._discard(state)
        return live

    def drop(self, states: Iterable[int], environments: Iterable[int]) -> list[Environment]:
        """Forgets ids (unknown ones are ignored) and returns the environments that are to be freed."""
        for state in states:
            record = self._states.drop(state)
            if record is not None:
                record.held = False
                self._discard(record)
        return [record for record in map(self._leave, environments) if record is not None]

    def drop_all(self) -> list[Environment]:
        """:meth:`drop` of everything."""
        return self.drop(self._states.ids(), self._environments.ids())

    @property
    def waiting(self) -> int:
        """How many states wait to be freed."""
        return len(self._garbage)

    def take_garbage(self) -> list[tuple[int, int]]:
        """The states that wait to be freed, as (generation, Lean's id); none waits any more."""
        taken, self._garbage = self._garbage, []
        return taken

    def _leave(self, environment: int) -> Environment | None:
        """Drops an environment's id; returns the environment where it is to be freed."""
        record = self._environments.drop(environment)
        if record is None:
            return None
        record.users -= 1
        # What has no header is only imports: it stays for the next problem.
        if record.users or not record.header:
            return None
        del self._shared[record.imports, record.header]
        return record

    def _discard(self, record: State) -> None:
        """Puts a state of the running process on the list of those to free."""
        if record.generation == self._connection.generation:
            self._garbage.append((record.generation, record.live))
            record.generation = 0
