"""The domain: states, steps, actions, verification, rewards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from prover_plugins.code_exec import actions
from prover_plugins.code_exec.environment import CodeDomain, CodeEnvironment, problem_of
from prover_plugins.code_exec.reward import CodeReward
from prover_plugins.code_exec.tasks import Task

from prover.domain import Candidate, StepResult, StepStatus, Transition
from prover.errors import BadInput
from prover.problem import Problem

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples" / "code"
RIGHT = "def span(values):\n    return max(values) - min(values)\n"
OVERFIT = "def span(values):\n    return {(3, 9, 1): 8, (5, 5): 0, (-2, 4, 0): 6}[tuple(values)]\n"


@pytest.fixture
def environment(simple: dict[str, Task]) -> Iterator[CodeEnvironment]:
    with CodeEnvironment(simple["span"]) as opened:
        yield opened


def step(environment: CodeEnvironment, action: str) -> StepResult:
    (result,) = environment.step(environment.initial_state, [Candidate(action, "test", score=1.0)])
    return result


def test_the_first_state_asks_for_everything_and_shows_no_hidden_test(environment: CodeEnvironment) -> None:
    state = environment.initial_state
    assert (state.goals, state.size, state.code) == (3, 3, "")
    assert "assert span([3, 9, 1]) == 8" in state.text
    assert "100" not in state.text + repr(state.task), "a hidden test is in what proposers see"


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        (RIGHT, StepStatus.FINISHED, ""),
        ("    return max(values) - min(values)\n", StepStatus.FINISHED, ""),
        ("def span(values):\n    return 0\n", StepStatus.PROGRESS, "wrong"),
        ("def span(values):\n    return values[9]\n", StepStatus.PROGRESS, "IndexError"),
        ("def span(values:\n", StepStatus.FAILED, "syntax"),
        ("def span(values):\n    while True:\n        pass\n", StepStatus.TIMED_OUT, "timeout"),
        ("import os\ndef span(values):\n    return os.fork()\n", StepStatus.FAILED, "forbidden"),
        ("replace 7\n    return 0\n", StepStatus.FAILED, "parse"),
    ],
)
def test_steps(environment: CodeEnvironment, action: str, status: StepStatus, kind: str) -> None:
    result = step(environment, action)
    assert (result.status, result.kind) == (status, kind)
    assert (result.state is not None) == (status in (StepStatus.PROGRESS, StepStatus.FINISHED))


def test_a_state_shows_the_code_and_what_fails(environment: CodeEnvironment) -> None:
    state = step(environment, "def span(values):\n    return 0\n").state
    assert state is not None
    assert state.goals == 2
    assert "return 0" in state.text
    assert "span([3, 9, 1]) returned 0" in state.text


def test_layout_does_not_make_another_state(environment: CodeEnvironment) -> None:
    first = step(environment, "def span(values):\n    return 0\n").state
    second = step(environment, "def span( values ):  # same\n    '''Text.'''\n    return (0)\n").state
    assert first is not None and second is not None and first.key == second.key


def test_verification_runs_hidden_tests_and_believes_nothing(environment: CodeEnvironment) -> None:
    assert step(environment, OVERFIT).status is StepStatus.FINISHED
    rejected = environment.verify([OVERFIT])
    assert not rejected.accepted
    assert {code for code, _ in rejected.reasons} == {"KeyError"}
    edit = "replace 2\n    return max(values) - min(values)"
    accepted = environment.verify(["def span(values):\n    return 0\n", edit])
    assert accepted.accepted
    assert accepted.details == {"passed": 6, "tests": 6, "visible": 3}
    assert not environment.verify([]).accepted
    assert not environment.verify(["replace 9\nx"]).accepted


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("replace 2\n    return 2", "a = 1\n    return 2\n"),
        ("replace 1-2\nb = 1\nc = 2\nd = 3", "b = 1\nc = 2\nd = 3\n"),
        ("insert 1\nz = 0", "z = 0\na = 1\nb = 2\n"),
        ("insert 3\nc = 3", "a = 1\nb = 2\nc = 3\n"),
        ("delete 1", "b = 2\n"),
    ],
)
def test_edits(simple: dict[str, Task], action: str, code: str) -> None:
    assert actions.apply(simple["span"], "a = 1\nb = 2\n", action) == code


@pytest.mark.parametrize("action", ["delete 3", "replace 2-1\nx", "insert 4\nx", "delete 1-2", "replace 0\nx"])
def test_edits_that_make_no_sense(simple: dict[str, Task], action: str) -> None:
    with pytest.raises(actions.NoAction):
        actions.apply(simple["span"], "a = 1\nb = 2\n", action)


def test_rewards_grow_with_tests_passed_and_shrink_with_what_goes_wrong(environment: CodeEnvironment) -> None:
    programs = [
        RIGHT,
        "def span(values):\n    return max(values) - (3 in values)\n",
        "def span(values):\n    return values[9]\n",
        "def span(values):\n    while True:\n        pass\n",
        "def span(values):\n    return '\n",
        "import os\ndef span(values):\n    return os.fork()\n",
    ]
    root = environment.initial_state
    rewards = [
        CodeReward().reward(Transition(root, root, Candidate(code, "test", score=1.0), step(environment, code)))
        for code in programs
    ]
    assert rewards == sorted(rewards, reverse=True)
    assert len(set(rewards)) == len(rewards)
    assert rewards[0] == 1.0 and rewards[-1] == -1.0


def test_the_domain_opens_by_reference_or_by_record(simple: dict[str, Task]) -> None:
    source = EXAMPLES / "simple.jsonl"
    problem = problem_of(simple["span"], source)
    assert "100" not in repr(problem), "a hidden test is in the problem"
    with CodeDomain().open(problem) as environment:
        assert environment.initial_state.task.entry_point == "span"
    line = next(line for line in source.read_text("utf-8").splitlines() if '"span"' in line)
    with CodeDomain().open(Problem(line, domain="code")) as environment:
        assert environment.initial_state.task.entry_point == "span"
    for wrong in (Problem("x", domain="code"), Problem("{", domain="code"), Problem(json.dumps({}), domain="code")):
        with pytest.raises(BadInput):
            CodeDomain().open(wrong)


def test_an_interactive_problem_shows_half_of_its_dialogues() -> None:
    from prover_plugins.code_exec.tasks import read_tasks

    task = read_tasks(EXAMPLES / "interactive.jsonl")[0]
    with CodeEnvironment(task) as environment:
        assert "Kurt" not in repr(environment.initial_state.task)
        always_ada = "input('Name? ')\nprint('Hello, Ada!')\n"
        assert step(environment, always_ada).status is StepStatus.FINISHED
        assert not environment.verify([always_ada]).accepted
        assert environment.verify([task.solution]).accepted
