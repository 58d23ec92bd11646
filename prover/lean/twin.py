"""A second Lean that takes a part of each batch of tactics, where the machine has a core to spare.

A search tries several tactics on a state; most fail, each in its own time. Two processes share a batch: each takes
from its own end, ever fewer at a time, so that neither waits long for the other (guided self-scheduling:
Polychronopoulos and Kuck 1987). The results are those of one process: a state is known by its recipe
(:mod:`prover.lean.recipes`), so what one process made is made again in the other when it is wanted there.

The second process is started only where it was asked for, for a problem that has taken a while, and only while a core
is idle. Whatever goes wrong with it, the first does the work.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial

import msgspec

from prover.closing import Closing
from prover.errors import BadInput, InfrastructureFault
from prover.lean import protocol as p
from prover.lean.connection import Connection, Launcher, new_id
from prover.lean.cores import Idleness
from prover.lean.process import ProcessLost
from prover.lean.recipes import Environment, Goal, SorryFile, State, Step
from prover.lean.replay import Replay

logger = logging.getLogger(__name__)

WORTH_SECONDS = 1.5
"""Steps of a problem take so long before a second process is worth its start."""

LOSSES = 3
"""After so many losses of the second process the first works alone."""

_QUICK_SECONDS = 60.0

Results = list[p.TacticResult]
Own = Callable[[Sequence[p.TacticCall]], Results]
Adopt = Callable[[Step, p.StateView], tuple[State, p.StateView]]


class Stage(Enum):
    """How far the second process is with a problem."""

    UNASKED = auto()
    PREPARING = auto()
    READY = auto()
    REFUSED = auto()


@dataclass(slots=True)
class Shared:
    """A problem: ``seconds`` its steps took so far; ``mirrors`` are the second process's records of its states."""

    seconds: float = 0.0
    stage: Stage = Stage.UNASKED
    idleness: Idleness = field(default_factory=Idleness)
    mirrors: dict[State, State] = field(default_factory=dict)
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Those of a step for which the tactic itself has none."""

    heartbeats: int
    wall_ms: int

    def step(self, parent: State, call: p.TacticCall) -> Step:
        """The recipe of what ``call`` makes of a state."""
        return Step(parent, call.text, call.heartbeats or self.heartbeats, call.wall_ms or self.wall_ms)


class Batch:
    """Tactics that two take from, one from the front and one from the back."""

    def __init__(self, size: int) -> None:
        self.results: list[p.TacticResult | None] = [None] * size
        self.made: dict[int, State] = {}
        """The second process's records of the states that it made."""
        self._front, self._back = 0, size
        self._away = 0
        self._changed = threading.Condition()

    def take(self, *, front: bool) -> range:
        """A quarter of what is left; empty at the end."""
        with self._changed:
            count = -(-(self._back - self._front) // 4)
            if front:
                taken = range(self._front, self._front + count)
                self._front += count
            else:
                taken = range(self._back - count, self._back)
                self._back -= count
                self._away += count
            return taken

    def give(self, taken: range, results: Results | None, made: dict[int, State]) -> None:
        """What came of a part that the second took; None where it could not do it."""
        with self._changed:
            for position, result in zip(taken, results or (), strict=results is not None):
                self.results[position] = result
            self.made |= made
            self._away -= len(taken)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more may be taken."""
        with self._changed:
            self._front = self._back

    def wait(self) -> None:
        """Until the second has given back what it took; it is bound by the limits of its requests."""
        with self._changed:
            while self._away:
                self._changed.wait()


class Twin(Closing):
    """The second process and the thread that speaks to it. :meth:`step` is called by one thread at a time."""

    def __init__(self, launcher: Launcher, grace_seconds: float) -> None:
        self._connection = Connection(launcher, grace_seconds)
        self._replay = Replay(self._connection)
        self._problems: dict[State, Shared] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.losses = 0
        """How often the second process was lost."""
        self.shared = 0
        """Tactics that it tried."""

    def step(
        self, record: State, tactics: Sequence[p.TacticCall], limits: Limits, own: Own, adopt: Adopt
    ) -> Results:
        """Tries ``tactics`` on a state: ``own`` does so in the first process; ``adopt`` makes a state of the second
        process one of the first's, which has its record from then on.

        Raises:
            ProcessLost: ``own`` did.
        """
        problem = self._problems.setdefault(_root(record), Shared())
        if len(tactics) > 1 and problem.stage is Stage.READY and self.losses < LOSSES:
            return self._together(problem, record, tactics, limits, own, adopt)
        results = own(tactics)
        problem.seconds += sum(result.us for result in results) * 1e-6
        if problem.stage is Stage.UNASKED and problem.seconds >= WORTH_SECONDS:
            self._begin(problem, _root(record))
        return results

    def tidy(self) -> None:
        """Frees what belongs to problems whose first states were released."""
        for root in [root for root in self._problems if not root.held]:
            problem = self._problems.pop(root)
            if problem.mirrors:
                self._submit(partial(self._free, problem))

    @property
    def stages(self) -> list[Stage]:
        """How far it is with each problem that is open."""
        return [problem.stage for problem in self._problems.values()]

    @property
    def pid(self) -> int | None:
        """The process number of the second Lean while it runs."""
        process = self._connection.process
        return process.pid if process else None

    def close(self) -> None:
        """Ends the second process. May be called twice."""
        self._closed = True
        self._jobs.put(None)
        self._connection.close()

    # ------------------------------------------------------------------------ in the caller's thread

    def _begin(self, problem: Shared, root: State) -> None:
        if not problem.idleness.has_room():
            # Others may be done later on: ask again after as long.
            problem.seconds, problem.idleness = 0.0, Idleness()
            return
        problem.stage = Stage.PREPARING
        self._submit(partial(self._prepare, problem, root))

    def _together(
        self, problem: Shared, record: State, tactics: Sequence[p.TacticCall], limits: Limits, own: Own, adopt: Adopt
    ) -> Results:
        batch = Batch(len(tactics))
        self._submit(partial(self._take_part, problem, record, tactics, limits, batch))
        try:
            while taken := batch.take(front=True):
                batch.results[taken.start : taken.stop] = own([tactics[at] for at in taken])
            batch.wait()
        finally:
            batch.end()
        undone = [at for at, result in enumerate(batch.results) if result is None]
        if undone:
            for at, result in zip(undone, own([tactics[at] for at in undone]), strict=True):
                batch.results[at] = result
        results = [result for result in batch.results if result is not None]
        for at, mirror in batch.made.items():
            view = results[at].state
            assert view is not None, "a record is made only of a state"
            mine, view = adopt(limits.step(record, tactics[at]), view)
            problem.mirrors[mine] = mirror
            results[at] = msgspec.structs.replace(results[at], state=view)
        return results

    def _submit(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="second Lean", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    # ------------------------------------------------------------------------- in the second's thread

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except (OSError, InfrastructureFault):
                if not self._closed:  # a close in the middle of a request takes its pipes away
                    raise

    def _prepare(self, problem: Shared, root: State) -> None:
        """Starts the process where there is none, and opens the problem there."""
        try:
            self._live(problem, root)
            problem.stage = Stage.READY
        except (InfrastructureFault, BadInput) as error:
            self._note(problem, error)

    def _take_part(
        self, problem: Shared, record: State, tactics: Sequence[p.TacticCall], limits: Limits, batch: Batch
    ) -> None:
        try:
            live = self._live(problem, record)
        except (InfrastructureFault, BadInput) as error:
            self._note(problem, error)
            return
        while taken := batch.take(front=False):
            results: Results | None = None
            made: dict[int, State] = {}
            try:
                results = self._ask(live, [tactics[at] for at in taken], limits)
                made = self._made(problem.mirrors[record], taken, tactics, limits, results)
            except (InfrastructureFault, BadInput) as error:
                self._note(problem, error)
                return
            finally:
                batch.give(taken, results, made)

    def _ask(self, live: int, calls: Sequence[p.TacticCall], limits: Limits) -> Results:
        seconds = sum(call.wall_ms or limits.wall_ms for call in calls) / 1000
        request = p.Step(
            id=new_id(), state=live, tactics=list(calls), heartbeats=limits.heartbeats, wall_ms=limits.wall_ms
        )
        results = self._connection.exchange(request, p.StepOk, seconds).results
        if len(results) != len(calls):
            raise InfrastructureFault("the second Lean gave a wrong number of results")
        self.shared += len(calls)
        return results

    def _made(
        self, parent: State, taken: range, tactics: Sequence[p.TacticCall], limits: Limits, results: Results
    ) -> dict[int, State]:
        """Records of the states in the results."""
        made = {}
        for at, result in zip(taken, results, strict=True):
            if result.state is not None:
                made[at] = State(limits.step(parent, tactics[at]), result.state.key)
                made[at].settle(result.state.id, self._connection.generation)
        return made

    def _live(self, problem: Shared, record: State) -> int:
        """The second process's id of a state of the first, made there if need be."""
        missing: list[State] = []
        while record not in problem.mirrors:
            missing.append(record)
            if not isinstance(record.recipe, Step):
                break
            record = record.recipe.parent
        for each in reversed(missing):
            self._mirror(problem, each)
        live = self._replay.state(problem.mirrors[missing[0] if missing else record])
        self._replay.revived.clear()  # they go with the problem
        return live

    def _mirror(self, problem: Shared, record: State) -> None:
        recipe = record.recipe
        if isinstance(recipe, Step):
            again = Step(problem.mirrors[recipe.parent], recipe.tactic, recipe.heartbeats, recipe.wall_ms)
            problem.mirrors[record] = State(again, record.key)
            return
        opened = recipe.environment
        problem.environment = Environment(opened.imports, opened.header, opened.wall_ms)
        if isinstance(recipe, Goal):
            problem.mirrors[record] = State(Goal(problem.environment, recipe.statement, recipe.wall_ms), record.key)
            return
        file = SorryFile(problem.environment, recipe.source, recipe.wall_ms)
        file.states = [State(file, sibling.key) for sibling in recipe.states]
        problem.mirrors |= dict(zip(recipe.states, file.states, strict=True))

    def _free(self, problem: Shared) -> None:
        generation = self._connection.generation
        states = [state.live for state in problem.mirrors.values() if state.generation == generation]
        opened = problem.environment
        environments = [opened.live] if opened is not None and opened.generation == generation else []
        if self._connection.process is None or not (states or environments):
            return
        try:
            request = p.Release(id=new_id(), states=states, environments=environments)
            self._connection.exchange(request, p.ReleaseOk, _QUICK_SECONDS)
        except InfrastructureFault as error:
            logger.info("the second Lean: %s", error)

    def _note(self, problem: Shared, error: Exception) -> None:
        """A lost process is started again, until too many were; whatever else fails leaves this problem to the first
        process, for it would fail again."""
        logger.info("the second Lean: %s", error)
        if isinstance(error, ProcessLost):
            self.losses += 1
        else:
            problem.stage = Stage.REFUSED


def _root(record: State) -> State:
    """The state that a problem began with."""
    while isinstance(record.recipe, Step):
        record = record.recipe.parent
    return record
