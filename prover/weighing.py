"""Weights learned from past runs: a small bandit over proposers and modules, off unless asked for.

Each step that a member of the team proposed and that was tried is a pull; it wins where the step is on the
accepted proof. With ``w`` wins in ``n`` pulls and the rate ``r`` of all members together, the member's rate is
estimated by ``(w + k r) / (n + k)``, the mean of a Beta posterior whose prior is worth ``k`` pulls at the common
rate (Gelman et al., Bayesian Data Analysis, section 2.4). Its weight is the square root of that rate over ``r``,
within [1/4, 4]: a weight multiplies the logarithm of a probability, so the root keeps one lucky module from
drowning the others. Members that were never tried keep weight 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PRIOR_PULLS = 50.0
LEAST, MOST = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class Learned:
    """The weight of one member and the counts that it comes from; ``solved`` proofs use it."""

    name: str
    weight: float
    tried: int
    in_proof: int
    solved: int


def learn(records: Iterable[Mapping[str, Any]]) -> list[Learned]:
    """Weights from the records of benchmark runs (``results.jsonl``), by name."""
    tried: Counter[str] = Counter()
    wins: Counter[str] = Counter()
    solved: Counter[str] = Counter()
    for record in records:
        for name, statistics in (record.get("statistics") or {}).items():
            tried[name] += int(statistics["tried"])
            wins[name] += int(statistics["in_proof"])
            solved[name] += statistics["in_proof"] > 0
    pulls, won = sum(tried.values()), sum(wins.values())
    rate = won / pulls if pulls else 0.0
    return [
        Learned(name, _weight(tried[name], wins[name], rate), tried[name], wins[name], solved[name])
        for name in sorted(tried)
    ]


def _weight(tried: int, wins: int, rate: float) -> float:
    if not tried or not rate:
        return 1.0
    estimate = (wins + PRIOR_PULLS * rate) / (tried + PRIOR_PULLS)
    return round(min(MOST, max(LEAST, math.sqrt(estimate / rate))), 3)


def to_toml(learned: Iterable[Learned]) -> str:
    """The weights as a file for ``--weights``, with where they come from."""
    lines = ["# Learned by 'prove weights'; see prover/weighing.py for how.", "[weights]"]
    lines += [
        f'"{entry.name}" = {entry.weight}  # {entry.in_proof} of {entry.tried} steps on proofs, {entry.solved} proofs'
        for entry in learned
    ]
    return "\n".join(lines) + "\n"
