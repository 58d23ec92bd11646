"""Hypotheses as clauses: variables, premises, a conclusion, and how to write their use.

``h : ∀ x y, r x y → r y x`` is the clause with variables x, y, premise ``r x y``, conclusion ``r y x``, used as
``(h _ _ p)``. A hypothesis without variables and premises is a fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prover.lean.terms import Term, arity

Tokens = tuple[str, ...]

FALSE: Tokens = ("False",)
_SWAPPED = {"GT.gt/3": "LT.lt/3", "GE.ge/3": "LE.le/3"}


@dataclass(frozen=True, slots=True)
class Clause:
    """``premises`` and ``conclusion`` are tokens with the variables ``?0``, ``?1`` … ``pieces`` say how a use
    is written: ``_`` for an argument that Lean finds, ``p`` for the next premise's proof, ``.mp`` and the like
    for a projection. ``domains`` are the variables' types."""

    name: str
    premises: tuple[Tokens, ...]
    conclusion: Tokens
    pieces: tuple[str, ...]
    domains: tuple[Tokens, ...]

    def use(self, proofs: Sequence[str]) -> str:
        """The proof of the conclusion from the proofs of the premises."""
        text, rest = self.name, iter(proofs)
        for piece in self.pieces:
            if piece.startswith("."):
                text = f"({text}){piece}" if " " in text else text + piece
            else:
                text += " " + (next(rest) if piece == "p" else piece)
        return f"({text})" if " " in text else text


def read_clauses(name: str, term: Term) -> Iterator[Clause]:
    """The clauses of a hypothesis: one, or one for each part of a conjunction or direction of an equivalence."""
    at, depth = 0, 0
    premises: list[Tokens] = []
    pieces: list[str] = []
    domains: list[Tokens] = []
    while (token := term.tokens[at]) in ("→/2", "∀/2", "∀i/2"):
        domain = at + 1
        opened = _opened(term, domain, depth)
        # Every binder takes a number, also those that nothing refers to.
        domains.append(opened)
        if token == "→/2":
            premises.append(opened)
            pieces.append("p")
        elif token == "∀/2":
            pieces.append("_")
        at, depth = term.ends[domain], depth + 1
    yield from _split(name, premises, _opened(term, at, depth), pieces, domains)


def _split(
    name: str, premises: list[Tokens], conclusion: Tokens, pieces: list[str], domains: list[Tokens]
) -> Iterator[Clause]:
    head = conclusion[0]
    if head == "And/2":
        for part, side in zip(parts(conclusion), (".1", ".2"), strict=True):
            yield from _split(name, premises, part, [*pieces, side], domains)
    elif head == "Iff/2":
        left, right = parts(conclusion)
        yield from _split(name, [*premises, left], right, [*pieces, ".mp", "p"], domains)
        yield from _split(name, [*premises, right], left, [*pieces, ".mpr", "p"], domains)
        yield Clause(name, tuple(premises), conclusion, tuple(pieces), tuple(domains))
    elif head in ("Not/1", "Ne/3"):
        denied = parts(conclusion)[0] if head == "Not/1" else ("Eq/3", *conclusion[1:])
        yield Clause(name, (*premises, denied), FALSE, (*pieces, "p"), tuple(domains))
        yield Clause(name, tuple(premises), conclusion, tuple(pieces), tuple(domains))
    else:
        yield Clause(name, tuple(premises), conclusion, tuple(pieces), tuple(domains))


def proposition(term: Term) -> Tokens:
    """A proposition of the context (or the target) as tokens."""
    return _opened(term, 0, 0)


def _opened(term: Term, at: int, depth: int) -> Tokens:
    """The subterm, with what is bound around it as ``?n`` (from the outermost), ``>`` and ``≥`` turned."""
    found: list[str] = []

    def walk(at: int, inner: int) -> None:
        token = term.tokens[at]
        if token.startswith("#") and int(token[1:]) >= inner:
            found.append(f"?{depth - 1 - (int(token[1:]) - inner)}")
            return
        arguments = term.arguments(at)
        if token in _SWAPPED:
            token = _SWAPPED[token]
            arguments = [arguments[0], arguments[2], arguments[1]]
        found.append(token)
        for number, argument in enumerate(arguments):
            binds = token.startswith("λ/") or (token in ("→/2", "∀/2", "∀i/2") and number == 1)
            walk(argument, inner + binds)

    walk(at, 0)
    return tuple(found)


def end_of(tokens: Tokens, at: int) -> int:
    """Where the subterm that begins at ``at`` ends."""
    open_terms = 1
    while open_terms:
        open_terms += arity(tokens[at]) - 1
        at += 1
    return at


def parts(tokens: Tokens) -> list[Tokens]:
    """The arguments of the first token."""
    found: list[Tokens] = []
    at = 1
    while at < len(tokens):
        end = end_of(tokens, at)
        found.append(tokens[at:end])
        at = end
    return found


def match(pattern: Tokens, fact: Tokens, bound: Mapping[str, Tokens]) -> dict[str, Tokens] | None:
    """The bindings, beyond those of ``bound``, that make ``pattern`` the fact; None where there are none."""
    found = dict(bound)
    at = 0
    for token in pattern:
        if at >= len(fact):
            return None
        if token.startswith("?"):
            end = end_of(fact, at)
            if found.setdefault(token, fact[at:end]) != fact[at:end]:
                return None
            at = end
        elif token != fact[at] or token in ("_", "…"):
            return None
        else:
            at += 1
    return found if at == len(fact) else None


def substitute(pattern: Tokens, bound: Mapping[str, Tokens]) -> Tokens:
    """The pattern with its bound variables replaced."""
    return tuple(part for token in pattern for part in bound.get(token, (token,)))


def is_ground(tokens: Tokens) -> bool:
    """Whether it has no variables."""
    return not any(token.startswith("?") for token in tokens)
