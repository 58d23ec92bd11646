"""Instances of quantified facts at numerals: the least ones that fit, small ones, primes for divisibility."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood, read_proposition
from prover_plugins.arithmetic.semantics import Evaluator, Undecided, compiled
from prover_plugins.automation.closing import FULL, QUICK
from prover_plugins.automation.reading import Reader, Suggestion, identifiers

_QUANTIFIED = re.compile(r"∀ \(?(\w+)(?: : Nat\))?, (.*)", re.S)
_PRIMES = (2, 3, 5, 7, 11, 13)
_SMALL = (0, 1, 2, 3)
_MOST_INSTANCES = 12
_MOST_TRIED = 3
_LARGEST_TRIED = 400


def instances(goal: Reader) -> Iterator[Suggestion]:
    """All rules of this module."""
    if goal.is_arithmetic:
        yield from _least_instances(goal)
        yield from _extremes(goal)
        yield from _small_instances(goal)
        yield from _predicates(goal)


def _small_instances(goal: Reader) -> Iterator[Suggestion]:
    """Quantified facts about natural numbers at several numerals at once, what they then say being decidable."""
    lines: list[str] = []
    quantified = sum(fact.type.startswith("∀") for fact in goal.facts)
    for fact in goal.facts:
        match = _QUANTIFIED.fullmatch(fact.type)
        if match is None or "∀" in match[2] or "∃" in match[2]:
            continue
        variable, premises = match[1], match[2].split(" → ")
        divides = any(premise.startswith(f"{variable} ∣ ") for premise in premises[:-1])
        numerals: tuple[int, ...] = _PRIMES if divides else _SMALL
        numerals = numerals[: max(3, _MOST_INSTANCES // max(quantified, 1))]
        guards = [_guard(variable, premise) for premise in premises[:-1]]
        closed = [guard for guard in guards if guard is not None]
        if closed and len(closed) == len(guards):
            numerals = tuple(least(variable, " ∧ ".join(premises[:-1]), _MOST_INSTANCES))
        divided = re.fullmatch(rf"{re.escape(variable)} ∣ (\d+)", premises[0]) if len(premises) == 2 else None
        if divided is not None:
            prime = _least_prime(int(divided[1]))
            if prime is not None:
                lines.append(f"have {goal.fresh(f'hi{len(lines)}')} := {fact.name} {prime} (by decide)")
            continue
        if not _is_decidable(goal, variable, match[2]):
            continue
        for number in numerals:
            proofs = " (by decide)" * len(guards) if closed and len(closed) == len(guards) else ""
            lines.append(f"have {goal.fresh(f'hi{len(lines)}')} := {fact.name} {number}{proofs}")
    if lines and not any(f.name.startswith("hi0") for f in goal.facts):
        yield Suggestion("(" + "\n ".join(lines[:_MOST_INSTANCES]) + "\n try omega)", 0.5, 4 * QUICK)


def _least_prime(number: int) -> int | None:
    """The least prime factor of a composite number; None for primes, and where that takes long to see."""
    return next((d for d in range(2, 1_000) if d * d <= number and number % d == 0), None)


def _predicates(goal: Reader) -> Iterator[Suggestion]:
    """Unfolds the user's predicates everywhere: what they say of a number can then be used at numerals."""
    defined = [name for name, *types in goal.goal.signatures if len(types) > 1 and types[-1] == "Prop"]
    recursive = {a.function for a in goal.goal.applications if a.kind == "recursive"}
    used = [name for name in defined if name in goal.definitions and name not in recursive]
    if used:
        yield Suggestion(f"simp only [{', '.join(used)}] at *", 0.55 if used != goal.definitions else 0.85, QUICK)


def _guard(variable: str, text: str) -> Evaluator | None:
    """A premise that only mentions the variable, as a test."""
    try:
        term = read_proposition(text, {variable: Kind.NAT})
    except NotUnderstood:
        return None
    return compiled(term) if term.variables() == {variable} else None


def _is_decidable(goal: Reader, variable: str, text: str) -> bool:
    """Whether ``text`` speaks of natural numbers only, and of variables that the goal has."""
    kinds = {v.name: Kind.NAT for v in goal.numbers if v.type in ("Nat", "ℕ")}
    try:
        term = read_proposition(text, {**kinds, variable: Kind.NAT})
    except NotUnderstood:
        return False
    return bool(term.variables() - {variable})


def _least_instances(goal: Reader) -> Iterator[Suggestion]:
    """Instantiates ``∀ w, p w → …`` at the least numerals that satisfy ``p``; unfolds ``∀ n, S n ↔ …``."""
    for fact in goal.facts:
        match = re.fullmatch(r"∀ \(?(\w+)(?: : Nat\))?, (.*?) → (.*)", fact.type)
        if match and "→" not in match[3] and "∀" not in match[3]:
            name = goal.fresh("hw")
            for place, number in enumerate(least(match[1], match[2])):
                yield Suggestion(f"have {name} := {fact.name} {number} (by omega)", 0.6 - place / 10)
        if re.match(r"∀ \(?\w+(?: : \w+\))?, \w+ \w+ ↔", fact.type):
            yield Suggestion(f"simp only [{fact.name}] at *", 0.85)


_EXTREME = re.compile(r"∀ \(?(?P<w>\w+)(?: : Nat\))?, (?P<c>[^∀→]*) → (?:(?P<low>\w+) ≤ (?P=w)|(?P=w) ≤ (?P<high>\w+))")


def _extremes(goal: Reader) -> Iterator[Suggestion]:
    """The least or greatest numbers of their kind (``∀ w, p w → u ≤ w``): u is the first numeral that fits. Several at
    once, since the second least is so only once the least is known."""
    lines: list[str] = []
    found: list[str] = []
    pending = [m for f in goal.facts if (m := _EXTREME.fullmatch(f.type))]
    names = {m[0]: f.name for f in goal.facts if (m := _EXTREME.fullmatch(f.type))}
    # one that speaks of another comes after it
    pending.sort(key=lambda m: sum((o["low"] or o["high"]) in identifiers(m["c"]) for o in pending))
    for match in pending:
        variable = match["low"] or match["high"]
        if variable in found or variable not in {v.name for v in goal.numbers}:
            continue
        numerals = least(match["w"], match["c"], _MOST_TRIED if match["low"] else _LARGEST_TRIED)
        numerals = numerals if match["low"] else numerals[::-1][:_MOST_TRIED]
        if not numerals:
            continue
        name = goal.fresh(f"hx{len(found)}")
        tries = [f"(have {name} := {names[match[0]]} {k} (by omega); obtain rfl : {variable} = {k} := by omega)"
                 for k in numerals]  # fmt: skip
        lines.append("first | " + " | ".join(tries))
        found.append(variable)
    if lines:
        finish = "first | omega | decide | decide +kernel | grind | skip"
        yield Suggestion("(" + "\n ".join([*lines, finish]) + ")", 0.85, FULL, 10_000)


def least(variable: str, condition: str, count: int = 3, limit: int = 400) -> list[int]:
    """The least natural numbers that satisfy ``condition`` as far as it can be evaluated; parts of a conjunction
    that mention anything else count as true. Empty where no part can be evaluated."""
    tests: list[Evaluator] = []
    for part in condition.split(" ∧ "):
        try:
            test = read_proposition(_balanced(part), {variable: Kind.NAT})
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


def _balanced(text: str) -> str:
    """A part of a conjunction without the parentheses that it shares with other parts."""
    while text.count("(") > text.count(")") and text.startswith("("):
        text = text[1:]
    while text.count(")") > text.count("(") and text.endswith(")"):
        text = text[:-1]
    return text
