"""Congruences of several variables by evaluation: the target holds for all residues that the facts allow.

``9 ∣ a ^ 3 + b ^ 3 + c ^ 3`` implies ``3 ∣ a * b * c``, and ``a ^ 2 + b ^ 2 = c ^ 2`` implies ``4 ∣ a * b * c`` by the
residues modulo 8. What the facts and the target say depends on the residues of the variables only (sums, products and
powers of congruent numbers are congruent); about the residues the kernel evaluates one closed statement, in which a
fact is tested as soon as its variables have values. A modulus is found for which it is true, by trying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lcm

from prover.domain import Candidate
from prover_plugins.arithmetic.language import FALSE, Kind, Term, lean
from prover_plugins.arithmetic.residues import congruences, congruent, moduli, prime_powers, replaced
from prover_plugins.arithmetic.semantics import Evaluator, Undecided, Values, compiled
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate

_MOST_CASES = 3_000
_MOST_TESTS = 8_000
_MOST_VARIABLES = 4
_FACTORS = (1, 2, 3, 4)
_WALL_MS = 15_000
_CONNECTIVES: Mapping[str, str] = {"∧": "and_congr", "∨": "or_congr", "→": "imp_congr", "↔": "iff_congr"}


def congruence(sketch: Sketch) -> Iterator[Candidate]:
    """One step for a target that is a congruence, or for facts that contradict each other modulo a number."""
    facts = [fact for fact in sketch.facts if _readable(fact.term)]
    target = sketch.target
    if target is not None and _readable(target) and (own := moduli(target)):
        parts = prime_powers(lcm(*own)) if target.operation == "∣" else []
        if len(parts) > 1:
            yield from _by_parts(sketch, facts, target, parts)
            return
        found = evaluation(sketch, facts, target, lcm(*own))
        if found is not None:
            yield candidate("(" + "\n ".join(found) + ")", 0.7, _WALL_MS)
    elif any(len(fact.term.variables()) > 1 or fact.term.is_nonlinear() for fact in facts):
        stated = set[int]().union(*(moduli(fact.term) for fact in facts))
        found = evaluation(sketch, facts, FALSE, lcm(*stated)) if stated else None
        if found is not None:
            yield candidate("(exfalso\n " + "\n ".join(found) + ")", 0.7, _WALL_MS)


def _by_parts(sketch: Sketch, facts: list[Fact], target: Term, parts: list[int]) -> Iterator[Candidate]:
    """``60 ∣ a`` from 4, 3 and 5, each with a modulus of its own."""
    lines: list[str] = []
    text = lean(target.arguments[1])
    for part in parts:
        divisor = Term("literal", target.arguments[0].kind, value=part)
        found = evaluation(sketch, facts, Term("∣", Kind.PROP, (divisor, target.arguments[1])), part)
        if found is None:
            return
        proof = "\n".join(found).replace("\n", "\n   ")
        lines.append(f"have {sketch.fresh(f'hq{part}')} : {part} ∣ {text} := by\n   {proof}")
    general = f"generalize {text} = {sketch.fresh('t')} at *"
    yield candidate("(" + "\n ".join([*lines, f"try {general}", "omega"]) + ")", 0.7, 2 * _WALL_MS)


def _readable(term: Term) -> bool:
    """Whether the term is made of equations and congruences of polynomials without truncated subtraction."""
    match term.operation, term.arguments:
        case (("∧" | "∨" | "→" | "↔"), (a, b)):
            return _readable(a) and _readable(b)
        case "¬", (a,):
            return _readable(a)
        case "∣", (a, b):
            return a.operation == "literal" and a.value > 1 and _polynomial(b)
        case (("=" | "≠"), (a, b)):
            return _remainder(a) and (b.operation == "literal" or _remainder(b))
        case _:
            return False


def _remainder(term: Term) -> bool:
    if term.operation != "%":
        return False
    value, modulus = term.arguments
    return modulus.operation == "literal" and modulus.value > 1 and _polynomial(value)


def _polynomial(term: Term) -> bool:
    if term.operation in ("literal", "variable"):
        return term.kind in (Kind.NAT, Kind.INT)
    if term.operation == "^" and term.arguments[1].operation != "literal":
        return False
    if term.operation not in ("+", "*", "^") and (term.operation != "-" or term.kind is Kind.NAT):
        return False
    return all(_polynomial(argument) for argument in term.arguments)


@dataclass(frozen=True)
class _Premise:
    """A fact as the evaluation uses it: the proof of ``term``, which it is or implies."""

    term: Term
    proof: str


def _premises(sketch: Sketch, facts: list[Fact], modulus: int, kind: Kind) -> list[_Premise]:
    """Congruences among the facts whose moduli divide ``modulus``, and equations, which hold modulo it."""
    found = [_Premise(f.term, f.name) for f in facts if all(modulus % k == 0 for k in moduli(f.term))]
    for fact in sketch.facts:
        if fact.term.operation == "=" and fact.term.arguments[0].kind is kind and fact.term.variables():
            left, right = fact.term.arguments
            if _polynomial(left) and _polynomial(right):
                m = Term("literal", kind, value=modulus)
                sides = tuple(Term("%", kind, (side, m)) for side in (left, right))
                found.append(_Premise(Term("=", Kind.PROP, sides), f"(congrArg (· % {modulus}) {fact.name})"))
    return [p for p in found if _kinds(sketch, p.term) == {kind}]


def _kinds(sketch: Sketch, term: Term) -> set[Kind]:
    return {sketch.kinds[name] for name in term.variables()}


def evaluation(sketch: Sketch, facts: list[Fact], target: Term, least: int) -> list[str] | None:
    """The steps that prove ``target`` from ``facts`` (and equations of the goal) by the first modulus, a multiple of
    ``least``, for which that is possible."""
    kinds = _kinds(sketch, target) or {sketch.kinds[v] for f in facts for v in f.term.variables()}
    if len(kinds) != 1:
        return None
    (kind,) = kinds
    stated = lcm(*(k for f in facts for k in moduli(f.term)))
    for modulus in dict.fromkeys((least, lcm(least, stated), *(least * factor for factor in _FACTORS))):
        premises = _premises(sketch, facts, modulus, kind)
        names = sorted(target.variables().union(*(p.term.variables() for p in premises)))
        related = _related(target, premises, names)
        names = [name for name in names if name in related]
        premises = [p for p in premises if p.term.variables() <= related]
        if names and len(names) <= _MOST_VARIABLES and modulus ** len(names) <= _MOST_CASES:
            order = _ordered(names, premises)
            if (target != FALSE or order[-1][1]) and _holds(order, target, modulus):
                return _lines(sketch, order, target, modulus, kind)
    return None


def _related(target: Term, premises: list[_Premise], names: list[str]) -> set[str]:
    """The variables that facts connect with the target's; all of them where it has none."""
    found = set(target.variables()) or set(names)
    while more := {v for p in premises if p.term.variables() & found for v in p.term.variables()} - found:
        found |= more
    return found


