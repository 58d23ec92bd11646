"""The common space of hidden states and goal graphs: two linear maps trained so that pairs find each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from prover_training.mapper.probes import FLOOR

SPACE = 64
"""Dimensions of the common space."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Maps of scaled hidden states and of goal features into the common space, without bias."""

    hidden: np.ndarray
    goal: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    loss: float = 0.0
    """On the pairs that were set aside."""

    def similarity(self, hidden: np.ndarray, goals: np.ndarray) -> np.ndarray:
        """Cosines, of shape (hidden states, goals)."""
        a = (hidden - self.mean) / self.deviation @ self.hidden.T
        b = goals @ self.goal.T
        a /= np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-9)
        b /= np.maximum(np.linalg.norm(b, axis=1, keepdims=True), 1e-9)
        found: np.ndarray = a @ b.T
        return found


def fit_alignment(
    hidden: np.ndarray,
    goals: np.ndarray,
    aside: np.ndarray,
    *,
    seed: int,
    epochs: int = 40,
    batch: int = 256,
    rate: float = 3e-3,
    floor: float = FLOOR,
) -> Alignment:
    """InfoNCE both ways (van den Oord et al. 2018, Radford et al. 2021) with a learned temperature; row ``i`` of
    ``hidden`` belongs to row ``i`` of ``goals``. Those ``aside`` tell which epoch is best. ``floor`` as in
    :func:`prover_training.mapper.probes.fit_probe`.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    held, learn = np.flatnonzero(aside), np.flatnonzero(~aside)
    mean, deviation = hidden[learn].mean(0), hidden[learn].std(0) + floor
    x = torch.from_numpy(((hidden - mean) / deviation).astype(np.float32))
    y = torch.from_numpy(goals.astype(np.float32))
    a, b = nn.Linear(x.shape[1], SPACE, bias=False), nn.Linear(y.shape[1], SPACE, bias=False)
    sharpness = nn.Parameter(torch.tensor(2.0))
    optimiser = torch.optim.AdamW([*a.parameters(), *b.parameters(), sharpness], lr=rate, weight_decay=1e-3)
    best, kept = float("inf"), (a.weight.detach().numpy().copy(), b.weight.detach().numpy().copy())
    for _ in range(epochs):
        generator.shuffle(learn)
        for start in range(0, len(learn), batch):
            rows = torch.from_numpy(learn[start : start + batch])
            loss = _contrast(a(x[rows]), b(y[rows]), sharpness)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            measured = float(_contrast(a(x[held]), b(y[held]), sharpness))
        if measured < best:
            best, kept = measured, (a.weight.detach().numpy().copy(), b.weight.detach().numpy().copy())
    return Alignment(*kept, mean, deviation, best)


def _contrast(a: torch.Tensor, b: torch.Tensor, sharpness: torch.Tensor) -> torch.Tensor:
    similar = nn.functional.normalize(a) @ nn.functional.normalize(b).T * sharpness.exp().clamp(max=100)
    same = torch.arange(len(a))
    loss: torch.Tensor = nn.functional.cross_entropy(similar, same) + nn.functional.cross_entropy(similar.T, same)
    return loss / 2


def recall(similarity: np.ndarray, k: int) -> float:
    """How often the partner of a row (the column of the same number) is among its ``k`` most similar columns."""
    own = np.diag(similarity)[:, None]
    # Ties count against it.
    rank = (similarity >= own).sum(1)
    return float((rank <= k).mean())
