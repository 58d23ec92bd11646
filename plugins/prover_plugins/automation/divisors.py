"""Greatest common divisors and least common multiples: what is known about them, written out for linear reasoning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import gcd

from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, linear

_ATOM = r"(?:\((?:[^()]|\([^()]*\))*\)|(?<![\w.])[\w₀-₉']+)"
_PAIR = re.compile(rf"Nat\.(gcd|lcm) ({_ATOM}) ({_ATOM})|({_ATOM})\.(gcd|lcm) ({_ATOM})")
_MOST_PAIRS = 3


def divisors(goal: Reader) -> Iterator[Suggestion]:
    """The rules of this module, where the goal speaks of common divisors or multiples of natural numbers."""
    if "Nat.gcd" not in goal.symbols and "Nat.lcm" not in goal.symbols:
        return
    yield from _coprime(goal)
    yield from _linear_terms(goal)
    yield from _properties(goal)


def pairs(text: str) -> list[tuple[str, str, str]]:
    """(gcd or lcm, a, b) for each application in Lean's text."""
    return [
        (prefix or infix, a or left, b or right)
        for prefix, a, b, left, infix, right in _PAIR.findall(text)
    ]


def _properties(goal: Reader) -> Iterator[Suggestion]:
    """Their product, what they divide, and bounds: with the values that the facts give, where they give any."""
    if any(f.name.startswith("hgl") for f in goal.facts):
        return
    values = [f.name for f in goal.facts if re.fullmatch(rf"(?:{_PAIR.pattern}) = \d+", f.type)]
    given = {(a, b) for f in goal.facts if f.name in values for _, a, b in pairs(f.type)}
    found = dict.fromkeys((a, b) for kind, a, b in pairs(goal.text) if kind == "lcm" or (a, b) in given)
    lines: list[str] = []
    for number, (a, b) in enumerate(list(found)[:_MOST_PAIRS]):
        names = [goal.fresh(f"{base}{number}") for base in ("hgl", "hga", "hgb", "hla", "hlb")]
        lemmas = ("gcd_mul_lcm", "gcd_dvd_left", "gcd_dvd_right", "dvd_lcm_left", "dvd_lcm_right")
        lines += [f"have {name} := Nat.{lemma} {a} {b}" for name, lemma in zip(names, lemmas, strict=True)]
        if values:
            # one at a time: a simplification that changes nothing is an error
            lines += [f"try simp only [{', '.join(values)}] at {name}" for name in names]
        for name, bound in zip(names[3:], ("hma", "hmb"), strict=True):
            positive = "first | decide | exact Nat.lcm_pos (by omega) (by omega)"
            lines.append(f"try have {goal.fresh(f'{bound}{number}')} := Nat.le_of_dvd (by {positive}) {name}")
    if lines:
        steps = "\n ".join(lines)
        yield Suggestion(f"({steps}\n first | omega | skip)", 0.5, FULL)


def _coprime(goal: Reader) -> Iterator[Suggestion]:
    """What divides a product and is coprime to one factor divides the other."""
    if any(f.name.startswith("hcp") for f in goal.facts):
        return
    coprime = [f.name for f in goal.facts if re.fullmatch(rf"(?:{_PAIR.pattern}) = 1", f.type)]
    dividing = [f.name for f in goal.facts if re.fullmatch(rf"{_ATOM} ∣ .*\*.*", f.type)]
    name = goal.fresh("hcp")
    for one in coprime[:2]:
        for product in dividing[:2]:
            proofs = [f"have {name} := Nat.Coprime.dvd_of_dvd_mul_{side} {proof} {product}"
                      for side in ("left", "right") for proof in (one, f"(Nat.Coprime.symm {one})")]  # fmt: skip
            yield Suggestion(f"(first | {' | '.join(proofs)}\n try assumption)", 0.78)


def _linear_terms(goal: Reader) -> Iterator[Suggestion]:
    """A linear combination of two linear terms that is constant is a multiple of their greatest common divisor."""
    match = re.fullmatch(rf"({_ATOM})\.gcd ({_ATOM}) (=|≤|∣) (\d+)", goal.goal.target)
    if match is None:
        return
    first, second = match[1].strip("()"), match[2].strip("()")
    left, right = linear(first), linear(second)
    if left is None or right is None or left[1] != right[1]:
        return
    (a, _, b), (c, _, d) = left, right
    common = gcd(a, c)
    p, q = c // common, a // common
    constant = p * b - q * d
    sides = ("left", "right")
    if constant < 0:
        first, second, p, q, constant = second, first, q, p, -constant
        sides = ("right", "left")
    if constant == 0:
        return
    name = goal.fresh("hd")
    tactic = (
        f"(have {name} : Nat.gcd {match[1]} {match[2]} ∣ {p} * ({first}) - {q} * ({second}) :=\n"
        f"   Nat.dvd_sub (Nat.dvd_trans (Nat.gcd_dvd_{sides[0]} _ _) (Nat.dvd_mul_left _ _))\n"
        f"     (Nat.dvd_trans (Nat.gcd_dvd_{sides[1]} _ _) (Nat.dvd_mul_left _ _))\n"
        f" rw [show {p} * ({first}) - {q} * ({second}) = {constant} from by omega] at {name}\n"
    )
    if match[3] == "=" and match[4] == "1" and constant == 1:
        yield Suggestion(tactic + f" exact Nat.dvd_one.mp {name})", 0.5, FULL)
    elif match[3] == "≤":
        yield Suggestion(tactic + f" exact Nat.le_trans (Nat.le_of_dvd (by decide) {name}) (by decide))", 0.5, FULL)
    elif match[3] == "∣":
        yield Suggestion(tactic + f" exact Nat.dvd_trans {name} (by decide))", 0.5, FULL)
    else:
        # no value of the remainder of the variable allows another divisor
        yield Suggestion(tactic.rstrip() + ")", 0.2, FULL)
