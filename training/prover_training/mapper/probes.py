"""Linear probes (Alain and Bengio 2017): which symbols can be read from a hidden state, and what that means.

A probe alone says little: it may learn the task itself. So each is set beside a control task whose labels are those of
other spans, the same for the same text (Hewitt and Liang 2019), beside bags of words, which need no model at all, and
beside the same model with random weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

FLOOR, WORDS_FLOOR = 1e-3, 0.3
"""Added to the deviation of hidden states and of counts of words. A word that occurs once in a thousand texts would
become a huge number and drown the others: with the smaller floor a bag of words reads far less than there is in it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Log-odds ``(x - mean) / deviation @ weight.T + bias`` times ``sharpness``, which calibrates them."""

    weight: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    sharpness: float = 1.0
    loss: float = 0.0
    """On the examples that were set aside: by this layers are compared without looking at what is held out."""

    def log_odds(self, inputs: np.ndarray) -> np.ndarray:
        """Of shape (examples, labels)."""
        found: np.ndarray = ((inputs - self.mean) / self.deviation @ self.weight.T + self.bias) * self.sharpness
        return found

    def raw(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight and bias for hidden states as they are, calibration included."""
        weight = self.weight / self.deviation * self.sharpness
        bias = self.bias * self.sharpness - weight @ self.mean
        return weight.astype(np.float32), bias.astype(np.float32)


def set_aside(groups: Sequence[str], seed: int, share: float = 0.2) -> np.ndarray:
    """Which examples are set aside while learning, to stop early, to choose and to calibrate: whole groups (modules),
    about ``share`` of all; of a single group every fifth example. At least one is and one is not.
    """
    names = sorted(set(groups))
    found = np.zeros(len(groups), bool)
    if len(names) < 2:
        found[::5] = True
        return found
    np.random.default_rng(seed).shuffle(names)
    each = np.array(groups)
    for name in names[:-1]:
        found |= each == name
        if found.sum() >= share * len(groups):
            break
    return found


def fit_probe(
    inputs: np.ndarray,
    labels: np.ndarray,
    aside: np.ndarray,
    *,
    seed: int,
    epochs: int = 60,
    decay: float = 1e-2,
    rate: float = 0.02,
    floor: float = FLOOR,
) -> Probe:
    """Logistic regression of every label (0/1) on ``inputs``; what is ``aside`` tells when to stop and calibrates by
    one temperature (Guo et al. 2017). Inputs are scaled to deviation 1, but not if theirs is far below ``floor``."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(seed)
    held, learn = np.flatnonzero(aside), np.flatnonzero(~aside)
    mean, deviation = inputs[learn].mean(0), inputs[learn].std(0) + floor
    x = torch.from_numpy(((inputs - mean) / deviation).astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    layer = nn.Linear(x.shape[1], y.shape[1])
    rate_of = y[torch.from_numpy(learn)].mean(0).clamp(1e-3, 1 - 1e-3)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_((rate_of / (1 - rate_of)).log())
    optimiser = torch.optim.AdamW(layer.parameters(), lr=rate, weight_decay=decay)
    best, kept, patience = float("inf"), _copy(layer), 0
    for _ in range(epochs):
        generator.shuffle(learn)
        for start in range(0, len(learn), 256):
            rows = torch.from_numpy(learn[start : start + 256])
            loss = nn.functional.binary_cross_entropy_with_logits(layer(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            measured = float(nn.functional.binary_cross_entropy_with_logits(layer(x[held]), y[held]))
        if measured < best - 1e-5:
            best, kept, patience = measured, _copy(layer), 0
        else:
            patience += 1
            if patience == 5:
                break
    weight, bias = kept
    odds = x[held].numpy() @ weight.T + bias
    return Probe(weight, bias, mean, deviation, _temperature(odds, labels[held]), best)


def _copy(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()


def _temperature(odds: np.ndarray, labels: np.ndarray) -> float:
    """The factor of the log-odds that makes the labels likeliest."""
    factors = np.exp(np.linspace(-2.0, 1.5, 71))
    losses = [float(np.mean(np.logaddexp(0, -(2 * labels - 1) * odds * factor))) for factor in factors]
    return float(factors[int(np.argmin(losses))])


def shuffled(labels: np.ndarray, texts: Sequence[str], seed: int) -> np.ndarray:
    """Labels of a control task: each different text gets those of another, so that only memory can learn them."""
    first: dict[str, int] = {}
    for at, text in enumerate(texts):
        first.setdefault(text, at)
    own = np.array(list(first.values()))
    number = {text: i for i, text in enumerate(first)}
    moved = own[np.random.default_rng(seed).permutation(len(own))]
    found: np.ndarray = labels[moved[[number[text] for text in texts]]]
    return found


# -------------------------------------------------------------------------------------- scores


def f1(odds: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Micro-averaged F1 of ``odds > 0`` against 0/1 ``labels``, and macro-averaged over the labels that occur."""
    each = f1_each(odds, labels)
    said, there = odds > 0, labels > 0.5
    right = float((said & there).sum())
    total = float(said.sum() + there.sum())
    occurring = each[there.any(0)]
    return 2 * right / max(total, 1.0), float(occurring.mean()) if len(occurring) else 0.0


def f1_each(odds: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """F1 of each label (0 where it is neither said nor there), of shape (labels,)."""
    said, there = odds > 0, labels > 0.5
    found: np.ndarray = 2 * (said & there).sum(0) / np.maximum(said.sum(0) + there.sum(0), 1)
    return found


def agreement(expected: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How well expected symbols (probabilities) and those that Lean found (0/1) agree, for each step in [0, 1]: the
    weighted Jaccard index."""
    both, either = np.minimum(expected, labels).sum(1), np.maximum(expected, labels).sum(1)
    found: np.ndarray = both / np.maximum(either, 1e-9)
    return found
