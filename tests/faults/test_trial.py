"""A short trial by faults on real Lean (``make faults`` runs the long one), and that it can fail."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest

from prover.bench import results
from prover.bench.fault_trial import Tally, Trial
from prover.bench.faults import Target
from prover.bench.suite import read_suite, select
from prover.errors import BadInput, InfrastructureFault
from prover.lean.toolchain import Toolchain

SUITE = Path(__file__).parents[2] / "data" / "examples" / "small.jsonl"
FEW = ("and_swap", "bool_not_not", "append_nil", "not_both")


def trial(folder: Path, faults: int, round_name: str) -> Tally:
    suite = read_suite(SUITE)
    problems = select(suite, only=FEW)
    return Trial(suite, problems, folder, faults=faults, seed=1).run(((round_name, 1.0),))


def test_faults_of_lean_clock_and_disk_change_nothing(lean_toolchain: Toolchain, tmp_path: Path) -> None:
    tally = trial(tmp_path, 8, "own")
    assert tally.ok, str(tally)
    assert tally.injected.total() >= 8
    assert set(tally.injected) >= {"killed", "stopped", "out of memory", "clock jumped", "disk full"}
    assert tally.compared >= len(FEW)


def test_faults_of_the_resident_server_change_nothing(lean_toolchain: Toolchain, tmp_path: Path) -> None:
    tally = trial(tmp_path, 3, "resident")
    assert tally.ok, str(tally)
    assert tally.injected.total() >= 3


def test_a_trial_sees_a_changed_verdict_and_a_lost_result(tmp_path: Path) -> None:
    suite = read_suite(SUITE)
    one, two = select(suite, only=["and_swap", "not_both"])
    made = Trial(suite, (one, two), tmp_path, faults=1)
    made._expected = {one.name: {"status": "proved"}, two.name: {"status": "proved"}}
    file = tmp_path / results.RESULTS
    results.append(file, {"name": one.name, "status": "proved"})
    seen: dict[str, results.Record] = {}
    made._note(tmp_path, seen)
    file.unlink()
    made._note(tmp_path, seen)
    made._compare(tmp_path, {one.name: {"status": "not_proved"}})
    tally = made.tally
    assert not tally.ok
    assert len(tally.verdict_changes) == 1 and "not_proved" in tally.verdict_changes[0]
    assert len(tally.lost) == 2, "one vanished from the file, one was never there"


def test_a_full_disk_is_one_clear_line_and_leaves_no_half_line(tmp_path: Path) -> None:
    file = tmp_path / results.RESULTS
    record = {"name": "a", "proof": "x" * 1000}
    target = Target(random.Random(0))
    with target.stage():
        results.append(file, record)
        before = file.read_bytes()
        assert target.disk()
        with pytest.raises(InfrastructureFault, match="make room and go on with --resume"):
            results.append(file, {**record, "name": "b"})
        assert file.read_bytes() == before
        results.append(file, {**record, "name": "c"})
    assert list(results.load(file)) == ["a", "c"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != len(before) + 20


def test_the_folder_of_a_run_belongs_to_one_command(tmp_path: Path) -> None:
    with results.claim(tmp_path), pytest.raises(BadInput, match="another command is working"):
        results.claim(tmp_path)
    results.claim(tmp_path).close()
