"""``prove code``: solve problems in the formats of HumanEval and MBPP, or check given solutions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prover.cli.options import json_option

if TYPE_CHECKING:
    from prover.domain import Verdict
    from prover.reports import ProofReport
    from prover_plugins.code_exec.tasks import Task

_EXIT = {"solved": 0, "not_solved": 1, "invalid": 2, "infrastructure": 3}


@click.command(name="code")
@click.argument("problems", type=click.Path(path_type=Path), metavar="PROBLEMS.jsonl", required=False)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=30.0,
    show_default=True,
    help="Stop after this much time for a problem.",
)
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Stop after this many programs tried.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the search's choices.")
@click.option("--only", multiple=True, metavar="TASK", help="Only this problem; may be repeated.")
@click.option(
    "--solutions",
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help="Search nothing: check these solutions (task_id, completion).",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help="Append the solutions found; problems that are solved there are left out.",
)
@click.option("--sandbox-status", is_flag=True, help="Say what this machine lets the sandbox use, and end.")
@click.option("--weak-sandbox", is_flag=True, help="Run also where this machine cannot confine tested code.")
@click.option("--plugin", "plugins", multiple=True, metavar="MODULE[:OBJECT]", help="Load one more plugin.")
@json_option
@click.pass_context
def code(
    ctx: click.Context,
    problems: Path | None,
    seconds: float,
    steps: int | None,
    seed: int,
    only: tuple[str, ...],
    solutions: Path | None,
    write: Path | None,
    sandbox_status: bool,
    weak_sandbox: bool,
    plugins: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write Python functions that pass their tests, visible and hidden, in a sandbox.

    PROBLEMS.jsonl has one problem a line, in HumanEval's format, MBPP's, or with dialogues of an interactive
    program. Exit codes: 0 all solved, 1 not all, 2 bad input, 3 the sandbox does not work.
    """
    if sandbox_status:
        ctx.exit(_status(as_json))
    if problems is None:
        raise click.UsageError("name a file of problems, or --sandbox-status")
    if solutions is not None and write is not None:
        raise click.UsageError("--write is for solutions that are found, not for those that are checked")
    from prover.errors import BadInput
    from prover_plugins.code_exec.tasks import read_tasks

    tasks = read_tasks(problems)
    if missing := set(only) - {task.task_id for task in tasks}:
        raise BadInput(f"{problems} has no problem {', '.join(sorted(missing))}")
    tasks = [task for task in tasks if not only or task.task_id in only]
    if solutions is not None:
        rows = _checked(tasks, solutions, weak_sandbox)
    else:
        rows = _searched(tasks, problems, seconds, steps, seed, write, weak_sandbox, plugins)
    ctx.exit(_show(rows, as_json))


def _status(as_json: bool) -> int:
    from prover_plugins.code_exec.sandbox.client import Sandbox

    with Sandbox(allow_weak=True) as sandbox:
        layers, weakness = sandbox.layers, sandbox.weakness
    if as_json:
        click.echo(json.dumps({**layers, "weakness": weakness}))
        return 0 if not weakness else 3
    for name, what in (
        ("namespaces", "own network, processes and users (user namespaces)"),
        ("private_root", "own file tree, read-only but for a scratch folder in memory"),
        ("landlock", "Landlock: only Python's library may be read"),
        ("seccomp", "filter of system calls (seccomp)"),
    ):
        click.echo(f"{'yes' if layers[name] else 'no ':4}{what}")
    click.echo("yes limits on time, processor, memory, files and output; audit hook")
    if layers["reason"]:
        click.echo(f"    no namespaces: {layers['reason']}")
    click.echo(f"too weak for hostile code: {weakness}" if weakness else "strong enough for hostile code")
    return 0 if not weakness else 3


