"""Proofs in elementary steps: all lengths, the same for a seed, and every step is one that Lean takes."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner
from prover_training.data import theorem_of
from prover_training.elementary import prove, run_in_lean, theorems

from prover.cli.main import cli
from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.traces.searches import read_attempts

ELEMENTARY = {"intro", "exact", "obtain", "rcases", "constructor", "left", "right", "apply", "have", "exfalso"}


def test_the_lengths_are_spread_and_a_seed_fixes_them() -> None:
    first = list(theorems(3, 6, 12))
    assert first == list(theorems(3, 6, 12)) != list(theorems(4, 6, 12))
    lengths = Counter(len(script) for _, script in first)
    assert max(lengths.values()) == 6 and sum(lengths.values()) >= 60 and set(lengths) == set(range(1, 13))
    assert len({statement for statement, _ in first}) == len(first)
    assert {tactic.split()[0] for _, script in first for tactic in script} <= ELEMENTARY


def test_what_does_not_follow_is_not_proved() -> None:
    assert prove((("h1", ("or", "p", "q")),), "p") is None
    assert prove((), ("imp", ("imp", ("imp", "p", "q"), "p"), "p")) is None, "Peirce's law needs a classical step"
    assert prove((), ("imp", ("and", "p", "q"), "q")) == ["intro h1", "obtain ⟨h2, h3⟩ := h1", "exact h3"]


def test_lean_takes_every_step_and_the_whole_proof(lean_server: LeanServer) -> None:
    domain = LeanDomain(lean_server)
    chosen = list(theorems(8, 1, 9))
    assert len(chosen) >= 8
    for number, (statement, script) in enumerate(chosen):
        attempt = run_in_lean(statement, script, f"e{number}", domain.open)
        assert attempt is not None, (statement, script)
        trace = theorem_of(attempt)
        assert trace is not None and [step.tactic for step in trace.traced_tactics] == script
        assert trace.traced_tactics[-1].state_after == "no goals"
    statement, script = chosen[-1]
    assert run_in_lean(statement, script[:-1], "short", domain.open) is None
    assert run_in_lean(statement, ["exact nothing"], "wrong", domain.open) is None
    assert run_in_lean("theorem t (p : Prp) : p", ["trivial"], "no statement", domain.open) is None


def test_the_command_writes_attempts_and_goes_on(lean_toolchain: Toolchain, tmp_path: Path) -> None:
    out = tmp_path / "elementary.jsonl"
    words = ["corpus", "elementary", "-o", str(out), "--each", "2", "--longest", "3", "--no-server", "--json"]
    first = CliRunner().invoke(cli, words)
    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout)
    assert found["proofs"] == len(list(theorems(0, 2, 3))) and found["refused"] == 0
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join(islice(lines, 2)) + lines[2][:50])
    again = CliRunner().invoke(cli, words)
    assert json.loads(again.stdout)["proofs"] == found["proofs"]
    assert {a.name for a in read_attempts(out)} >= {json.loads(line)["name"] for line in lines if line is not lines[2]}


@pytest.mark.parametrize("option", [("--each", "0"), ("--longest", "0")])
def test_nonsense_is_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    answer = CliRunner().invoke(cli, ["corpus", "elementary", "-o", str(tmp_path / "x"), *option])
    assert answer.exit_code == 2 and option[0] in answer.output
