"""Equations that follow from equations: unfailing completion.

Terms have variables (numbers) and applied symbols (tuples). Equations are used from the larger side to the smaller in
a Knuth–Bendix ordering; where two overlap, what both give is a new equation, small ones first (Knuth and Bendix 1970;
Bachmair, Dershowitz and Plaisted 1989). Each new equation remembers the instances of earlier ones that it follows from
by congruence alone, which is what a checker needs. The work is counted, so that the same question has the same answer
everywhere.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Term = Any
"""A variable, which is a number, or a tuple of a symbol and its arguments."""

Substitution = dict[int, Term]
Use = tuple[int, tuple[Term, ...]]
"""The number of an equation, and what stands for each of its variables."""

_LARGEST = 26
"""Symbols in both sides of an equation that is kept."""
_EVERY = 6
"""Every so many times the oldest equation is taken instead of the smallest, so that none waits for ever."""


@dataclass(frozen=True)
class Equation:
    """``left = right`` in ``variables`` variables; it follows from the instances ``uses``, or was ``given`` (the number
    of an axiom) with ``names`` for its variables. ``oriented``: the left side is larger whatever the variables are."""

    left: Term
    right: Term
    variables: int
    uses: tuple[Use, ...] = ()
    oriented: bool = False
    given: int = -1
    names: tuple[int, ...] = ()


@dataclass(frozen=True)
class Proof:
    """The equations that are needed, by number and in order, and the instances that give the goal."""

    equations: Mapping[int, Equation]
    uses: tuple[Use, ...]


class Completion:
    """The equations known so far, those that were used (``active``) and those that wait."""

    def __init__(self, axioms: Sequence[tuple[Term, Term]], goal: tuple[Term, Term], pairs: int) -> None:
        self.equations: list[Equation] = []
        self.active: list[int] = []
        self.goal = goal
        self.goal_uses: list[Use] = []
        self._pairs = pairs
        self._waiting: list[tuple[int, int]] = []
        self._taken: set[int] = set()
        self._oldest = 0
        self._seen: set[tuple[Term, Term]] = set()
        arities: dict[str, int] = {}
        for term in (side for pair in (*axioms, goal) for side in pair):
            for part in subterms(term):
                arities.setdefault(part[0], len(part) - 1)
        order = sorted(arities, key=lambda symbol: (arities[symbol] == 1, arities[symbol], symbol))
        self._rank = {symbol: place for place, symbol in enumerate(order)}
        ground = [part for side in goal for part in subterms(side) if len(part) == 1]
        self.default: Term = ground[0] if ground else 0
        """What stands for a variable that does not matter: something that is surely there."""
        for number, (left, right) in enumerate(axioms):
            self._add(left, right, (), number)

    def run(self) -> Proof | None:
        """The goal's proof; None where the work allowed does not find one."""
        turn = 0
        while not self._proved():
            turn += 1
            number = self._next(turn)
            if number is None or self._pairs <= 0:
                return None
            number = self._simplified(number)
            if number < 0:
                continue
            self._interreduce(number)
            self.active.append(number)
            for other in list(self.active):
                self._overlaps(number, other)
                if other != number:
                    self._overlaps(other, number)
        return self._proof()

    # --------------------------------------------------------------------------------- equations

    def _add(self, left: Term, right: Term, uses: tuple[Use, ...], given: int = -1) -> int:
        """The number of a new equation; -1 where it says nothing, is known or too large."""
        if left == right:
            return -1
        names: dict[int, Term] = {}
        if self._larger(right, left):
            left, right = right, left
        for variable in (*variables(left), *variables(right)):
            names.setdefault(variable, len(names))
        left, right = substituted(left, names), substituted(right, names)
        if (left, right) in self._seen or (right, left) in self._seen:
            return -1
        if given < 0 and size(left) + size(right) > _LARGEST:
            return -1
        self._seen.add((left, right))
        fill: Substitution = _Filled(names, 0 if names else self.default)
        renamed = tuple((n, tuple(substituted(t, fill) for t in terms)) for n, terms in uses)
        oriented = self._larger(left, right)
        equation = Equation(left, right, len(names), renamed, oriented, given, tuple(names) if given >= 0 else ())
        self.equations.append(equation)
        number = len(self.equations) - 1
        heapq.heappush(self._waiting, (size(left) + size(right), number))
        return number

    def _next(self, turn: int) -> int | None:
        if turn % _EVERY == 0:
            while self._oldest < len(self.equations):
                self._oldest += 1
                if self._oldest - 1 not in self._taken:
                    self._taken.add(self._oldest - 1)
                    return self._oldest - 1
        while self._waiting:
            _, number = heapq.heappop(self._waiting)
            if number not in self._taken:
                self._taken.add(number)
                return number
        return None

    def _simplified(self, number: int) -> int:
        """The equation with both sides rewritten: the same number, a new one, or -1 where nothing is left of it."""
        equation = self.equations[number]
        uses: list[Use] = []
        left, right = self.normal(equation.left, uses), self.normal(equation.right, uses)
        if left == right:
            return -1
        if any(self._instance(other, left, right) is not None for other in self.active):
            return -1
        if not uses:
            return number
        own = (number, tuple(range(equation.variables)))
        new = self._add(left, right, (own, *uses))
        self._taken.add(new)
        return new

    def _interreduce(self, number: int) -> None:
        """Puts back among those that wait every active equation that the new one rewrites."""
        for other in list(self.active):
            equation = self.equations[other]
            if any(self._step(number, part) is not None for side in (equation.left, equation.right)
                   for part in subterms(side)):  # fmt: skip
                self.active.remove(other)
                self._taken.discard(other)
                heapq.heappush(self._waiting, (size(equation.left) + size(equation.right), other))

    def _overlaps(self, one: int, other: int) -> None:
        """Adds what ``one`` and ``other`` give where a side of ``one`` meets a part of a side of ``other``."""
        first, second = self.equations[one], self.equations[other]
        shift = second.variables
        for left, right in _sides(first):
            left, right = shifted(left, shift), shifted(right, shift)
            for whole, result in _sides(second):
                for path, part in positions(whole):
                    if one == other and not path and (first.oriented or whole == left):
                        continue
                    found = unified(left, part)
                    if found is None:
                        continue
                    self._pairs -= 1
                    if self._pairs <= 0:
                        return
                    peak, low = resolved(whole, found), resolved(right, found)
                    other_low = resolved(result, found)
                    if self._larger(low, resolved(part, found)) or self._larger(other_low, peak):
                        continue
                    uses: list[Use] = [
                        (one, tuple(resolved(i + shift, found) for i in range(first.variables))),
                        (other, tuple(resolved(i, found) for i in range(second.variables))),
                    ]
                    a = self.normal(replaced(peak, path, low), uses)
                    b = self.normal(other_low, uses)
                    self._add(a, b, tuple(uses))

    # --------------------------------------------------------------------------------- rewriting

    def normal(self, term: Term, uses: list[Use]) -> Term:
        """The term rewritten with the active equations until nothing applies; ``uses`` gets their instances."""
        if isinstance(term, int):
            return term
        while True:
            term = (term[0], *(self.normal(part, uses) for part in term[1:]))
            for number in self.active:
                found = self._step(number, term)
                if found is not None:
                    term, use = found
                    uses.append(use)
                    break
            else:
                return term
            if isinstance(term, int):
                return term

    def _step(self, number: int, term: Term) -> tuple[Term, Use] | None:
        """One step at the top of ``term`` to something smaller."""
        equation = self.equations[number]
        for left, right in _sides(equation):
            found: Substitution = {}
            if isinstance(left, int) or not matches(left, term, found):
                continue
            if not equation.oriented:
                if any(v not in found for v in variables(right)):
                    continue
                if not self._larger(term, substituted(right, found)):
                    continue
            values = tuple(found.get(i, self.default) for i in range(equation.variables))
            return substituted(right, found), (number, values)
        return None

    def _instance(self, number: int, left: Term, right: Term) -> Use | None:
        """The use of an equation that has ``left = right`` as an instance."""
        equation = self.equations[number]
        for one, other in ((equation.left, equation.right), (equation.right, equation.left)):
            found: Substitution = {}
            if matches(one, left, found) and matches(other, right, found):
                return number, tuple(found.get(i, self.default) for i in range(equation.variables))
        return None

    def _larger(self, one: Term, other: Term) -> bool:
        """Whether ``one`` is larger in the Knuth–Bendix ordering, whatever the variables stand for."""
        if isinstance(one, int) or one == other:
            return False
        if isinstance(other, int):
            return other in variables(one)
        mine, theirs = Counter(variables(one)), Counter(variables(other))
        if any(count > mine[variable] for variable, count in theirs.items()):
            return False
        difference = size(one) - size(other)
        if difference:
            return difference > 0
        if one[0] != other[0]:
            return self._rank[one[0]] > self._rank[other[0]]
        for a, b in zip(one[1:], other[1:], strict=True):
            if a != b:
                return self._larger(a, b)
        return False

    # ----------------------------------------------------------------------------------- the goal

    def _proved(self) -> bool:
        left, right = (self.normal(side, self.goal_uses) for side in self.goal)
        self.goal = left, right
        if left == right:
            return True
        for number in self.active:
            use = self._instance(number, left, right)
            if use is not None:
                self.goal_uses.append(use)
                return True
        return False

    def _proof(self) -> Proof:
        needed: dict[int, Equation] = {}
        pending = [number for number, _ in self.goal_uses]
        while pending:
            number = pending.pop()
            if number not in needed:
                needed[number] = self.equations[number]
                pending += [other for other, _ in needed[number].uses]
        return Proof({n: needed[n] for n in sorted(needed)}, tuple(dict.fromkeys(self.goal_uses)))


