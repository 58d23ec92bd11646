"""Trains the retriever (:mod:`prover.model.retriever`) on the statements and names of Lean's own library.

Theorems of one name in different places say the like of different things: ``Array.map_append`` and
``List.map_append``. A theorem is the question, those of its name in earlier modules are the answers, and others of
their modules the wrong ones. The name itself is never part of the question. No proof is needed: the library that comes
with Lean has none.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from prover.errors import BadInput
from prover.lean.index import Index
from prover.model.retriever import FORMAT, MOST, ROWS, RetrieverModel, goal_features, theorem_features
from prover.model.tensors import write_model
from prover_training.card import write_card
from prover_training.networks import NetworkConfig, rounded

CUTS = (1, 4, 8, 32)
"""How far down the list an answer is looked for, in the measurements."""


@dataclass(frozen=True, slots=True)
class RetrieverConfig(NetworkConfig):
    """``width`` of a vector; ``hard`` wrong answers from the module of each right one, ``others`` from anywhere for
    each batch; ``scale`` is what cosines are multiplied by at first; on so many ``problems`` the uses of theorems are
    tried with Lean, to learn how likely each works."""

    epochs: int = 4
    learning_rate: float = 3e-3
    weight_decay: float = 0.0
    noise: float = 0.12
    width: int = 64
    hard: int = 2
    others: int = 256
    scale: float = 12.0
    problems: int = 400


# --------------------------------------------------------------------------------------- data


@dataclass(slots=True)
class Statements:
    """A library's theorems: ``goals`` and ``theorems`` are their features as either side reads them, (theorems, MOST),
    padded with -1; ``positions`` are their modules' in the order of imports; ``groups`` are equal where the last parts
    of the names are."""

    names: list[str]
    modules: list[str]
    positions: np.ndarray
    groups: np.ndarray
    goals: np.ndarray
    theorems: np.ndarray

    @classmethod
    def of(cls, index: Index) -> Statements:
        """The theorems of an index that have a readable conclusion."""
        numbers = [n for n in index.theorems() if index.terms[n]]
        entries = [index.entry(n) for n in numbers]
        symbols = [[index.vocabulary[s] for s in index.symbols[n]] for n in numbers]
        both = list(zip(entries, symbols, strict=True))
        groups: dict[str, int] = {}
        return cls(
            [e.name for e in entries], [e.module for e in entries], np.array([e.position for e in entries]),
            np.array([groups.setdefault(e.name.rpartition(".")[2], len(groups)) for e in entries]),
            _padded([goal_features(e.term, s) for e, s in both]),
            _padded([theorem_features(e.name, e.term, s) for e, s in both]),
        )  # fmt: skip

    def answers(self, allowed: Callable[[str], bool] = lambda module: True) -> dict[int, list[int]]:
        """For each theorem, those of its name in earlier modules that are ``allowed``, if there are any."""
        members: dict[int, list[int]] = defaultdict(list)
        for number, group in enumerate(self.groups):
            if allowed(self.modules[number]):
                members[group].append(number)
        found = {
            number: [other for other in members[group] if self.positions[other] < self.positions[number]]
            for number, group in enumerate(self.groups)
        }
        return {number: others for number, others in found.items() if others}


def _padded(features: Sequence[np.ndarray]) -> np.ndarray:
    found = np.full((len(features), MOST), -1, np.int64)
    for line, rows in zip(found, features, strict=True):
        line[: len(rows)] = rows
    return found


# ------------------------------------------------------------------------------------ network


class RetrieverNetwork(nn.Module):
    """The trainable twin of :class:`prover.model.retriever.RetrieverModel`.

    Both tables begin with the same random rows, and a feature counts as much as it is rare: so before any training
    the cosine is that of the two bags weighted by inverse document frequency, as far as the width can tell features
    apart, and what training never saw is still equal to itself.
    """

    def __init__(self, config: RetrieverConfig, seen: np.ndarray) -> None:
        """``seen`` are features of theorems, for their frequencies."""
        super().__init__()
        counts = np.bincount(seen[seen >= 0].ravel(), minlength=ROWS)
        rare = np.where(counts > 0, np.log(np.log1p(len(seen) / (1 + counts))), 0.0)
        self.goal = nn.Embedding(ROWS, config.width)
        nn.init.normal_(self.goal.weight, std=0.1)
        self.theorem = nn.Embedding.from_pretrained(self.goal.weight.detach().clone(), freeze=False)
        importance = torch.tensor(rare, dtype=torch.float32)[:, None]
        self.goal_importance = nn.Embedding.from_pretrained(importance.clone(), freeze=False)
        self.theorem_importance = nn.Embedding.from_pretrained(importance.clone(), freeze=False)
        self.scale = nn.Parameter(torch.tensor(config.scale).log())
        self.noise = config.noise

    def goals(self, rows: torch.Tensor) -> torch.Tensor:
        """Vectors of goals, (goals, width), of length 1."""
        return self._encode(self.goal, self.goal_importance, rows)

    def theorems(self, rows: torch.Tensor) -> torch.Tensor:
        """Vectors of theorems, (theorems, width), of length 1."""
        return self._encode(self.theorem, self.theorem_importance, rows)

    def _encode(self, table: nn.Embedding, importance: nn.Embedding, rows: torch.Tensor) -> torch.Tensor:
        there = rows >= 0
        if self.training:
            there = there & (torch.rand(rows.shape) > self.noise)
        inside = rows.clamp(min=0)
        weights = there[:, :, None] * importance(inside).exp()
        return nn.functional.normalize((table(inside) * weights).sum(1), dim=1)

    def loss(
        self, questions: torch.Tensor, offered: torch.Tensor, right: torch.Tensor, allowed: torch.Tensor
    ) -> torch.Tensor:
        """How unlikely the right ones are among those offered (``right`` and ``allowed`` have shape (questions,
        offered)); several may be right."""
        scores = self.goals(questions) @ self.theorems(offered).T * self.scale.exp()
        scores = scores.masked_fill(~allowed, -1e4)
        chosen = torch.logsumexp(scores.masked_fill(~right, -1e4), 1)
        return (torch.logsumexp(scores, 1) - chosen).mean()


# --------------------------------------------------------------------------------------- loop


@dataclass(slots=True)
class Trained:
    """A trained retriever and how it finds answers for held-out theorems, before training and after each epoch."""

    model: RetrieverModel
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    statements: Statements, held_out: Collection[str], config: RetrieverConfig,
    say: Callable[[str], None] = lambda text: None,
) -> Trained:  # fmt: skip
    """Trains on all modules but those ``held_out``, whose theorems are neither questions nor offered as answers.

    Raises:
        BadInput: there is nothing to learn from.
    """
    held = frozenset(held_out)
    pairs = statements.answers(lambda module: module not in held)
    questions = [n for n in pairs if statements.modules[n] not in held]
    if not questions:
        raise BadInput("no two theorems of this library have a name in common: there is nothing to learn from")
    asked = {n: found for n, found in statements.answers().items() if statements.modules[n] in held}
    torch.set_num_threads(1)  # more would spin beside Lean and other work
    torch.manual_seed(config.seed)
    dice = random.Random(config.seed)
    network = RetrieverNetwork(config, statements.theorems)
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    history = [{"epoch": 0.0, **measure(export(network), statements, asked)}]
    say(f"before training: {_words(history[-1])}")
    by_module: dict[str, list[int]] = defaultdict(list)
    for number, module in enumerate(statements.modules):
        if module not in held:
            by_module[module].append(number)
    everywhere = [number for numbers in by_module.values() for number in numbers]
    for epoch in range(1, config.epochs + 1):
        network.train()
        dice.shuffle(questions)
        total, batches = 0.0, 0
        for at in range(0, len(questions), config.batch):
            batch = questions[at : at + config.batch]
            right = [dice.choice(pairs[n]) for n in batch]
            wrong = [dice.choice(by_module[statements.modules[n]]) for n in right for _ in range(config.hard)]
            wrong += [dice.choice(everywhere) for _ in range(config.others)]
            loss = network.loss(*_batch(statements, batch, [*right, *wrong]))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            total += float(loss.detach())
            batches += 1
        measured = measure(export(network), statements, asked)
        history.append({"epoch": float(epoch), "loss": total / batches, **measured})
        say(f"epoch {epoch}: loss {total / batches:.3f}; {_words(measured)}")
    return Trained(export(network), history)


def _batch(statements: Statements, questions: Sequence[int], offered: Sequence[int]) -> tuple[torch.Tensor, ...]:
    asked, others = np.array(questions), np.array(offered)
    same = statements.groups[asked][:, None] == statements.groups[others][None, :]
    earlier = statements.positions[others][None, :] < statements.positions[asked][:, None]
    arrays = (statements.goals[asked], statements.theorems[others], same & earlier, earlier)
    return tuple(torch.from_numpy(array) for array in arrays)


def export(network: RetrieverNetwork) -> RetrieverModel:
    """The network's weights for the search, rounded to the half precision that they are saved in."""
    weights = rounded(network)
    return RetrieverModel({name: weights[name.replace(".importance", "_importance.weight")] for name in _ARRAYS})


