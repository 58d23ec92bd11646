"""Finite enumeration: bounds on variables, found and proved, then evaluation of all cases by the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from math import isqrt, log, prod

from prover.lean.protocol import HypothesisView
from prover_plugins.arithmetic.reading import NotUnderstood
from prover_plugins.automation.arithmetic import bounded
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.evaluation import evaluated
from prover_plugins.automation.reading import Reader, Suggestion, identifiers

_MOST_SPLITS = 120
"""Values of one variable that get a goal each."""

_MOST_CASES = 4_000
"""More than the kernel evaluates in some ten seconds by way of decidability instances."""

_LARGEST_BOUND = 4_000


def enumeration(goal: Reader) -> Iterator[Suggestion]:
    """Evaluates all cases where the variables have bounds; else proposes bounds."""
    numbers = [v for v in goal.numbers if v.value is None]
    if not numbers or len(numbers) > 4 or not goal.is_arithmetic:
        return
    integers = [v for v in numbers if v.type in ("Int", "ℤ")]
    naturals = [v for v in numbers if v.type in ("Nat", "ℕ")]
    if integers:
        yield from _naturals(goal, integers)
        yield from _integer_bounds(goal, integers)
        yield from _integer_split(goal, integers)
    yield from _contrary(goal)
    known = {v.name: bounded(v, goal.facts) for v in naturals}
    bounds = {name: bound for name, bound in known.items() if bound is not None}
    if bounds:
        if not integers:
            yield from _evaluate(goal, naturals, bounds)
        yield from _split(goal, bounds)
    open_ones = [v for v in naturals if v.name not in bounds]
    for variable in open_ones:
        yield from _bounds(goal, variable, naturals)
    if len(open_ones) > 1:
        yield from _all_bounds(goal, open_ones, naturals)


def _contrary(goal: Reader) -> Iterator[Suggestion]:
    """``18 ≤ t`` by assuming ``t < 18``, which bounds the cases; the same for other inequalities with a numeral."""
    if any(v.type not in ("Nat", "ℕ") for v in goal.numbers):
        return
    match = re.fullmatch(r"(\d+|[^=≤<∣→∨∧↔¬∀∃]+) ([≤<]) (\d+|[^=≤<∣→∨∧↔¬∀∃]+)", goal.goal.target)
    if match is None or match[1].isdecimal() == match[3].isdecimal():
        return
    lemma = "Nat.le_of_not_lt" if match[2] == "≤" else "Nat.lt_of_not_le"
    score = 0.35 if match[1].isdecimal() else 0.1
    yield Suggestion(f"(apply {lemma}; intro {goal.fresh('hc')})", score)


def _evaluate(
    goal: Reader, naturals: list[HypothesisView], bounds: dict[str, int]
) -> Iterator[Suggestion]:
    """All cases by the kernel: fast loops where everything is understood, else ``decide +kernel`` on the closed
    statement that reverting variables and facts makes."""
    if len(bounds) < len(naturals):
        return
    try:
        step = evaluated(goal.goal.target, goal.facts, bounds)
        if step is not None:
            tactic, quick = step
            yield Suggestion(tactic, 0.65 if quick else 0.4, FULL, 10_000 if quick else 20_000)
        return
    except NotUnderstood:
        pass
    if prod(bounds.values()) > _MOST_CASES:
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


def _bounds(
    goal: Reader, variable: HypothesisView, naturals: list[HypothesisView]
) -> Iterator[Suggestion]:
    """One step for each numeral that may bound a variable."""
    claims, score = _claims(goal, variable, naturals)
    for claim in claims:
        yield Suggestion(claim, score, FULL, 6_000)


def _all_bounds(
    goal: Reader, open_ones: list[HypothesisView], naturals: list[HypothesisView]
) -> Iterator[Suggestion]:
    """The least bound that can be proved for each variable, all in one step; by linear reasoning alone first."""
    linear: list[str] = []
    multiplied: list[str] = []
    for variable in open_ones:
        claims, _ = _claims(goal, variable, naturals)
        if not claims:
            return
        own = goal.fresh(f"hb_{variable.name}")
        named = [claim.replace("have hb", f"have {own}", 1) for claim in claims]
        facts = [f for f in goal.facts if goal.mentions(variable.name, f.type)]
        proof = "omega" + _by_exponents(goal, variable.name, facts)
        bare = [claim.split(" := by ")[0] + f" := by (first | {proof})" for claim in named]
        linear.append(f"first | {' | '.join(bare)}")
        multiplied.append(f"first | {' | '.join(bare)} | {' | '.join(named[:3])}")
    yield Suggestion("(" + "\n ".join(linear) + ")", 0.45, FULL, 10_000)
    yield Suggestion("(" + "\n ".join(multiplied) + ")", 0.3, FULL, 10_000)


def _claims(
    goal: Reader, variable: HypothesisView, naturals: list[HypothesisView]
) -> tuple[list[str], float]:
    """``have hb : x < B := …`` for numerals B of the goal (their roots, their logarithms), smallest first: by
    linear reasoning, or by assuming the contrary and multiplying out; with the score of one such step."""
    name = variable.name
    facts = [f for f in goal.facts if goal.mentions(name, f.type)]
    near = {name}.union(*(identifiers(f.type) for f in facts))
    literals = {
        int(n)
        for f in goal.facts
        if near & identifiers(f.type)
        for n in re.findall(r"(?<![\w.])\d+(?![\w.])", f.type)
    }
    if not literals:
        return [], 0.0
    fact, absurd = goal.fresh("hb"), goal.fresh("hc")
    bases = [
        int(b)
        for f in facts
        for b in re.findall(rf"(?<![\w.])(\d+) \^ {re.escape(name)}\b", f.type)
    ]
    if bases:
        tries = sorted(
            {int(log(max(n, 2)) / log(b)) + 1 for n in literals for b in bases if b > 1},
            reverse=True,
        )
        proof = _by_powers(goal, absurd, name, bases[0], naturals, facts)
    else:
        exponents = _exponents(name, facts)
        roots = {root(n, k) + 1 for n in literals for k in exponents if 2 <= k <= 12}
        tries = sorted({n + 1 for n in literals} | {isqrt(n) + 1 for n in literals} | roots)
        proof = "first | omega" + _by_exponents(goal, name, facts)
        proof += "".join(
            f" | (apply Nat.lt_of_not_le; intro {absurd}; {multiply}; grind)"
            for multiply in _multiplications(goal, absurd, name, naturals)
        )
    bounds = islice((b for b in tries if 2 <= b <= _LARGEST_BOUND), 6)
    # in parentheses: alternatives that follow are not its own
    return [f"have {fact} : {name} < {b} := by ({proof})" for b in bounds], 0.35 if bases else 0.2


def _exponents(name: str, facts: list[HypothesisView]) -> list[int]:
    """The numerals to which the variable is raised."""
    return sorted({int(k) for f in facts for k in re.findall(rf"(?<![\w.]){re.escape(name)} \^ (\d+)", f.type)})


def _by_exponents(goal: Reader, name: str, facts: list[HypothesisView]) -> str:
    """Alternatives that prove a bound from the contrary, raised to the powers of the variable that occur."""
    absurd = goal.fresh("hc")
    return "".join(
        f" | (apply Nat.lt_of_not_le; intro {absurd}; have hw := Nat.pow_le_pow_left {absurd} {k}; omega)"
        for k in _exponents(name, facts)
    )


def root(number: int, degree: int) -> int:
    """The largest natural number whose power is at most ``number``."""
    low, high = 0, 2 ** (number.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle)
    return low


def _multiplications(
    goal: Reader, absurd: str, name: str, naturals: list[HypothesisView]
) -> Iterator[str]:
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
    goal: Reader,
    absurd: str,
    name: str,
    base: int,
    naturals: list[HypothesisView],
    facts: list[HypothesisView],
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
        lines.append(
            f"have {product}' := Nat.mul_comm ({base} ^ {name}) ({other_base} ^ {exponent})"
        )
    lines.append("omega")
    return "(" + "; ".join(lines) + ")"


def _naturals(goal: Reader, integers: list[HypothesisView]) -> Iterator[Suggestion]:
    """Integers with lower bounds as those bounds plus natural numbers: one at a time, and all together."""
    together: list[str] = []
    for variable in integers:
        name = variable.name
        k = goal.fresh(f"k_{name}")
        lows = {0, 1}
        for f in goal.facts:
            for sign, low in re.findall(rf"(-?)(\d+) [≤<] {re.escape(name)}\b", f.type):
                lows.add(-int(low) if sign else int(low))
        steps: list[str] = []
        for low in sorted(lows, reverse=True)[:3]:
            shift = f" + {low}" if low > 0 else f" - {-low}" if low < 0 else ""
            back = f" - {low}" if low > 0 else f" + {-low}" if low < 0 else ""
            steps.append(
                f"obtain ⟨{k}, rfl⟩ : ∃ {k} : Nat, {name} = ({k} : Int){shift} := "
                f"⟨({name}{back}).toNat, by omega⟩"
            )
        for step in steps:
            yield Suggestion(step, 0.08)
        together.append(f"first | {' | '.join(steps)}")
    together.append("try norm_cast at *")
    yield Suggestion("(" + "\n ".join(together) + ")", 0.3)


def _integer_split(goal: Reader, integers: list[HypothesisView]) -> Iterator[Suggestion]:
    """One goal for each value of an integer between two numerals."""
    for variable in integers:
        name = re.escape(variable.name)
        text = " ∧ ".join(f.type for f in goal.facts)
        lows = [
            int(n) + (r == "<") for n, r in re.findall(rf"(?<![\w.])(-?\d+) ([≤<]) {name}\b", text)
        ]
        highs = [
            int(n) - (r == "<") for r, n in re.findall(rf"(?<![\w.]){name} ([≤<]) (-?\d+)", text)
        ]
        if lows and highs and 0 <= min(highs) - max(lows) < _MOST_SPLITS:
            fact = goal.fresh("hv")
            values = range(max(lows), min(highs) + 1)
            cases = " ∨ ".join(f"{variable.name} = {value}" for value in values)
            pattern = " | ".join(["rfl"] * len(values))
            head = f"have {fact} : {cases} := by omega\n rcases {fact} with {pattern} <;> "
            likely = 0.5 if len(values) <= 60 else 0.2
            yield Suggestion(f"({head}first | omega | simp_all)", likely, FULL, 20_000)
            yield Suggestion(f"({head}simp_all)", 0.15, FULL, 10_000)


def _integer_bounds(goal: Reader, integers: list[HypothesisView]) -> Iterator[Suggestion]:
    """Both bounds of an integer under a square or cube: the contrary, multiplied by itself, is too large."""
    for variable in integers[:2]:
        name = variable.name
        facts = [
            f for f in goal.facts if goal.mentions(name, f.type) and re.search(r"[*^]", f.type)
        ]
        literals = {int(n) for f in facts for n in re.findall(r"(?<![\w.])\d+(?![\w.])", f.type)}
        tries = sorted(
            {round(n ** (1 / 3)) + 2 for n in literals} | {isqrt(n) + 1 for n in literals}
        )
        for bound in [b for b in tries if 3 <= b <= 200][:3]:
            upper, lower, hc = goal.fresh("hu"), goal.fresh("hl"), goal.fresh("hc")

            def proof(term: str, limit: int = bound, absurd: str = hc) -> str:
                return (
                    f"have hs := Int.mul_le_mul {absurd} {absurd} (by omega) (by omega); "
                    f"have ht := Int.mul_le_mul_of_nonneg_right hs (show 0 ≤ {term} by omega); "
                    f"grind"
                )

            yield Suggestion(
                f"(have {upper} : {name} < {bound} := by\n"
                f"   apply Int.lt_of_not_ge; intro {hc}; {proof(name)}\n"
                f" have {lower} : -{bound} < {name} := by\n"
                f"   apply Int.lt_of_not_ge; intro {hc}\n"
                f"   replace {hc} : {bound} ≤ -{name} := by omega\n"
                f"   {proof(f'-{name}')})",
                0.25,
                FULL,
                10_000,
            )
            yield Suggestion(
                f"(have {upper} : {name} < {bound} := by\n"
                f"   apply Int.lt_of_not_ge; intro {hc}; {proof(name)})",
                0.1,
                FULL,
                10_000,
            )
