"""The reasoning module: reads the first goal as a graph and proposes the proof that a path spells out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from prover.domain import Candidate, Insight, State
from prover.hookspecs import LEAN_DEADLINE
from prover.lean.goals import LeanState
from prover.lean.protocol import GoalView, HypothesisView
from prover.lean.terms import Term
from prover.problem import Problem
from prover_plugins.graph.clauses import Clause, Tokens, proposition, read_clauses
from prover_plugins.graph.prove import Prover

SCORE = 0.93
CLEARING = 0.04
_CROWD = 10
"""With so many facts that have nothing to do with the target, clearing them is worth a step."""

_WORD = re.compile(r"[^\W\d][\w'.!?₀-₉]*")
_CLOSED_SHAPES = frozenset({"forall", "let", "exists"})
"""Targets that other steps must open first."""


class GraphModule:
    """Finds chains of implications, equations, orders and other relations between a goal's facts."""

    name = "graph"
    domains = ("lean",)
    deadline = LEAN_DEADLINE
    least_cost = -math.log(SCORE)

    def read(self, problem: Problem, state: State) -> Insight | None:
        """A proof of the first goal, which hypotheses it uses, or which have nothing to do with the goal."""
        if not isinstance(state, LeanState) or (goal := state.main_goal) is None:
            return None
        facts = [h for h in _written(goal) if h.is_prop and h.term]
        if not facts or goal.shape in _CLOSED_SHAPES:
            return None
        proof = self.proof(goal, facts, _lemmas(state, goal))
        if proof is None:
            return self._relevance(goal, facts)
        words = set(_WORD.findall(proof))
        used = [h.name for h in facts if h.name in words or any(w.startswith(h.name + ".") for w in words)]
        return Insight(
            facts=(f"the goal follows from {', '.join(used)}: {proof}",),
            candidates=[Candidate(f"exact {proof}", self.name, score=SCORE)],
            features={"relevant": float(len(used)), "hypotheses": float(len(facts))},
        )

    def proof(
        self, goal: GoalView, facts: Sequence[HypothesisView], lemmas: Sequence[tuple[str, str]] = ()
    ) -> str | None:
        """A proof term for the goal's target from its facts and from lemmas given as (name, statement)."""
        target = Term.read(goal.term)
        if target is None or "…" in target.tokens:
            return None
        clauses: list[Clause] = []
        for name, text in [*((h.name, h.term) for h in facts), *lemmas]:
            term = Term.read(text)
            if term is not None:
                clauses += read_clauses(name, term)
        if not any(clause.premises for clause in clauses) and len(clauses) < 2 and goal.shape not in _COMPOUND:
            return None
        taken = frozenset(h.name for h in goal.hypotheses)
        return Prover(clauses, taken, _variables(goal)).prove(proposition(target))

    def _relevance(self, goal: GoalView, facts: Sequence[HypothesisView]) -> Insight | None:
        """Facts that share no variable with the target, directly or through others."""
        if len(facts) < 2:
            return None
        variables = {h.name for h in goal.hypotheses if not (h.is_prop or h.is_type or h.is_instance)}
        linked = [(h, variables.intersection(h.depends)) for h in facts]
        reached = {token[1:] for token in goal.term.split() if token.startswith("'")}
        # Targets without variables are contradicted by anything.
        if not reached & variables:
            return None
        near: list[str] = []
        waiting = list(linked)
        while True:
            now = [(h, names) for h, names in waiting if not names or names & reached]
            if not now:
                break
            for h, names in now:
                near.append(h.name)
                reached |= names
            waiting = [pair for pair in waiting if pair not in now]
        far = [h.name for h, _ in waiting]
        candidates = []
        if len(far) >= _CROWD:
            candidates.append(Candidate(f"clear {' '.join(far)}", self.name, score=CLEARING))
        features = {"relevant": float(len(near)), "hypotheses": float(len(facts))}
        return Insight(candidates=candidates, features=features)


_COMPOUND = frozenset({"implies", "iff", "and", "or", "not", "ne"})


def _written(goal: GoalView) -> Iterator[HypothesisView]:
    """The hypotheses that can be written: accessible, and not hidden by a later one of the same name."""
    last = {h.name: number for number, h in enumerate(goal.hypotheses)}
    return (h for number, h in enumerate(goal.hypotheses) if h.accessible and last[h.name] == number)


def _variables(goal: GoalView) -> list[tuple[str, Tokens]]:
    """Variables with their types, as far as a type is one token."""
    types = {h.name for h in goal.hypotheses if h.is_type}
    return [
        (h.name, (f"'{h.type}" if h.type in types else h.type,))
        for h in _written(goal)
        if not (h.is_prop or h.is_type or h.is_instance) and " " not in h.type
    ]


def _lemmas(state: LeanState, goal: GoalView) -> list[tuple[str, str]]:
    """The header's theorems and their statements; asked of Lean only where there are any."""
    if not goal.theorems or (library := state.library) is None:
        return []
    return [(d.name, d.statement) for d in library.own if d.is_prop and d.statement]
