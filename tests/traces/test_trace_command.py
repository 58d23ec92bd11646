"""``prove trace`` as a person calls it, and traces of saved searches."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from prover.cli.main import cli
from prover.domain import Candidate, StepResult, StepStatus, Verdict
from prover.lean.goals import LeanState
from prover.lean.protocol import StateView
from prover.lean.server import LeanServer
from prover.problem import Budget, Problem
from prover.runs import RunWriter
from prover.search import events as ev
from prover.search.scoring import SearchConfig
from prover.session import Session
from prover.traces.benchmark import read_any
from prover.traces.from_search import TriedTactic


class Borrowed:
    def __init__(self, server: LeanServer) -> None:
        self._server = server

    def __getattr__(self, name: str) -> object:
        return getattr(self._server, name)

    def close(self) -> None:
        """The fixture ends the server."""


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False, prog_name="prove")
    return result.exit_code, result.stdout, result.stderr


def test_trace_resumes_and_verifies(lean_server: LeanServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "server", lambda self: Borrowed(lean_server))
    source = tmp_path / "src"
    source.mkdir()
    (source / "A.lean").write_text("theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  exact ⟨hp, hq⟩\n")
    (source / "B.lean").write_text("theorem b : 1 + 1 = 2 := by\n  rfl\n")
    out = str(tmp_path / "out")
    code, stdout, _ = call("trace", str(source), "-o", out, "--json")
    summary = json.loads(stdout)
    assert code == 0 and (summary["files"], summary["theorems"], summary["tactics"]) == (2, 2, 2)
    (source / "B.lean").write_text("theorem b : 1 + 1 = 2 := by\n  rfl\ntheorem c : 2 = 3 := by\n  rfl\n")
    (source / "C.lean").write_text("import No.Such.Module\n")
    code, stdout, stderr = call("trace", str(source), "-o", out, "--json")
    summary = json.loads(stdout)
    assert code == 1 and (summary["theorems"], summary["left_out"]) == (2, 1)
    assert "A.lean: 1 theorems, traced before" in stderr and "left out c" in stderr
    assert len(summary["failed"]) == 1 and summary["failed"][0].startswith("C.lean")
    code, stdout, _ = call("trace", "verify", out)
    assert code == 0 and "2 theorems, 2 tactics replayed: 0 differ" in stdout
    assert sorted(t.full_name for t in read_any(tmp_path / "out")) == ["a", "b"]
    code, stdout, _ = call("trace", "verify", str(source))
    assert code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "give one of"),
        (["a.lean", "--from-run", "r"], "give one of"),
        (["--repo", "https://example.org/r"], "belong together"),
        (["none.lean"], "there is no file"),
        (["--from-run", "none"], "no saved search"),
    ],
)
def test_wrong_calls_are_one_line(words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Session, "server", lambda self: None)
    code, _, stderr = call("trace", *words, "-o", "out")
    assert code == 2 and says in stderr and stderr.count("\n") == 1


def test_a_repository_needs_elan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, stderr = call("trace", "--repo", "https://example.org/r", "--commit", "abc", "-o", str(tmp_path / "o"))
    assert code == 2 and "elan" in stderr and stderr.count("\n") == 1


def save_search(folder: Path) -> None:
    """A search as it is saved: one step fails, one progresses, two finish (each in a state of its own)."""

    def state(text: str, goals: int) -> LeanState:
        return LeanState(StateView(id=0, key=text, text=text, goals=goals, size=1), lambda _: [])

    problem = Problem("theorem t (p : Prop) (h : p) : p ∧ p", name="t", imports=("Init",), header="-- about\n")
    root, middle, done = state("h : p\n⊢ p ∧ p", 1), state("case left\n⊢ p\n\ncase right\n⊢ p", 2), state("no goals", 0)
    steps = [
        (0, "omega", StepResult(StepStatus.FAILED, kind="tactic", message="omega could not", micros=5), None),
        (0, "constructor", StepResult(StepStatus.PROGRESS, middle, micros=7), 1),
        (0, "exact ⟨h, h⟩", StepResult(StepStatus.FINISHED, done), 2),
        (1, "simp_all", StepResult(StepStatus.FINISHED, done), 3),
    ]
    writer = RunWriter(folder)
    writer(ev.SearchStarted(problem, SearchConfig(), Budget(), ("toy",), 0, root))
    for number, (node, action, result, child) in enumerate(steps, 1):
        writer(ev.StepTried(number, 0.1, node, Candidate(action, "toy", -0.5), 0.5, result, child, False))
        if child is not None:
            assert result.state is not None
            writer(ev.NodeAdded(child, node, child, 1.0, 0.0, result.state))
    verdict = Verdict(True, answer="by\n  constructor\n  simp_all", checked_by="Lean")
    writer(ev.GoalsClosed(3, ("constructor", "simp_all")))
    writer(ev.ProofFound(3, ("constructor", "simp_all"), verdict))
    writer(ev.SearchFinished("proved", "", 4, 3, 0.2))


def test_a_saved_search_leaves_all_its_steps(tmp_path: Path) -> None:
    save_search(tmp_path / "run")
    code, stdout, _ = call("trace", "--from-run", str(tmp_path / "run"), "-o", str(tmp_path / "out"), "--json")
    assert code == 0
    summary = json.loads(stdout)
    assert (summary["attempts"], summary["tactics"], summary["proved"]) == (4, 2, True)
    lines = (tmp_path / "out" / "attempts.jsonl").read_bytes().splitlines()
    attempts = [msgspec.json.decode(line, type=TriedTactic) for line in lines]
    assert [(a.tactic, a.outcome, a.on_proof, a.new) for a in attempts] == [
        ("omega", "failed", False, False),
        ("constructor", "progress", True, True),
        ("exact ⟨h, h⟩", "finished", False, True),
        ("simp_all", "finished", True, True),
    ]
    assert (attempts[0].kind, attempts[0].message, attempts[0].state_after) == ("tactic", "omega could not", "")
    assert attempts[1].state == "h : p\n⊢ p ∧ p" and attempts[1].state_after.startswith("case left")
    (theorem,) = read_any(tmp_path / "out" / "theorems.jsonl")
    assert [step.tactic for step in theorem.traced_tactics] == ["constructor", "simp_all"]
    assert theorem.traced_tactics[-1].state_after == "no goals"
    source = (tmp_path / "out" / "source.lean").read_text().splitlines()
    assert source[theorem.start[0] - 1].startswith("theorem t") and source[0] == "import Init"
    assert source[theorem.end[0] - 1].strip() == "simp_all"
