"""Puts implications and chains together into one proof term for a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from prover.lean.terms import Term
from prover_plugins.graph.clauses import (
    FALSE,
    Clause,
    Tokens,
    is_ground,
    match,
    parts,
    read_clauses,
    substitute,
)
from prover_plugins.graph.closure import Closure
from prover_plugins.graph.relations import Relations, split, transitivity

_DEPTH = 4
_IRREFLEXIVE = tuple(
    Clause(f"{kind}.lt_irrefl", (("LT.lt/3", kind, "?0", "?0"),), FALSE, ("_", "p"), ((kind,),))
    for kind in ("Nat", "Int")
)


@dataclass(slots=True)
class Prover:
    """Searches for a proof of a goal from clauses; ``taken`` are names in use, ``variables`` the context's
    variables with their types as tokens."""

    clauses: Sequence[Clause]
    taken: frozenset[str] = frozenset()
    variables: Sequence[tuple[str, Tokens]] = ()
    relations: Relations = field(init=False, default_factory=lambda: Relations({}, ()))

    def prove(self, goal: Tokens, depth: int = 0) -> str | None:
        """A proof term, or None."""
        head = goal[0]
        if head == "True":
            return "True.intro"
        direct = self._from_facts(goal)
        if direct is not None or depth >= _DEPTH:
            return direct
        if head == "And/2":
            proofs = [self.prove(part, depth + 1) for part in parts(goal)]
            return None if None in proofs else f"⟨{proofs[0]}, {proofs[1]}⟩"
        if head == "Or/2":
            for part, side in zip(parts(goal), ("inl", "inr"), strict=True):
                proof = self.prove(part, depth + 1)
                if proof is not None:
                    return f"(Or.{side} {proof})"
            return None
        if head == "Iff/2":
            left, right = parts(goal)
            there, back = self._assuming(left, right, depth), self._assuming(right, left, depth)
            return None if there is None or back is None else f"⟨{there}, {back}⟩"
        if head == "→/2":
            premise, conclusion = parts(goal)
            return self._assuming(premise, conclusion, depth)
        if head == "Not/1":
            return self._assuming(parts(goal)[0], FALSE, depth)
        if head == "Ne/3":
            return self._assuming(("Eq/3", *goal[1:]), FALSE, depth)
        return None

    def _assuming(self, assumption: Tokens, goal: Tokens, depth: int) -> str | None:
        name = next(f"h{n}" for n in range(1, 1000) if f"h{n}" not in self.taken)
        given = _clauses_of(name, assumption)
        inner = Prover([*given, *self.clauses], self.taken | {name}, self.variables)
        proof = inner.prove(goal, depth + 1)
        return None if proof is None else f"(fun {name} => {proof})"

    def _from_facts(self, goal: Tokens) -> str | None:
        transitive = [(prefix, clause) for clause in self.clauses if (prefix := transitivity(clause)) is not None]
        chained = {id(clause) for _, clause in transitive}
        rules = [clause for clause in self.clauses if id(clause) not in chained]
        closure = Closure([*rules, *(_IRREFLEXIVE if _has_strict(self.clauses) else ())])
        self._instantiate(rules, goal, closure)
        closure.run()
        relations = self.relations = Relations(closure.facts, transitive)
        if goal not in closure.facts and (proof := relations.prove(goal)) is not None:
            return proof
        if goal not in closure.facts and relations.has_pair():
            # Chains may be what the other clauses wait for.
            wanted = {found[0] for clause in [*rules, *_IRREFLEXIVE] for p in clause.premises if (found := split(p))}
            for prefix in sorted(wanted):
                if is_ground(prefix) and relations.is_transitive(prefix):
                    for fact, proof in relations.closures(prefix):
                        closure.add(fact, proof)
            closure.run()
            if goal not in closure.facts:
                relations = Relations(closure.facts, transitive)
                if (proof := relations.prove(goal)) is not None:
                    return proof
        if goal in closure.facts:
            return closure.facts[goal]
        absurd = closure.facts.get(FALSE)
        return None if absurd is None else f"{absurd}.elim"

    def _instantiate(self, rules: Sequence[Clause], goal: Tokens, closure: Closure) -> None:
        """Facts from clauses without premises: at the goal, at premises without variables, at variables of
        the context."""
        wanted = [goal, *(p for clause in rules for p in clause.premises if is_ground(p))]
        for clause in rules:
            if clause.premises or is_ground(clause.conclusion):
                continue
            for target in wanted:
                if match(clause.conclusion, target, {}) is not None:
                    closure.add(target, clause.use(()))
            if len(clause.domains) == 1:
                for name, kind in self.variables:
                    if kind == clause.domains[0]:
                        closure.add(substitute(clause.conclusion, {"?0": (f"'{name}",)}), _used_at(clause, name))


def _used_at(clause: Clause, name: str) -> str:
    """The clause at a variable, written out: nothing else would tell Lean which one is meant."""
    return Clause(
        clause.name, clause.premises, clause.conclusion,
        tuple(name if piece == "_" else piece for piece in clause.pieces), clause.domains,
    ).use(())  # fmt: skip


def _has_strict(clauses: Sequence[Clause]) -> bool:
    return any(clause.conclusion[0] == "LT.lt/3" for clause in clauses)


def _clauses_of(name: str, assumption: Tokens) -> list[Clause]:
    term = Term.read(" ".join(assumption))
    return [] if term is None else list(read_clauses(name, term))
