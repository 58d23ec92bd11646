"""The model card beside a checkpoint: what it was trained on, how, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CARD, NUMBERS = "README.md", "training.json"


def data_hash(paths: Iterable[Path]) -> str:
    """SHA-256 over the files' bytes, in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def write_card(folder: Path, title: str, facts: Mapping[str, Any]) -> None:
    """Writes the card for a person, and the same facts as ``training.json`` for a program."""
    (folder / NUMBERS).write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [f"# {title}", ""]
    for key, value in facts.items():
        if isinstance(value, Mapping | list):
            continue
        lines.append(f"- {key.replace('_', ' ')}: {value}")
    lines += ["", f"All numbers, epoch by epoch: `{NUMBERS}`.", ""]
    (folder / CARD).write_text("\n".join(lines), encoding="utf-8")
