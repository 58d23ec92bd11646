"""A mapper's maps, on weights small enough to be seen through; no model, no torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from prover.errors import BadInput
from prover.model.symbolic_mapper import ABOUT, SymbolicMapper

WIDTH = 3


@pytest.fixture
def mapper() -> SymbolicMapper:
    """Reads ``Nat`` from the first number at layer 2 and from the second at layer 4."""
    probe = np.zeros((2, 2, WIDTH))
    probe[0, 0, 0] = probe[1, 0, 1] = 4.0
    probe[:, 1, 2] = 1.0
    about = {
        "format": 1, "layers": [2, 4], "symbols": ["Nat", "HAdd.hAdd"],
        "layer_of": {"probe": 4, "align": 2, "value": 2, "after": 4},
    }  # fmt: skip
    weights = {
        "probe.weight": probe, "probe.bias": np.zeros((2, 2)),
        "after.weight": np.eye(2, 2 * WIDTH), "after.bias": np.zeros(2),
        "outcome.weight": np.eye(3), "outcome.bias": np.zeros(3),
        "align.hidden": np.eye(2, WIDTH), "align.goal": np.eye(2), "align.mean": np.ones(WIDTH),
        "align.deviation": np.full(WIDTH, 2.0),
        "value.hidden": np.eye(2, WIDTH), "value.hidden_bias": np.zeros(2),
        "value.out": np.array([[1.0, -1.0], [2.0, 0.0]]), "value.out_bias": np.array([0.0, -1.0]),
        "value.mean": np.zeros(WIDTH), "value.deviation": np.ones(WIDTH),
    }  # fmt: skip
    return SymbolicMapper(about, weights)


def test_each_part_reads_its_own_layer(mapper: SymbolicMapper) -> None:
    assert (mapper.layer, mapper.layer_of("probe"), mapper.position(4)) == (2, 4, 1)
    hidden = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], np.float32)
    assert mapper.read(hidden)[:, 0] == pytest.approx([0.5, 1 / (1 + np.exp(-4))])
    assert mapper.read(hidden, layer=2)[:, 0] == pytest.approx([1 / (1 + np.exp(-4)), 0.5])
    with pytest.raises(BadInput, match="layers 2, 4, not 3"):
        mapper.read(hidden, layer=3)


def test_a_direction_has_length_one_and_raises_what_the_probe_reads(mapper: SymbolicMapper) -> None:
    direction = mapper.direction("Nat")
    np.testing.assert_allclose(direction, [0, 1, 0])
    hidden = np.zeros((1, WIDTH), np.float32)
    assert mapper.read(hidden + 2 * direction)[0, 0] > mapper.read(hidden)[0, 0] > mapper.read(hidden - direction)[0, 0]
    with pytest.raises(BadInput, match=r"no probe reads 'add'; there are HAdd\.hAdd"):
        mapper.direction("add")


def test_outcomes_are_probabilities_that_sum_to_one(mapper: SymbolicMapper) -> None:
    found = mapper.outcome(np.array([[9.0, -9.0, -9.0], [0.0, 0.0, 0.0], [-40.0, -40.0, 40.0]]))
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    assert found[0].argmax() == 0 and found[2].argmax() == 2
    np.testing.assert_allclose(found[1], 1 / 3)
    np.testing.assert_allclose(mapper.expect(np.zeros((1, WIDTH)), np.ones((1, WIDTH))), [[0.5, 0.5]])


def test_value_is_a_probability_and_distance_at_least_one_step(mapper: SymbolicMapper) -> None:
    hidden = np.array([[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [-1e6, 1e6, 0.0]])
    value = mapper.value(hidden)
    assert value == pytest.approx([1 / (1 + np.exp(-3)), 1 / (1 + np.exp(3)), 0], abs=1e-6)
    assert mapper.distance(hidden) == pytest.approx([6, 1, 1])


def test_states_and_goals_meet_in_one_space(mapper: SymbolicMapper) -> None:
    state = mapper.embed_state(np.array([[5.0, 1.0, 7.0], [1.0, 3.0, 0.0], [1.0, 1.0, 1.0]]))
    goal = mapper.embed_goal(np.array([[2.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(state[:2] @ goal.T, np.eye(2), atol=1e-6)
    assert np.isfinite(state).all()


def test_what_is_saved_is_loaded(mapper: SymbolicMapper, tmp_path: Path) -> None:
    mapper.save(tmp_path / "m")
    again = SymbolicMapper.load(tmp_path / "m")
    hidden = np.random.default_rng(0).normal(size=(4, WIDTH)).astype(np.float32)
    np.testing.assert_array_equal(again.read(hidden), mapper.read(hidden))
    np.testing.assert_array_equal(again.value(hidden), mapper.value(hidden))
    about = json.loads((tmp_path / "m" / ABOUT).read_text("utf-8"))
    (tmp_path / "m" / ABOUT).write_text(json.dumps({**about, "format": 9}), "utf-8")
    with pytest.raises(BadInput, match="format 9, this version reads 1"):
        SymbolicMapper.load(tmp_path / "m")
    with pytest.raises(BadInput, match="prove mapper fit"):
        SymbolicMapper.load(tmp_path / "nothing")
