"""What theorems are good for, read off their conclusions: which rewrite something and go together into one call of
``simp``, and which say that a function is injective."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from prover.lean.library import Fit, Premise
from prover.lean.terms import PatternTree, Term, pattern

_RELATIONS = ("Eq/3", "Iff/2")
_LOGIC = frozenset({"Eq", "HEq", "Iff", "Ne", "And", "Or", "Not", "True", "False"})
_NO_FACT = frozenset({"Or", "Exists", "Not", "And"})
_LINEAR = frozenset(
    {*_LOGIC, "LE.le", "LT.lt", "GE.ge", "GT.gt", "HAdd.hAdd", "HSub.hSub", "Neg.neg", "Nat.succ", "Nat", "Int"}
)


@dataclass(frozen=True, slots=True)
class Rule:
    """An equation or equivalence read from left to right; ``left`` and ``right`` are positions in ``term``."""

    term: Term
    left: int
    right: int

    @classmethod
    def of(cls, premise: Premise) -> Rule | None:
        """The rule that a theorem is; None for one whose left side is no application of a constant or only logic (that
        ``simp`` knows), or does not determine the right side."""
        term = Term.read(premise.entry.term)
        if term is None or term.tokens[0] not in _RELATIONS:
            return None
        left, right = term.arguments()[-2:]
        from_, to = term.part(left), term.part(right)
        constants = {token.partition("/")[0] for token in from_ if token[0].isalpha()}
        chosen = {token for token in to if token[0] == "?"}.difference(from_)
        if not from_[0][0].isalpha() or constants <= _LOGIC or chosen:
            return None
        return cls(term, left, right)

    @property
    def head(self) -> str:
        """The constant that the left side applies."""
        return self.term.tokens[self.left].partition("/")[0]

    def applies_to(self, other: Rule) -> bool:
        """Whether it rewrites what ``other`` leaves."""
        tree = PatternTree()
        tree.add(pattern(self.term, self.left), 0)
        end = other.term.ends[other.right]
        return any(tree.match(other.term, position) for position in range(other.right, end))

    def reorders(self) -> bool:
        """Whether it only swaps: ``simp`` orders what such rules rewrite, so they do not run in circles."""
        back = PatternTree()
        back.add(pattern(self.term, self.right), 0)
        return bool(back.match(self.term, self.left))


def rewriting(premises: Sequence[Premise], symbols: Collection[str], limit: int) -> list[Premise]:
    """The first ``limit`` theorems that rewrite something where ``symbols`` are, without those that undo an earlier one
    or themselves: with both directions of an equation ``simp`` runs until its limit."""
    rules: list[Rule] = []
    found: list[Premise] = []
    for premise, rule in _rules(premises, symbols):
        if len(found) == limit:
            break
        if rule.applies_to(rule) and not rule.reorders():
            continue
        if any(rule.applies_to(other) and other.applies_to(rule) for other in rules):
            continue
        rules.append(rule)
        found.append(premise)
    return found


def _rules(premises: Sequence[Premise], symbols: Collection[str]) -> Iterator[tuple[Premise, Rule]]:
    for premise in premises:
        rule = Rule.of(premise)
        if rule is not None and (Fit.REWRITE in premise.fits or rule.head in symbols):
            yield premise, rule


def matchable(premises: Sequence[Premise], limit: int) -> list[Premise]:
    """The first ``limit`` theorems that ``grind`` can find instances of, and has a use for.

    It fails as a whole where one of its lemmas has no pattern: connectives and applied variables are none. What is
    linear arithmetic it knows."""
    return [premise for premise in premises if _is_matchable(premise)][:limit]


def is_specific(term: Term) -> bool:
    """Whether it speaks of more than logic and linear arithmetic on numbers."""
    return any(token[0].isalpha() and token.partition("/")[0] not in _LINEAR for token in term.tokens)


def _is_matchable(premise: Premise) -> bool:
    term = Term.read(premise.entry.term)
    if term is None or term.tokens[0].partition("/")[0] in _NO_FACT or not is_specific(term):
        return False
    if term.tokens[0] not in _RELATIONS:
        return True
    left = term.tokens[term.arguments()[-2]].partition("/")[0]
    return left not in _LOGIC and left not in ("@", "→", "∀", "∀i", "Exists")


def injections(premises: Sequence[Premise], known: Callable[[str], int]) -> list[Premise]:
    """Those that say ``f a = f b ↔ a = b`` for a function into a type that more is ``known`` about (how many theorems,
    0: the commonest types), as the bits of a word or a vector's list; the best known first."""

    def rank(kind: str) -> float:
        return known(kind) or math.inf

    found = [
        (rank(types[1]), p) for p in premises if (types := _types(p)) is not None and rank(types[0]) < rank(types[1])
    ]
    return [premise for _, premise in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]


def _types(premise: Premise) -> tuple[str, str] | None:
    """From which type and into which a theorem says that a function is injective."""
    term = Term.read(premise.entry.term)
    if term is None or term.tokens[0] != "Iff/2":
        return None
    images, values = term.arguments()
    if term.tokens[images] != "Eq/3" or term.tokens[values] != "Eq/3":
        return None
    other, *sides = map(term.part, term.arguments(images))
    kind, *variables = map(term.part, term.arguments(values))
    if not (kind[0][0].isalpha() and other[0][0].isalpha()) or kind[0] == other[0]:
        return None
    heads = {side[0] for side in sides}
    applied = all(side[-1:] == value for side, value in zip(sides, variables, strict=True))
    if not applied or len(heads) > 1 or variables[0] == variables[1]:
        return None
    return kind[0].partition("/")[0], other[0].partition("/")[0]
