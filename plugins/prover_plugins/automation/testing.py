"""Tests of a claim on small values, as Lean tactics: what fails one is not worth an attempt to prove it.

QuickCheck's idea (Claessen and Hughes 2000), with Lean's kernel as the evaluator: the header's functions are known
only to it.
"""

from __future__ import annotations

from itertools import product

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.reading import Reader
from prover_plugins.automation.templates import Claim, element, type_variables

_MOST = 16
_FEW = 10
"""Instances of a claim about data whose equality is not decidable."""


class Samples:
    """Small values of the types in a goal; type variables stand for Nat."""

    def __init__(self, goal: Reader) -> None:
        self._variables = type_variables(goal)
        self._data: dict[str, HypothesisView] = {
            h.type: h for h in goal.goal.hypotheses if h.constructors and not h.is_prop and not element(h.type)
        }

    def of(self, type_: str, few: bool = False) -> list[str] | None:
        """Values as closed Lean terms; None where the type is beyond us."""
        if type_ in self._variables or type_ == "Nat":
            return ["0", "1"] if few else ["0", "1", "2"]
        if type_ == "Int":
            return ["0", "1", "-1"]
        if type_ == "Bool":
            return ["true", "false"]
        inner = element(type_)
        if inner:
            values = self.of(inner, few=True)
            if values is None:
                return None
            a, b = values[0], values[-1]
            lists = [[], [a], [b, a], [a, b, b, a]]
            return ["[" + ", ".join(items) + "]" for items in (lists[:3] if few else lists)]
        return self._of_datum(type_, few)

    def standard(self, type_: str) -> str | None:
        """The type with Nat for its variables; None where it has a type of the user."""
        if type_ in self._variables:
            return "Nat"
        if type_ in ("Nat", "Int", "Bool"):
            return type_
        inner = element(type_)
        plain = self.standard(inner) if inner else None
        return f"List {plain}" if plain and " " not in plain else f"List ({plain})" if plain else None

    def _of_datum(self, type_: str, few: bool) -> list[str] | None:
        datum = self._data.get(type_)
        if datum is None or not datum.inductive:
            return None
        level: list[str] = []
        for _ in range(2 if few else 3):
            made: list[str] = []
            for constructor, *fields in datum.constructors:
                if any(f.startswith("*") for f in fields) and not level:
                    continue
                # the types of other fields are not known here: a numeral where it fits, else the test is void
                arguments = [
                    level[(j + len(made)) % len(level)] if f.startswith("*") else str(j % 2)
                    for j, f in enumerate(fields)
                ]
                made.append(
                    f"({datum.inductive}.{constructor} {' '.join(arguments)})"
                    if fields
                    else f"{datum.inductive}.{constructor}"
                )
            level = list(dict.fromkeys([*level, *made]))[:5]
        return level or None


def refutation(claim: Claim, samples: Samples) -> str | None:
    """A tactic that fails where the claim is false for some small values; None where it cannot be tested."""
    few = len(claim.variables) > 1
    types = [samples.standard(kind) for _, kind in claim.variables]
    values = [samples.of(kind, few) for _, kind in claim.variables]
    if any(v is None for v in values):
        return None
    known = [v for v in values if v is not None]
    if all(types):
        binders = ", ".join(
            f"∀ {name} ∈ ([{', '.join(v)}] : List ({type_}))"
            for (name, _), v, type_ in zip(claim.variables, known, types, strict=True)
        )
        return f"fail_if_success (have : ¬ ({binders}, {claim.statement}) := by decide +kernel)"
    if "→" in claim.statement or "↔" in claim.statement:
        return None
    # No decidable equality: each instance must hold by evaluation.
    cases = list(product(*known))
    picked = cases[:: max(1, len(cases) // _FEW)][:_MOST]
    binders = " ".join(f"({name} : {kind})" for name, kind in claim.variables)
    instances = [f"(fun {binders} => {claim.statement}) {' '.join(case)}" for case in picked]
    return f"have : {' ∧ '.join(instances)} := ⟨{', '.join('rfl' for _ in picked)}⟩"