class _Filled(dict[int, Any]):
    """A substitution in which every other variable stands for one and the same term."""

    def __init__(self, known: Mapping[int, Term], rest: Term) -> None:
        super().__init__(known)
        self._rest = rest

    def __missing__(self, variable: int) -> Term:
        return self._rest


# ------------------------------------------------------------------------------------------ terms


def _sides(equation: Equation) -> list[tuple[Term, Term]]:
    """(from, to) in the directions in which an equation may be used."""
    forward = (equation.left, equation.right)
    both = [forward] if equation.oriented else [forward, (equation.right, equation.left)]
    return [sides for sides in both if not isinstance(sides[0], int)]


def size(term: Term) -> int:
    """The number of symbols and variables."""
    return 1 if isinstance(term, int) else 1 + sum(map(size, term[1:]))


def variables(term: Term) -> Iterator[int]:
    """Every variable, as often as it occurs."""
    if isinstance(term, int):
        yield term
    else:
        for part in term[1:]:
            yield from variables(part)


def subterms(term: Term) -> Iterator[Term]:
    """The term and its parts that are not variables."""
    if not isinstance(term, int):
        yield term
        for part in term[1:]:
            yield from subterms(part)


def positions(term: Term, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Term]]:
    """Every part that is not a variable, with the way to it."""
    if not isinstance(term, int):
        yield path, term
        for place, part in enumerate(term[1:], 1):
            yield from positions(part, (*path, place))


