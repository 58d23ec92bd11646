"""Functions on the natural numbers that grow: ``f n < f (n + 1)``, or ``f (f n) < f (n + 1)``.

Such a fact says that values are at least as large as their arguments, that f grows from each number to the next, and so
between any two. The step adds what of this one induction proves, for later steps to use at the places that matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.substitution import functions, laws

_AT_LEAST = (
    "have {name}l : ∀ k m : Nat, k ≤ m → k ≤ {f} m := by\n"
    "   intro k\n"
    "   induction k with\n"
    "   | zero => exact fun _ _ => Nat.zero_le _\n"
    "   | succ k ih =>\n"
    "     intro m hm\n"
    "     obtain ⟨j, rfl⟩ : ∃ j, m = j + 1 := ⟨m - 1, by omega⟩\n"
    "     have a1 := ih j (by omega)\n"
    "     have a2 := ih ({f} j) (by omega)\n"
    "     have a3 := {law} j\n"
    "     omega"
)
_NEXT = (
    "have {name}s : ∀ m : Nat, {f} m < {f} (m + 1) := by\n"
    "   intro m\n"
    "   have a1 := {law} m\n"
    "   first | omega | (have a2 := {name}l ({f} m) ({f} m) (Nat.le_refl _); omega)"
)
_BETWEEN = (
    "have {name} : ∀ a b : Nat, a < b → {f} a < {f} b := by\n"
    "   intro a b hab\n"
    "   induction b with\n"
    "   | zero => omega\n"
    "   | succ b ih =>\n"
    "     have a1 := {name}s b\n"
    "     rcases Nat.lt_or_ge a b with g | g\n"
    "     · have a2 := ih g; omega\n"
    "     · obtain rfl : a = b := by omega\n"
    "       exact a1"
)
_ORDER = (
    "have {name}r : ∀ a b : Nat, {f} a < {f} b → a < b := by\n"
    "   intro a b hab\n"
    "   rcases Nat.lt_or_ge a b with g | g\n"
    "   · exact g\n"
    "   · rcases Nat.lt_or_eq_of_le g with g | g\n"
    "     · have a1 := {name} _ _ g; omega\n"
    "     · subst g; omega"
)


def growth(goal: Reader) -> Iterator[Suggestion]:
    """One step for each such fact: it does not say more than ``f`` and a variable, on both sides."""
    known = {f: types for f, types in functions(goal).items() if types == ["Nat", "Nat"]}
    if not known or goal.in_induction or any(fact.name.startswith("hgw") for fact in goal.facts):
        return
    for law in laws(goal, known):
        for f in known:
            match = re.fullmatch(rf"∀ \(?(\w+)(?: : Nat\))?, (.+) < {re.escape(f)} \(\1 \+ 1\)", law.text)
            if match is None or law.domains != ("Nat",):
                continue
            name = goal.fresh("hgw")
            parts = [part.format(name=name, f=f, law=law.name) for part in (_AT_LEAST, _NEXT, _BETWEEN, _ORDER)]
            n = [v.name for v in goal.variables if v.type == "Nat"][:1]
            ends = [
                line
                for variable in n
                for line in (
                    f"try have {name}e := {name}r _ _ ({law.name} {variable})",
                    f"try have {name}f := {name}l {variable} {variable} (Nat.le_refl _)",
                )
            ]
            finish = "try first | omega | (simp_all; done)"
            yield Suggestion("(" + "\n ".join([*parts, *ends, finish]) + ")", 0.55, FULL, 10_000)
