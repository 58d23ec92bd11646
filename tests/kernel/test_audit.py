"""The type checker in Python, on what real Lean exports: honest terms pass, tampered ones do not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from prover.kernel.audit import Opinion, audit
from prover.kernel.declarations import Declaration, ExportError, plain_name, read
from prover.kernel.terms import Expr, Kind, Terms
from prover.lean.protocol import ExportOk
from prover.lean.second_opinion import own_kernel
from prover.lean.server import LeanServer

SOURCE = """
inductive Tree where
  | leaf
  | node (l : Tree) (x : Nat) (r : Tree)

def Tree.mirror : Tree → Tree
  | .leaf => .leaf
  | .node l x r => .node r.mirror x l.mirror

structure Pair (α : Type u) where
  one : α
  two : α

theorem mirror_twice (t : Tree) : t.mirror.mirror = t := by
  induction t with
  | leaf => rfl
  | node l x r hl hr => simp [Tree.mirror, hl, hr]

theorem swap (p q : Prop) (h : p ∧ q) : q ∧ p := ⟨h.2, h.1⟩
theorem eta (p : Pair α) : Pair.mk p.one p.two = p := rfl
theorem linear (a b : Nat) (h : a < b) : 2 * a + 1 < 2 * b := by omega
theorem numbers : 123456 * 654321 % 1000 = 376 := by decide
theorem quotient (r : α → α → Prop) (f : α → Nat) (h : ∀ a b, r a b → f a = f b) (a : α) :
    Quot.lift f h (Quot.mk r a) = f a := rfl
theorem irrelevant (p : Prop) (h k : p) : h = k := rfl
theorem lists (xs ys : List Nat) : (xs ++ ys).length = ys.length + xs.length := by
  simp [Nat.add_comm]
