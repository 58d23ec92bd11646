"""Safetensors files and the folders of small models, read without torch: arrays are mapped into memory."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prover.model.language_model import ModelError

CONFIG, WEIGHTS = "config.json", "model.safetensors"

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


def read_parts(folder: Path, about: str, weights: str, format: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The JSON object in the file ``about`` of a folder and the arrays in its file ``weights``.

    Raises:
        ValueError: a file is missing or broken, or the object's ``format`` is another; says which.
    """
    try:
        found = json.loads((folder / about).read_text("utf-8"))
        arrays = read_safetensors(folder / weights)
    except OSError as error:
        raise ValueError(str(error)) from error
    known = found.get("format") if isinstance(found, dict) else None
    if known != format:
        raise ValueError(f"{about} is of format {known}, this version reads {format}")
    return found, arrays


def read_model(folder: Path, kind: str, format: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """``config.json`` and ``model.safetensors`` of a small model of ours; ``kind`` is its ``model_type``.

    Raises:
        ModelError: the files are missing, broken, of another kind or of another format.
    """
    try:
        config, weights = read_parts(folder, CONFIG, WEIGHTS, format)
    except ValueError as error:
        raise ModelError(f"cannot read the {kind} in {folder}: {error}; train one with: prove train {kind}") from error
    if config.get("model_type") != kind:
        raise ModelError(f"{folder} holds no {kind}; train one with: prove train {kind}")
    return config, weights


def write_model(
    folder: Path, kind: str, format: int, weights: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> None:
    """Writes what :func:`read_model` reads: ``weights`` in half precision, ``settings`` in ``config.json``."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: np.asarray(array, np.float16) for name, array in weights.items()}, folder / WEIGHTS)
    config = {"model_type": kind, "format": format, **settings}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