_ARRAYS = ("goal.weight", "theorem.weight", "goal.importance", "theorem.importance")


def measure(model: RetrieverModel, statements: Statements, asked: Mapping[int, Sequence[int]]) -> dict[str, float]:
    """How often a right answer is among the first of all earlier theorems: ``found_1`` … by CUTS, and ``questions``."""
    theorems = _vectors(model, "theorem", statements.theorems)
    goals = _vectors(model, "goal", statements.goals[list(asked)])
    hits = dict.fromkeys(CUTS, 0)
    for vector, (number, right) in zip(goals, asked.items(), strict=True):
        cosines = np.where(statements.positions < statements.positions[number], theorems @ vector, -2.0)
        rank = int((cosines > cosines[list(right)].max()).sum())
        for cut in CUTS:
            hits[cut] += rank < cut
    count = max(len(asked), 1)
    return {**{f"found_{cut}": hit / count for cut, hit in hits.items()}, "questions": float(len(asked))}


def _vectors(model: RetrieverModel, side: str, padded: np.ndarray) -> np.ndarray:
    blocks = [padded[at : at + 4096] for at in range(0, len(padded), 4096)]
    rows = [model.encode(side, [line[line >= 0] for line in block]) for block in blocks]
    return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)


def _words(m: Mapping[str, float]) -> str:
    parts = ", ".join(f"{m[f'found_{cut}']:.1%} among the first {cut}" for cut in CUTS)
    return f"of {m['questions']:.0f} held-out theorems with an answer {parts}"


def save(trained: Trained, config: RetrieverConfig, folder: Path, card: Mapping[str, Any]) -> None:
    """Writes ``model.safetensors``, ``config.json`` and the model card ``README.md`` of a retriever."""
    model = trained.model
    methods = {name: asdict(method) for name, method in model.methods.items()}
    settings = {"digest": model.digest, "training": asdict(config), "methods": methods}
    write_model(folder, "retriever", FORMAT, model.weights, settings)
    write_card(folder, "A retriever of theorems", {**card, "history": trained.history})
