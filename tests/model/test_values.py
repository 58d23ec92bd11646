"""The values of states that come along: by the small model's features, and by a mapper of a language model."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prover_plugins.lrm.value import LatentValue, ProgressValue

from prover.errors import BadInput
from prover.model.language_model import ModelError
from prover.model.progress import MOST, NUMBERS, ROWS, ProgressModel, read_features
from prover.problem import Problem

PROBLEM = Problem("theorem t (k : Nat) : k + 0 = k")
TEXT = "k : Nat\nh : 0 < k\n⊢ k + 0 = k"


@dataclass(frozen=True)
class Goal:
    text: str = TEXT
    key: str = ""
    goals: int = 1
    size: int = 9


def weights(**changed: Any) -> dict[str, Any]:
    dice = np.random.default_rng(0)
    shapes = {
        "table.weight": (ROWS, 4), "hidden.weight": (6, 4 + NUMBERS), "hidden.bias": (6,), "out.weight": (1, 6),
        "out.bias": (1,), "mean": (NUMBERS,), "slope": (1,), "offset": (1,),
    }  # fmt: skip
    made = {name: dice.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return {**made, "deviation": np.ones(NUMBERS, np.float32), "slope": np.ones(1, np.float32), **changed}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from safetensors.numpy import save_file

    save_file(weights(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"model_type": "value", "format": 1}')
    return tmp_path


# ------------------------------------------------------------------------------------- progress


def test_features_do_not_depend_on_names_but_on_what_is_said() -> None:
    one, other = read_features(TEXT, 1, 9), read_features(re.sub(r"\bk\b", "long'", TEXT), 1, 9)
    assert (one.rows == other.rows).all() and (one.numbers == other.numbers).all()
    said = read_features(TEXT.replace("+", "*"), 1, 9)
    assert set(said.rows) != set(one.rows)
    assert len(one.numbers) == NUMBERS
    assert one.rows.max() < ROWS


@pytest.mark.parametrize("text", ["", "⊢ ", "no goals", "\n\n", "x : Nat", "⊢ " + "f " * 5_000, "⊢ p\n\n" * 300])
def test_any_text_has_features_and_a_value(text: str) -> None:
    features = read_features(text, 3, 10**6)
    assert len(features.rows) <= MOST
    assert np.isfinite(features.numbers).all()
    assert 0 <= ProgressModel(weights()).value(text, 3, 10**6) <= 1


def test_the_value_is_calibrated_by_slope_and_offset() -> None:
    plain = ProgressModel(weights(offset=np.zeros(1)))
    odds = plain.odds(read_features(TEXT, 1, 9))
    assert plain.value(TEXT, 1, 9) == pytest.approx(1 / (1 + math.exp(-odds)))
    moved = ProgressModel(weights(slope=np.array([0.5]), offset=np.array([2.0])))
    assert moved.value(TEXT, 1, 9) == pytest.approx(1 / (1 + math.exp(-0.5 * odds - 2)))


def test_a_folder_is_read_and_a_wrong_one_is_refused(folder: Path, tmp_path: Path) -> None:
    assert ProgressModel.load(folder).value(TEXT, 1, 9) == pytest.approx(ProgressModel(weights()).value(TEXT, 1, 9))
    (folder / "config.json").write_text(json.dumps({"model_type": "ranker", "format": 1}))
    with pytest.raises(ModelError, match="prove train value"):
        ProgressModel.load(folder)
    with pytest.raises(ModelError, match="cannot read the value"):
        ProgressModel.load(tmp_path / "nowhere")


def test_progress_values_by_the_folder_that_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ProgressModel.load(folder).value(TEXT, 1, 9)
    assert ProgressValue().value(Problem("t", metadata={"value": str(folder)}), Goal()) == pytest.approx(expected)
    monkeypatch.setenv("PROVER_VALUE", str(folder))
    assert ProgressValue().value(PROBLEM, Goal()) == pytest.approx(expected)
    assert ProgressValue().value(Problem("t", metadata={"model": "none"}), Goal()) is None


def test_the_model_that_comes_along_prefers_what_is_nearly_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVER_VALUE", raising=False)
    done = ProgressValue().value(PROBLEM, Goal("n : Nat\n⊢ n + 0 = n", size=8))
    lost = ProgressValue().value(PROBLEM, Goal("n : Nat\nh : n ^ 2 = 2\n⊢ ∃ x y, f (x ^ n) = y ∧ g y = x * n", size=60))
    assert done is not None and lost is not None
    assert lost < done


# --------------------------------------------------------------------------------------- latent


class Fake:
    """Stands for a mapper whose value is the first number of a hidden state."""

    def value(self, hidden: np.ndarray) -> np.ndarray:
        found: np.ndarray = hidden[:, 0]
        return found


def test_latent_says_nothing_unless_a_model_and_a_mapper_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PROVER_MODEL", "PROVER_MAPPER"):
        monkeypatch.delenv(variable, raising=False)
    asked: list[tuple[str, Path]] = []

    def load(choice: str, mapper: Path) -> Any:
        asked.append((choice, mapper))
        return (lambda problem, state: np.array([[state.size / 100, 0.0]])), Fake()

    value = LatentValue(load)
    for metadata in ({}, {"model": "m"}, {"mapper": "p"}, {"model": "none", "mapper": "p"},
                     {"model": "default", "mapper": "p"}):  # fmt: skip
        assert value.value(Problem("t", metadata=metadata), Goal()) is None
    assert asked == []
    both = Problem("t", metadata={"model": "m", "mapper": str(tmp_path)})
    assert value.value(both, Goal(size=25)) == 0.25
    assert value.value(both, Goal(size=50)) == 0.5
    assert asked == [("m", tmp_path)]


@pytest.fixture
def mapped(tmp_path: Path) -> tuple[Path, Path]:
    """A tiny random model and a mapper of it with random weights."""
    pytest.importorskip("torch")
    from tiny_models import make

    from prover.model.symbolic_mapper import SymbolicMapper
    from prover.model.transformers_backend import TransformersModel

    model = make("llama", tmp_path / "model")
    dice = np.random.default_rng(1)
    about = {
        "format": 1, "model": "tiny", "model_sha256": TransformersModel(str(model)).digest(), "prompt": "plain",
        "pooling": "mean", "layers": [1], "layer_of": {"value": 1}, "symbols": ["Nat"],
    }  # fmt: skip
    shapes = {"mean": (32,), "hidden": (8, 32), "hidden_bias": (8,), "out": (2, 8), "out_bias": (2,)}
    arrays = {f"value.{name}": dice.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    SymbolicMapper(about, {**arrays, "value.deviation": np.ones(32, np.float32)}).save(tmp_path / "mapper")
    return model, tmp_path / "mapper"


def test_latent_reads_the_model_as_the_mapper_was_fitted(mapped: tuple[Path, Path]) -> None:
    from prover.model.encodings import EncodedStep
    from prover.model.prompts import format_named
    from prover.model.symbolic_mapper import SymbolicMapper
    from prover.model.trace_encoder import TraceEncoder
    from prover.model.transformers_backend import TransformersModel

    model, mapper = mapped
    problem = Problem(PROBLEM.statement, metadata={"model": str(model), "mapper": str(mapper)})
    value = LatentValue()
    found = value.value(problem, Goal())
    encoder = TraceEncoder(TransformersModel(str(model)), format_named("plain"), layers=[1])
    ((_, rows),) = encoder.encode([EncodedStep("", 0, TEXT, "simp", None, "", False, statement=PROBLEM.statement)])
    assert found == pytest.approx(float(SymbolicMapper.load(mapper).value(rows[0][:, 0])[0]), abs=1e-5)
    assert value.value(problem, Goal("a b : Int\n⊢ a * b = b * a")) != found


def test_a_mapper_of_another_model_is_refused(mapped: tuple[Path, Path]) -> None:
    model, mapper = mapped
    about = json.loads((mapper / "mapper.json").read_text())
    (mapper / "mapper.json").write_text(json.dumps({**about, "model_sha256": "0" * 64}))
    problem = Problem("t", metadata={"model": str(model), "mapper": str(mapper)})
    with pytest.raises(BadInput, match="was fitted to tiny, not to"):
        LatentValue().value(problem, Goal())
