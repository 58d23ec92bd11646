"""``prove math``: one problem, one answer to judge, or a file of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prover.cli.options import json_option

if TYPE_CHECKING:
    from prover.problem import Budget, Problem
    from prover.reports import ProofReport
    from prover.session import Session
    from prover_plugins.math.process import MathProcess
    from prover_plugins.math.suite import Entry, Result


@click.command(short_help="Solve a math problem, or judge an answer; checked by sympy.")
@click.argument("target", metavar="'PROBLEM'|FILE.jsonl")
@click.option("--answer", metavar="TEXT", help="Judge this answer instead of looking for one.")
@click.option("--lean", "lean", metavar="'theorem …'", help="Then prove this theorem, with the solution as hints.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="A file's results; goes on.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="Time limit.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Stop after this many moves tried.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the search's choices.")
@click.option("--plugin", "plugins", multiple=True, metavar="MODULE[:OBJECT]", help="Load one more plugin.")
@click.option("--explain", is_flag=True, help="Show the moves that led to the answer.")
@click.option("-q", "--quiet", is_flag=True, help="Print the answer and nothing else.")
@json_option
@click.pass_context
def math(
    ctx: click.Context,
    target: str,
    answer: str | None,
    lean: str | None,
    out: Path | None,
    seconds: float,
    steps: int | None,
    seed: int,
    plugins: tuple[str, ...],
    explain: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Solve a problem such as 'solve x^2 - 5x + 6 = 0', or judge an answer to it.

    Every step and the final answer are checked with sympy, which is not a proof: that word is Lean's. A file has one
    JSON object a line, {"problem": …, "answer": …}; without "answer" the problem is solved, with it judged.
    """
    from prover.errors import BadInput
    from prover.problem import Budget, Problem
    from prover.session import Options, Session
    from prover_plugins.math.process import MathProcess

    budget = Budget(seconds=seconds, steps=steps)
    with Session(Options(seed=seed, plugins=plugins)) as session, MathProcess() as process:
        runner = _Runner(session, process, budget)
        if target.endswith(".jsonl"):
            if answer is not None or lean is not None:
                raise click.UsageError("a file brings its own answers and Lean statements")
            ctx.exit(_suite(runner, Path(target), out, as_json=as_json, quiet=quiet))
        if out is not None:
            raise click.UsageError("--out is for files of problems")
        problem = Problem(statement=target, name="math", domain="math", budget=budget)
        if answer is not None:
            if lean is not None:
                raise BadInput("--answer judges an answer; leave it out to search one for --lean")
            ctx.exit(_judge(runner, problem, answer, as_json=as_json, quiet=quiet))
        report = runner.solve(problem)
        code = _show(report, as_json=as_json and lean is None, quiet=quiet, explain=explain)
        if lean is not None:
            code = _prove(runner, report, lean, as_json=as_json, quiet=quiet)
    ctx.exit(code)


class _Runner:
    """Solves and judges with one child process."""

    def __init__(self, session: Session, process: MathProcess, budget: Budget) -> None:
        self.session = session
        self.process = process
        self.budget = budget

    def solve(self, problem: Problem) -> ProofReport:
        from prover_plugins.math.environment import MathDomain

        domain = MathDomain(self.process)
        return self.session.attempt(problem, lambda: domain.open(problem))


def _judge(runner: _Runner, problem: Problem, answer: str, *, as_json: bool, quiet: bool) -> int:
    from prover_plugins.math.environment import MathDomain

    with MathDomain(runner.process).open(problem) as environment:
        verdict = environment.check(answer)
    reason = "; ".join(sentence for _, sentence in verdict.reasons)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "status": "accepted" if verdict.accepted else "refused", "problem": problem.statement,
                    "answer": answer, "checked_by": verdict.checked_by, "message": reason,
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
    elif verdict.accepted:
        shown = f"accepted: {answer}; checked by {verdict.checked_by}"
        click.echo("accepted" if quiet else click.style(shown, fg="green"))
    else:
        click.echo("refused" if quiet else f"refused: {answer}: {reason}")
    return 0 if verdict.accepted else 1


def _show(report: ProofReport, *, as_json: bool, quiet: bool, explain: bool) -> int:
    from prover.cli.output import print_report

    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    elif report.status == "solved" or report.exit_code != 1:
        if explain and report.actions:
            for text, action in _trace(report):
                click.echo(f"{text}\n    {action}")
        print_report(report, quiet=quiet)
    else:
        # The advice of the Lean report is about Lean.
        click.echo(f"not solved: {report.message} ({report.seconds:.1f} s, {report.steps} steps)", err=quiet)
    return 130 if report.reason == "interrupted" else report.exit_code


