"""The value of a state: how likely it is to be proved, and in how many steps, from its goal's hidden state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from prover_training.calibrating import platt_scaling


@dataclass(frozen=True, slots=True)
class ValueHead:
    """One hidden layer and two outputs: calibrated log-odds of being proved, and steps to the proof less one."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    loss: float = 0.0
    """Cross-entropy of being proved, on the states that were set aside."""

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Of shape (states, 2)."""
        inner = np.maximum((inputs - self.mean) / self.deviation @ self.hidden.T + self.hidden_bias, 0)
        found: np.ndarray = inner @ self.out.T + self.out_bias
        return found


def fit_value(
    inputs: np.ndarray,
    proved: np.ndarray,
    distance: np.ndarray,
    aside: np.ndarray,
    *,
    seed: int,
    width: int = 32,
    epochs: int = 40,
) -> ValueHead:
    """Learns from states with ``proved`` 0/1 and ``distance`` (steps to a proof, NaN where none is known).

    Those ``aside`` tell which epoch is best and calibrate by a slope and an offset (Platt 1999).
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    held, learn = np.flatnonzero(aside), np.flatnonzero(~aside)
    mean, deviation = inputs[learn].mean(0), inputs[learn].std(0) + 1e-3
    x = torch.from_numpy(((inputs - mean) / deviation).astype(np.float32))
    y = torch.from_numpy(proved.astype(np.float32))
    known = torch.from_numpy(np.isfinite(distance))
    far = torch.from_numpy(np.nan_to_num(distance - 1).astype(np.float32))
    network = nn.Sequential(nn.Linear(x.shape[1], width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, 2))
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
    best, kept = float("inf"), {k: v.clone() for k, v in network.state_dict().items()}
    for _ in range(epochs):
        network.train()
        generator.shuffle(learn)
        for start in range(0, len(learn), 128):
            rows = torch.from_numpy(learn[start : start + 128])
            loss = _loss(network(x[rows]), y[rows], far[rows], known[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        network.eval()
        with torch.no_grad():
            measured = float(nn.functional.binary_cross_entropy_with_logits(network(x[held])[:, 0], y[held]))
        if measured < best:
            best, kept = measured, {k: v.clone() for k, v in network.state_dict().items()}
    weights = {k: v.numpy() for k, v in kept.items()}
    head = ValueHead(weights["0.weight"], weights["0.bias"], weights["3.weight"], weights["3.bias"], mean, deviation)
    slope, offset = platt_scaling(head.outputs(inputs[held])[:, 0], _smoothed(proved[held]))
    out, bias = head.out.copy(), head.out_bias.copy()
    out[0], bias[0] = out[0] * slope, bias[0] * slope + offset
    return ValueHead(head.hidden, head.hidden_bias, out, bias, mean, deviation, best)


def _loss(out: torch.Tensor, proved: torch.Tensor, far: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = nn.functional.binary_cross_entropy_with_logits(out[:, 0], proved)
    if known.any():
        loss = loss + 0.2 * nn.functional.smooth_l1_loss(out[known, 1], far[known])
    return loss


def _smoothed(labels: np.ndarray) -> np.ndarray:
    """0 and 1 moved inwards, as Platt does, so that few labels do not make certain."""
    positive = float(labels.sum())
    found: np.ndarray = np.where(labels > 0.5, (positive + 1) / (positive + 2), 1 / (len(labels) - positive + 2))
    return found
