"""The only place where log-probabilities, scores, values and module weights become one cost.

All costs are in nats, never negative, and smaller is better.

Candidate cost
    ``cost = -ln(p) / weight + step_cost``, where ``p`` is the proposer's probability, or its score
    where it has no probability (``-ln(score) * score_scale``). ``weight`` is the weight of the
    proposer: 2 halves its cost (as if its probabilities were their square roots), 0.5 doubles it, 0
    leaves the proposer out. ``step_cost`` keeps a chain of certain actions from being free, so that
    the search cannot dive forever.

Node heuristic
    ``size_weight * max(0, ln(size / root size)) + goal_weight * max(0, goals - 1) - reward_weight * reward``, where
    ``reward`` is that of the step that first reached the state, and once it is the next to be tried ``value_weight *
    sum(weight * -ln(max(value, value_floor)))`` over all values of the state and ``diversity * ln(n)`` for the n-th of
    near-equal states (:mod:`prover.search.valuing`). A merged node has one heuristic.

Priority of (node, its next candidate)
    ``(path cost + candidate cost) / (depth + 1) ** alpha + heuristic``. With ``alpha = 0`` it is
    the cumulative log-probability of best-first search as in GPT-f (Polu and Sutskever 2020) and
    ReProver (Yang et al. 2023); ``alpha`` in (0, 1] is the length normalisation of BFS-Prover (Xin
    et al. 2025), which favours deep paths.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prover.domain import Candidate, State
from prover.errors import BadInput

# A language model's log-probabilities may be positive by rounding; anything above this is a
# mistake.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """The settings of a search; costs are in nats (see the module for the formulas).

    ``batch_size`` is the most candidates sent to the environment in one call, ``chunk_delta`` how
    much more than the first of them the others may cost. ``max_candidates`` limits the candidates
    read for one state (duplicates count), so that an endless proposer ends. ``exploration`` is the
    mean of exponential noise added to each candidate's cost (0: none), drawn from the search's
    seed. ``step_wall_ms`` is the environment's own limit of one action: candidates get a shorter
    one where less time than that is left for each of a batch. ``first_heartbeats`` (thousands; 0: no
    such limit) is what a step may take at first; one that runs out of them is tried again with its own
    limit at ``second_try`` nats more. ``keep_failures`` keeps failed steps
    in the graph (reports and training want them; without them memory is that of the distinct
    states). ``alternative_paths`` is how many other paths to a finished state are checked after a
    rejection. ``plugin_seconds`` is how long one call of a plugin's code may take, unless the plugin asks
    for more.
    """

    batch_size: int = 8
    chunk_delta: float = 0.3
    max_candidates: int = 512
    step_cost: float = 0.05
    score_scale: float = 1.0
    alpha: float = 0.0
    size_weight: float = 0.25
    goal_weight: float = 0.1
    value_weight: float = 1.0
    value_floor: float = 1e-3
    diversity: float = 0.0
    reward_weight: float = 0.0
    plugin_seconds: float = 5.0
    exploration: float = 0.0
    step_wall_ms: int = 10_000
    first_heartbeats: int = 3_000
    second_try: float = 1.0
    release_batch: int = 64
    alternative_paths: int = 3
    keep_failures: bool = True

    def __post_init__(self) -> None:
        """Checks ranges.

        Raises:
            BadInput: a setting is out of its range.
        """
        for name in ("batch_size", "max_candidates", "step_wall_ms", "release_batch"):
            number = getattr(self, name)
            if number < 1:
                raise BadInput(f"search setting {name} must be at least 1, not {number}")
        for name in (
            "first_heartbeats", "second_try", "chunk_delta", "step_cost", "score_scale", "alpha", "size_weight",
            "goal_weight", "value_weight", "diversity", "exploration", "alternative_paths", "reward_weight",
            "plugin_seconds",
        ):  # fmt: skip
            number = getattr(self, name)
            if not 0 <= number < math.inf:
                raise BadInput(f"search setting {name} must be finite and >= 0, not {number}")
        if not 0 < self.value_floor <= 1:
            raise BadInput(f"search setting value_floor must be in (0, 1], not {self.value_floor}")


class Scorer:
    """Turns candidates and states into costs, for one search.

    Raises:
        BadInput: a weight is negative or not finite.
    """

    __slots__ = ("_random", "_root_size", "config", "weights")

    def __init__(self, config: SearchConfig, weights: Mapping[str, float], root: State, seed: int = 0) -> None:
        for name, weight in weights.items():
            if not 0 <= weight < math.inf:
                raise BadInput(f"the weight of {name!r} must be finite and not negative, not {weight}")
        self.config = config
        self.weights = weights
        self._root_size = max(1, root.size)
        self._random = random.Random(seed)

    def weight(self, proposer: str, fallback: str = "") -> float:
        """The weight of ``proposer``, else of ``fallback``, else 1."""
        weight = self.weights.get(proposer)
        return self.weights.get(fallback, 1.0) if weight is None else weight

    def cost(self, candidate: Candidate, proposer: str = "") -> float:
        """The cost of a candidate of ``proposer``; infinite means that it is not to be tried.

        Raises:
            ValueError: neither a log-probability nor a score, or one out of its range.
        """
        config = self.config
        if candidate.log_probability is not None:
            logarithm = candidate.log_probability
            if not logarithm <= _ROUNDING:
                raise ValueError(f"log-probability {logarithm} of {candidate.action!r} is not <= 0")
            surprise = candidate.surprise
        elif candidate.score is not None:
            if not 0 < candidate.score <= 1 + _ROUNDING:
                raise ValueError(f"score {candidate.score} of {candidate.action!r} is not in (0, 1]")
            surprise = candidate.surprise * config.score_scale
        else:
            raise ValueError(f"{candidate.action!r} has neither a log-probability nor a score")
        weight = self.weight(candidate.proposer, proposer)
        if weight <= 0:
            return math.inf
        cost = surprise / weight + config.step_cost
        if config.exploration:
            cost += config.exploration * self._random.expovariate(1.0)
        return cost

    def bound(self, proposer: str, least_cost: float) -> float:
        """A lower bound of the cost of whatever ``proposer`` suggests; infinite if it is left out.

        Raises:
            ValueError: ``least_cost`` is negative or not a number.
        """
        if not least_cost >= 0:
            raise ValueError(f"least_cost is {least_cost}, it must not be negative")
        weight = self.weight(proposer)
        return least_cost / weight + self.config.step_cost if weight > 0 else math.inf

    def heuristic(self, state: State, reward: float = 0.0) -> float:
        """The penalty of a state: its growth over the root, its goals and the ``reward`` of the step to it, which
        counts in its favour."""
        config = self.config
        penalty = 0.0
        size = state.size
        if size > self._root_size:
            penalty += config.size_weight * math.log(size / self._root_size)
        goals = state.goals
        if goals > 1:
            penalty += config.goal_weight * (goals - 1)
        return penalty - config.reward_weight * reward

    def together(self, values: Sequence[tuple[float, float]]) -> tuple[float | None, float]:
        """Several values of one state with their weights as one, the weighted geometric mean (None without any), and
        what they cost before ``value_weight``: the sum of ``-ln(value)``, each times its weight."""
        doubt = sum(weight * -math.log(max(value, self.config.value_floor)) for value, weight in values)
        total = sum(weight for _, weight in values)
        return (math.exp(-doubt / total) if total > 0 else None), doubt

    def priority(self, path: float, depth: int, heuristic: float, next_cost: float) -> float:
        """The priority of a node at ``depth`` with its next candidate; the smallest is tried
        first."""
        total = path + next_cost
        if self.config.alpha:
            total /= (depth + 1) ** self.config.alpha
        return total + heuristic
