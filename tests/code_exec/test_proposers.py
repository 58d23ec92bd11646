"""Programs from examples and repairs."""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from prover_plugins.code_exec.environment import CodeEnvironment, check_solution, problem_of
from prover_plugins.code_exec.repair import changes
from prover_plugins.code_exec.synthesis.bank import Bank, expression
from prover_plugins.code_exec.synthesis.proposer import programs, render
from prover_plugins.code_exec.synthesis.sketches import folds
from prover_plugins.code_exec.tasks import Task, task_of

from prover.cli.main import cli
from prover.problem import Budget
from prover.session import Options, Session

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples" / "code"


def task(name: str, parameters: str, *examples: str, docstring: str = "") -> Task:
    shown = "\n".join(f"    >>> {name}({call})\n    {want}" for call, want in (e.split(" -> ") for e in examples))
    prompt = f'def {name}({parameters}):\n    """{docstring}\n{shown}\n    """\n'
    return task_of({"prompt": prompt, "entry_point": name, "test": "def check(candidate):\n    pass\n"})


@pytest.mark.parametrize(
    ("problem", "inputs", "outputs"),
    [
        (task("f", "a, b", "1, 2 -> 3", "5, 7 -> 12"), ((10, 20), (-1, 4)), (30, 3)),
        (task("f", "s", "'ab' -> 'BA'", "'xyz' -> 'ZYX'"), (("Hello",), ("",)), ("OLLEH", "")),
        (task("f", "n", "4 -> 24", "1 -> 1", "6 -> 720"), ((5,), (0,)), (120, 1)),
    ],
)
def test_what_is_found_generalises(
    problem: Task, inputs: tuple[tuple[object, ...], ...], outputs: tuple[object, ...]
) -> None:
    found = [render(problem, text) for _, text in itertools.islice(programs(problem), 2)]

    def answers(code: str) -> tuple[object, ...]:
        scope: dict[str, object] = {}
        exec(code, scope)  # our own grammar's text
        function = scope["f"]
        assert callable(function)
        with contextlib.suppress(TypeError, ValueError):
            return tuple(function(*row) for row in inputs)
        return ()

    assert outputs in [answers(code) for code in found]


def test_every_program_found_gives_what_the_examples_expect() -> None:
    problem = task("f", "x, y", "3, 4 -> 7", "0, 2 -> 2", "5, 5 -> 10")
    for _, text in itertools.islice(programs(problem), 4):
        scope: dict[str, object] = {}
        exec(render(problem, text), scope)
        function = scope["f"]
        assert callable(function)
        assert [function(3, 4), function(0, 2), function(5, 5)] == [7, 2, 10]


def test_a_bank_keeps_one_of_each_set_of_equals_and_is_deterministic() -> None:
    def texts() -> list[str]:
        leaves = [expression("x", 1, [1, 2, 5]), expression("1", 1, [1, 1, 1])]
        bank = Bank([leaf for leaf in leaves if leaf])
        return [item.text for cost in (1, 2, 3) for item in bank.grow(cost)]

    first = texts()
    assert first == texts()
    assert "(x + 1)" in first and "(1 + x)" not in first
    assert sum(text in ("(x + x)", "(2 * x)", "(x * (1 + 1))") for text in first) == 1


def test_nothing_is_proposed_where_there_is_nothing_to_go_by() -> None:
    test = "def check(candidate):\n    assert candidate(1) == 1\n"
    record = {"prompt": "def f(*values):\n    pass\n", "entry_point": "f", "test": test}
    assert list(programs(task_of(record))) == []


def test_each_change_is_one_change_and_a_program() -> None:
    code = "def f(n):\n    total = 0\n    for k in range(n):\n        total += k\n    return total\n"
    found = list(changes(code, "f"))
    texts = [text for _, text in found]
    assert len(set(texts)) == len(texts) > 30
    assert all(ast.parse(text) and 0 < score <= 1 for score, text in found)
    assert any("range(n + 1)" in text for text in texts)
    assert any("total -= k" in text for text in texts)
    assert code not in texts
    assert list(changes("def f(", "f")) == []


@pytest.mark.parametrize("name", ["product_of", "power_sum"])
def test_the_search_solves(simple: dict[str, Task], name: str) -> None:
    given = simple[name]
    with Session(Options()) as session:
        problem = problem_of(given, budget=Budget(seconds=60, steps=400))
        report = session.attempt(problem, lambda: CodeEnvironment(given))
    assert report.status == "solved", report
    assert report.proof is not None
    assert check_solution(given, report.proof).accepted


def call(*words: str) -> tuple[int, str]:
    ran = CliRunner().invoke(cli, ["code", *words], catch_exceptions=False, prog_name="prove")
    return ran.exit_code, ran.output


def test_the_command_solves_saves_and_leaves_out_what_is_solved(tmp_path: Path) -> None:
    saved = tmp_path / "solutions.jsonl"
    words = (str(EXAMPLES / "mbpp.jsonl"), "--only", "1", "--seconds", "60", "--steps", "200", "--write", str(saved))
    code, output = call(*words, "--json")
    assert code == 0, output
    (row,) = json.loads(output)["rows"]
    assert (row["status"], row["by"], row["tests"]) == ("solved", ["code_synthesis"], 5)
    assert call(str(EXAMPLES / "mbpp.jsonl"), "--solutions", str(saved))[0] == 0
    assert call(*words) == (0, "0 of 0 solved\n")


def test_the_command_checks_hostile_solutions(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.jsonl"
    hostile.write_text("".join((EXAMPLES / "hostile.jsonl").read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    code, output = call(str(EXAMPLES / "simple.jsonl"), "--solutions", str(hostile))
    assert code == 1
    assert output.endswith("0 of 2 solved\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("missing.jsonl",), "cannot read missing.jsonl"),
        ((str(EXAMPLES / "simple.jsonl"), "--only", "nobody"), "no problem nobody"),
        ((str(EXAMPLES / "simple.jsonl"), "--solutions", str(EXAMPLES / "mbpp.jsonl")), "no such problem"),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], message: str) -> None:
    code, output = call(*words)
    assert code == 2
    assert message in output and "Traceback" not in output


def test_the_status_of_the_sandbox() -> None:
    code, output = call("--sandbox-status", "--json")
    status = json.loads(output)
    assert code == (3 if status["weakness"] else 0)
    assert {"namespaces", "private_root", "landlock", "seccomp"} <= set(status)


def test_no_operation_fills_the_memory() -> None:
    # Kinds are those of the first input; the others may hold anything.
    mixed = [expression("x", 1, [2, "text", [[1], [2]]]), expression("n", 1, [3, 10**15, 10**15])]
    bank = Bank([leaf for leaf in mixed if leaf])
    for cost in (1, 2, 3):
        assert all(len(str(item.values)) < 10_000 for item in bank.grow(cost))
    words = expression("w", 1, [[1, 2], ["word"] * 200, [["a"], ["b"]] * 100])
    assert words is not None
    outer = Bank([words])
    list(outer.grow(1))
    assert all(len(str(item.values)) < 50_000 for item in folds(outer, 1))