def _ordered(names: list[str], premises: list[_Premise]) -> list[tuple[str, list[_Premise]]]:
    """The variables, each with the premises that can be tested as soon as it has a value; those with most first."""
    left, open_ones, chosen = list(names), list(premises), set[str]()
    order: list[tuple[str, list[_Premise]]] = []
    while left:
        best = max(left, key=lambda name: sum(p.term.variables() <= chosen | {name} for p in open_ones))
        chosen.add(best)
        left.remove(best)
        order.append((best, [p for p in open_ones if p.term.variables() <= chosen]))
        open_ones = [p for p in open_ones if not p.term.variables() <= chosen]
    return order


def _holds(order: list[tuple[str, list[_Premise]]], target: Term, modulus: int) -> bool:
    tests: list[list[Evaluator]] = [[compiled(p.term) for p in tested] for _, tested in order]
    goal = compiled(target)
    values: Values = {}
    count = 0

    def every(place: int) -> bool:
        nonlocal count
        if place == len(order):
            return bool(goal(values))
        for value in range(modulus):
            values[order[place][0]] = value
            count += 1
            if count > _MOST_TESTS:
                return False
            if all(test(values) for test in tests[place]) and not every(place + 1):
                return False
        return True

    try:
        return every(0)
    except Undecided:
        return False


