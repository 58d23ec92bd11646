"""`prove FILE`: sorries filled in the order of the file, written back, audited as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.cli import files
from prover.problem import Budget
from prover.session import Options, Session
from tests.cli.conftest import Prove
from tests.cli.test_prove import ADD, FILE, KEYS


def test_a_file_is_filled_and_accepted(prove: Prove, tmp_path: Path) -> None:
    path = tmp_path / "F.lean"
    path.write_text(FILE)
    ran = prove("F.lean")
    assert ran.code == 0, ran
    assert path.read_text() == FILE
    assert ran.out.startswith("--- a/F.lean\n+++ b/F.lean\n")
    assert ran.out.count("\n-") == 3

    ran = prove("F.lean", "--write")
    assert ran.code == 0, ran
    assert "3 of 3 proofs written" in ran.err
    text = path.read_text()
    assert "-- a comment with sorry in it" in text
    assert text.count("sorry") == 1
    assert prove("check", "F.lean").code == 0
    (tmp_path / "original.lean").write_text(FILE)
    assert prove("check", "F.lean", "--against", "original.lean").code == 0

    again = prove("F.lean", "--write")
    assert again.code == 0
    assert "has no sorry; its 3 theorems are proved" in again.out


def test_json_of_a_file(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "F.lean").write_text(FILE + "\ntheorem four (a b : Nat) : a = b := sorry\n")
    ran = prove("F.lean", "--json")
    assert ran.code == 1
    value = ran.json
    assert value["status"] == "not_proved"
    assert [r["name"] for r in value["results"]] == ["one", "two", "three", "four"]
    assert [r["status"] for r in value["results"]] == ["proved"] * 3 + ["not_proved"]
    assert all(set(r) == KEYS for r in value["results"])
    assert (value["results"][0]["line"], value["results"][0]["column"]) == (5, 2)
    assert (value["sorries"], value["written"]) == (4, False)
    assert value["diff"].count("\n+") == 4


def test_one_name_of_a_file(prove: Prove, tmp_path: Path) -> None:
    path = tmp_path / "F.lean"
    path.write_text(FILE)
    assert prove("F.lean", "--name", "two", "--write").code == 0
    assert path.read_text() == FILE.replace(":= sorry", ":= by omega")
    ran = prove("F.lean", "--name", "nobody")
    assert ran.code == 2
    assert "sorries are in: one, three" in ran.err


def test_a_theorem_with_a_sorry_left_is_not_called_proved(prove: Prove, tmp_path: Path) -> None:
    path = tmp_path / "F.lean"
    path.write_text("theorem t (a b : Nat) : a + b = b + a ∧ a = b := by\n  constructor\n  · sorry\n  · sorry\n")
    value = prove("F.lean", "--json", "--write").json
    assert [r["status"] for r in value["results"]] == ["not_proved", "not_proved"]
    assert value["results"][0]["reason"] == "partial"
    assert value["written"] is True
    assert path.read_text().count("sorry") == 1


def test_a_file_with_errors(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "F.lean").write_text("theorem a : 1 = 1 := rfl\ntheorem t : 1 = := sorry\n")
    ran = prove("F.lean")
    assert ran.code == 2
    assert "line 2, column" in ran.err
    assert "F.lean: " in ran.err
    assert "F.lean:2" not in ran.err
    (tmp_path / "G.lean").write_text("import No.Such\ntheorem t : 1 = 1 := sorry\n")
    ran = prove("G.lean")
    assert ran.code == 2
    assert "unknown import: unknown module prefix 'No'" in ran.err


def test_a_file_that_changed_meanwhile_is_left_alone(
    prove: Prove, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "F.lean"
    path.write_text(FILE)
    real = files.finish_file

    def edited_meanwhile(*args: object) -> object:
        path.write_text("-- mine\n" + FILE)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "finish_file", edited_meanwhile)
    ran = prove("F.lean", "--write")
    assert ran.code == 2
    assert "was changed while" in ran.err
    assert path.read_text() == "-- mine\n" + FILE


def test_a_link_stays_a_link(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "real.lean").write_text(FILE)
    (tmp_path / "F.lean").symlink_to("real.lean")
    assert prove("F.lean", "--write").code == 0
    assert (tmp_path / "F.lean").is_symlink()
    assert (tmp_path / "real.lean").read_text() != FILE


def test_options_that_do_not_fit(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "F.lean").write_text(FILE)
    assert prove("F.lean", "--header", "def f := 1").code == 2
    assert prove(ADD, "--write").code == 2
    assert prove("-", "--write", stdin=FILE).code == 2
    assert prove("--weight", "toy", ADD).code == 2
    assert prove("--weight", "toy=-1", ADD).code == 2


BUILT_UP = """\
def Even (n : Nat) : Prop := n % 2 = 0 ∨ n % 2 = 1

