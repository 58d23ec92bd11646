"""The from-scratch check against a reference, and the guard of single steps, on real Lean."""

from __future__ import annotations

import pytest

from prover.errors import BadInput
from prover.lean.protocol import TacticCall
from prover.lean.server import LeanServer
from prover.lean.verify import check_proof, check_text

STATEMENT = "theorem t (a b : Nat) : a + b = b + a"


def codes(server: LeanServer, proof: str, statement: str = STATEMENT, header: str = "") -> list[str]:
    verdict = check_proof(server, imports=["Init"], header=header, statement=statement, name="t", proof=proof)
    assert verdict.accepted == (not verdict.reasons)
    return [code for code, _ in verdict.reasons]


@pytest.mark.parametrize(
    "proof",
    [
        "by omega",
        "Nat.add_comm a b",
        "by\n  have sorryish := 1 -- sorry\n  omega",
        "by\n  open Nat in omega",
        "by\n  have h : ∀ x y : Nat, x + y = y + x := by intro x y; omega\n  exact h a b",
    ],
)
def test_honest_proofs_pass(lean_server: LeanServer, proof: str) -> None:
    assert codes(lean_server, proof) == []


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        ("by omega\n\ntheorem u : 1 = 1 := rfl", "extra_commands"),
        ("by omega\n\nset_option autoImplicit false", "extra_commands"),
        ("by omega\n\naxiom more : False", "extra_commands"),
        ("by omega\n\nnamespace A", "extra_commands"),
        ("by omega\n\n#eval 1", "extra_commands"),
        ("by omega\n\n#exit", "early_exit"),
        ("by omega\n/- never closed", "elaboration"),
        ("by omega\nend", "extra_commands"),
        ("by exact t a b", "elaboration"),
        ("t a b", "elaboration"),
        ("by sorry", "sorry"),
        ("by native_decide", "elaboration"),
        ("by run_tac return", "runs_code"),
        ("by set_option debug.skipKernelTC true in omega", "forbidden_option"),
        ("unsafe Nat.add_comm a b", "unsafe_code"),
    ],
)
def test_other_proofs_do_not(lean_server: LeanServer, proof: str, code: str) -> None:
    found = codes(lean_server, proof)
    assert code in found


@pytest.mark.parametrize(
    ("statement", "proof"),
    [
        # The kernel refuses what the first branch claims, so the second is what Lean takes.
        ("theorem t : (1 : Nat) ≠ 2", "by first | (exfalso; decide +kernel) | decide"),
        ("theorem t : 0 = 0", "by\n  first\n  | (have : (1 : Nat) = 2 := by decide +kernel)\n    cases this\n  | rfl"),
    ],
)
def test_a_branch_that_the_kernel_refuses_is_left(lean_server: LeanServer, statement: str, proof: str) -> None:
    assert codes(lean_server, proof, statement) == []


def test_what_only_the_kernel_refuses_is_refused(lean_server: LeanServer) -> None:
    assert "elaboration" in codes(lean_server, "by decide +kernel", "theorem t : (1 : Nat) = 2")
    unused = "by\n  have : (1 : Nat) = 2 := by decide +kernel\n  clear this\n  omega"
    assert "elaboration" in codes(lean_server, unused)


def test_what_the_header_declares_reaches_the_kernel(lean_server: LeanServer) -> None:
    """Families that depend on each other, recursion of every kind, and what is no business of the kernel."""
    header = """mutual
inductive Tree (α : Type) | node (value : α) (below : Forest α)
inductive Forest (α : Type) | nil | cons (tree : Tree α) (rest : Forest α)
end
inductive Rose | node (below : List Rose)
mutual
def isEven : Nat → Bool | 0 => true | n + 1 => isOdd n
def isOdd : Nat → Bool | 0 => false | n + 1 => isEven n
end
def halve (n : Nat) : Nat := if n < 2 then 0 else halve (n - 2) + 1
partial def forever (n : Nat) : Nat := forever (n + 1)
unsafe def idle (n : Nat) : Nat := n
structure Point where
  x : Nat
  y : Nat := 0
  deriving DecidableEq"""
    for statement in ("theorem t (n : Nat) : isEven (n + 2) = isEven n", "theorem t (p : Point) : ⟨p.x, p.y⟩ = p"):
        proof = "by simp [isEven, isOdd]" if "isEven" in statement else "rfl"
        assert codes(lean_server, proof, statement, header) == []
    assert codes(lean_server, "rfl", "theorem t (n : Nat) : forever n = forever (n + 1)", header) != []
    assert codes(lean_server, "rfl", "unsafe theorem t (n : Nat) : idle n = n", header) != []


