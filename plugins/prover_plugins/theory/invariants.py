"""What tests and measures say of a function's value: that it is ordered again, where a member of it comes from.

Each statement is tested on the samples before it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from prover_plugins.theory.definitions import Header
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.kinds import BOOL, NAT, PROP, Type, list_of
from prover_plugins.theory.meanings import Meaning, distinct, holds
from prover_plugins.theory.signature import Signature
from prover_plugins.theory.terms import Node, Symbol, written


@dataclass(frozen=True, slots=True)
class Test:
    """A property of data of one type, with ``{}`` where the datum is written."""

    kind: Type
    pattern: str

    def text(self, term: str) -> str:
        """What is written for a term."""
        return self.pattern.format(_inside(term))


def invariants(made: Signature, header: Header, evaluator: Evaluator, words: str) -> Iterator[Meaning]:
    """Statements about the functions of the header whose values are data; ``words`` tell which tests of the library
    matter."""
    producers = [s for s in made.symbols if s.own and s.result not in (BOOL, PROP, NAT)]
    tests = list(_tests(made, header, words))
    appends = [s for s in made.symbols if s.name == "++"]
    for symbol, consumer in product([*producers, *appends], made.symbols):
        if consumer.own and consumer.arguments.count(symbol.result) == 1:
            yield from _combined(consumer, symbol, made, evaluator)
    for symbol in producers:
        arguments = distinct(symbol.arguments, made)
        if arguments is None:
            continue
        call = written(symbol, arguments)
        for test in tests:
            if test.kind == symbol.result:
                statement = next((s for s in _passed_on(test, call) if holds(s, arguments, evaluator)), None)
                if statement is not None:
                    yield Meaning(call, statement, ())


def _tests(made: Signature, header: Header, words: str) -> Iterator[Test]:
    for symbol in made.symbols:
        if symbol.own and symbol.result in (BOOL, PROP) and len(symbol.arguments) == 1:
            yield Test(symbol.arguments[0], f"{symbol.name} {{}}{' = true' if symbol.result == BOOL else ''}")
    for predicate in header.predicates.values():
        if len(predicate.arguments) == 1:
            yield Test(predicate.arguments[0], f"{predicate.name} {{}}")
    for kind in dict.fromkeys(s.result for s in made.symbols if s.result.element is not None):
        if "Nodup" in words:
            yield Test(kind, "{}.Nodup")
        if "Pairwise" in words and kind == list_of(NAT):
            yield Test(kind, "{}.Pairwise (· ≤ ·)")


def _passed_on(test: Test, call: Node) -> Iterator[str]:
    """Without a condition, with one, with one on each argument of the type."""
    end = test.text(call.text)
    yield end
    same = [part.text for part in call.parts if part.type == test.kind]
    for names in (*([name] for name in same), same):
        if names:
            yield " → ".join([*map(test.text, names), end])


def _combined(consumer: Symbol, symbol: Symbol, made: Signature, evaluator: Evaluator) -> Iterator[Meaning]:
    """``member y (insert x t) = (y == x || member y t)`` and the like: the first that holds."""
    place = consumer.arguments.index(symbol.result)
    kinds = [k for i, k in enumerate(consumer.arguments) if i != place]
    found = distinct([*symbol.arguments, *kinds], made)
    if not kinds or found is None or consumer.result not in (BOOL, PROP, NAT):
        return
    inner, others = written(symbol, found[: len(symbol.arguments)]), list(found[len(symbol.arguments) :])

    def of(term: Node) -> Node:
        return written(consumer, (*others[:place], term, *others[place:]))

    whole = of(inner)
    data = [of(part).text for part in inner.parts if part.type == symbol.result]
    rest = [part for part in inner.parts if part.type != symbol.result]
    choices = [["", *_about(part, others, consumer.result)] for part in rest]
    joints = {BOOL: (" || ", " && "), PROP: (" ∨ ", " ∧ "), NAT: (" + ",)}[consumer.result]
    relation = " ↔ " if consumer.result == PROP else " = "
    if consumer.result == NAT and not any(c[1:] for c in choices):
        return  # an equation, which the enumeration finds
    for chosen in sorted(product(*choices), key=lambda c: c.count("")):
        parts = [*filter(None, chosen), *data]
        for joint in joints if len(parts) > 1 else joints[:1]:
            if parts:
                right = joint.join(f"({p})" if " " in p else p for p in parts)
                left = f"({whole.text})" if relation == " ↔ " else whole.text
                statement = f"{left}{relation}({right})"
                if holds(statement, found, evaluator):
                    yield Meaning(whole, statement, ())
                    return


def _about(part: Node, others: list[Node], result: Type) -> Iterator[str]:
    """What a test with these further arguments may say of an argument that is no datum."""
    for other in others:
        if other.type == part.type:
            if result == NAT:
                yield f"if {other.text} = {part.text} then 1 else 0"
                continue
            relations = ("=", "≤", "<", "≠") if part.type == NAT else ("=", "≠")
            pairs = [(other, part), (part, other)] if part.type == NAT else [(other, part)]
            for relation, (a, b) in product(relations, pairs):
                text = f"{a.text} {relation} {b.text}"
                yield f"decide ({text})" if result == BOOL else text
        elif other.type.name == "→" and other.type.arguments == (part.type, result):
            yield f"{other.text} {part.text}"


def _inside(text: str) -> str:
    return f"({text})" if " " in text else text
