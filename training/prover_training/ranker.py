"""Trains the ranker (:mod:`prover.model.ranker`) on attempts (:mod:`prover_training.ranker_data`).

From top to bottom: settings, the network, the loop, the numbers that say whether it is any good, the checkpoint.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from prover.errors import BadInput
from prover.model import features
from prover.model.ranker import FORMAT, PACE, RankerModel
from prover.model.tensors import write_model
from prover_training.card import write_card
from prover_training.networks import NetworkConfig, bag, hashed_features, rounded
from prover_training.ranker_data import Example, Met, templates_of


@dataclass(frozen=True, slots=True)
class RankerConfig(NetworkConfig):
    """Sizes of the network; ``pace`` is :class:`prover.model.ranker.RankerModel`'s."""

    weight_decay: float = 1e-4
    noise: float = 0.15
    width: int = 64
    cross_width: int = 8
    hidden: int = 96
    pace: float = PACE


# ------------------------------------------------------------------------------------ network


class RankerNetwork(nn.Module):
    """The trainable twin of :class:`prover.model.ranker.RankerModel`; row -1 is none."""

    def __init__(self, config: RankerConfig, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        self.state = hashed_features(features.STATE_ROWS, config.width)
        self.action = hashed_features(features.ACTION_ROWS, config.width)
        self.cross = hashed_features(features.CROSS_ROWS, config.cross_width)
        self.wide = nn.Linear(config.cross_width, 1, bias=False)
        self.hidden = nn.Linear(3 * config.width + config.cross_width + features.DENSE, config.hidden)
        self.second = nn.Linear(config.hidden, config.hidden // 2)
        self.out = nn.Linear(config.hidden // 2, 2)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32))
        self.noise = config.noise

    def forward(
        self, states: torch.Tensor, actions: torch.Tensor, crosses: torch.Tensor, dense: torch.Tensor
    ) -> torch.Tensor:
        """Log-odds that each candidate helps, and log seconds: shape (candidates, 2); arguments as in Batch, a state's
        rows repeated for each of its candidates.
        """
        noise = self.noise if self.training else 0.0
        state, action = bag(self.state, states, noise), bag(self.action, actions, noise)
        cross = bag(self.cross, crosses, noise)
        scaled = (dense - self.mean) / self.deviation
        joined = torch.cat([state, action, state * action, cross, scaled], dim=1)
        out: torch.Tensor = self.out(torch.relu(self.second(torch.relu(self.hidden(joined)))))
        return torch.stack([out[:, 0] + self.wide(cross)[:, 0], out[:, 1]], dim=1)


def _tensors(chosen: Sequence[Example]) -> tuple[torch.Tensor, ...]:
    """Examples as one batch: states, actions, crosses, dense, labels, weights, log seconds."""
    width = max(len(e.batch.state) for e in chosen)
    states = np.full((sum(len(e.labels) for e in chosen), width), -1, np.int64)
    at = 0
    for e in chosen:
        states[at : at + len(e.labels), : len(e.batch.state)] = e.batch.state
        at += len(e.labels)
    columns = [
        states, *(np.concatenate([getattr(e.batch, name) for e in chosen]) for name in ("actions", "crosses", "dense")),
        *(np.concatenate([getattr(e, name) for e in chosen]) for name in ("labels", "weights")),
        np.log(np.concatenate([e.seconds for e in chosen])),
    ]  # fmt: skip
    return tuple(torch.from_numpy(column) for column in columns)


# --------------------------------------------------------------------------------------- loop


@dataclass(slots=True)
class Trained:
    """A trained ranker: the model, and the measurements after each epoch on held-out attempts."""

    model: RankerModel
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    train_set: Sequence[Example], held_out: Sequence[Example], config: RankerConfig,
    say: Callable[[str], None] = lambda text: None,
) -> Trained:  # fmt: skip
    """Trains and keeps the epoch that ranks the held-out examples best.

    Raises:
        BadInput: there is nothing to learn from.
    """
    if not train_set or not held_out:
        raise BadInput("the ranker needs attempts to learn from and attempts of other modules to be measured on")
    # More threads than one would spin beside Lean and other work: measured three times slower on a busy machine.
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    dice = random.Random(config.seed)
    dense = np.concatenate([e.batch.dense for e in train_set])
    network = RankerNetwork(config, dense.mean(0), dense.std(0) + 1e-3)
    # A batch is as many states as hold about config.batch steps.
    each = max(1, round(config.batch * len(train_set) / len(dense)))
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    steps = config.epochs * math.ceil(len(train_set) / each)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=steps, pct_start=0.1)
    before = measure(None, held_out)
    say(f"proposers' own order: {_words(before)}")
    best, history = math.inf, [{"epoch": 0.0, **before}]
    templates = templates_of(train_set)
    kept = export(network, config, templates)
    order = list(train_set)
    for epoch in range(1, config.epochs + 1):
        dice.shuffle(order)
        loss = _epoch(network, (order[at : at + each] for at in range(0, len(order), each)), optimiser, schedule)
        model = export(network, config, templates)
        measured = measure(model, held_out)
        history.append({"epoch": float(epoch), "loss": loss / len(dense), **measured})
        say(f"epoch {epoch}: loss {history[-1]['loss']:.4f}; {_words(measured)}")
        if measured["seconds"] <= best:
            best, kept = measured["seconds"], model
    return Trained(kept, history)


def _epoch(network: RankerNetwork, batches: Iterable[Sequence[Example]], optimiser: Any, schedule: Any) -> float:
    """Learns from each batch once; the sum over all candidates of the loss of whether they help."""
    network.train()
    total = 0.0
    for batch in batches:
        *inputs, labels, weights, log_seconds = _tensors(batch)
        out = network(*inputs)
        helped = nn.functional.binary_cross_entropy_with_logits(out[:, 0], labels, weights)
        slow = nn.functional.smooth_l1_loss(out[:, 1], log_seconds)
        optimiser.zero_grad()
        (helped + 0.1 * slow).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += float(helped.detach()) * len(labels)
    return total


def export(network: RankerNetwork, config: RankerConfig, templates: Sequence[str] | None = None) -> RankerModel:
    """The network's weights for the search, rounded to the half precision that they are saved in."""
    return RankerModel(rounded(network), pace=config.pace, templates=templates)


def measure(model: RankerModel | None, held_out: Sequence[Example]) -> dict[str, float]:
    """How soon the first step that helps is tried, on states where one is known to: ``first`` is how often it is the
    very first, ``seconds`` Lean's time until it has been tried, ``rank`` its mean position, ``states`` how many states
    count; ``cross_entropy`` is over all candidates. Without a model: in the order of the proposers' own costs.
    """
    first = seconds = rank = loss = count = 0.0
    total = 0
    for e in held_out:
        if model is not None:
            ranking = model.judge(e.batch)
            order = model.order(ranking, e.batch.dense[:, 0])
            p = np.clip(np.exp(ranking.log_probability), 1e-6, 1 - 1e-6)
            loss += float(-(e.labels * np.log(p) + (1 - e.labels) * np.log(1 - p)).sum())
            total += len(p)
        else:
            order = np.argsort(e.batch.dense[:, 0], kind="stable")
        if not e.labels.max() > 0.5 or len(e.labels) < 2:
            continue
        at = int(np.argmax(e.labels[order] > 0.5))
        count += 1
        first += at == 0
        rank += at
        seconds += float(e.seconds[order][: at + 1].sum())
    n = max(count, 1.0)
    return {
        "first": first / n, "rank": rank / n, "seconds": seconds / n, "states": count,
        "cross_entropy": loss / max(total, 1),
    }  # fmt: skip


def _words(m: dict[str, float]) -> str:
    return f"first right {m['first']:.1%}, mean position {m['rank']:.2f}, {m['seconds'] * 1000:.0f} ms until right"


def save(trained: Trained, config: RankerConfig, met: Met, folder: Path, card: dict[str, Any]) -> None:
    """Writes ``model.safetensors``, ``config.json`` and the model card ``README.md`` of a ranker."""
    templates = sorted(trained.model.templates or ())
    settings = {
        "pace": config.pace, "proposers": met.proposers, "training": asdict(config), "templates": templates,
        "names": met.names,
    }  # fmt: skip
    write_model(folder, "ranker", FORMAT, trained.model.weights, settings)
    write_card(folder, "A ranker of proof steps", {**card, "history": trained.history})
