"""Arithmetic beyond ``omega`` and ``grind``: residues, powers modulo a number, finite enumeration, products.

Core Lean has no ``norm_num``, ``interval_cases`` or ``nlinarith``; these rules write their effect out as plain
tactics. Goals are read from their text: what matters here is numerals, ``%``, ``∣``, ``^`` and bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.closing import FULL, QUICK
from prover_plugins.automation.reading import Reader, Suggestion, moduli

_LARGEST_MODULUS = 30
_LARGEST_POWER = 10**12
_CLOSED_POWER = re.compile(r"(?<![\w.^] )(?<![\w.])(\d{1,4}) \^ (\d{1,3})(?!\d| \^)")
_NONLINEAR = re.compile(r"[\w₀-₉')] \* [^\W\d(]|[\w₀-₉')] \* \(|\^")


def arithmetic(goal: Reader) -> Iterator[Suggestion]:
    """All rules of this module, where the goal speaks of numbers."""
    if not goal.is_arithmetic:
        return
    yield from _residues(goal)
    yield from _closed_powers(goal)
    yield from _without_subtraction(goal)
    yield from _casts(goal)
    yield from _products(goal)
    yield from _from_bound(goal)


def _is_integer(goal: Reader) -> bool:
    return any(v.type in ("Int", "ℤ") for v in goal.numbers)


def _residues(goal: Reader) -> Iterator[Suggestion]:
    """Computes modulo m: with the residues that the facts give, else case by case."""
    found = moduli(goal.text, _LARGEST_MODULUS)
    if not found:
        return
    facts = [f.name for f in goal.facts if "%" in f.type]
    lemmas = (
        ["Int.pow_succ", "Int.mul_emod", "Int.add_emod", "Int.sub_emod", "Int.dvd_iff_emod_eq_zero"]
        if _is_integer(goal)
        else ["Nat.pow_succ", "Nat.mul_mod", "Nat.add_mod", "Nat.dvd_iff_mod_eq_zero"]
    )
    yield Suggestion(f"simp [{', '.join([*lemmas, *facts])}]", 0.3, QUICK)
    split = [v for v in goal.numbers if goal.mentions(v.name, goal.text)]
    for modulus in found:
        for variable in split[:3]:
            if modulus > 12 and len(split) > 1:
                continue
            name = goal.fresh("hr")
            cases = " ∨ ".join(f"{variable.name} % {modulus} = {r}" for r in range(modulus))
            pattern = " | ".join([name] * modulus)
            simplify = f"simp [{', '.join([*lemmas, name])}]"
            head = f"have {name} : {cases} := by omega\n rcases {name} with {pattern} <;> "
            yield Suggestion(f"({head}{simplify} <;> omega)", 0.1, FULL, 10_000)
            yield Suggestion(f"({head}{simplify} at *)", 0.09, FULL, 10_000)
            if modulus <= 6:
                yield Suggestion(f"({head}try omega)", 0.06, FULL, 10_000)


def _closed_powers(goal: Reader) -> Iterator[Suggestion]:
    """Computes what has no variables, such as ``2 ^ 11 - 1``: other rules look for numerals."""
    if any(int(a) ** min(int(b), 99) < _LARGEST_POWER for a, b in _CLOSED_POWER.findall(goal.text)):
        names = ", ".join(f"{kind}.reduce{name}" for kind in ("Nat", "Int") for name in ("Pow", "Sub", "Mul", "Add"))
        yield Suggestion(f"simp only [{names}] at *", 0.4, QUICK)


def _without_subtraction(goal: Reader) -> Iterator[Suggestion]:
    """``a = b - c`` over Nat by way of ``a + c = b``, which induction likes better."""
    match = re.fullmatch(r"(.+?) = (.+) - (\([^()]*\)|[\w₀-₉']+)", goal.goal.target)
    if match and goal.goal.shape == "eq":
        left, minuend, subtrahend = match.groups()
        name = goal.fresh("hs")
        yield Suggestion(f"suffices {name} : {left} + {subtrahend} = {minuend} by omega", 0.2)


def _casts(goal: Reader) -> Iterator[Suggestion]:
    """An equation between naturals or integers proved among the rationals, where the facts are."""
    match = re.fullmatch(r"(\w+) = (\w+)", goal.goal.target)
    if match and any("↑" in f.type and "Rat" in f.symbols for f in goal.facts):
        name = goal.fresh("hq")
        yield Suggestion(
            f"(have {name} : ({match[1]} : Rat) = {match[2]} := by grind\n exact_mod_cast {name})",
            0.3,
            FULL,
        )


def _products(goal: Reader) -> Iterator[Suggestion]:
    """Multiplies inequalities with each other: what linear reasoning lacks for products of variables."""
    if not _NONLINEAR.search(goal.text):
        return
    bounds = [f for f in goal.facts if f.head in ("LE.le", "LT.lt", "GE.ge", "GT.gt")]
    if _is_integer(goal):
        return
    for i, first in enumerate(bounds[:4]):
        for second in bounds[i:4]:
            name = goal.fresh("hm")
            yield Suggestion(f"have {name} := Nat.mul_le_mul {first.name} {second.name}", 0.05)
        for variable in goal.numbers[:3]:
            name = goal.fresh("hm")
            yield Suggestion(
                f"have {name} := Nat.mul_le_mul {first.name} (Nat.le_refl {variable.name})", 0.03
            )


def bounded(variable: HypothesisView, facts: list[HypothesisView]) -> int | None:
    """The least numeral that some fact states as an upper bound (exclusive) of a variable."""
    best: int | None = None
    name = re.escape(variable.name)
    for fact in facts:
        for part in fact.type.split(" ∧ "):
            part = part.strip("() ")
            for pattern, extra in (
                (rf"{name} < (\d+)", 0),
                (rf"{name} ≤ (\d+)", 1),
                (rf"(\d+) > {name}", 0),
                (rf"(\d+) ≥ {name}", 1),
                (rf"{name} = (\d+)", 1),
            ):
                match = re.fullmatch(pattern, part)
                if match:
                    limit = int(match[1]) + extra
                    best = limit if best is None else min(best, limit)
    return best


def _from_bound(goal: Reader) -> Iterator[Suggestion]:
    """Induction from ``c ≤ n`` upward in one step, for powers and factorials against polynomials: ``n = m + c``, so
    that all that is left to compare has coefficients that are not negative."""
    if goal.in_induction or not re.search(r"\^|factorial|!", goal.goal.target):
        return
    for fact in goal.facts:
        match = re.fullmatch(r"(\d+) ([≤<]) ([^\W\d][\w₀-₉']*)", fact.type)
        if match is None or match[3] not in {v.name for v in goal.numbers if v.type in ("Nat", "ℕ")}:
            continue
        name, low = match[3], int(match[1]) + (match[2] == "<")
        if low > 60 or sum(name in f.depends for f in goal.facts) != 1 or not goal.mentions(name):
            continue
        m, ih, shift = goal.fresh("m"), goal.fresh("ih"), f" + {low}"
        bases = dict.fromkeys(re.findall(r"(?<![\w.])(\d+) \^", goal.goal.target))
        # functions are unfolded once only: their values at the smaller argument are in the hypothesis
        simplify = "".join(f"\n   try rw [{definition}]" for definition in goal.definitions)
        if bases:
            simplify += f"\n   try simp only [{', '.join(f'Nat.pow_succ {base}' for base in bases)}]"
        yield Suggestion(
            f"(obtain ⟨{m}, rfl⟩ : ∃ {m}, {name} = {m}{shift} := ⟨{name} - {low}, by omega⟩\n"
            f" clear {fact.name}\n"
            f" induction {m} with\n"
            f" | zero => first | decide | simp{goal.unfolding()}\n"
            f" | succ {m} {ih} =>\n"
            f"   rw [show {m} + 1{shift} = ({m}{shift}) + 1 from by omega]{simplify}\n"
            f"   first | omega | grind | exact Nat.dvd_mul_right _ _ | exact Nat.dvd_mul_left_of_dvd {ih} _\n"
            f"         | (rw [Nat.mul_mod, {ih}]; simp; done))",
            0.45,
            FULL,
            10_000,
        )
