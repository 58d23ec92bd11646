"""Equations with powers of numerals whose exponents are variables, ``2 ^ m + 7 = n ^ 2``: large exponents are excluded.

From some exponent on there is no solution modulo a number (4 here, for 2 ≤ m). The residues of the powers are a cycle,
which an induction proves; that none of them fits is evaluated (``congruence``). What is left is finitely many
exponents, which other rules split.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

from prover.domain import Candidate
from prover_plugins.arithmetic.congruence import evaluation
from prover_plugins.arithmetic.language import FALSE, Kind, Term, lean
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, polynomial
from prover_plugins.arithmetic.residues import independent, values
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate

_MODULI = (2, 3, 4, 5, 7, 8, 9, 16, 11, 13, 15, 24, 32, 17, 25, 27, 31, 40, 64, 63)
_HIGHEST_THRESHOLD = 6
_MOST_CASES = 1_000
_MOST_POWERS = 3
_WALL_MS = 15_000


@dataclass(frozen=True)
class Power:
    """``base ^ exponent``, for which ``name`` stands; the exponent is known to be at least ``low``."""

    base: int
    exponent: str
    name: str
    low: int = 0

    def residues(self, modulus: int, low: int) -> list[int]:
        """Its residues for exponents from ``low`` on."""
        found: dict[int, None] = {}
        residue = pow(self.base, low, modulus)
        while residue not in found:
            found[residue] = None
            residue = residue * self.base % modulus
        return list(found)


def exponentials(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each equation and each exponent: a bound; or no solution at all."""
    for fact in sketch.facts:
        if fact.term.operation != "=" or fact.term.arguments[0].kind is not Kind.NAT:
            continue
        powers: dict[tuple[int, str], Power] = {}
        term = _replaced(sketch, _without_subtraction(fact.term), powers)
        if not 1 <= len(powers) <= _MOST_POWERS:
            continue
        try:
            p = polynomial(term.arguments[0]) - polynomial(term.arguments[1])
        except NotPolynomial:
            continue
        yield from _bounds(sketch, fact.name, term, p, list(powers.values()))


def _without_subtraction(term: Term) -> Term:
    """``a - c = b`` as ``a = b + c``: where a is larger than c, or b is not 0."""
    left, right = term.arguments
    if left.operation == "-" and left.arguments[1].operation == "literal":
        return Term("=", Kind.PROP, (left.arguments[0], Term("+", Kind.NAT, (right, left.arguments[1]))))
    return term


def _replaced(sketch: Sketch, term: Term, powers: dict[tuple[int, str], Power]) -> Term:
    """``term`` with a variable for each power of a numeral; they are added to ``powers``."""
    if term.operation == "^" and term.arguments[0].operation == "literal" and term.arguments[0].value > 1:
        exponent = term.arguments[1]
        if exponent.operation == "variable":
            key = term.arguments[0].value, exponent.name
            if key not in powers:
                name = sketch.fresh(f"p{len(powers)}")
                powers[key] = Power(*key, name, _low(sketch, exponent.name))
            return Term("variable", Kind.NAT, name=powers[key].name)
    arguments = tuple(_replaced(sketch, argument, powers) for argument in term.arguments)
    return Term(term.operation, term.kind, arguments, term.name, term.value, term.bound)


def _low(sketch: Sketch, name: str) -> int:
    """The largest numeral that a fact says the variable is at least."""
    low = 0
    for fact in sketch.facts:
        match fact.term.operation, fact.term.arguments:
            case ("<" | "≤") as operation, (a, b) if a.operation == "literal" and b.name == name:
                low = max(low, a.value + (operation == "<"))
            case "≠", (a, b) if a.name == name and b.operation == "literal" and b.value == 0:
                low = max(low, 1)
    return low


