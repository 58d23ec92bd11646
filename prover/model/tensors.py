"""Reads safetensors files, and the folders of small models, without torch: arrays mapped into memory."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from prover.model.language_model import ModelError

_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file (a length, a JSON header, the numbers), read from the disk as they are used.

    Raises:
        ValueError: it is not such a file, or holds numbers of another type.
        OSError: it cannot be read.
    """
    if path.stat().st_size < 8:
        raise ValueError(f"{path} is no safetensors file")
    data = np.memmap(path, np.uint8, "r")
    (length,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + length].tobytes())
    body = data[8 + length :]
    arrays: dict[str, np.ndarray] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _TYPES:
            raise ValueError(f"{path}: {name} has numbers of type {entry['dtype']}")
        start, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(body[start:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def read_model(folder: Path, kind: str, format: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """``config.json`` and ``model.safetensors`` of a small model of ours; ``kind`` is its ``model_type``.

    Raises:
        ModelError: the files are missing, broken, of another kind or of another format.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        weights = read_safetensors(folder / "model.safetensors")
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read the {kind} in {folder}: {error}") from error
    if config.get("model_type") != kind or config.get("format") != format:
        raise ModelError(f"{folder} holds no {kind} of format {format}; train one with: prove train {kind}")
    return config, weights
