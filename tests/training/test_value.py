"""The value of states: it learns which states lie on proofs, and its measures are what they say."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from click.testing import CliRunner
from prover_training import value as training
from prover_training.networks import rounded

from prover.cli.main import cli
from prover.errors import BadInput
from prover.model.progress import NUMBERS, ProgressModel, read_features
from prover.traces.searches import Attempt, Tried, Visited, append, read_attempts

CONFIG = training.ValueConfig(epochs=20, batch=32, learning_rate=1e-2, noise=0.0)


def searches(path: Path, count: int = 120) -> Path:
    """Searches whose proofs go through `Nat` goals with `=`; goals with `<` lead nowhere, whatever their size."""
    dice = random.Random(0)
    for number in range(count):
        sizes = [dice.randrange(5, 50) for _ in range(3)]
        states = (
            Visited(f"n : Nat\n⊢ n + {number} = n", 1, sizes[0], 0, 2),
            Visited(f"n : Nat\n⊢ n * {number} = n", 1, sizes[1], 1, 1),
            Visited(f"n : Nat\n⊢ n < n + {number}", 1, sizes[2], 1, None),
        )
        tried = tuple(
            Tried(parent, child, action, "p", 1.0, "progress", "", 1_000)
            for parent, child, action in [(0, 2, "a"), (0, 1, "b"), (2, -1, "c"), (1, -2, "d")]
        )
        append(path, Attempt(f"t{number}", "s", "", (), f"M{number % 20}", "proved", 0.1, 4, ("b", "d"), states, tried))
    return path


def test_it_learns_what_lies_on_proofs(tmp_path: Path) -> None:
    trained = training.train_value(list(read_attempts(searches(tmp_path / "a.jsonl"))), CONFIG)
    good, bad = trained.model.value("m : Nat\n⊢ m + 7 = m", 1, 20), trained.model.value("m : Nat\n⊢ m < m + 7", 1, 20)
    assert good > 0.8 > 0.3 > bad
    assert trained.measures["model"]["auc"] > 0.95 > trained.measures["size"]["auc"]
    assert trained.measures["model"]["auc_within"] > 0.95
    assert trained.measures["rate"]["auc"] == 0.5
    again = training.train_value(list(read_attempts(tmp_path / "a.jsonl")), CONFIG)
    assert again.history == trained.history


def test_the_command_writes_what_the_search_reads(tmp_path: Path) -> None:
    data, out = searches(tmp_path / "a.jsonl"), tmp_path / "out"
    words = ["train", "value", "--data", str(data), "-o", str(out), "--set", "epochs=3", "--json"]
    ran = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert set(told["measures"]) == {"model", "size", "goals", "rate"}
    assert 0 <= ProgressModel.load(out).value("⊢ p", 1, 3) <= 1
    assert "calibration" in (out / "README.md").read_text()


def test_numpy_computes_what_torch_does() -> None:
    torch.manual_seed(0)
    network = training.ValueNetwork(training.ValueConfig(), np.zeros(NUMBERS), np.ones(NUMBERS))
    torch.nn.init.normal_(network.table.weight)
    network.half().float().eval()
    features = read_features("n : Nat\nh : n = 2\n⊢ n + 0 = n\n\n⊢ True", 2, 12)
    with torch.no_grad():
        theirs = network(torch.from_numpy(features.rows)[None], torch.from_numpy(features.numbers)[None])
    assert ProgressModel(rounded(network)).odds(features) == pytest.approx(float(theirs[0]), abs=1e-3)


@pytest.mark.parametrize(
    ("scores", "expected"), [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], 0.0), ([1, 1, 1, 1], 0.5), ([1, 3, 2, 4], 0.75)]
)
def test_auc_counts_pairs_in_the_right_order(scores: list[float], expected: float) -> None:
    labels = np.array([False, False, True, True])
    assert training.auc(np.array(scores, float), labels, np.ones(4)) == expected


def test_weights_of_the_auc_are_those_of_the_pairs() -> None:
    labels = np.array([False, False, True])
    assert training.auc(np.array([1.0, 3.0, 2.0]), labels, np.array([3.0, 1.0, 1.0])) == 0.75


def test_calibration_finds_the_rates() -> None:
    """Odds twice too sure and moved by one are put right."""
    dice = np.random.default_rng(0)
    true = dice.normal(size=4_000)
    happened = dice.random(4_000) < 1 / (1 + np.exp(-true))
    features = read_features("⊢ p", 1, 1)
    part = [training.Example(features, bool(y), 1.0, i) for i, y in enumerate(happened)]
    slope, offset = training.platt(2 * true + 1, part)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(-0.5, abs=0.1)
    assert training.measure(slope * (2 * true + 1) + offset, part)["calibration"] < 0.03
    assert training.measure(3 * true + 2, part)["calibration"] > 0.1


def test_too_little_data_is_said(attempts: Path) -> None:
    with pytest.raises(BadInput, match="gather more"):
        training.train_value(list(read_attempts(attempts))[:2], CONFIG)
