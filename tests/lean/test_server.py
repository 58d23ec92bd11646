"""The real Lean through the client: every call, its errors, its speed, and a restart."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from prover.errors import BadInput
from prover.lean.pool import LeanPool
from prover.lean.protocol import StateView, TacticCall
from prover.lean.server import LeanServer


def start(server: LeanServer, statement: str, header: str = "") -> StateView:
    environment = server.open_environment(["Init"], header).environment
    return server.open_goal(environment, statement).state


def run(server: LeanServer, state: StateView, tactic: str) -> StateView:
    (result,) = server.step(state.id, [TacticCall(tactic)])
    assert result.state is not None, result
    return result.state


def test_greeting(lean_server: LeanServer) -> None:
    assert lean_server.hello().lean.startswith("4.")


def test_a_proof_step_by_step(lean_server: LeanServer) -> None:
    state = start(lean_server, "theorem t (a b : Nat) (h : a = b) : b = a ∧ True")
    assert state.text == "a b : Nat\nh : a = b\n⊢ b = a ∧ True"
    both = run(lean_server, state, "constructor")
    assert both.goals == 2
    results = lean_server.step(both.id, [TacticCall("exact h"), TacticCall("exact h.symm"), TacticCall("nonsense")])
    assert [r.status for r in results] == ["failed", "progress", "failed"]
    assert results[2].kind == "parse"
    assert run(lean_server, results[1].state or state, "trivial").goals == 0


def test_roads_to_the_same_goals_have_one_key(lean_server: LeanServer) -> None:
    state = start(lean_server, "theorem t : ∀ a b : Nat, a = b → b = a")
    once = run(lean_server, state, "intro a b h")
    twice = run(lean_server, run(lean_server, state, "intro a"), "intro b h")
    assert once.key == twice.key != state.key


def test_structure(lean_server: LeanServer) -> None:
    state = start(lean_server, "theorem t (xs : List Nat) (h : xs ≠ []) : 0 < xs.length")
    (goal,) = lean_server.describe(state.id)
    assert [h.name for h in goal.hypotheses] == ["xs", "h"]
    assert goal.hypotheses[0].recursive
    assert goal.shape == "lt"


@pytest.mark.parametrize(
    ("imports", "header", "statement", "kind"),
    [
        (["No.Such.Module"], "", "theorem t : True", "unknown_import"),
        (["Init"], "def f :=", "theorem t : True", "elaboration"),
        (["Init"], "", "theorem Nat.add_comm : True", "name_taken"),
        (["Init"], "", "theorem t : Nat.nonsense = 1", "elaboration"),
        (["Init"], "", "def t : Nat", "bad_request"),
    ],
)
def test_bad_input(lean_server: LeanServer, imports: list[str], header: str, statement: str, kind: str) -> None:
    with pytest.raises(BadInput) as caught:
        environment = lean_server.open_environment(imports, header).environment
        lean_server.open_goal(environment, statement)
    assert caught.value.kind == kind


def test_limits_hold_and_poison_nothing(lean_server: LeanServer) -> None:
    state = start(lean_server, "theorem t (f : Nat → Nat) : f 0 = f 0 ∧ (10000 : Nat) * 10000 > 1")
    calls = [TacticCall("repeat (first | skip)", wall_ms=300), TacticCall("simp", heartbeats=1)]
    began = time.monotonic()
    results = lean_server.step(state.id, [*calls, TacticCall("constructor")])
    assert time.monotonic() - began < 15
    assert {r.kind for r in results[:2]} <= {"timeout", "recursion"}
    assert results[2].state is not None and results[2].state.goals == 2
    assert lean_server.counts.losses == {}


def test_header_of_a_file(lean_server: LeanServer) -> None:
    header = lean_server.parse_header("/- doc -/\nimport Init\nimport Std\n\ntheorem t : True")
    assert "Std" in header.imports



def test_fields_of_structures_are_told_from_theorems(lean_server: LeanServer) -> None:
    """A field that is a proposition looks like a theorem, but nothing proves it except itself."""
    environment = lean_server.open_environment(["Init"]).environment
    names = ["LawfulMonad.bind_map", "And.left", "Fin.isLt", "List.append_assoc", "id_map'"]
    found = lean_server.declarations(environment, names=names).declarations
    assert [view.name for view in found if view.is_projection] == ["LawfulMonad.bind_map", "And.left", "Fin.isLt"]


def test_declarations_and_trace(lean_server: LeanServer) -> None:
    environment = lean_server.open_environment(["Init"]).environment
    page = lean_server.declarations(environment, modules=["Init.Prelude"], limit=5)
    assert len(page.declarations) == 5 < page.total
    trace = lean_server.trace(environment, "theorem t : 1 = 1 ∧ True := by\n  constructor <;> rfl")
    assert any(tactic.tactic == "rfl" for tactic in trace.tactics)


def test_a_hundred_and_fifty_steps_a_second(lean_server: LeanServer) -> None:
    """The promise holds on an idle machine; a busy one is given a third of it."""
    state = start(lean_server, "theorem t : ∀ a : Nat, a = a")
    run(lean_server, state, "intro a")
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < 1.5:
        run(lean_server, state, "intro a")
        steps += 1
    assert steps / 1.5 > 50


def test_restart_in_the_middle_of_a_proof(lean_server: LeanServer) -> None:
    state = start(lean_server, "theorem t (a b : Nat) (h : a = double b) : b + b = a ∧ True", HEADER)
    both = run(lean_server, state, "constructor")
    unfolded = run(lean_server, both, "rw [h, double]")
    starts = lean_server.counts.starts
    assert lean_server.pid is not None
    os.kill(lean_server.pid, signal.SIGKILL)
    again = run(lean_server, both, "rw [h, double]")
    assert (again.key, again.text) == (unfolded.key, unfolded.text)
    assert run(lean_server, unfolded, "trivial").goals == 0
    assert lean_server.counts.starts == starts + 1


HEADER = "def double (n : Nat) : Nat := n + n"


def test_a_pool_lends_and_tidies(lean_server: LeanServer) -> None:
    with LeanPool(None, 1, open_server=lambda: lean_server) as pool:
        before = lean_server.statistics().states
        with pool.lease() as server:
            run(server, start(server, "theorem t : ∀ a : Nat, a = a"), "intro a")
        assert lean_server.statistics().states <= before
        assert pool.servers == (lean_server,)
        pool._idle.clear()  # the session's server outlives the pool


def test_a_call_that_was_left_behind_does_not_meet_the_next(lean_server: LeanServer) -> None:
    """As when a plugin misses its deadline in the middle of a request: the next one waits its turn."""
    environment = lean_server.open_environment(["Init"], "").environment
    goal = lean_server.open_goal(environment, "theorem t (n : Nat) : n < 10 → n * n < 100")
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(20):
                lean_server.describe(goal.state.id)
        except BaseException as error:
            errors.append(error)

    left_behind = [threading.Thread(target=ask) for _ in range(3)]
    for thread in left_behind:
        thread.start()
    for _ in range(20):
        assert lean_server.hello().lean
        (result,) = lean_server.step(goal.state.id, [TacticCall("intro h")])
        assert result.state is not None
    for thread in left_behind:
        thread.join()
    assert not errors
