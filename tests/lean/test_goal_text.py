"""Our reader of goal texts against LeanDojo's, on generated texts and on texts that Lean wrote."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.lean.goals import parse_goals
from prover.lean.protocol import TacticCall
from prover.lean.server import LeanServer

Read = list[tuple[list[tuple[str, str]], str]]
"""For each goal its declarations (name, type) and its conclusion."""


@pytest.fixture(scope="module")
def theirs() -> Callable[[str], Read]:
    """``lean_dojo.parse_goals``, from its file: importing the package runs git and makes folders."""
    package = importlib.util.find_spec("lean_dojo")
    if package is None or package.origin is None:
        pytest.skip("needs the extra 'leandojo'")
    file = Path(package.origin).parent / "interaction" / "parse_goals.py"
    spec = importlib.util.spec_from_file_location("lean_dojo_parse_goals", file)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)

    def read(text: str) -> Read:
        return [
            ([(d.ident, d.lean_type) for d in goal.assumptions], goal.conclusion) for goal in module.parse_goals(text)
        ]

    return read


def ours(text: str) -> Read:
    """Our reading in LeanDojo's terms: there a value belongs to the type."""
    return [
        (
            [
                (name, h.type if h.value is None else f"{h.type} := {h.value}")
                for h in goal.hypotheses
                for name in h.names
            ],
            goal.target.strip(),
        )
        for goal in parse_goals(text)
    ]


NAMES = st.sampled_from(["x", "y₁", "h", "h'", "ih_1", "this", "inst✝", "n✝¹", "α", "f.g", "a._@.b"])
ATOMS = st.sampled_from(
    ["Nat", "x = y", "p ∧ q", "∀ (x : Nat), p x", "(fun x => x + 1) 2 = 3", "a ∈ [1, 2]", "List (α × β)",
     "{ x // 0 < x }", "Decidable (a ∣ b)", "let k := 2;\n  k = k", "∃ y, y = x", "¬p", "f ⟨1, h⟩ ≠ none",
     "match x with\n  | 0 => True\n  | n + 1 => False"]
)  # fmt: skip
TYPES = st.lists(ATOMS, min_size=1, max_size=3).map(" →\n    ".join) | ATOMS
CASES = st.none() | st.sampled_from(["succ", "h.left", "inl.inr", "a✝", "cons.intro"])


@st.composite
def goals(draw: st.DrawFn) -> str:
    case = draw(CASES)
    lines = [] if case is None else [f"case {case}"]
    for names in draw(st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=5)):
        type_ = draw(TYPES)
        # Only a type without brackets and bindings of its own, for `:=` in a type is no value.
        value = " := " + draw(st.sampled_from(["5", "x + 1", "[]"])) if draw(st.booleans()) else ""
        lines.append(f"{' '.join(names)} : {type_ if not value else 'Nat'}{value}")
    return "\n".join([*lines, f"⊢ {draw(TYPES)}"])


@settings(max_examples=300, deadline=None)
@given(st.lists(goals(), max_size=4))
def test_generated_texts_read_the_same(theirs: Callable[[str], Read], parts: list[str]) -> None:
    text = "\n\n".join(parts) or "no goals"
    assert ours(text) == theirs(text)
    assert len(parse_goals(text)) == len(parts)


LONG = "aVeryLongNameIndeed + anotherVeryLongName"
STATEMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "theorem a (p q r : Prop) (h : p ∧ (q ∨ r)) : (p ∧ q) ∨ (p ∧ r)",
        ("obtain ⟨hp, hq | hr⟩ := h", "constructor"),
    ),
    (
        "theorem b {α : Type u} [DecidableEq α] (xs ys : List α) : (xs ++ ys).length = ys.length + xs.length",
        ("induction xs", "cases ys", "generalize h : xs.length = k"),
    ),
    (
        "theorem c (f : Nat → Nat) (h : ∀ x y : Nat, x < y → f x < f y) : let k := 5; f k ≥ k",
        ("intro k", "simp"),
    ),
    (
        "theorem d (n : Nat) : ∃ m : Nat, ∀ k : Nat, n < m + k + 1 ∧ m = n",
        ("refine ⟨n, fun k => ⟨?_, ?_⟩⟩", "refine ⟨?w, ?h⟩"),
    ),
    (
        "theorem e (n : Nat) (h : match n with | 0 => True | m + 1 => m = 3) : n = 0 ∨ n = 4",
        ("cases n", "split at h"),
    ),
    (
        f"theorem f (aVeryLongNameIndeed anotherVeryLongName : Nat) (h : {LONG} = {LONG} + 0) : {LONG} + 0 = {LONG}",
        ("have k := h",),
    ),
)


def test_lean_texts_read_the_same(theirs: Callable[[str], Read], lean_server: LeanServer) -> None:
    environment = lean_server.open_environment(["Init"]).environment
    texts = []
    for statement, tactics in STATEMENTS:
        state = lean_server.open_goal(environment, statement).state
        texts.append(state.text)
        results = lean_server.step(state.id, [TacticCall(text) for text in tactics])
        texts += [result.state.text for result in results if result.state is not None]
    assert len(texts) >= 12
    for text in texts:
        assert ours(text) == theirs(text), text
