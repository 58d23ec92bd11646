"""Stages data by difficulty and paces through the stages.

Stages are cumulative: in stage ``i`` everything up to its bound may be drawn, so that what was learned early is
not forgotten. What has an infinite difficulty (no proof) is never fed.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prover.errors import BadInput
from prover.hookspecs import Curriculum
from prover.traces.theorem import TracedTheorem
from prover_training.curriculum.feed import FeedLog


def find_curriculum(name: str, extra: Sequence[str] = ()) -> Curriculum:
    """The curriculum of that name, of any plugin, those in ``extra`` (see :func:`prover.plugins.load_plugins`) too.

    Raises:
        BadInput: there is none; lists those there are. Or one of ``extra`` does not work.
    """
    from prover import plugins

    known = plugins.curricula(plugins.load_plugins(extra, needed=extra))
    if name not in known:
        raise BadInput(f"there is no curriculum {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


class Pacing(Protocol):
    """Decides when a stage has done its work."""

    def ready(self, stage: int, steps: int, validation: Sequence[float]) -> bool:
        """Whether to leave ``stage`` after ``steps`` in it; ``validation`` are success rates measured in it."""


@dataclass(frozen=True, slots=True)
class BySteps:
    """Leaves each stage after ``steps`` training steps."""

    steps: int

    def ready(self, stage: int, steps: int, validation: Sequence[float]) -> bool:
        """Once there were enough steps."""
        return steps >= self.steps


@dataclass(frozen=True, slots=True)
class BySuccess:
    """Leaves a stage when validation succeeds often enough, or has not improved any more.

    ``target`` is a success rate; ``patience`` how many measurements in a row may fail to beat the best of
    the stage by ``least``; ``most`` steps end a stage in any case.
    """

    target: float
    patience: int = 3
    least: float = 0.005
    most: int = 100_000

    def ready(self, stage: int, steps: int, validation: Sequence[float]) -> bool:
        """At the target, at a standstill, or after ``most`` steps."""
        if steps >= self.most or any(rate >= self.target for rate in validation[-1:]):
            return True
        if len(validation) <= self.patience:
            return False
        best = max(validation[: -self.patience])
        return all(rate < best + self.least for rate in validation[-self.patience :])


@dataclass(frozen=True, slots=True)
class Stages:
    """Data put into stages. ``bounds`` are inclusive upper bounds, ``members`` indices by stage, each with its
    difficulty; ``never`` are those without a finite difficulty."""

    bounds: tuple[float, ...]
    members: tuple[tuple[int, ...], ...]
    difficulties: tuple[float, ...]
    never: tuple[int, ...]


def stage(curriculum: Curriculum, theorems: Iterable[TracedTheorem], stages: int) -> Stages:
    """Annotates every theorem with its difficulty and puts it into the first stage whose bound is not below it.

    Raises:
        ValueError: the curriculum's bounds are not ``stages`` ascending numbers that end in infinity, or a
            difficulty is no number.
    """
    difficulties = tuple(float(curriculum.difficulty(theorem)) for theorem in theorems)
    if any(math.isnan(value) for value in difficulties):
        raise ValueError(f"curriculum {curriculum.name!r} gives a difficulty that is no number")
    bounds = tuple(float(bound) for bound in curriculum.boundaries(difficulties, stages))
    if len(bounds) != stages or list(bounds) != sorted(bounds) or bounds[-1] != math.inf:
        raise ValueError(f"curriculum {curriculum.name!r} gives the bounds {bounds}: not {stages} ascending up to inf")
    members: list[list[int]] = [[] for _ in bounds]
    never = []
    for index, value in enumerate(difficulties):
        if value == math.inf:
            never.append(index)
        else:
            members[bisect_left(bounds, value)].append(index)
    return Stages(bounds, tuple(map(tuple, members)), difficulties, tuple(never))


@dataclass(slots=True)
class Schedule:
    """Draws training examples stage by stage, and records what was fed when.

    ``batch`` examples make a step. A stage draws without putting back, in an order that ``seed`` fixes, and begins
    again when all were drawn. After the last stage's work is done it goes on in the last stage for as long as the
    trainer asks. State can be saved and restored, so a training run that died draws what it would have drawn.
    """

    stages: Stages
    pacing: Pacing
    batch: int = 1
    seed: int = 0
    log: FeedLog | None = None
    stage: int = 0
    step: int = 0
    _begun: int = 0
    _rounds: int = 0
    _waiting: list[int] = field(default_factory=list)
    _validation: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raises ValueError where nothing can be fed at all."""
        if not any(self.stages.members):
            raise ValueError("there is no theorem with a proof to learn from")
        self._skip_empty()

    def draw(self) -> list[int]:
        """The indices of the next step's examples."""
        self._advance()
        picked: list[int] = []
        while len(picked) < self.batch:
            if not self._waiting:
                self._waiting = self._shuffled()
            picked.append(self._waiting.pop())
        self.step += 1
        if self.log is not None:
            values = [self.stages.difficulties[index] for index in picked]
            self.log.fed(self.step, self.stage, picked, values)
        return picked

    def __iter__(self) -> Iterator[list[int]]:
        """Endless steps."""
        while True:
            yield self.draw()

    def validated(self, rate: float) -> None:
        """Tells the pacing a success rate on held-out theorems, measured now."""
        self._validation.append(rate)
        if self.log is not None:
            self.log.validated(self.step, self.stage, rate)

    def state(self) -> dict[str, object]:
        """What :meth:`restore` needs, as plain data."""
        return {
            "stage": self.stage,
            "step": self.step,
            "begun": self._begun,
            "rounds": self._rounds,
            "waiting": list(self._waiting),
            "validation": list(self._validation),
        }

    def restore(self, state: dict[str, object]) -> None:
        """Goes on where :meth:`state` was taken; raises ValueError for what is no such state."""
        try:
            self.stage, self.step, self._begun, self._rounds = (
                int(str(state[key])) for key in ("stage", "step", "begun", "rounds")
            )
            waiting, validation = state["waiting"], state["validation"]
            assert isinstance(waiting, list) and isinstance(validation, list)
        except (KeyError, ValueError, AssertionError) as error:
            raise ValueError(f"not the state of a schedule: {error}") from error
        self._waiting, self._validation = list(map(int, waiting)), list(map(float, validation))

    def _advance(self) -> None:
        last = len(self.stages.bounds) - 1
        if self.stage < last and self.pacing.ready(self.stage, self.step - self._begun, self._validation):
            self.stage += 1
            self._begun, self._rounds = self.step, 0
            self._waiting, self._validation = [], []
            self._skip_empty()

    def _skip_empty(self) -> None:
        """A stage with nothing new (and, at first, with nothing at all) is passed over."""
        while self.stage < len(self.stages.bounds) - 1 and not self.stages.members[self.stage]:
            self.stage += 1

    def _shuffled(self) -> list[int]:
        pool = [index for members in self.stages.members[: self.stage + 1] for index in members]
        random.Random(f"{self.seed} {self.stage} {self._rounds}").shuffle(pool)
        self._rounds += 1
        return pool
