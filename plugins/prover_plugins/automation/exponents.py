"""Equations between powers of one number: ``4 ^ (x + 1) = 8 ^ (x - 1)`` says ``2 * (x + 1) = 3 * (x - 1)``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover_plugins.automation.reading import Reader, Suggestion

_FACTOR = r"(\d+)(?: \^ (\d+|[^\W\d]\w*|\([^()]*\)))?"
_LARGEST = 10**9


def exponents(goal: Reader) -> Iterator[Suggestion]:
    """The equation between the exponents, for each fact of this kind about natural numbers."""
    if any(v.type not in ("Nat", "ℕ") for v in goal.numbers):
        return
    for fact in goal.facts:
        left, equals, right = fact.type.partition(" = ")
        if "^" not in fact.type or not equals:
            continue
        sides = [_factors(left), _factors(right)]
        if None in sides or not any(e and not e.isdecimal() for side in sides for _, e in side or ()):
            continue
        base = _common_root([b for side in sides for b, _ in side or ()])
        if base is None:
            continue
        first, second = (_exponent(side or [], base) for side in sides)
        name, copy = goal.fresh("he"), goal.fresh("hq")
        yield Suggestion(
            f"(have {name} : {base} ^ ({first}) = {base} ^ ({second}) := by\n"
            f"   have {copy} := {fact.name}\n"
            f"   simp only [Nat.pow_add, Nat.pow_mul] at {copy} ⊢\n"
            f"   first | exact {copy} | grind\n"
            f" replace {name} := (Nat.pow_right_inj (by decide : 1 < {base})).mp {name}\n"
            f" try omega)",
            0.5,
        )


def _factors(text: str) -> list[tuple[int, str]] | None:
    """(base, exponent) of each factor, the exponent empty for a numeral alone; None where it is no such product."""
    found: list[tuple[int, str]] = []
    if re.fullmatch(rf"{_FACTOR}(?: \* {_FACTOR})*", text) is None:
        return None
    for base, exponent in re.findall(_FACTOR, text):
        # inside an exponent in parentheses nothing is found: it belongs to its factor
        if not 1 < int(base) <= _LARGEST:
            return None
        found.append((int(base), exponent))
    return found


def _common_root(numbers: list[int]) -> int | None:
    """The least number of which all are powers."""
    least = min(numbers)
    for root in range(2, least + 1):
        if all(_logarithm(number, root) is not None for number in numbers):
            return root
        if root > 1_000:
            break
    return None


def _logarithm(number: int, base: int) -> int | None:
    """k with ``base ^ k = number``; None where there is none."""
    k = 0
    while number > 1 and number % base == 0:
        number, k = number // base, k + 1
    return k if number == 1 else None


def _exponent(factors: list[tuple[int, str]], base: int) -> str:
    terms: list[str] = []
    for number, exponent in factors:
        k = _logarithm(number, base) or 0
        terms.append(str(k) if not exponent else exponent if k == 1 else f"{k} * {exponent}")
    return " + ".join(terms)
