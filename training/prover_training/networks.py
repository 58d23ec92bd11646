"""What the small networks share: the settings of their training, sums of embeddings, weights as they are saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Settings of a training run. ``noise`` hides each hashed feature with that probability while training."""

    epochs: int = 12
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    noise: float = 0.0
    seed: int = 0


def hashed_features(rows: int, width: int) -> nn.Embedding:
    """A table of embeddings. A feature that training never saw must say nothing, so rows begin at zero and stay there
    until one comes.
    """
    table = nn.Embedding(rows, width)
    nn.init.zeros_(table.weight)
    return table


def bag(table: nn.Embedding, rows: torch.Tensor, noise: float) -> torch.Tensor:
    """The sum of the rows over the root of their number, for each line of ``rows``; -1 stands for none. Each is left
    out with the probability ``noise``.
    """
    there = rows >= 0
    if noise:
        there = there & (torch.rand(rows.shape) > noise)
    total = (table(rows.clamp(min=0)) * there[:, :, None]).sum(1)
    scaled: torch.Tensor = total / there.sum(1, keepdim=True).clamp(min=1).sqrt()
    return scaled


def rounded(network: nn.Module) -> dict[str, np.ndarray]:
    """The weights, rounded to the half precision that they are saved in."""
    return {name: tensor.detach().to(torch.float16).numpy().copy() for name, tensor in network.state_dict().items()}
