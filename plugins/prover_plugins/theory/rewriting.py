"""Which conjectures follow from those known already: by instance, or by rewriting both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from prover_plugins.theory.kinds import NAT
from prover_plugins.theory.terms import Equation, Node, written

_MOST_STEPS = 40


def matches(pattern: Node, term: Node, found: dict[str, Node]) -> bool:
    """Whether ``term`` is an instance of ``pattern``; ``found`` gets what its variables stand for.

    Types are not compared: what holds for one type variable holds for another.
    """
    if pattern.symbol is None:
        return found.setdefault(pattern.text, term).text == term.text
    if term.symbol is None or term.symbol.name != pattern.symbol.name or len(term.parts) != len(pattern.parts):
        return False
    return all(matches(p, t, found) for p, t in zip(pattern.parts, term.parts, strict=True))


def is_instance(equation: Equation, of: Equation) -> bool:
    """Whether an equation is one of another's instances, in either direction."""
    if of.bags and not equation.bags:
        return False
    for one, other in ((of.left, of.right), (of.right, of.left)):
        found: dict[str, Node] = {}
        if matches(one, equation.left, found) and matches(other, equation.right, found):
            return True
    return False


@dataclass(slots=True)
class Rules:
    """Equations as rewriting rules, each used where it makes the term smaller in a path ordering.

    ``rank`` says which function counts as larger: those that are defined later, for they call the others.
    """

    rank: dict[str, int]
    equations: list[Equation] = field(default_factory=list)
    permutations: list[Equation] = field(default_factory=list)

    def add(self, equation: Equation) -> None:
        """A new rule; the others are rewritten by it, and those that follow from the rest go."""
        if equation.bags:
            self.permutations.append(equation)
            return
        self.equations.append(equation)
        for known in list(self.equations):
            others = Rules(self.rank, [e for e in self.equations if e is not known])
            left, right = others.normal(known.left), others.normal(known.right)
            if (left.text, right.text) != (known.left.text, known.right.text):
                self.equations.remove(known)
                if _flattened(left) != _flattened(right):
                    self.equations.append(self.oriented(Equation(left, right)))

    def implies(self, equation: Equation) -> bool:
        """Whether both sides have the same normal form, or it is an instance of a rule."""
        if any(is_instance(equation, known) for known in (*self.equations, *self.permutations)):
            return True
        return _flattened(self.normal(equation.left)) == _flattened(self.normal(equation.right))

    def normal(self, term: Node) -> Node:
        """The term after rewriting, innermost parts first."""
        for _ in range(_MOST_STEPS):
            rewritten = self._once(term)
            if rewritten is None:
                break
            term = rewritten
        return term

    def oriented(self, equation: Equation) -> Equation:
        """With the larger side on the left, where one is larger whatever the variables stand for."""
        if self.larger(equation.right, equation.left, False):
            return Equation(equation.right, equation.left, equation.bags)
        return equation

    def larger(self, one: Node, other: Node, total: bool = True) -> bool:
        """Whether ``one`` comes after ``other`` in the lexicographic path ordering (Kamin and Lévy 1980).

        ``total`` compares variables by their names; otherwise the answer holds for all their values.
        """
        if one.symbol is None:
            return total and other.symbol is None and one.text > other.text
        if other.symbol is None and not total:
            return other.text in one.variables
        if any(p.text == other.text or self.larger(p, other, total) for p in one.parts):
            return True
        if other.symbol is None:
            return True
        first, second = self._rank(one), self._rank(other)
        if first < second or not all(self.larger(one, p, total) for p in other.parts):
            return False
        if first > second:
            return True
        for p, q in zip(one.parts, other.parts, strict=False):
            if p.text != q.text:
                return self.larger(p, q, total)
        return len(one.parts) > len(other.parts)

    def _rank(self, term: Node) -> tuple[int, str]:
        if term.symbol is None:
            return -1, term.text
        name = term.symbol.name
        return 0 if term.symbol.constructor else self.rank.get(name, 0) + 1, name

    def _once(self, term: Node) -> Node | None:
        for place, part in enumerate(term.parts):
            smaller = self._once(part)
            if smaller is not None and term.symbol is not None:
                return written(term.symbol, (*term.parts[:place], smaller, *term.parts[place + 1 :]))
        for equation in self.equations:
            for left, right in ((equation.left, equation.right), (equation.right, equation.left)):
                found: dict[str, Node] = {}
                if left.symbol is None or not matches(left, term, found):
                    continue
                if not set(right.variables) <= found.keys():
                    continue
                new = _filled(right, found)
                if self.larger(term, new):
                    return new
        return None


def _filled(term: Node, values: dict[str, Node]) -> Node:
    if term.symbol is None:
        return values[term.text]
    return written(term.symbol, tuple(_filled(p, values) for p in term.parts))


def _flattened(term: Node) -> str:
    """The text, with sums and products of numbers as polynomials, for the library's laws are known to Lean."""
    if term.symbol is None:
        return term.text
    if term.symbol.name in ("+", "*", "Nat.succ", "0") and term.type == NAT:
        monomials = sorted((" * ".join(m), c) for m, c in _polynomial(term).items() if c)
        return " + ".join(f"{c} {m}" for m, c in monomials) or "0"
    return f"{term.symbol.name}({', '.join(map(_flattened, term.parts))})"


def _polynomial(term: Node) -> dict[tuple[str, ...], int]:
    name = term.symbol.name if term.symbol is not None else ""
    if name == "0":
        return {}
    if name == "Nat.succ":
        return _sum(_polynomial(term.parts[0]), {(): 1})
    if name in ("+", "*"):
        one, other = map(_polynomial, term.parts)
        return _sum(one, other) if name == "+" else _product(one, other)
    return {(_flattened(term),): 1}


def _sum(one: dict[tuple[str, ...], int], other: dict[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    return {m: one.get(m, 0) + other.get(m, 0) for m in {*one, *other}}


def _product(one: dict[tuple[str, ...], int], other: dict[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for (m, a), (n, b) in product(one.items(), other.items()):
        key = tuple(sorted((*m, *n)))
        found[key] = found.get(key, 0) + a * b
    return found
