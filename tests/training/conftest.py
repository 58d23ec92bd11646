"""Data to learn from, small enough to be seen through."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.traces.searches import Attempt, Tried, Visited, append


def attempt(name: str, module: str, variable: str, proved: bool = True) -> Attempt:
    """Two steps to a proof (induction, simp), with a failed and a useless step beside them."""
    states = (
        Visited(f"{variable} : Nat\n⊢ {variable} + 0 = {variable}", 1, 8, 0, 2 if proved else None),
        Visited(f"{variable} : Nat\n⊢ {variable} = {variable}", 1, 5, 1, 1 if proved else None),
        Visited(f"{variable} : Nat\n⊢ 0 + {variable} = {variable}", 1, 8, 1, None),
    )
    tried = (
        Tried(0, -1, "omega", "automation", 0.2, "failed", "tactic", 30_000),
        Tried(0, 2, "rw [Nat.add_comm]", "automation", 1.0, "progress", "", 4_000),
        Tried(0, 1, f"cases {variable} <;> skip", "automation", 2.0, "progress", "", 4_000),
        Tried(1, -2 if proved else -1, "simp", "automation", 0.5, "finished" if proved else "failed", "", 2_000),
    )
    actions = (tried[2].action, "simp") if proved else ()
    return Attempt(
        name, f"theorem {name}", "", (), module, "proved" if proved else "not_proved", 0.1, 4, actions, states, tried
    )


@pytest.fixture
def attempts(tmp_path: Path) -> Path:
    """A file of attempts: 40 proved ones over four modules, and some that are not."""
    path = tmp_path / "attempts.jsonl"
    for i in range(40):
        append(path, attempt(f"t{i}", f"M{i % 4}", "abcdefghij"[i % 10]))
    for i in range(4):
        append(path, attempt(f"u{i}", "M5", "z", proved=False))
    return path
