"""`prove lean` and `prove plugins`, without Lean."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.cli.options import read_weights
from tests.cli.conftest import ROOT, call


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has installed nothing."""
    monkeypatch.setenv("PROVER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PROVER_LEAN", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_status_where_there_is_no_lean() -> None:
    for words in (["lean"], ["lean", "status"]):
        ran = call(*words)
        assert ran.code == 3
        assert "run 'prove lean install'" in ran.out
        assert "not installed" in ran.out
        assert "not running" in ran.out
    value = call("lean", "status", "--json").json
    assert value["usable"] is False
    assert value["embedded"]["installed"] is False


def test_proving_where_there_is_no_lean() -> None:
    ran = call("theorem t : 1 = 1")
    assert ran.code == 3
    assert ran.err.strip().count("\n") == 0
    assert "run 'prove lean install'" in ran.err
    value = call("theorem t : 1 = 1", "--json").json
    assert (value["status"], value["lean"]["kind"]) == ("infrastructure", None)


def test_bench_where_there_is_no_lean_counts_nothing_as_failed(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"name": "a", "statement": "theorem a : 1 = 1"}\n')
    ran = call("bench", "s.jsonl", "--out", "out")
    assert ran.code == 3
    assert not (tmp_path / "out").exists()


def test_path_and_stop() -> None:
    ran = call("lean", "path")
    assert ran.code == 3
    assert ran.out.strip().endswith("lean-wasm-0.0.0")
    ran = call("lean", "stop")
    assert ran.code == 0
    assert ran.out == "no resident Lean was running\n"


def test_an_archive_that_is_not_the_package(tmp_path: Path) -> None:
    (tmp_path / "p.tgz").write_bytes(b"not the package")
    ran = call("lean", "install", "--archive", "p.tgz")
    assert ran.code == 3
    assert "not the pinned" in ran.err
    assert "Traceback" not in ran.err


def test_a_project_without_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    ran = call("--project", "project", "theorem t : 1 = 1")
    assert ran.code == 3
    assert "install elan" in ran.err
    ran = call("--project", "nowhere", "theorem t : 1 = 1")
    assert ran.code == 2
    assert "is not a Lake project" in ran.err


def test_a_lean_that_is_none() -> None:
    ran = call("--lean", "/no/such/lean", "theorem t : 1 = 1")
    assert ran.code == 2
    assert "is not an executable" in ran.err


def test_plugins_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    for words in (["plugins"], ["plugins", "list"]):
        ran = call(*words)
        assert ran.code == 0, ran
        assert "automation" in ran.out
        assert "proposers" in ran.out
    value = call("plugins", "--plugin", "tests.cli.toy_plugin", "--json").json
    assert [p["name"] for p in value["plugins"]][-1] == "tests.cli.toy_plugin"
    ran = call("plugins", "--plugin", "no_such_module")
    assert ran.code == 2
    assert "left out: ModuleNotFoundError" in ran.out


def test_weights() -> None:
    assert read_weights(("a=2", "b.c = 0.5")) == {"a": 2.0, "b.c": 0.5}
