"""Powers modulo a number: the cycle of their residues, proved by induction, so that no large power is computed.

Lean computes ``5 ^ 999999`` where ``omega``, ``grind`` or ``decide`` meet it, and may not come back for minutes. A
goal with such a power gets the steps of this module only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from prover_plugins.arithmetic.constants import INSTANCES
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood, read_number
from prover_plugins.arithmetic.semantics import Undecided, evaluate
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, linear, moduli

_POWER = re.compile(r"(?<![\w.])(\d+) \^ (\w+(?: \^ \w+)*|\([^()]*\))")
_MOST_BITS = 400_000
"""Powers of more bits take Lean seconds to compute, many more take it down."""

_LONGEST_CYCLE = 600
_LARGEST_MODULUS = 30
_LARGEST_SCALE = 8
_MOST_CASES = 36
_LARGEST_HUGE_MODULUS = 2_000


def has_huge_power(goal: Reader) -> bool:
    """Whether the goal has a power of numerals that Lean had better not compute."""
    return "^" in goal.text and any(
        int(base) > 1 and (_closed(exponent) or 0) * int(base).bit_length() > _MOST_BITS
        for base, exponent in dict.fromkeys(_POWER.findall(goal.text))
    )


def powers(goal: Reader) -> Iterator[Suggestion]:
    """Residues of powers of numerals: at numerals and at variables of known value, else by cases of the exponent."""
    if not goal.is_arithmetic:
        return
    if "^" in goal.text:
        yield from _at_values(goal)
        yield from _by_cycle(goal)


def parts(goal: Reader) -> Iterator[Suggestion]:
    """Takes a target with a huge power apart, and nothing else."""
    if goal.goal.shape in ("and", "iff"):
        yield Suggestion("constructor", 0.7)
    elif goal.goal.shape == "or":
        yield Suggestion("left", 0.2)
        yield Suggestion("right", 0.2)


# ------------------------------------------------------------------------------- known exponents


def _at_values(goal: Reader) -> Iterator[Suggestion]:
    """Replaces powers whose exponents are known by numbers with the right residues."""
    found = _POWER.findall(goal.text)
    exponents = {v: value for v in {e for _, e in found} if (value := _value(goal, v)) is not None}
    known = dict.fromkeys((int(b), e) for b, e in found if e in exponents)
    large = [(b, e) for b, e in known if b > 1 and exponents[e] * b.bit_length() > 64]
    divisors = moduli(goal.text, _LARGEST_HUGE_MODULUS)[:3]
    if not large or not divisors:
        return
    integer = _is_integer(goal)
    cycles: list[str] = []
    lines: list[str] = []
    residues: list[str] = []
    for base, exponent in large[:4]:
        for modulus in divisors:
            name, cycle = goal.fresh(f"hp{len(residues)}"), goal.fresh(f"hk{len(residues)}")
            proof = _residue(name, cycle, integer, base, exponent, exponents[exponent], modulus)
            if proof is None:
                return
            cycles += proof[:-1]
            lines.append(proof[-1])
            residues.append(name)
    for variable in dict.fromkeys(e for _, e in large if e.isidentifier()):
        for modulus in divisors:
            name = goal.fresh(f"hv{len(residues)}")
            lines.append(f"have {name} : {variable} % {modulus} = {exponents[variable] % modulus} := by omega")
            residues.append(name)
    # ``omega`` computes the powers of numerals among the facts, even where they are of no use
    hidden = [fact.name for fact in goal.facts if "^" in fact.type]
    if hidden and cycles:
        cycles = [f"revert {' '.join(hidden)}", *cycles, f"intro {' '.join(hidden)}"]
    lines = [*cycles, *lines]
    letters = [goal.fresh(f"p{i}") for i in range(len(large[:4]))]
    for letter, (base, exponent) in zip(letters, large, strict=False):
        number = f"({base} : Int)" if integer else str(base)
        lines.append(f"generalize {number} ^ {exponent} = {letter} at *")
    prefix = "Int" if integer else "Nat"
    simp = f"simp [{', '.join(f'{prefix}.{x}' for x in _lemmas(integer))}, {', '.join(residues)}]"
    lines.append(f"first | omega | ({simp}; done) | skip")
    yield Suggestion("(" + "\n ".join(lines) + ")", 0.95 if has_huge_power(goal) else 0.4, FULL, 20_000)


def _lemmas(integer: bool) -> list[str]:
    return ["add_emod", "mul_emod", "sub_emod"] if integer else ["add_mod", "mul_mod", "pow_mod"]


def _is_integer(goal: Reader) -> bool:
    kinds = {INSTANCES[s][1] for s in goal.symbols if s in INSTANCES and INSTANCES[s][0] in ("%", "∣")}
    return kinds == {Kind.INT}


def _value(goal: Reader, exponent: str) -> int | None:
    """The value of an exponent: a numeral, or a variable that a fact says is equal to one (also written as a sum of
    products and powers)."""
    if (value := _closed(exponent)) is not None:
        return value
    for fact in goal.facts:
        match = re.fullmatch(rf"{re.escape(exponent)} = (.+)", fact.type)
        if match and (value := _closed(match[1])) is not None:
            return value
    return None


def _closed(text: str) -> int | None:
    """The value of a natural number written without variables."""
    if text.isdecimal():
        return int(text)
    if not any(c.isdigit() for c in text):
        return None
    try:
        return int(evaluate(read_number(text, {}, Kind.NAT), {}))
    except (NotUnderstood, Undecided):
        return None


def _residue(
    name: str, cycle: str, integer: bool, base: int, exponent: str, value: int, modulus: int
) -> list[str] | None:
    """``have name : base ^ exponent % modulus = …``, before it the cycle by which it is so; None where that is too
    long."""
    seen: dict[int, int] = {}
    residue, tail = 1 % modulus, 0
    while residue not in seen:
        seen[residue] = tail
        residue, tail = residue * base % modulus, tail + 1
        if tail > _LONGEST_CYCLE:
            return None
    start, period = seen[residue], tail - seen[residue]
    power = _power(integer, base, exponent)
    if value < start + period:
        return [f"have {name} : {power} % {modulus} = {pow(base, value, modulus)} := by decide +kernel"]
    first = start + (value - start) % period
    result = pow(base, first, modulus)
    prefix, index = ("Int" if integer else "Nat"), f"{period} * q + {first}"
    claim = f"{first} ≤ k → k % {period} = {first % period} → {_power(integer, base, 'k')} % {modulus} = {result}"
    proof = (
        f"have {cycle} : ∀ k : Nat, {claim} := by\n"
        f"   intro k h1 h2\n"
        f"   obtain ⟨q, rfl⟩ : ∃ q, k = {index} := ⟨(k - {first}) / {period}, by omega⟩\n"
        f"   clear h1 h2\n"
        f"   induction q with\n"
        f"   | zero => decide\n"
        f"   | succ q ih =>\n"
        f"     rw [show {period} * (q + 1) + {first} = ({index}) + {period} from by omega, {prefix}.pow_add]\n"
        f"     omega"
    )
    # no ``omega`` at a numeral: it would compute the powers stated before
    at = "(by decide) (by decide)" if _closed(exponent) is not None else "(by omega) (by omega)"
    return [proof, f"have {name} : {power} % {modulus} = {result} := {cycle} _ {at}"]


def _power(integer: bool, base: int, exponent: str) -> str:
    return f"({base} : Int) ^ {exponent}" if integer else f"{base} ^ {exponent}"


# ------------------------------------------------------------------------------- variable exponents


def _by_cycle(goal: Reader) -> Iterator[Suggestion]:
    """Powers of a numeral with a variable exponent, modulo m: the cycle of residues, by induction; several powers with
    one variable together."""
    together: dict[tuple[str, int], list[tuple[str, str, int]]] = {}
    prefix = "Int" if re.search(r"\(\d+ : Int\)", goal.text) else "Nat"
    seen: set[tuple[str, str, int]] = set()
    for base, exponent in _POWER.findall(goal.text):
        read = linear(exponent.strip("()"))
        if read is None or read[1] not in {v.name for v in goal.numbers}:
            continue
        factor, variable, offset = read
        found = moduli(goal.text, _LARGEST_MODULUS)
        scales = {int(c) for c in re.findall(r"(?<![\w.^] )(\d+) \* \w", goal.text) if 2 <= int(c) <= _LARGEST_SCALE}
        scaled = [m * c for m in found for c in sorted(scales) if m * c <= _LARGEST_MODULUS]
        for modulus in dict.fromkeys([*found, *scaled]):
            if (base, exponent, modulus) in seen:
                continue
            seen.add((base, exponent, modulus))
            cycle = _cycle(int(base), factor, offset, modulus)
            if cycle is None:
                continue
            group = together.setdefault((variable, modulus), [])
            lemma, name = _power_lemma(goal, prefix, base, factor, variable, offset, modulus, cycle, len(group))
            group.append((lemma, name, len(cycle)))
            score = 0.25 if modulus in found else 0.15
            yield Suggestion(_by_cases([group[-1]]), score, FULL, 10_000)
    for group in together.values():
        if len(group) > 1 and prod(period for _, _, period in group) <= _MOST_CASES:
            yield Suggestion(_by_cases(group), 0.62, FULL, 15_000)


def _by_cases(group: list[tuple[str, str, int]]) -> str:
    """The lemmas about some powers, and all cases of their residues."""
    splits = [f"rcases {name} with {' | '.join([name] * period)}" for _, name, period in group if period > 1]
    end = " <;> ".join([*splits, "omega"])
    return "(" + "\n ".join([*(lemma for lemma, _, _ in group), end]) + ")"


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


def _power_lemma(
    goal: Reader,
    prefix: str,
    base: str,
    factor: int,
    variable: str,
    offset: int,
    modulus: int,
    cycle: list[int],
    place: int,
) -> tuple[str, str]:
    """The lemma that says with which remainder of the variable the power has which residue, and its name."""
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

    k, ih, h = goal.fresh("k"), goal.fresh("ih"), goal.fresh(f"hp{place or ''}")
    positive = goal.fresh(f"hpos{place or ''}", [h])
    claims = " ∨ ".join(claim(k, i) if period == 1 else f"({claim(k, i)})" for i in range(period))
    if factor == 1 and offset == 0:
        unfold = f"rw [{prefix}.pow_succ]"
    else:
        whole = f"{factor} * ({k} + 1)" if factor != 1 else f"({k} + 1)"
        whole += f" + {offset}" if offset else ""
        before = f"{factor} * {k}" if factor != 1 else k
        before += f" + {offset}" if offset else ""
        unfold = f"rw [show {whole} = ({before}) + {factor} from by omega, {prefix}.pow_add]"
    lemma = (
        f"have {h} : ∀ {k} : Nat, {claims} := by\n"
        f"   intro {k}\n"
        f"   induction {k} with\n"
        f"   | zero => simp\n"
        f"   | succ {k} {ih} => {unfold}; omega\n"
        f" have {h} := {h} {variable}\n"
        f" have {positive} : 0 < {base} ^ {exponent(variable)} := {prefix}.pow_pos (by decide)"
    )
    return lemma, h
