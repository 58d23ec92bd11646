"""What every value and probe is measured and calibrated by: the area under the ROC curve, and Platt's scaling."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


def auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> float:
    """How often a positive scores above a negative (Mann and Whitney 1947), ties half, weighted; 0.5 where there are
    only positives or only negatives."""
    good, bad = positive.astype(bool), ~positive.astype(bool)
    if not good.any() or not bad.any():
        return 0.5
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(scores[bad], kind="stable")
    values, mass = scores[bad][order], np.concatenate([[0.0], np.cumsum(weights[bad][order])])
    below = mass[np.searchsorted(values, scores[good], side="left")]
    up_to = mass[np.searchsorted(values, scores[good], side="right")]
    total = mass[-1] * weights[good].sum()
    return float((weights[good] * (below + up_to) / 2).sum() / total)


def platt_scaling(odds: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float]:
    """Slope and offset of log-odds that make ``targets``, in [0, 1], likeliest (Platt 1999)."""
    inputs, wanted = (torch.from_numpy(part.astype(np.float64)) for part in (odds, targets))
    counts = None if weights is None else torch.from_numpy(weights.astype(np.float64))
    slope = torch.ones((), dtype=torch.float64, requires_grad=True)
    offset = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([slope, offset], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(slope * inputs + offset, wanted, counts)
        loss.backward()
        return loss

    optimiser.step(closure)
    return slope.item(), offset.item()
