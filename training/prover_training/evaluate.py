"""Two ways of proving, problem by problem in turn, so that a busy machine slows both alike.

The results are two runs in the format of 'prove bench': 'prove bench compare' reads them, and so does :func:`verdict`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prover.bench import results
from prover.bench.campaign import to_record
from prover.bench.compare import Comparison, compare
from prover.bench.plots import budget_table, plot_runs
from prover.bench.suite import with_budget
from prover.problem import Budget, Problem
from prover.search.scoring import SearchConfig
from prover.session import Options, Session


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its label, which is also its folder, its options (which model, which weights) and the settings of
    its searches."""

    label: str
    options: Options
    config: SearchConfig | None = None


def evaluate(
    problems: Sequence[Problem], sides: tuple[Side, Side], budget: Budget, out: Path,
    say: Callable[[str], None] = lambda text: None, until: float | None = None,
) -> Comparison:  # fmt: skip
    """Proves every problem both ways, the first one first and last in turn, each in a Lean of its own; goes on where an
    earlier call with the same ``out`` ended. ``until`` (of ``time.monotonic``) ends early.

    Raises:
        ToolchainError: there is no Lean. BadInput: nothing could be compared.
    """
    folders = {side.label: out / side.label for side in sides}
    done: dict[str, dict[str, results.Record]] = {}
    for label, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        done[label] = results.finished(results.load(folder / results.RESULTS))
    sessions = {side.label: Session(replace(side.options, use_service=False)) for side in sides}
    try:
        for number, problem in enumerate(problems, 1):
            order = sides if number % 2 else sides[::-1]
            for side in order:
                if problem.name in done[side.label]:
                    continue
                report = sessions[side.label].prove(with_budget(problem, budget), config=side.config)
                record = to_record(problem, report)
                results.append(folders[side.label] / results.RESULTS, record)
                if report.status != "infrastructure":
                    done[side.label][problem.name] = record
            if number % 10 == 0 or number == len(problems):
                counts = ", ".join(f"{label} {_proved(records)}" for label, records in done.items())
                say(f"{number} of {len(problems)} problems; proved: {counts}")
            if until is not None and time.monotonic() > until:
                break
    finally:
        for session in sessions.values():
            session.close()
    for side in sides:
        rows = list(done[side.label].values())
        summary = {"label": side.label, "model": side.options.model, **results.summarise(rows, len(rows))}
        summary |= {"seconds_limit": budget.seconds, "steps_limit": budget.steps, "machine": results.machine()}
        results.write_json(folders[side.label] / results.SUMMARY, summary)
    return compare(*folders.values())


def steps_ratio(folders: Sequence[Path]) -> tuple[float, int]:
    """The median, over the problems that both runs proved, of the second's steps over the first's; and how many they
    are (the ratio is 1 where there are none)."""
    import statistics

    first, second = (
        {name: max(int(r["steps"]), 1) for name, r in results.finished(results.load(folder / results.RESULTS)).items()
         if r.get("status") == "proved"}
        for folder in folders
    )  # fmt: skip
    ratios = [second[name] / first[name] for name in first if name in second]
    return (statistics.median(ratios) if ratios else 1.0), len(ratios)


def _proved(records: dict[str, results.Record]) -> int:
    return sum(record.get("status") == "proved" for record in records.values())


def verdict(found: Comparison, sides: tuple[Side, Side], out: Path) -> str:
    """The comparison in words, with a table; draws ``plot.png`` where matplotlib is there."""
    import importlib.util

    runs = {side.label: out / side.label for side in sides}
    if importlib.util.find_spec("matplotlib") is not None:
        plot_runs(runs, out / "plot.png")
    a, b = (side.label for side in sides)
    lines = [
        f"{found.compared} problems; {a} {found.rate_a.value:.1%} "
        f"({found.rate_a.low:.1%} to {found.rate_a.high:.1%}), {b} {found.rate_b.value:.1%} "
        f"({found.rate_b.low:.1%} to {found.rate_b.high:.1%})",
        f"only {a}: {len(found.only_a)}, only {b}: {len(found.only_b)}; gain {found.gain.value:+.1%} "
        f"({found.gain.low:+.1%} to {found.gain.high:+.1%}), McNemar's exact p = {found.p:.3g}",
        "steps to the proof, {1} over {0}: median ratio {2:.2f} on {3} problems that both prove".format(
            a, b, *steps_ratio(list(runs.values()))
        ),
        budget_table(runs),
    ]
    return "\n".join(lines)
