"""Lean files with holes: found, proved, written back, and nothing else touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.lean.source import (
    SorryProblem,
    finish,
    open_sorry_problems,
    read_source,
    unified_diff,
    write_source,
)

FILE = """\
/- A file: αβγ -/
import Init

namespace Demo

def double (n : Nat) : Nat := n + n

theorem one (a b : Nat) (h : a = b) : b = a ∧ True := by
  constructor
  · sorry
  · trivial

theorem two (a : Nat) : double a = a + a := sorry

theorem three (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  case left => sorry
  case right => sorry

theorem four (n : Nat) : n = n ∧ n = n := by sorry

example : 1 + 1 = 2 := by
  have h : 1 = 1 := sorry
  exact rfl

end Demo
"""


@pytest.fixture
def problems(lean_server: LeanServer, tmp_path: Path) -> list[SorryProblem]:
    path = tmp_path / "Demo.lean"
    path.write_text(FILE)
    return open_sorry_problems(lean_server, path)


def test_every_sorry_is_found(problems: list[SorryProblem]) -> None:
    found = [(p.view.declaration, p.view.line, p.view.is_tactic) for p in problems]
    assert found[:5] == [
        ("Demo.one", 10, True),
        ("Demo.two", 13, False),
        ("Demo.three", 17, True),
        ("Demo.three", 18, True),
        ("Demo.four", 20, True),
    ]
    assert len(found) == 6
    assert [p.siblings for p in problems] == [0, 0, 1, 1, 0, 0]
    text = FILE.encode()
    assert all(text[p.view.start : p.view.end] == b"sorry" for p in problems)
    assert problems[0].problem.statement == "case left\na b : Nat\nh : a = b\n⊢ b = a"


PROOFS: Sequence[Sequence[str]] = [
    ["subst h", "rfl"],
    ["unfold double", "rfl"],
    ["exact hp"],
    ["exact hq"],
    ["constructor", "rfl", "rfl"],
    ["rfl"],
]


def test_proofs_are_checked_in_place_and_put_back(problems: list[SorryProblem], lean_server: LeanServer) -> None:
    solved = []
    for problem, actions in zip(problems, PROOFS, strict=True):
        with problem.open("embedded") as environment:
            verdict = environment.verify(actions)
        assert verdict.accepted, (problem.view, verdict.reasons, verdict.source)
        solved.append((problem, verdict))
    partial = [bool(verdict.details.get("partial")) for _, verdict in solved]
    assert partial == [False, False, True, True, False, True]
    text, verdicts = finish(lean_server, solved)
    assert set(verdicts) == {"Demo.one", "Demo.two", "Demo.three", "Demo.four"}
    assert all(verdict.accepted for verdict in verdicts.values()), verdicts
    assert text == (
        FILE.replace("  · sorry\n", "  · subst h\n    rfl\n")
        .replace("a + a := sorry", "a + a := by\n  unfold double\n  rfl")
        .replace("left => sorry", "left => exact hp")
        .replace("right => sorry", "right => exact hq")
        .replace("by sorry", "by\n  constructor\n  · rfl\n  · rfl")
        .replace(":= sorry", ":= by rfl")
    )


@pytest.mark.parametrize("action", ["exact h", "sorry", "exact sorryAx _ true", "admit"])
def test_a_wrong_proof_is_rejected_alone(problems: list[SorryProblem], action: str) -> None:
    for problem in (problems[0], problems[2]):  # whole declaration, one of two sorries
        with problem.open() as environment:
            assert not environment.verify([action]).accepted


def test_a_smuggled_command_is_rejected(problems: list[SorryProblem]) -> None:
    for problem in (problems[1], problems[2]):
        with problem.open() as environment:
            verdict = environment.verify(["exact hp\n\naxiom cheat : False\n"])
            assert not verdict.accepted


def test_a_file_with_an_error_is_bad_input(lean_server: LeanServer, tmp_path: Path) -> None:
    path = tmp_path / "Bad.lean"
    path.write_text("import Init\n\ntheorem t : True := by\n  no_such_tactic\n")
    with pytest.raises(BadInput, match=r"^Bad\.lean: ") as caught:
        open_sorry_problems(lean_server, path)
    assert caught.value.line == 4


def test_a_file_without_sorries(lean_server: LeanServer, tmp_path: Path) -> None:
    path = tmp_path / "Done.lean"
    path.write_text('theorem t : "sorry" = "sorry" := rfl -- sorry\n')
    assert open_sorry_problems(lean_server, path) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b" \n\t"), "is empty"),
        (lambda path: path.write_bytes(b"theorem\n\xff\xfe"), "line 2 is not UTF-8"),
        (lambda path: path.write_bytes(b"\x7fELF\0\0"), "binary"),
        (lambda path: path.write_bytes(b"x" * (9 << 20)), "larger than"),
    ],
)
def test_files_that_are_no_lean(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "X.lean"
    make(path)
    with pytest.raises(BadInput, match=message) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)


def test_writing_keeps_mode_and_mark(tmp_path: Path) -> None:
    path = tmp_path / "X.lean"
    path.write_bytes(b"\xef\xbb\xbfold")
    path.chmod(0o640)
    assert read_source(path) == "old"
    write_source(path, "new\n")
    assert path.read_bytes() == b"\xef\xbb\xbfnew\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_diff() -> None:
    assert unified_diff("a\nb\n", "a\nc\n", "X.lean").splitlines()[:2] == [
        "--- a/X.lean",
        "+++ b/X.lean",
    ]
    assert unified_diff("a\n", "a\n", "X.lean") == ""
