"""Sequences given by first values and a recurrence: values computed here, every step proved by Lean.

A fact such as ``∀ n ≥ 5, x n = x (n - 1) - x (n - 2)`` is evaluated with exact fractions to learn the values that
the target asks for and, for far indices, the period; the tactics state those values and derive each from the
recurrence. A wrong value here only makes a step that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood, read_number
from prover_plugins.arithmetic.semantics import Undecided, compiled
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion

_RECURRENCE = re.compile(
    r"∀ \(?(?P<n>\w+)(?: : Nat\))?(?: (?P<r1>[≥>]) (?P<b1>\d+))?, "
    r"(?:(?P=n) (?P<r2>[≥>]) (?P<b2>\d+) → |(?P<b3>\d+) (?P<r3>[≤<]) (?P=n) → )?"
    r"(?P<f>\w+) (?:\((?P=n) \+ (?P<c>\d+)\)|(?P=n)) = (?P<rhs>.+)",
    re.S,
)
_VALUE = re.compile(r"(\w+) (\d+) = (-?\d+)(?: / (\d+))?")
_KINDS = {"Nat": Kind.NAT, "Int": Kind.INT, "Rat": Kind.RAT, "ℕ": Kind.NAT, "ℤ": Kind.INT, "ℚ": Kind.RAT}
_UNROLLED = 40
_LONGEST_PERIOD = 24


@dataclass(frozen=True)
class Recurrence:
    """``function (n + shift) = body`` for all n with ``n ≥ least``; ``fact`` is the hypothesis's name.

    ``bounded`` says whether the hypothesis asks for a proof of the bound; ``values`` are the given ones with the
    names of their hypotheses.
    """

    fact: str
    function: str
    variable: str
    shift: int
    least: int
    bounded: bool
    body: str
    kind: str
    values: dict[int, tuple[str, Fraction]]


def recurrences(goal: Reader) -> Iterator[Suggestion]:
    """One step that proves the target from the values it asks for."""
    for recurrence in read_recurrences(goal):
        f = recurrence.function
        wanted = sorted({int(i) for i in re.findall(rf"(?<![\w.]){f} (\d+)", goal.goal.target)})
        wanted = [i for i in wanted if i not in recurrence.values]
        if not wanted or not recurrence.values:
            continue
        values = evaluated_values(recurrence, min(wanted[-1], 400))
        if values is None:
            continue
        if wanted[-1] <= _UNROLLED:
            tactic = _unroll(recurrence, values, wanted)
        else:
            found = _period(recurrence, values)
            if found is None:
                continue
            tactic = _periodic(recurrence, values, wanted, *found)
        if tactic:
            yield Suggestion(tactic, 0.5, FULL, 20_000)


def read_recurrences(goal: Reader) -> Iterator[Recurrence]:
    """The facts that are recurrences, with the values that other facts give."""
    kinds = {v.name: v.type.rsplit("→ ", 1)[-1] for v in goal.variables if "→" in v.type}
    for fact in goal.facts:
        match = _RECURRENCE.fullmatch(fact.type)
        if match is None or match["f"] not in kinds:
            continue
        values: dict[int, tuple[str, Fraction]] = {}
        for other in goal.facts:
            value = _VALUE.fullmatch(other.type)
            if value and value[1] == match["f"]:
                values[int(value[2])] = (other.name, Fraction(int(value[3]), int(value[4] or 1)))
        bound = match["b1"] or match["b2"] or match["b3"]
        strict = ">" in (match["r1"], match["r2"]) or match["r3"] == "<"
        yield Recurrence(
            fact.name, match["f"], match["n"], int(match["c"] or 0),
            int(bound or 0) + (1 if strict else 0), bound is not None, match["rhs"],
            kinds[match["f"]], values,
        )  # fmt: skip


# ------------------------------------------------------------------------------------- evaluation


def evaluated_values(r: Recurrence, last: int) -> dict[int, Fraction] | None:
    """The values up to index ``last`` (and to twice the longest period), None where the body is beyond us."""
    if r.kind not in _KINDS:
        return None
    kind = _KINDS[r.kind]
    values = {i: v for i, (_, v) in r.values.items()}
    try:
        body = read_number(r.body, {r.variable: Kind.NAT}, kind, {r.function: ((Kind.NAT,), kind)})
    except NotUnderstood:
        return None
    evaluator = compiled(body, {r.function: lambda index: values[int(index)]})
    for index in range(max(r.least + r.shift, min(values)), max(last, 3 * _LONGEST_PERIOD) + 1):
        if index in values:
            continue
        try:
            value = Fraction(evaluator({r.variable: index - r.shift}))
        except (KeyError, Undecided):
            return None if index <= last else values
        if abs(value.numerator).bit_length() > 400:
            return values
        values[index] = value
    return values


def _period(r: Recurrence, values: dict[int, Fraction]) -> tuple[int, int] | None:
    """(start, period) of the values; the recurrence must not mention the index itself."""
    without_calls = re.sub(rf"(?<![\w.]){re.escape(r.function)} (\w+|\([^()]*\))", "", r.body)
    if re.search(rf"\b{r.variable}\b", without_calls):
        return None
    start = min(r.values)
    known = [values[i] for i in range(start, max(values) + 1) if i in values]
    for period in range(1, _LONGEST_PERIOD + 1):
        if len(known) >= 2 * period + 4 and all(
            a == b for a, b in zip(known, known[period:], strict=False)
        ):
            return start, period
    return None


# ---------------------------------------------------------------------------------------- tactics


def _lean(value: Fraction) -> str:
    text = (
        str(value.numerator)
        if value.denominator == 1
        else f"{value.numerator} / {value.denominator}"
    )
    return f"({text})" if value < 0 or value.denominator != 1 else text


def _derive(
    r: Recurrence, name: str, index: str, instance: str, value: Fraction, known: list[str]
) -> str:
    bound = " (by omega)" if r.bounded else ""
    return (
        f"have {name} : {r.function} {index} = {_lean(value)} := by\n"
        f"   have e := {r.fact} {instance}{bound}\n"
        f"   simp [{', '.join(known)}] at e\n"
        f"   first | exact e | omega | (rw [e]; decide +kernel) | grind"
    )


def _finish(names: list[str]) -> str:
    listed = ", ".join(names)
    return f"first | omega | (simp [{listed}]; done) | (rw [{listed}]; rfl) | (rw [{listed}]; decide +kernel) | grind"


def _unroll(r: Recurrence, values: dict[int, Fraction], wanted: list[int]) -> str:
    names = {i: name for i, (name, _) in r.values.items()}
    lines: list[str] = []
    for index in range(max(r.least + r.shift, min(values)), wanted[-1] + 1):
        if index in names or index not in values:
            continue
        known = [names[i] for i in sorted(names)[-6:]]
        lines.append(
            _derive(r, f"v{index}", str(index), str(index - r.shift), values[index], known)
        )
        names[index] = f"v{index}"
    if any(i not in names for i in wanted):
        return ""
    return "(" + "\n ".join([*lines, _finish([names[i] for i in wanted])]) + ")"


def _periodic(
    r: Recurrence, values: dict[int, Fraction], wanted: list[int], start: int, period: int
) -> str:
    def at(j: str, offset: int) -> str:
        return f"({period} * {j} + {offset})"

    offsets = range(start, start + period)
    claims = " ∧ ".join(f"{r.function} {at('j', i)} = {_lean(values[i])}" for i in offsets)
    given = [name for name, _ in r.values.values()]
    base_lines = []
    names = {i: name for i, (name, _) in r.values.items()}
    for i in offsets:
        if i not in names:
            base_lines.append(
                _derive(r, f"v{i}", str(i), str(i - r.shift), values[i], list(names.values())[-6:])
            )
            names[i] = f"v{i}"
    base = "\n ".join(base_lines)
    simp_base = f"simp [{', '.join([*given, *(names[i] for i in offsets)])}]"
    steps: list[str] = []
    inside = {i: f"e{i}" for i in offsets}
    for i in range(start + period, start + 2 * period):
        known = [inside[k] for k in sorted(inside)[-6:]]
        text = _derive(r, f"e{i}", at("j", i), at("j", i - r.shift), values[i], known)
        steps.append(text.replace("\n", "\n   "))
        inside[i] = f"e{i}"
    pattern = ", ".join(inside[i] for i in offsets)
    closing = ", ".join(
        f"by rw [show {period} * (j + 1) + {i} = {period} * j + {i + period} from by omega]; exact e{i + period}"
        for i in offsets
    )
    step = "\n    ".join([f"obtain ⟨{pattern}⟩ := ih" if period > 1 else f"have {pattern} := ih", *steps,
                          f"exact ⟨{closing}⟩" if period > 1 else f"exact ({closing})"])  # fmt: skip
    lines = [base] if base else []
    lines.append(
        f"have hP : ∀ j : Nat, {claims} := by\n"
        f"  intro j\n  induction j with\n  | zero => {simp_base}\n  | succ j ih =>\n    {step}"
    )
    finals: list[str] = []
    for index in wanted:
        j, offset = divmod(index - start, period)
        fresh = ", ".join(f"w{index}" if i == start + offset else "_" for i in offsets)
        lines.append(f"obtain ⟨{fresh}⟩ := hP {j}" if period > 1 else f"have w{index} := hP {j}")
        lines.append(f"simp only [Nat.reduceMul, Nat.reduceAdd] at w{index}")
        finals.append(f"w{index}")
    return "(" + "\n ".join([*lines, _finish(finals)]) + ")"
