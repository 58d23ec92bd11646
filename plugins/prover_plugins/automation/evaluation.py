"""Evaluation of a statement about bounded natural numbers by the kernel, as fast as it can.

``decide +kernel`` on ``∀ a < 50, ∀ b < 60, p a b → q a b`` unfolds a decidability instance for every operation.
The step here states the same as nested loops of Boolean operations on numerals, which the kernel computes natively
(five to ten times as fast), and derives the goal from the loops' value with a handful of small lemmas. A fact is
tested as soon as its variables have values, so that most cases are never reached. The loops are run here first:
a statement that is false or needs too many cases is not proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prover.lean.protocol import HypothesisView
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.reading import NotUnderstood, read_proposition
from prover_plugins.arithmetic.semantics import Evaluator, Undecided, Values, compiled

_FEW_CASES = 6_000
"""Tests of a fact or the target that take the kernel a second or two."""

_MOST_CASES = 20_000
"""More take too long on a slow machine."""

_SELECTIVE: Mapping[str, int] = {"=": 0, "∣": 1}
"""The order in which facts are tested: what rules out most comes first."""

_LONGEST_LOOP = 4_000
"""The kernel's stack holds one loop of this length."""

_NUMBERS: Mapping[str, str] = {
    "+": "Nat.add", "-": "Nat.sub", "*": "Nat.mul", "/": "Nat.div", "%": "Nat.mod", "^": "Nat.pow",
    "gcd": "Nat.gcd", "lcm": "Nat.lcm", "succ": "Nat.succ", "log2": "Nat.log2", "min": "Nat.min", "max": "Nat.max",
}  # fmt: skip

_ALL = """obtain ⟨bL, hL⟩ : ∃ l : (Nat → Bool) → Nat → Bool, l = fun p n => @Nat.rec (fun _ => Bool) true \
(fun a r => @Bool.rec (fun _ => Bool) false r (p a)) n := ⟨_, rfl⟩
 obtain ⟨bI, hI⟩ : ∃ i : Bool → Bool → Bool, i = fun x r => @Bool.rec (fun _ => Bool) true r x := ⟨_, rfl⟩
 have bBoth : ∀ x r : Bool, @Bool.rec (fun _ => Bool) false r x = true → x = true ∧ r = true := \
fun x r h => by cases x with | false => cases h | true => exact ⟨rfl, h⟩
 have bAll : ∀ (p : Nat → Bool) (n : Nat), bL p n = true → ∀ a, a < n → p a = true := by
   subst hL
   intro p n
   induction n with
   | zero => exact fun _ a h => absurd h (Nat.not_lt_zero a)
   | succ n ih =>
     intro h a ha
     exact (Nat.lt_or_eq_of_le (Nat.le_of_lt_succ ha)).elim (ih (bBoth _ _ h).2 a) (fun g => g ▸ (bBoth _ _ h).1)"""
"""The loop and the implication as functions that the elaborator does not unfold: it would run the loops, slowly."""

