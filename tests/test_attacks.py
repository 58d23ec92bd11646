"""Every file of ``tests/attacks`` gets the verdict that its first line expects; the files are data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from prover.lean.server import LeanServer

CASES = sorted((Path(__file__).parent / "attacks").glob("*.lean"))


def verdict(server: LeanServer, source: str, names: list[str]) -> tuple[bool, set[str]]:
    """Whether every theorem is accepted, and the codes of all reasons."""
    report = server.check(["Init"], source, names=names)
    codes = {finding.code for finding in report.findings}
    codes |= {finding.code for theorem in report.theorems for finding in theorem.findings}
    accepted = bool(report.theorems) and not report.findings and all(t.accepted for t in report.theorems)
    return accepted, codes


@pytest.mark.lean
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_check_says_what_the_case_expects(path: Path, lean_server: LeanServer) -> None:
    source = path.read_text("utf-8")
    expected = re.search(r"^-- expect: (accepted|rejected)(?: (\w+))?$", source, re.M)
    assert expected is not None, f"{path.name} does not say what to expect"
    names = re.findall(r"^-- names: (\w+)$", source, re.M)
    accepted, codes = verdict(lean_server, source, names)
    assert accepted == (expected[1] == "accepted"), codes
    if expected[2]:
        assert expected[2] in codes


def test_there_are_attacks_and_honest_proofs() -> None:
    texts = [path.read_text("utf-8") for path in CASES]
    assert sum("-- expect: rejected" in text for text in texts) >= 20
    assert sum("-- expect: accepted" in text for text in texts) >= 10
