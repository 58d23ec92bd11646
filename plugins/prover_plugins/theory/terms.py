"""Terms over a signature with their values on samples, and the equations between them.

Equal values on all samples make a conjecture; one term of each class of equal ones is used to build larger terms
(QuickSpec: Claessen, Smallbone and Hughes 2010; Smallbone, Johansson, Claessen and Algehed 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from prover_plugins.theory.evaluation import Undecided
from prover_plugins.theory.kinds import PROP, Type

Value = Any

_LARGEST_CHANGE = 4
"""Symbols in what an argument becomes while a function works on the first part of a list."""

SMALL = 3
"""The rank of equations that come before statements of other kinds."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function, constructor or operator at certain types.

    ``function`` maps values to a value; ``own`` says that the header defines it, ``constructor`` that it is one,
    ``commutative`` keeps
    the other order of the arguments out of the enumeration; ``branches`` says that the definition has conditions.
    """

    name: str
    arguments: tuple[Type, ...]
    result: Type
    function: Callable[..., Value]
    own: bool = False
    constructor: bool = False
    infix: bool = False
    commutative: bool = False
    branches: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A term: a variable (no symbol) or a symbol with arguments, with its values on the samples."""

    type: Type
    text: str
    size: int
    values: tuple[Value, ...]
    variables: tuple[str, ...]
    symbol: Symbol | None = None
    parts: tuple[Node, ...] = ()
    reduces: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether all arguments are variables, each a different one."""
        return len({part.text for part in self.parts if part.symbol is None}) == len(self.parts)

    def symbols(self) -> Iterator[Symbol]:
        """Every symbol in it, with repetitions."""
        if self.symbol is not None:
            yield self.symbol
        for part in self.parts:
            yield from part.symbols()


@dataclass(frozen=True, slots=True)
class Equation:
    """Two terms with the same values; ``left`` is the larger one, or the one found later.

    With ``bags`` they are lists whose values are permutations of one another.
    """

    left: Node
    right: Node
    bags: bool = False
    continued: bool = False
    """Whether the left side is what a function does with a list that another one begins."""


@dataclass(slots=True)
class Enumeration:
    """Terms by size. ``reduces`` tells whether a call computes by its definition alone; with ``bags`` lists are also
    compared as multisets."""

    symbols: Sequence[Symbol]
    variables: Sequence[Node]
    reduces: Callable[[Symbol, tuple[Node, ...]], bool]
    bags: bool = False
    most: int = 3000
    classes: dict[tuple[Type, tuple[Value, ...]], Node] = field(default_factory=dict)
    levels: dict[int, list[Node]] = field(default_factory=dict)
    made: int = 0
    _bags: dict[tuple[Type, tuple[Value, ...]], Node] = field(default_factory=dict)

    def equations(self, largest: int) -> Iterator[Equation]:
        """Conjectures whose larger side has at most ``largest`` symbols, small ones first."""
        self.levels[1] = []
        for variable in self.variables:
            self._add(variable)
        for size in range(1, largest + 1):
            self.levels.setdefault(size, [])
            for node in self._of_size(size):
                yield from self._note(node)
                if self.bags and node.type.element is not None and not node.reduces:
                    yield from self._bag(node)
                if self.made > self.most:
                    return
        yield from self._continued()
        yield from self._distributed()

    def _continued(self) -> Iterator[Equation]:
        """``run (compile e ++ rest) s``: what a function does with a list that another one of the header begins."""
        own = [s for s in self.symbols if s.own]
        appends = {s.result: s for s in self.symbols if s.name == "++"}
        starts = [n for size in (2, 3) for n in self.levels.get(size, ()) if n.symbol in own and n.is_plain]
        for start in starts:
            rest = self._variable(start.type, start.variables)
            if start.type not in appends or rest is None:
                continue
            for whole in self._node(appends[start.type], (start, rest)):
                for symbol in own:
                    if symbol.arguments.count(start.type) != 1:
                        continue
                    parts: list[Node] = []
                    for kind in symbol.arguments:
                        used = [*whole.variables, *(p.text for p in parts)]
                        part = whole if kind == start.type else self._variable(kind, used)
                        if part is not None:
                            parts.append(part)
                    if len(parts) < len(symbol.arguments):
                        continue
                    for node in self._node(symbol, tuple(parts)):
                        known = self.classes.get((node.type, node.values)) or self._rest(node, whole, rest)
                        if known is None or known.text == node.text:  # it may have been enumerated itself
                            continue
                        if set(known.variables) <= set(node.variables):
                            yield Equation(node, known, continued=True)

    def _rest(self, node: Node, whole: Node, rest: Node) -> Node | None:
        """The same function of the rest alone, another argument changed, where that has the same values."""
        symbol = node.symbol
        for place, part in enumerate(node.parts if symbol else ()):
            if part is whole or symbol is None:
                continue
            names = {*whole.variables, *part.variables} - {*rest.variables}
            for size in range(2, _LARGEST_CHANGE + 1):
                for changed in self.levels.get(size, ()):
                    if changed.type != part.type or set(changed.variables) != names:
                        continue
                    parts = [rest if p is whole else p for p in node.parts]
                    parts[place] = changed
                    for other in self._node(symbol, tuple(parts)):
                        if other.values == node.values:
                            return other
        return None

    def _variable(self, kind: Type, used: Sequence[str]) -> Node | None:
        return next((v for v in self.variables if v.type == kind and v.text not in used), None)

    def _distributed(self) -> Iterator[Equation]:
        """Larger terms of one shape: one function's values at two places, combined by another."""
        pairs = [n for n in self.levels.get(3, ()) if n.symbol is not None and n.symbol.own and len(n.variables) == 2]
        for symbol in self.symbols:
            if symbol.constructor or len(symbol.arguments) != 2:
                continue
            for parts in product(pairs, repeat=2):
                one, other = parts
                if (one.type, other.type) != symbol.arguments or one.symbol is not other.symbol:
                    continue
                if len({*one.variables, *other.variables}) != 3 or self.made > 2 * self.most:
                    continue
                for node in self._node(symbol, parts):
                    known = self.classes.get((node.type, node.values))
                    if known is not None and set(known.variables) == set(node.variables) and self._is_first(known):
                        yield Equation(node, known)

    def _of_size(self, size: int) -> Iterator[Node]:
        for symbol in self.symbols:
            arity = len(symbol.arguments)
            if arity == 0:
                if size == 1:
                    yield from self._node(symbol, ())
                continue
            for sizes in _sums(size - 1, arity):
                choices = [
                    [n for n in self.levels.get(s, ()) if n.type == kind]
                    for s, kind in zip(sizes, symbol.arguments, strict=True)
                ]
                for parts in product(*choices):
                    yield from self._node(symbol, parts)

    def _node(self, symbol: Symbol, parts: tuple[Node, ...]) -> Iterator[Node]:
        if symbol.commutative and parts[0].text > parts[1].text:
            return
        if symbol.infix and not symbol.own and _trivial(symbol, parts):
            return
        self.made += 1
        try:
            values = tuple(
                _called(symbol.function, [p.values[i] for p in parts]) for i in range(len(self.variables[0].values))
            )
        except Undecided:
            return
        names = dict.fromkeys(name for part in parts for name in part.variables)
        yield Node(
            symbol.result, _text(symbol, parts), 1 + sum(p.size for p in parts), values, tuple(names), symbol, parts,
            symbol.own and self.reduces(symbol, parts),
        )  # fmt: skip

    def _note(self, node: Node) -> Iterator[Equation]:
        known = self.classes.get((node.type, node.values))
        if known is None or (known.reduces and not node.reduces):
            self._add(node)
        if known is None or not any(s.own for s in (*node.symbols(), *known.symbols())):
            return
        if (node.reduces and not self._opaque(node)) or (known.reduces and not self._opaque(known)):
            return
        one, other = set(node.variables), set(known.variables)
        if not (one <= other or other <= one):  # equal by chance, or not in any way of use
            return
        if (self._is_first(node) or (node.size == known.size and self._is_first(known))) and not (
            node.reduces and known.reduces
        ):
            yield Equation(node, known)

    def _bag(self, node: Node) -> Iterator[Equation]:
        key = (node.type, tuple(tuple(sorted(map(repr, v))) for v in node.values))
        known = self._bags.setdefault(key, node)
        if known.values == node.values or set(known.variables) != set(node.variables):
            return
        # only what says how often a function's elements occur in something simpler, not every reordering
        own, simpler = (sum(s.own for s in n.symbols()) for n in (node, known))
        if own < simpler:
            self._bags[key] = node
            node, known, own, simpler = known, node, simpler, own
        if own > simpler and self._is_first(node):
            yield Equation(node, known, bags=True)

    def _opaque(self, node: Node) -> bool:
        """Whether what a call computes to is not another term of this enumeration."""
        return node.symbol is not None and node.symbol.branches

    def _is_first(self, node: Node) -> bool:
        return node.variables == _canonical(node.variables, self.variables)

    def _add(self, node: Node) -> None:
        self.classes[node.type, node.values] = node
        if not node.reduces and node.type != PROP:
            self.levels[node.size].append(node)


