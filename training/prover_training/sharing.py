"""One opened problem for several searches: what Lean said to one is not asked again by the next.

For comparing ways of searching at equal numbers of steps: each sees the same answers, also where a step runs into its
time limit or not by chance, and nearly all of Lean's work is done once. Times mean nothing then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prover.domain import Candidate, Environment, State, StepResult, Verdict
from prover.lean.server import LeanServer
from prover.session import Options, Session
from prover.wrapping import WrappedEnvironment


class Guest(Session):
    """A session that uses another one's Lean, and leaves it as it is."""

    def __init__(self, options: Options, host: Session) -> None:
        super().__init__(options)
        self._host = host

    def server(self) -> LeanServer:
        """The host's connection."""
        return self._host.server()

    def let_go(self) -> None:
        """Does nothing: it is the host's."""


class SharedProblem:
    """Opens a problem once; :meth:`lend` gives it to one search after the other. Close it at the end."""

    def __init__(self, open_environment: Callable[[], Environment]) -> None:
        self._open = open_environment
        self._environment: Environment | None = None
        self.results: dict[tuple[object, ...], StepResult] = {}
        self.verdicts: dict[tuple[str, ...], Verdict] = {}
        self.asked = self.remembered = 0

    def lend(self) -> Lent:
        """The problem for the next search.

        Raises:
            BadInput, InfrastructureFault: it cannot be opened.
        """
        if self._environment is None:
            self._environment = self._open()
        return Lent(self, self._environment)

    def close(self) -> None:
        """Closes the problem."""
        if self._environment is not None:
            self._environment.close()


class Lent(WrappedEnvironment):
    """An environment that answers from memory what was asked before; closing it and releasing states does nothing."""

    def __init__(self, shared: SharedProblem, environment: Environment) -> None:
        super().__init__(environment)
        self._shared = shared

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Tries what was not tried on an equal state, with the same limits, before."""
        results = self._shared.results
        keys = [(state.key, c.action, c.wall_ms, c.heartbeats) for c in candidates]
        new = [candidate for key, candidate in zip(keys, candidates, strict=True) if key not in results]
        tried = iter(self.inner.step(state, new) if new else ())
        self._shared.asked += len(new)
        self._shared.remembered += len(candidates) - len(new)
        return [results[key] if key in results else results.setdefault(key, next(tried)) for key in keys]

    def verify(self, actions: Sequence[str]) -> Verdict:
        """Checks the whole answer from scratch, once for all searches."""
        verdicts, answer = self._shared.verdicts, tuple(actions)
        if answer not in verdicts:
            verdicts[answer] = self.inner.verify(actions)
        return verdicts[answer]

    def release(self, states: Sequence[State]) -> None:
        """Keeps the states for the next search."""

    def close(self) -> None:
        """Leaves the problem open for the next search."""
