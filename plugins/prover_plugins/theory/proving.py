"""How a conjecture may be proved: inductions that ``grind`` finishes, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from prover_plugins.theory.definitions import Definition
from prover_plugins.theory.kinds import PROP
from prover_plugins.theory.meanings import Meaning
from prover_plugins.theory.signature import Signature
from prover_plugins.theory.syntax import Term
from prover_plugins.theory.terms import Equation, Node


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about variables, with the terms in it that its proof may recurse along."""

    variables: tuple[tuple[str, str], ...]
    statement: str
    terms: tuple[Node, ...]

    @property
    def text(self) -> str:
        """The closed statement."""
        binders = " ".join(f"({name} : {type_})" for name, type_ in self.variables)
        return f"∀ {binders}, {self.statement}" if binders else self.statement

    def have(self, name: str, proof: str) -> str:
        """A tactic that proves it under a name."""
        introduced = f"intro {' '.join(n for n, _ in self.variables)}\n   " if self.variables else ""
        return f"have {name} : {self.text} := by\n   {introduced}{proof}"


def called(definitions: dict[str, Definition], names: set[str], deep: bool = True) -> list[str]:
    """The functions and what they call, and with ``deep`` what that calls, in the order of the header."""
    wanted, new = set(names), set(names)
    while new:
        found = {n for name in new if name in definitions for n in _mentioned(definitions[name])}
        new = (found & definitions.keys()) - wanted
        wanted |= new
        new = new if deep else set()
    return [n for n in definitions if n in wanted]


def _mentioned(definition: Definition) -> Iterator[str]:
    waiting: list[Term] = [*definition.arms, *([definition.body] if definition.body else [])]
    while waiting:
        term = waiting.pop()
        if term.kind == "name":
            yield term.name
        waiting += term.parts


def inductions(claim: Claim, signature: Signature, mutual: frozenset[str]) -> list[str]:
    """Tactics that begin a proof, the likeliest first."""
    subjects: dict[str, int] = {}
    calls: dict[str, int] = {}
    moved: set[str] = set()
    for term in claim.terms:
        for node in _calls(term):
            _count(node, signature, mutual, subjects, calls)
            if node.symbol is not None:
                for place in signature.changes(node.symbol.name):
                    moved.update(node.parts[place].variables)
    found = []
    for subject in sorted(subjects, key=lambda v: -subjects[v])[:2]:
        others = [v for v, _ in claim.variables if v in moved and v != subject]
        found.append(f"induction {subject} generalizing {' '.join(others)}" if others else f"induction {subject}")
    along = [f"fun_induction {call}" for call in sorted(calls, key=lambda c: -calls[c])[:1]]
    for node in (n for term in claim.terms for n in _calls(term)):
        name = node.symbol.name if node.symbol is not None and node.is_plain else ""
        if name and name not in mutual and not signature.calls_itself(name):
            along = [f"fun_cases {node.text}"]
    return [*along, *found][:2]


def along_what_begins(claim: Claim, starts: list[str]) -> list[str]:
    """For ``run (compile e ++ rest) s``: induction on ``e``, whatever comes after it."""
    for term in claim.terms:
        for part in term.parts:
            if part.symbol is not None and part.symbol.name == "++" and part.parts[0].variables:
                subject = part.parts[0].variables[-1]
                others = " ".join(v for v, _ in claim.variables if v != subject)
                return [f"induction {subject} generalizing {others}", *starts[:1]]
    return starts


def by_length(claim: Claim, start: str) -> list[str]:
    """Strong induction on the length of the list that a functional induction is along."""
    lists = [v for v, kind in claim.variables if kind.startswith("List ")]
    subject = next((v for v in lists if v in start.split()), None)
    if subject is None:
        return []
    others = "".join(f" {v}" for v, _ in claim.variables if v != subject)
    return [
        f"induction hn : {subject}.length using Nat.strongRecOn generalizing {subject}{others} with\n"
        f"   | ind n ih => ?_\n   subst hn\n   cases {subject}"
    ]


def _calls(term: Node) -> Iterator[Node]:
    if term.symbol is not None:
        if term.symbol.own:
            yield term
        for part in term.parts:
            yield from _calls(part)


def _count(
    node: Node, signature: Signature, mutual: frozenset[str], subjects: dict[str, int], calls: dict[str, int]
) -> None:
    """Notes the variables that a call recurses on, and the call where all of its arguments are variables."""
    if node.symbol is None:
        return
    looked = signature.looks_at(node.symbol.name)
    for place in looked:
        argument = node.parts[place]
        if argument.symbol is None:
            subjects[argument.text] = subjects.get(argument.text, 0) + 1
    if node.is_plain and node.symbol.name not in mutual and signature.functional(node.symbol.name):
        calls[node.text] = calls.get(node.text, 0) + 1


def claim_of(conjecture: Equation | Meaning, made: Signature) -> Claim:
    """What a conjecture claims about its variables."""
    if isinstance(conjecture, Meaning):
        names = {*re.findall(r"[\w']+", conjecture.statement)}
        terms: tuple[Node, ...] = (conjecture.call,)
        statement = conjecture.statement
    else:
        terms = (conjecture.left, conjecture.right)
        names = {n for t in terms for n in t.variables}
        relation = "↔" if conjecture.left.type == PROP else "="
        sides = [_side(t.text, relation) for t in terms]
        statement = f"{sides[0]} {relation} {sides[1]}"
        if conjecture.bags:
            statement = f"({terms[0].text}).Perm ({terms[1].text})"
    variables = tuple((v.text, str(v.type)) for v in made.variables if v.text in names)
    return Claim(variables, statement, terms)


def _side(text: str, relation: str) -> str:
    return f"({text})" if "∈" in text or "=" in text or relation == "↔" else text
