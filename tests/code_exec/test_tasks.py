"""Reading problems: formats, splitting of tests, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prover_plugins.code_exec import checks
from prover_plugins.code_exec.environment import check_solution
from prover_plugins.code_exec.tasks import Task, read_tasks, task_of

from prover.errors import BadInput

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples" / "code"
ALL = [task for name in ("simple", "mbpp", "interactive") for task in read_tasks(EXAMPLES / f"{name}.jsonl")]

HUMAN_EVAL = {
    "task_id": "T/0",
    "prompt": 'import math\n\n\ndef twice(x: int) -> int:\n    """Doubles.\n    >>> twice(2)\n    4\n    """\n',
    "entry_point": "twice",
    "test": (
        "METADATA = {}\n\ndef check(candidate):\n    assert True, 'always'\n    values = [1, 2]\n"
        "    for v in values:\n        assert candidate(v) == v * 2\n    assert candidate(5) == 10\n"
    ),
}


def test_human_eval_is_split_into_examples_and_single_hidden_tests() -> None:
    task = task_of(HUMAN_EVAL)
    assert task.visible == (("assert twice(2) == 4", True),)
    assert [is_test for _, is_test in task.hidden] == [False, True, True]
    assert task.preamble == "import math\n\n\n"
    assert task.signature == "def twice(x: int) -> int:"
    assert task.start == ""


def test_without_examples_half_of_the_asserts_are_visible() -> None:
    record = {**HUMAN_EVAL, "prompt": 'def twice(x):\n    """Doubles."""\n'}
    record["test"] = "def check(candidate):\n" + "".join(f"    assert candidate({n}) == {2 * n}\n" for n in range(5))
    task = task_of(record)
    assert (checks.count(task.visible), checks.count(task.hidden)) == (3, 2)


def test_a_check_that_returns_is_one_test() -> None:
    test = "def check(candidate):\n    if not candidate(1):\n        return\n    assert candidate(1) == 2\n"
    record = {**HUMAN_EVAL, "test": test}
    assert task_of(record).hidden == (("check(candidate)", True),)


@pytest.mark.parametrize(
    ("line", "test"),
    [
        ("f([1, 2]) == 3", "assert f([1, 2]) == 3"),
        ("For example f('a)b') ➞ 'x'.", "assert f('a)b') == 'x'"),
        ("* f(1) -> True # since", "assert f(1) == True"),
        ("f(2) returns None", "assert f(2) == None"),
        ("f(x) == 3", ""),
        ("if f(1) is large", ""),
        ("f(1", ""),
    ],
)
def test_examples_in_other_spellings(line: str, test: str) -> None:
    found = checks.docstring_examples(line, "f")
    assert found == (((test, True),) if test else ())


def test_doctests_with_preparation_and_exceptions() -> None:
    docstring = ">>> x = [1]\n>>> f(x)\n2\n>>> f(0)\nTraceback (most recent call last):\n    ...\nValueError: no\n"
    items = checks.docstring_examples(docstring, "f")
    assert items[:2] == (("x = [1]", False), ("assert f(x) == 2", True))
    assert "except ValueError" in items[2][0]


def test_mbpp_names_the_function_and_keeps_the_challenge_hidden() -> None:
    tasks = {task.task_id: task for task in read_tasks(EXAMPLES / "mbpp.jsonl")}
    cube = tasks["1"]
    assert (cube.entry_point, checks.count(cube.visible), checks.count(cube.hidden)) == ("cube", 3, 2)
    boxes = tasks["4"]
    assert (boxes.entry_point, sorted(boxes.names)) == ("smallest", ["Box", "smallest"])
    assert (checks.count(boxes.visible), checks.count(boxes.hidden)) == (2, 1)


def test_there_are_twenty_problems_and_their_solutions_pass_everything() -> None:
    assert len(ALL) >= 20
    for task in ALL:
        verdict = check_solution(task, task.complete(task.solution))
        assert verdict.accepted, (task.task_id, verdict.reasons)


def test_helpers_in_the_prompt_are_the_prompts_own() -> None:
    # The tests call `helper`: a solution that redefines it changes nothing.
    record = {
        **HUMAN_EVAL,
        "prompt": "def helper(x):\n    return x + 1\n\n\n" + HUMAN_EVAL["prompt"].removeprefix("import math\n\n\n"),
        "test": "def check(candidate):\n    assert helper(candidate(2)) == 5\n",
    }
    task = task_of(record)
    right = "    return 2 * x\n"
    assert check_solution(task, task.complete(right)).accepted
    forged = (
        "class Any:\n    def __eq__(s, o): return True\ndef helper(x):\n    return Any()\n"
        "def twice(x):\n    return 4 if x == 3 else 0\n"
    )
    verdict = check_solution(task, task.complete(forged))
    assert not verdict.accepted
    assert all("5" not in sentence for _, sentence in verdict.reasons), "a rejection does not tell hidden tests"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"task_id": "x"}, "neither HumanEval's fields"),
        ({**HUMAN_EVAL, "prompt": 3}, "'prompt' must be text"),
        ({**HUMAN_EVAL, "prompt": "def other(x):\n    pass\n"}, "no function 'twice'"),
        ({**HUMAN_EVAL, "prompt": "def twice(x:\n"}, "not Python"),
        ({**HUMAN_EVAL, "test": "x = 1"}, "no function check"),
        ({**HUMAN_EVAL, "test": "def check("}, "not Python"),
        ({"text": "t", "test_list": []}, "'test_list' is empty"),
        ({"text": "t", "test_list": ["assert 1 == 1"]}, "call no function"),
        ({"text": "t", "test_list": "assert f(1)"}, "list of texts"),
        ({"kind": "interactive", "prompt": "p", "dialogues": []}, "not empty"),
        ({"kind": "interactive", "prompt": "p", "dialogues": [[["say", "x"]]]}, "a dialogue is"),
    ],
)
def test_bad_problems_say_what_is_wrong_and_where(record: dict[str, object], message: str, tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_text("\n" + json.dumps(record) + "\n", "utf-8")
    with pytest.raises(BadInput, match=message) as caught:
        read_tasks(file)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no problems"), (b"{", "no JSON"), (b"[1]\n", "no JSON object"), (b"\xff\xfe", "not UTF-8")],
)
def test_bad_files(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_tasks(file)
    with pytest.raises(BadInput, match="cannot read"):
        read_tasks(tmp_path / "missing.jsonl")


def test_completions_in_all_spellings_are_the_same_program() -> None:
    task = task_of(HUMAN_EVAL)
    body = "    return 2 * x\n"
    whole = "def twice(x):\n" + body
    assert task.complete(body) == task.prompt + body
    assert task.complete(whole) == "import math\n\n\n" + whole
    assert task.complete(f"Here it is:\n```python\n{whole}```\n") == "import math\n\n\n" + whole


def test_public_fields_are_texts() -> None:
    assert all(isinstance(task, Task) and task.visible_sources for task in ALL)
