"""Reading saved searches, the layout, the page's data, and what the commands say."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import synthetic
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from prover.cli.main import cli
from prover.errors import BadInput
from prover.report.figures import time_line, work_by_proposer
from prover.report.layout import place
from prover.report.looks import Look, looks_of
from prover.report.page import content, page, read_probes
from prover.runs import EVENTS, Run, open_run, to_json
from prover.saved_search import Ending, SavedSearch, read_search
from prover.search.events import InsightFound
from prover.traces.searches import CLOSED, attempt_of, attempt_of_run


def test_the_graph_is_the_search_s_own(small: Run, small_search: SavedSearch) -> None:
    search = small_search
    search.graph.check_invariants()
    assert len(search.graph) == small.result["states"]
    assert len(search.steps) == small.result["steps"]
    assert [edge.candidate.action for edge in search.proof] == small.result["proof"].split("\n  ")[1:]
    assert search.proof[-1].child is not None
    looks = looks_of(search)
    assert looks[0] is looks[search.proof[-1].child.id] is Look.PROOF
    assert looks.count(Look.PROOF) == len(search.proof) + 1
    assert Look.REJECTED in looks and Look.REFUTED in looks and Look.WAITING in looks
    assert {step.ending for step in search.steps} >= {Ending.NEW, Ending.FAILED, Ending.CLOSED}
    assert [check.accepted for check in search.checks] == [False, True]


def test_facts_that_are_looked_up_on_demand_are_not_asked_for(tmp_path: Path) -> None:
    class Lazy(Sequence[str]):
        def __len__(self) -> int:
            raise AssertionError("saving a search looked facts up")

        def __getitem__(self, index: object) -> str:  # type: ignore[override]
            raise AssertionError("saving a search looked facts up")

    saved = to_json(InsightFound(3, "premises", Lazy(), {"found": 2.0}, None))  # type: ignore[arg-type]
    assert json.loads(json.dumps(saved))["features"] == {"found": 2.0}


def test_a_killed_search_can_be_read(small: Run, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    about = json.loads((small.folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**about, "result": {}}), encoding="utf-8")
    lines = (small.folder / EVENTS).read_text("utf-8").splitlines(keepends=True)
    for cut in (1, 2, 20, len(lines) // 2):
        # The last line is half written, as when the process was killed.
        (folder / EVENTS).write_text("".join(lines[:cut]) + lines[cut][:-3], encoding="utf-8")
        search = read_search(open_run(folder))
        search.graph.check_invariants()
        assert "unfinished" in page(search)
    (folder / EVENTS).write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="where it started"):
        read_search(open_run(folder))
    (folder / EVENTS).write_text("{}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be read"):
        read_search(open_run(folder))


@given(st.integers(0, 10_000), st.integers(1, 120))
def test_no_two_states_stand_in_one_place(seed: int, count: int) -> None:
    draw = random.Random(seed)
    children: dict[int, list[int]] = {}
    for node in range(1, count):
        parent = draw.randrange(max(0, node - 30), node)
        children.setdefault(parent, []).append(node)
    places = place(children)
    assert len(places) == count
    spots = sorted(places.values())
    assert len({(round(x, 6), round(y, 6)) for x, y in spots}) == count
    for parent, below in children.items():
        assert places[below[0]] == (places[parent][0] // 1 + 1, places[parent][1])
        assert all(places[parent][0] < places[child][0] < places[parent][0] // 1 + 2 for child in below)


def test_a_chain_of_thousands_is_placed() -> None:
    assert place({n: [n + 1] for n in range(20_000)})[20_000] == (20_000.0, 0.0)


def test_the_data_of_the_page(small_search: SavedSearch) -> None:
    data = content(small_search, {})
    graph = small_search.graph
    assert [data["strings"][t] for t in data["nodes"]["text"]] == [
        "no goals" if node.finished else node.state.text for node in graph.nodes
    ]
    for node, parent in enumerate(data["nodes"]["parent"]):
        assert (parent == -1) == (node == 0)
    assert [data["strings"][data["steps"]["action"][s]] for s in data["proof"]] == [
        edge.candidate.action for edge in small_search.proof
    ]
    assert sum(map(sum, data["timeline"]["bins"])) == len(small_search.steps)
    text = page(small_search)
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == json.loads(json.dumps(data))
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import|https?://(?!www\.w3\.org/2000/svg)', text)


def test_counts_add_up(small_search: SavedSearch) -> None:
    works = work_by_proposer(small_search)
    assert sum(work.tried for work in works) == len(small_search.steps)
    assert sum(work.on_proof for work in works) == len(small_search.proof)
    assert {"lrm", "automation", "idle"} <= {work.name for work in works}
    line = time_line(small_search, most=7)
    assert len(line.bins) == 7
    assert sum(map(sum, line.bins)) == len(small_search.steps)


def test_probes_by_number_and_by_key(small_search: SavedSearch, tmp_path: Path) -> None:
    key = small_search.graph.nodes[3].state.key
    file = tmp_path / "probes.json"
    file.write_text(json.dumps({"0": {"target": {"Nat": 0.5}}, key: {"h": {"LT.lt": 1}}, "gone": {}}), encoding="utf-8")
    shown = content(small_search, read_probes(tmp_path))["probes"]
    assert shown == {"0": {"target": {"Nat": 0.5}}, "3": {"h": {"LT.lt": 1.0}}}
    for wrong in ('{"0": {"target": {"Nat": 2}}}', "[]", "{", '{"0": 1}'):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(BadInput, match="holds no probes"):
            read_probes(file)


def prove(*words: str) -> tuple[int, str]:
    ran = CliRunner().invoke(cli, list(words), catch_exceptions=False, prog_name="prove")
    return ran.exit_code, ran.output


def test_the_report_command(small: Run, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    code, text = prove("report", str(small.folder), "-o", str(out), "--json")
    assert code == 0
    assert json.loads(text)["states"] == small.result["states"]
    assert out.read_text("utf-8").startswith("<!doctype html>")
    for words, complaint in (
        ((str(tmp_path),), "is no saved search"),
        ((str(small.folder), "-o", str(tmp_path / "none" / "p.html")), "cannot be written"),
        ((str(small.folder), "--probes", str(tmp_path / "none")), "holds no probes"),
    ):
        code, text = prove("report", *words)
        assert (code, complaint in text) == (2, True), text


def test_explain_tells_the_search(small: Run, small_search: SavedSearch) -> None:
    code, text = prove("explain", str(small.folder))
    assert code == 0
    assert text.startswith(small.problem.statement[:60])
    for part in ("Where the checker's time went", "What failed most", "simp made no progress", "The proof", "no goals"):
        assert part in text
    code, text = prove("explain", str(small.folder), "--json")
    told = json.loads(text)
    assert told["proof"] == [edge.candidate.action for edge in small_search.proof]
    assert sum(told["endings"].values()) == told["steps"] == len(small_search.steps)
    assert told["against"] is None


def test_explain_says_what_changed(small: Run, tmp_path: Path) -> None:
    later = synthetic.save(tmp_path / "later", 60, weights={"lrm": 0.25})
    (small.folder / "edits.toml").write_text('[[step]]\nnode = 0\ntactic = "omega"\n', encoding="utf-8")
    try:
        code, text = prove("explain", str(later.folder), "--against", str(small.folder), "--json")
    finally:
        (small.folder / "edits.toml").unlink()
    assert code == 0
    against = json.loads(text)["against"]
    assert {"kind": "weight", "name": "lrm", "before": "1", "after": "0.25"} in against["changes"]
    assert {"kind": "edit", "name": "state 0", "before": "", "after": "omega"} in against["changes"]
    assert against["parting"]["before"] != against["parting"]["after"]
    code, text = prove("explain", str(later.folder), "--against", str(small.folder))
    assert "1 → 0.25" in text and "They part at step" in text
    code, text = prove("explain", str(small.folder), "--against", str(small.folder))
    assert "nothing that was asked" in text and "Every step is the same" in text


def test_a_saved_search_is_the_same_data_as_the_search_itself(tmp_path: Path) -> None:
    problem, outcome = synthetic.searched(tmp_path / "run", 60, seed=3)
    live = attempt_of(problem, outcome, 0.0)
    assert live.actions and any(step.child == CLOSED for step in live.tried)
    assert live == msgspec.structs.replace(attempt_of_run(tmp_path / "run"), seconds=0.0)
    for state in live.states:
        assert state.distance is None or state.distance > 0
    on_proof = [step for step in live.tried if live.on_proof(step)]
    assert {step.action for step in on_proof} >= set(live.actions)