_LEMMAS: Mapping[str, str] = {
    "bIf": "∀ x r : Bool, bI x r = true → x = true → r = true := fun x r h hx => by subst hI; cases hx; exact h",
    "bEq": "∀ a b : Nat, a = b ↔ Nat.beq a b = true := "
    "fun a b => ⟨fun h => h ▸ Nat.beq_refl a, Nat.eq_of_beq_eq_true⟩",
    "bLe": "∀ a b : Nat, a ≤ b ↔ Nat.ble a b = true := fun a b => ⟨Nat.ble_eq_true_of_le, Nat.le_of_ble_eq_true⟩",
    "bDvd": "∀ a b : Nat, a ∣ b ↔ Nat.beq (Nat.mod b a) 0 = true := fun a b => Nat.dvd_iff_mod_eq_zero.trans "
    "⟨fun h => h ▸ Nat.beq_refl _, Nat.eq_of_beq_eq_true⟩",
    "bNot": "∀ {p : Prop} {x : Bool}, (p ↔ x = true) → (¬p ↔ Bool.not x = true) := fun {p x} h => by "
    "cases x <;> simp [h]",
    "bAnd": "∀ {p q : Prop} {x y : Bool}, (p ↔ x = true) → (q ↔ y = true) → (p ∧ q ↔ Bool.and x y = true) := "
    "fun {p q x y} h g => by simp [h, g]",
    "bOr": "∀ {p q : Prop} {x y : Bool}, (p ↔ x = true) → (q ↔ y = true) → (p ∨ q ↔ Bool.or x y = true) := "
    "fun {p q x y} h g => by simp [h, g]",
    "bImp": "∀ {p q : Prop} {x y : Bool}, (p ↔ x = true) → (q ↔ y = true) → "
    "((p → q) ↔ Bool.or (Bool.not x) y = true) := fun {p q x y} h g => by cases x <;> simp [h, g]",
    "bIff": "∀ {p q : Prop} {x y : Bool}, (p ↔ x = true) → (q ↔ y = true) → "
    "((p ↔ q) ↔ Bool.and (Bool.or (Bool.not x) y) (Bool.or (Bool.not y) x) = true) := "
    "fun {p q x y} h g => by cases x <;> cases y <;> simp [h, g]",
}


def number(term: Term) -> str:
    """Lean's text of a natural number in functions that the kernel computes.

    Raises:
        NotUnderstood: another type, or an operation that has none.
    """
    if term.kind is not Kind.NAT:
        raise NotUnderstood(f"a number of type {term.kind}")
    if term.operation == "literal":
        return str(term.value)
    if term.operation == "variable":
        return term.name
    arguments = " ".join(number(argument) for argument in term.arguments)
    if term.operation == "call":
        return f"({term.name} {arguments})"
    if term.operation not in _NUMBERS:
        raise NotUnderstood(term.operation)
    return f"({_NUMBERS[term.operation]} {arguments})"


def test(term: Term) -> tuple[str, str]:
    """(Boolean b, proof of ``p ↔ b = true`` from the lemmas) for a proposition p.

    Raises:
        NotUnderstood: a quantifier, or numbers of another type.
    """
    if term.operation == "literal" and term.kind is Kind.PROP:
        return ("true", "(iff_of_true trivial rfl)") if term.value else ("false", "(iff_of_false id Bool.noConfusion)")
    if term.operation in ("=", "≠", "<", "≤", "∣") and term.arguments[0].kind is Kind.NAT:
        a, b = (number(argument) for argument in term.arguments)
        match term.operation:
            case "=":
                return f"(Nat.beq {a} {b})", f"(bEq {a} {b})"
            case "≠":
                return f"(Bool.not (Nat.beq {a} {b}))", f"(bNot (bEq {a} {b}))"
            case "<":
                return f"(Nat.ble (Nat.succ {a}) {b})", f"(bLe (Nat.succ {a}) {b})"
            case "≤":
                return f"(Nat.ble {a} {b})", f"(bLe {a} {b})"
            case _:
                return f"(Nat.beq (Nat.mod {b} {a}) 0)", f"(bDvd {a} {b})"
    parts = [test(argument) for argument in term.arguments if argument.kind is Kind.PROP]
    if len(parts) != len(term.arguments):
        raise NotUnderstood(term.operation)
    match term.operation, parts:
        case "¬", [(x, p)]:
            return f"(Bool.not {x})", f"(bNot {p})"
        case "∧", [(x, p), (y, q)]:
            return f"(Bool.and {x} {y})", f"(bAnd {p} {q})"
        case "∨", [(x, p), (y, q)]:
            return f"(Bool.or {x} {y})", f"(bOr {p} {q})"
        case "→", [(x, p), (y, q)]:
            return f"(Bool.or (Bool.not {x}) {y})", f"(bImp {p} {q})"
        case "↔", [(x, p), (y, q)]:
            return f"(Bool.and (Bool.or (Bool.not {x}) {y}) (Bool.or (Bool.not {y}) {x}))", f"(bIff {p} {q})"
    raise NotUnderstood(term.operation)