def _checked(tasks: list[Task], solutions: Path, weak: bool) -> Iterator[dict[str, Any]]:
    from prover.errors import BadInput
    from prover_plugins.code_exec.environment import check_solution
    from prover_plugins.code_exec.tasks import read_jsonl

    by_id = {task.task_id: task for task in tasks}
    for line, record in read_jsonl(solutions):
        task, completion = by_id.get(str(record.get("task_id"))), record.get("completion")
        if task is None:
            raise BadInput(f"{solutions}: no such problem: {record.get('task_id')!r}", line=line)
        if not isinstance(completion, str):
            raise BadInput(f"{solutions}: field 'completion' must be text", line=line)
        started = time.monotonic()
        verdict = check_solution(task, task.complete(completion), allow_weak=weak)
        yield {
            "task_id": task.task_id, "title": str(record.get("title", "")),
            "status": "solved" if verdict.accepted else "not_solved", "seconds": time.monotonic() - started,
            **_verdict(verdict),
        }  # fmt: skip


def _verdict(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"passed": 0, "tests": 0, "reason": "no program passes the visible tests"}
    kinds = list(dict.fromkeys(kind for kind, _ in verdict.reasons))
    return {
        "passed": verdict.details.get("passed", 0), "tests": verdict.details.get("tests", 0), "reason": ", ".join(kinds)
    }  # fmt: skip


def _searched(
    tasks: list[Task], source: Path, seconds: float, steps: int | None, seed: int, write: Path | None, weak: bool,
    plugins: tuple[str, ...],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    from prover.problem import Budget
    from prover.session import Options, Session
    from prover_plugins.code_exec.environment import CodeEnvironment, problem_of
    from prover_plugins.code_exec.tasks import read_jsonl

    done: set[str] = set()
    if write is not None and write.exists() and write.stat().st_size:
        done = {str(record.get("task_id")) for _, record in read_jsonl(write)}
    with Session(Options(seed=seed, plugins=plugins)) as session:
        for task in tasks:
            if task.task_id in done:
                continue
            problem = problem_of(task, source, Budget(seconds=seconds, steps=steps))
            report = session.attempt(problem, partial(CodeEnvironment, task, allow_weak=weak))
            if report.status == "solved" and write is not None:
                with write.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"task_id": task.task_id, "completion": report.proof}) + "\n")
            yield _row(task, report)
            if report.reason == "interrupted":
                raise KeyboardInterrupt


def _row(task: Task, report: ProofReport) -> dict[str, Any]:
    # A program that passed the visible tests and failed hidden ones counts as an attempt.
    attempts = sum(len(node_verdicts) for node_verdicts in _verdicts(report))
    row = {
        "task_id": task.task_id, "title": task.entry_point, "status": report.status, "seconds": report.seconds,
        "steps": report.steps, "attempts": attempts, "by": list(report.proposers), "code": report.proof or "",
        **_verdict(report.verdict),
    }  # fmt: skip
    if report.status in ("invalid", "infrastructure"):
        row["reason"] = report.message
    return row


def _verdicts(report: ProofReport) -> Iterator[list[Any]]:
    if report.graph is not None:
        for node in report.graph.nodes:
            yield from ([*edge.verdicts] for edge in node.outgoing)


def _show(rows: Iterator[dict[str, Any]], as_json: bool) -> int:
    """Prints each row as it comes, then the count; returns the exit code."""
    shown: list[dict[str, Any]] = []
    interrupted = False
    try:
        for row in rows:
            shown.append(row)
            if not as_json:
                click.echo(_line(row))
    except KeyboardInterrupt:
        interrupted = True
    solved = sum(row["status"] == "solved" for row in shown)
    if as_json:
        click.echo(json.dumps({"solved": solved, "problems": len(shown), "rows": shown}, ensure_ascii=False))
    else:
        click.echo(f"{solved} of {len(shown)} solved")
    return 130 if interrupted else max((_EXIT[row["status"]] for row in shown), default=0)


def _line(row: dict[str, Any]) -> str:
    name = f"{row['task_id']} {row['title']}".strip()
    tests = f"{row['passed']}/{row['tests']} tests" if row["tests"] else ""
    end = f"attempt {row['attempts']}, {', '.join(row['by'])}" if row.get("by") else row["reason"]
    return f"{row['status'].replace('_', ' '):11} {name:42.42} {row['seconds']:6.1f} s  {tests:12} {end}".rstrip()
