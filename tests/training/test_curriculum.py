"""Curricula, stages and pacing: what is fed, when, and that a run which died goes on alike."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prover_training.curriculum.annotations import Annotation, Raised, read_annotations, reviewed
from prover_training.curriculum.difficulty import (
    AntiCurriculum,
    ExponentialProofLength,
    ModelBased,
    ProofLength,
    Uniform,
    quantiles,
    success_rates,
)
from prover_training.curriculum.feed import FeedLog, plot_feed, read_feed
from prover_training.curriculum.schedule import BySteps, BySuccess, Schedule, stage

from prover.cli.main import cli
from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.plugins import curricula, load_plugins
from prover.session import Session
from prover.traces.benchmark import read_any, write_theorems
from prover.traces.theorem import TracedTactic, TracedTheorem


def theorem(name: str, steps: int) -> TracedTheorem:
    step = TracedTactic("simp", ("simp", ()), "⊢ True", "no goals")
    return TracedTheorem("url", "c", "A.lean", name, (1, 1), (2, 1), (step,) * steps)


LENGTHS = [1, 1, 1, 2, 2, 3, 4, 5, 8, 0]
THEOREMS = [theorem(f"t{number}", steps) for number, steps in enumerate(LENGTHS)]


def test_quantile_boundaries() -> None:
    assert quantiles([1, 2, 3, 4, 5, 6, 7, 8, 9], 3) == [3, 6, math.inf]
    assert quantiles([1, 1, 1, 1, 9], 2) == [1, math.inf]
    assert quantiles([math.inf, 4.0, 2.0], 2) == [2.0, math.inf]
    assert quantiles([], 3) == [math.inf] * 3
    assert quantiles([5.0], 1) == [math.inf]
    with pytest.raises(ValueError, match="at least one stage"):
        quantiles([1.0], 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no mistake
@given(st.lists(st.integers(0, 30).map(float), min_size=1), st.integers(1, 8))
def test_every_stage_ends_at_its_quantile(values: list[float], stages: int) -> None:
    bounds = quantiles(values, stages)
    assert len(bounds) == stages and bounds == sorted(bounds) and bounds[-1] == math.inf
    for number, bound in enumerate(bounds[:-1], 1):
        below = sum(value <= bound for value in values)
        assert below >= len(values) * number / stages
        assert sum(value < bound for value in values) < len(values) * number / stages


def test_difficulties() -> None:
    short, long, none = theorem("s", 2), theorem("l", 5), theorem("n", 0)
    assert ProofLength().difficulty(short) == 2
    assert ExponentialProofLength().difficulty(short) == pytest.approx(math.e**2)
    assert math.isfinite(ExponentialProofLength().difficulty(theorem("x", 5000)))
    assert AntiCurriculum().difficulty(long) < AntiCurriculum().difficulty(short)
    assert Uniform().difficulty(long) == Uniform().difficulty(short) == 0
    for curriculum in (ProofLength(), ExponentialProofLength(), ModelBased(), Uniform(), AntiCurriculum()):
        assert curriculum.difficulty(none) == math.inf


def test_the_model_decides_what_is_hard() -> None:
    rates = success_rates([("a", True), ("a", True), ("b", False), ("b", False), ("b", True)])
    assert rates == {"a": pytest.approx(0.75), "b": pytest.approx(0.4)}
    curriculum = ModelBased(rates)
    order = sorted([theorem("b", 1), theorem("new", 1), theorem("a", 9)], key=curriculum.difficulty)
    assert [t.full_name for t in order] == ["a", "new", "b"]


def test_stages_hold_everything_with_a_proof_once() -> None:
    staged = stage(ProofLength(), THEOREMS, 3)
    assert staged.bounds == (1.0, 3.0, math.inf)
    assert staged.members == ((0, 1, 2), (3, 4, 5), (6, 7, 8))
    assert staged.never == (9,)
    assert stage(Uniform(), THEOREMS, 3).members == (tuple(range(9)), (), ())


def test_a_curriculum_with_nonsense_is_refused() -> None:
    class Odd(ProofLength):
        name = "odd"

        def boundaries(self, difficulties: object, stages: int) -> list[float]:
            return [3.0, 1.0]

    with pytest.raises(ValueError, match="'odd'"):
        stage(Odd(), THEOREMS, 2)


def test_pacing_by_steps_feeds_easy_first_and_keeps_it(tmp_path: Path) -> None:
    log = FeedLog(tmp_path / "feed.jsonl")
    schedule = Schedule(stage(ProofLength(), THEOREMS, 3), BySteps(3), batch=1, seed=4, log=log)
    fed = [schedule.draw()[0] for _ in range(30)]
    log.close()
    assert set(fed[:3]) == {0, 1, 2}
    assert set(fed[3:6]) <= set(range(6))
    assert set(fed[6:15]) == set(range(9))  # the last stage draws everything once before anything again
    assert 9 not in fed
    records = list(read_feed(tmp_path / "feed.jsonl"))
    assert [record["indices"] for record in records] == [[index] for index in fed]
    assert [record["stage"] for record in records[:7]] == [0, 0, 0, 1, 1, 1, 2]


def test_uniform_feeds_everything_from_the_start() -> None:
    schedule = Schedule(stage(Uniform(), THEOREMS, 3), BySteps(2))
    assert {schedule.draw()[0] for _ in range(9)} != {0, 1, 2}
    schedule = Schedule(stage(Uniform(), THEOREMS, 3), BySteps(100))
    assert {schedule.draw()[0] for _ in range(9)} == set(range(9))


def test_pacing_by_validation_success() -> None:
    pacing = BySuccess(0.8, patience=2, least=0.01, most=50)
    assert not pacing.ready(0, 5, [])
    assert not pacing.ready(0, 5, [0.3, 0.5])
    assert pacing.ready(0, 5, [0.3, 0.85])
    assert pacing.ready(0, 5, [0.5, 0.5, 0.505])  # no better for two measurements
    assert not pacing.ready(0, 5, [0.5, 0.5, 0.52])
    assert pacing.ready(0, 50, [])
    schedule = Schedule(stage(ProofLength(), THEOREMS, 2), pacing)
    for _ in range(5):
        schedule.draw()
    assert schedule.stage == 0
    schedule.validated(0.9)
    schedule.draw()
    assert schedule.stage == 1


def test_a_run_that_died_draws_what_it_would_have_drawn() -> None:
    staged = stage(ProofLength(), THEOREMS, 3)
    whole = Schedule(staged, BySteps(4), batch=2, seed=7)
    expected = [whole.draw() for _ in range(20)]
    first = Schedule(staged, BySteps(4), batch=2, seed=7)
    begun = [first.draw() for _ in range(7)]
    second = Schedule(staged, BySteps(4), batch=2, seed=7)
    second.restore(json.loads(json.dumps(first.state())))
    assert begun + [second.draw() for _ in range(13)] == expected
    with pytest.raises(ValueError, match="not the state"):
        second.restore({"stage": 1})
    with pytest.raises(ValueError, match="no theorem with a proof"):
        Schedule(stage(ProofLength(), [theorem("n", 0)], 2), BySteps(1))


def test_the_feed_is_plotted(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    log = FeedLog(tmp_path / "feed.jsonl")
    schedule = Schedule(stage(ProofLength(), THEOREMS, 3), BySteps(3), log=log)
    for _ in range(8):
        schedule.draw()
    schedule.validated(0.4)
    log.close()
    plot_feed(tmp_path / "feed.jsonl", tmp_path / "plots" / "feed.png")
    assert (tmp_path / "plots" / "feed.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadInput, match="cannot read"):
        plot_feed(tmp_path / "none.jsonl", tmp_path / "x.png")


def test_built_in_curricula_are_plugins() -> None:
    found = curricula(load_plugins())
    assert {"length", "exponential", "model", "uniform", "anti"} <= set(found)


def test_show_prints_the_stages(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    write_theorems(path, THEOREMS)
    shown = CliRunner().invoke(cli, ["curriculum", "show", str(path), "--stages", "3"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert "stage 1: 3 theorems, difficulty 1 to 1" in shown.output
    assert "never fed: 1" in shown.output
    assert "## 1" in shown.output
    as_json = CliRunner().invoke(cli, ["curriculum", "show", str(path), "--json", "--curriculum", "anti"])
    assert json.loads(as_json.output)["stages"][0]["easiest"] == -8
    unknown = CliRunner().invoke(cli, ["curriculum", "show", str(path), "--curriculum", "best"])
    assert unknown.exit_code == 2 and "there is no curriculum 'best'" in unknown.output


def test_annotations_drop_raise_and_correct(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(
        '{"full_name": "t8", "action": "drop"}\n'
        '{"full_name": "t7", "action": "drop", "tactic": 1}\n'
        '{"full_name": "t0", "action": "raise", "by": 6}\n'
        '{"full_name": "t3", "action": "correct", "tactic": 1, "new_tactic": "omega"}\n'
        '{"full_name": "t4", "action": "correct", "tactic": 9, "new_tactic": "omega"}\n'
        '{"full_name": "nobody", "action": "drop"}\n'
    )
    remarks = read_annotations(path)
    refused: list[tuple[str, str]] = []

    def recheck(found: TracedTheorem, number: int, tactic: str) -> TracedTheorem:
        assert (found.full_name, number, tactic) == ("t3", 1, "omega")
        return theorem("t3", 7)

    def note(annotation: Annotation, reason: str) -> None:
        refused.append((annotation.full_name, reason))

    kept = {t.full_name: t for t in reviewed(THEOREMS, remarks, recheck, note)}
    assert "t8" not in kept and len(kept) == 9
    assert len(kept["t7"].traced_tactics) == 4
    assert len(kept["t3"].traced_tactics) == 7
    assert refused == [("t4", "the proof has 2 steps"), ("nobody", "there is no such theorem")]
    assert Raised(ProofLength(), remarks).difficulty(THEOREMS[0]) == 7


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"full_name": "a"}', "action"),
        ('{"full_name": "a", "action": "praise"}', "praise"),
        ('{"full_name": "a", "action": "correct", "tactic": 1}', "new_tactic"),
        ('{"full_name": "a", "action": "drop", "tactics": 1}', "tactics"),
    ],
)
def test_malformed_annotations_are_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(BadInput, match=f"line 1: .*{says}"):
        read_annotations(path)


SOURCE = """theorem first (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  exact hp
  exact hq

theorem second (n : Nat) : n + 0 = n := by
  rfl

theorem third (n : Nat) : 0 + n = n := by
  simp

theorem fourth (a b : Nat) (h : a = b) : b = a := by
  rw [h]
"""


def test_reviewed_traces_are_checked_by_lean_again(
    lean_server: LeanServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Borrowed:
        def __getattr__(self, name: str) -> object:
            return getattr(lean_server, name)

        def close(self) -> None:
            """The fixture ends the server."""

    monkeypatch.setattr(Session, "server", lambda self: Borrowed())
    (tmp_path / "A.lean").write_text(SOURCE)
    traces, review, out = tmp_path / "traces", tmp_path / "review.jsonl", tmp_path / "reviewed.jsonl"

    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, list(words), catch_exceptions=False)

    assert call("trace", str(tmp_path / "A.lean"), "-o", str(traces)).exit_code == 0
    remarks = [
        {"full_name": "first", "action": "raise", "by": 4},
        {"full_name": "second", "action": "drop"},
        {"full_name": "third", "action": "correct", "tactic": 0, "new_tactic": "exact Nat.zero_add n"},
    ]
    review.write_text("".join(json.dumps(remark) + "\n" for remark in remarks))
    done = call("curriculum", "annotate", str(traces), str(review), "-o", str(out))
    assert done.exit_code == 0, done.output
    assert "3 of 3 remarks applied; 3 theorems written" in done.output
    kept = {found.full_name: found for found in read_any(out)}
    assert sorted(kept) == ["first", "fourth", "third"]
    (step,) = kept["third"].traced_tactics
    assert step.tactic == "exact Nat.zero_add n", "the corrected step is in the trace"
    assert (step.state_before, step.state_after) == ("n : Nat\n⊢ 0 + n = n", "no goals"), "as Lean saw it"
    assert len(kept["first"].traced_tactics) == 3
    shown = call("curriculum", "show", str(out), "--stages", "2", "--annotations", str(review), "--json")
    assert json.loads(shown.output)["stages"][-1]["hardest"] == 7, "three steps, raised by four"

    # What Lean does not accept is named and changes nothing; the others are applied.
    remarks = [
        {"full_name": "first", "action": "correct", "tactic": 1, "new_tactic": "exact hq"},
        {"full_name": "fourth", "action": "correct", "tactic": 0, "new_tactic": "sorry"},
        {"full_name": "third", "action": "correct", "tactic": 5, "new_tactic": "simp"},
        {"full_name": "second", "action": "drop"},
    ]
    review.write_text("".join(json.dumps(remark) + "\n" for remark in remarks))
    done = call("curriculum", "annotate", str(traces), str(review), "-o", str(out))
    assert done.exit_code == 1
    assert "first: correct not applied: Lean does not accept it" in done.output
    assert "fourth: correct not applied: Lean does not accept it" in done.output
    assert "third: correct not applied: the proof has 1 steps" in done.output
    kept = {found.full_name: found for found in read_any(out)}
    assert [step.tactic for step in kept["first"].traced_tactics] == ["constructor", "exact hp", "exact hq"]
    assert [step.tactic for step in kept["fourth"].traced_tactics] == ["rw [h]"]
    assert "second" not in kept
