"""The curriculum experiment: what it measures, and that it goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("trl")

from prover_training.elementary import run_in_lean, theorems
from prover_training.experiment import spread
from prover_training.experiment_results import by_length, difference, draw, table

from prover.cli.main import cli
from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.traces.searches import append, read_attempts


def results() -> dict[str, Any]:
    """Ten steps, four problems; ``length`` proves the two short ones at once, ``uniform`` one of them at the end."""

    def curve(early: list[bool], last: list[bool]) -> list[dict[str, Any]]:
        return [
            {"step": step, "loss": 2.0 - step / 10, "match": step / 20, "proved": sum(s) / 4, "solved": s}
            for step, s in ((7.0, early), (10.0, last))
        ]

    two, one, none = [True, True, False, False], [True, False, False, False], [False] * 4
    runs = [{"curriculum": "length", "seed": seed, "curve": curve(two, two)} for seed in (0, 1)]
    runs += [{"curriculum": "uniform", "seed": seed, "curve": curve(none, one)} for seed in (0, 1)]
    return {"settings": {"steps": 10}, "lengths": [1, 2, 5, 9], "problems": 4, "runs": runs}


def test_the_table_tells_short_from_long_and_gives_intervals(tmp_path: Path) -> None:
    found = results()
    text = table(found)
    assert "| length | 2 | 50.0 ± 0.0 % | 50.0 ± 0.0 % | 100.0 ± 0.0 % | 0.0 ± 0.0 % |" in text
    assert "| uniform | 2 | 0.0 ± 0.0 % | 25.0 ± 0.0 % | 50.0 ± 0.0 % | 0.0 ± 0.0 % |" in text
    mean, low, high = difference(found, "length", 1.0, "uniform", 1.0)
    assert mean == pytest.approx(0.25) and low == 0 and 0.25 < high <= 0.75
    assert difference(found, "length", 0.7, "uniform", 0.7)[0] == pytest.approx(0.5)
    assert "length at 70% against uniform at the end: +25.0 points" in text
    assert by_length(found, "uniform", 2) == ([1.5, 7], [0.5, 0.0])
    draw(found, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_small_experiment_runs_and_goes_on(
    lean_toolchain: Toolchain, lean_server: LeanServer, tmp_path: Path
) -> None:
    data, out = tmp_path / "data.jsonl", tmp_path / "run"
    for number, (statement, script) in enumerate(theorems(1, 8, 4)):
        attempt = run_in_lean(statement, script, f"e{number}", LeanDomain(lean_server).open)
        assert attempt is not None
        append(data, attempt)
    chosen = spread(list(read_attempts(data)), 4)
    assert [len(attempt.actions) for attempt in chosen] == [1, 2, 3, 4]
    words = ["train", "experiment", "--data", str(data), "-o", str(out), "--json"]
    sets = "seeds=1 steps=10 batch=4 words=300 width=32 layers=1 length=128 problems=3 lean_steps=4 pairs=4 points=2"
    words += [word for text in (*sets.split(), "curricula=length uniform") for word in ("--set", text)]
    first = CliRunner().invoke(cli, words)
    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout)
    assert [run["curriculum"] for run in found["runs"]] == ["length", "uniform"]
    for run in found["runs"]:
        assert [p["step"] for p in run["curve"] if "solved" in p] == [4, 7, 10]
        assert all(len(p["solved"]) == 3 for p in run["curve"] if "solved" in p)
    # Stopped after the first run, it does only the second.
    (out / "uniform-0" / "curve.json").unlink()
    before = (out / "length-0" / "curve.json").stat().st_mtime_ns
    again = CliRunner().invoke(cli, words)
    assert json.loads(again.stdout)["runs"] == found["runs"], "the same seed gives the same"
    assert (out / "length-0" / "curve.json").stat().st_mtime_ns == before
    assert (out / "table.md").is_file() and (out / "held_out.jsonl").is_file()
