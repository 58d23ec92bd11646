"""Input that never reaches Lean: one clear line, exit code 2, and one JSON object where asked."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.cli import files
from prover.cli.inputs import read_header, read_imports, read_target
from prover.cli.live import LiveLine, target
from prover.cli.main import OPTIONAL
from prover.cli.output import console
from prover.errors import BadInput
from prover.reports import ProofReport
from tests.cli.conftest import ROOT, call

NO_LEAN_NEEDED = [
    ([""], "empty"),
    (["nofile.lean"], "there is no file nofile.lean"),
    (["folder.lean"], "is a folder"),
    (["folder"], "folder is a folder; name a Lean file in it"),
    (["comment.lean"], "there is no theorem in comment.lean: it holds nothing but comments and imports"),
    (["check", "comment.lean"], "there is no theorem in comment.lean"),
    (["x" * 5000], "not a theorem"),
    (["empty.lean"], "empty.lean is empty"),
    (["blank.lean"], "blank.lean is empty"),
    (["binary.lean"], "is not a text file"),
    (["zero.lean"], "is not a text file"),
    (["some/where"], "there is no file some/where"),
    (["def f : Nat := 1"], "not a theorem"),
    (["theorem a : 1 = 1 theorem b : 1 = 1"], "2 declarations"),
    (["theorem a : 1 = 1 := by decide"], "already has a proof"),
    (["hello"], "not a theorem"),
    (["--header", "@nofile.lean", "theorem t : 1 = 1"], "there is no file nofile.lean"),
    (["--imports", "a..b", "theorem t : 1 = 1"], "not a module name"),
    (["check", "nofile.lean"], "there is no file"),
    (["check", "empty.lean"], "is empty"),
    (["bench", "nofile.jsonl"], "cannot read the problem set"),
    (["bench", "blank.lean"], "holds no problem"),
    (["bench", "bad.jsonl"], "bad.jsonl: line 1 has no 'name'"),
    (["encode", "folder", "--model", "/nope", "-o", "e"], "--model /nope: there is no such folder"),
    (["train", "gather", "good.jsonl", "-o", "blank.lean/g"], "blank.lean"),
    (["--set", "diversty=1", "theorem t : 1 = 1"], "no setting 'diversty'"),
    (["--set", "alpha=-1", "theorem t : 1 = 1"], "alpha must be finite and >= 0"),
    (["bench", "speed", "--skip", "nothing"], "the parts are"),
    (["--hint", "", "theorem t : 1 = 1"], "--hint is empty: name a tactic or a lemma"),
    (["--avoid", " ", "theorem t : 1 = 1"], "--avoid is empty: name a tactic"),
    (["--save", "blank.lean/runs", "theorem t : 1 = 1"], "--save blank.lean/runs: nothing can be written there"),
    (["--model", "/nope", "theorem t : 1 = 1"], "--model /nope: there is no such folder"),
    (["--model", "folder.lean", "theorem t : 1 = 1"], "holds no model"),
    (["--mapper", "/nope", "theorem t : 1 = 1"], "--mapper /nope: there is no such folder"),
    (["--mapper", "folder.lean", "theorem t : 1 = 1"], "name the one it was fitted to with --model"),
    (["--mapper", "folder.lean", "--model", "http://x/v1", "theorem t : True"], "cannot read the mapper in folder"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.lean").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "good.jsonl").write_text('{"name": "t", "statement": "theorem t : 1 = 1"}\n')
    (tmp_path / "empty.lean").touch()
    (tmp_path / "comment.lean").write_text("module\npublic import Init\n/- theorem t : True -/\n-- and more\n")
    (tmp_path / "blank.lean").write_text(" \n\n")
    (tmp_path / "binary.lean").write_bytes(b"\x7fELF\xff\xfe")
    (tmp_path / "zero.lean").write_bytes(b"theorem\x00")

    def no_session(self: object, options: object = None) -> None:
        raise AssertionError("this must be found out without Lean")

    monkeypatch.setattr("prover.session.Session.__init__", no_session)
    monkeypatch.setattr("prover.lean.toolchain.find_lean", lambda *a, **k: None)


@pytest.mark.parametrize(("words", "says"), NO_LEAN_NEEDED)
def test_one_line_and_exit_code_2(words: list[str], says: str) -> None:
    ran = call(*words)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert says in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert ran.err.count("line 1") <= 1


@pytest.mark.parametrize(("words", "says"), NO_LEAN_NEEDED)
def test_one_json_object(words: list[str], says: str) -> None:
    ran = call(*words, "--json")
    assert ran.code == 2
    value = ran.json
    assert value["status"] == "invalid"
    assert says in value["message"]


def test_standard_input_without_a_theorem() -> None:
    assert call("-", stdin="").code == 2
    assert call("-", stdin=b"\xff\xfe\x00").code == 2


def test_usage_errors_have_exit_code_2() -> None:
    assert call("--seconds", "soon", "theorem t : 1 = 1").code == 2
    assert call("--seconds", "0", "theorem t : 1 = 1").code == 2
    assert call("--nonsense", "theorem t : 1 = 1").code == 2
    assert call("theorem t : 1 = 1", "and more").code == 2


def test_help_and_version() -> None:
    groups = [], ["lean"], ["bench"], ["plugins"], ["trace"], ["train"], ["mapper"], ["corpus"], ["curriculum"]
    for words in (*groups, ["check"], ["bench", "run"], ["prove"]):
        ran = call(*words, "--help")
        assert ran.code == 0
        assert "Usage: prove" in ran.out
        assert not any(line.endswith("...") for line in ran.out.splitlines() if "Usage" not in line)  # nothing is cut
    assert "--seconds" in call("--help").out
    assert call("prove", "--help").out.startswith("Usage: prove [OPTIONS]")
    assert "Usage: prove [OPTIONS]" in call("--nonsense", "theorem t : 1 = 1").err
    assert call("--version").out.startswith("prove, version ")


def test_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "with blank.lean").write_text("theorem t : 1 = 1 := sorry")
    assert read_target("with blank.lean").path == Path("with blank.lean")
    assert read_target("theorem t : a / b = 1").path is None
    assert read_header("@[simp] theorem a : 1 = 1 := rfl").startswith("@[simp]")
    assert read_header(None) == ""
    assert read_imports(("Std, Lean", "Std")) == ("Std", "Lean")
    with pytest.raises(BadInput):
        read_imports((".A",))


def test_a_defect_is_never_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("prover.cli.prove.read_statement", broken)
    ran = call("theorem t : 1 = 1")
    assert ran.code == 3
    assert "defect of the prover" in ran.err
    assert call("theorem t : 1 = 1", "--json").json["status"] == "infrastructure"


@pytest.mark.parametrize(("number", "code"), [(errno.EACCES, 2), (errno.ENOSPC, 3)])
def test_a_file_that_cannot_be_used_needs_no_traceback(monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
    def refused(text: str) -> None:
        raise OSError(number, "the system's words", "/some/file")

    monkeypatch.setattr("prover.cli.prove.read_statement", refused)
    ran = call("theorem t : 1 = 1")
    assert ran.code == code
    assert ran.err == "error: /some/file: the system's words\n"


def test_a_package_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def needs(name: str) -> Callable[[str], None]:
        def read(text: str) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        return read

    monkeypatch.setattr("prover.cli.prove.read_statement", needs("torch"))
    ran = call("theorem t : 1 = 1")
    assert ran.code == 2
    assert ran.err == "error: this needs the package torch: pip install 'neural-prover[train]'\n"
    monkeypatch.setattr("prover.cli.prove.read_statement", needs("prover.nothing"))
    assert call("theorem t : 1 = 1").code == 3  # a defect
    monkeypatch.setattr("prover.model.loading.has_torch", lambda: False)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "gpt2"}')
    ran = call("--model", "model", "theorem t : 1 = 1")
    assert ran.code == 2
    assert ran.err == "error: --model model needs torch and transformers: pip install 'neural-prover[model]'\n"


def test_optional_packages_are_those_of_the_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for package, extra in OPTIONAL.items():
        assert any(line.startswith(package.replace("_", "-")) for line in extras[extra])


def test_sorries_that_were_interrupted_count_as_not_worked_on(capsys: pytest.CaptureFixture[str]) -> None:
    question: Any = SimpleNamespace(
        source=SimpleNamespace(text="x"), view=SimpleNamespace(line=1, column=0, declaration="t")
    )
    cut = ProofReport(status="not_proved", reason="interrupted", message="interrupted")
    filled = files.Filled("F.lean", None, [question] * 3, [cut, ProofReport(status="proved"), cut], True, "x")
    files._print(filled, written=False, explain=False, quiet=False)
    assert "interrupted: 2 of 3 sorries not worked on" in capsys.readouterr().err


def test_the_live_line() -> None:
    line = LiveLine("x  ")
    assert line.text(0.2).startswith("x   0.2 s  1 states  0 steps")
    assert target("h : a\n⊢ b ∧\n  c\n\ncase x\n⊢ d", 60) == "⊢ b ∧ c"
    assert target("⊢ " + "x" * 100, 10) == "⊢ xxxxxxx…"


def test_what_is_piped_is_neither_broken_nor_padded(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False)
    table.add_row("a" * 300, "b")
    table.add_row("a", "")
    with console() as out:
        out.print(table)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["a" * 300, "b"], ["a"]]
    with console(err=True) as out:
        out.print(table)
    assert all(line == line.rstrip() for line in capsys.readouterr().err.splitlines())
