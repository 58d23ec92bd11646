"""Makes again, in a new Lean process, what a lost one held."""

from __future__ import annotations

from prover.errors import InfrastructureFault
from prover.lean import protocol as p
from prover.lean.connection import Connection, new_id
from prover.lean.recipes import Environment, Goal, SorryFile, State, Step


class StateLost(InfrastructureFault):
    """A state could not be rebuilt after a restart of Lean."""


class Replay:
    """Looks after the ids in the running process of environments and states.

    ``revived`` collects states that had to be rebuilt only because a descendant was wanted.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.revived: list[State] = []

    def request(self, recipe: Environment | Goal | SorryFile) -> p.Request:
        """The opening request of a recipe, with what it needs opened first."""
        if isinstance(recipe, Environment):
            return p.OpenEnvironment(
                id=new_id(),
                imports=list(recipe.imports),
                header=recipe.header,
                wall_ms=recipe.wall_ms,
            )
        environment = self.environment(recipe.environment)
        if isinstance(recipe, Goal):
            return p.OpenGoal(
                id=new_id(),
                environment=environment,
                statement=recipe.statement,
                wall_ms=recipe.wall_ms,
            )
        return p.OpenSorries(id=new_id(), environment=environment, source=recipe.source, wall_ms=recipe.wall_ms)

    def environment(self, record: Environment) -> int:
        """The running process's id of an environment, opened if need be."""
        self._connection.ready()
        if record.generation != self._connection.generation:
            answer = self._connection.exchange(self.request(record), p.EnvironmentOk, record.wall_ms / 1000)
            record.settle(answer.environment, self._connection.generation)
        return record.live

    def state(self, record: State) -> int:
        """The running process's id of a state, rebuilt from its recipe if need be.

        Raises:
            StateLost: its recipe fails now, or gives another state than it did.
        """
        self._connection.ready()
        if record.generation == self._connection.generation:
            return record.live
        chain = record.chain(self._connection.generation)
        for state in chain:
            recipe = state.recipe
            if isinstance(recipe, Step):
                self._again(state, recipe)
            elif isinstance(recipe, Goal):
                answer = self._connection.exchange(self.request(recipe), p.GoalOk, recipe.wall_ms / 1000)
                self._accept(state, answer.state)
            else:
                sorries = self._connection.exchange(self.request(recipe), p.SorriesOk, recipe.wall_ms / 1000)
                if len(sorries.sorries) != len(recipe.states):
                    raise StateLost("after a restart of Lean the file has other sorries")
                for sibling, view in zip(recipe.states, sorries.sorries, strict=True):
                    self._accept(sibling, view.state)
                self.revived += [state for state in recipe.states if not state.held]
        self.revived += [state for state in chain if not state.held]
        return record.live

    def _again(self, state: State, recipe: Step) -> None:
        (result,) = self._connection.exchange(
            p.Step(
                id=new_id(),
                state=recipe.parent.live,
                tactics=[p.TacticCall(recipe.tactic)],
                heartbeats=recipe.heartbeats,
                # It succeeded before; a busy machine now shall not make it fail.
                wall_ms=4 * recipe.wall_ms,
            ),
            p.StepOk,
            4 * recipe.wall_ms / 1000,
        ).results
        if result.state is None:
            raise StateLost(f"after a restart of Lean a step fails that succeeded: {result.message}")
        self._accept(state, result.state)

    def _accept(self, state: State, view: p.StateView) -> None:
        if view.key != state.key:
            raise StateLost("after a restart of Lean a step leads to another state than before")
        state.settle(view.id, self._connection.generation)
