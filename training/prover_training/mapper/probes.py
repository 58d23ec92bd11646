"""Linear probes (Alain and Bengio 2017): which symbols can be read from a hidden state, and what that means.

A probe alone says little: it may learn the task itself. So each is set beside a control task whose labels are those of
other spans, the same for the same text (Hewitt and Liang 2019), and beside the bag of the span's own tokens, which
needs no model at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


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


def fit_probe(
    inputs: np.ndarray, labels: np.ndarray, *, seed: int, epochs: int = 60, decay: float = 1e-3, rate: float = 0.02
) -> Probe:
    """Logistic regression of every label on ``inputs``; a fifth is set aside to stop early and to calibrate by one
    temperature (Guo et al. 2017)."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(inputs))
    aside, learn = order[: len(order) // 5], order[len(order) // 5 :]
    mean, deviation = inputs[learn].mean(0), inputs[learn].std(0) + 1e-3
    x = torch.from_numpy(((inputs - mean) / deviation).astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    torch.manual_seed(seed)
    layer = nn.Linear(x.shape[1], y.shape[1])
    nn.init.zeros_(layer.weight)
    rate_of = y[torch.from_numpy(learn)].mean(0).clamp(1e-3, 1 - 1e-3)
    with torch.no_grad():
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
            measured = float(nn.functional.binary_cross_entropy_with_logits(layer(x[aside]), y[aside]))
        if measured < best - 1e-5:
            best, kept, patience = measured, _copy(layer), 0
        else:
            patience += 1
            if patience == 5:
                break
    weight, bias = kept
    odds = x[aside].numpy() @ weight.T + bias
    return Probe(weight, bias, mean, deviation, _temperature(odds, labels[aside]), best)


def _copy(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()


def _temperature(odds: np.ndarray, labels: np.ndarray) -> float:
    """The factor of the log-odds that makes the labels likeliest."""
    factors = np.exp(np.linspace(-2.0, 1.5, 71))
    losses = [float(np.mean(np.logaddexp(0, -(2 * labels - 1) * odds * factor))) for factor in factors]
    return float(factors[int(np.argmin(losses))])


def shuffled(labels: np.ndarray, texts: list[str], seed: int) -> np.ndarray:
    """Labels of a control task: each different text gets those of another, so that only memory can learn them."""
    first: dict[str, int] = {}
    for at, text in enumerate(texts):
        first.setdefault(text, at)
    own = np.array(list(first.values()))
    number = {text: i for i, text in enumerate(first)}
    moved = own[np.random.default_rng(seed).permutation(len(own))]
    found: np.ndarray = labels[moved[[number[text] for text in texts]]]
    return found


def f1(odds: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Micro-averaged F1 of ``odds > 0`` against 0/1 ``labels``, and macro-averaged over the labels that occur."""
    said = odds > 0
    right = (said & (labels > 0.5)).sum(0).astype(float)
    wrong = (said & (labels < 0.5)).sum(0)
    missed = (~said & (labels > 0.5)).sum(0)
    total = 2 * right.sum() + wrong.sum() + missed.sum()
    there = labels.sum(0) > 0
    each = 2 * right[there] / np.maximum(2 * right[there] + wrong[there] + missed[there], 1)
    return float(2 * right.sum() / max(total, 1)), float(each.mean()) if len(each) else 0.0


def area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: how often a positive scores above a negative (Mann and Whitney 1947), ties half."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    for value in np.unique(scores):
        same = scores == value
        if same.sum() > 1:
            ranks[same] = ranks[same].mean()
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else 0.5