def replaced(term: Term, path: tuple[int, ...], new: Term) -> Term:
    """``term`` with ``new`` at the end of ``path``."""
    if not path:
        return new
    place, *rest = path
    return (*term[:place], replaced(term[place], tuple(rest), new), *term[place + 1 :])


def shifted(term: Term, by: int) -> Term:
    """``term`` with other variables."""
    return term + by if isinstance(term, int) else (term[0], *(shifted(part, by) for part in term[1:]))


def substituted(term: Term, values: Mapping[int, Term]) -> Term:
    """``term`` with terms put in for its variables, all at once."""
    return values[term] if isinstance(term, int) else (term[0], *(substituted(part, values) for part in term[1:]))


def resolved(term: Term, found: Substitution) -> Term:
    """``term`` with what unification found put in, again and again."""
    if isinstance(term, int):
        return resolved(found[term], found) if term in found else term
    return (term[0], *(resolved(part, found) for part in term[1:]))


def matches(pattern: Term, term: Term, found: Substitution) -> bool:
    """Whether ``term`` is an instance of ``pattern``; ``found`` gets what its variables stand for."""
    if isinstance(pattern, int):
        known: Term = found.setdefault(pattern, term)
        return bool(known == term)
    if isinstance(term, int) or pattern[0] != term[0] or len(pattern) != len(term):
        return False
    return all(matches(p, t, found) for p, t in zip(pattern[1:], term[1:], strict=True))


def unified(one: Term, other: Term) -> Substitution | None:
    """The most general substitution (to be resolved) that makes both terms the same."""
    found: Substitution = {}
    pending = [(one, other)]
    while pending:
        a, b = pending.pop()
        while isinstance(a, int) and a in found:
            a = found[a]
        while isinstance(b, int) and b in found:
            b = found[b]
        if a == b:
            continue
        if isinstance(b, int):
            a, b = b, a
        if isinstance(a, int):
            if a in variables(resolved(b, found)):
                return None
            found[a] = b
        elif a[0] != b[0] or len(a) != len(b):
            return None
        else:
            pending += zip(a[1:], b[1:], strict=True)
    return found
