"""The sandbox: what honest code can do, what hostile code cannot."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import psutil
import pytest
from prover_plugins.code_exec.environment import check_solution
from prover_plugins.code_exec.sandbox import client
from prover_plugins.code_exec.sandbox.client import Limits, Sandbox, TestResult, Tests
from prover_plugins.code_exec.sandbox.dialogue import talk
from prover_plugins.code_exec.tasks import Task

from prover.errors import InfrastructureFault

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples" / "code"
QUICK = Limits(call=0.5, total=6.0, memory=256 * 2**20)
PLUS_ONE = Tests((("assert candidate(2) == 3", True), ("assert candidate(5) == 6", True)), {"candidate": "f"})
HOSTILE = [json.loads(line) for line in (EXAMPLES / "hostile.jsonl").read_text("utf-8").splitlines()]


def run(sandbox: Sandbox, code: str, tests: Tests = PLUS_ONE) -> list[TestResult]:
    return sandbox.run(code, tests)


def kinds(sandbox: Sandbox, code: str, tests: Tests = PLUS_ONE) -> list[str]:
    return [result.kind for result in run(sandbox, code, tests)]


def test_right_code_passes_and_wrong_code_says_what_it_returned(sandbox: Sandbox) -> None:
    assert kinds(sandbox, "def f(x): return x + 1") == ["", ""]
    first, second = run(sandbox, "def f(x): return 3")
    assert first.ok
    assert (second.kind, second.message) == ("wrong", "f(5) returned 3")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def f(x: return", "syntax"),
        ("def f(x): return [][x]", "IndexError"),
        ("def g(x): return x", "NameError"),
        ("raise ValueError('while loading')", "ValueError"),
        ("def f(x): return f(x)", "RecursionError"),
        ("class Own(Exception): pass\ndef f(x): raise Own", "Own"),
        ("def f(x):\n    while True: pass", "timeout"),
        ("def f(x): return 'x' * 10**10", "memory"),
        ("def f(x): return object()", "TypeError"),
        ("import os\ndef f(x): os._exit(0)", "exit"),
        ("def f(x): return 'x' * 10**7", "NotPlain"),
    ],
)
def test_error_classes(sandbox: Sandbox, code: str, kind: str) -> None:
    assert set(kinds(sandbox, code)) == {kind}


@pytest.mark.parametrize("solution", HOSTILE, ids=[solution["title"] for solution in HOSTILE])
def test_hostile_solutions_pass_nothing(sandbox: Sandbox, simple: dict[str, Task], solution: dict[str, str]) -> None:
    task = simple["total_of_even"]
    processes = {process.pid for process in psutil.process_iter()}
    started = time.monotonic()
    results = sandbox.run(task.complete(solution["completion"]), task.tests(hidden=True))
    # Tests that an honest constant passes too may pass; never all, and never one of the others.
    assert sum(result.ok for result in results) <= 2 < len(results)
    assert time.monotonic() - started < 60
    for place in ("/tmp", "/etc", "/dev/shm", "."):
        assert not (Path(place) / "prover_escaped").exists()
    # The sandbox itself still works, and nothing of the run is left.
    assert kinds(sandbox, "def f(x): return x + 1") == ["", ""]
    left = {p.pid for p in psutil.process_iter() if p.pid not in processes and _is_sandbox(p)}
    assert not left


def _is_sandbox(process: psutil.Process) -> bool:
    try:
        return "code_exec.sandbox" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def test_there_are_hostile_solutions_enough_and_the_honest_one_passes(simple: dict[str, Task]) -> None:
    assert len(HOSTILE) >= 12
    task = simple["total_of_even"]
    assert check_solution(task, task.solution, limits=QUICK).accepted


def test_the_network_is_out_of_reach_though_it_is_there(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket\ndef f(x):\n    socket.create_connection(('127.0.0.1', {port}))\n    return x + 1"
        assert set(kinds(sandbox, code)) == {"forbidden"}
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_files_of_the_machine_are_not_even_there(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("expected values", "utf-8")
    # Through the C library, so that the audit hook does not see it: the kernel has the word.
    code = (
        "import sys\nctypes = sys.modules['ctypes']\nlibrary = ctypes.pythonapi\n"
        f"def f(x): return library.open({str(tmp_path / 'secret').encode()!r}, 0)"
    )
    assert "" not in kinds(sandbox, code)
    reading = f"def f(x): return open({str(tmp_path / 'secret')!r}).read()"
    assert set(kinds(sandbox, reading)) == {"forbidden"}


def test_the_scratch_folder_is_private_to_a_run_and_small(sandbox: Sandbox) -> None:
    write = "def f(x):\n    with open('/scratch/a', 'w') as file: file.write('y')\n    return x + 1"
    if not sandbox.layers["private_root"]:
        pytest.skip("no scratch folder without namespaces")
    assert kinds(sandbox, write) == ["", ""]
    read = "import os\ndef f(x): return x + 1 + len(os.listdir('/scratch'))"
    assert kinds(sandbox, read) == ["", ""]
    fill = (
        "def f(x):\n    for n in range(100):\n        with open(f'/scratch/{n}', 'wb') as file:\n"
        "            file.write(bytes(2**20))\n    return x + 1"
    )
    assert "OSError" in kinds(sandbox, fill)


def test_libraries_that_honest_code_uses_load(sandbox: Sandbox) -> None:
    names = "math re collections itertools functools heapq bisect datetime random hashlib decimal fractions string json"
    code = "".join(f"import {name}\n" for name in names.split()) + "def f(x): return x + 1"
    assert kinds(sandbox, code) == ["", ""]


def test_values_come_as_plain_data_whatever_their_class(sandbox: Sandbox) -> None:
    tests = Tests(
        (
            ("assert candidate() == {1: [2.5, (None, 'é')], 'k': {3}}", True),
            ("assert type(candidate()) is dict", True),
            ("assert list(numbers()) == [0, 1, 4]", True),
            ("assert big() == 7 ** 400", True),
        ),
        {"candidate": "f", "numbers": "g", "big": "h"},
    )
    code = (
        "from collections import OrderedDict\nclass L(list):\n    def __eq__(s, o): return True\n"
        "def f(): return OrderedDict({1: L([2.5, (None, 'é')]), 'k': {3}})\n"
        "def g(): return (n * n for n in range(3))\ndef h(): return 7 ** 400"
    )
    assert kinds(sandbox, code, tests) == ["", "", "", ""]


def test_a_list_changed_in_place_is_changed_for_the_test(sandbox: Sandbox) -> None:
    sorts = "candidate(numbers)\nassert numbers == [1, 3]"
    tests = Tests((("numbers = [3, 1]", False), (sorts, True)), {"candidate": "f"})
    assert kinds(sandbox, "def f(x): x.sort()", tests) == [""]
    assert kinds(sandbox, "def f(x): pass", tests) == ["wrong"]


def test_expected_exceptions_arrive_and_others_do_not_count(sandbox: Sandbox) -> None:
    expects = "try:\n    candidate(1)\n    assert False\nexcept ValueError:\n    pass"
    tests = Tests(((expects, True),), {"candidate": "f"})
    assert kinds(sandbox, "def f(x): raise ValueError('no')", tests) == [""]
    assert kinds(sandbox, "def f(x): raise KeyError(x)", tests) == ["KeyError"]
    assert kinds(sandbox, "def f(x): return 1", tests) == ["wrong"]


def test_a_bare_except_in_a_test_does_not_pass_a_dead_process(sandbox: Sandbox) -> None:
    tests = Tests((("try:\n    candidate(1)\nexcept:\n    pass\nassert True", True),), {"candidate": "f"})
    assert kinds(sandbox, "import os\ndef f(x): os._exit(0)", tests) == ["exit"]


def test_objects_of_the_code_can_be_handed_back_and_nothing_else(sandbox: Sandbox) -> None:
    tests = Tests(
        (("assert area(Box(2, 3)) == 6", True), ("assert Box(1, 1)", True), ("assert Box(1, 1) == 5", True)),
        {"area": "area", "Box": "Box"},
    )
    code = (
        "class Box:\n    def __init__(s, a, b): s.a, s.b = a, b\n    def __eq__(s, o): return True\n"
        "def area(box): return box.a * box.b"
    )
    assert kinds(sandbox, code, tests) == ["", "TypeError", "TypeError"]


def test_broken_preparation_of_tests_is_a_fault_and_not_a_failure(sandbox: Sandbox) -> None:
    with pytest.raises(InfrastructureFault, match="preparation"):
        sandbox.run("def f(x): return x", Tests(PLUS_ONE.items, PLUS_ONE.names, "import nothing_like_this"))


def test_a_machine_that_cannot_confine_is_a_fault_unless_one_insists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.Sandbox, "weakness", property(lambda self: "no walls"))
    with pytest.raises(InfrastructureFault, match="no walls"), Sandbox(QUICK) as sandbox:
        sandbox.run("def f(x): return x + 1", PLUS_ONE)
    with Sandbox(QUICK, allow_weak=True) as sandbox:
        assert kinds(sandbox, "def f(x): return x + 1") == ["", ""]


def test_closing_ends_what_still_runs() -> None:
    sandbox = Sandbox(QUICK)
    try:
        sandbox.layers  # noqa: B018
    except InfrastructureFault as fault:
        pytest.skip(str(fault))
    host = sandbox._process
    assert host is not None
    family = [psutil.Process(host.pid), *psutil.Process(host.pid).children(recursive=True)]
    sandbox.close()
    sandbox.close()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


GREET = [("expect", "Name?"), ("send", "Ada"), ("expect", "Hello, Ada!")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("name = input('Name? ')\nprint(f'Hello, {name}!')", ""),
        ("name = input('Name? ')\nprint('Hello, Bob!')", "wrong"),
        ("print('Name? Hello, Ada!')\ninput()", "wrong"),
        ("name = input('Name? ')\nprint(f'Hello, {name}! Hello, Bob!')", "wrong"),
        ("name = input('Name? ')\nprint(f'Hello, {name}!')\nwhile True: pass", "timeout"),
        ("name = input('Name? ')\nprint(f'Hello, {name}!')\nraise SystemExit(3)", "exit"),
        ("import os\nos.system('echo Name?')", "forbidden"),
    ],
)
def test_dialogues(sandbox: Sandbox, code: str, kind: str) -> None:
    result = talk(sandbox, code, GREET)
    assert (result.ok, result.kind) == (not kind, kind)


def test_a_program_that_prints_without_end_is_stopped(sandbox: Sandbox) -> None:
    for text in ("x", "Name?"):
        result = talk(sandbox, f"while True: print({text!r} * 1000)", [("expect", "Name?"), ("send", "Ada")])
        assert not result.ok
        assert result.kind in ("output", "timeout", "wrong")
