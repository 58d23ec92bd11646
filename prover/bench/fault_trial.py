"""The trial by faults: a suite without them, then again and again with them; nothing may differ.

Three rounds share the faults. ``own``: the bench on a Lean of its own; Lean is killed, stopped,
babbles, runs out of memory, the clock jumps, the disk is full. ``resident``: each problem borrows Lean
from the resident service, which is killed, too, and used by a second caller. ``command``: ``prove
bench`` itself is killed and resumed, and started twice at once.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from prover import service
from prover.bench import results
from prover.bench.campaign import Campaign
from prover.bench.faults import Fault, Injector, Target, WatchedSession
from prover.bench.suite import Suite
from prover.errors import InfrastructureFault
from prover.problem import Budget, Problem
from prover.session import Options, Session

MARK = "PROVER_FAULT_TRIAL"
"""An environment variable that every process of the trial inherits: by it orphans are found."""

STEPS = 30
SECONDS = 600.0
"""The search is limited by steps, so that it is the same however long Lean takes to come back."""

SHARES = (("own", 0.7), ("resident", 0.18), ("command", 0.12))
_GONE_SECONDS = 20.0
_RESUMES = 60
_PROVE = [sys.executable, "-c", "from prover.cli.main import main; main()"]

Say = Callable[[str], None]


@dataclass
class Tally:
    """What a trial found. All lists are empty if all is well."""

    injected: Counter[str] = field(default_factory=Counter)
    verdict_changes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    zombies: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    resumed: int = 0
    compared: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.verdict_changes or self.lost or self.orphans or self.zombies or self.other)

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.injected.items()))
        lines = [f"faults injected {self.injected.total()} ({kinds})"]
        for name, found in (
            ("verdict changes", self.verdict_changes),
            ("lost results", self.lost),
            ("orphans", self.orphans),
            ("zombies", self.zombies),
            ("other", self.other),
        ):
            if found or name != "other":
                lines += [f"{name} {len(found)}", *(f"  {entry}" for entry in found)]
        lines.append(
            f"{self.compared} results compared with a run without faults; runs resumed "
            f"{self.resumed} times; {self.seconds:.0f} s"
        )
        return "\n".join(lines)


class Trial:
    """One trial of ``problems``; ``faults`` in all. ``folder`` holds the runs.

    Raises:
        ToolchainError: there is no Lean.
    """

    def __init__(
        self,
        suite: Suite,
        problems: tuple[Problem, ...],
        folder: Path,
        *,
        faults: int,
        seed: int = 0,
        options: Options | None = None,
        say: Say = lambda _: None,
    ) -> None:
        self.tally = Tally()
        self._suite = suite
        self._problems = problems
        self._folder = folder
        self._faults = faults
        self._rng = random.Random(seed)
        self._options = replace(options or Options(), jobs=1, seed=seed)
        self._say = say
        self._expected: dict[str, results.Record] = {}
        self._mark = f"{os.getpid()}-{secrets.token_hex(8)}"

    def run(self, shares: tuple[tuple[str, float], ...] = SHARES) -> Tally:
        """Runs the rounds named in ``shares``."""
        began = time.monotonic()
        rounds = {"own": self._own, "resident": self._resident, "command": self._command}
        with _environment({MARK: self._mark}), self._private_service():
            self._say("without faults ...")
            self._expected = self._plain()
            for name, share in shares:
                quota = max(1, round(self._faults * share))
                self._say(f"round {name}: {quota} faults ...")
                rounds[name](quota)
                service.stop()
                self._look_for_leftovers(name)
        self.tally.seconds = time.monotonic() - began
        return self.tally

    # ---------------------------------------------------------------------------------- the rounds

    def _plain(self) -> dict[str, results.Record]:
        folder = self._folder / "plain"
        with contextlib.closing(self._open(folder, Target(self._rng), brief=False)) as campaign:
            for _ in campaign.run():
                pass
            return dict(campaign.records)

    def _own(self, quota: int) -> None:
        target = Target(self._rng)
        faults: dict[str, Fault] = {
            "killed": target.kill,
            "stopped": target.stop,
            "out of memory": target.memory,
            "clock jumped": target.clock,
            "disk full": target.disk,
        }
        if Path("/proc/self/fd").exists():
            faults["garbage"] = target.garbage
        with target.stage():
            self._repeat("own", target, Injector(faults, quota, self._rng), brief=False)

    def _resident(self, quota: int) -> None:
        target = Target(self._rng)
        faults: dict[str, Fault] = {
            "resident server killed": _kill_daemon,
            "resident server told to stop": lambda: service.stop() > 0,
            "borrowed Lean killed": target.kill_when_calm,
            "borrowed Lean stopped": target.stop,
            "second caller": self._second_caller,
        }
        self._repeat("resident", target, Injector(faults, quota, self._rng), brief=True)

    def _repeat(self, round_name: str, target: Target, injector: Injector, *, brief: bool) -> None:
        """Runs the suite under faults until there were enough, and each run to its end."""
        with injector:
            number = 0
            while number == 0 or not injector.done:
                number += 1
                self._one_run(self._folder / f"{round_name}-{number}", target, brief=brief)
        self.tally.injected += injector.injected
        self.tally.other += injector.errors

    def _one_run(self, folder: Path, target: Target, *, brief: bool) -> None:
        """One run of the suite, resumed as often as a person would have to."""
        seen: dict[str, results.Record] = {}
        for _ in range(_RESUMES):
            try:
                with contextlib.closing(self._open(folder, target, brief=brief)) as campaign:
                    for _ in campaign.run():
                        pass
            except InfrastructureFault as fault:  # the disk was full
                self._say(f"  {fault}")
            self._note(folder, seen)
            if len(seen) == len(self._problems):
                break
            self.tally.resumed += 1
        self._compare(folder, seen)

    def _command(self, quota: int) -> None:
        folder = self._folder / "command"
        seen: dict[str, results.Record] = {}
        injected: Counter[str] = Counter()
        while injected.total() < quota:
            if len(seen) == len(self._problems):
                self._compare(folder, seen)
                shutil.rmtree(folder)
                seen = {}
            with self._bench_command(folder) as running:
                if self._wait(running, self._rng.uniform(1, 10)):
                    if injected["second command"] < injected["command killed"]:
                        self._two_at_once(folder)
                        injected["second command"] += 1
                    number = self._rng.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
                    running.send_signal(number)
                    injected["command killed"] += 1
                    self.tally.resumed += 1
                running.wait()
            self._note(folder, seen)
        for _ in range(_RESUMES):
            if len(seen) == len(self._problems):
                break
            with self._bench_command(folder) as running:
                running.wait()
            self._note(folder, seen)
        self._compare(folder, seen)
        self.tally.injected += injected

    # ------------------------------------------------------------------------------- what they use

    def _open(self, folder: Path, target: Target, *, brief: bool) -> Campaign:
        def make_prover() -> WatchedSession:
            options = replace(self._options, use_service=brief)
            target.session = WatchedSession(options, brief)
            return target.session

        return Campaign.open(
            self._suite,
            self._problems,
            out=folder,
            parent=self._folder,
            resume=(folder / results.CONFIG).exists(),
            budget=Budget(seconds=SECONDS, steps=STEPS),
            options=self._options,
            make_prover=make_prover,
        )

    def _bench_command(self, folder: Path) -> subprocess.Popen[bytes]:
        options = self._options
        words = [*_PROVE, "bench", str(self._suite.path), "--out", str(folder), "--resume"]
        words += ["--seconds", str(SECONDS), "--steps", str(STEPS), "--seed", str(options.seed)]
        for flag, path in (("--project", options.project), ("--lean", options.lean)):
            words += [flag, str(path)] if path else []
        for problem in self._problems:
            words += ["--only", problem.name]
        return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _wait(self, running: subprocess.Popen[bytes], seconds: float) -> bool:
        """Whether it still runs after so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(seconds)
        return running.poll() is None

    def _two_at_once(self, folder: Path) -> None:
        """A second command on the same folder must refuse in one line, and harm nothing."""
        if not (folder / results.LOCK).exists():
            return
        with self._bench_command(folder) as second:
            said = second.communicate()[1].decode()
        if second.returncode != 2 or "another command is working" not in said:
            self.tally.other.append(f"a second command ends with {second.returncode}: {said[:300]}")

    def _second_caller(self) -> bool:
        """Somebody else uses the resident service at the same time."""
        problem = Problem("theorem other (a b : Nat) (h : a = b) : b = a", name="other")
        with Session(self._options) as session:
            report = session.prove(replace(problem, budget=Budget(SECONDS, STEPS)))
        if report.status != "proved":
            self.tally.verdict_changes.append(f"second caller: {report.status}: {report.message}")
        return True

    def _note(self, folder: Path, seen: dict[str, results.Record]) -> None:
        """Takes over what is on the disk; what was there before must still be there, unchanged."""
        now = results.finished(results.load(folder / results.RESULTS))
        for name, record in seen.items():
            if now.get(name) != record:
                self.tally.lost.append(f"{folder.name}: {name}")
        seen.update(now)

    def _compare(self, folder: Path, seen: dict[str, results.Record]) -> None:
        for problem in self._problems:
            expected, found = self._expected[problem.name], seen.get(problem.name)
            if found is None:
                self.tally.lost.append(f"{folder.name}: {problem.name}: no result")
                continue
            self.tally.compared += 1
            for key in ("status", "reason", "proof", "steps"):
                if expected.get(key) != found.get(key):
                    self.tally.verdict_changes.append(
                        f"{folder.name}: {problem.name}: {key} was {expected.get(key)!r}, "
                        f"is {found.get(key)!r} ({found.get('message') or ''})"
                    )

    def _look_for_leftovers(self, round_name: str) -> None:
        """Processes that carry our mark, and ended children that nobody asked after."""
        import psutil

        deadline = time.monotonic() + _GONE_SECONDS
        while (left := list(_marked(self._mark))) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.tally.orphans += [f"{round_name}: {description}" for description in left]
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() == psutil.STATUS_ZOMBIE:
                    self.tally.zombies.append(f"{round_name}: process {child.pid}")

    @contextlib.contextmanager
    def _private_service(self) -> Iterator[None]:
        """A resident service of the trial's own: the user's must not be harmed."""
        with (
            tempfile.TemporaryDirectory(prefix="np") as folder,
            _environment({"XDG_RUNTIME_DIR": folder, "PROVER_SERVICE_IDLE": "60"}),
        ):
            try:
                yield
            finally:
                service.stop()


def _kill_daemon() -> bool:
    running = service.status()
    if running is None:
        return False
    os.kill(running.daemons[0]["pid"], signal.SIGKILL)
    return True


def _marked(mark: str) -> Iterator[str]:
    """Other processes whose environment carries ``mark``."""
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                yield f"process {process.pid}: {' '.join(process.cmdline())[:120]}"


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
