"""The whole extension API: what a plugin can add, in one file to read in five minutes.

A plugin is any object (usually a module) with functions marked ``@hookimpl`` named as below; it is found by
the entry point group ``neural_prover`` or by ``--plugin module:object``. Built-ins use the same road.

What a hook returns fits one of the protocols here; nobody need inherit from them. Where a plugin raises, does
not answer within its deadline or returns something else, it is named in one line and left out of the rest of
that search. Nothing that a plugin returns can make a theorem proved: only ``Environment.verify`` of the
domain does, and a consistency check can only take that back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import pluggy

from prover.domain import Candidate, Environment, Insight, State, Transition, Verdict
from prover.problem import Problem

if TYPE_CHECKING:
    import click

    from prover.traces.theorem import TracedTheorem

PROJECT = "neural_prover"
LEAN_DEADLINE = 60.0
"""Seconds: a ``deadline`` for what asks Lean about the state, so that a restart of Lean is not taken for a hang."""

API_VERSION = 1
"""Raised when a hook or protocol here changes so that plugins must change too. A plugin may say which one it
was written for, as ``PROVER_API = 1``; one written for another is left out with a clear line."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Domain(Protocol):
    """Opens problems of one kind (``Problem.domain`` names it)."""

    name: str

    def open(self, problem: Problem) -> Environment:
        """Opens ``problem``; raises BadInput where it makes no sense."""


class Proposer(Protocol):
    """Suggests actions for a state.

    ``propose`` is called once for each state that the search expands; it may yield lazily, best first.
    It must be deterministic for a given problem and state. A proposer for some domains only has an
    attribute ``domains``, a collection of their names (all, where it has none); so has everything below.

    Optional: ``least_cost``, in nats: nothing it proposes is more probable than ``exp(-least_cost)``, so it
    is asked only when that is the best there is to try. ``propose_informed(problem, state, facts)``, called
    instead of ``propose`` with the facts that reasoning modules found about the state. ``is_silent(problem)``, whether
    it has nothing to say about any state of a problem: then it is not asked, and no facts are looked up for it.
    """

    name: str

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """Yields candidates for ``state``."""


class Ranker(Protocol):
    """Judges what the proposers suggest for a state, better than each of them can for itself.

    Asked for a handful of candidates at a time, in the order of their proposer; it adds none and drops none. What it
    says is mixed with what their proposers say, as probabilities, ``trust`` (an optional attribute, 1 unless set) times
    its weight against 1: so it can put a candidate back by ``ln(1 + trust)`` nats at most. ``warm_up(problem)``, also
    optional, is called in a thread of its own while the problem is opened, to load what takes time.
    """

    name: str

    def rank(self, problem: Problem, state: State, candidates: Sequence[Candidate]) -> Sequence[float | None] | None:
        """A preference for each candidate, at most 0, in nats as a log-probability; None leaves it as it is."""


class ValueEstimate(Protocol):
    """Estimates how likely a state can be finished, so that the search goes on where it is likeliest.

    Asked once for a state, when that is the next to be tried; never for failed steps or states that wait for good.
    Several are multiplied, each to the power of its weight. Optional: ``default_weight``, where it is not 1; with 0 it
    is off until a person gives it a weight.
    """

    name: str

    def value(self, problem: Problem, state: State) -> float | None:
        """An estimate in [0, 1] (calibrated ones work best), None where there is nothing to say."""


class ReasoningModule(Protocol):
    """Reads a state and says what it finds: facts, candidates, features, or that the state is false.

    Asked once for each state that is expanded, before the proposers. ``prepare(problem, environment)``, which it need
    not have, is called once the problem is open: what it does there, once for many problems, is not part of this one's
    time.
    """

    name: str

    def read(self, problem: Problem, state: State) -> Insight | None:
        """What the module finds about ``state``; None for nothing."""


class RewardSignal(Protocol):
    """Turns a step and what the checker said about it into a number.

    Rewards of all signals are added, each times its weight. A fault of the infrastructure never reaches a
    signal: it yields no reward at all.
    """

    name: str

    def reward(self, transition: Transition) -> float:
        """The reward of one step; finite."""


class Curriculum(Protocol):
    """Orders training data by difficulty."""

    name: str

    def difficulty(self, theorem: TracedTheorem) -> float:
        """How hard ``theorem`` is to learn from; smaller comes first."""

    def boundaries(self, difficulties: Sequence[float], stages: int) -> Sequence[float]:
        """The upper bound of each stage, ascending; the last is infinite."""


class ConsistencyCheck(Protocol):
    """Looks at an answer that the domain accepted, and may object.

    The weights of the checks that object are added (1 each unless set otherwise); from 1 on the answer is
    rejected. A check that breaks counts as one that objects: it can never let an answer pass.
    """

    name: str

    def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Sequence[tuple[str, str]]:
        """Objections as (stable code, one sentence); empty for none."""


class Observer(Protocol):
    """Is told every event of a search (see ``prover.search.events``)."""

    def __call__(self, event: object) -> None:
        """Is called for each event, in order."""


@hookspec
def prover_domains() -> list[Domain]:
    """Return the domains this plugin adds."""
    raise NotImplementedError


@hookspec
def prover_proposers() -> list[Proposer]:
    """Return proposers to ask for candidates in every search."""
    raise NotImplementedError


@hookspec
def prover_rankers() -> list[Ranker]:
    """Return rankers that reorder the candidates of the proposers."""
    raise NotImplementedError


@hookspec
def prover_values() -> list[ValueEstimate]:
    """Return estimates of how likely states can be finished."""
    raise NotImplementedError


@hookspec
def prover_modules() -> list[ReasoningModule]:
    """Return reasoning modules that read every expanded state."""
    raise NotImplementedError


@hookspec
def prover_rewards() -> list[RewardSignal]:
    """Return reward signals for steps, used by training and, where weighted, by the search."""
    raise NotImplementedError


@hookspec
def prover_curricula() -> list[Curriculum]:
    """Return curricula that training can choose by name."""
    raise NotImplementedError


@hookspec
def prover_checks() -> list[ConsistencyCheck]:
    """Return checks that an accepted answer must also pass."""
    raise NotImplementedError


@hookspec
def prover_observers() -> list[Observer]:
    """Return observers of search events."""
    raise NotImplementedError


@hookspec
def prover_commands() -> list[click.Command]:
    """Return commands for the command line (``prove NAME …``); import what they need inside them."""
    raise NotImplementedError
