"""Real `prove` processes: quick help, Ctrl-C, what is left behind."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from prover.lean.toolchain import Toolchain
from tests.cli.conftest import PLUGIN, ROOT

COMMAND = [sys.executable, "-c", "from prover.cli.main import main; main()"]


@pytest.fixture
def env() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def test_help_imports_nothing_heavy(env: dict[str, str]) -> None:
    """Half a second is the promise; what makes it true is tested instead of the clock."""
    script = (
        "import sys\n"
        "sys.argv = ['prove', '--help']\n"
        "from prover.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'rich', 'networkx', 'msgspec', 'psutil', 'prover.lean', 'numpy', 'sympy', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert "Usage: prove" in done.stdout
    assert done.stderr.strip() == "[]"


def test_a_closed_pipe_is_no_error(env: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "from prover.cli.main import main; main()" '
         "--help | head -1; echo ${PIPESTATUS[0]}"],
        env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_for_lean(process: subprocess.Popen[str], out: Path | None = None) -> list[psutil.Process]:
    """Waits until Lean answers (or until ``out`` holds a result); returns all child processes."""
    parent = psutil.Process(process.pid)
    end = time.monotonic() + 240
    while time.monotonic() < end:
        found = children(parent)
        if found and (out is None or (out.exists() and out.stat().st_size)):
            return found
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError("Lean did not start")


def heed_interrupts() -> None:
    """In the child: a background job of a shell, as these tests may be, is started with Ctrl-C turned off."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.lean
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_process(
    env: dict[str, str], lean_toolchain: Toolchain, tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--no-server", "--plugin", PLUGIN, "theorem t (f : Nat → Nat) (a : Nat) : f a = a"],
        env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    lean = wait_for_lean(process)
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    psutil.wait_procs(lean, timeout=10)
    assert not [p for p in lean if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.lean
def test_an_interrupted_bench_resumes(env: dict[str, str], lean_toolchain: Toolchain, tmp_path: Path) -> None:
    """Ctrl-C prints the partial table and the command that goes on; that command finishes it."""
    problems = [{"name": f"p{i}", "statement": f"theorem p{i} : {i} = {i}"} for i in range(300)]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(p) + "\n" for p in problems))
    process = subprocess.Popen(
        [*COMMAND, "bench", "s.jsonl", "--plugin", PLUGIN, "-o", "out", "--seconds", "30", "--no-model", "--set",
         "batch_size=4"],
        env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    results = tmp_path / "out" / "results.jsonl"
    lean = wait_for_lean(process, results)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert "of 300" in out
    (going_on,) = [line.partition("to go on: ")[2] for line in err.splitlines() if "to go on: " in line]
    assert going_on.startswith("prove bench s.jsonl --out out --resume "), going_on
    psutil.wait_procs(lean, timeout=10)
    assert not [p for p in lean if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    before = results.read_text().splitlines()
    assert 0 < len(before) < 300

    # The rest of a shorter set, so that the test ends soon: what was done is not done again.
    done = {json.loads(line)["name"] for line in before}
    left = [p["name"] for p in problems if p["name"] not in done][:2]
    words = [w for name in [*sorted(done), *left] for w in ("--only", name)]
    again = subprocess.run(
        [*COMMAND, *shlex.split(going_on)[1:], "--json", *words],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert again.returncode == 0, again
    summary = json.loads(again.stdout)
    assert summary["solved"] == summary["of"] == len(done) + 2
    after = results.read_text().splitlines()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2
