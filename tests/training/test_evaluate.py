"""Several ways of proving beside each other: Lean shared between them, and what is said of the difference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch")

from click.testing import CliRunner
from prover_training.evaluate import steps_ratio
from prover_training.sharing import SharedProblem

from prover.bench import results
from prover.cli.main import cli
from prover.domain import Candidate, State, StepResult, StepStatus, Verdict
from prover.lean.toolchain import Toolchain


class Countdown:
    """States are numbers; `down` goes to the next one."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.verified = self.closed = self.released = 0
        self.initial_state = Number(2)

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        self.asked += [(state.key, candidate.action) for candidate in candidates]
        return [
            StepResult(StepStatus.PROGRESS, Number(int(state.key) - 1)) if c.action == "down"
            else StepResult(StepStatus.FAILED)
            for c in candidates
        ]  # fmt: skip

    def verify(self, actions: Sequence[str]) -> Verdict:
        self.verified += 1
        return Verdict(len(actions) == 2)

    def release(self, states: Sequence[State]) -> None:
        self.released += 1

    def close(self) -> None:
        self.closed += 1


class Number:
    def __init__(self, number: int) -> None:
        self.key = self.text = str(number)
        self.goals, self.size = int(number > 0), number


def test_lean_is_asked_once_for_all_and_answers_stay_in_order() -> None:
    environment = Countdown()
    shared = SharedProblem(lambda: environment)
    down, up, again = (Candidate(action, "p", score=0.5) for action in ("down", "up", "down 2"))
    first = shared.lend()
    (good, bad) = first.step(first.initial_state, [down, up])
    assert first.verify(["down", "down"]).accepted
    first.release([first.initial_state])
    first.close()
    second = shared.lend()
    found = second.step(second.initial_state, [up, again, down])
    assert found[0] is bad and found[2] is good
    assert found[1].status is StepStatus.FAILED
    assert second.verify(["down", "down"]).accepted
    assert environment.asked == [("2", "down"), ("2", "up"), ("2", "down 2")]
    assert (environment.verified, environment.released, environment.closed) == (1, 0, 0)
    assert (shared.asked, shared.remembered) == (3, 2)
    shared.close()
    assert environment.closed == 1


def test_a_step_with_another_limit_is_asked_again() -> None:
    environment = Countdown()
    lent = SharedProblem(lambda: environment).lend()
    for wall_ms in (None, 5, None):
        lent.step(lent.initial_state, [Candidate("down", "p", score=0.5, wall_ms=wall_ms)])
    assert len(environment.asked) == 2


def test_the_ratio_of_steps_is_over_what_both_prove(tmp_path: Path) -> None:
    for run, steps in (("a", {"t": 4, "u": 10, "v": 3}), ("b", {"t": 2, "u": 10, "w": 9})):
        (tmp_path / run).mkdir()
        for name, many in steps.items():
            record = {"name": name, "status": "proved", "steps": many, "seconds": 1.0}
            results.append(tmp_path / run / results.RESULTS, record)
    assert steps_ratio(tmp_path / "a", tmp_path / "b") == (0.75, 1, 0)
    assert steps_ratio(tmp_path / "b", tmp_path / "a") == (1.5, 0, 1)


def test_weights_and_settings_are_compared_on_one_lean(lean_toolchain: Toolchain, tmp_path: Path) -> None:
    problems = tmp_path / "two.jsonl"
    lines = [
        {"name": "one", "statement": "theorem one (a b : Nat) (h : a ≤ b) : a < b + 1"},
        {"name": "two", "statement": "theorem two (p q : Prop) (hp : p) (hq : q) : q ∧ p"},
    ]
    problems.write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = [
        "train", "evaluate", str(problems), "--steps", "12", "--seconds", "120", "--share", "--b-weight", "progress=1",
        "--also", "progress=0.5,diversity=1", "-o", str(tmp_path / "out"), "--json",
    ]  # fmt: skip
    ran = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert set(told["comparisons"]) == {"b", "progress=0.5,diversity=1"}
    assert told["comparisons"]["b"]["compared"] == 2
    summary = json.loads((tmp_path / "out" / "progress=0.5,diversity=1" / results.SUMMARY).read_text())
    assert summary["weights"] == {"progress": 0.5}
    assert summary["shared"] is True
    words[words.index("-o") + 1] = str(tmp_path / "other")
    refused = CliRunner().invoke(cli, [*words, "--b-weight", "nobody=1"])
    assert refused.exit_code == 2
    assert "there is no proposer" in refused.output


def test_an_interruption_ends_the_comparison_and_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that is interrupted ends in order; the comparison must not take that for a failure and go on."""
    from prover_training.evaluate import Side, evaluate

    from prover.problem import Budget, Problem
    from prover.reports import ProofReport
    from prover.session import Options, Session

    answers = iter(["proved", "proved", "interrupted", "proved"])

    def prove(self: Session, problem: Problem, **more: object) -> ProofReport:
        reason = next(answers)
        status = "proved" if reason == "proved" else "not_proved"
        return ProofReport(status=status, name=problem.name, statement="", reason=reason)

    monkeypatch.setattr(Session, "prove", prove)
    problems = [Problem(f"theorem t{i} : True", f"t{i}") for i in range(2)]
    sides = [Side("a", Options()), Side("b", Options())]
    with pytest.raises(KeyboardInterrupt):
        evaluate(problems, sides, Budget(1.0), tmp_path)
    for label in "ab":
        assert list(results.finished(results.load(tmp_path / label / results.RESULTS))) == ["t0"]
