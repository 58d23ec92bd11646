"""From a module's claim that a state is false to a problem that is refuted: only the domain can say so."""

from __future__ import annotations

from collections.abc import Sequence

from prover.domain import Environment, Refutation

_TRIES = 3
"""How many claims a search has the domain check; each may cost as much as checking a proof."""


class Refuter:
    """Asks the environment whether a counterexample found along a path refutes the problem itself.

    An environment that can tell has a method ``refute(actions, refutation) -> bool``. ``found`` is the
    counterexample that it accepted.
    """

    __slots__ = ("_environment", "_left", "found")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._left = _TRIES
        self.found: Refutation | None = None

    def refutes(self, actions: Sequence[str], refutation: Refutation) -> bool:
        """Whether the domain accepts ``refutation``, claimed of the state after ``actions``."""
        refute = getattr(self._environment, "refute", None)
        if refute is None or self._left <= 0:
            return False
        self._left -= 1
        if refute(actions, refutation):
            self.found = refutation
        return self.found is not None
