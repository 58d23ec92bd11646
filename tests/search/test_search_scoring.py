"""Log-probabilities, scores, values and weights become one cost."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fake_domain import FakeState
from hypothesis import given
from hypothesis import strategies as st

from prover.domain import Candidate
from prover.errors import BadInput
from prover.search.scoring import Scorer, SearchConfig

ROOT = FakeState("root", size=10)


def scorer(weights: dict[str, float] | None = None, seed: int = 0, **settings: Any) -> Scorer:
    return Scorer(SearchConfig(**settings), weights or {}, ROOT, seed)


def test_log_probability_and_score_meet_in_nats() -> None:
    plain = scorer(step_cost=0.0)
    assert plain.cost(Candidate("a", "p", log_probability=-2.0)) == 2.0
    assert plain.cost(Candidate("a", "p", score=math.exp(-2.0))) == pytest.approx(2.0)
    assert scorer(step_cost=0.0, score_scale=3.0).cost(Candidate("a", "p", score=0.5)) == (
        pytest.approx(3 * math.log(2))
    )
    assert scorer(step_cost=0.25).cost(Candidate("a", "p", score=1.0)) == 0.25


def test_weights_divide_the_cost() -> None:
    weighted = scorer({"fast": 2.0, "slow": 0.5, "off": 0.0}, step_cost=0.0)
    costs = [weighted.cost(Candidate("a", name, log_probability=-1.0)) for name in ("fast", "plain", "slow", "off")]
    assert costs == [0.5, 1.0, 2.0, math.inf]
    assert weighted.cost(Candidate("a", "fast.simp", log_probability=-1.0), "fast") == 0.5


def test_rounding_of_probabilities_is_forgiven() -> None:
    assert scorer(step_cost=0.0).cost(Candidate("a", "p", log_probability=1e-7)) == 0.0
    assert scorer().cost(Candidate("a", "p", log_probability=-math.inf)) == math.inf


@pytest.mark.parametrize(
    "candidate",
    [
        Candidate("a", "p"),
        Candidate("a", "p", log_probability=0.5),
        Candidate("a", "p", log_probability=math.nan),
        Candidate("a", "p", score=0.0),
        Candidate("a", "p", score=1.5),
        Candidate("a", "p", score=math.nan),
    ],
)
def test_nonsense_is_refused(candidate: Candidate) -> None:
    with pytest.raises(ValueError, match="'a'"):
        scorer().cost(candidate)


@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_weights_out_of_range_are_bad_input(weight: float) -> None:
    with pytest.raises(BadInput, match="weight of 'p'"):
        scorer({"p": weight})


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 0},
        {"alpha": -1.0},
        {"step_cost": math.nan},
        {"chunk_delta": math.inf},
        {"value_floor": 0.0},
        {"alternative_paths": -1},
    ],
)
def test_settings_out_of_range_are_bad_input(settings: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=next(iter(settings))):
        SearchConfig(**settings)


def test_heuristic_penalises_growth_and_goals_only() -> None:
    plain = scorer(size_weight=1.0, goal_weight=0.5)
    assert plain.heuristic(ROOT) == 0.0
    assert plain.heuristic(FakeState("small", size=1)) == 0.0
    assert plain.heuristic(FakeState("big", size=20)) == pytest.approx(math.log(2))
    assert plain.heuristic(FakeState("two", goals=3, size=1)) == 1.0


def test_several_values_are_multiplied_each_to_the_power_of_its_weight() -> None:
    plain = scorer()
    assert plain.together([]) == (None, 0.0)
    assert plain.together([(1.0, 1.0)]) == (1.0, 0.0)
    assert plain.together([(0.5, 2.0)]) == (pytest.approx(0.5), pytest.approx(2 * math.log(2)))
    assert plain.together([(0.5, 1.0), (0.125, 1.0)]) == (pytest.approx(0.25), pytest.approx(4 * math.log(2)))
    assert plain.together([(0.0, 1.0)]) == (pytest.approx(1e-3), pytest.approx(-math.log(1e-3)))


def test_length_normalisation_favours_deep_paths() -> None:
    plain, normal = scorer(), scorer(alpha=1.0)
    assert plain.priority(6.0, 5, 0.5, 1.0) == 7.5
    assert normal.priority(6.0, 5, 0.5, 1.0) == pytest.approx(7.0 / 6 + 0.5)
    assert normal.priority(6.0, 5, 0.0, 1.0) < normal.priority(1.0, 0, 0.0, 1.0)


def test_exploration_depends_on_the_seed_alone() -> None:
    candidate = Candidate("a", "p", log_probability=-1.0)
    costs = [
        [s.cost(candidate) for _ in range(3)]
        for s in (scorer(seed=1, exploration=0.5), scorer(seed=1, exploration=0.5))
    ]
    assert costs[0] == costs[1]
    assert scorer(seed=2, exploration=0.5).cost(candidate) != costs[0][0]
    assert min(costs[0]) >= 1.05


@given(st.floats(max_value=0.0, allow_nan=False), st.floats(0.01, 100.0))
def test_costs_are_never_negative(logarithm: float, weight: float) -> None:
    cost = scorer({"p": weight}).cost(Candidate("a", "p", log_probability=logarithm))
    assert cost >= 0.05
