"""How fast the machinery is: start-up, steps, memory, parallelism, measured in one run on real
Lean.

Every figure is measured here and now; the ones that depend on the machine least are ratios of two
measurements of the same run. The goals are those that this project set itself; a missed goal is
shown, not hidden. Timing is never a test.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from prover.bench import results
from prover.errors import BadInput, InfrastructureFault

if TYPE_CHECKING:
    from prover.lean.server import LeanServer
    from prover.lean.toolchain import Toolchain

PARTS = ("start", "process", "steps", "depth", "memory", "pool")
Say = Callable[[str], None]

TRIVIAL = "theorem t (a b : Nat) : a + b = b + a"
MIX_STATEMENT = (
    "theorem mix (a b : Nat) (xs : List Nat) (h : a = b) (q : 0 < a ∨ b = 0) "
    "(g : ∀ c : Nat, a + c + (xs ++ []).length = b + c + xs.length) : "
    "∀ c : Nat, a + c + (xs ++ []).length = b + c + xs.length"
)
MIX = ("intro c", "exact g", "rw [h]", "simp", "cases q")
"""The mix intro/exact/rw/simp/cases; every one of them succeeds on ``MIX_STATEMENT``."""

DEEP_STATEMENT = (
    "theorem deep (P : Nat → Nat → List Nat → Nat → Nat → Prop) (a b c d e k : Nat) "
    "(xs : List Nat) (h1 : a = b) (h2 : b = c) (h3 : c = d) (h4 : e = k) (h5 : k = 7) "
    "(q1 q2 q3 q4 : 0 < d ∧ 0 < e) (g : ∀ x y z w : Nat, P d d xs k (x + y + z + w)) : "
    "∀ x y z w : Nat, P a b (xs ++ []) (e + 0) (x + y + z + w)"
)
DEEP_SCRIPT = (
    "intro x", "rw [h1]", "cases q1", "simp only [List.append_nil]",
    "intro y", "rw [h2]", "cases q2", "simp only [Nat.add_zero]",
    "intro z", "rw [h3]", "cases q3", "simp only [h4]",
)  # fmt: skip
"""Twelve tactics of the same mix, each of which leaves one goal."""

DEEP_NEXT = ("intro w", "exact g x y z", "rw [h5]", "simp only [h5]", "cases q4")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. ``met`` is None where no goal was set."""

    part: str
    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def measure(
    toolchain: Toolchain, *, quick: bool = False, skip: Sequence[str] = (), say: Say | None = None
) -> dict[str, Any]:
    """Measures every part but those in ``skip``; says what it is doing.

    Raises:
        BadInput: an unknown part.
        InfrastructureFault: Lean failed.
    """
    from prover.lean.server import LeanServer

    unknown = [part for part in skip if part not in PARTS]
    if unknown:
        raise BadInput(f"--skip {unknown[0]}: the parts are {', '.join(PARTS)}")
    figures: list[Figure] = []
    load = os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)

    def wanted(part: str, doing: str) -> bool:
        if part not in skip and say is not None:
            say(f"{doing} ...")
        return part not in skip

    if wanted("start", "cold start to the first goal"):
        figures += _start(toolchain, 1 if quick else 3)
    if wanted("process", "a whole `prove` process with Lean warm"):
        figures += _process(3 if quick else 7)
    if {"steps", "depth", "memory"} - set(skip):
        with LeanServer(toolchain) as server:
            environment = server.open_environment(["Init"]).environment
            if wanted("steps", "steps"):
                figures += _steps(server, environment, 40 if quick else 200)
            if wanted("depth", "steps against re-elaborating at depth 12"):
                figures += _depth(server, environment, 3 if quick else 12)
            count = 2_000 if quick else 10_000
            if wanted("memory", f"memory of {count:,} states"):
                figures += _memory(server, environment, count)
    if wanted("pool", "two processes against one"):
        figures += _pool(toolchain, 10.0 if quick else 20.0)
    return {
        "lean": {"version": toolchain.version, "kind": toolchain.kind},
        "date": time.strftime("%Y-%m-%d"),
        "machine": results.machine(),
        "load_before": [round(value, 2) for value in load],
        "quick": quick,
        "figures": [asdict(figure) for figure in figures],
    }


