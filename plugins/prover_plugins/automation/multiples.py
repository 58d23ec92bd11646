"""``∃ k, n = 2 * k + 1`` is a remainder: what is said with a witness, said so that linear reasoning can use it.

Evenness, oddness and the like are often defined by an existential. As a remainder (``n % 2 = 1``) it needs no witness
in the target and no case in a fact; both ways are proved by Lean, once for each multiple and remainder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from prover_plugins.automation.closing import MEDIUM
from prover_plugins.automation.reading import Reader, Suggestion

_TYPES = {"Nat": "Nat", "Int": "Int", "ℕ": "Nat", "ℤ": "Int"}
_MULTIPLE = r"(?:(?P<left>\d+) \* (?P=k)|(?P=k) \* (?P<right>\d+)|(?P<twice>(?P=k) \+ (?P=k)))"
_EXISTENTIAL = re.compile(
    rf"∃ (?P<k>[^\W\d][\w']*), [^∃∀∧∨↔→=≤<]+ = {_MULTIPLE}(?: \+ (?P<rest>\d+))?(?![\w *+^-])"
)
_LARGEST = 1_000
_MOST = 3


@dataclass(frozen=True)
class Shape:
    """``factor * k + rest``, and how its multiple of k is written."""

    product: str
    factor: int
    rest: int

    def lines(self, name: str, kind: str) -> str:
        """The equivalence with a remainder, as a tactic that proves it under ``name``."""
        witness = f"m / {self.factor}" if kind == "Nat" else f"(m - {self.rest}) / {self.factor}"
        term = f"{self.product.replace('_', 'k')}{f' + {self.rest}' if self.rest else ''}"
        remainder = f"m % {self.factor} = {self.rest % self.factor}"
        if kind == "Nat" and self.rest >= self.factor:
            witness, remainder = f"(m - {self.rest}) / {self.factor}", f"{self.rest} ≤ m ∧ {remainder}"
        return (
            f"have {name} : ∀ m : {kind}, (∃ k, m = {term}) ↔ {remainder} :=\n"
            f"   fun m => ⟨fun ⟨k, h⟩ => by omega, fun h => ⟨{witness}, by omega⟩⟩"
        )


def shapes(text: str) -> list[Shape]:
    """The shapes of the existentials in Lean's text, each once."""
    found: dict[Shape, None] = {}
    for match in _EXISTENTIAL.finditer(text):
        factor = 2 if match["twice"] else int(match["left"] or match["right"])
        product = "_ + _" if match["twice"] else f"{factor} * _" if match["left"] else f"_ * {factor}"
        if 1 < factor <= _LARGEST:
            found[Shape(product, factor, int(match["rest"] or 0))] = None
    return list(found)


def multiples(goal: Reader) -> Iterator[Suggestion]:
    """One step for all of them, in the target and in the facts."""
    if any(fact.type.startswith("∀ (m : ") and "∃ k, m = " in fact.type for fact in goal.facts):
        return
    found = shapes(goal.text)[:_MOST]
    places = [fact.name for fact in goal.facts if shapes(fact.type)]
    places += ["⊢"] if shapes(goal.goal.target) else []
    kinds = {_TYPES[variable.type] for variable in goal.variables if variable.type in _TYPES} or {"Nat"}
    if not found or not places or len(kinds) > 1:
        return
    (kind,) = kinds
    names: list[str] = []
    for _ in found:
        names.append(goal.fresh("hrem", names))
    lines = [shape.lines(name, kind) for shape, name in zip(found, names, strict=True)]
    lines += [f"simp only [{', '.join(names)}] at {' '.join(places)}", f"clear {' '.join(names)}"]
    steps = "\n ".join(lines)
    yield Suggestion(f"({steps}\n first | omega | skip)", 0.6, MEDIUM)
