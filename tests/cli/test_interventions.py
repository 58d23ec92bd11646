"""What a person can say about a search, on real Lean: hints, bans, lemmas, weights, edits of a saved run."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from prover.lean.server import LeanServer
from tests.cli.conftest import ROOT, Borrowed, Prove, call

HINTS = ("--plugin", "prover_plugins.interventions.plugin")
LOG = ("--plugin", "prover_plugins.tracelog.plugin")
HARD = "theorem t (p : Nat → Prop) (n : Nat) (h : ∀ m, m = n + 1 → p m) : p (Nat.succ n)"


def test_a_hint_becomes_the_proof(prove: Prove) -> None:
    without = prove("--steps", "40", "--no-model", "--avoid", "simp", "--avoid", "grind", "--avoid", "simp_all", HARD)
    assert without.code == 1, without.out
    hinted = prove(*HINTS, "--steps", "40", "--hint", "exact h _ rfl", HARD)
    assert hinted.code == 0, hinted.err
    assert "exact h _ rfl" in hinted.out


def test_a_lemma_name_is_tried_in_all_its_uses(prove: Prove) -> None:
    theorem = "theorem t (a b : Nat) (f : Nat → Nat) : f (a + b) = f (b + a)"
    found = prove(*HINTS, "--weight", "toy=0", "--steps", "10", "--hint", "Nat.add_comm", "--json", theorem)
    assert found.json["status"] == "proved"
    assert "Nat.add_comm" in found.json["proof"]


def test_a_lemma_file_is_used_and_one_without_a_proof_is_no_help(prove: Prove, tmp_path: Path) -> None:
    lemma = "theorem helper (p : Nat → Prop) (h : ∀ m, p (m + 1)) : p (Nat.succ 4) := {}\n"
    theorem = "theorem t (p : Nat → Prop) (h : ∀ m, p (m + 1)) : p (Nat.succ 4)"
    words = [*HINTS, "--weight", "toy=0", "--hint", "exact helper p h", "--steps", "20"]
    good, bad = tmp_path / "good.lean", tmp_path / "bad.lean"
    good.write_text(lemma.format("h 4"), encoding="utf-8")
    bad.write_text(lemma.format("sorry"), encoding="utf-8")
    assert prove(*words, "--lemma", str(good), theorem).code == 0
    refused = prove(*words, "--lemma", str(bad), "--json", theorem)
    assert refused.code == 1
    assert "rejected by the check" in refused.json["message"]
    missing = prove("--lemma", str(tmp_path / "none.lean"), theorem)
    assert missing.code == 2


def test_weights_from_a_file(prove: Prove, tmp_path: Path) -> None:
    theorem = "theorem t (a : Nat) : a = a"
    weights = tmp_path / "weights.toml"
    weights.write_text("[weights]\ntoy = 0\n", encoding="utf-8")
    assert prove("--weights", str(weights), theorem).code == 1
    assert prove("--weights", str(weights), "--weight", "toy=1", theorem).code == 0
    for text, complaint in (("toy = 0", "no table"), ("[weights]\ntoy = -1", "toy"), ("[", "not TOML")):
        weights.write_text(text, encoding="utf-8")
        refused = prove("--weights", str(weights), theorem)
        assert refused.code == 2
        assert complaint in refused.err
    assert prove("--weight", "nobody=1", theorem).code == 2
    assert prove("--without", "nobody", theorem).code == 2


def test_settings_of_the_search_are_set_and_saved(prove: Prove, tmp_path: Path) -> None:
    assert prove(*LOG, "--set", "diversity=0.5", "--save", str(tmp_path), "theorem t (a : Nat) : a = a").code == 0
    assert json.loads((tmp_path / "t" / "run.json").read_text())["config"]["diversity"] == 0.5


def test_a_saved_search_is_continued_after_edits(prove: Prove, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    first = prove(*LOG, "--save", str(saved), "--steps", "5", HARD)
    assert first.code == 1
    run = saved / "t"
    about = json.loads((run / "run.json").read_text("utf-8"))
    assert about["problem"]["statement"] == HARD
    assert about["result"]["status"] == "not_proved"
    events = [json.loads(line) for line in (run / "events.jsonl").read_text("utf-8").splitlines()]
    assert events[0]["event"] == "search_started"
    assert events[-1]["event"] == "search_finished"
    assert sum(event["event"] == "step_tried" for event in events) == 5

    words = ("continue", str(saved), "--steps", "10", "--json")
    (run / "edits.toml").write_text('[[step]]\nnode = 0\ntactic = "exact h _ rfl"\n', encoding="utf-8")
    assert prove(*words).json["proof"] == "by\n  exact h _ rfl"
    (run / "edits.toml").write_text('[[step]]\nnode = 77\ntactic = "rfl"\n', encoding="utf-8")
    wrong = prove(*words)
    assert wrong.code == 2
    assert "no state 77" in wrong.json["message"]
    for block, says in (
        ('[[step]]\ntactic = "rfl"', "the [[step]] 'rfl' needs either node, the number of a state, or after"),
        ('[[step]]\nnode = 0\nafter = []\ntactic = "rfl"', "needs either node"),
        ('[[step]]\nafter = "rfl"\ntactic = "rfl"', "needs either node"),
        ('[[step]]\nnode = 0\ntactics = "rfl"\ntactic = "rfl"', "'tactics' is unknown"),
        ('[step]\nnode = 0\ntactic = "rfl"', "begins with [[step]]"),
    ):
        (run / "edits.toml").write_text(block, encoding="utf-8")
        wrong = prove(*words)
        assert wrong.code == 2
        assert says in wrong.json["message"]
    (run / "edits.toml").unlink()
    told = prove("explain", str(saved))
    assert told.code == 0
    assert all(line == line.rstrip() for line in told.out.splitlines())


def test_a_continued_search_does_not_repeat_failures(prove: Prove, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    assert prove(*LOG, "--save", str(saved), "--steps", "5", HARD).code == 1
    again = prove("continue", str(saved), *LOG, "--steps", "30", "--save", str(tmp_path / "again"))
    assert again.code == 0, again.err

    def failures(folder: Path) -> set[tuple[str, str]]:
        lines = (folder / "t" / "events.jsonl").read_text("utf-8").splitlines()
        steps = [event for event in map(json.loads, lines) if event["event"] == "step_tried"]
        return {(step["node"], step["action"]) for step in steps if step["status"] == "failed" and step["micros"]}

    assert failures(saved)
    assert not failures(saved) & failures(tmp_path / "again")
    assert prove("continue", str(tmp_path / "nowhere")).code == 2


def test_the_session_in_the_docs_turns_a_failed_search_into_a_proof(
    lean_server: LeanServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from prover import service

    monkeypatch.setattr(service, "open_server", lambda *args, **kwargs: Borrowed(lean_server))
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "interventions.md").read_text("utf-8")
    blocks = re.findall(r"<!-- run: exit (\d+)(.*?) -->\n```console\n\$ (.*?)\n", page)
    assert len(blocks) == 5
    edits = re.search(r"printf '(.*)' > runs/mine/t/edits.toml\n", page)
    assert edits is not None
    for code, has, command in blocks:
        if "continue runs/mine" in command:
            (tmp_path / "mine" / "t" / "edits.toml").write_text(edits[1].replace("\\n", "\n"), encoding="utf-8")
        words = shlex.split(command.replace("runs/", f"{tmp_path}/"))
        seconds = () if words[1] == "explain" else ("--seconds", "300")
        ran = call(*words[1:], *seconds)
        assert ran.code == int(code), ran.err
        for text in has.split("; has: ")[1:]:
            assert text in ran.out


def test_a_language_model_is_masked_and_steered_and_explain_says_so(
    prove: Prove, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import numpy as np

    from prover.model.symbolic_mapper import SymbolicMapper
    from prover.model.transformers_backend import TransformersModel

    sys.path.insert(0, str(ROOT / "tests" / "model"))
    from tiny_models import make

    model = make("llama", tmp_path / "model")
    digest = TransformersModel(model).digest()
    about = {
        "format": 1, "model_sha256": digest, "layers": [1], "symbols": ["Eq"],
        "layer_of": dict.fromkeys(("probe", "align", "value", "after"), 1),
    }  # fmt: skip
    weights = {"probe.weight": np.ones((1, 1, 32), np.float32), "probe.bias": np.zeros((1, 1), np.float32)}
    SymbolicMapper(about, weights).save(tmp_path / "mapper")

    words = (*LOG, "--plugin", "prover_plugins.lrm.plugin", "--seconds", "60")
    assert prove(*words, "--save", "first", "--steps", "4", "--model", str(model), HARD).code == 1
    edits = tmp_path / "first" / "t" / "edits.toml"
    edits.write_text('mask = ["h"]\nmapper = "../../mapper"\n[[steer]]\nsymbol = "Eq"\nscale = -0.5\n', "utf-8")
    alone = ("--weight", "toy=0", "--weight", "memory=0", "--weight", "retriever=0")
    ran = prove("continue", "first", *words, "--steps", "4", "--save", "second", *alone)
    assert "hidden from the model: h\n" in ran.err
    assert "steered: -0.5 × Eq" in ran.err
    assert not [record for record in caplog.records if "'lrm' failed" in record.getMessage()]
    events = (tmp_path / "second" / "t" / "events.jsonl").read_text("utf-8").splitlines()
    tried = [event["proposer"] for event in map(json.loads, events) if event["event"] == "step_tried"]
    assert tried and set(tried) == {"lrm"}
    shown = call("explain", "second", "--against", "first")
    assert shown.code == 0, shown.err
    assert "hidden from the model: h" in shown.out
    assert re.search(r"mask +h +hidden from the model", shown.out)
    assert re.search(r"steer +Eq at the mapper's layer +0 → -0.5", shown.out)
    found = call("explain", "second", "--against", "first", "--json").json
    assert len(found["interventions"]) == 2

    for text, complaint in (
        ('mask = ["h3"]', "no state of the run has a hypothesis 'h3'"),
        ('mapper = "none"\n[[steer]]\nsymbol = "Eq"\nscale = 0.5', "cannot read the mapper"),
        ("[[steer]]\nsymbol = 'Eq'\nscale = 3", "from -1 to 1"),
        ('mapper = "../../mapper"\n[[steer]]\nsymbol = "Ne"\nscale = 0.5', "no probe reads 'Ne'"),
    ):
        edits.write_text(text, encoding="utf-8")
        refused = prove("continue", "first", *words)
        assert refused.code == 2, refused
        assert complaint in refused.err
    edits.write_text('mask = ["h"]', encoding="utf-8")
    assert "this search has none" in prove("continue", "first", *LOG, "--no-model").err


REFUTER = """
from prover.domain import Insight, Refutation
from prover.hookspecs import hookimpl

