"""Generated problems: every family yields true statements for a seed, as far as cheap tests can tell.

Propositional formulas are decided by truth tables, booleans and terms of a language by their values at
many points, linear consequences and residues are true by construction.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd
from typing import Any

from prover_training.corpus_competition import competition
from prover_training.corpus_languages import LANGUAGES
from prover_training.corpus_terms import equations


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated statement of a family; ``header`` declares what it needs."""

    family: str
    statement: str
    header: str = ""


def generate(seed: int, each: int) -> Iterator[Generated]:
    """At most ``each`` statements of every family, the same ones for the same seed; no text twice."""
    for name, make in FAMILIES.items():
        seen: set[str] = set()
        for found in make(random.Random(f"{name} {seed}")):
            if found.statement not in seen:
                seen.add(found.statement)
                yield found
            if len(seen) >= each:
                break


# ------------------------------------------------------------------------------------ propositions

Formula = Any  # an atom (a text), or a tuple of a connective and formulas
_ATOMS = ("p", "q", "r", "s")
_SIGNS = {"and": "∧", "or": "∨", "imp": "→", "iff": "↔"}


def formula(generator: random.Random, atoms: tuple[str, ...], depth: int) -> Formula:
    """A random formula of at most ``depth`` connectives one in another."""
    if depth == 0 or generator.random() < 0.2:
        return generator.choice(atoms)
    kind = generator.choice(["and", "or", "imp", "imp", "not", "iff"])
    parts = 1 if kind == "not" else 2
    return (kind, *(formula(generator, atoms, depth - 1) for _ in range(parts)))


def _holds(formula: Formula, values: dict[str, bool]) -> bool:
    if isinstance(formula, str):
        return values[formula]
    kind, *parts = formula
    truths = [_holds(part, values) for part in parts]
    if kind == "not":
        return not truths[0]
    left, right = truths
    return {"and": left and right, "or": left or right, "imp": not left or right, "iff": left == right}[kind]


def written(formula: Formula, inner: bool = False) -> str:
    """A formula as Lean writes it, in parentheses where ``inner`` and they are needed."""
    if isinstance(formula, str):
        return formula
    kind, *parts = formula
    if kind == "not":
        return f"¬{written(parts[0], True)}"
    text = f" {_SIGNS[kind]} ".join(written(part, True) for part in parts)
    return f"({text})" if inner else text


def _propositional(generator: random.Random) -> Iterator[Generated]:
    while True:
        atoms = _ATOMS[: generator.randint(2, 4)]
        claims = [formula(generator, atoms, generator.randint(1, 3)) for _ in range(generator.randint(0, 2))]
        goal = formula(generator, atoms, generator.randint(2, 3))
        table = [dict(zip(atoms, row, strict=True)) for row in itertools.product([False, True], repeat=len(atoms))]
        models = [row for row in table if all(_holds(claim, row) for claim in claims)]
        if not models or not all(_holds(goal, row) for row in models):
            continue
        hypotheses = "".join(f" (h{i} : {written(claim)})" for i, claim in enumerate(claims, 1))
        yield Generated("propositional", f"theorem t ({' '.join(atoms)} : Prop){hypotheses} : {written(goal)}")


# ------------------------------------------------------------------------------------------ numbers


def _linear(generator: random.Random, type_: str) -> Iterator[Generated]:
    """Hypotheses ``l ≤ r``, and a conclusion that is a sum of multiples of them, made weaker."""
    names = ("x", "y", "z")
    while True:
        used = names[: generator.randint(2, 3)]
        hypotheses = []
        bounds: list[tuple[dict[str, int], int]] = []
        total_left, total_right = dict.fromkeys(used, 0), dict.fromkeys(used, 0)
        constant_left = constant_right = 0
        for _ in range(generator.randint(1, 3)):
            left, right = ({name: generator.choice([0, 0, 1, 1, 2, 3]) for name in used} for _ in range(2))
            c, d = generator.randint(0, 9), generator.randint(0, 9)
            if left == right:
                continue
            hypotheses.append(f"{_sum(left, c)} ≤ {_sum(right, d)}")
            bounds.append(({name: left[name] - right[name] for name in used}, d - c))
            times = generator.choice([1, 1, 2, 3])
            for name in used:
                total_left[name] += times * left[name]
                total_right[name] += times * right[name]
            constant_left += times * c
            constant_right += times * d
        if not hypotheses:
            continue
        for name in used:  # what stands on both sides goes
            common = min(total_left[name], total_right[name])
            total_left[name] -= common
            total_right[name] -= common
        slack = constant_right - constant_left + generator.choice([0, 0, 1, 2])
        claim = f"{_sum(total_left, max(-slack, 0))} ≤ {_sum(total_right, max(slack, 0))}"
        if claim in hypotheses or total_left == total_right or not _satisfiable(bounds, used):
            continue
        binders = "".join(f" (h{i} : {text})" for i, text in enumerate(hypotheses, 1))
        yield Generated(f"linear_{type_.lower()}", f"theorem t ({' '.join(used)} : {type_}){binders} : {claim}")


