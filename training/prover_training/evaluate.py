"""Ways of proving beside each other, problem by problem in turn, so that a busy machine slows all alike.

The results are runs in the format of 'prove bench': 'prove bench compare' reads them, and so does :func:`verdict`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prover.bench import results
from prover.bench.campaign import to_record
from prover.bench.compare import Comparison, Interval, compare
from prover.bench.plots import budget_table, plot_runs
from prover.bench.suite import with_budget
from prover.problem import Budget, Problem
from prover.report.canvas import can_draw
from prover.reports import ProofReport
from prover.search.budget import StopReason
from prover.search.scoring import SearchConfig
from prover.session import Options, Session
from prover_training.sharing import Guest, SharedProblem


@dataclass(frozen=True, slots=True)
class Side:
    """One way: its label, which is also its folder, its options (which model, which weights) and the settings of its
    searches."""

    label: str
    options: Options
    config: SearchConfig | None = None


Done = dict[str, dict[str, results.Record]]


def evaluate(
    problems: Sequence[Problem], sides: Sequence[Side], budget: Budget, out: Path,
    say: Callable[[str], None] = lambda text: None, until: float | None = None, share: bool = False,
) -> list[Comparison]:  # fmt: skip
    """Proves every problem in every way, forwards and backwards in turn, each in a Lean of its own, and compares all
    with the first; goes on where an earlier call with the same ``out`` ended. ``until`` (of ``time.monotonic``) ends
    early. With ``share`` all use one Lean, and what it said of a step is not asked again (:mod:`.sharing`): then time
    says nothing, while else a proof that came after the budget's seconds does not count.

    Raises:
        ToolchainError: there is no Lean. BadInput: nothing could be compared.
    """
    folders = {side.label: out / side.label for side in sides}
    done: Done = {}
    for label, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        done[label] = results.finished(results.load(folder / results.RESULTS))
    with ExitStack() as stack:
        host = stack.enter_context(Session(replace(sides[0].options, use_service=False)))
        sessions = {
            side.label: stack.enter_context(
                Guest(side.options, host) if share else Session(replace(side.options, use_service=False))
            )
            for side in sides
        }
        for number, problem in enumerate(problems, 1):
            order = [side for side in (sides if number % 2 else sides[::-1]) if problem.name not in done[side.label]]
            asked = with_budget(problem, budget)
            reports = _together(host, sessions, asked, order) if share else _apart(sessions, asked, order)
            if any(report.reason == StopReason.INTERRUPTED for report in reports):
                raise KeyboardInterrupt  # a search ends in order then and says so; what was done before is kept
            for side, report in zip(order, reports, strict=True):
                record = to_record(problem, report)
                results.append(folders[side.label] / results.RESULTS, record)
                if report.status != "infrastructure":
                    done[side.label][problem.name] = record
            if number % 10 == 0 or number == len(problems):
                counts = ", ".join(f"{label} {_proved(records)}" for label, records in done.items())
                say(f"{number} of {len(problems)} problems; proved: {counts}")
            if until is not None and time.monotonic() > until:
                break
    for side in sides:
        summary = _summary(side, list(done[side.label].values()), budget, share)
        results.write_json(folders[side.label] / results.SUMMARY, summary)
    first, *others = folders.values()
    return [compare(first, other, seconds=None if share else budget.seconds) for other in others]


def _summary(side: Side, rows: list[results.Record], budget: Budget, share: bool) -> dict[str, Any]:
    return {
        "label": side.label, "model": side.options.model, **results.summarise(rows, len(rows)),
        "seconds_limit": budget.seconds, "steps_limit": budget.steps, "machine": results.machine(),
        "weights": dict(side.options.weights), "shared": share,
    }  # fmt: skip


def _apart(sessions: dict[str, Session], problem: Problem, order: Sequence[Side]) -> list[ProofReport]:
    return [sessions[side.label].prove(problem, config=side.config) for side in order]


def _together(
    host: Session, sessions: dict[str, Session], problem: Problem, order: Sequence[Side]
) -> list[ProofReport]:
    from prover.lean.environment import LeanDomain

    shared = SharedProblem(lambda: LeanDomain(host.server()).open(problem))
    try:
        return [sessions[side.label].attempt(problem, shared.lend, config=side.config) for side in order]
    finally:
        shared.close()


def _proved(records: dict[str, results.Record]) -> int:
    return sum(record.get("status") == "proved" for record in records.values())


def steps_ratio(first: Path, second: Path) -> tuple[float, int, int]:
    """The median, over the problems that both runs proved, of the second's steps over the first's; on how many of them
    the second takes fewer steps, and on how many more. The ratio is 1 where there are none."""
    one, other = (
        {name: max(int(r["steps"]), 1) for name, r in results.finished(results.load(run / results.RESULTS)).items()
         if r.get("status") == "proved"}
        for run in (first, second)
    )  # fmt: skip
    ratios = [other[name] / one[name] for name in one if name in other]
    return (statistics.median(ratios) if ratios else 1.0), sum(r < 1 for r in ratios), sum(r > 1 for r in ratios)


def verdict(found: Sequence[Comparison], sides: Sequence[Side], out: Path) -> str:
    """The comparisons in words, with a table; draws ``plot.png`` where matplotlib is there."""
    runs = {side.label: out / side.label for side in sides}
    if can_draw():
        plot_runs(runs, out / "plot.png")
    a = sides[0].label
    lines = [f"{found[0].compared} problems; {a} {_rate(found[0].rate_a)}"]
    for side, comparison in zip(sides[1:], found, strict=True):
        b, gain = side.label, comparison.gain
        ratio, fewer, more = steps_ratio(runs[a], runs[b])
        lines += [
            f"{b} {_rate(comparison.rate_b)}; only {a}: {len(comparison.only_a)}, only {b}: {len(comparison.only_b)}; "
            f"gain {gain.value:+.1%} ({gain.low:+.1%} to {gain.high:+.1%}), McNemar's exact p = {comparison.p:.3g}",
            f"  steps to the proof where both prove: median ratio {ratio:.2f}; fewer on {fewer}, more on {more}",
        ]
    return "\n".join([*lines, budget_table(runs)])


def _rate(rate: Interval) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"