class Refuter:
    name = "refuter"
    def read(self, problem, state):
        values = tuple(pair.split("=") for pair in problem.metadata.get("claim", "a=2 b=3").split())
        return Insight(refutation=Refutation(tuple(map(tuple, values))))

@hookimpl
def prover_modules():
    return [Refuter()]
"""


@pytest.mark.parametrize(
    ("theorem", "code", "text"),
    [
        ("theorem t (a b : Nat) : a * b = a + b", 1, "false: a = 2, b = 3 (Lean proved the negation)"),
        ("theorem t (a b : Nat) (h : a < b) {c : Int} : c * a = c + b", 1, "not proved"),
        ("theorem t (a b : Nat) : a + b = b + a", 0, "theorem t"),
    ],
)
def test_only_lean_says_that_a_theorem_is_false(
    prove: Prove, tmp_path: Path, theorem: str, code: int, text: str
) -> None:
    (tmp_path / "refuter.py").write_text(REFUTER, encoding="utf-8")
    ran = prove("--plugin", "refuter", "--steps", "12", theorem)
    assert ran.code == code
    assert text in ran.out


def test_a_counterexample_in_json(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "refuter.py").write_text(REFUTER, encoding="utf-8")
    found = prove("--plugin", "refuter", "--json", "theorem t (a b : Nat) (h : a < b) : a * b = a + b").json
    assert found["status"] == "not_proved"
    assert found["reason"] == "refuted"
    assert found["counterexample"] == {"a": "2", "b": "3"}


BAD = """
import time
from prover.domain import Verdict
from prover.hookspecs import hookimpl

