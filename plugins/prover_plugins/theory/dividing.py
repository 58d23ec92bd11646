"""What functions that share a list out among them (``evens`` and ``odds``, ``smaller x`` and ``larger x``) leave of it:
every member in one of the parts. Sorts that recurse on the parts need that of them, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.kinds import NAT, list_of
from prover_plugins.theory.listing import Lemma
from prover_plugins.theory.meanings import distinct, holds
from prover_plugins.theory.proving import Claim
from prover_plugins.theory.signature import Signature
from prover_plugins.theory.terms import written

_NUMBERS = list_of(NAT)


def divided(made: Signature, evaluator: Evaluator, text: str) -> Iterator[Lemma]:
    """How often a number occurs in the parts together; ``text`` is where library functions are looked for."""
    if "take" in text and "drop" in text:
        variables = ("k", "Nat"), ("n", "Nat"), ("xs", "List Nat")
        statement = "(xs.take k).count n + (xs.drop k).count n = xs.count n"
        yield Lemma(Claim(variables, statement, ()), proof="rw [← List.count_append, List.take_append_drop]")
    own = [s for s in made.symbols if s.own and s.result == _NUMBERS and s.arguments.count(_NUMBERS) == 1]
    for group in (*combinations(own, 2), *combinations(own, 3)):
        found = distinct(group[0].arguments, made)
        if found is None or any(s.arguments != group[0].arguments for s in group):
            continue
        calls = tuple(written(s, found) for s in group)
        whole = next(v for v in found if v.type == _NUMBERS)
        member = next((v for v in made.variables if v.type == NAT and v not in found), None)
        together = " ++ ".join(f"({c.text})" for c in calls)
        if member is not None and holds(f"({together}).Perm {whole.text}", found, evaluator):
            counted = " + ".join(f"({c.text}).count {member.text}" for c in calls)
            used = [v for v in made.variables if v in (*found, member)]
            statement = f"{counted} = {whole.text}.count {member.text}"
            yield Lemma(Claim(tuple((v.text, str(v.type)) for v in used), statement, calls))