theorem from_false (h : False) : 1 = 2 := h.elim
def halvings (n : Nat) : Nat := if h : n = 0 then 0 else halvings (n / 2) + 1
theorem halvings_zero : halvings 0 = 0 := by rw [halvings]; rfl
"""
NAMES = (
    "mirror_twice", "swap", "eta", "linear", "numbers", "quotient", "irrelevant", "lists",
    "from_false", "halvings_zero",
)  # fmt: skip


def check(server: LeanServer, terms: Terms, own: list[Declaration], *names: str) -> Opinion:
    return audit(terms, own, lambda wanted: read(terms, server.constants(["Init"], wanted)), names, 60)


@pytest.fixture
def exported(lean_server: LeanServer) -> tuple[Terms, dict[str, Declaration]]:
    terms = Terms()
    return terms, {d.name: d for d in read(terms, lean_server.export(["Init"], SOURCE, NAMES))}


def test_honest_proofs_are_accepted(lean_server: LeanServer) -> None:
    opinion = own_kernel(lean_server, SOURCE, NAMES, 60)
    assert opinion.status == "accepted", opinion.text
    assert opinion.checked > len(NAMES) and opinion.assumed > 50


Exported = tuple[Terms, dict[str, Declaration]]


def tampered(server: LeanServer, exported: Exported, name: str, **changes: object) -> Opinion:
    terms, own = exported
    changed = {**own, name: replace(own[name], **changes)}  # type: ignore[arg-type]
    return check(server, terms, list(changed.values()), name)


def test_the_proof_of_another_theorem_is_rejected(lean_server: LeanServer, exported: Exported) -> None:
    opinion = tampered(lean_server, exported, "swap", value=exported[1]["irrelevant"].value)
    assert opinion.status == "rejected" and "another type" in opinion.text


def test_another_statement_is_rejected(lean_server: LeanServer, exported: Exported) -> None:
    terms, own = exported
    # 123456 * 654321 % 1000 = 376 becomes ... = 377
    wrong = _replaced(terms, own["numbers"].type, terms.nat(376), terms.nat(377))
    assert wrong is not own["numbers"].type
    assert tampered(lean_server, exported, "numbers", type=wrong).status == "rejected"


def test_a_proof_by_itself_is_rejected(lean_server: LeanServer, exported: Exported) -> None:
    opinion = tampered(lean_server, exported, "swap", value=exported[0].const("swap"))
    assert opinion.status == "rejected" and "depends on itself" in opinion.text


def test_a_helper_that_is_an_axiom_or_wrong_is_rejected(lean_server: LeanServer, exported: Exported) -> None:
    terms, own = exported
    false = terms.const("False")
    proof = terms.app(terms.const("from_false"), terms.const("helper"))
    statement = _conclusion(own["from_false"].type)
    goal = Declaration("goal", "theorem", (), statement, proof)
    for helper, says in (
        (Declaration("helper", "axiom", (), false), "axiom not allowed"),
        (Declaration("helper", "theorem", (), false), "without its value"),
        (Declaration("helper", "theorem", (), false, terms.const("True.intro")), "another type"),
        (Declaration("helper", "theorem", (), false, terms.const("goal")), "depends on itself"),
        (Declaration("helper", "theorem", (), false, terms.const("no_such")), "unknown constant"),
    ):
        opinion = check(lean_server, terms, [*own.values(), helper, goal], "goal")
        assert opinion.status == "rejected" and says in opinion.text, opinion


def test_sorry_and_compiled_evaluation_are_rejected(lean_server: LeanServer, exported: Exported) -> None:
    terms, own = exported
    false = terms.const("False")
    value = terms.apps(terms.const("sorryAx", [terms.zero]), [false, terms.const("Bool.false")])
    lie = Declaration("lie", "theorem", (), false, value)
    opinion = check(lean_server, terms, [*own.values(), lie], "lie")
    assert opinion.status == "rejected" and "sorryAx" in opinion.text


def test_type_in_type_is_rejected(lean_server: LeanServer) -> None:
    terms = Terms()
    type_ = terms.sort(terms.one)
    bad = Declaration("bad", "definition", (), type_, type_)
    proof = terms.let(type_, terms.const("bad"), terms.const("True.intro"))
    true = Declaration("t", "theorem", (), terms.const("True"), proof)
    assert check(lean_server, terms, [bad, true], "t").status == "rejected"


def test_time_over_is_no_verdict(lean_server: LeanServer, exported: Exported) -> None:
    terms, own = exported
    fetch = partial(lambda wanted: read(terms, lean_server.constants(["Init"], wanted)))
    opinion = audit(terms, own.values(), fetch, ["linear", "lists", "mirror_twice"], 0.0)
    assert opinion.status == "gave_up" and "time" in opinion.text
    assert audit(terms, own.values(), fetch, [], 60).status == "gave_up", "nothing checked is not accepted"


def test_an_export_that_makes_no_sense_is_an_error() -> None:
    for exprs in ("x 1\n", "a 0 1\n", "v\n", "c 0\n"):
        with pytest.raises(ExportError):
            read(Terms(), ExportOk(names=[], strings=[], levels="", exprs=exprs, declarations=[]))


def test_names_keep_apart_what_only_looks_the_same() -> None:
    assert plain_name(r"_private.A.#0.f") == "_private.A.0.f"
    assert plain_name(r"a\.b.c") == "a.b.c"
    assert plain_name(r"\#1") == "#1"


def _replaced(terms: Terms, e: Expr, old: Expr, new: Expr) -> Expr:
    if e is old:
        return new
    match e.kind:
        case Kind.APP:
            return terms.app(_replaced(terms, e.a, old, new), _replaced(terms, e.b, old, new))
        case Kind.PI | Kind.LAMBDA:
            return terms.binder(e.kind, _replaced(terms, e.a, old, new), _replaced(terms, e.b, old, new))
    return e


def _conclusion(e: Expr) -> Expr:
    result: Expr = e.b
    return result
