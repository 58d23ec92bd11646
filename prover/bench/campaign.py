"""One run of a problem set: its folder, what is left to do, its table."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from prover.bench import results, runner
from prover.bench.suite import Suite, with_budget
from prover.errors import BadInput
from prover.problem import Budget, Problem
from prover.reports import ProofReport
from prover.session import Options, Session
from prover.settings import refuse_to_overwrite


@dataclass
class Campaign:
    """A run in progress. ``chosen`` are the problems asked for, ``records`` what is known of
    them.
    """

    suite: Suite
    chosen: tuple[Problem, ...]
    folder: Path
    budget: Budget
    options: Options
    records: dict[str, results.Record]
    make_prover: Callable[[], runner.Prover]
    claimed: IO[bytes]
    seconds: float = 0.0
    _summary: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        suite: Suite,
        chosen: tuple[Problem, ...],
        *,
        out: Path | None,
        parent: Path,
        resume: bool,
        budget: Budget,
        options: Options,
        make_prover: Callable[[], runner.Prover] | None = None,
    ) -> Campaign:
        """Makes the folder, or finds the one to resume, and writes the configuration.

        Raises:
            BadInput: nothing to resume, other settings than before, or a folder that holds a run
            already. ToolchainError: there is no Lean (before anything is counted as a failure).
        """
        folder = _folder(suite, out, parent, resume=resume)
        lean = {"version": "", "kind": ""}
        if make_prover is None:
            with Session(options) as session:
                lean = dict(session.lean())

            def make_prover() -> runner.Prover:
                return Session(options)

        config = _config(suite, budget, options, lean)
        _make_folder(folder)
        claimed = results.claim(folder)
        try:
            records = _begin(folder, config, resume=resume)
        except BaseException:
            claimed.close()
            raise
        return cls(suite, chosen, folder, budget, options, records, make_prover, claimed)

    def close(self) -> None:
        """Gives the folder back to other commands."""
        self.claimed.close()

    @property
    def total(self) -> int:
        """How many problems were asked for."""
        return len(self.chosen)

    @property
    def done(self) -> int:
        """How many of them have a result that counts."""
        return sum(problem.name in self.records for problem in self.chosen)

    @property
    def solved(self) -> int:
        """How many of them are proved."""
        return sum(self.records.get(p.name, {}).get("status") == "proved" for p in self.chosen)

    def run(self) -> Generator[tuple[Problem, ProofReport], None, None]:
        """Works on what is left; every result is on the disk before it is yielded."""
        started = time.monotonic()
        left = [with_budget(p, self.budget) for p in self.chosen if p.name not in self.records]
        try:
            for problem, report in runner.run(left, self.make_prover, jobs=self.options.jobs):
                record = to_record(problem, report)
                results.append(self.folder / results.RESULTS, record)
                self.records[problem.name] = record
                yield problem, report
        finally:
            self.seconds = time.monotonic() - started

    def finish(self) -> dict[str, Any]:
        """Writes the summary and the table, gives the folder back; returns the summary.

        Raises:
            InfrastructureFault: they cannot be written; the results are there all the same.
        """
        rows = [self.records[p.name] for p in self.chosen if p.name in self.records]
        self._summary = {
            "suite": self.suite.name,
            **results.summarise(rows, self.total),
            "seconds_limit": self.budget.seconds,
            "steps_limit": self.budget.steps,
            "seed": self.options.seed,
            "wall_seconds_of_this_call": round(self.seconds, 1),
        }
        results.write_json(self.folder / results.SUMMARY, self._summary)
        results.write_text(self.folder / results.TABLE, self.table() + "\n")
        self.close()
        return self._summary

    def table(self) -> str:
        """The run in words, after :meth:`finish`."""
        return format_table(self._summary, [self.records.get(p.name, {"name": p.name}) for p in self.chosen])


def to_record(problem: Problem, report: ProofReport) -> results.Record:
    """The line of ``results.jsonl`` for one problem: the ``--json`` object and who contributed."""
    return {
        **report.to_json(),
        "name": problem.name,
        "statement": problem.statement,
        "proposers": list(report.proposers),
        "statistics": {name: dict(found) for name, found in report.statistics.items()},
        "open_goals": list(report.open_goals[:1]),
    }


def format_table(summary: Mapping[str, Any], rows: list[results.Record]) -> str:
    """A line for each problem and the totals below."""
    width = max([len(str(row["name"])) for row in rows] + [7])
    lines = [f"{'problem':<{width}}  {'status':<14} {'seconds':>8} {'steps':>7} {'states':>7}  by"]
    for row in rows:
        status = row.get("status", "not run")
        seconds = f"{row['seconds']:.1f}" if "seconds" in row else ""
        note = ", ".join(row.get("proposers") or ()) if status == "proved" else str(row.get("reason") or "")
        lines.append(
            f"{row['name']:<{width}}  {status:<14} {seconds:>8} "
            f"{row.get('steps', ''):>7} {row.get('states', ''):>7}  {note}"
        )
    statuses = ", ".join(f"{name} {count}" for name, count in summary["statuses"].items())
    not_run = f", not run {summary['not_run']}" if summary["not_run"] else ""
    lines += [
        "",
        f"solved {summary['solved']} of {summary['of']} ({statuses}{not_run})",
        f"median of the proved: {_figure(summary['median_seconds'])} s, "
        f"{_figure(summary['median_steps'])} steps;"
        f" in all {summary['seconds']:.0f} s of work, {summary['steps']:,} steps",
    ]
    if summary["proposers"]:
        shares = ", ".join(f"{name} in {count}" for name, count in summary["proposers"].items())
        lines.append(f"proofs that use a proposer: {shares}")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _config(suite: Suite, budget: Budget, options: Options, lean: Mapping[str, str]) -> dict[str, Any]:
    return {
        "suite": suite.name,
        "suite_path": str(suite.path),
        "suite_sha256": suite.sha256,
        "problems": len(suite.problems),
        "seconds": budget.seconds,
        "steps": budget.steps,
        "nodes": budget.nodes,
        "seed": options.seed,
        "jobs": options.jobs,
        "plugins": list(options.plugins),
        "disabled": list(options.disabled),
        "weights": dict(options.weights),
        "search": asdict(options.search) if options.search else {},
        "model": options.model,
        "hints": list(options.hints),
        "avoid": list(options.avoid),
        "lemmas": options.lemmas,
        "lean": dict(lean),
        "versions": results.versions(),
        "machine": results.machine(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the folder {folder}: {error.strerror}") from error


def _fresh(folder: Path) -> Path:
    """``folder``, or with a number behind it where two runs begin in one second."""
    number, candidate = 2, folder
    while candidate.exists():
        candidate = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return candidate


def _folder(suite: Suite, out: Path | None, parent: Path, *, resume: bool) -> Path:
    """Where the run goes: the folder that was named, the last run's where it is to go on, or a new one.

    Raises:
        BadInput: there is nothing to resume.
    """
    if out is not None:
        return out
    if not resume:
        return _fresh(parent / f"{suite.name}-{time.strftime('%Y%m%d-%H%M%S')}")
    latest = results.latest_run(parent, suite.name)
    if latest is None:
        raise BadInput(f"nothing to resume: there is no run of {suite.name} in {parent}/ (name it with --out)")
    return latest


def _begin(folder: Path, config: dict[str, Any], *, resume: bool) -> dict[str, results.Record]:
    """Writes the configuration of a new run, or reads what one that goes on has finished.

    Raises:
        BadInput: the folder holds a run that is not to go on, or one of other settings.
    """
    begun = (folder / results.CONFIG).exists()
    refuse_to_overwrite(folder, begun=begun, resume=resume)
    if not begun:
        results.write_json(folder / results.CONFIG, config)
        return {}
    results.require_same(results.read_config(folder), config)
    return results.finished(results.load(folder / results.RESULTS))
