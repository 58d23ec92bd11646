"""Steps, searches and verdicts, with the real child process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prover_plugins.math import environment as environment_module
from prover_plugins.math.environment import MathDomain, MathEnvironment, MathState
from prover_plugins.math.process import Limited, MathProcess
from prover_plugins.math.proposer import AlgebraProposer
from prover_plugins.math.suite import Entry, read_suite

from prover.domain import Candidate, Environment, State, StepStatus
from prover.errors import BadInput, InfrastructureFault
from prover.problem import Budget, Problem
from prover.search import search

DATA = Path(__file__).resolve().parent.parent.parent / "data" / "examples" / "math" / "problems.jsonl"
ENTRIES = read_suite(DATA)


def opened(process: MathProcess, text: str) -> MathEnvironment:
    return MathDomain(process).open(Problem(text, domain="math", budget=Budget(seconds=60)))


def stepped(environment: MathEnvironment, state: State, action: str) -> MathState:
    (result,) = environment.step(state, [Candidate(action, "test", score=1.0)])
    assert result.status in (StepStatus.PROGRESS, StepStatus.FINISHED), result.message
    assert isinstance(result.state, MathState)
    return result.state


def failure(environment: MathEnvironment, state: State, action: str) -> str:
    (result,) = environment.step(state, [Candidate(action, "test", score=1.0)])
    assert result.status is StepStatus.FAILED and result.state is None
    return result.message


def test_the_parts_fit_the_protocols(math_process: MathProcess) -> None:
    environment: Environment = opened(math_process, "solve x^2 = 4")
    assert isinstance(environment.initial_state, State)
    environment.release([environment.initial_state])
    environment.close()
    environment.close()


def test_a_solution_step_by_step(math_process: MathProcess) -> None:
    environment = opened(math_process, "solve x^2 - 5x + 6 = 0")
    state: State = environment.initial_state
    for action, text in (
        ("factor", "(x - 3)*(x - 2) = 0"),
        ("split factors", "x - 2 = 0 or x - 3 = 0"),
        ("isolate x", "x = 2 or x = 3"),
    ):
        state = stepped(environment, state, action)
        assert (state.text, state.goals) == (text, 1)
    last = stepped(environment, state, "answer {2, 3}")
    assert last.goals == 0
    verdict = environment.verify(["answer {2, 3}"])
    assert verdict.accepted and verdict.checked_by.startswith("sympy 1.") and "proved" not in verdict.checked_by


@pytest.mark.parametrize(
    ("problem", "action", "why"),
    [
        ("solve x^2 = x", "rewrite x = 1", "not equivalent"),
        ("solve sqrt(x + 3) = x - 3", "rewrite x + 3 = (x - 3)^2", "not equivalent"),
        ("solve (x^2 - 1)/(x - 1) = 0", "clear denominators", "not equivalent"),
        ("solve x < 1", "rewrite 2x > 2", "not equivalent"),
        ("solve x + y = 3, x - y = 1", "rewrite x + y = 3 and x = 1", "not equivalent"),
        ("simplify (x^2 - 1)/(x - 1)", "rewrite x - 1", "not equal"),
        ("expand (x + 1)^2", "rewrite x^2 + 1", "not equal"),
        ("solve x^2 = 4", "isolate x", "not linear"),
        ("solve x^2 = 4", "move_all_left move_all_left", "no move"),
        ("solve x^2 = 4", "rewrite __import__", "unexpected character"),
        ("solve x^2 = 4", "answer {5}", "does not satisfy"),
        ("solve x^2 - 4 = 0", "move_all_left", "changes nothing"),
    ],
)
def test_wrong_steps_fail(math_process: MathProcess, problem: str, action: str, why: str) -> None:
    environment = opened(math_process, problem)
    assert why in failure(environment, environment.initial_state, action)


@pytest.mark.parametrize(
    ("problem", "action", "text"),
    [
        ("solve 2/(x - 1) = x", "clear denominators", "-x^2 + x + 2 = 0"),
        ("solve x^2 = 2", "quadratic formula", "x = sqrt(2) or x = -sqrt(2)"),
        ("solve x^2 = -2", "quadratic formula", "no solution"),
        ("solve x + y = 3, x - y = 1", "isolate x", "x = 3 - y and x = y + 1"),
        ("solve x = 3 - y, x - y = 1", "substitute x", "x = 3 - y and 2 - 2*y = 0"),
        ("solve x^2 < 4", "solve", "x > -2 and x < 2"),
        ("solve x^2 >= 0", "solve", "all reals"),
        ("simplify x^2 + 2x + 1", "rewrite (x + 1)^2", "(x + 1)^2"),
        ("solve cos(x) = x", "move_all_left", "-x + cos(x) = 0"),
    ],
)
def test_moves(math_process: MathProcess, problem: str, action: str, text: str) -> None:
    environment = opened(math_process, problem)
    assert stepped(environment, environment.initial_state, action).text == text


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.answer is None], ids=lambda e: e.problem)
def test_problems_are_solved(math_process: MathProcess, entry: Entry) -> None:
    environment = opened(math_process, entry.problem)
    outcome = search(environment.problem, environment, [AlgebraProposer()])
    assert outcome.proved and outcome.verdict is not None, outcome.rejected
    assert outcome.verdict.checked_by and environment.verify(outcome.actions).accepted


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.answer], ids=lambda e: f"{e.problem}: {e.answer}")
def test_right_answers_are_accepted_and_wrong_ones_refused(math_process: MathProcess, entry: Entry) -> None:
    assert entry.answer is not None
    verdict = opened(math_process, entry.problem).check(entry.answer)
    assert verdict.accepted is not entry.wrong, verdict.reasons
    assert bool(verdict.reasons) is entry.wrong


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ("solve x^2 = 4", ""), ("solve x^2 = 4", "{2, -2, y}"), ("solve x^2 = 4", "{oo}"), ("solve x^2 = 4", "{1/0}"),
        ("compute 2 + 2", "2 + 2 + 0 + 0"), ("compute 2 + 2", "x"), ("compute 5!", "5!"), ("solve x^2 = -1", "{i, -i}"),
        ("derivative of x^2", "2x + C"), ("integral of 2x dx", "x^2 + x*C"), ("limit of x as x -> 0 from the left",
        "dne"),
        ("solve cos(x) = x", "{0.7390851}"), ("solve x < y^2 for x", "x < y^2"), ("simplify (x^3 - 8)/(x - 2)",
        "(x^3 - 8)/(x - 2)"),
    ],
)  # fmt: skip
def test_more_wrong_answers(math_process: MathProcess, problem: str, answer: str) -> None:
    try:
        environment = opened(math_process, problem)
    except BadInput:
        return  # a problem that is refused has no accepted answer
    assert not environment.check(answer).accepted


def test_only_an_answer_can_be_verified(math_process: MathProcess) -> None:
    environment = opened(math_process, "solve x^2 = 4")
    assert environment.verify([]).reasons[0][0] == "no-answer"
    assert environment.verify(["answer {2, -2}", "factor"]).reasons[0][0] == "no-answer"


def test_the_search_is_deterministic(math_process: MathProcess) -> None:
    runs = []
    for _ in range(2):
        environment = opened(math_process, "solve 1/x + 1/(x + 1) = 1")
        outcome = search(environment.problem, environment, [AlgebraProposer()], budget=Budget(None, 40))
        runs.append((outcome.actions, outcome.steps, outcome.verdict and outcome.verdict.answer))
    assert runs[0] == runs[1] and runs[0][0]


# ------------------------------------------------------------------------------------------ limits


def test_a_step_that_takes_too_long_is_ended(math_process: MathProcess) -> None:
    environment = opened(math_process, "expand (a + b + c + d + x + y + z)^60")
    state = environment.initial_state
    (result,) = environment.step(state, [Candidate("expand", "test", score=1.0, wall_ms=300)])
    assert result.status is StepStatus.TIMED_OUT and "0.3 s" in result.message
    (result,) = environment.step(state, [Candidate("answer 1", "test", score=1.0)])
    assert result.status is StepStatus.FAILED  # the next child works


def test_a_check_that_takes_too_long_refuses(math_process: MathProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment_module, "CHECK_SECONDS", 0.3)
    verdict = opened(math_process, "expand (a + b + c + d + x + y + z)^60").check("a^60 + 60*a^59*b - b")
    assert not verdict.accepted and verdict.reasons[0][0] in ("limit", "move")


def test_memory_is_limited() -> None:
    with MathProcess() as process:
        request = {"op": "verify", "problem": "sum of k for k from 1 to n", "answer": "n(n+1)/2", "seed": 1}
        assert process.ask(request, 60)["ok"]
        child = process._child
        assert child is not None
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        assert "1500000000" in next(line for line in limits.splitlines() if line.startswith("Max address space"))
        child.kill()
        child.wait()
        assert process.ask(request, 60)["ok"]  # a dead child is replaced


def test_a_child_that_dies_at_work_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with MathProcess() as process:
        process.ask({"op": "verify", "problem": "2 + 2", "answer": "4", "seed": 1}, 60)
        assert process._child is not None
        process._child.kill()
        monkeypatch.setattr(process._child, "poll", lambda: None)
        with pytest.raises(Limited):
            process.ask({"op": "verify", "problem": "2 + 2", "answer": "4", "seed": 1}, 60)


def test_a_child_that_does_not_start_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with MathProcess() as process, pytest.raises(InfrastructureFault, match="sympy"):
        process.ask({"op": "verify", "problem": "2 + 2", "answer": "4", "seed": 1}, 5)


def test_the_data_has_enough_of_everything() -> None:
    assert len(ENTRIES) >= 40 and len({e.name for e in ENTRIES}) == len(ENTRIES)
    assert sum(e.wrong for e in ENTRIES) >= 12 and sum(e.answer is None for e in ENTRIES) >= 20
    assert all(isinstance(json.loads(line), dict) for line in DATA.read_text(encoding="utf-8").splitlines())
