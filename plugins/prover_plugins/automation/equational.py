"""Targets that follow from quantified equations alone: groups, quasigroups, functions with ``f (f x) = x``.

The facts ``∀ a b c : G, mul (mul a b) c = mul a (mul b c)`` are read as equations between terms, whatever ``mul`` is,
and :mod:`~prover_plugins.automation.completion` looks for a proof. The step states the lemmas that the proof needs,
each with the instances of earlier ones that it follows from by congruence: ``grind`` has nothing to search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from prover.lean.terms import Term as Prefix
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.completion import Completion, Equation, Proof, Term, Use
from prover_plugins.automation.reading import Reader, Suggestion

_PAIRS = 6_000
_MOST_EQUATIONS = 12
_LONGEST = 12_000
_WALL_MS = 20_000
_EXISTENCE = re.compile(r"∀ \(?(?P<names>[\w' ]+?)(?: : [^()]+\))?, ∃ (?P<value>\w+), .+", re.S)
_INFIX = {"HMul.hMul/3": "*", "HAdd.hAdd/3": "+", "HSub.hSub/3": "-", "HDiv.hDiv/3": "/"}
_OTHERS = {"Inv.inv/2": "{0}⁻¹", "Neg.neg/2": "-{0}"}
_NUMBERS = frozenset({"Nat", "Int", "Rat", "Bool"})


@dataclass(frozen=True)
class _Read:
    """``left = right`` in a type, for all values of ``variables`` variables of that type; a part of the conjunction
    that the fact ``name`` states (``projection``: ``.2.1``)."""

    domain: str
    variables: int
    left: Term
    right: Term
    name: str = ""
    projection: str = ""


def equational(goal: Reader) -> Iterator[Suggestion]:
    """The whole proof, where one is found; a function for what is said to exist for every element."""
    aim = _aim(goal)
    if aim is None or aim.variables:
        return
    if aim.domain not in _NUMBERS:
        yield from _chosen(goal)
    axioms = [r for fact in goal.facts for r in _read(fact.term, fact.name) if r.domain == aim.domain]
    axioms = axioms[:_MOST_EQUATIONS]
    if not any(read.variables for read in axioms):
        return
    proof = _proof(tuple((read.left, read.right) for read in axioms), (aim.left, aim.right))
    if proof is not None:
        tactic = _Writing(goal, aim.domain.lstrip("'"), axioms, *proof).tactic()
        if len(tactic) <= _LONGEST:
            yield Suggestion(tactic, 0.76, FULL, _WALL_MS)


def _aim(goal: Reader) -> _Read | None:
    """The equation to be shown: the target, or the contrary of a fact where the facts are to be refuted."""
    if goal.goal.shape == "eq":
        return next(_read(goal.goal.term), None)
    if goal.goal.shape == "false":
        denied = (f.term.replace("Ne/3", "Eq/3", 1) for f in goal.facts if f.term.startswith("Ne/3"))
        return next((read for text in denied for read in _read(text)), None)
    return None


def _chosen(goal: Reader) -> Iterator[Suggestion]:
    """Functions for the facts ``∀ x y, ∃ z, …``, so that what they say can be an equation."""
    for fact in goal.facts:
        match = _EXISTENCE.fullmatch(fact.type)
        if match is None:
            continue
        names, value = match["names"].split(), goal.fresh(f"{match['value']}_of")
        term = fact.name
        for place in range(len(names) - 1, -1, -1):
            bound = " ".join(names[:place])
            inner = f"({fact.name} {bound})" if bound and place == len(names) - 1 else term
            term = f"Classical.axiomOfChoice {inner}"
            if place:
                term = f"(fun {names[place - 1]} => {term})"
        yield Suggestion(f"(obtain ⟨{value}, {goal.fresh('hch')}⟩ := {term}\n clear {fact.name})", 0.5)


@lru_cache(maxsize=64)
def _proof(axioms: tuple[tuple[Term, Term], ...], aim: tuple[Term, Term]) -> tuple[Proof, Term] | None:
    completion = Completion(axioms, aim, _PAIRS)
    proof = completion.run()
    return None if proof is None else (proof, completion.default)


# ---------------------------------------------------------------------------------------- reading


def _read(text: str, name: str = "") -> Iterator[_Read]:
    """The equations that a proposition states, as far as they are about one type."""
    whole = Prefix.read(text)
    if whole is None:
        return
    at, domains = 0, list[tuple[str, ...]]()
    while whole.tokens[at] == "∀/2":
        domain, at = whole.arguments(at)
        domains.append(whole.part(domain))
    pending = [(at, "")]
    while pending:
        at, projection = pending.pop(0)
        if whole.tokens[at] == "And/2":
            one, other = whole.arguments(at)
            pending += [(one, f"{projection}.1"), (other, f"{projection}.2")]
        if whole.tokens[at] != "Eq/3":
            continue
        kind, left, right = whole.arguments(at)
        if any(domain != whole.part(kind) for domain in domains) or len(whole.part(kind)) != 1:
            continue
        domain_name = whole.tokens[kind]
        try:
            sides = [_term(whole, place, len(domains), domain_name) for place in (left, right)]
        except ValueError:
            continue
        yield _Read(domain_name, len(domains), sides[0], sides[1], name, projection)


def _term(whole: Prefix, at: int, depth: int, domain: str) -> Term:
    """The term at a position.

    Raises:
        ValueError: a binder, a type that is not ``domain``, or arithmetic that means something.
    """
    token = whole.tokens[at]
    if token.startswith("#"):
        return depth - 1 - int(token[1:])
    if token.startswith("'"):
        return (token,)
    arguments = whole.arguments(at)
    if token in _INFIX or token in _OTHERS or token.isdecimal():
        if domain in _NUMBERS:
            raise ValueError("arithmetic")
        if arguments and whole.part(arguments.pop(0)) != (domain,):
            raise ValueError("another type")
    elif token.startswith("@/"):
        token = whole.tokens[arguments.pop(0)]
        if not token.startswith("'"):
            raise ValueError("not a variable that is applied")
    elif not token[0].isalpha() or "." in token:
        raise ValueError(f"not a function of the problem: {token}")
    return (token, *(_term(whole, argument, depth, domain) for argument in arguments))


# ---------------------------------------------------------------------------------------- writing


class _Writing:
    """A proof as a tactic."""

    def __init__(self, goal: Reader, domain: str, axioms: list[_Read], proof: Proof, default: Term) -> None:
        self._goal, self._domain, self._axioms = goal, domain, axioms
        self._proof, self._default = proof, default
        derived = [number for number, equation in proof.equations.items() if equation.given < 0]
        self._lemmas: Mapping[int, str] = {number: goal.fresh(f"e{place}") for place, number in enumerate(derived)}

    def tactic(self) -> str:
        """Every lemma, and the target from them."""
        lines: list[str] = []
        known = [fact.name for fact in self._goal.facts if fact.type.startswith("∀")]
        for number, name in self._lemmas.items():
            equation = self._proof.equations[number]
            names = [self._goal.fresh(f"x{i}") for i in range(equation.variables)]
            binders = f"∀ {' '.join(names)} : {self._domain}, " if names else ""
            left, right = (self._written(side, names) for side in (equation.left, equation.right))
            lines.append(f"have {name} : {binders}{left} = {right} := by")
            if names:
                lines.append(f"  intro {' '.join(names)}")
            lines += [f"  {line}" for line in self._by(equation.uses, names, known)]
            if names:
                known.append(name)
        return "(" + "\n ".join([*lines, *self._by(self._proof.uses, [], known)]) + ")"

    def _by(self, uses: tuple[Use, ...], names: list[str], known: list[str]) -> list[str]:
        """The instances, and what follows from them by congruence."""
        lines = [f"have {self._goal.fresh(f'i{n}')} := {self._instance(use, names)}" for n, use in enumerate(uses)]
        return [*lines, f"clear {' '.join(reversed(known))}", "grind only"]

    def _instance(self, use: Use, names: list[str]) -> str:
        number, terms = use
        equation: Equation = self._proof.equations[number]
        if equation.given < 0:
            return " ".join([self._lemmas[number], *(self._written(term, names) for term in terms)])
        axiom = self._axioms[equation.given]
        values = dict(zip(equation.names, terms, strict=True))
        arguments = [values.get(i, self._default) for i in range(axiom.variables)]
        instance = " ".join([axiom.name, *(self._written(term, names) for term in arguments)])
        return f"({instance}){axiom.projection}" if axiom.projection else instance

    def _written(self, term: Term, names: list[str]) -> str:
        """The term in Lean's notation, in parentheses where it has parts."""
        if isinstance(term, int):
            return names[term] if names else self._written(self._default, names)
        symbol, *arguments = term
        parts = [self._written(argument, names) for argument in arguments]
        if symbol in _INFIX:
            return f"({parts[0]} {_INFIX[symbol]} {parts[1]})"
        if symbol in _OTHERS:
            return f"({_OTHERS[symbol].format(*parts)})"
        if symbol.isdecimal():
            return f"({symbol} : {self._domain})"
        name = symbol.removeprefix("'").split("/")[0]
        return f"({' '.join([name, *parts])})" if parts else name