def _bounds(sketch: Sketch, fact: str, term: Term, p: Polynomial, powers: list[Power]) -> Iterator[Candidate]:
    for place, chosen in enumerate(powers):
        for threshold in range(chosen.low, chosen.low + _HIGHEST_THRESHOLD + 1):
            lows = [threshold if q.exponent == chosen.exponent else q.low for q in powers]
            modulus = _modulus(p, powers, lows)
            if modulus is None:
                continue
            lines = _lines(sketch, fact, term, powers, lows, modulus)
            if lines is None:
                continue
            name, contrary = sketch.fresh("hlt"), sketch.fresh("hge")
            if threshold == chosen.low:
                yield candidate("(exfalso\n " + "\n ".join(lines) + ")", 0.85, _WALL_MS)
                return
            proof = "\n".join(lines).replace("\n", "\n   ")
            head = (
                f"have {name} : {chosen.exponent} < {threshold} := by\n"
                f"   apply Nat.lt_of_not_le; intro {contrary}\n   {proof}"
            )
            cases = range(chosen.low, threshold)
            split = " ∨ ".join(f"{chosen.exponent} = {value}" for value in cases)
            pattern = " | ".join(["rfl"] * len(cases))
            yield candidate(
                f"({head}\n rcases (by omega : {split}) with {pattern} <;> try first | omega | (simp_all; done))",
                0.75 - place / 100,
                _WALL_MS,
            )
            break


def _modulus(p: Polynomial, powers: list[Power], lows: list[int]) -> int | None:
    """The first modulus for which no residues solve ``p = 0`` where the exponents are at least ``lows``."""
    _, integral = p.primitive()
    names = {power.name: (power, low) for power, low in zip(powers, lows, strict=True)}
    for modulus in _MODULI:
        allowed = {name: power.residues(modulus, low) for name, (power, low) in names.items()}
        sums: set[int] | None = {0}
        for part in independent(integral, modulus):
            choices = [allowed.get(v, list(range(modulus))) for v in part.variables]
            size = 1
            for choice in choices:
                size *= len(choice)
            if size > _MOST_CASES:
                sums = None
                break
            found = set(values(part, modulus, part.variables, choices))
            sums = {(a + b) % modulus for a in sums or () for b in found}
        if sums is not None and 0 not in sums:
            return modulus
    return None


def _lines(
    sketch: Sketch, fact: str, term: Term, powers: list[Power], lows: list[int], modulus: int
) -> list[str] | None:
    """The steps that derive a contradiction from the equation modulo ``modulus``."""
    m, given = modulus, sketch.fresh("heq")
    other = copy(sketch)
    other.kinds = {**sketch.kinds, **{power.name: Kind.NAT for power in powers}}
    other.facts = [Fact(given, term)]
    lines: list[str] = []
    for i, (power, low) in enumerate(zip(powers, lows, strict=True)):
        c, name = power.base, f"hc{i}"
        residues = power.residues(m, low)
        variable = Term("variable", Kind.NAT, name=power.name)
        options = [_remainder(variable, m, r) for r in residues]
        claim = " ∨ ".join(f"{c} ^ (k + {low}) % {m} = {r}" for r in residues)
        pattern = " | ".join(["ih"] * len(residues))
        lines += [
            f"have {name} : ∀ k : Nat, {claim} := by",
            "   intro k",
            "   induction k with",
            "   | zero => decide",
            "   | succ k ih =>",
            f"     rw [show k + 1 + {low} = k + {low} + 1 by omega, Nat.pow_succ]",
            f"     generalize {c} ^ (k + {low}) = x at *",
            f"     rcases ih with {pattern} <;> omega",
            f"replace {name} := {name} ({power.exponent} - {low})",
            f"rw [show {power.exponent} - {low} + {low} = {power.exponent} by omega] at {name}",
            f"have hpos{i} : 0 < {c} ^ {power.exponent} := Nat.pow_pos (by decide)",
        ]
        disjunction = options[-1]
        for option in reversed(options[:-1]):
            disjunction = Term("∨", Kind.PROP, (option, disjunction))
        other.facts.append(Fact(name, disjunction))
    contradiction = evaluation(other, other.facts[1:], FALSE, m)
    if contradiction is None:
        return None
    lines.append(f"have {given} := {fact}")
    lines += [f"generalize {p.base} ^ {p.exponent} = {p.name} at {given} hc{i} hpos{i}" for i, p in enumerate(powers)]
    left, right = map(lean, term.arguments)
    lines.append(f"replace {given} : {left} = {right} := by omega")
    return [*lines, *contradiction]


def _remainder(variable: Term, modulus: int, residue: int) -> Term:
    divided = Term("%", Kind.NAT, (variable, Term("literal", Kind.NAT, value=modulus)))
    return Term("=", Kind.PROP, (divided, Term("literal", Kind.NAT, value=residue)))