@[simp] theorem one (n : Nat) : Even n := by
  sorry

theorem two (n : Nat) : Even n ∧ Even (n + 1) := by
  sorry
"""
"""``two`` follows from ``one``, which only UNFOLD proves."""
UNFOLD = "--plugin", "tests.cli.toy_unfold"


@pytest.mark.parametrize("name", [(), ("--name", "two")])
def test_an_earlier_sorry_that_stays_is_named(prove: Prove, tmp_path: Path, name: tuple[str, ...]) -> None:
    (tmp_path / "F.lean").write_text(BUILT_UP)
    ran = prove("F.lean", "--explain", *name)
    assert ran.code == 1
    assert ran.out == ""
    assert "rejected by the check (it depends on the sorry of `one`)" in ran.err
    assert "no goals, but the check rejects it: it depends on the sorry of `one`" in " ".join(ran.err.split())


def test_a_later_theorem_may_use_one_that_was_just_proved(prove: Prove, tmp_path: Path) -> None:
    (tmp_path / "F.lean").write_text(BUILT_UP)
    ran = prove("F.lean", *UNFOLD, "--write")
    assert ran.code == 0, ran
    assert "two: proved in" in ran.err
    assert prove("check", "F.lean").code == 0


def test_sorries_worked_on_at_once_are_asked_again_with_the_proofs_found(prove: Prove, tmp_path: Path) -> None:
    path = tmp_path / "F.lean"
    path.write_text(BUILT_UP)
    options = Options(plugins=("tests.cli.toy_plugin", "tests.cli.toy_unfold"))
    with Session(options) as session:
        questions = files.open_file(session, path)
        reports, interrupted = files._work_at_once(options, path, questions, Budget(), files.LiveLine(enabled=False))
        assert [report.status for report in reports] == ["proved", "proved"]
        assert not interrupted
        text, reports = files.finish_file(session, list(zip(questions, reports, strict=True)))
    assert [report.status for report in reports] == ["proved", "proved"]
    assert "sorry" not in text


def test_one_sorry_run_on_several_goals_is_one_question(prove: Prove, tmp_path: Path) -> None:
    path = tmp_path / "F.lean"
    path.write_text("theorem t (a b : Nat) : a + b = b + a ∧ a = a + 0 := by\n  constructor <;> sorry\n")
    ran = prove("F.lean", "--write")
    assert ran.code == 0, ran
    assert "1 of 1 proofs written" in ran.err
    assert path.read_text().endswith("constructor <;> omega\n")


def test_the_shipped_checks_let_one_of_two_sorries_be_filled(prove: Prove, tmp_path: Path) -> None:
    path = tmp_path / "F.lean"
    path.write_text("theorem t (a b : Nat) : a + b = b + a ∧ a = a + 0 := ⟨sorry, sorry⟩\n")
    ran = prove("F.lean", "--plugin", "prover_plugins.consistency.plugin", "--write")
    assert ran.code == 0, ran
    assert "sorry" not in path.read_text()
