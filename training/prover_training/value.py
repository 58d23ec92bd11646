"""Trains the value of states (:mod:`prover.model.progress`) on searches, and says what it is worth.

A state is a success where it lies on a proof that the search found. It counts in full where the search tried
something on it, and less where it only waited: that it is on no proof says little then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from prover.errors import BadInput
from prover.model.progress import FORMAT, NUMBERS, ROWS, Features, ProgressModel, read_features
from prover.model.tensors import write_model
from prover.traces.searches import Attempt
from prover_training.calibrating import auc, platt_scaling
from prover_training.card import write_card
from prover_training.networks import NetworkConfig, bag, hashed_features, rounded
from prover_training.ranker_data import held_out


@dataclass(frozen=True, slots=True)
class ValueConfig(NetworkConfig):
    """``width`` of an embedding, ``inner`` of the layer; ``waiting`` is the weight of states on which nothing was
    tried; ``contrast`` that of telling the states on a proof from the others of the same search, which is what a search
    needs, beside telling how likely each is on one."""

    noise: float = 0.3
    width: int = 16
    inner: int = 32
    waiting: float = 0.5
    contrast: float = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """One state: its features, whether it lies on a found proof, how much it counts, which search it is from."""

    features: Features
    solved: bool
    weight: float
    search: int


def examples(attempts: Iterable[Attempt], waiting: float) -> list[Example]:
    """The states of searches, each text once a search."""
    found: list[Example] = []
    for number, attempt in enumerate(attempts):
        tried = {step.parent for step in attempt.tried}
        for at, state in enumerate(attempt.states):
            if state.goals:
                weight = 1.0 if at in tried or state.distance is not None else waiting
                features = read_features(state.text, state.goals, state.size)
                found.append(Example(features, state.distance is not None, weight, number))
    return found


class ValueNetwork(nn.Module):
    """The trainable twin of :class:`prover.model.progress.ProgressModel`."""

    def __init__(self, config: ValueConfig, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        self.table = hashed_features(ROWS, config.width)
        self.hidden = nn.Linear(config.width + NUMBERS, config.inner)
        self.out = nn.Linear(config.inner, 1)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32))
        self.noise = config.noise

    def forward(self, rows: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Log-odds, (states,); ``rows`` is padded with -1."""
        words = bag(self.table, rows, self.noise if self.training else 0.0)
        scaled = (numbers - self.mean) / self.deviation
        odds: torch.Tensor = self.out(torch.relu(self.hidden(torch.cat([words, scaled], 1))))[:, 0]
        return odds


def _tensors(chosen: Sequence[Example]) -> tuple[torch.Tensor, ...]:
    """Rows, numbers, labels, weights of examples as one batch."""
    rows = np.full((len(chosen), max(len(e.features.rows) for e in chosen)), -1, np.int64)
    for line, example in zip(rows, chosen, strict=True):
        line[: len(example.features.rows)] = example.features.rows
    columns = (
        rows, np.stack([e.features.numbers for e in chosen]), np.array([e.solved for e in chosen], np.float32),
        np.array([e.weight for e in chosen], np.float32),
    )  # fmt: skip
    return tuple(torch.from_numpy(column) for column in columns)


@dataclass(slots=True)
class TrainedValue:
    """A trained value and its measures on held-out searches, by what is measured: the model and the baselines."""

    model: ProgressModel
    measures: dict[str, dict[str, float]]
    history: list[dict[str, float]] = field(default_factory=list)


def train_value(
    attempts: Sequence[Attempt], config: ValueConfig, say: Callable[[str], None] = lambda text: None
) -> TrainedValue:
    """Trains on most searches, calibrates on some modules apart, measures on others again.

    Raises:
        BadInput: there are too few searches, or none of them found a proof.
    """
    learned, aside = held_out(attempts, fraction=0.24, seed=config.seed)
    tuning, measuring = held_out(aside, fraction=0.5, seed=config.seed + 1)
    parts = [examples(part, config.waiting) for part in (learned, tuning, measuring)]
    if any(len({e.solved for e in part}) < 2 for part in parts):
        raise BadInput("the value needs searches of several modules, with states on proofs and others; gather more")
    # More threads than one would spin beside Lean and other work.
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    dice = random.Random(config.seed)
    numbers = np.stack([e.features.numbers for e in parts[0]])
    network = ValueNetwork(config, numbers.mean(0), numbers.std(0) + 1e-3)
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    best, kept, history = float("inf"), rounded(network), []
    order = _by_search(parts[0])
    for epoch in range(1, config.epochs + 1):
        dice.shuffle(order)
        loss = _epoch(network, _batches(order, config.batch), optimiser, config.contrast) / len(parts[0])
        loss_aside = _cross_entropy(_odds(network, parts[1]), parts[1])
        history.append({"epoch": float(epoch), "loss": loss, "held_out": loss_aside})
        say(f"epoch {epoch}: loss {loss:.4f}, held out {loss_aside:.4f}")
        if loss_aside < best:
            best, kept = loss_aside, rounded(network)
    model = ProgressModel(kept)
    slope, offset = platt(np.array([model.odds(e.features) for e in parts[1]]), parts[1])
    model.weights |= {"slope": np.array([slope], np.float32), "offset": np.array([offset], np.float32)}
    return TrainedValue(model, _compare(model, parts[0], parts[2]), history)


