"""``prove encode`` on searches and traces with a tiny real model; no Lean."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from prover.traces.searches import Attempt, Tried, Visited, append
from tests.cli.conftest import call

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

STATES = (
    Visited("n : Nat\n⊢ n + 0 = 0 + n", 1, 9, 0, 2),
    Visited("n : Nat\n⊢ n = 0 + n", 1, 7, 1, 1),
)
TRIED = (
    Tried(0, -1, "rfl", "automation", 0.1, "failed", "tactic", 5),
    Tried(0, 1, "rw [Nat.add_zero]", "automation", 0.5, "progress", "", 5),
    Tried(0, -1, "omega'", "automation", 0.6, "failed", "parse", 5),
    Tried(1, -2, "omega", "automation", 0.2, "finished", "", 5),
)
TRACE = {
    "url": "", "commit": "", "file_path": "A/B.lean", "full_name": "t", "start": [1, 1], "end": [2, 2],
    "traced_tactics": [
        {"tactic": "simp", "annotated_tactic": ["simp", []], "state_before": "⊢ True", "state_after": "no goals"}
    ],
}  # fmt: skip


def attempt(name: str) -> Attempt:
    statement, actions = "theorem t (n : Nat) : n + 0 = 0 + n", ("rw [Nat.add_zero]", "omega")
    return Attempt(name, statement, "", ("Init",), "m", "proved", 1.0, 4, actions, STATES, TRIED)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tiny_models import make

    return str(make("llama", tmp_path_factory.mktemp("llama")))


@pytest.fixture
def searches(tmp_path: Path) -> Path:
    for name in "abc":
        append(tmp_path / "searches.jsonl", attempt(name))
    return tmp_path / "searches.jsonl"


def lines(folder: Path) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in (folder / "steps.jsonl").read_bytes().splitlines()]


def test_searches_become_an_encoding(model: str, searches: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = call("encode", str(searches), "--model", model, "-o", str(out), "--layers", "2,0", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["steps"] == 12
    about = json.loads((out / "encoding.json").read_text("utf-8"))
    assert (about["format"], about["layers"], about["width"], about["finished"]) == (1, [0, 2], 32, True)
    steps = lines(out)
    first = next(step for step in steps if step["tactic"] == "rw [Nat.add_zero]")
    assert (first["proof"], first["distance"], first["distance_after"], first["status"]) == (True, 2, 1, "progress")
    last = next(step for step in steps if step["tactic"] == "omega")
    assert (last["proof"], last["distance_after"], last["state_after"]) == (True, 0, "no goals")
    assert last["path"] == ["rw [Nat.add_zero]"]
    assert sum(span["rows"] for step in steps for span in step["spans"]) == about["rows"] == ran.json["rows"]
    proof = call("encode", str(searches), "--model", model, "-o", str(tmp_path / "p"), "--proof-only", "--json")
    assert proof.json["steps"] == 6


def test_ctrl_c_keeps_what_was_read_and_the_same_command_goes_on(
    model: str, searches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prover.model.encodings import open_encoding
    from prover.model.trace_encoder import TraceEncoder

    words = ("encode", str(searches), "--model", model, "--batch", "5", "-o")
    assert call(*words, str(tmp_path / "whole")).code == 0
    inner = TraceEncoder.encode
    calls: list[int] = []

    def encode(self: TraceEncoder, steps: list[object]) -> object:
        calls.append(len(steps))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return inner(self, steps)  # type: ignore[arg-type]

    monkeypatch.setattr(TraceEncoder, "encode", encode)
    stopped = call(*words, str(tmp_path / "parts"))
    assert stopped.code == 130
    assert "5 steps" in stopped.out and "the same command goes on" in stopped.err
    assert call(*words, str(tmp_path / "parts")).code == 0
    assert calls == [5, 5, 5, 2]
    assert lines(tmp_path / "parts") == lines(tmp_path / "whole")
    one, two = open_encoding(tmp_path / "parts"), open_encoding(tmp_path / "whole")
    assert len(one.about.shards) == 2
    assert abs(one.hidden(0, one.about.rows) - two.hidden(0, two.about.rows)).max() < 1e-2
    other = call(*words, str(tmp_path / "parts"), "--tries", "1")
    assert other.code == 2 and "another chosen" in other.err


def test_traces_and_a_folder_of_saved_searches(model: str, tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(json.dumps([TRACE]), encoding="utf-8")
    assert call("encode", str(tmp_path / "train.json"), "--model", model, "-o", str(tmp_path / "out")).code == 0
    (step,) = lines(tmp_path / "out")
    assert (step["theorem"], step["module"], step["proof"], step["distance"]) == ("t", "A.B", True, 1)
    state = {"text": "⊢ True", "goals": 1, "size": 1, "key": "k"}
    tried = {
        "event": "step_tried", "node": 0, "action": "rfl", "proposer": "a", "log_probability": None, "score": 0.5,
        "child": None, "status": "failed", "kind": "tactic", "micros": 1, "message": "", "step": 1, "seconds": 0.1,
        "cost": 0.5, "merged": False, "reward": 0.0, "proposers": ["a"],
    }  # fmt: skip
    for name in ("one", "two"):
        run = tmp_path / "runs" / name
        run.mkdir(parents=True)
        problem = {
            "statement": "theorem t : True", "name": name, "domain": "lean", "imports": [], "header": "", "hints": [],
            "budget": {"seconds": 1, "steps": 1, "nodes": 1}, "avoid": [], "metadata": {},
        }  # fmt: skip
        about = {"format": 1, "problem": problem, "seed": 0, "result": {}}
        (run / "run.json").write_text(json.dumps(about), encoding="utf-8")
        events = ({"event": "search_started", "node": 0, **state}, tried)
        (run / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")
    assert call("encode", str(tmp_path / "runs"), "--model", model, "-o", str(tmp_path / "both")).code == 0
    found = [(step["theorem"], step["status"]) for step in lines(tmp_path / "both")]
    assert found == [("one", "failed"), ("two", "failed")]


def test_measuring_says_what_recording_costs_and_writes_nothing(model: str, searches: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    ran = call("encode", str(searches), "--model", model, "--measure", "--json", "--limit", "2")
    assert ran.code == 0, ran.err
    for way in ("reading", "sampling"):
        found = ran.json[way]
        assert found["ratio"] == found["recorded_seconds"] / found["plain_seconds"] > 0
    assert sorted(tmp_path.iterdir()) == before


def test_what_makes_no_sense_is_bad_input(model: str, searches: Path, tmp_path: Path) -> None:
    out, ranker = str(tmp_path / "out"), tmp_path / "ranker"
    ranker.mkdir()
    (ranker / "config.json").write_text('{"model_type": "ranker"}', encoding="utf-8")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    for words, complaint in (
        ((str(searches), "--model", "http://127.0.0.1:9/v1", "-o", out), "is a server"),
        ((str(searches), "--model", str(ranker), "-o", out), "has no hidden states"),
        ((str(searches), "--model", "default", "-o", out), "has no hidden states"),
        ((str(searches), "--model", model, "-o", out, "--layers", "0,9"), "not 9"),
        ((str(searches), "--model", model, "-o", out, "--layers", "top"), "--layers takes numbers"),
        ((str(searches), "--model", model), "-o FOLDER is missing"),
        ((str(tmp_path / "nowhere"), "--model", model, "-o", out), "there is no"),
        ((str(empty), "--model", model, "-o", out), "no step to encode"),
    ):
        ran = call("encode", *words)
        assert ran.code == 2, (words, ran)
        assert complaint in ran.err
