"""Finite enumeration: bounds on variables, found and proved, then evaluation of all cases by the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from math import isqrt, log, prod

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.arithmetic import bounded
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, identifiers

_MOST_CASES = 30_000
"""More than the kernel evaluates in some ten seconds."""


def enumeration(goal: Reader) -> Iterator[Suggestion]:
    """Evaluates all cases where the variables have bounds; else proposes bounds."""
    numbers = [v for v in goal.numbers if v.value is None]
    if not numbers or len(numbers) > 4 or not goal.is_arithmetic:
        return
    yield from _naturals(goal, numbers)
    naturals = [v for v in numbers if v.type in ("Nat", "ℕ")]
    known = {v.name: bounded(v, goal.facts) for v in naturals}
    bounds = {name: bound for name, bound in known.items() if bound is not None}
    if bounds:
        yield from _evaluate(goal, naturals, bounds)
        yield from _split(goal, bounds)
    for variable in naturals:
        if variable.name not in bounds:
            yield from _bounds(goal, variable, naturals)


def _evaluate(goal: Reader, naturals: list[HypothesisView], bounds: dict[str, int]) -> Iterator[Suggestion]:
    """``decide +kernel`` on the closed statement that reverting variables and facts makes."""
    if len(bounds) < len(naturals) or prod(bounds.values()) > _MOST_CASES:
        return
    names = {v.name for v in naturals}
    others = {h.name for h in goal.goal.hypotheses if not h.is_prop and h.name not in names}
    relevant = [f.name for f in goal.facts if not others & identifiers(f.type)]
    irrelevant = [f.name for f in goal.facts if f.name not in relevant]
    lines = [f"have hb_{v.name} : {v.name} < {bounds[v.name]} := by omega" for v in naturals]
    if irrelevant:
        lines.append(f"clear {' '.join(irrelevant)}")
    if relevant:
        lines.append(f"revert {' '.join(relevant)}")
    for variable in reversed(naturals):
        lines.append(f"revert hb_{variable.name}")
        lines.append(f"revert {variable.name}")
    lines.append("decide +kernel")
    yield Suggestion("(" + "\n ".join(lines) + ")", 0.65, FULL, 10_000)


def _split(goal: Reader, bounds: dict[str, int]) -> Iterator[Suggestion]:
    """One goal for each value of a variable with few values, closed by linear reasoning where possible."""
    for name, bound in bounds.items():
        if bound > 24:
            continue
        fact = goal.fresh("hv")
        cases = " ∨ ".join(f"{name} = {value}" for value in range(bound))
        pattern = " | ".join(["rfl"] * bound)
        head = f"have {fact} : {cases} := by omega\n rcases {fact} with {pattern} <;> "
        yield Suggestion(f"({head}omega)", 0.25, FULL, 10_000)
        yield Suggestion(f"({head}simp_all)", 0.12, FULL, 10_000)
        yield Suggestion(f"({head}try omega)", 0.06, FULL, 10_000)


def _bounds(goal: Reader, variable: HypothesisView, naturals: list[HypothesisView]) -> Iterator[Suggestion]:
    """``x < B`` for numerals B of the goal (their roots, their logarithms), proved by linear reasoning or by
    assuming the contrary and multiplying out."""
    name = variable.name
    facts = [f for f in goal.facts if goal.mentions(name, f.type)]
    literals = {int(n) for f in facts for n in re.findall(r"(?<![\w.])\d+(?![\w.])", f.type)}
    if not literals:
        return
    fact, absurd = goal.fresh("hb"), goal.fresh("hc")
    bases = [int(b) for f in facts for b in re.findall(rf"(?<![\w.])(\d+) \^ {re.escape(name)}\b", f.type)]
    if bases:
        tries = sorted({int(log(max(n, 2)) / log(b)) + 1 for n in literals for b in bases if b > 1}, reverse=True)
        proof = _by_powers(goal, absurd, name, bases[0], naturals, facts)
    else:
        tries = sorted({n + 1 for n in literals} | {isqrt(n) + 1 for n in literals})
        proof = "first | omega" + "".join(
            f" | (apply Nat.lt_of_not_le; intro {absurd}; {multiply}; grind)"
            for multiply in _multiplications(goal, absurd, name, naturals)
        )
    for bound in islice((b for b in tries if 2 <= b <= _MOST_CASES), 6):
        yield Suggestion(f"have {fact} : {name} < {bound} := by {proof}", 0.35 if bases else 0.2, FULL, 6_000)


def _multiplications(goal: Reader, absurd: str, name: str, naturals: list[HypothesisView]) -> Iterator[str]:
    """Products of the contrary with itself and with other positive variables."""
    product = goal.fresh("hm")
    yield f"have {product} := Nat.mul_le_mul {absurd} {absurd}"
    for other in naturals:
        if other.name != name:
            positive = (
                f"show 1 ≤ {other.name} by first | omega | "
                f"(apply Nat.pos_of_ne_zero; intro h0; subst h0; simp at *)"
            )
            yield f"have {product} := Nat.mul_le_mul {absurd} ({positive})"


def _by_powers(
    goal: Reader, absurd: str, name: str, base: int, naturals: list[HypothesisView], facts: list[HypothesisView]
) -> str:
    """A large exponent makes the power, and its product with other powers, too large."""
    others = {
        (b, v.name)
        for v in naturals
        for f in facts
        for b in re.findall(rf"(?<![\w.])(\d+) \^ {re.escape(v.name)}\b", f.type)
        if v.name != name
    }
    grow, product = goal.fresh("hg"), goal.fresh("hm")
    lines = [
        "apply Nat.lt_of_not_le",
        f"intro {absurd}",
        f"have {grow} := Nat.pow_le_pow_right (show 0 < {base} by decide) {absurd}",
    ]
    for other_base, exponent in sorted(others):
        lines.append(
            f"have {product} := Nat.mul_le_mul {grow} "
            f"(Nat.pow_pos (show 0 < {other_base} by decide) : 0 < {other_base} ^ {exponent})"
        )
        lines.append(f"have {product}' := Nat.mul_comm ({base} ^ {name}) ({other_base} ^ {exponent})")
    lines.append("omega")
    return "(" + "; ".join(lines) + ")"


def _naturals(goal: Reader, numbers: list[HypothesisView]) -> Iterator[Suggestion]:
    """An integer with a lower bound as that bound plus a natural number."""
    for variable in numbers:
        if variable.type not in ("Int", "ℤ"):
            continue
        k = goal.fresh("k")
        lows = {0, 1}
        for f in goal.facts:
            for low in re.findall(rf"(-?\d+) ≤ {re.escape(variable.name)}\b", f.type):
                lows.add(int(low))
        for low in sorted(lows, reverse=True)[:3]:
            shift = f" + {low}" if low else ""
            yield Suggestion(
                f"obtain ⟨{k}, rfl⟩ : ∃ {k} : Nat, {variable.name} = ({k} : Int){shift} := "
                f"⟨({variable.name} - {low}).toNat, by omega⟩",
                0.08,
            )
