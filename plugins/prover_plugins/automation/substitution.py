"""Functional equations: what is put in for the variables of ``f (2 * a) + 2 * f b = f (f (a + b))``.

The facts about a function are instantiated at a few terms at once, 0, 1 and the variables first, then the arguments
that the function has in the target and its values; ``grind`` has the instances only, so that it does not make more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from prover.lean.terms import Term as Prefix
from prover_plugins.automation.closing import MEDIUM
from prover_plugins.automation.reading import Reader, Suggestion, identifiers
from prover_plugins.automation.recurrences import read_recurrences

_NUMBERS = frozenset({"Nat", "Int", "Rat"})
_MOST_INSTANCES = 24
_MOST_TERMS = 9
_MOST_SHIFTS = 8
_SHIFT = re.compile(r"(?<![\w.])(?P<f>\w+) \((?P<x>\w+) \+ (?P<c>\d+)\)")
_LINEAR = re.compile(
    r"∀ \(?(?P<x>\w+)(?: : Rat\))?, (?P<f>\w+) "
    r"\((?P<argument>(?:(?P<a>\d+) \* )?(?P=x)(?: (?P<sign>[+-]) (?P<b>\d+))?)\) = "
)
_NEGATIVE = re.compile(r"(?<![\w.])\w+ \((-\d+)\)")


@dataclass(frozen=True)
class Law:
    """A quantified fact about functions of numbers: its name, text, and the types of its variables."""

    name: str
    text: str
    domains: tuple[str, ...]


def functions(goal: Reader) -> dict[str, list[str]]:
    """The variables that are functions of numbers, with the types of arguments and value."""
    found: dict[str, list[str]] = {}
    for variable in goal.variables:
        types = variable.type.split(" → ")
        if len(types) > 1 and set(types) <= {*_NUMBERS, "Prop"}:
            found[variable.name] = types
    return found


def laws(goal: Reader, names: Iterable[str]) -> list[Law]:
    """The facts that say something about one of the functions for all numbers."""
    wanted, found = set(names), list[Law]()
    for fact in goal.facts:
        if not fact.type.startswith("∀") or wanted.isdisjoint(identifiers(fact.type)):
            continue
        domains = _domains(fact.term)
        if domains and set(domains) <= _NUMBERS:
            found.append(Law(fact.name, fact.type, domains))
    return found


def _domains(text: str) -> tuple[str, ...]:
    """The types of the variables that a proposition quantifies at its beginning."""
    whole = Prefix.read(text)
    at, found = 0, list[str]()
    while whole is not None and whole.tokens[at] == "∀/2":
        domain, at = whole.arguments(at)
        found.append(" ".join(whole.part(domain)))
    return tuple(found)


def substitution(goal: Reader) -> Iterator[Suggestion]:
    """The instances at few terms, and at more; for existence, the values of the function that may be meant."""
    known = functions(goal)
    found = laws(goal, known) if known else []
    recurrences = {r.fact for r in read_recurrences(goal)}
    if not found or goal.in_induction or all(law.name in recurrences for law in found):
        return  # sequences have rules of their own
    if goal.goal.shape == "exists":
        for f in known:
            for witness in (f"{f} 1", f"{f} 0", f"{f} 1 - {f} 0"):
                yield Suggestion(f"refine ⟨{witness}, ?_⟩", 0.4)
        return
    before = ""
    for level, score in ((0, 0.62), (1, 0.5), (2, 0.36)):
        lines = list(_instances(goal, found, known, level))
        names = " ".join(reversed([law.name for law in found]))
        tactic = "(" + "\n ".join([*lines, f"clear {names}", "grind"]) + ")"
        if lines and tactic != before:
            yield Suggestion(tactic, score, MEDIUM, 6_000)
        before = tactic


def _instances(goal: Reader, found: list[Law], known: dict[str, list[str]], level: int) -> Iterator[str]:
    """``have`` lines for every choice of terms, those with small terms first."""
    pools = {domain: _terms(goal, domain, known, found, level) for domain in _NUMBERS}
    number = 0
    share = max(_MOST_INSTANCES // len(found), 4)
    for law in found:
        choices = product(*(list(enumerate(pools[domain])) for domain in law.domains))
        ordered = sorted(choices, key=lambda choice: (sum(place for place, _ in choice), [p for p, _ in choice]))
        for choice in ordered[:share]:
            yield f"have {goal.fresh(f'hs{number}')} := {law.name} {' '.join(text for _, text in choice)}"
            number += 1
        yield from _solved(goal, law, known, pools, f"hr{number}")


def _solved(
    goal: Reader, law: Law, known: dict[str, list[str]], pools: dict[str, list[str]], base: str
) -> Iterator[str]:
    """The instance for which the argument ``2 * x + 1`` of a function is a term of the goal, among the rationals."""
    match = _LINEAR.search(law.text)
    if match is None or match["f"] not in known or law.domains != ("Rat",):
        return
    slope, offset = match["a"] or "1", f"{match['sign'] or '+'} {match['b'] or '0'}"
    back = f"{'-' if '+' in offset else '+'} {match['b'] or '0'}"
    for place, term in enumerate(pools["Rat"][:2]):
        name, value = goal.fresh(f"{base}{place}"), f"(({term} {back}) / {slope})"
        argument = re.sub(rf"(?<![\w.]){match['x']}(?!\w)", value, match["argument"])
        yield f"have {name} := {law.name} {value}"
        yield f"try rw [show {argument} = {term} by grind] at {name}"


def _terms(goal: Reader, domain: str, known: dict[str, list[str]], found: list[Law], level: int) -> list[str]:
    """Terms of a type, the likeliest first."""
    plain = [v.name for v in goal.variables if v.type == domain and v.value is None][:3]
    numerals = list(dict.fromkeys(i for f in known for i in re.findall(rf"(?<![\w.]){f} (\d+)", goal.text)))
    negative = list(dict.fromkeys(f"({i})" for i in _NEGATIVE.findall(goal.text))) if domain != "Nat" else []
    terms = [*plain, *(numerals if not plain else []), *negative, "0", "1"]
    if level:
        arguments = [a for f in known for a in _arguments(goal.goal.target, f)]
        shifts = {int(shift["c"]) for law in found for shift in _SHIFT.finditer(law.text)}
        along = [f"({v} + {i * c})" for c in sorted(shifts) for v in plain for i in range(1, _MOST_SHIFTS)]
        terms = [*plain, *along, "0", *arguments, "1", *numerals, *negative, "2", "3", "4"]
    if level == 2:
        values = [f for f, types in known.items() if types == [domain, domain]]
        some = plain[:2] or ["0", "1"]
        applied = [f"({f} {v})" for f in values for v in some]
        sums = [f"({v} + 1)" for v in plain] + [f"({v} + {w})" for v in plain for w in plain if v < w]
        opposite = [f"(-{v})" for v in plain] if domain != "Nat" else []
        terms = [*plain, "0", *applied, "1", *opposite, *sums]
    return list(dict.fromkeys(terms))[:_MOST_TERMS]


def _arguments(text: str, f: str) -> list[str]:
    """The arguments of ``f`` that are in parentheses without others inside, with nothing bound."""
    return [a for a in re.findall(rf"(?<![\w.]){re.escape(f)} (\([^()]*\))", text) if "fun" not in a]
