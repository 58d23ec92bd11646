"""What was fed when: one JSON object a line, and a plot of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.report.canvas import new_figure


class FeedLog:
    """Appends to a JSON-lines file; a run that goes on appends to what is there."""

    def __init__(self, path: Path) -> None:
        """Raises BadInput where the file cannot be opened."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BadInput(f"cannot write {path}: {error.strerror}") from error

    def fed(self, step: int, stage: int, indices: Sequence[int], difficulties: Sequence[float]) -> None:
        """Notes the examples of one step."""
        self._write({"event": "fed", "step": step, "stage": stage, "indices": indices, "difficulties": difficulties})

    def validated(self, step: int, stage: int, success: float) -> None:
        """Notes a success rate on held-out theorems."""
        self._write({"event": "validated", "step": step, "stage": stage, "success": success})

    def close(self) -> None:
        """Closes the file. May be called twice."""
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def read_feed(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a feed log; a last line that was cut off is left out.

    Raises:
        BadInput: there is no such file, or a whole line is no record.
    """
    try:
        file = path.open(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                return
            try:
                record = json.loads(line)
                record["event"], record["step"], record["stage"]
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(f"{path}, line {number}: no record of a feed log") from error
            yield record


def plot_feed(log: Path, image: Path) -> None:
    """Draws difficulty, stage and validation success over training steps as a PNG.

    Raises:
        BadInput: the log is empty or cannot be read, or matplotlib is missing.
    """
    records = list(read_feed(log))
    fed = [record for record in records if record["event"] == "fed"]
    if not fed:
        raise BadInput(f"{log} records nothing that was fed")
    figure = new_figure(8, 5)
    upper, lower = figure.subplots(2, 1, sharex=True)
    steps = [record["step"] for record in fed]
    upper.plot(steps, [sum(r["difficulties"]) / len(r["difficulties"]) for r in fed], ".", markersize=3)
    upper.set_ylabel("mean difficulty fed")
    lower.step(steps, [record["stage"] + 1 for record in fed], where="post")
    lower.set_ylabel("stage")
    lower.set_xlabel("training step")
    measured = [record for record in records if record["event"] == "validated"]
    if measured:
        right = lower.twinx()
        right.plot([r["step"] for r in measured], [r["success"] for r in measured], "o-", color="tab:green")
        right.set_ylabel("validation success")
    image.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(image, dpi=120)
