"""Aligns a model's latent states with Lean's goals and their symbols, and values states by them.

A mapper belongs to one model. It reads the symbols of a span's hidden state (linear probes, one for each recorded
layer), puts hidden states and goal graphs into one space where they find each other, estimates how likely a state is
to be proved, and reads what the model expects of a tactic that it has just read: how it ends, and which symbols the
target has then. Each part reads the layer at which it did best on modules that were set aside when it was fitted.
Fitted by ``prove mapper fit``; here is numpy only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.tensors import read_parts

FORMAT = 1
ABOUT, WEIGHTS = "mapper.json", "mapper.safetensors"
PROBE, ALIGN, VALUE, AFTER = "probe", "align", "value", "after"
OUTCOMES = ("failed", "progress", "finished")
"""How Lean can end a step, in the order of :meth:`SymbolicMapper.outcome`."""


class SymbolicMapper:
    """The fitted maps. All take hidden states as the model has them, of shape (n, width).

    ``layers`` are the recorded layers, ``symbols`` the labels of the probes, ``layer`` the layer that the value reads;
    :meth:`layer_of` tells those of the other parts.
    """

    def __init__(self, about: Mapping[str, Any], weights: Mapping[str, np.ndarray], folder: Path | None = None) -> None:
        self.about = dict(about)
        self.folder = folder
        self.weights = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self.layers: tuple[int, ...] = tuple(about["layers"])
        self.symbols: tuple[str, ...] = tuple(about["symbols"])
        self.layer = self.layer_of(VALUE)

    @classmethod
    def load(cls, folder: Path) -> SymbolicMapper:
        """Reads a mapper.

        Raises:
            BadInput: the folder holds none, or one of another format.
        """
        try:
            about, weights = read_parts(folder, ABOUT, WEIGHTS, FORMAT)
        except ValueError as error:
            raise BadInput(f"cannot read the mapper in {folder}: {error}; fit one with: prove mapper fit") from error
        return cls(about, weights, folder)

    def save(self, folder: Path) -> None:
        """Writes ``mapper.json`` and ``mapper.safetensors``."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v, np.float32) for k, v in self.weights.items()}, folder / WEIGHTS)
        (folder / ABOUT).write_text(json.dumps(self.about, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def layer_of(self, part: str) -> int:
        """The layer that a part reads: ``probe`` (symbols), ``align``, ``value``, ``after`` (expectation, outcome)."""
        return int(self.about["layer_of"][part])

    def position(self, layer: int) -> int:
        """Where a layer stands among the recorded ones.

        Raises:
            BadInput: it was not recorded.
        """
        if layer not in self.layers:
            raise BadInput(f"the mapper knows layers {', '.join(map(str, self.layers))}, not {layer}")
        return self.layers.index(layer)

    # ------------------------------------------------------------------------------------ symbols

    def read(self, hidden: np.ndarray, layer: int | None = None) -> np.ndarray:
        """The probability of each symbol, of shape (n, symbols), read at ``layer`` (by default that of the probes)."""
        at = self._probed(layer)
        return _probability(hidden @ self.weights["probe.weight"][at].T + self.weights["probe.bias"][at])

    def direction(self, symbol: str, layer: int | None = None) -> np.ndarray:
        """The direction (length 1) in the hidden states of a layer along which a symbol is read.

        Raises:
            BadInput: no probe reads it.
        """
        if symbol not in self.symbols:
            known = [s for s in self.symbols if symbol.lower() in s.lower()] or list(self.symbols)
            raise BadInput(f"no probe reads {symbol!r}; there are {', '.join(known[:12])}")
        vector: np.ndarray = self.weights["probe.weight"][self._probed(layer), self.symbols.index(symbol)]
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    def _probed(self, layer: int | None) -> int:
        return self.position(self.layer_of(PROBE) if layer is None else layer)

    # -------------------------------------------------------------------------------- expectation

    def expect(self, hidden: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """The probability of each symbol in the target after the tactic, (n, symbols), given that a goal is left, from
        the hidden states behind the tactic (layer of ``after``) and those of the goal before it (layer of ``probe``).
        """
        both = np.concatenate([hidden, goal], axis=1)
        return _probability(both @ self.weights["after.weight"].T + self.weights["after.bias"])

    def outcome(self, hidden: np.ndarray) -> np.ndarray:
        """The probabilities of the ``OUTCOMES`` of a tactic, (n, 3), from hidden states behind it."""
        each = _probability(hidden @ self.weights["outcome.weight"].T + self.weights["outcome.bias"])
        found: np.ndarray = each / np.maximum(each.sum(1, keepdims=True), 1e-9)
        return found

    # ---------------------------------------------------------------------------- goals and value

    def embed_state(self, hidden: np.ndarray) -> np.ndarray:
        """Hidden states of goals in the common space, (n, dimensions), of length 1."""
        return _unit(_scaled(hidden, self.weights, "align") @ self.weights["align.hidden"].T)

    def embed_goal(self, features: np.ndarray) -> np.ndarray:
        """Goal graphs (``graph_features``) in the common space, (n, dimensions), of length 1."""
        return _unit(features @ self.weights["align.goal"].T)

    def value(self, hidden: np.ndarray) -> np.ndarray:
        """How likely each state is to be proved, in [0, 1], from the hidden state of its goal; of shape (n,)."""
        return _probability(self._value_outputs(hidden)[:, 0])

    def distance(self, hidden: np.ndarray) -> np.ndarray:
        """How many steps a proof of each state takes, given that there is one; at least 1, of shape (n,)."""
        found: np.ndarray = 1 + np.maximum(self._value_outputs(hidden)[:, 1], 0)
        return found

    def _value_outputs(self, hidden: np.ndarray) -> np.ndarray:
        w = self.weights
        inner = np.maximum(_scaled(hidden, w, "value") @ w["value.hidden"].T + w["value.hidden_bias"], 0)
        outputs: np.ndarray = inner @ w["value.out"].T + w["value.out_bias"]
        return outputs


def _scaled(hidden: np.ndarray, weights: Mapping[str, np.ndarray], part: str) -> np.ndarray:
    found: np.ndarray = (hidden - weights[f"{part}.mean"]) / weights[f"{part}.deviation"]
    return found


def _probability(odds: np.ndarray) -> np.ndarray:
    found: np.ndarray = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return found


def _unit(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return found
