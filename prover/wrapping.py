"""An environment around another one: a base for those that change one thing and pass the rest on."""

from __future__ import annotations

from collections.abc import Sequence

from prover.domain import Candidate, Environment, Refutation, State, StepResult, Verdict


class WrappedEnvironment:
    """Passes everything on to ``inner``, also what an environment need not have (``prepare``, ``refute``)."""

    def __init__(self, inner: Environment) -> None:
        self.inner = inner

    @property
    def initial_state(self) -> State:
        """The state that the problem opens with."""
        return self.inner.initial_state

    def prepare(self) -> None:
        """What the environment does once for many problems; outside this problem's time."""
        if (once := getattr(self.inner, "prepare", None)) is not None:
            once()

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Tries the candidates."""
        return self.inner.step(state, candidates)

    def verify(self, actions: Sequence[str]) -> Verdict:
        """Checks the whole answer from scratch."""
        return self.inner.verify(actions)

    def refute(self, actions: Sequence[str], refutation: Refutation) -> bool:
        """Whether the domain accepts ``refutation``."""
        refute = getattr(self.inner, "refute", None)
        return refute is not None and bool(refute(actions, refutation))

    def release(self, states: Sequence[State]) -> None:
        """Says that these states will not be used again."""
        self.inner.release(states)

    def close(self) -> None:
        """Closes the environment."""
        self.inner.close()