class Raiser:
    name = "raiser"
    def propose(self, problem, state):
        raise ValueError("no weights")

class Claimer:
    name = "claimer"
    def propose(self, problem, state):
        return [Verdict(accepted=True, answer="trust me")]

class Sleeper:
    name = "sleeper"
    deadline = 0.2
    def read(self, problem, state):
        time.sleep(60)

class Domain:
    name = "lean"
    def open(self, problem):
        raise RuntimeError("I am not Lean")

@hookimpl
def prover_proposers():
    return [Raiser(), Claimer()]

@hookimpl
def prover_modules():
    return [Sleeper()]

@hookimpl
def prover_domains():
    return [Domain()]
"""


def test_bad_plugins_get_a_line_each_and_fake_nothing(
    prove: Prove, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bad_team.py").write_text(BAD, encoding="utf-8")
    good = prove("--plugin", "bad_team", "theorem t (a b : Nat) : a + b = b + a")
    assert good.code == 0, good.err
    assert "checked by Lean" in good.out
    lines = [record.getMessage() for record in caplog.records]
    for name in ("raiser", "claimer", "sleeper"):
        assert sum(f"'{name}' failed and is left out" in line for line in lines) == 1, lines
    false = prove("--plugin", "bad_team", "--steps", "10", "--json", "theorem t (a b : Nat) : a = b")
    assert false.json["status"] == "not_proved"
