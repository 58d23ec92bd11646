"""One Lean server as Python sees it: typed calls, ids that survive a restart of Lean.

A caller holds ids that this client gave out (:mod:`prover.lean.holdings`). For each there is a recipe (an
environment's imports and header; a state's statement, or its parent and tactic), so that after Lean died, hung or
took too much memory a new process is started and whatever is needed next is rebuilt, lazily.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from prover.closing import Closing
from prover.errors import InfrastructureFault
from prover.lean import protocol as p
from prover.lean.connection import (
    Connection,
    Launchable,
    Launcher,
    ServerCounts,
    launcher_of,
    new_id,
)
from prover.lean.holdings import Holdings
from prover.lean.process import Activity, LeanProcess, LostKind, ProcessLost
from prover.lean.recipes import Environment, Goal, SorryFile, State
from prover.lean.replay import Replay, StateLost
from prover.lean.twin import Limits, Twin

GRACE_SECONDS = 10.0
"""Time a request may take beyond its own limits: Lean's side enforces those, this is the outer
watch."""

CRASHES_PER_BATCH = 8
"""After so many losses of Lean in one batch its rest is given up: each restart takes seconds."""

_QUICK_SECONDS = 60.0
_RELEASE_BATCH = 256

T = TypeVar("T")


class LeanServer(Closing):
    """A Lean server that is always there: started at first use, restarted when lost.

    Every call raises :class:`BadInput` for what is wrong with the caller's text and
    :class:`InfrastructureFault` for what is wrong with Lean. Not thread-safe.
    """

    def __init__(
        self,
        toolchain: Launchable | None = None,
        *,
        memory_limit_mb: int | None = None,
        launcher: Launcher | None = None,
        grace_seconds: float = GRACE_SECONDS,
        twin: Launcher | None = None,
    ) -> None:
        """``launcher`` starts the process (default: Lean of ``toolchain``), ``twin`` a second one where there is a
        core to spare (:mod:`prover.lean.twin`; default: none)."""
        if launcher is None:
            if toolchain is None:
                raise TypeError("LeanServer needs a toolchain or a launcher")
            launcher = launcher_of(toolchain, memory_limit_mb)
        self._connection = Connection(launcher, grace_seconds)
        self._lock = self._connection.lock  # held over what belongs together
        self._replay = Replay(self._connection)
        self._held = Holdings(self._connection, self._replay)
        self.twin = None if twin is None else Twin(twin, grace_seconds)

    # ------------------------------------------------------------------------------- the calls

    def hello(self) -> p.HelloOk:
        """Lean's version; starts Lean if need be."""
        return self._connection.hello()

    def parse_header(self, source: str) -> p.HeaderOk:
        """The imports of a source file, and where its commands begin."""
        return self._call(lambda: p.ParseHeader(id=new_id(), source=source), p.HeaderOk, _QUICK_SECONDS)

    def open_environment(self, imports: Sequence[str], header: str = "", wall_ms: int = 60_000) -> p.EnvironmentOk:
        """Imports modules and elaborates ``header``. Release it with :meth:`release`."""

        def ask(record: Environment) -> p.EnvironmentOk:
            return self._call(lambda: self._replay.request(record), p.EnvironmentOk, wall_ms / 1000)

        return self._held.open_environment(imports, header, wall_ms, ask)

    def open_goal(self, environment: int, statement: str, wall_ms: int = 60_000) -> p.GoalOk:
        """Opens the goal of a theorem statement (without ``:=``)."""
        recipe = Goal(self._held.environment(environment), statement, wall_ms)
        answer = self._call(lambda: self._replay.request(recipe), p.GoalOk, wall_ms / 1000)
        return msgspec.structs.replace(answer, state=self._held.hold(recipe, answer.state))

    def open_sorries(self, environment: int, source: str, wall_ms: int = 120_000) -> p.SorriesOk:
        """Opens a goal for every ``sorry`` of a source text."""
        recipe = SorryFile(self._held.environment(environment), source, wall_ms)
        answer = self._call(lambda: self._replay.request(recipe), p.SorriesOk, wall_ms / 1000)
        held = []
        for view in answer.sorries:
            state = self._held.hold(recipe, view.state)
            recipe.states.append(self._held.state(state.id))
            held.append(msgspec.structs.replace(view, state=state))
        return msgspec.structs.replace(answer, sorries=held)

    def step(
        self,
        state: int,
        tactics: Sequence[p.TacticCall],
        heartbeats: int = 200_000,
        wall_ms: int = 10_000,
    ) -> list[p.TacticResult]:
        """Applies each tactic to ``state``; results in order.

        A tactic during which Lean was lost (died, hung, took too much memory) gets a result of kind
        ``crashed``; the others of its batch are tried again without it and get their own results.

        Raises:
            InfrastructureFault: Lean cannot be started again.
        """
        record = self._held.state(state)
        if not tactics:
            return []
        try:
            own = partial(self._own, record, heartbeats, wall_ms)
            if self.twin is None:
                return own(tactics)
            return self.twin.step(record, tactics, Limits(heartbeats, wall_ms), own, self._held.adopt)
        except StateLost as error:
            return [_crashed(error) for _ in tactics]
        except ProcessLost as error:
            # A single tactic has a second chance as well: the process may have died of what came
            # before. Not so a hang, which would take as long again.
            if len(tactics) == 1 and error.kind is LostKind.HUNG:
                return [_crashed(error)]
        results: list[p.TacticResult] = []
        crashes = 0
        for call in tactics:
            if crashes >= CRASHES_PER_BATCH:
                results.append(_crashed(InfrastructureFault("not tried: too many of its batch crashed")))
                continue
            try:
                results += self._single(record, call, heartbeats, wall_ms)
            except (ProcessLost, StateLost) as error:
                crashes += 1
                results.append(_crashed(error))
        return results

    def describe(self, state: int) -> list[p.GoalView]:
        """The structured goals of a state."""
        record = self._held.state(state)
        return self._call(
            lambda: p.Describe(id=new_id(), state=self._held.live(record)),
            p.DescribeOk,
            _QUICK_SECONDS,
        ).goals

    def check(
        self,
        imports: Sequence[str],
        source: str,
        *,
        reference: str = "",
        names: Sequence[str] = (),
        strict: bool = True,
        trusted: bool = False,
        heartbeats: int = 200_000,
        wall_ms: int = 120_000,
    ) -> p.CheckOk:
        """Checks a whole source from scratch; see :class:`prover.lean.protocol.Check`."""
        return self._call(
            lambda: p.Check(
                id=new_id(),
                imports=list(imports),
                source=source,
                reference=reference,
                names=list(names),
                strict=strict,
                trusted=trusted,
                heartbeats=heartbeats,
                wall_ms=wall_ms,
            ),
            p.CheckOk,
            wall_ms / 1000,
        )

    def export(self, imports: Sequence[str], source: str, names: Sequence[str], wall_ms: int = 120_000) -> p.ExportOk:
        """Theorems of a source with all that they depend on there; see :class:`prover.lean.protocol.Export`."""
        return self._call(
            lambda: p.Export(id=new_id(), imports=list(imports), source=source, names=list(names), wall_ms=wall_ms),
            p.ExportOk,
            wall_ms / 1000,
        )

    def constants(self, imports: Sequence[str], names: Sequence[str]) -> p.ExportOk:
        """Imported constants; see :class:`prover.lean.protocol.Constants`."""
        return self._call(
            lambda: p.Constants(id=new_id(), imports=list(imports), names=list(names)),
            p.ExportOk,
            _QUICK_SECONDS,
        )

    def declarations(
        self,
        environment: int,
        *,
        modules: Sequence[str] = (),
        kinds: Sequence[str] = (),
        names: Sequence[str] = (),
        own: bool = False,
        with_types: bool = False,
        offset: int = 0,
        limit: int = 1_000,
    ) -> p.DeclarationsOk:
        """One page of the declarations of an environment; see :class:`prover.lean.protocol.Declarations`."""
        record = self._held.environment(environment)
        return self._call(
            lambda: p.Declarations(
                id=new_id(),
                environment=self._replay.environment(record),
                modules=list(modules),
                kinds=list(kinds),
                names=list(names),
                own=own,
                with_types=with_types,
                offset=offset,
                limit=limit,
            ),
            p.DeclarationsOk,
            _QUICK_SECONDS,
        )

    def all_declarations(
        self,
        environment: int,
        *,
        modules: Sequence[str] = (),
        kinds: Sequence[str] = (),
        with_types: bool = False,
        chunk: int = 2_000,
        start: int = 0,
    ) -> Iterator[tuple[list[p.DeclarationView], int]]:
        """Every declaration of an environment, in the order of modules, at least ``chunk`` at a time.

        Yields pages with the ``start`` at which a later call goes on after them; 0 after the last.
        """
        record = self._held.environment(environment)

        def page(start: int) -> p.Declarations:
            return p.Declarations(
                id=new_id(),
                environment=self._replay.environment(record),
                modules=list(modules),
                kinds=list(kinds),
                with_types=with_types,
                limit=1_000_000,
                from_module=start,
                whole_modules=chunk,
            )

        while True:
            answer = self._call(partial(page, start), p.DeclarationsOk, 2 * _QUICK_SECONDS)
            start = answer.next_module
            yield answer.declarations, start
            if not start:
                return

    def trace(self, environment: int, source: str, wall_ms: int = 120_000) -> p.TraceOk:
        """Elaborates a source text and reports its tactics."""
        record = self._held.environment(environment)
        return self._call(
            lambda: p.Trace(
                id=new_id(),
                environment=self._replay.environment(record),
                source=source,
                wall_ms=wall_ms,
            ),
            p.TraceOk,
            wall_ms / 1000,
        )

    def release(self, states: Iterable[int] = (), environments: Iterable[int] = ()) -> None:
        """Frees ids; unknown ones are ignored. States are freed in Lean a batch at a time."""
        gone = self._held.drop(states, environments)
        if self.twin is not None:
            self.twin.tidy()
        if gone or self._held.waiting >= _RELEASE_BATCH:
            self._flush(gone)

    def statistics(self) -> p.StatisticsOk:
        """Counts and memory of the Lean process."""
        self._flush([])
        return self._call(lambda: p.Statistics(id=new_id()), p.StatisticsOk, _QUICK_SECONDS)

    @property
    def process(self) -> LeanProcess | None:
        """The running process (for whoever watches it, or does it harm in a test)."""
        return self._connection.process

    @property
    def pid(self) -> int | None:
        """The process number of Lean while it runs."""
        process = self._connection.process
        return process.pid if process else None

    @property
    def counts(self) -> ServerCounts:
        """Starts, requests and losses so far."""
        return self._connection.counts

    def release_all(self) -> None:
        """Frees everything that was opened; its ids are unknown from now on."""
        self._flush(self._held.drop_all())
        if self.twin is not None:
            self.twin.tidy()

    def close(self) -> None:
        """Ends Lean (or gives a borrowed process back, tidied). May be called twice."""
        process = self._connection.process
        if process is not None and process.borrowed and process.activity is Activity.IDLE:
            self.release_all()
        self._connection.close()
        if self.twin is not None:
            self.twin.close()

    # ------------------------------------------------------------------------ request and answer

    def _own(
        self, record: State, heartbeats: int, wall_ms: int, tactics: Sequence[p.TacticCall]
    ) -> list[p.TacticResult]:
        # A whole batch is not tried again: one by one, each tactic answers for itself.
        if len(tactics) > 1:
            return self._step(record, tactics, heartbeats, wall_ms)
        return self._single(record, tactics[0], heartbeats, wall_ms)

    def _single(self, record: State, call: p.TacticCall, heartbeats: int, wall_ms: int) -> list[p.TacticResult]:
        return self._connection.patiently(lambda: self._step(record, [call], heartbeats, wall_ms))

    def _step(
        self, record: State, tactics: Sequence[p.TacticCall], heartbeats: int, wall_ms: int
    ) -> list[p.TacticResult]:
        limit = sum(call.wall_ms or wall_ms for call in tactics) / 1000
        with self._lock:
            live = self._connection.retry(lambda: self._held.live(record))
            request = p.Step(id=new_id(), state=live, tactics=list(tactics), heartbeats=heartbeats, wall_ms=wall_ms)
            answers = self._connection.exchange(request, p.StepOk, limit).results
        if len(answers) != len(tactics):
            raise self._connection.lose(ProcessLost(LostKind.GARBAGE, "Lean gave a wrong number of results"))
        results = []
        for call, result in zip(tactics, answers, strict=True):
            if result.state is not None:
                step = Limits(heartbeats, wall_ms).step(record, call)
                result = msgspec.structs.replace(result, state=self._held.hold(step, result.state))
            results.append(result)
        return results

    def _call(self, build: Callable[[], p.Request], expect: type[T], seconds: float) -> T:
        """Builds a request (which may rebuild what it names) and carries it out."""
        return self._connection.retry(lambda: self._connection.exchange(build(), expect, seconds))

    def _flush(self, environments: Sequence[Environment]) -> None:
        """Frees in Lean what was released; best effort, for a lost process has freed everything."""
        garbage = self._held.take_garbage() + self._connection.take_unclaimed()
        if self._connection.process is None or not (garbage or environments):
            return
        try:
            self._connection.ready()
            generation = self._connection.generation
            states = [live for born, live in garbage if born == generation]
            gone = [e.live for e in environments if e.generation == generation]
            request = p.Release(id=new_id(), states=states, environments=gone)
            self._connection.exchange(request, p.ReleaseOk, _QUICK_SECONDS)
        except InfrastructureFault:
            return


def _crashed(error: Exception) -> p.TacticResult:
    return p.TacticResult(status="failed", us=0, kind="crashed", message=str(error))
