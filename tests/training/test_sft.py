"""Attempts become traces and pairs; the curriculum's order is what is fed; a tiny model learns and resumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from prover_training.curriculum.schedule import find_curriculum
from prover_training.data import pairs_of, read_traces, schedule, theorem_of
from prover_training.sft import SftConfig, train_sft

from prover.errors import BadInput
from prover.traces.searches import read_attempts
from prover.traces.theorem import TracedTactic, TracedTheorem


def theorem(name: str, length: int) -> TracedTheorem:
    steps = tuple(TracedTactic(f"{name}{i}", (f"{name}{i}", ()), f"⊢ {name} {i}", "no goals") for i in range(length))
    return TracedTheorem("", "", "", name, (1, 1), (1, 1), steps)


def test_the_proof_in_an_attempt_becomes_a_trace(attempts: Path) -> None:
    every = list(read_attempts(attempts))
    found = theorem_of(every[0])
    assert found is not None
    assert [s.tactic for s in found.traced_tactics] == ["cases a <;> skip", "simp"]
    assert found.traced_tactics[0].state_after == found.traced_tactics[1].state_before
    assert found.traced_tactics[-1].state_after == "no goals"
    assert theorem_of(every[-1]) is None
    assert len(list(read_traces(attempts))) == 40


def test_the_order_follows_the_curriculum_and_the_seed(tmp_path: Path) -> None:
    theorems = [theorem("a", 1), theorem("b", 2), theorem("c", 5)]
    pairs = pairs_of(theorems)

    def order(name: str, seed: int) -> list[set[int]]:
        drawing = schedule(pairs, theorems, find_curriculum(name), steps=9, batch=8, stages=3, seed=seed)
        drawn = [drawing.draw() for _ in range(9)]
        return [{pairs[i].theorem for step in drawn[3 * k : 3 * k + 3] for i in step} for k in range(3)]

    assert order("length", 1) == [{0}, {0, 1}, {0, 1, 2}]
    assert order("anti", 1) == [{2}, {2, 1}, {0, 1, 2}]
    assert order("uniform", 1)[0] == {0, 1, 2}
    with pytest.raises(BadInput, match="no theorem"):
        schedule([], [], find_curriculum("length"), steps=1, batch=1, stages=1, seed=0)


def test_an_unknown_curriculum_and_wrong_data_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there are .*uniform"):
        find_curriculum("nothing")
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(BadInput, match=r"x\.jsonl"):
        list(read_traces(tmp_path / "x.jsonl"))
    with pytest.raises(BadInput, match=r"missing\.jsonl"):
        list(read_traces(tmp_path / "missing.jsonl"))


@pytest.fixture(scope="module")
def config() -> SftConfig:
    pytest.importorskip("trl")
    return SftConfig(
        steps=60, batch=8, words=300, width=32, layers=1, heads=2, length=96, save_steps=30, learning_rate=1e-2
    )


def test_a_tiny_model_learns_is_saved_and_proposes(attempts: Path, tmp_path: Path, config: SftConfig) -> None:
    from prover.model.language_model import Sampling
    from prover.model.prompts import format_named
    from prover.model.transformers_backend import TransformersModel
    from prover.problem import Problem

    out = tmp_path / "model"
    said: list[str] = []
    facts = train_sft([attempts], out, config, say=said.append)
    assert facts["losses"][0][1] > 2 * facts["final_loss"]
    assert len(facts["data_sha256"]) == 64 and facts["data_sha256"] in (out / "README.md").read_text()
    assert any(line.startswith("step 60/60") for line in said)
    assert len((out / "feed.jsonl").read_text().splitlines()) == 60
    model = TransformersModel(out)
    prompt = format_named("plain").write(Problem(""), "a : Nat\n⊢ a = a", ())
    assert model.generate([prompt], Sampling(n=1, max_tokens=16, temperature=0))[0][0].text == "simp"
    with pytest.raises(BadInput, match="--resume"):
        train_sft([attempts], out, config)
    # A run that died after its first checkpoint goes on from there.
    import shutil

    shutil.rmtree(out / "checkpoints" / "checkpoint-60")
    (out / "model.safetensors").unlink()
    again: list[str] = []
    train_sft([attempts], out, config, resume=True, say=again.append)
    steps = [int(line.split()[1].split("/")[0]) for line in again if line.startswith("step ")]
    assert min(steps) > 30 and max(steps) == 60
