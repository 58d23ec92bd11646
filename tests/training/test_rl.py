"""Rollouts in Lean, advantages by step, and a run of GRPO."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip("trl")

from prover_training.rl import RlConfig, chosen_turns, train_rl
from prover_training.rollouts import Rollout, Turn, advantages, roll_out
from prover_training.sft import SftConfig, train_sft

from prover.domain import Environment, StepStatus
from prover.errors import BadInput
from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.model.language_model import Sampling
from prover.model.prompts import format_named
from prover.model.transformers_backend import TransformersModel
from prover.problem import Problem
from prover.reward import RewardSum, default_signals

PROBLEMS = [Problem("theorem t (a : Nat) : a + 0 = a", name="a"), Problem("theorem t (b : Nat) : 0 + b = b", name="b")]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that was shown a few tactics for such goals, good and bad ones."""
    from conftest import attempt

    from prover.traces.searches import append

    folder = tmp_path_factory.mktemp("taught")
    for i, letter in enumerate("abcdefgh"):
        append(folder / "data.jsonl", attempt(f"t{i}", "M", letter))
    config = SftConfig(steps=40, batch=8, words=300, width=32, layers=1, heads=2, length=96, learning_rate=1e-2)
    train_sft([folder / "data.jsonl"], folder / "model", config)
    return folder / "model"


def rollout(rewards: list[float], fault: bool = False) -> Rollout:
    row = Rollout(PROBLEMS[0], None)  # type: ignore[arg-type]
    row.turns = [Turn([1, k], [7] * (k + 1), [-0.5] * (k + 1), f"tactic {k}", r) for k, r in enumerate(rewards)]
    row.fault = fault
    return row


def test_each_turn_gets_its_own_advantage() -> None:
    group = [rollout([0.0, 1.0]), rollout([-0.4, -0.4]), rollout([5.0], fault=True)]
    good, bad, lost = advantages(group)
    assert good[0] > 0 > bad[0] and good[1] > 0 > bad[1]
    assert lost == [0.0]
    assert [sum(row[k] for row in (good, bad)) for k in (0, 1)] == pytest.approx([0, 0])
    # The same whole reward at another turn: those before it are alike, those after it do not pay.
    early, late = advantages([rollout([1.0, 0.0]), rollout([0.0, 1.0])])
    assert early[0] == late[0] == 0 and late[1] > 0 > early[1]


def test_every_turn_counts_once_in_the_mean() -> None:
    rows = [rollout([1.0, 0.0, 0.0]), rollout([0.0]), rollout([2.0], fault=True), rollout([])]
    config = RlConfig(group=4)
    values = advantages(rows)
    picked = [chosen_turns(rows, config, random.Random(seed), 9) for seed in range(400)]
    assert all(len(found) == 4 for found in picked)
    assert all(found[2][1] == 0 and found[3] == (Turn([9], [9], [0.0], "", 0.0), 0.0) for found in picked)
    mean = sum(len(row.turns) for row in rows) / len(rows)
    expected = sum(values[0]) / mean
    assert sum(found[0][1] for found in picked) / 400 == pytest.approx(expected, abs=0.15)
    assert {found[0][0].action for found in picked} == {"tactic 0", "tactic 1", "tactic 2"}


def test_rollouts_in_lean_ask_as_a_search_asks(lean_server: LeanServer, taught: Path) -> None:
    model = TransformersModel(taught)
    rewards = RewardSum(default_signals())
    rows = roll_out(
        model,
        PROBLEMS,
        4,
        LeanDomain(lean_server).open,
        format_named("plain"),
        rewards,
        Sampling(max_tokens=12, seed=1),
        3,
    )
    assert len(rows) == 8 and [row.problem.name for row in rows] == ["a"] * 4 + ["b"] * 4
    for row in rows:
        assert 1 <= len(row.turns) <= 3
        for turn in row.turns:
            assert len(turn.tokens) == len(turn.logs)
            assert model.tokenizer.decode(turn.tokens, skip_special_tokens=True).strip() == turn.action
            read = model.tokenizer.decode(turn.prompt, skip_special_tokens=True)
            assert read.startswith("STATE\n") and read.endswith("\nTACTIC\n") and read.count("STATE") == 1
        assert row.finished == bool(row.total is not None and any(turn.reward >= 1 for turn in row.turns))
    again = roll_out(
        model,
        PROBLEMS,
        4,
        LeanDomain(lean_server).open,
        format_named("plain"),
        rewards,
        Sampling(max_tokens=12, seed=1),
        3,
    )
    assert [row.turns for row in again] == [row.turns for row in rows]
    # What counts as finished is what Lean says of the actions from the start.
    for row in rows:
        if row.finished:
            with LeanDomain(lean_server).open(row.problem) as environment:
                state, statuses = environment.initial_state, []
                from prover.domain import Candidate

                for turn in row.turns:
                    (result,) = environment.step(state, [Candidate(turn.action, "t", score=1.0)])
                    statuses.append(result.status)
                    state = result.state or state
                assert statuses[-1] is StepStatus.FINISHED


def test_a_run_changes_the_model_and_writes_its_card(lean_server: LeanServer, taught: Path, tmp_path: Path) -> None:
    opened: list[str] = []

    def open_problem(problem: Problem) -> Environment:
        opened.append(problem.name)
        return LeanDomain(lean_server).open(problem)

    config = RlConfig(
        model=str(taught), steps=2, problems=1, group=4, moves=2, max_tokens=8, learning_rate=1e-2, save_steps=1
    )
    facts = train_rl(PROBLEMS, tmp_path / "out", config, open_problem)
    assert len(facts["rewards"]) == 2 and len(facts["finished"]) == 2 and opened
    before, after = TransformersModel(taught), TransformersModel(tmp_path / "out")
    prompt = "STATE\na : Nat\n⊢ a + 0 = a\nTACTIC\n"
    assert before.score(prompt, ["simp"]) != after.score(prompt, ["simp"])
    assert "reinforced" in (tmp_path / "out" / "README.md").read_text()
    with pytest.raises(BadInput, match="needs a model"):
        train_rl(PROBLEMS, tmp_path / "other", RlConfig(), open_problem)
