"""The benchmark's format: what LeanDojo writes is read and written again byte for byte."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from prover.errors import BadInput
from prover.traces import benchmark, stream
from prover.traces.benchmark import Benchmark, read_corpus, read_theorems, write_benchmark, write_theorems

THEOREM = {
    "url": "https://github.com/leanprover-community/mathlib4",
    "commit": "29dcec074de168ac2bf835a77ef68bbe069194c5",
    "file_path": "Mathlib/Order/Lattice.lean",
    "full_name": "sup_comm",
    "start": [301, 1],
    "end": [303, 9],
    "traced_tactics": [
        {
            "tactic": "rw [le_antisymm_iff, «foo bar»]",
            "annotated_tactic": [
                "rw [<a>le_antisymm_iff</a>, «foo bar»]",
                [
                    {
                        "full_name": "le_antisymm_iff",
                        "def_path": "Mathlib/Order/Basic.lean",
                        "def_pos": [103, 9],
                        "def_end_pos": [103, 24],
                    }
                ],
            ],
            "state_before": 'α : Type u\na b : α\n⊢ "[{" ++ "\\"" = a ⊔ b',
            "state_after": "no goals",
        }
    ],
}
CORPUS = {
    "path": "Mathlib/Order/Basic.lean",
    "imports": ["Mathlib/Data/Sum/Order.lean"],
    "premises": [
        {
            "full_name": "le_antisymm_iff",
            "code": "theorem le_antisymm_iff : a = b ↔ a ≤ b ∧ b ≤ a :=\n  sorry",
            "start": [103, 1],
            "end": [104, 8],
            "kind": "commanddeclaration",
        }
    ],
}


def folder(root: Path) -> Path:
    """A benchmark exactly as LeanDojo's own script writes it (json.dump)."""
    for strategy in ("random", "novel_premises"):
        (root / strategy).mkdir(parents=True)
        for number, part in enumerate(("train", "val", "test"), 1):
            theorems = [{**THEOREM, "full_name": f"t{k}"} for k in range(number)]
            with (root / strategy / f"{part}.json").open("w") as file:
                json.dump(theorems, file)
    (root / "corpus.jsonl").write_text((json.dumps(CORPUS) + "\n") * 2)
    (root / "metadata.json").write_text(json.dumps({"leandojo_version": "1.1.2", "from_repo": {"url": "u"}}))
    return root


def test_a_folder_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    source = Benchmark(folder(tmp_path / "a"))
    splits = {
        strategy: {part: source.theorems(part, strategy) for part in source.parts(strategy)}
        for strategy in source.strategies
    }
    counts = write_benchmark(tmp_path / "b", splits, source.corpus(), source.metadata())
    assert counts == {name: {"train": 1, "val": 2, "test": 3} for name in ("random", "novel_premises")}
    names = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(tmp_path / "b") for p in (tmp_path / "b").rglob("*") if p.is_file())
    assert len(names) == 8
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_elements_are_found_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps([{**THEOREM, "full_name": f"t{k}"} for k in range(20)], indent=1) + "\n")
    for chunk in (1, 2, 3, 7, 64):
        monkeypatch.setattr(stream, "CHUNK", chunk)
        assert [t.full_name for t in read_theorems(path)] == [f"t{k}" for k in range(20)]


@pytest.mark.parametrize("text", ["[]", " [ \n ] \n"])
def test_an_empty_array_has_no_theorems(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.json").write_text(text)
    assert list(read_theorems(tmp_path / "train.json")) == []


def test_a_large_file_is_read_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 1 << 14)
    path = tmp_path / "train.json"
    tactics = THEOREM["traced_tactics"]
    assert isinstance(tactics, list)
    line = json.dumps({**THEOREM, "traced_tactics": tactics * 20})
    path.write_text("[" + ", ".join([line] * 400) + "]")
    size = path.stat().st_size
    assert size > 2 << 20
    tracemalloc.start()
    count = sum(1 for _ in read_theorems(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 400
    assert peak < size / 8  # bounded by chunk and element, not by the file


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("{}", "does not begin with"),
        ("[{}", "cut off"),
        ('[{"a": "', "cut off"),
        ("[, {}]", "element 1 is empty"),
        ("[}]", "did not open"),
        ("[] x", "after the array's end"),
        ("[1, ]", "theorem 1: Expected `object`, got `int`"),
        (json.dumps([THEOREM, {**THEOREM, "start": [1]}]), r"theorem 2 \(sup_comm\): .*field `start`"),
        (json.dumps([{k: v for k, v in THEOREM.items() if k != "url"}]), "missing required field `url`"),
        (
            json.dumps([{**THEOREM, "traced_tactics": [{"tactic": 3}]}]),
            r"theorem 1 \(sup_comm\): Expected `str`, got `int` in field `traced_tactics\[0\].tactic`",
        ),
    ],
)
def test_malformed_files_are_named_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "val.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=says) as caught:
        list(read_theorems(path))
    assert "val.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_malformed_corpus_and_missing_folders(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(json.dumps(CORPUS) + "\n" + json.dumps({**CORPUS, "premises": [{}]}) + "\n")
    with pytest.raises(BadInput, match=r"line 2: .*full_name.*premises\[0\]"):
        list(read_corpus(path))
    with pytest.raises(BadInput, match="there is no file"):
        list(read_corpus(tmp_path / "none.jsonl"))
    with pytest.raises(BadInput, match="not a LeanDojo benchmark"):
        Benchmark(tmp_path)


def test_an_interrupted_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text("[]")

    def broken() -> object:
        yield next(iter(read_theorems(source)))
        raise KeyboardInterrupt

    source = tmp_path / "source.json"
    source.write_text(json.dumps([THEOREM]))
    with pytest.raises(KeyboardInterrupt):
        write_theorems(path, broken())  # type: ignore[arg-type]
    assert path.read_text() == "[]"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source.json", "train.json"]


def test_any_place_can_be_read(tmp_path: Path) -> None:
    root = folder(tmp_path / "a")
    assert len(list(benchmark.read_any(root))) == 6
    assert len(list(benchmark.read_any(root / "random" / "val.json"))) == 2
    lines = tmp_path / "x.jsonl"
    lines.write_text(json.dumps(THEOREM) + "\n\n" + json.dumps(THEOREM) + "\n")
    assert [t.start for t in benchmark.read_any(lines)] == [(301, 1)] * 2
