"""Traces by our own server: what they hold, and that replaying them in Lean gives every state again."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.traces.benchmark import Benchmark
from prover.traces.splits import split
from prover.traces.store import Store
from prover.traces.theorem import UNKNOWN, Premise, TracedTactic, TracedTheorem
from prover.traces.tracer import FileTrace, lean_files, module_path, trace_text
from prover.traces.verify import replay_file

TEXT = (Path(__file__).parent / "five.lean").read_text("utf-8")


def trace(server: LeanServer, text: str) -> FileTrace:
    return trace_text(server, text, file_path="A/Five.lean", url="https://example.org/five", commit="c0ffee")


def test_a_file_of_five_proofs(lean_server: LeanServer, tmp_path: Path) -> None:
    traced = trace(lean_server, TEXT)
    theorems = {theorem.full_name: theorem for theorem in traced.theorems}
    assert list(theorems) == [f"Five.{name}" for name in ("double_zero", "double_eq", "conj", "even", "swap", "cases")]
    assert theorems["Five.double_zero"].traced_tactics == ()
    double = theorems["Five.double_eq"]
    assert (double.start, double.end) == ((10, 1), (15, 10))
    rewrite = next(step for step in double.traced_tactics if step.tactic == "rw [double, ih]")
    assert rewrite.annotated_tactic == (
        "rw [<a>double</a>, ih]",
        (Premise("Five.double", "A/Five.lean", (4, 5), (4, 11)),),
    )
    assert rewrite.state_before == "case succ\nn : Nat\nih : double n = n + n\n⊢ double (n + 1) = n + 1 + (n + 1)"
    assert rewrite.state_after == "case succ\nn : Nat\nih : double n = n + n\n⊢ n + n + 2 = n + 1 + (n + 1)"
    (last,) = [step for step in theorems["Five.swap"].traced_tactics if step.tactic.startswith("simp")]
    path = ".lake/packages/lean4/src/lean/Init/Data/Nat/Basic.lean"
    assert last.premises == (Premise("Nat.add_comm", path, UNKNOWN, UNKNOWN),)
    assert all(step.tactic not in ("]", ";", "by", "·") for t in traced.theorems for step in t.traced_tactics)
    code = {premise.full_name: premise.code for premise in traced.corpus.premises}
    assert code["Five.double_eq"] == "theorem double_eq (n : Nat) : double n = n + n"
    assert code["Five.double"].endswith("| n + 1 => double n + 2")
    assert traced.corpus.imports == (module_path("Init"),)

    # Show 1: every state_after comes out again, and what is written is read by anybody's reader.
    tactics = 0
    for replayed in replay_file(lean_server, TEXT, traced):
        assert [str(mismatch) for mismatch in replayed.mismatches] == []
        tactics += replayed.tactics
    assert tactics == sum(len(theorem.traced_tactics) for theorem in traced.theorems) >= 20
    store = Store(tmp_path)
    store.put(TEXT, traced)
    store.assemble(["A/Five.lean"], url="u", commit="c", seed=1, val=0.2, test=0.2, lean="4")
    benchmark = Benchmark(tmp_path)
    read = [t for part in benchmark.parts() for t in benchmark.theorems(part)]
    assert sorted(t.full_name for t in read) == sorted(theorems)
    assert all(theorems[t.full_name] == t for t in read)
    for part in ("train", "val", "test"):
        for record in json.loads((tmp_path / "novel_premises" / f"{part}.json").read_text()):
            assert list(record) == ["url", "commit", "file_path", "full_name", "start", "end", "traced_tactics"]


def test_a_false_trace_is_found_out(lean_server: LeanServer) -> None:
    text = "theorem t (a b : Nat) (h : a = b) : b = a := by\n  symm\n  exact h\n"
    traced = trace(lean_server, text)
    (theorem,) = traced.theorems
    first, second = theorem.traced_tactics

    def with_steps(*steps: TracedTactic) -> FileTrace:
        changed = msgspec.structs.replace(theorem, traced_tactics=steps)
        return msgspec.structs.replace(traced, theorems=(changed,))

    def problems(changed: FileTrace) -> list[str]:
        return [m.problem for replayed in replay_file(lean_server, text, changed) for m in replayed.mismatches]

    assert problems(traced) == []
    after = msgspec.structs.replace(first, state_after="⊢ True")
    assert [p.splitlines()[0] for p in problems(with_steps(after, second))] == ["after it Lean has"]
    before = msgspec.structs.replace(second, state_before="⊢ True")
    assert [p.splitlines()[0] for p in problems(with_steps(first, before))] == ["before it Lean has"]
    unfinished = msgspec.structs.replace(first, state_after="no goals")
    assert len(problems(with_steps(unfinished, second))) == 1
    with pytest.raises(BadInput, match="not the text that was traced"):
        list(replay_file(lean_server, text + "\n", traced))


def test_what_has_errors_or_sorries_is_left_out(lean_server: LeanServer) -> None:
    text = (
        "theorem good : 1 = 1 := by\n  rfl\n"
        "theorem bad : 1 = 2 := by\n  rfl\n"
        "theorem open_end : 1 = 2 := by\n  sorry\n"
        "mutual\ntheorem left (n : Nat) : n = n := by\n  rfl\ntheorem right (n : Nat) : n = n := by\n  rfl\nend\n"
    )
    traced = trace(lean_server, text)
    assert [theorem.full_name for theorem in traced.theorems] == ["good", "left", "right"]
    reasons = dict(traced.skipped)
    assert reasons["bad"].startswith("line 4:") and reasons["open_end"] == "it contains sorry"
    assert all(not replayed.mismatches for replayed in replay_file(lean_server, text, traced))
    cut_short = trace(lean_server, "theorem good : 1 = 1 := rfl\n\nend Nowhere\n")
    assert [theorem.full_name for theorem in cut_short.theorems] == ["good"]
    assert [name for name, _ in cut_short.skipped] == ["what stands at line 3"]
    with pytest.raises(BadInput):
        trace(lean_server, "import No.Such.Module\ntheorem t : 1 = 1 := rfl\n")


def test_files_are_found_and_named(tmp_path: Path) -> None:
    for name in ("A/x.lean", "A/B/y.lean", ".lake/z.lean", "n.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("-- nothing")
    root, files = lean_files([tmp_path])
    assert [file.relative_to(root).as_posix() for file in files] == ["A/B/y.lean", "A/x.lean"]
    root, files = lean_files([tmp_path / "A" / "x.lean", tmp_path / "A" / "B"])
    assert sorted(file.relative_to(root).as_posix() for file in files) == ["B/y.lean", "x.lean"]
    for path, says in (("none.lean", "there is no file"), ("n.txt", "no Lean file"), (".lake/..", "")):
        if says:
            with pytest.raises(BadInput, match=says):
                lean_files([tmp_path / path])


def _theorem(name: str, *premises: str) -> TracedTheorem:
    used = tuple(Premise(premise, "P.lean", (1, 1), (1, 2)) for premise in premises)
    return TracedTheorem("u", "c", "A.lean", name, (1, 1), (2, 1), (TracedTactic("t", ("t", used), "a", "b"),))


def test_splits_are_reproducible_and_novel_premises_are_novel() -> None:
    theorems = [_theorem(f"t{k}", f"p{k % 17}", f"q{k % 5}", "common") for k in range(60)]
    splits = split(theorems, seed=3, val=0.1, test=0.2)
    assert splits == split(theorems[::-1], seed=3, val=0.1, test=0.2)
    assert splits != split(theorems, seed=4, val=0.1, test=0.2)
    for parts in splits.values():
        names = [t.full_name for part in parts.values() for t in part]
        assert sorted(names) == sorted(t.full_name for t in theorems)
    assert [len(splits["random"][part]) for part in ("train", "val", "test")] == [42, 6, 12]

    def used(part: list[TracedTheorem]) -> set[str]:
        return {premise.full_name for t in part for step in t.traced_tactics for premise in step.premises}

    novel = splits["novel_premises"]
    known = used(novel["train"])
    assert novel["val"] and novel["test"]
    for theorem in (*novel["val"], *novel["test"]):
        assert used([theorem]) - known, theorem.full_name
    with pytest.raises(BadInput, match="fractions"):
        split(theorems, seed=0, val=0.6, test=0.5)
