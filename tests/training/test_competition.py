"""Generated competition problems: Lean agrees with what was computed here."""

from __future__ import annotations

import random

import pytest
from prover_training import corpus_competition as made
from prover_training.corpus_families import generate

from prover.lean.server import LeanServer

DIGITS = range(1, 10)
BY_DIGIT = (
    f"(rcases (by omega : {' ∨ '.join(f'a = {d}' for d in DIGITS)}) with {' | '.join('rfl' for _ in DIGITS)} <;> omega)"
)
PROOFS = {
    made._common: "decide", made._one_unknown: "grind", made._two_unknowns: "grind", made._digits: BY_DIGIT,
    made._inverse: "omega", made._least: "exact ⟨by decide, fun t h => by omega⟩",
    made._run_of_numbers: "decide", made._function: "grind",
}  # fmt: skip


@pytest.mark.parametrize("maker", PROOFS, ids=lambda maker: maker.__name__)
def test_lean_proves_what_was_computed(maker: made.Maker, lean_server: LeanServer) -> None:
    dice = random.Random(5)
    statements = [text for _ in range(12) if (text := maker(dice)) is not None][:3]
    assert statements
    for statement in statements:
        report = lean_server.check(["Init"], f"{statement} := by {PROOFS[maker]}\n", names=["t"], trusted=True)
        assert report.theorems[0].accepted, (statement, report.messages[:1])


def test_every_kind_comes_and_the_seed_decides() -> None:
    assert all(any(maker(random.Random(seed)) for seed in range(200)) for maker in made.MAKERS)
    texts = [one.statement for one in generate(3, 40) if one.family == "competition"]
    assert len(set(texts)) == 40
    assert texts == [one.statement for one in generate(3, 40) if one.family == "competition"]