def test_a_word_that_goes_on_behind_a_command_is_read_again(lean_server: LeanServer) -> None:
    """Commands that the text shares with its reference are elaborated once; positions stay those of the text."""
    header = "def a := 1\n-- β\ndef b := a"
    verdict = check_proof(
        lean_server, imports=["Init"], header=header, statement="theorem t : b = 1", name="t", proof="by\n  simp"
    )
    assert next(text for code, text in verdict.reasons if code == "elaboration").startswith("line 6, column 2")
    assert codes(lean_server, "rfl", "theorem t : b = 1", header) == []


def test_the_header_is_the_users_own(lean_server: LeanServer) -> None:
    """What the user's text itself declares is not refused; only what the proof adds is."""
    header = '#eval 1\nunsafe def f : Nat := 1\nmacro "go" : tactic => `(tactic| omega)'
    assert codes(lean_server, "by go", header=header) == []


def test_an_axiom_of_the_header_counts(lean_server: LeanServer) -> None:
    assert codes(lean_server, "by exact (ax).elim", header="axiom ax : False") == ["axiom"]
    assert codes(lean_server, "by omega", header="axiom ax : False") == []


def test_a_reference_that_is_wrong(lean_server: LeanServer) -> None:
    assert "reference" in codes(lean_server, "by rfl", statement="theorem t : Nonsense.x = 1")


def test_the_reference_may_run_code_but_the_file_may_not(lean_server: LeanServer) -> None:
    reference = f"#eval 1\n{STATEMENT} := sorry\n"
    good = check_text(lean_server, f"{STATEMENT} := by omega\n", reference=reference)
    assert good.accepted
    bad = check_text(lean_server, f"#eval 1\n{STATEMENT} := by omega\n", reference=reference)
    assert "runs_code" in [finding.code for finding in bad.findings]


def test_notation_of_the_file_is_named(lean_server: LeanServer) -> None:
    text = 'infixl:65 " ⊞ " => Nat.add\ntheorem t (a : Nat) : a ⊞ 0 = a := rfl\n'
    audit = check_text(lean_server, text)
    assert audit.accepted
    (theorem,) = audit.theorems
    assert [remark.code for remark in theorem.remarks] == ["notation"]
    assert "⊞" not in theorem.statement
    assert "Nat.add" in theorem.statement


def test_a_name_that_is_not_there(lean_server: LeanServer) -> None:
    with pytest.raises(BadInput, match="no theorem other"):
        check_text(lean_server, "theorem t : 1 = 1 := rfl\n", names=["other"])


FORBIDDEN = [
    "sorry",
    "admit",
    "exact sorry",
    "first | sorry | rfl",
    "exact (by sorry)",
    "native_decide",
    "decide +native",
    "decide (config := { native := true })",
    "set_option maxHeartbeats 0 in rfl",
    "exact set_option maxRecDepth 100000 in rfl",
    "exact unsafe rfl",
    "exact (by exact unsafe rfl)",
    "run_tac return",
    "(stop\n  rfl)",
    "simp (config := { maxSteps := 1 + 1 })",
]


@pytest.mark.parametrize("tactic", FORBIDDEN)
def test_a_step_may_not(lean_server: LeanServer, tactic: str) -> None:
    environment = lean_server.open_environment(["Init"]).environment
    goal = lean_server.open_goal(environment, "theorem t : 2 + 2 = 4")
    (result,) = lean_server.step(goal.state.id, [TacticCall(tactic)])
    assert result.status == "failed"
    assert result.kind == "forbidden"


@pytest.mark.parametrize(
    "tactic",
    ["rfl\n\ntheorem u : 1 = 1 := rfl", "rfl /- open", "rfl\n#exit", "rfl\nend", "rfl\n#eval 1"],
)
def test_a_step_may_not_leave_the_block(lean_server: LeanServer, tactic: str) -> None:
    environment = lean_server.open_environment(["Init"]).environment
    goal = lean_server.open_goal(environment, "theorem t : 2 + 2 = 4")
    (result,) = lean_server.step(goal.state.id, [TacticCall(tactic)])
    assert (result.status, result.kind) == ("failed", "parse")


@pytest.mark.parametrize(
    "tactic",
    [
        "rfl -- sorry",
        "/- admit -/ rfl",
        "exact (fun sorryLike : 2 + 2 = 4 => sorryLike) rfl",
        "open Nat in rfl",
        "decide +kernel",
        "simp (maxSteps := 100)",
        "(show 2 + 2 = 4; exact (by rfl))",
        '(trace "sorry, no goals"; rfl)',
    ],
)
def test_a_step_may(lean_server: LeanServer, tactic: str) -> None:
    environment = lean_server.open_environment(["Init"]).environment
    goal = lean_server.open_goal(environment, "theorem t : 2 + 2 = 4")
    (result,) = lean_server.step(goal.state.id, [TacticCall(tactic)])
    assert result.status == "finished", result.message