def _lines(
    sketch: Sketch, order: list[tuple[str, list[_Premise]]], target: Term, modulus: int, kind: Kind
) -> list[str]:
    """The lemmas, the residues, the statement that is evaluated, and the target from it."""
    t, m = kind.value, modulus
    letters = {name: (f"(r{i} : Int)" if kind is Kind.INT else f"r{i}") for i, (name, _) in enumerate(order)}
    proofs = {name: f"c{i}" for i, (name, _) in enumerate(order)}
    terms = [target, *(p.term for _, tested in order for p in tested)]
    divisors = sorted(set[int]().union(*(moduli(term) for term in terms)))
    prefix = [*congruences(kind, m).values()]
    if kind is Kind.NAT:
        prefix = [lemma for lemma in prefix if not lemma.startswith("have hsub")]
    both = f"∀ x y : {t}, x % {m} = y % {m} →"
    prefix += [f"have hdvd{k} : {both} ({k} ∣ x ↔ {k} ∣ y) := by omega" for k in divisors]
    prefix += [f"have hmod{k} : {both} x % {k} = y % {k} := by omega" for k in divisors]
    prefix.append(f"have hsame : ∀ a b c d : {t}, a = c → b = d → (a = b ↔ c = d) := by intro a b c d h g; rw [h, g]")
    residue = (
        "fun v => ⟨(v % {m}).toNat, by omega, by omega⟩"
        if kind is Kind.INT
        else "fun v => ⟨v % {m}, Nat.mod_lt _ (by decide), (Nat.mod_mod _ _).symm⟩"
    ).replace("{m}", str(m))
    cast = "(r : Int)" if kind is Kind.INT else "r"
    prefix.append(f"have hres : ∀ v : {t}, ∃ r : Nat, r < {m} ∧ v % {m} = {cast} % {m} := {residue}")
    prefix += [f"obtain ⟨r{i}, l{i}, c{i}⟩ := hres {name}" for i, (name, _) in enumerate(order)]
    statement, arguments = "", ""
    for i, (_, tested) in enumerate(order):
        statement += f"∀ r{i} : Nat, r{i} < {m} → "
        arguments += f" r{i} l{i}"
        for premise in tested:
            statement += f"{_text(premise.term, letters)} → "
            arguments += f" ({_same(premise.term, proofs)}.mp {premise.proof})"
    if target == FALSE:
        # ``p → False`` at the end, after many premises, has no instance of ``Decidable``
        last = _text(order[-1][1][-1].term, letters)
        statement = f"{statement.removesuffix(f'{last} → ')}¬{last}"
        return [*prefix, f"have hV : {statement} := by decide +kernel", f"exact hV{arguments}"]
    return [
        *prefix,
        f"have hV : {statement}{_text(target, letters)} := by decide +kernel",
        f"exact {_same(target, proofs)}.mpr (hV{arguments})",
    ]


def _text(term: Term, letters: dict[str, str]) -> str:
    """The proposition about the residues."""
    match term.operation, term.arguments:
        case "literal", _:
            return "False" if term == FALSE else str(term.value)
        case "¬", (a,):
            return f"(¬{_text(a, letters)})"
        case ("∧" | "∨" | "→" | "↔" | "∣" | "=" | "≠" | "%") as operation, (a, b):
            return f"({_text(a, letters)} {operation} {_text(b, letters)})"
    return replaced(term, letters)


def _same(term: Term, proofs: dict[str, str]) -> str:
    """The proof that a proposition is equivalent to that about the residues."""
    match term.operation, term.arguments:
        case "literal", _:
            return "Iff.rfl"
        case "¬", (a,):
            return f"(not_congr {_same(a, proofs)})"
        case "≠", (a, b):
            return f"(not_congr {_same(Term('=', Kind.PROP, (a, b)), proofs)})"
        case "∣", (a, b):
            return f"(hdvd{a.value} _ _ {congruent(b, proofs)})"
        case "=", (a, b):
            return f"(hsame _ _ _ _ {_equal(a, proofs)} {_equal(b, proofs)})"
    first, second = (_same(argument, proofs) for argument in term.arguments)
    return f"({_CONNECTIVES[term.operation]} {first} {second})"


def _equal(term: Term, proofs: dict[str, str]) -> str:
    """The proof that a remainder, or a numeral, is equal to that of the residues."""
    if term.operation == "literal":
        return "rfl"
    return f"(hmod{term.arguments[1].value} _ _ {congruent(term.arguments[0], proofs)})"