def _epoch(network: ValueNetwork, batches: Iterable[Sequence[Example]], optimiser: Any, contrast: float) -> float:
    """Learns from each batch once; the sum over all states of the loss of how likely each is on a proof."""
    network.train()
    total = 0.0
    for batch in batches:
        rows, numbers, labels, weights = _tensors(batch)
        odds = network(rows, numbers)
        likely = nn.functional.binary_cross_entropy_with_logits(odds, labels, weights)
        apart = _contrast(odds, labels, weights, torch.tensor([e.search for e in batch]))
        optimiser.zero_grad()
        (likely + contrast * apart).backward()
        optimiser.step()
        total += float(likely.detach()) * len(labels)
    return total


def _by_search(part: Sequence[Example]) -> list[list[Example]]:
    found: dict[int, list[Example]] = {}
    for example in part:
        found.setdefault(example.search, []).append(example)
    return list(found.values())


def _batches(searches: Sequence[list[Example]], size: int) -> Iterator[list[Example]]:
    """Whole searches together, at least ``size`` states at a time."""
    batch: list[Example] = []
    for states in searches:
        batch += states
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _contrast(odds: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, searches: torch.Tensor) -> torch.Tensor:
    """The mean logistic loss of pairs of one search, a state on its proof and one that is not (Burges et al. 2005)."""
    pairs = (searches[:, None] == searches[None, :]) & (labels[:, None] > labels[None, :])
    mass = pairs * weights[None, :]
    return (nn.functional.softplus(odds[None, :] - odds[:, None]) * mass).sum() / mass.sum().clamp(min=1)


@torch.inference_mode()
def _odds(network: ValueNetwork, part: Sequence[Example]) -> np.ndarray:
    network.eval()
    found = [network(*_tensors(part[at : at + 512])[:2]).numpy() for at in range(0, len(part), 512)]
    return np.concatenate(found)


def _cross_entropy(odds: np.ndarray, part: Sequence[Example]) -> float:
    labels, weights = np.array([e.solved for e in part]), np.array([e.weight for e in part])
    losses = np.logaddexp(0, np.where(labels, -odds, odds))
    return float((losses * weights).sum() / weights.sum())


def platt(odds: np.ndarray, part: Sequence[Example]) -> tuple[float, float]:
    """Slope and offset that calibrate log-odds on examples."""
    return platt_scaling(odds, np.array([e.solved for e in part]), np.array([e.weight for e in part]))


# ---------------------------------------------------------------------------------- measures


def _compare(model: ProgressModel, learned: Sequence[Example], part: Sequence[Example]) -> dict[str, dict[str, float]]:
    """The measures of the model and of what one could have without it, on the same held-out states.

    ``size`` and ``goals`` are logistic regressions of the one number, ``rate`` says of all states what is true of all.
    """
    w = model.weights
    own = np.array([float(w["slope"][0]) * model.odds(e.features) + float(w["offset"][0]) for e in part])
    found = {"model": measure(own, part)}
    for name, column in (("size", 0), ("goals", 1)):
        slope, offset = platt(-np.array([e.features.numbers[column] for e in learned]), learned)
        found[name] = measure(slope * -np.array([e.features.numbers[column] for e in part]) + offset, part)
    weights = np.array([e.weight for e in learned])
    rate = float((np.array([e.solved for e in learned]) * weights).sum() / weights.sum())
    found["rate"] = measure(np.full(len(part), np.log(rate / (1 - rate))), part)
    return found


def measure(odds: np.ndarray, part: Sequence[Example]) -> dict[str, float]:
    """``auc`` over all states, ``auc_within`` the mean over searches that have both kinds (what a search gains from),
    ``calibration`` the expected calibration error over ten bins of equal count, ``brier`` the mean squared error."""
    labels, weights = np.array([e.solved for e in part]), np.array([e.weight for e in part])
    searches = np.array([e.search for e in part])
    probability = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    within = [
        auc(odds[rows], labels[rows], weights[rows])
        for number in np.unique(searches)
        if 0 < labels[rows := searches == number].sum() < rows.sum()
    ]
    order = np.argsort(probability, kind="stable")
    error = 0.0
    for rows in np.array_split(order, 10):
        mass = weights[rows].sum()
        if mass > 0:
            error += abs(float((weights[rows] * (probability[rows] - labels[rows])).sum()))
    total = float(weights.sum())
    return {
        "auc": auc(odds, labels, weights), "auc_within": float(np.mean(within)) if within else 0.5,
        "calibration": error / total, "brier": float((weights * (probability - labels) ** 2).sum() / total),
        "cross_entropy": _cross_entropy(odds, part), "states": float(len(part)), "searches": float(len(within)),
    }  # fmt: skip


def save(trained: TrainedValue, config: ValueConfig, folder: Path, card: dict[str, Any]) -> None:
    """Writes ``model.safetensors``, ``config.json`` and the model card ``README.md``."""
    write_model(folder, "value", FORMAT, trained.model.weights, {"training": asdict(config)})
    facts = {**card, **trained.measures["model"], "measures": trained.measures, "history": trained.history}
    write_card(folder, "A value of proof states", facts)


def table(measures: dict[str, dict[str, float]]) -> str:
    """The measures as a table."""
    lines = ["           AUC   within searches   calibration error   Brier"]
    lines += [
        f"{name:<8} {m['auc']:.3f}   {m['auc_within']:>15.3f}   {m['calibration']:>17.3f}   {m['brier']:.3f}"
        for name, m in measures.items()
    ]
    return "\n".join(lines)
