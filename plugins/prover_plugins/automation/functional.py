"""Functions given by equations: ``f (x + y) = f x + f y``, or ``f (2 * n) = f n`` with ``f (2 * n + 1) = f n + 1``.

An equation in two variables whose left side is ``f (x + y)`` is a recurrence for y = 1, which other rules can use. A
value at a numeral is derived by equations whose left side is ``f (a * n + b)`` or ``f (x * y)``, from values at smaller
numerals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from prover.lean.protocol import HypothesisView
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood, read_number
from prover_plugins.arithmetic.semantics import Undecided, compiled
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, linear

_ONE = re.compile(r"∀ \(?(?P<n>\w+)(?: : \w+\))?, (?P<f>\w+) \((?P<argument>[^()]*)\) = (?P<rhs>.+)", re.S)
_TWO = re.compile(
    r"∀ \(?(?P<x>\w+) (?P<y>\w+)(?: : \w+\))?, (?P<f>\w+) \((?P=x) (?P<operation>[+*]) (?P=y)\) = (?P<rhs>.+)", re.S
)
_VALUE = re.compile(r"(\w+) (\d+) = (-?\d+)(?: / (\d+))?")
_KINDS = {"Nat": Kind.NAT, "Int": Kind.INT, "Rat": Kind.RAT, "ℕ": Kind.NAT, "ℤ": Kind.INT, "ℚ": Kind.RAT}
_MOST_VALUES = 30
_LARGEST = 10**6
_NEAR = 12


def functional(goal: Reader) -> Iterator[Suggestion]:
    """The rules of this module, where a fact is an equation of that kind."""
    functions = {v.name: v.type.split(" → ") for v in goal.variables if v.type.count(" → ") == 1}
    if functions:
        yield from _recurrence(goal, functions)
        yield from _values(goal, functions)


def _recurrence(goal: Reader, functions: dict[str, list[str]]) -> Iterator[Suggestion]:
    """The equation for y = 1."""
    for fact in goal.facts:
        match = _TWO.fullmatch(fact.type)
        if match is None or match["operation"] != "+" or functions.get(match["f"], [""])[0] not in ("Nat", "ℕ"):
            continue
        f, x, y = match["f"], match["x"], match["y"]
        name, zero = goal.fresh("hr"), goal.fresh("hr0")
        if any(other.type.startswith(f"∀ (n : Nat), {f} (n + 1) =") for other in goal.facts):
            continue
        put = {x: "n", y: "1"}  # at once: the law's own variable may be called n
        body = re.sub(rf"(?<![\w.])(?:{x}|{y})(?!\w)", lambda found, put=put: put[found[0]], match["rhs"])
        values = [other.name for other in goal.facts if _VALUE.fullmatch(other.type)]
        lines = [f"have {name} : ∀ n : Nat, {f} (n + 1) = {body} := fun n => {fact.name} n 1"]
        if values:
            lines.append(f"try simp only [{', '.join(values)}] at {name}")
        lines += _first_value(goal, fact.name, f, body, functions[f][1])
        if not any((v := _VALUE.fullmatch(other.type)) and (v[1], v[2]) == (f, "0") for other in goal.facts):
            lines += [f"have {zero} := {fact.name} 0 0", f"try simp at {zero}"]
        yield Suggestion("(" + "\n ".join(lines) + ")", 0.6)


def _first_value(goal: Reader, law: str, f: str, body: str, kind: str) -> list[str]:
    """The value at 1, where it is not given but another is that determines it; the values depend on it linearly."""
    given = {int(v[2]): Fraction(int(v[3]), int(v[4] or 1)) for other in goal.facts
             if (v := _VALUE.fullmatch(other.type)) and v[1] == f}  # fmt: skip
    later = [index for index in given if 1 < index <= _NEAR]
    if not later or 1 in given or kind not in _KINDS:
        return []
    number, known = _KINDS[kind], dict[int, Fraction]()
    try:
        read = read_number(body, {"n": Kind.NAT}, number, {f: ((Kind.NAT,), number)})
        value = compiled(read, {f: lambda index: known[int(index)]})
        reached: list[Fraction] = []
        for start in (Fraction(0), Fraction(1)):
            known = {1: start}
            for index in range(2, later[0] + 1):
                known[index] = Fraction(value({"n": index - 1}))
            reached.append(known[later[0]])
    except (NotUnderstood, Undecided, KeyError):
        return []
    if reached[0] == reached[1]:
        return []
    first = (given[later[0]] - reached[0]) / (reached[1] - reached[0])
    name = goal.fresh("hf1")
    instances = "; ".join(f"have := {law} {index} 1" for index in range(1, later[0]))
    text = str(first) if first >= 0 and first.denominator == 1 else f"({first})"
    return [
        f"try have {name} : {f} 1 = {text} := by {instances}; simp only [Nat.reduceAdd] at *; first | omega | grind",
        f"try simp only [{name}] at *",
    ]


@dataclass(frozen=True)
class _Rule:
    """``f (slope * n + offset) = body`` (with ``y``: ``f (n * y)`` or ``f (n + y)``, by ``operation``)."""

    fact: HypothesisView
    variable: str
    slope: int
    offset: int
    body: str
    other: str = ""
    operation: str = ""


class _Values:
    """The values of one function, derived one from the other; ``lines`` proves them in order."""

    def __init__(self, goal: Reader, f: str, kinds: list[str]) -> None:
        self.f, self.domain, self.kind = f, _KINDS[kinds[0]], _KINDS[kinds[1]]
        self.names: dict[int, str] = {}
        self.known: dict[int, Fraction] = {}
        self.rules: list[_Rule] = []
        self.lines: list[str] = []
        for fact in goal.facts:
            if (value := _VALUE.fullmatch(fact.type)) and value[1] == f:
                self.names[int(value[2])] = fact.name
                self.known[int(value[2])] = Fraction(int(value[3]), int(value[4] or 1))
            elif (one := _ONE.fullmatch(fact.type)) and one["f"] == f:
                read = linear(one["argument"])
                if read is not None and read[1] == one["n"]:
                    self.rules.append(_Rule(fact, one["n"], read[0], read[2], one["rhs"]))
            elif (two := _TWO.fullmatch(fact.type)) and two["f"] == f:
                self.rules.append(_Rule(fact, two["x"], 1, 0, two["rhs"], two["y"], two["operation"]))

    def derive(self, number: int) -> bool:
        """Adds the value at ``number``, where the rules lead to it from known ones."""
        if number in self.known:
            return True
        if not 0 <= number <= _LARGEST or len(self.lines) > _MOST_VALUES:
            return False
        return any(self._by(rule, number) for rule in self.rules)

    def _by(self, rule: _Rule, number: int) -> bool:
        if rule.other:
            for first in sorted(self.known):
                if rule.operation == "*":
                    second = number // first if first > 1 and number % first == 0 else -1
                else:
                    second = number - first if first else -1
                if second > 0 and self._instance(rule, number, first, second):
                    return True
            return False
        index, rest = divmod(number - rule.offset, rule.slope)
        return rest == 0 and index >= 0 and self._instance(rule, number, index)

    def _instance(self, rule: _Rule, number: int, *indices: int) -> bool:
        variables = dict.fromkeys([rule.variable, *([rule.other] if rule.other else [])], self.domain)
        given: dict[str, int | Fraction] = dict(zip(variables, indices, strict=True))
        needed: list[int] = []

        def value(index: Fraction | int) -> Fraction:
            place = int(index)
            if place >= number or not self.derive(place):
                raise Undecided("not known")
            needed.append(place)
            return self.known[place]

        try:
            body = read_number(rule.body, variables, self.kind, {self.f: ((self.domain,), self.kind)})
            result = Fraction(compiled(body, {self.f: value})(given))
        except (NotUnderstood, Undecided):
            return False
        if result.numerator.bit_length() > 400:
            return False
        name = f"v{number}"
        text = str(result) if result >= 0 and result.denominator == 1 else f"({result})"
        listed = ", ".join(self.names[i] for i in dict.fromkeys(needed))
        arguments = " ".join(map(str, indices))
        self.lines.append(
            f"have {name} : {self.f} {number} = {text} := by\n"
            f"   have e := {rule.fact.name} {arguments}\n"
            f"   simp [{listed}] at e\n"
            f"   first | exact e | omega | grind"
        )
        self.names[number], self.known[number] = name, result
        return True


def _values(goal: Reader, functions: dict[str, list[str]]) -> Iterator[Suggestion]:
    for f, kinds in functions.items():
        wanted = list(dict.fromkeys(int(i) for i in re.findall(rf"(?<![\w.]){f} (\d+)", goal.goal.target)))
        if not wanted or not set(kinds) <= set(_KINDS):
            continue
        values = _Values(goal, f, kinds)
        if all(number in values.known for number in wanted) or not values.rules:
            continue
        if all(rule.slope == 1 and not rule.other for rule in values.rules):
            continue  # a recurrence: other rules compute its values
        if all(values.derive(number) for number in wanted):
            listed = ", ".join(values.names[number] for number in wanted)
            last = f"first | omega | (simp [{listed}]; done) | (rw [{listed}]; decide +kernel) | grind"
            yield Suggestion("(" + "\n ".join([*values.lines, last]) + ")", 0.74, FULL, 20_000)
