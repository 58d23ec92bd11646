"""What the modules that propose steps share."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from math import isqrt

from prover.domain import Candidate
from prover.lean.protocol import GoalView
from prover_plugins.arithmetic.goals import kinds
from prover_plugins.arithmetic.language import Kind, Term
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, polynomial
from prover_plugins.arithmetic.reading import NotUnderstood, read_proposition

NAME = "arithmetic"
HEARTBEATS = 200_000
_FEW = 300
"""Numbers up to here are all tried as divisors, which is quicker than the proof that half of them suffice."""

WALL_MS = 8_000

CASTS = "simp only [Int.natCast_add, Int.natCast_mul, Int.natCast_pow, Int.natCast_one, Int.cast_ofNat_Int]"
"""Moves casts of natural numbers inward. ``push_cast`` would do, but fails on numerals of more than some 300."""


def cast_equation(name: str) -> str:
    """The term that casts an equation of natural numbers to the integers."""
    return f"congrArg (Nat.cast (R := Int)) {name}"


def candidate(tactic: str, score: float, wall_ms: int = WALL_MS) -> Candidate:
    """A step of this module with the limits for nonlinear reasoning."""
    return Candidate(tactic, NAME, score=score, heartbeats=HEARTBEATS, wall_ms=wall_ms)


@dataclass(frozen=True, slots=True)
class Fact:
    """A hypothesis that can be written, with its term."""

    name: str
    term: Term


class Sketch:
    """The parts of one goal that are understood; for proposals a part is enough, unlike for a refutation."""

    def __init__(self, goal: GoalView) -> None:
        self.goal = goal
        self.kinds = kinds(goal)
        self.target = self._read(goal.target, goal.symbols)
        self.facts: list[Fact] = []
        later: set[str] = set()
        for h in reversed(goal.hypotheses):
            if h.is_prop and h.accessible and h.name not in later:
                term = self._read(h.type, h.symbols)
                if term is not None:
                    self.facts.insert(0, Fact(h.name, term))
            later.add(h.name)

    def with_fact(self, fact: Fact) -> Sketch:
        """The same goal with one more hypothesis, which a step introduces."""
        other = copy(self)
        other.facts = [*self.facts, fact]
        return other

    def _read(self, text: str, symbols: Iterable[str]) -> Term | None:
        try:
            return read_proposition(text, self.kinds, symbols, generic=True)
        except NotUnderstood:
            return None

    def fresh(self, base: str, taken: Iterable[str] = ()) -> str:
        """``base``, or ``base`` with the first number that makes it new."""
        used = {h.name for h in self.goal.hypotheses}.union(taken)
        name, number = base, 0
        while name in used:
            number += 1
            name = f"{base}{number}"
        return name

    def others(self, *kept: str) -> list[str]:
        """The names of all hypotheses but ``kept``, last first: what a step that needs no more may clear."""
        return [h.name for h in reversed(self.goal.hypotheses) if h.is_prop and h.accessible and h.name not in kept]

    def naturals(self, p: Polynomial) -> frozenset[str]:
        """The variables of ``p`` that are natural numbers."""
        return frozenset(name for name in p.variables if self.kinds.get(name) is Kind.NAT)


def difference(relation: Term, *, rational: bool = False) -> Polynomial | None:
    """``left - right`` of a relation between natural numbers or integers (``rational``: also rationals) as a
    polynomial; None where it is none."""
    numbers = (Kind.NAT, Kind.INT, Kind.RAT) if rational else (Kind.NAT, Kind.INT)
    if len(relation.arguments) != 2 or relation.arguments[0].kind not in numbers:
        return None
    try:
        return polynomial(relation.arguments[0]) - polynomial(relation.arguments[1])
    except NotPolynomial:
        return None


def residue_lemmas(kind: Kind) -> str:
    """The lemmas with which ``simp`` computes a polynomial modulo a number from residues of its variables."""
    if kind is Kind.INT:
        return "Int.pow_succ, Int.add_emod, Int.mul_emod, Int.sub_emod"
    return "Nat.pow_succ, Nat.add_mod, Nat.mul_mod"


def divisors_of(number: int) -> list[int]:
    """The positive divisors of a positive number, the smallest first."""
    small = [d for d in range(1, isqrt(number) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]


def divisor_lines(name: str, number: int) -> list[str]:
    """The steps that prove ``name``: whatever divides ``number`` is one of its divisors. Of two factors one is at most
    the square root, so that only numbers up to that are evaluated."""
    known, root = divisors_of(number), isqrt(number) + 1
    if number <= _FEW:
        return [
            f"have {name} : ∀ i : Nat, i ∣ {number} → i ∈ {known} := fun i hi0 =>",
            f"   (by decide +kernel : ∀ i : Nat, i < {number + 1} → {number} % i = 0 → i ∈ {known}) i",
            "   (Nat.lt_succ_of_le (Nat.le_of_dvd (by decide) hi0)) (Nat.mod_eq_zero_of_dvd hi0)",
        ]
    small = [d for d in known if d < root]
    cases = [
        line
        for d in small
        for line in (
            f"     · obtain rfl : b = {number // d} := Nat.eq_of_mul_eq_mul_left (show 0 < {d} by decide)",
            f"         (hm0.symm.trans (by decide : {number} = {d} * {number // d}))",
            "       decide",
        )
    ]
    return [
        f"have {name} : ∀ i : Nat, i ∣ {number} → i ∈ {known} := by",
        f"   have hk0 : ∀ a : Nat, a < {root} → {number} % a = 0 → a ∈ {small} := by decide +kernel",
        f"   have hs0 : ∀ a b : Nat, {number} = a * b → a < {root} → a ∈ {known} ∧ b ∈ {known} := by",
        "     intro a b hm0 ha0",
        "     have hm1 := hk0 a ha0 (hm0 ▸ Nat.mul_mod_right a b)",
        "     simp only [List.mem_cons, List.not_mem_nil, or_false] at hm1",
        f"     rcases hm1 with {' | '.join(['rfl'] * len(small))}",
        *cases,
        "   rintro i ⟨j, hj0⟩",
        f"   rcases Nat.lt_or_ge i {root} with hi0 | hi0",
        "   · exact (hs0 i j hj0 hi0).1",
        f"   · rcases Nat.lt_or_ge j {root} with hi1 | hi1",
        "     · exact (hs0 j i (by rw [Nat.mul_comm]; exact hj0) hi1).2",
        "     · have hm2 := Nat.mul_le_mul hi0 hi1",
        "       exact absurd (Nat.le_trans hm2 (Nat.le_of_eq hj0.symm)) (by decide)",
    ]
