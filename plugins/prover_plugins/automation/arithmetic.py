"""Arithmetic beyond ``omega`` and ``grind``: residues, powers modulo a number, finite enumeration, products.

Core Lean has no ``norm_num``, ``interval_cases`` or ``nlinarith``; these rules write their effect out as plain
tactics. Goals are read from their text: what matters here is numerals, ``%``, ``∣``, ``^`` and bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import gcd

from prover.lean.protocol import HypothesisView
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood, read_proposition
from prover_plugins.arithmetic.semantics import Evaluator, Undecided, compiled
from prover_plugins.automation.closing import FULL, QUICK
from prover_plugins.automation.reading import Reader, Suggestion

_LARGEST_MODULUS = 30
_MODULUS = re.compile(r"% (\d+)|(?<![\w.])(\d+) ∣")
_POWER = re.compile(r"(?<![\w.])(\d+) \^ (\w+|\([^()]*\))")
_LINEAR = re.compile(r"^(?:(\d+) \* )?([^\W\d][\w₀-₉']*)(?: \+ (\d+))?$")
_NONLINEAR = re.compile(r"[\w₀-₉')] \* [^\W\d(]|[\w₀-₉')] \* \(|\^")


def arithmetic(goal: Reader) -> Iterator[Suggestion]:
    """All rules of this module, where the goal speaks of numbers."""
    if not goal.is_arithmetic:
        return
    text = _text(goal)
    yield from _residues(goal, text)
    yield from _powers(goal, text)
    yield from _without_subtraction(goal)
    yield from _casts(goal)
    yield from _products(goal, text)
    yield from _greatest_common_divisor(goal)
    yield from _least_instances(goal)


def _text(goal: Reader) -> str:
    return "\n".join([goal.goal.target, *(f.type for f in goal.facts)])


def _moduli(text: str) -> list[int]:
    found = {int(a or b) for a, b in _MODULUS.findall(text)}
    return sorted(m for m in found if 2 <= m <= _LARGEST_MODULUS)


def _is_integer(goal: Reader) -> bool:
    return any(v.type in ("Int", "ℤ") for v in goal.numbers)


def _residues(goal: Reader, text: str) -> Iterator[Suggestion]:
    """Computes modulo m: with the residues that the facts give, else case by case."""
    moduli = _moduli(text)
    if not moduli:
        return
    facts = [f.name for f in goal.facts if "%" in f.type]
    lemmas = (
        ["Int.pow_succ", "Int.mul_emod", "Int.add_emod", "Int.sub_emod", "Int.dvd_iff_emod_eq_zero"]
        if _is_integer(goal)
        else ["Nat.pow_succ", "Nat.mul_mod", "Nat.add_mod", "Nat.dvd_iff_mod_eq_zero"]
    )
    yield Suggestion(f"simp [{', '.join([*lemmas, *facts])}]", 0.3, QUICK)
    split = [v for v in goal.numbers if goal.mentions(v.name, text)]
    for modulus in moduli:
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


def _powers(goal: Reader, text: str) -> Iterator[Suggestion]:
    """Powers of a numeral with a variable exponent, modulo m: the cycle of residues, by induction."""
    prefix = "Int" if re.search(r"\(\d+ : Int\)", text) else "Nat"
    seen: set[tuple[str, str, int]] = set()
    for base, exponent in _POWER.findall(text):
        match = _LINEAR.match(exponent.strip("()"))
        if match is None or match[2] not in {v.name for v in goal.numbers}:
            continue
        factor, variable, offset = int(match[1] or 1), match[2], int(match[3] or 0)
        for modulus in _moduli(text):
            if (base, exponent, modulus) in seen:
                continue
            seen.add((base, exponent, modulus))
            cycle = _cycle(int(base), factor, offset, modulus)
            if cycle is None:
                continue
            yield _power_step(goal, prefix, base, factor, variable, offset, modulus, cycle)


def _cycle(base: int, factor: int, offset: int, modulus: int) -> list[int] | None:
    """Residues of ``base ^ (factor * n + offset)`` for n = 0, 1, … over one period; None if there is a tail."""
    first = pow(base, offset, modulus)
    step = pow(base, factor, modulus)
    residues = [first]
    while len(residues) <= 24:
        following = residues[-1] * step % modulus
        if following == first:
            return residues
        residues.append(following)
    return None


def _power_step(
    goal: Reader,
    prefix: str,
    base: str,
    factor: int,
    variable: str,
    offset: int,
    modulus: int,
    cycle: list[int],
) -> Suggestion:
    period = len(cycle)

    def exponent(name: str) -> str:
        linear = name if factor == 1 else f"{factor} * {name}"
        return (
            linear
            if offset == 0 and factor == 1
            else f"({linear}{f' + {offset}' if offset else ''})"
        )

    def claim(name: str, index: int) -> str:
        power = f"{base} ^ {exponent(name)} % {modulus} = {cycle[index]}"
        return power if period == 1 else f"{name} % {period} = {index} ∧ {power}"

    k, ih, h = goal.fresh("k"), goal.fresh("ih"), goal.fresh("hp")
    positive = goal.fresh("hpos", [h])
    claims = " ∨ ".join(claim(k, i) if period == 1 else f"({claim(k, i)})" for i in range(period))
    if factor == 1 and offset == 0:
        unfold = f"rw [{prefix}.pow_succ]"
    else:
        whole = f"{factor} * ({k} + 1)" if factor != 1 else f"({k} + 1)"
        whole += f" + {offset}" if offset else ""
        before = f"{factor} * {k}" if factor != 1 else k
        before += f" + {offset}" if offset else ""
        unfold = f"rw [show {whole} = ({before}) + {factor} from by omega, {prefix}.pow_add]"
    split = "" if period == 1 else f"\n rcases {h} with {' | '.join([h] * period)} <;> omega"
    closing = "\n omega" if period == 1 else split
    tactic = (
        f"(have {h} : ∀ {k} : Nat, {claims} := by\n"
        f"   intro {k}\n"
        f"   induction {k} with\n"
        f"   | zero => simp\n"
        f"   | succ {k} {ih} => {unfold}; omega\n"
        f" have {h} := {h} {variable}\n"
        f" have {positive} : 0 < {base} ^ {exponent(variable)} := {prefix}.pow_pos (by decide)"
        f"{closing})"
    )
    return Suggestion(tactic, 0.25, FULL, 10_000)


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


def _products(goal: Reader, text: str) -> Iterator[Suggestion]:
    """Multiplies inequalities with each other: what linear reasoning lacks for products of variables."""
    if not _NONLINEAR.search(text):
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


def _greatest_common_divisor(goal: Reader) -> Iterator[Suggestion]:
    """A linear combination of two linear terms that is constant bounds their greatest common divisor."""
    match = re.fullmatch(r"\(?(.+?)\)?\.gcd \((.+?)\) (=|≤) (\d+)", goal.goal.target)
    if match is None:
        return
    left, right = _linear(match[1]), _linear(match[2])
    if left is None or right is None or left[1] != right[1]:
        return
    (a, _, b), (c, _, d) = left, right
    common = gcd(a, c)
    p, q = c // common, a // common
    constant = p * b - q * d
    first, second = (match[1], match[2]) if constant >= 0 else (match[2], match[1])
    if constant < 0:
        p, q, constant = q, p, -constant
    if constant == 0:
        return
    sides = ("left", "right") if first == match[1] else ("right", "left")
    pair = f"({match[1]}) ({match[2]})"
    tactic = (
        f"(have hd : Nat.gcd {pair} ∣ {p} * ({first}) - {q} * ({second}) :=\n"
        f"   Nat.dvd_sub (Nat.dvd_trans (Nat.gcd_dvd_{sides[0]} _ _) (Nat.dvd_mul_left _ _))\n"
        f"     (Nat.dvd_trans (Nat.gcd_dvd_{sides[1]} _ _) (Nat.dvd_mul_left _ _))\n"
        f" rw [show {p} * ({first}) - {q} * ({second}) = {constant} from by omega] at hd\n"
    )
    if match[3] == "=" and match[4] == "1" and constant == 1:
        yield Suggestion(tactic + " exact Nat.dvd_one.mp hd)", 0.5, FULL)
    else:
        yield Suggestion(tactic + " exact Nat.le_of_dvd (by decide) hd)", 0.5, FULL)


def _linear(text: str) -> tuple[int, str, int] | None:
    match = _LINEAR.match(text.strip("()"))
    return (int(match[1] or 1), match[2], int(match[3] or 0)) if match else None


def _least_instances(goal: Reader) -> Iterator[Suggestion]:
    """Instantiates ``∀ w, p w → …`` at the least numerals that satisfy ``p``; unfolds ``∀ n, S n ↔ …``."""
    for fact in goal.facts:
        match = re.fullmatch(r"∀ \(?(\w+)(?: : Nat\))?, (.*?) → (.*)", fact.type)
        if match and "→" not in match[3] and "∀" not in match[3]:
            name = goal.fresh("hw")
            for place, number in enumerate(least(match[1], match[2])):
                yield Suggestion(
                    f"have {name} := {fact.name} {number} (by omega)", 0.6 - place / 10
                )
        if re.match(r"∀ \(?\w+(?: : \w+\))?, \w+ \w+ ↔", fact.type):
            yield Suggestion(f"simp only [{fact.name}] at *", 0.5)


def least(variable: str, condition: str, count: int = 3, limit: int = 400) -> list[int]:
    """The least natural numbers that satisfy ``condition`` as far as it can be evaluated; parts of a conjunction
    that mention anything else count as true. Empty where no part can be evaluated."""
    tests: list[Evaluator] = []
    for part in condition.split(" ∧ "):
        try:
            test = read_proposition(part, {variable: Kind.NAT})
        except NotUnderstood:
            continue
        if test.operation in ("=", "<", "≤", "≠") and test.variables() == {variable}:
            tests.append(compiled(test))
    if not tests:
        return []
    found: list[int] = []
    for number in range(limit):
        try:
            if all(test({variable: number}) for test in tests):
                found.append(number)
        except Undecided:
            return []
        if len(found) == count:
            break
    return found


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
            ):
                match = re.fullmatch(pattern, part)
                if match:
                    limit = int(match[1]) + extra
                    best = limit if best is None else min(best, limit)
    return best
