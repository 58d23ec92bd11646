"""The tutorial of docs/plugins.md runs, and its plugins work in the real search and on the command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "plugins.md").read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def tutorial() -> dict[str, Any]:
    """What the page defines, one block after the other."""
    scope: dict[str, Any] = {}
    for block in BLOCKS:
        exec(compile(block, "docs/plugins.md", "exec"), scope)
    return scope


def test_the_page_runs(tutorial: dict[str, Any]) -> None:
    assert {"Splitter", "Coins", "Largest", "Parity", "CoinsPlugin", "SplitterPlugin"} <= tutorial.keys()


def test_the_domain_on_the_command_line(tmp_path: Path) -> None:
    *definitions, _ = BLOCKS
    (tmp_path / "coins.py").write_text("\n".join(definitions), encoding="utf-8")
    script = "from prover.cli.main import main; main()"
    words = ["--plugin", "coins:CoinsPlugin", "--domain", "coins"]

    def prove(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *words, text],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])},
            capture_output=True,
            text=True,
            check=False,
        )

    done = prove("11 with 1 2 5")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()[0].split(" + ")) == ["1", "5", "5"]
    assert "checked by addition" in done.stdout
    nonsense = prove("eleven")
    assert nonsense.returncode == 2
    assert "write for example: 11 with 1 2 5" in nonsense.stderr


def test_the_proposer_in_a_real_search(tutorial: dict[str, Any], lean_server: Any) -> None:
    from prover.lean.environment import LeanDomain
    from prover.problem import Budget, Problem
    from prover.search import search

    class Assumption:
        name = "assumption"

        def propose(self, problem: Problem, state: Any) -> list[Any]:
            return [tutorial["Candidate"]("assumption", self.name, score=0.5)]

    problem = Problem("theorem t (p q r : Prop) (hp : p) (hq : q) (hr : r) : p ∧ q ∧ r")
    with LeanDomain(lean_server).open(problem) as environment:
        budget = Budget(seconds=None, steps=60)
        outcome = search(problem, environment, [tutorial["Splitter"](), Assumption()], budget=budget)
    assert outcome.proved
    assert outcome.statistics["splitter"].in_proof == 2
