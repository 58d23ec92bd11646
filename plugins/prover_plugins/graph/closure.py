"""What follows from the facts by the clauses, each conclusion with the shortest proof found.

Forward chaining over a hypergraph: propositions are nodes, an instance of a clause leads from its premises to
its conclusion. Breadth first, so proofs are short; bounded by counts, so the result does not depend on time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prover_plugins.graph.clauses import Clause, Tokens, is_ground, match, parts, substitute

MATCHES = 3_000
"""So many attempts to match a premise with a fact are made at most."""

FACTS = 400
LONGEST_PROOF = 6_000
LARGEST = 120
"""Facts with more tokens are not kept: they come from clauses that build ever larger terms."""


class Closure:
    """Facts by their tokens, with proofs; grows by :meth:`add` and :meth:`run`."""

    def __init__(self, clauses: Iterable[Clause]) -> None:
        self.facts: dict[Tokens, str] = {}
        self._by_head: dict[str, list[Tokens]] = defaultdict(list)
        self._clauses: list[Clause] = []
        self._agenda: deque[Tokens] = deque()
        self._by_premise: dict[str, list[tuple[Clause, int]]] = defaultdict(list)
        self._matches = MATCHES
        for clause in clauses:
            if not clause.premises and is_ground(clause.conclusion):
                self.add(clause.conclusion, clause.use(()))
            elif clause.premises:
                self._clauses.append(clause)
                for number, premise in enumerate(clause.premises):
                    self._by_premise[premise[0]].append((clause, number))

    def add(self, fact: Tokens, proof: str) -> None:
        """Adds a fact, and the parts of a conjunction; one that is known keeps its proof."""
        if fact in self.facts or len(self.facts) >= FACTS or len(fact) > LARGEST or len(proof) > LONGEST_PROOF:
            return
        self.facts[fact] = proof
        self._by_head[fact[0]].append(fact)
        self._agenda.append(fact)
        if fact[0] == "And/2":
            for part, side in zip(parts(fact), (".1", ".2"), strict=True):
                self.add(part, proof + side)

    def run(self) -> None:
        """Draws conclusions until there are no new ones or the limits are reached."""
        while self._agenda and self._matches > 0:
            fact = self._agenda.popleft()
            for clause, number in self._by_premise.get(fact[0], ()):
                bound = self._match(clause.premises[number], fact, {})
                if bound is None:
                    continue
                for complete, proofs in self._rest(clause, number, fact, 0, bound, ()):
                    self.add(substitute(clause.conclusion, complete), clause.use(proofs))

    def _rest(
        self,
        clause: Clause,
        fixed: int,
        fact: Tokens,
        number: int,
        bound: Mapping[str, Tokens],
        proofs: tuple[str, ...],
    ) -> Iterator[tuple[Mapping[str, Tokens], Sequence[str]]]:
        """Ways to fill the premises from ``number`` on, where premise ``fixed`` is ``fact``."""
        if number == len(clause.premises):
            if is_ground(substitute(clause.conclusion, bound)):
                yield bound, proofs
            return
        premise = clause.premises[number]
        if number == fixed:
            yield from self._rest(clause, fixed, fact, number + 1, bound, (*proofs, self.facts[fact]))
            return
        wanted = substitute(premise, bound)
        if is_ground(wanted):
            if wanted in self.facts:
                yield from self._rest(clause, fixed, fact, number + 1, bound, (*proofs, self.facts[wanted]))
            return
        for known in list(self._by_head.get(premise[0], ())):
            extended = self._match(premise, known, bound)
            if extended is not None:
                yield from self._rest(clause, fixed, fact, number + 1, extended, (*proofs, self.facts[known]))

    def _match(self, pattern: Tokens, fact: Tokens, bound: Mapping[str, Tokens]) -> dict[str, Tokens] | None:
        if self._matches <= 0:
            return None
        self._matches -= 1
        return match(pattern, fact, bound)
