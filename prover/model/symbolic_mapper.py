"""Aligns a model's latent states with Lean's goals and their symbols, and values states by them.

A mapper belongs to one model. It reads the symbols of a span's hidden state (linear probes, one for each recorded
layer), puts hidden states and goal graphs into one space where they find each other, estimates how likely a state is
to be proved, and reads what the model expects after a tactic. Fitted by ``prove mapper fit``; here is numpy only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prover.errors import BadInput
from prover.model.tensors import read_safetensors

FORMAT = 1
ABOUT, WEIGHTS = "mapper.json", "mapper.safetensors"


class SymbolicMapper:
    """The fitted maps. All take hidden states as the model has them, of shape (n, width).

    ``layers`` are the recorded layers, ``symbols`` the labels of the probes, ``layer`` the layer that the value, the
    alignment and the expectation read (the one at which probes read most).
    """

    def __init__(self, about: Mapping[str, Any], weights: Mapping[str, np.ndarray], folder: Path | None = None) -> None:
        self.about = dict(about)
        self.folder = folder
        self.weights = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self.layers: tuple[int, ...] = tuple(about["layers"])
        self.symbols: tuple[str, ...] = tuple(about["symbols"])
        self.layer = int(about["layer"])

    @classmethod
    def load(cls, folder: Path) -> SymbolicMapper:
        """Reads a mapper.

        Raises:
            BadInput: the folder holds none, or one of another format.
        """
        try:
            about = json.loads((folder / ABOUT).read_text("utf-8"))
            weights = read_safetensors(folder / WEIGHTS)
        except (OSError, ValueError) as error:
            raise BadInput(f"cannot read the mapper in {folder}: {error}; fit one with: prove mapper fit") from error
        if about.get("format") != FORMAT:
            raise BadInput(f"{folder} holds a mapper of format {about.get('format')}, this version reads {FORMAT}")
        return cls(about, weights, folder)

    def save(self, folder: Path) -> None:
        """Writes ``mapper.json`` and ``mapper.safetensors``."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v, np.float32) for k, v in self.weights.items()}, folder / WEIGHTS)
        (folder / ABOUT).write_text(json.dumps(self.about, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def position(self, layer: int | None = None) -> int:
        """Where a layer (by default the mapper's own) stands among the recorded ones.

        Raises:
            BadInput: it was not recorded.
        """
        wanted = self.layer if layer is None else layer
        if wanted not in self.layers:
            raise BadInput(f"the mapper knows layers {', '.join(map(str, self.layers))}, not {wanted}")
        return self.layers.index(wanted)

    # ------------------------------------------------------------------------------------ symbols

    def read(self, hidden: np.ndarray, layer: int | None = None) -> np.ndarray:
        """The probability of each symbol, of shape (n, symbols), read at ``layer``."""
        at = self.position(layer)
        return _probability(hidden @ self.weights["probe.weight"][at].T + self.weights["probe.bias"][at])

    def direction(self, symbol: str, layer: int | None = None) -> np.ndarray:
        """The direction (length 1) in the hidden states of a layer along which a symbol is read.

        Raises:
            BadInput: no probe reads it.
        """
        if symbol not in self.symbols:
            known = [s for s in self.symbols if symbol.lower() in s.lower()] or list(self.symbols)
            raise BadInput(f"no probe reads {symbol!r}; there are {', '.join(known[:12])}")
        vector: np.ndarray = self.weights["probe.weight"][self.position(layer), self.symbols.index(symbol)]
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    def expect(self, hidden: np.ndarray) -> np.ndarray:
        """The probability of each symbol in the target after the tactic, (n, symbols), from the state behind it."""
        return _probability(hidden @ self.weights["after.weight"].T + self.weights["after.bias"])

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
