"""Confidence intervals, pass@1 at smaller budgets, and the picture of two runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from prover.bench import compare
from prover.bench.plots import budget_table, plot_runs
from prover.cli.main import cli
from prover.errors import BadInput


def write_run(folder: Path, rows: list[tuple[str, str, float, int]]) -> Path:
    folder.mkdir()
    lines = [json.dumps({"name": n, "status": s, "seconds": t, "steps": k}) for n, s, t, k in rows]
    (folder / "results.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    a = [(f"p{i}", "proved" if i < 10 else "not_proved", 0.4 * i, 3 * i) for i in range(20)]
    b = [(f"p{i}", "proved" if i < 16 else "invalid", 0.1 * i, i) for i in range(20)]
    return write_run(tmp_path / "a", a), write_run(tmp_path / "b", b)


def test_intervals_hold_the_rates_and_the_gain_is_paired(runs: tuple[Path, Path]) -> None:
    found = compare.compare(*runs)
    assert (found.rate_a.value, found.rate_b.value, found.gain.value) == (0.5, 0.8, pytest.approx(0.3))
    for interval in (found.rate_a, found.rate_b, found.gain):
        assert interval.low < interval.value < interval.high
    # An unpaired difference of such rates would be much less certain.
    assert found.gain.low > 0.05 and found.gain.high < 0.55
    assert found.p == pytest.approx(2 / 2**6)


def test_only_what_was_proved_in_time_counts(runs: tuple[Path, Path]) -> None:
    within_a_second = compare.compare(*runs, seconds=1.0)
    assert (within_a_second.both, within_a_second.only_a) == (3, ())
    assert within_a_second.only_b == tuple(sorted(f"p{i}" for i in range(3, 11)))
    assert compare.compare(*runs, steps=6).both == 3
    assert compare.compare(*runs, seconds=1.0, steps=0).only_b == ()


def test_the_bootstrap_interval_is_that_of_a_binomial() -> None:
    interval = compare.bootstrap([1.0] * 50 + [0.0] * 50)
    assert interval.low == pytest.approx(0.5 - 0.098, abs=0.015)
    assert interval.high == pytest.approx(0.5 + 0.098, abs=0.015)
    assert compare.bootstrap([1.0, 0.0] * 10) == compare.bootstrap([1.0, 0.0] * 10), "the seed fixes it"
    with pytest.raises(BadInput):
        compare.bootstrap([])


def test_smaller_budgets_count_every_problem_that_was_asked(runs: tuple[Path, Path]) -> None:
    assert compare.solved_within(runs[0], "seconds", [0.0, 1.0, 99.0]) == [0.05, 0.15, 0.5]
    # The four that could not be opened stay in the denominator.
    assert compare.solved_within(runs[1], "steps", [7, 1000]) == [0.4, 0.8]


def test_the_picture_and_the_table(runs: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    labelled = {"A": runs[0], "B": runs[1]}
    plot_runs(labelled, tmp_path / "deep" / "plot.png")
    assert (tmp_path / "deep" / "plot.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    # Within a second A proves p0 to p2, B p0 to p10.
    assert "1 seconds                15.0%         55.0%         0 / 8  0.0078" in budget_table(labelled)
    assert "only one" not in budget_table({**labelled, "C": runs[0]})
    answer = CliRunner().invoke(cli, ["bench", "compare", *map(str, runs), "--plot", str(tmp_path / "x.png")])
    assert answer.exit_code == 0, answer.output
    assert "B - A: 30.0% (95 % interval" in answer.output and (tmp_path / "x.png").is_file()