def evaluated(
    target: str, facts: Sequence[HypothesisView], bounds: Mapping[str, int]
) -> tuple[str, bool] | None:
    """The step that proves ``target`` from ``facts`` for all values of the variables below their ``bounds``, and
    whether it is quick; None where it would be false or take too long.

    Raises:
        NotUnderstood: the target has other variables, functions or types.
    """
    kinds = dict.fromkeys(bounds, Kind.NAT)
    goal = read_proposition(target, kinds)
    goal_test, goal_proof = test(goal)
    known: dict[str, Term] = {}
    tests: dict[str, tuple[str, str]] = {}
    for fact in facts:
        try:
            term = read_proposition(fact.type, kinds)
            tests[fact.name] = test(term)
        except NotUnderstood:
            continue
        known[fact.name] = term
    order = _ordered(bounds, known)
    if max(bounds.values()) > _LONGEST_LOOP:
        return None
    cases = _cases(order, bounds, known, goal)
    if cases is None:
        return None
    text = goal_test
    for name, tested in reversed(order):
        for tested_fact in reversed(tested):
            text = f"(bI {tests[tested_fact][0]} {text})"
        text = f"(bL (fun {name} => {text}) {bounds[name]})"
    body = [f"have bV : {text} = true := by subst hL hI; decide +kernel"]
    for name, tested in order:
        body.append(f"replace bV := bAll _ _ bV {name} hb_{name}")
        body += [f"replace bV := bIf _ _ bV ({tests[fact][1]}.mp {fact})" for fact in tested]
    body.append(f"exact {goal_proof}.mpr bV")
    used = "\n".join(body)
    lines = [
        *(f"have hb_{name} : {name} < {bound} := by omega" for name, bound in bounds.items()),
        _ALL,
        *(f"have {name} : {lemma}" for name, lemma in _LEMMAS.items() if f"{name} " in used),
        *body,
    ]
    return "(" + "\n ".join(lines) + ")", cases <= _FEW_CASES


def _ordered(bounds: Mapping[str, int], facts: Mapping[str, Term]) -> list[tuple[str, list[str]]]:
    """The variables, outermost first, each with the facts that can be tested then: as many as early as possible."""
    left, open_facts, chosen = dict(bounds), dict(facts), set[str]()
    order: list[tuple[str, list[str]]] = []
    while left:

        def rank(name: str) -> tuple[int, int, str]:
            tested = sum(term.variables() <= chosen | {name} for term in open_facts.values())
            return -tested, left[name], name

        best = min(left, key=rank)
        chosen.add(best)
        del left[best]
        tested = [fact for fact, term in open_facts.items() if term.variables() <= chosen]
        tested.sort(key=lambda fact: _SELECTIVE.get(facts[fact].operation, 2))
        order.append((best, tested))
        for fact in tested:
            del open_facts[fact]
    return order


def _cases(
    order: list[tuple[str, list[str]]], bounds: Mapping[str, int], facts: Mapping[str, Term], goal: Term
) -> int | None:
    """How many tests the loops need until they end with success; None where they fail or need too many."""
    tests: list[list[Evaluator]] = [[compiled(facts[fact]) for fact in tested] for _, tested in order]
    target = compiled(goal)
    values: Values = {}
    count = 0

    def holds(place: int) -> bool:
        nonlocal count
        if place == len(order):
            return bool(target(values))
        name = order[place][0]
        for value in range(bounds[name]):
            values[name] = value
            count += 1
            passed = True
            for test in tests[place]:
                count += 1
                passed = bool(test(values))
                if not passed:
                    break
            if count > _MOST_CASES or (passed and not holds(place + 1)):
                return False
        return True

    try:
        return count if holds(0) else None
    except Undecided:
        return None
