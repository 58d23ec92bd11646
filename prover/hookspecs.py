"""The whole extension API: what a plugin can add, in one file to read in five minutes.

A plugin is any object (usually a module) with functions marked ``@hookimpl`` named as below; it is found by
the entry point group ``neural_prover`` or by ``--plugin module:object``. Built-ins use the same road.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import pluggy

from prover.domain import Candidate, Environment, State
from prover.problem import Problem

PROJECT = "neural_prover"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Proposer(Protocol):
    """Suggests actions for a state.

    ``propose`` is called once for each state that the search expands; it may yield lazily, best first.
    It must be deterministic for a given problem and state.
    """

    name: str

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """Yields candidates for ``state``."""


class Observer(Protocol):
    """Is told every event of a search (see ``prover.search.events``)."""

    def __call__(self, event: object) -> None:
        """Is called for each event, in order."""


class Domain(Protocol):
    """Opens problems of one kind."""

    name: str

    def open(self, problem: Problem) -> Environment:
        """Opens ``problem``; raises BadInput where it makes no sense."""


@hookspec
def prover_proposers() -> list[Proposer]:
    """Return proposers to ask for candidates in every search."""
    raise NotImplementedError


@hookspec
def prover_observers() -> list[Observer]:
    """Return observers of search events."""
    raise NotImplementedError


@hookspec
def prover_domains() -> list[Domain]:
    """Return the domains this plugin adds."""
    raise NotImplementedError