def _canonical(names: tuple[str, ...], variables: Sequence[Node]) -> tuple[str, ...]:
    """The same number of variables of each type, first ones first: one of all renamings."""
    kinds = {v.text: v.type for v in variables}
    waiting: dict[Type, list[str]] = {}
    for v in variables:
        waiting.setdefault(v.type, []).append(v.text)
    return tuple(waiting[kinds[name]].pop(0) for name in names)


def _sums(total: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        if total >= 1:
            yield (total,)
        return
    for first in range(1, total - count + 2):
        for rest in _sums(total - first, count - 1):
            yield (first, *rest)


def _trivial(symbol: Symbol, parts: tuple[Node, ...]) -> bool:
    """An application of a library operator that its own laws simplify."""
    texts = [p.text for p in parts]
    left = parts[0].symbol
    if symbol.name in ("+", "*", "++"):
        return "0" in texts or "[]" in texts or (left is not None and left.name in (symbol.name, "::"))
    if symbol.name in ("=", "∨"):
        return texts[0] >= texts[1]
    return False


def _text(symbol: Symbol, parts: tuple[Node, ...]) -> str:
    inner = [p.text if p.symbol is None or not p.parts else f"({p.text})" for p in parts]
    if symbol.infix:
        return f"{inner[0]} {symbol.name} {inner[1]}"
    if symbol.name == "Nat.succ":
        return f"{inner[0]} + 1"
    return " ".join([symbol.name, *inner])


def _called(function: Callable[..., Value], arguments: list[Value]) -> Value:
    try:
        return function(*arguments)
    except (RecursionError, IndexError, TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise Undecided(str(error)) from error


def written(symbol: Symbol, parts: tuple[Node, ...]) -> Node:
    """A term without values."""
    names = dict.fromkeys(name for part in parts for name in part.variables)
    return Node(symbol.result, _text(symbol, parts), 1 + sum(p.size for p in parts), (), tuple(names), symbol, parts)


def rank(equation: Equation) -> tuple[int, int]:
    """Small equations first; of equal ones those with more variables, for they are more general."""
    both = (equation.left, equation.right)
    if equation.continued:
        return SMALL, 0
    size = max(t.size for t in both)
    constructors = max(sum(1 + (not s.arguments) for s in t.symbols() if s.constructor) for t in both)
    own = [t.symbol is not None and t.symbol.own for t in both]
    if size == 3 and not equation.bags and own[0] != own[1] and not constructors and all(t.symbol for t in both):
        return 0, 0  # a function of the library's
    # another order of the same variables follows where the function is commutative, and is of no use where it is not
    reordered = both[0].size == size == both[1].size > 3 and both[0].variables != both[1].variables
    repeating = all(len(t.variables) < sum(1 for _ in _leaves(t)) for t in both)
    weight = min(size, 6) + constructors + 2 * reordered + repeating + equation.bags
    return weight, -len({*both[0].variables, *both[1].variables})


def _leaves(term: Node) -> Iterator[Node]:
    if term.symbol is None:
        yield term
    for part in term.parts:
        yield from _leaves(part)