def table(measured: dict[str, Any]) -> str:
    """The figures in words."""
    machine = measured["machine"]
    lines = [
        f"Lean {measured['lean']['version']} ({measured['lean']['kind']}), {measured['date']}, "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"load before {measured['load_before'][0]}" + (", quick run" if measured["quick"] else ""),
        "",
    ]
    rows = measured["figures"]
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        value = f"{row['value']:,.3g}" if row["value"] < 1000 else f"{row['value']:,.0f}"
        verdict = "" if row["met"] is None else ("met" if row["met"] else "MISSED")
        goal = f"goal {row['goal']}" if row["goal"] else ""
        lines.append(
            f"{row['name']:<{width}}  {value:>9} {row['unit']:<8} {goal:<16} {verdict:<7} {row['note']}".rstrip()
        )
    return "\n".join(lines)


def _below(part: str, name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    return Figure(part, name, value, unit, f"< {limit:g}", value < limit, note)


def _above(part: str, name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    return Figure(part, name, value, unit, f">= {limit:g}", value >= limit, note)


def _start(toolchain: Toolchain, repetitions: int) -> list[Figure]:
    from prover.lean.server import LeanServer

    hello, goal = [], []
    for _ in range(repetitions):
        begun = time.perf_counter()
        with LeanServer(toolchain) as server:
            server.hello()
            hello.append(time.perf_counter() - begun)
            environment = server.open_environment(["Init"]).environment
            server.open_goal(environment, TRIVIAL)
            goal.append(time.perf_counter() - begun)
    shown = ", ".join(f"{value:.1f}" for value in goal)
    return [
        Figure("start", "cold start: server ready", statistics.median(hello), "s"),
        _below("start", "cold start: first goal open", statistics.median(goal), "s", 8, shown),
    ]


def _process(repetitions: int) -> list[Figure]:
    from prover import service

    command = [sys.executable, "-c", "from prover.cli.main import main; main()", TRIVIAL, "--quiet"]
    was_running = service.status() is not None
    times = []
    try:
        for _ in range(repetitions + 1):
            begun = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            times.append(time.perf_counter() - begun)
            if done.returncode != 0:
                raise InfrastructureFault(f"`prove` failed: {done.stderr.strip() or done.stdout}")
    finally:
        if not was_running:
            service.stop()
    shown = ", ".join(f"{value:.2f}" for value in times[1:])
    first = Figure("process", "whole prove, the first call", times[0], "s")
    warm = statistics.median(times[1:])
    return [first, _below("process", "whole prove, Lean warm", warm, "s", 1, shown)]


def _steps(server: LeanServer, environment: int, batches: int) -> list[Figure]:
    from prover.lean.protocol import TacticCall

    state = server.open_goal(environment, MIX_STATEMENT).state.id
    calls = [TacticCall(text) for text in MIX * 2]
    server.step(state, calls)  # the first use of each tactic fills Lean's own caches
    micros: dict[str, list[int]] = {text: [] for text in MIX}
    begun = time.perf_counter()
    for _ in range(batches):
        outcome = server.step(state, calls)
        for call, result in zip(calls, outcome, strict=True):
            if result.state is None:
                raise InfrastructureFault(f"'{call.text}' failed: {result.message}")
            micros[call.text].append(result.us)
        server.release([result.state.id for result in outcome if result.state is not None])
    seconds = time.perf_counter() - begun
    each = ", ".join(f"{t.split()[0]} {statistics.median(v) / 1000:.1f}" for t, v in micros.items())
    every = [value for values in micros.values() for value in values]
    rate = batches * len(calls) / seconds
    median = statistics.median(every) / 1000
    return [
        _below("steps", "step of the mix, median on the server", median, "ms", 6, each),
        _above("steps", "steps a second through the client", rate, "/s", 150, "batches of 10"),
    ]


def _depth(server: LeanServer, environment: int, repetitions: int) -> list[Figure]:
    from prover.lean.protocol import TacticCall

    state = server.open_goal(environment, DEEP_STATEMENT).state
    for tactic in DEEP_SCRIPT:
        (result,) = server.step(state.id, [TacticCall(tactic)])
        if result.state is None:
            raise InfrastructureFault(f"'{tactic}' failed: {result.message}")
        state = result.state
    stepping, whole = 0.0, 0.0
    calls = [TacticCall(tactic) for tactic in DEEP_NEXT]
    for _ in range(repetitions):
        begun = time.perf_counter()
        outcome = server.step(state.id, calls)
        stepping += time.perf_counter() - begun
        for call, result in zip(calls, outcome, strict=True):
            if result.state is None:
                raise InfrastructureFault(f"'{call.text}' failed: {result.message}")
            server.release([result.state.id])
        for tactic in DEEP_NEXT:
            lines = "\n  ".join([*DEEP_SCRIPT, tactic])
            source = f"{DEEP_STATEMENT} := by\n  {lines}\n  all_goals sorry\n"
            begun = time.perf_counter()
            opened = server.open_sorries(environment, source)
            whole += time.perf_counter() - begun
            server.release([sorry.state.id for sorry in opened.sorries])
    count = repetitions * len(DEEP_NEXT)
    note = f"{whole / count * 1000:.1f} ms against {stepping / count * 1000:.1f} ms in a batch of 5"
    return [_above("depth", "re-elaborating at depth 12 / one step", whole / stepping, "x", 8, note)]


def _memory(server: LeanServer, environment: int, count: int) -> list[Figure]:
    from prover.lean.protocol import TacticCall

    state = server.open_goal(environment, MIX_STATEMENT).state.id
    calls = [TacticCall(text) for text in MIX * 2 if text not in ("exact g",)]

    def open_states() -> list[int]:
        held: list[int] = []
        while len(held) < count:
            outcome = server.step(state, calls)
            held += [result.state.id for result in outcome if result.state is not None]
        return held

    server.release(open_states()[: count // 10])
    server.statistics()
    before = _resident(server)
    held = open_states()
    after = _resident(server)
    server.release(held)
    server.statistics()
    open_states()
    again = _resident(server)
    each = (after - before) / len(held) / 1024
    grown = (after - before) / 2**30
    more = (again - after) / max(after - before, 1)
    return [
        _below("memory", "memory of a state held", each, "KiB", 20, "resident, process tree"),
        _below("memory", f"{len(held):,} states held, growth", grown, "GiB", 1.5),
        Figure(
            "memory", "growth when released and opened again", max(0.0, more), "x", "", None,
            "of the first growth; 0 is full reuse",
        ),
    ]  # fmt: skip


def _resident(server: LeanServer) -> int:
    import psutil

    if server.pid is None:
        raise InfrastructureFault("Lean was lost while its memory was measured")
    root = psutil.Process(server.pid)
    return sum(p.memory_info().rss for p in [root, *root.children(recursive=True)])


def _pool(toolchain: Toolchain, seconds: float) -> list[Figure]:
    from prover.lean.server import LeanServer

    with LeanServer(toolchain) as first, LeanServer(toolchain) as second:
        one = _throughput([first], seconds)
        two = _throughput([first, second], seconds)
        again = _throughput([first], seconds)
    single = (one + again) / 2
    note = f"{two:.0f}/s against {single:.0f}/s ({one:.0f} before, {again:.0f} after)"
    return [_above("pool", "throughput of two processes / one", two / single, "x", 1.6, note)]


def _throughput(servers: Sequence[LeanServer], seconds: float) -> float:
    """Steps a second of all servers together, each driven by a thread of its own."""
    from prover.lean.protocol import TacticCall

    calls = [TacticCall(text) for text in MIX * 2]
    steps = [0] * len(servers)
    faults: list[BaseException] = []
    ready = threading.Barrier(len(servers))

    def drive(number: int, server: LeanServer) -> None:
        try:
            environment = server.open_environment(["Init"]).environment
            state = server.open_goal(environment, MIX_STATEMENT).state.id
            server.step(state, calls)
            ready.wait(300)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                outcome = server.step(state, calls)
                steps[number] += len(outcome)
                server.release([r.state.id for r in outcome if r.state is not None])
        except (InfrastructureFault, BadInput, threading.BrokenBarrierError) as error:
            ready.abort()
            faults.append(error)

    threads = [
        threading.Thread(target=drive, args=(number, server), daemon=True) for number, server in enumerate(servers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise InfrastructureFault(f"Lean failed while throughput was measured: {faults[0]}")
    return sum(steps) / seconds