def _trace(report: ProofReport) -> Iterator[tuple[str, str]]:
    """The states along the solution, each with the move made there."""
    if report.graph is None:
        return
    for node in report.graph.nodes:
        if node.finished and report.graph.path_to(node) == list(report.actions):
            for edge in report.graph.edges_to(node):
                yield edge.parent.state.text, edge.candidate.action
            return


def _prove(runner: _Runner, report: ProofReport, lean: str, *, as_json: bool, quiet: bool) -> int:
    """Proves a Lean statement with the solution as hints; Lean alone decides."""
    from dataclasses import replace

    from prover.cli.prove import show
    from prover.cli.statement import read_statement
    from prover.problem import Problem
    from prover_plugins.math.lean_hints import hints

    statement = read_statement(lean)
    trace = list(_trace(report)) if report.status == "solved" else []
    problem = Problem(statement=statement.text, name=statement.name, hints=tuple(hints(statement.text, trace)))
    problem = replace(problem, budget=replace(problem.budget, seconds=runner.budget.seconds))
    proof = runner.session.prove(problem)
    return show(proof, explain=False, quiet=quiet, as_json=as_json)


def _suite(runner: _Runner, path: Path, out: Path | None, *, as_json: bool, quiet: bool) -> int:
    from prover_plugins.math.suite import read_results, read_suite

    entries = read_suite(path)
    done = {} if out is None else {r.entry.key: r for r in read_results(out, entries)}
    results: list[Result] = []
    interrupted = False
    try:
        for number, entry in enumerate(entries, 1):
            result = done.get(entry.key) or _result(runner, entry)
            results.append(result)
            if out is not None and entry.key not in done:
                with out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(result.to_json(), ensure_ascii=False) + "\n")
            if not quiet and not as_json:
                _tell(result, f"{number}/{len(entries)}")
    except KeyboardInterrupt:
        interrupted = True
    unexpected = sum(not result.expected for result in results)
    _summarise(results, unexpected, as_json=as_json)
    return 130 if interrupted else int(unexpected > 0)


def _tell(result: Result, place: str) -> None:
    mark = "ok" if result.expected else "NOT AS EXPECTED"
    answer = result.answer or result.entry.answer or ""
    click.echo(f"{place} {mark}: {result.entry.problem}: {result.outcome} {answer}".rstrip())
    if not result.expected:
        click.echo(f"    {result.message}")


def _summarise(results: Sequence[Result], unexpected: int, *, as_json: bool) -> None:
    counts = {outcome: sum(r.outcome == outcome for r in results) for outcome in _OUTCOMES}
    if as_json:
        record = {**counts, "unexpected": unexpected, "results": [r.to_json() for r in results]}
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    wrong = [r for r in results if r.entry.wrong]
    refused = sum(r.outcome == "refused" for r in wrong)
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count))
    click.echo(f"wrong answers refused: {refused} of {len(wrong)}; not as expected: {unexpected} of {len(results)}")


_OUTCOMES = ("solved", "not solved", "accepted", "refused", "invalid")


def _result(runner: _Runner, entry: Entry) -> Result:
    """Solves or judges one entry; a problem that cannot be read is a result, not the end of the run."""
    from prover.errors import BadInput, InfrastructureFault
    from prover.problem import Problem
    from prover_plugins.math.environment import MathDomain
    from prover_plugins.math.suite import Result

    started = time.monotonic()
    metadata = {"lean_statement": entry.lean_statement} if entry.lean_statement else {}
    problem = Problem(entry.problem, name=entry.name, domain="math", budget=runner.budget, metadata=metadata)
    if entry.answer is None:
        report = runner.solve(problem)
        if report.reason == "interrupted":
            raise KeyboardInterrupt
        if report.status == "infrastructure":
            raise InfrastructureFault(report.message)
        outcome = {"solved": "solved", "invalid": "invalid"}.get(report.status, "not solved")
        message = report.checked_by or report.message
        return Result(entry, outcome, report.proof or "", message, time.monotonic() - started)
    try:
        with MathDomain(runner.process).open(problem) as environment:
            verdict = environment.check(entry.answer)
    except BadInput as error:
        return Result(entry, "invalid", "", str(error), time.monotonic() - started)
    message = verdict.checked_by or "; ".join(sentence for _, sentence in verdict.reasons)
    outcome = "accepted" if verdict.accepted else "refused"
    return Result(entry, outcome, "", message, time.monotonic() - started)
