"""Every case of tests/attacks has the verdict that its first line says; see docs/soundness.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from prover.cli import check_many
from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.session import Session

ATTACKS = Path(__file__).parent / "attacks"
CASES = check_many.find_cases(ATTACKS, expect=True)


class OneLean(Session):
    """A session on the warm Lean of all tests."""

    def __init__(self, server: LeanServer, toolchain: Toolchain) -> None:
        super().__init__()
        self._server = server
        self._toolchain = toolchain

    def let_go(self) -> None:
        pass


def name_of(case: check_many.Case) -> str:
    return str(case.path.relative_to(ATTACKS).with_suffix(""))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(case: check_many.Case, lean_server: LeanServer, lean_toolchain: Toolchain) -> None:
    session = OneLean(lean_server, lean_toolchain)
    (judged,) = check_many.judge_all([case], lambda: session, 1, 60, lambda _: None)
    assert judged.as_expected, check_many.line(judged)
    assert not Path("/tmp/neural-prover-attack").exists()


def test_there_are_enough_cases() -> None:
    counts = Counter(case.expected[0] for case in CASES if case.expected)
    assert counts["rejected"] >= 80
    assert counts["accepted"] >= 30


def test_each_rejection_names_its_reason() -> None:
    unnamed = [case for case in CASES if case.expected == ("rejected", ())]
    # A search tactic that finds nothing may be an error or leave a sorry; a later Lean may differ.
    assert {name_of(case).split("/")[1][:2] for case in unnamed} <= {"02", "03"}


def test_the_table_of_codes_is_complete() -> None:
    text = (Path(__file__).parent.parent / "docs" / "soundness.md").read_text("utf-8")
    codes = {code for case in CASES if case.expected for code in case.expected[1]}
    assert [code for code in sorted(codes) if f"| `{code}` |" not in text] == []
