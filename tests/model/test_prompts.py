"""Prompt formats: what is asked, and how answers become tactics."""

from __future__ import annotations

import pytest

from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.model import prompts
from prover.problem import Problem

PROBLEM = Problem("theorem t (a b : Nat) : a + b = b + a", header="def f := 1")
STATE = "a b : Nat\n⊢ a + b = b + a"


@pytest.mark.parametrize("name", prompts.FORMATS)
def test_every_format_shows_the_state(name: str) -> None:
    prompt = prompts.format_named(name).write(PROBLEM, STATE, ["Nat.add_comm : …"])
    text = prompt if isinstance(prompt, str) else "\n".join(m.content for m in prompt)
    assert "⊢ a + b = b + a" in text


def test_formats_of_known_families() -> None:
    assert prompts.format_named("bfs").write(PROBLEM, STATE, []) == STATE + ":::"
    assert prompts.format_named("reprover").write(PROBLEM, STATE, ["p1", "p2"]) == f"p1\n\np2\n\n{STATE}"
    whole = prompts.format_named("deepseek").write(PROBLEM, STATE, [])
    assert isinstance(whole, str) and "def f := 1\n\ntheorem t (a b : Nat) : a + b = b + a := by\n" in whole
    guessed = [
        "kaiyuy/leandojo-lean4-tacgen-byt5-small",
        "bytedance/BFS-Prover",
        "Goedel-LM/Goedel-Prover-V2-8B",
        "own",
    ]
    assert [prompts.guess_format(name).name for name in guessed] == ["reprover", "bfs", "deepseek-v2", "plain"]
    with pytest.raises(BadInput, match="there are plain"):
        prompts.format_named("nothing")


def test_answers_become_tactics() -> None:
    assert prompts.read_tactic("rw [<a>Nat.add_comm</a>]\n") == ["rw [Nat.add_comm]"]
    assert prompts.read_reasoned("First…\n```lean\nsimp\n```\nno:\n```tactic\nomega\n```") == ["omega"]
    assert prompts.read_reasoned("I think\n  omega ") == ["omega"]
    assert prompts.read_reasoned("") == []


SCRIPT = """theorem t (a b : Nat) : a + b = b + a := by
  -- induction on b
  induction b with
  | zero => simp
  | succ b ih =>
    rw [Nat.add_succ]
    omega
  done"""


def test_a_whole_proof_is_cut_into_its_steps() -> None:
    steps = prompts.read_script(f"Plan: …\n```lean4\n{SCRIPT}\n```\n")
    assert steps == ["induction b with\n| zero => simp\n| succ b ih =>\n  rw [Nat.add_succ]\n  omega", "done"]
    assert prompts.read_script("  intro x\n  simp\n```") == ["intro x", "simp"]
    assert prompts.read_script("intro x\n  simp\n  omega") == ["intro x", "simp", "omega"]
    assert prompts.replays(["a", "b", "c"]) == ["(a\n b\n c)", "(a\n b)", "a"]
    assert prompts.replays([]) == []


def test_lean_replays_the_steps(lean_server: LeanServer) -> None:
    from prover.lean.protocol import TacticCall

    environment = lean_server.open_environment(["Init"]).environment
    state = lean_server.open_goal(environment, "theorem t : ∀ a b : Nat, a + b = b + a").state
    steps = ["intro a b", "induction b with\n| zero => simp\n| succ b ih =>\n  omega"]
    results = lean_server.step(state.id, [TacticCall(action) for action in prompts.replays(steps)])
    assert [r.state is not None and r.state.goals for r in results] == [0, 1]