def _satisfiable(bounds: list[tuple[dict[str, int], int]], names: tuple[str, ...]) -> bool:
    """Whether some point of a small box satisfies every ``sum of coefficients ≤ bound``."""
    for point in itertools.product(range(7), repeat=len(names)):
        values = dict(zip(names, point, strict=True))
        if all(sum(c * values[name] for name, c in row.items()) <= bound for row, bound in bounds):
            return True
    return False


def _sum(coefficients: dict[str, int], constant: int) -> str:
    parts = [name if times == 1 else f"{times} * {name}" for name, times in coefficients.items() if times]
    return " + ".join([*parts, *([str(constant)] if constant or not parts else [])])


def _divisibility(generator: random.Random) -> Iterator[Generated]:
    makers: list[Callable[[random.Random], str | None]] = [_combination, _weaker, _residues, _remainder]
    while True:
        statement = generator.choice(makers)(generator)
        if statement is not None:
            yield Generated("divisibility", statement)


def _combination(generator: random.Random) -> str:
    x, y = generator.randint(1, 9), generator.randint(1, 9)
    type_ = generator.choice(["Nat", "Int"])
    sign = "-" if type_ == "Int" and generator.random() < 0.4 else "+"
    return f"theorem t (d a b : {type_}) (h1 : d ∣ a) (h2 : d ∣ b) : d ∣ {_sum({'a': x}, 0)} {sign} {_sum({'b': y}, 0)}"


def _weaker(generator: random.Random) -> str | None:
    k, d, x = generator.randint(2, 60), generator.randint(2, 30), generator.randint(1, 12)
    # k ∣ n gives x n a multiple of k x, so d must divide that.
    return None if (k * x) % d else f"theorem t (n : Nat) (h : {k} ∣ n) : {d} ∣ {_sum({'n': x}, 0)}"


def _residues(generator: random.Random) -> str:
    m = generator.randint(2, 9)
    a, b, c = generator.randint(1, 3), generator.randint(0, 4), generator.randint(0, 6)
    power = generator.choice([2, 2, 3])
    residues = sorted({(a * n**power + b * n + c) % m for n in range(m)})
    square = f"n ^ {power}" if a == 1 else f"{a} * n ^ {power}"
    text = " + ".join([square, *([_sum({"n": b}, 0)] if b else []), *([str(c)] if c else [])])
    missing = [r for r in range(m) if r not in residues]
    if len(residues) <= 3 and generator.random() < 0.6:
        claim = " ∨ ".join(f"({text}) % {m} = {r}" for r in residues)
    elif missing:
        claim = f"({text}) % {m} ≠ {generator.choice(missing)}"
    else:
        claim = f"({text}) % {m} < {m}"
    return f"theorem t (n : Nat) : {claim}"


def _remainder(generator: random.Random) -> str:
    k = generator.randint(2, 12)
    m = k * generator.randint(1, 5)
    r, x, y = generator.randrange(m), generator.randint(1, 7), generator.randint(0, 9)
    result = (x * r + y) % k
    assert gcd(k, m) == k
    return f"theorem t (n : Nat) (h : n % {m} = {r}) : ({_sum({'n': x}, y)}) % {k} = {result}"


# ---------------------------------------------------------------------------------------- languages


def _language(number: int) -> Callable[[random.Random], Iterator[Generated]]:
    language = LANGUAGES[number]

    def make(generator: random.Random) -> Iterator[Generated]:
        for statement in equations(language, generator, tries=60_000):
            yield Generated(language.name, statement, language.header)

    return make


FAMILIES: dict[str, Callable[[random.Random], Iterator[Generated]]] = {
    "propositional": _propositional,
    "linear_nat": lambda generator: _linear(generator, "Nat"),
    "linear_int": lambda generator: _linear(generator, "Int"),
    "divisibility": _divisibility,
    "competition": lambda generator: (Generated("competition", text) for text in competition(generator)),
    **{language.name: _language(number) for number, language in enumerate(LANGUAGES)},
}
"""Every family by name: yields statements for a generator of random numbers, as many as are asked for."""
