"""`prove` on real Lean: statuses, exit codes, the shape of the JSON, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Prove

KEYS = {
    "status", "name", "proof", "statement", "axioms", "checked_by", "steps", "states", "seconds",
    "lean", "reason", "message", "line", "column", "counterexample",
}  # fmt: skip
ADD = "theorem t (a b : Nat) : a + b = b + a"
WRONG = "theorem f (a b : Nat) : a = b"
FILE = """\
def double (n : Nat) : Nat := n + n

-- a comment with sorry in it
theorem one (n : Nat) : double n = n + n := by
  sorry

theorem two (a b : Nat) : a + b = b + a := sorry

theorem three (p q : Prop) (h : p) : q → p := by
  sorry
"""


def test_proved_prints_lean_source(prove: Prove) -> None:
    ran = prove(ADD)
    assert ran.code == 0
    assert ran.out.startswith(f"{ADD} := by\n  omega\n")
    assert "-- proved in" in ran.out
    assert "axioms: none" in ran.out


def test_what_is_printed_is_accepted_by_check(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "T.lean").write_text(prove(ADD).out)
    ran = prove("check", "T.lean")
    assert ran.code == 0, ran.out
    assert "1 of 1 theorem proved" in ran.out


def test_json_of_a_proof(prove: Prove) -> None:
    ran = prove(ADD, "--json")
    assert ran.code == 0
    value = ran.json
    assert set(value) == KEYS
    assert value["status"] == "proved"
    assert value["name"] == "t"
    assert value["proof"] == "by\n  omega"
    assert value["statement"] == ADD
    assert value["axioms"] == []
    assert value["checked_by"].startswith("Lean 4.")
    assert set(value["lean"]) == {"version", "kind"}
    assert value["steps"] >= 1


def test_not_proved(prove: Prove) -> None:
    ran = prove(WRONG)
    assert ran.code == 1
    assert "not proved: everything that the proposers suggest was tried" in ran.out
    assert "⊢ a = b" in ran.out
    assert "You can try" in ran.out
    assert "--lemma" in ran.out
    value = prove(WRONG, "--json").json
    assert set(value) == KEYS
    assert (value["status"], value["reason"], value["proof"]) == ("not_proved", "exhausted", None)


def test_limits_are_named(prove: Prove) -> None:
    ran = prove(WRONG, "--steps", "2", "--json")
    assert ran.code == 1
    assert ran.json["reason"] == "steps"
    assert ran.json["steps"] == 2
    assert ran.json["message"] == "the limit of 2 steps is reached"


@pytest.mark.parametrize("suffix", [" := sorry", " := by sorry", " :=", " := by"])
def test_a_placeholder_is_taken_off(prove: Prove, suffix: str) -> None:
    assert prove(ADD + suffix).code == 0


def test_explain_draws_the_search(prove: Prove) -> None:
    ran = prove("theorem t (p q : Prop) (h : p) : q → p", "--explain")
    assert ran.code == 0
    assert "✗" in ran.err
    assert "✓" in ran.err
    assert "no goals" in ran.err
    assert "✗" not in ran.out


def test_quiet_prints_the_proof_only(prove: Prove) -> None:
    ran = prove(ADD, "--quiet")
    assert ran.out == f"{ADD} := by\n  omega\n"


def test_header_and_its_file(prove: Prove, tmp_path: Path) -> None:
    header = "def two : Nat := 2"
    assert prove("--header", header, "theorem t : two = 2").code == 0
    (tmp_path / "h.lean").write_text(header)
    assert prove("--header", "@h.lean", "theorem t : two = 2").code == 0


def test_imports(prove: Prove) -> None:
    assert prove("--imports", "Init.Data.Nat, Init.Omega", ADD).code == 0


def test_standard_input(prove: Prove) -> None:
    assert prove("-", stdin=ADD).code == 0
    assert prove(stdin=ADD).code == 0
    ran = prove("-", stdin=f"def one := 1\n{ADD} := sorry\n")
    assert ran.code == 0
    assert "+theorem t (a b : Nat) : a + b = b + a := by omega" in ran.out


@pytest.mark.parametrize(
    ("words", "says", "line", "column"),
    [
        (["theorem g : foo"], "Unknown identifier `foo`", 1, 12),
        (["theorem g : ("], "expected", 1, 13),
        (["theorem g :\n  1 = (2"], "expected", 2, None),
        (["theorem g (n : Nat) : n = \"a\""], "", 1, None),
        (["theorem Nat.add_comm (a b : Nat) : a + b = b + a"], "already declared", 1, 8),
        (["--imports", "Foo.Bar", ADD], "unknown import: unknown module prefix 'Foo'", None, None),
        (["--header", "def f : Nat := \"a\"", ADD], "in the header: ", 1, 15),
        (["--header", "theorem t : 1 = 1 := rfl", ADD], "already declared", 1, None),
    ],
)  # fmt: skip
def test_lean_says_what_is_wrong(
    prove: Prove, words: list[str], says: str, line: int | None, column: int | None
) -> None:
    ran = prove(*words)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert says in ran.err
    value = prove(*words, "--json").json
    assert set(value) == KEYS
    assert value["status"] == "invalid"
    assert says in value["message"]
    assert value["line"] == line
    if column is not None or line is None:
        assert value["column"] == column


def test_a_plugin_that_does_not_exist(prove: Prove, tmp_path: Path) -> None:
    ran = prove("--plugin", "no_such_module", ADD)
    assert ran.code == 2
    assert ran.err == "error: --plugin no_such_module: ModuleNotFoundError: No module named 'no_such_module'\n"
    (tmp_path / "exc.py").write_text(
        "from prover.hookspecs import hookimpl\nclass Exc: pass\n@hookimpl\ndef prover_modules(): return Exc()\n"
    )
    ran = prove("--plugin", "exc", ADD)
    assert ran.code == 2
    assert ran.err == (
        "error: --plugin exc: prover_modules returned an object of type Exc; "
        "it must return a list of objects that have a name (a text) and read\n"
    )


def test_a_weight_for_nobody(prove: Prove) -> None:
    ran = prove("--weight", "tyo=2", ADD)
    assert ran.code == 2
    assert "of that name; there are toy" in ran.err
    assert prove("--weight", "toy=2", ADD).code == 0


# ---------------------------------------------------------------------------------------- check


def test_check_rejects_with_reasons(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "F.lean").write_text(FILE)
    ran = prove("check", "F.lean")
    assert ran.code == 1
    assert "sorry: the proof depends on sorry" in ran.out
    assert "0 of 3 theorems proved" in ran.out
    value = prove("check", "F.lean", "--json").json
    assert value["status"] == "rejected"
    assert [t["accepted"] for t in value["theorems"]] == [False] * 3
    assert value["theorems"][0]["findings"][0]["code"] == "sorry"
    one = prove("check", "F.lean", "--theorem", "one", "--json").json
    assert [t["name"] for t in one["theorems"]] == ["one"]


def test_check_against_the_original(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "original.lean").write_text(f"{ADD} := sorry\ntheorem u : 1 = 1 := sorry\n")
    (tmp_path / "other.lean").write_text("theorem t : 1 = 1 := rfl\ntheorem u : 1 = 1 := rfl\n")
    (tmp_path / "less.lean").write_text(f"{ADD} := by omega\n")
    assert prove("check", "other.lean").code == 0
    ran = prove("check", "other.lean", "--against", "original.lean")
    assert ran.code == 1
    assert "t" in ran.out
    ran = prove("check", "less.lean", "--against", "original.lean")
    assert ran.code == 1
    assert "missing: " in ran.out
    assert "1 of 2 theorems proved" in ran.out


def test_check_of_nonsense(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "broken.lean").write_text("theorem t : 1 = := rfl\n")
    ran = prove("check", "broken.lean")
    assert ran.code in (1, 2)
    assert ran.out.count("unexpected token ':='") == 1
    assert "broken.lean:1:" in ran.out
    (tmp_path / "unknown.lean").write_text("theorem t (n : Nat) : foo n = n := by\n  simp\n")
    ran = prove("check", "unknown.lean")
    assert ran.code == 1
    assert ran.out.count("Function expected at") == 1
    assert "foo is not declared" in ran.out
    assert "sorryAx" not in ran.out
    (tmp_path / "none.lean").write_text("def f := 1\n")
    assert prove("check", "none.lean").code == 2


# ---------------------------------------------------------------------------------------- bench


def test_bench_runs_a_set(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(
        '{"name": "good", "statement": "theorem good (a b : Nat) : a + b = b + a"}\n'
        '{"name": "bad", "statement": "theorem bad (a b : Nat) : a = b"}\n'
        '{"name": "broken", "statement": "theorem broken : ("}\n'
    )
    ran = prove("bench", "s.jsonl", "--seconds", "20", "--out", "out")
    assert ran.code == 0, ran
    assert "solved 1 of 3 (proved 1, not_proved 1, invalid 1, infrastructure 0)" in ran.out
    assert "toy in 1" in ran.out
    assert (tmp_path / "out" / "results.jsonl").read_text().count("\n") == 3
    ran = prove("bench", "s.jsonl", "--seconds", "20", "--out", "out", "--resume", "--json")
    assert ran.code == 0
    assert ran.json["solved"] == 1
    assert ran.json["of"] == 3
    assert prove("bench", "s.jsonl", "--seconds", "20", "--out", "out").code == 2


def test_bench_with_several_jobs(prove: Prove, tmp_path: Path) -> None:
    """Through the same single Lean, so only one at a time is really asked of it here."""
    (tmp_path / "s.jsonl").write_text('{"name": "a", "statement": "theorem a : 1 = 1"}\n')
    ran = prove("bench", "s.jsonl", "--jobs", "4", "--json", "--out", "o")
    assert ran.json["solved"] == 1


def test_the_examples_are_what_the_readme_says(prove: Prove) -> None:
    examples = ROOT / "data" / "examples"
    assert (examples / "three_sorries.lean").read_text().count("  sorry\n") == 2
    ran = prove("check", str(examples / "three_sorries.lean"))
    assert ran.code == 1
    assert "0 of 3 theorems proved" in ran.out
