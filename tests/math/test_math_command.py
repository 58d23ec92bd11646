"""``prove math`` and its files, and hints for Lean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prover_plugins.math.lean_hints import hints
from prover_plugins.math.suite import read_results, read_suite

from prover.cli.main import cli
from prover.domain import Candidate, StepStatus
from prover.errors import BadInput
from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.problem import Problem


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["math", *words], catch_exceptions=False, prog_name="prove")


def test_solving() -> None:
    ran = run("solve x^2 - 5x + 6 = 0", "--explain")
    assert ran.exit_code == 0
    assert ran.output.splitlines()[0] == "x^2 - 5*x + 6 = 0" and "\n{2, 3}\n" in ran.output
    assert "checked by sympy" in ran.output and "proved" not in ran.output


def test_json() -> None:
    record = json.loads(run("compute gcd(48, 18)", "--json").output)
    assert (record["status"], record["proof"]) == ("solved", "6")


def test_no_solution_found_is_exit_code_1() -> None:
    ran = run("solve cos(x) = x")
    assert ran.exit_code == 1 and ran.output.startswith("not solved")


@pytest.mark.parametrize(
    ("answer", "code", "word"), [("{3, 2}", 0, "accepted"), ("{2}", 1, "refused"), ("__import__", 1, "refused")]
)
def test_judging(answer: str, code: int, word: str) -> None:
    ran = run("solve x^2 - 5x + 6 = 0", "--answer", answer)
    assert (ran.exit_code, ran.output.split(":")[0]) == (code, word)


def test_judging_as_json() -> None:
    record = json.loads(run("2 + 2", "--answer", "5", "--json").output)
    assert record["status"] == "refused" and record["message"] == "the value is 4"


@pytest.mark.parametrize(
    "text", ["compute 9^9^9^9", "compute 10^10^10!", "__import__('os')", "solve", "nonsense", "x.y"]
)
def test_bad_input_is_one_line(text: str) -> None:
    ran = run(text)
    assert ran.exit_code == 2 and len(ran.output.strip().splitlines()) == 1 and ran.output.startswith("error: ")


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def test_files_and_going_on(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "s.jsonl",
        {"problem": "2 + 3"},
        {"problem": "2 + 3", "answer": "5"},
        {"problem": "2 + 3", "answer": "6", "wrong": True},
    )
    out = tmp_path / "results.jsonl"
    ran = run(str(suite), "--out", str(out))
    assert ran.exit_code == 0 and "wrong answers refused: 1 of 1; not as expected: 0 of 3" in ran.output
    lines = out.read_text().splitlines()
    out.write_text("\n".join([*lines[:2], lines[2][:10]]))  # as if interrupted while writing
    results = list(read_results(out, read_suite(suite)))
    assert [r.outcome for r in results] == ["solved", "accepted"]
    assert run(str(suite), "--out", str(out), "--json").exit_code == 0


def test_what_is_not_as_expected_is_exit_code_1(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "s.jsonl",
        {"problem": "2 + 3", "answer": "6"},
        {"problem": "2 + 3", "answer": "5", "wrong": True},
        {"problem": "9^9^9^9"},
    )
    ran = run(str(suite))
    assert ran.exit_code == 1 and "not as expected: 3 of 3" in ran.output and "1 invalid" in ran.output


@pytest.mark.parametrize(
    "record", [[], {"answer": "1"}, {"problem": 1}, {"problem": "1", "wrong": True}, {"problem": "1", "extra": 1}]
)
def test_lines_that_are_no_problem(tmp_path: Path, record: object) -> None:
    with pytest.raises(BadInput, match="line 1"):
        read_suite(write(tmp_path / "s.jsonl", record))


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    assert run("2 + 2", "--out", "x").exit_code == 2
    assert run("2 + 2", "--answer", "4", "--lean", "theorem t : 2 + 2 = 4").exit_code == 2
    assert run(str(tmp_path / "missing.jsonl")).exit_code == 2


TRACE = [
    ("x^2 - 5*x + 6 = 0", "factor"),
    ("(x - 3)*(x - 2) = 0", "split factors"),
    ("x - 2 = 0 or x - 3 = 0", "isolate x"),
    ("x = 2 or x = 3", "answer {2, 3}"),
]


@pytest.mark.parametrize(
    ("statement", "trace"),
    [
        ("theorem t (x : Int) (h : x^2 - 5*x + 6 = 0) : x = 2 ∨ x = 3", TRACE),
        ("theorem t : ∃ x : Int, x^2 - 5*x + 6 = 0", TRACE),
        ("theorem t (x : Int) : (x + 1)^3 = x^3 + 3*x^2 + 3*x + 1", [("(x + 1)^3", "answer x^3 + 3*x^2 + 3*x + 1")]),
    ],
)
def test_a_hint_alone_closes_the_lean_statement(
    lean_server: LeanServer, statement: str, trace: list[tuple[str, str]]
) -> None:
    with LeanDomain(lean_server).open(Problem(statement)) as environment:
        candidates = [Candidate(hint, "hints", score=1.0) for hint in hints(statement, trace)]
        results = environment.step(environment.initial_state, candidates)
    assert any(result.status is StepStatus.FINISHED for result in results), [r.message for r in results]


def test_what_lean_cannot_read_gives_no_hint() -> None:
    assert hints("theorem t (x : Int) : x = x", [("sin(x) = 1/2", "answer {pi/6}")]) == []
