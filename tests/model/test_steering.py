"""What is hidden from a language model, and how its hidden states are moved, on real architectures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from prover_plugins.lrm.proposer import LanguageModelProposer
from tiny_models import make

from prover.errors import BadInput
from prover.model import loading
from prover.model.language_model import Prompt, Sampling
from prover.model.layers import Tap
from prover.model.steering import (
    Interventions,
    Steer,
    Steering,
    check,
    hypotheses_of,
    masked,
    read_steers,
    without_mention,
)
from prover.model.symbolic_mapper import SymbolicMapper
from prover.model.transformers_backend import TransformersModel
from prover.problem import Problem

STATE = "case a\nn m : Nat\nh1 : n =\n  m\nh2 : m = 0\n⊢ n = 0\n\ncase b\nh2 : False\n⊢ True"
PROMPT = f"STATE\n{STATE}\nTACTIC\n"
WIDTH = 32


class Goal:
    """A state as proposers see it."""

    key, text, goals, size = "k", STATE, 2, 10


def test_a_hypothesis_is_masked_in_every_goal_and_nothing_else() -> None:
    assert masked(STATE, ["h2"]) == "case a\nn m : Nat\nh1 : n =\n  m\n⊢ n = 0\n\ncase b\n⊢ True"
    assert masked(STATE, ["h1", "n"]) == "case a\nm : Nat\nh2 : m = 0\n⊢ n = 0\n\ncase b\nh2 : False\n⊢ True"
    assert masked(STATE, ["h"]) == masked(STATE, []) == STATE
    assert hypotheses_of(STATE) == {"n", "m", "h1", "h2"}
    assert without_mention(["h2 : m = 0", "h22 is h2'", "see h2.symm"], ["h2"]) == ["h22 is h2'"]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([{"symbol": "a", "scale": 1.5}], "from -1 to 1"),
        ([{"symbol": "a", "scale": float("nan")}], "from -1 to 1"),
        ([{"symbol": "a"}], "from -1 to 1"),
        ([{"scale": 0.1}], "needs a symbol"),
        ([{"symbol": "a", "scale": 0.1, "layers": 2}], "'layers' is unknown"),
        ([{"symbol": "a", "scale": 0.6}, {"symbol": "b", "scale": -0.6}], "add up to 1.2"),
        ({"symbol": "a", "scale": 0.1}, "[[steer]]"),
    ],
)
def test_steering_out_of_bounds_is_refused(table: object, complaint: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_steers(table, Path("edits.toml"))
    assert complaint in str(refused.value)


def a_mapper(folder: Path, digest: str) -> Interventions:
    """A mapper with two symbols and layers 0 to 2 of random directions, and an intervention that uses it."""
    weight = np.random.default_rng(0).normal(size=(3, 2, WIDTH)).astype(np.float32)
    about = {
        "format": 1, "model_sha256": digest, "layers": [0, 1, 2], "symbols": ["HAdd.hAdd", "Eq"],
        "layer_of": dict.fromkeys(("probe", "align", "value", "after"), 1),
    }  # fmt: skip
    SymbolicMapper(about, {"probe.weight": weight, "probe.bias": np.zeros((3, 2), np.float32)}).save(folder)
    return Interventions(steer=(Steer("HAdd.hAdd", 0.5),), mapper=str(folder))


@pytest.fixture(scope="module", params=["llama", "qwen", "byt5"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel(make(request.param, tmp_path_factory.mktemp(request.param)))


def seen(model: TransformersModel, layers: list[int]) -> list[np.ndarray]:
    """Hidden states of the prompt, where a state is read."""
    with Tap(model, layers) as tap:
        model.prefill([PROMPT])
    return [hidden[0].float().numpy() for hidden in (tap.encoder or tap.passes[0])]


@pytest.mark.parametrize("layer", [None, 0, 2])
def test_every_position_is_moved_by_the_scale_of_its_own_length(
    model: TransformersModel, tmp_path: Path, layer: int | None
) -> None:
    wanted = a_mapper(tmp_path, model.digest())
    wanted = Interventions(steer=(Steer("HAdd.hAdd", -0.5, layer),), mapper=wanted.mapper)
    at = 1 if layer is None else layer
    direction = SymbolicMapper.load(tmp_path).direction("HAdd.hAdd", at)
    (plain,) = seen(model, [at])
    with Steering(model, wanted):
        (moved,) = seen(model, [at])
    lengths = np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(moved - plain, -0.5 * lengths * direction, atol=1e-4)
    (again,) = seen(model, [at])
    np.testing.assert_array_equal(again, plain)


def test_two_symbols_at_one_layer_are_one_push(model: TransformersModel, tmp_path: Path) -> None:
    steers = (Steer("HAdd.hAdd", 0.5), Steer("Eq", -0.5, 1))
    wanted = Interventions(steer=steers, mapper=a_mapper(tmp_path, model.digest()).mapper)
    mapper = SymbolicMapper.load(tmp_path)
    vector = 0.5 * mapper.direction("HAdd.hAdd", 1) - 0.5 * mapper.direction("Eq", 1)
    (plain,) = seen(model, [1])
    with Steering(model, wanted):
        (moved,) = seen(model, [1])
    np.testing.assert_allclose(moved - plain, np.linalg.norm(plain, axis=1, keepdims=True) * vector, atol=1e-4)
    assert (np.linalg.norm(moved - plain, axis=1) <= np.linalg.norm(plain, axis=1) + 1e-4).all()
    more = Interventions(steer=(Steer("HAdd.hAdd", 0.7), Steer("Eq", 0.7, 1)), mapper=wanted.mapper)
    with pytest.raises(BadInput, match=r"at layer 1 add up to 1\.4"):
        Steering(model, more)


def test_steering_changes_what_is_sampled_and_ends_with_its_block(model: TransformersModel, tmp_path: Path) -> None:
    sampling = Sampling(n=2, max_tokens=6)
    plain = model.generate([PROMPT], sampling)
    with Steering(model, a_mapper(tmp_path, model.digest())):
        steered = model.generate([PROMPT], sampling)
    assert steered != plain
    assert model.generate([PROMPT], sampling) == plain


def test_a_mapper_of_other_weights_or_an_unknown_symbol_is_refused(model: TransformersModel, tmp_path: Path) -> None:
    other = hashlib.sha256(b"another model").hexdigest()
    with pytest.raises(BadInput, match="fitted to other weights"):
        Steering(model, a_mapper(tmp_path, other))
    wanted = a_mapper(tmp_path, model.digest())
    with pytest.raises(BadInput, match=r"no probe reads 'HMul\.hMul'"):
        Steering(model, Interventions(steer=(Steer("HMul.hMul", 0.1),), mapper=wanted.mapper))


def asked(
    problem: Problem, model: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Prompt], list[str]]:
    """The prompts that the proposer gives the model, and the actions it makes of the answers."""
    prompts: list[Prompt] = []
    inner = model.generate

    def spy(given: list[Prompt], sampling: Sampling) -> object:
        prompts.extend(given)
        return inner(given, Sampling(n=2, max_tokens=6))

    monkeypatch.setattr(loading, "load_language_model", lambda choice: model)
    monkeypatch.setattr(model, "generate", spy)
    facts = ["Nat.add_comm : a + b = b + a", "h2 says that m is 0"]
    found = LanguageModelProposer().propose_informed(problem, Goal(), facts)
    monkeypatch.undo()
    return prompts, [candidate.action for candidate in found]


def test_the_proposer_hides_and_steers_as_the_problem_says(
    model: TransformersModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"model": model.name, "prompt": "plain"}
    (usual,), plain = asked(Problem("t", metadata=here), model, monkeypatch)
    assert "h2 : m = 0" in usual and "h2 says" in usual
    hidden = Interventions(mask=("h2",))
    (prompt,), _ = asked(Problem("t", metadata={**here, **hidden.to_metadata()}), model, monkeypatch)
    assert "h2" not in prompt and "Nat.add_comm" in prompt and "h1 : n =\n  m" in prompt
    wanted = a_mapper(tmp_path, model.digest())
    problem = Problem("t", metadata={**here, **wanted.to_metadata()})
    assert Interventions.of(problem) == wanted
    (prompt,), steered = asked(problem, model, monkeypatch)
    assert prompt == usual
    assert steered != plain


def test_what_a_model_cannot_do_is_said_before_the_search(tmp_path: Path) -> None:
    mask, steer = Interventions(mask=("h",)), Interventions(steer=(Steer("Eq", 0.5),))
    deep = Interventions(steer=(Steer("Eq", 0.5, 7),), mapper=a_mapper(tmp_path / "m", "").mapper)
    check(Problem("t"), "")  # nothing asked for
    for choice, wanted, complaint in (
        ("", mask, "this search has none: add --model"),
        ("none", steer, "this search has none: add --model"),
        ("http://127.0.0.1:1/v1", steer, "is a server"),
        ("some/deepseek-prover-v2", mask, "shows the whole theorem"),
        (str(tmp_path), steer, "needs a mapper"),
        (str(tmp_path), Interventions(steer=steer.steer, mapper=str(tmp_path / "none")), "cannot read the mapper"),
        (str(tmp_path), deep, "not 7"),
    ):
        with pytest.raises(BadInput) as refused:
            check(Problem("t", metadata=wanted.to_metadata()), choice)
        assert complaint in str(refused.value)
    check(Problem("t", metadata=mask.to_metadata()), "http://127.0.0.1:1/v1")
