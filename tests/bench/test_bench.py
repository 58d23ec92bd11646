"""Problem sets, interrupted runs, comparison. No Lean here: the provers are scripted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from prover.bench import campaign, compare, results, runner, suite
from prover.errors import BadInput, InfrastructureFault
from prover.problem import Budget, Problem
from prover.reports import ProofReport
from prover.session import Options

NAMES = ("p1", "p2", "p3", "p4", "p5")


class Scripted:
    """Answers each problem by a table; ``closed`` counts."""

    def __init__(self, answer: Callable[[Problem], ProofReport]) -> None:
        self.answer = answer
        self.closed = 0

    def prove(self, problem: Problem) -> ProofReport:
        return self.answer(problem)

    def close(self) -> None:
        self.closed += 1


def report(problem: Problem, status: str = "proved") -> ProofReport:
    return ProofReport(
        status=status,
        name=problem.name,
        statement=problem.statement,
        steps=3,
        seconds=0.5,
        proposers=("automation",) if status == "proved" else (),
    )


@pytest.fixture
def suite_path(tmp_path: Path) -> Path:
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps({"name": n, "statement": f"theorem {n} : 1 = 1"}) + "\n" for n in NAMES))
    return path


def start(
    path: Path,
    out: Path,
    answer: Callable[[Problem], ProofReport],
    *,
    resume: bool = False,
    seed: int = 0,
    jobs: int = 1,
) -> campaign.Campaign:
    loaded = suite.read_suite(path)
    return campaign.Campaign.open(
        loaded,
        suite.select(loaded),
        out=out,
        parent=out.parent,
        resume=resume,
        budget=Budget(seconds=1),
        options=Options(seed=seed, jobs=jobs),
        make_prover=lambda: Scripted(answer),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no problem"),
        ("{", "line 1 is not JSON"),
        ("[]", "not a JSON object"),
        ('{"name": "a"}', "no 'statement'"),
        ('{"name": "a", "statement": "x"}\n{"name": "a", "statement": "y"}', "lines 1 and 2"),
        ('{"name": "a", "statement": "x", "imports": "Std"}', "list of module names"),
    ],
)
def test_bad_suites_name_the_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(text)
    with pytest.raises(BadInput, match=says):
        suite.read_suite(path)


def test_missing_and_binary_suites(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read"):
        suite.read_suite(tmp_path / "none.jsonl")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not a text file"):
        suite.read_suite(tmp_path / "b")


def test_the_public_sets_are_complete() -> None:
    folder = Path(__file__).parents[2] / "data" / "benchmarks"
    assert len(suite.read_suite(folder / "minif2f_core_valid.jsonl").problems) == 74
    assert len(suite.read_suite(folder / "minicodeprops_public.jsonl").problems) == 70


def test_select(suite_path: Path) -> None:
    loaded = suite.read_suite(suite_path)
    assert [p.name for p in suite.select(loaded, limit=2)] == ["p1", "p2"]
    assert [p.name for p in suite.select(loaded, only=("p4", "p2"))] == ["p2", "p4"]
    with pytest.raises(BadInput, match="nope"):
        suite.select(loaded, only=("nope",))


def test_an_interrupted_run_resumes_to_the_same_results(suite_path: Path, tmp_path: Path) -> None:
    def answer(problem: Problem) -> ProofReport:
        return report(problem, "proved" if problem.name in ("p1", "p4") else "not_proved")

    whole = start(suite_path, tmp_path / "whole", answer)
    list(whole.run())
    expected = whole.finish()

    first = start(suite_path, tmp_path / "cut", answer)
    running = first.run()
    next(running)
    next(running)
    running.close()
    assert first.finish()["not_run"] == 3
    assert first.finish()["of"] == 5

    second = start(suite_path, tmp_path / "cut", answer, resume=True)
    assert second.done == 2
    assert [problem.name for problem, _ in second.run()] == ["p3", "p4", "p5"]
    summary = second.finish()
    for key in ("solved", "of", "statuses", "median_steps", "proposers"):
        assert summary[key] == expected[key]
    assert summary["solved"] == 2
    assert summary["proposers"] == {"automation": 2}


def test_faults_stay_in_the_denominator_and_are_tried_again(suite_path: Path, tmp_path: Path) -> None:
    broken = True

    def answer(problem: Problem) -> ProofReport:
        if problem.name == "p2" and broken:
            raise InfrastructureFault("Lean died")
        return report(problem, "invalid" if problem.name == "p3" else "proved")

    first = start(suite_path, tmp_path / "run", answer)
    list(first.run())
    summary = first.finish()
    assert (summary["solved"], summary["of"]) == (3, 5)
    assert summary["statuses"] == {"proved": 3, "not_proved": 0, "invalid": 1, "infrastructure": 1}

    broken = False
    again = start(suite_path, tmp_path / "run", answer, resume=True)
    assert [problem.name for problem, _ in again.run()] == ["p2"]
    assert again.finish()["solved"] == 4


def test_a_half_written_line_costs_only_itself(suite_path: Path, tmp_path: Path) -> None:
    first = start(suite_path, tmp_path / "run", report)
    running = first.run()
    next(running)
    running.close()
    first.close()
    file = tmp_path / "run" / results.RESULTS
    file.write_bytes(file.read_bytes() + b'{"name": "p2", "sta')
    second = start(suite_path, tmp_path / "run", report, resume=True)
    assert second.done == 1
    list(second.run())
    assert second.finish()["solved"] == 5
    assert set(results.load(file)) == set(NAMES)


def test_other_settings_are_not_mixed_into_a_run(suite_path: Path, tmp_path: Path) -> None:
    list(start(suite_path, tmp_path / "run", report).run())
    with pytest.raises(BadInput, match="seed was 0 and is now 7"):
        start(suite_path, tmp_path / "run", report, resume=True, seed=7)
    with pytest.raises(BadInput, match="--resume"):
        start(suite_path, tmp_path / "run", report)


def test_nothing_to_resume(suite_path: Path, tmp_path: Path) -> None:
    loaded = suite.read_suite(suite_path)
    with pytest.raises(BadInput, match="nothing to resume"):
        campaign.Campaign.open(
            loaded,
            loaded.problems,
            out=None,
            parent=tmp_path / "runs",
            resume=True,
            budget=Budget(),
            options=Options(),
            make_prover=lambda: Scripted(report),
        )


def test_the_table_says_what_the_summary_says(suite_path: Path, tmp_path: Path) -> None:
    run = start(suite_path, tmp_path / "run", report)
    list(run.run())
    run.finish()
    table = run.table()
    assert "solved 5 of 5" in table
    assert all(name in table for name in NAMES)
    assert (tmp_path / "run" / results.TABLE).read_text() == table + "\n"
    config = results.read_config(tmp_path / "run")
    assert config["seed"] == 0
    assert config["machine"]["cores"] >= 1
    assert config["versions"]["click"]


def test_jobs_work_at_once_and_close_their_provers(suite_path: Path) -> None:
    problems = suite.read_suite(suite_path).problems
    both = threading.Barrier(2, timeout=10)
    made: list[Scripted] = []

    def answer(problem: Problem) -> ProofReport:
        if problem.name in ("p1", "p2"):
            both.wait()
        return report(problem)

    def make() -> Scripted:
        made.append(Scripted(answer))
        return made[-1]

    found = {problem.name for problem, _ in runner.run(problems, make, jobs=2)}
    assert found == set(NAMES)
    assert len(made) == 2
    assert all(prover.closed for prover in made)


def test_a_stopped_run_closes_its_prover_at_once(suite_path: Path) -> None:
    problems = suite.read_suite(suite_path).problems
    let_go = threading.Event()

    class Slow(Scripted):
        def close(self) -> None:
            super().close()
            let_go.set()

    def answer(problem: Problem) -> ProofReport:
        if problem.name == "p2":
            let_go.wait(10)
        return report(problem)

    prover = Slow(answer)
    running = runner.run(problems, lambda: prover)
    next(running)
    started = time.monotonic()
    running.close()
    assert prover.closed == 1
    assert time.monotonic() - started < 3


def test_a_defect_of_ours_is_not_a_result(suite_path: Path) -> None:
    def answer(problem: Problem) -> ProofReport:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(runner.run(suite.read_suite(suite_path).problems, lambda: Scripted(answer)))


def test_compare(suite_path: Path, tmp_path: Path) -> None:
    list(
        start(
            suite_path,
            tmp_path / "a",
            lambda p: report(p, "proved" if p.name != "p5" else "not_proved"),
        ).run()
    )
    list(
        start(
            suite_path,
            tmp_path / "b",
            lambda p: report(p, "proved" if p.name == "p5" else "not_proved"),
        ).run()
    )
    found = compare.compare(tmp_path / "a", tmp_path / "b")
    assert found.only_a == ("p1", "p2", "p3", "p4")
    assert found.only_b == ("p5",)
    assert (found.compared, found.both, found.neither) == (5, 0, 0)
    assert found.p == pytest.approx(2 * (1 + 5) / 32)
    with pytest.raises(BadInput, match="no results"):
        compare.compare(tmp_path, tmp_path / "b")


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (9, 1, 0.021484375)],
)
def test_mcnemar(b: int, c: int, p: float) -> None:
    assert compare.mcnemar(b, c) == pytest.approx(p)
