"""Integers bounded by a definite quadratic: ``x ^ 2 + y ^ 2 = 25`` leaves finitely many, which are tried.

The bounds follow from completing the square, and Lean is given certificates for them (``squares``). For an equation
with few solutions the step states them all; otherwise it leaves the bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from itertools import product
from math import isqrt, prod

from prover.domain import Candidate
from prover_plugins.arithmetic.certificates import remainder
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.polynomials import Polynomial, constant
from prover_plugins.arithmetic.semantics import Undecided, evaluate
from prover_plugins.arithmetic.squares import squares
from prover_plugins.arithmetic.steps import Fact, Sketch, candidate, difference

_MOST_POINTS = 2_000
_MOST_SOLUTIONS = 14
_WALL_MS = 15_000


def boxes(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each fact that bounds integer variables by a quadratic."""
    for fact in sketch.facts:
        if fact.term.operation not in ("=", "≤", "<") or fact.term.arguments[0].kind is not Kind.INT:
            continue
        p = difference(fact.term)
        if p is None or p.degree != 2 or any(sketch.kinds.get(name) is not Kind.INT for name in p.variables):
            continue
        sides = (p, p * constant(-1)) if fact.term.operation == "=" else (p,)
        ranges = next((r for q in sides if (r := _ranges(q)) is not None), None)
        if ranges is None or _known(sketch, ranges):
            continue
        lines = _bounds(sketch, fact, ranges)
        if lines is None:
            continue
        points = prod(high - low + 1 for low, high in ranges.values())
        tested = [fact, *(other for other in sketch.facts if other is not fact and _is_test(other.term, ranges))]
        solutions = _solutions([f.term for f in tested], ranges) if points <= _MOST_POINTS else None
        if solutions is not None and len(solutions) <= _MOST_SOLUTIONS:
            lines += _cases(sketch, tested, ranges, solutions)
        yield candidate("(" + "\n ".join(lines) + ")", 0.46, _WALL_MS)


def _ranges(q: Polynomial) -> dict[str, tuple[int, int]] | None:
    """The least and largest integer value of each variable where ``q ≤ 0``; None where q is not definite."""
    found: dict[str, tuple[int, int]] = {}
    for name in q.variables:
        left = remainder(q, name)
        if left is None:
            return None
        a, b, c = (left.coefficient(((name, i),) if i else ()) for i in (2, 1, 0))
        square = b * b - 4 * a * c
        if a <= 0:
            return None
        if square < 0:
            found[name] = (0, -1)
            continue
        # the roots are (-b ± √square) / (2 a); with one denominator for all
        scale = a.denominator * b.denominator * c.denominator
        root = isqrt(int(square * scale * scale)) + 1
        low, high = ((-b * scale + sign * root) / (2 * a * scale) for sign in (-1, 1))
        lows = range(-(-low.numerator // low.denominator), 1 + high.numerator // high.denominator)
        inside = [v for v in (*lows[:3], *lows[-3:]) if a * v * v + b * v + c <= 0]
        found[name] = (min(inside), max(inside)) if inside else (0, -1)
    return found


def _known(sketch: Sketch, ranges: dict[str, tuple[int, int]]) -> bool:
    """Whether facts have these bounds already."""
    texts = {(f.term.operation, *map(_text, f.term.arguments)) for f in sketch.facts if f.term.operation == "≤"}
    return all(("≤", str(a), n) in texts or ("≤", n, str(b)) in texts for n, (a, b) in ranges.items())


def _text(term: Term) -> str:
    try:
        return lean(term).strip("()")
    except ValueError:
        return ""


def _number(value: int) -> Term:
    literal = Term("literal", Kind.INT, value=abs(value))
    return literal if value >= 0 else Term("neg", Kind.INT, (literal,))


def _bounds(sketch: Sketch, fact: Fact, ranges: dict[str, tuple[int, int]]) -> list[str] | None:
    """The steps that prove the bounds, from the one fact."""
    lines: list[str] = []
    alone = copy(sketch)
    alone.facts = [fact]
    for name, (low, high) in ranges.items():
        variable = Term("variable", Kind.INT, name=name)
        for base, sides in (("hlo", (_number(low), variable)), ("hhi", (variable, _number(high)))):
            alone.target = Term("≤", Kind.PROP, sides)
            proof = next(squares(alone), None)
            if proof is None:
                return None
            claim = f"{lean(sides[0])} ≤ {lean(sides[1])}"
            action = proof.action.replace("\n", "\n   ")
            lines.append(f"have {sketch.fresh(f'{base}_{name}')} : {claim} := by\n   {action}")
    return lines


def _is_test(term: Term, ranges: dict[str, tuple[int, int]]) -> bool:
    """Whether a fact is a relation of polynomials in the variables of the box."""
    return term.operation in ("=", "≤", "<") and term.variables() <= set(ranges) and difference(term) is not None


def _solutions(terms: list[Term], ranges: dict[str, tuple[int, int]]) -> list[tuple[int, ...]] | None:
    """The points of the box where the ``terms`` hold."""
    try:
        return [
            point
            for point in product(*(range(low, high + 1) for low, high in ranges.values()))
            if all(evaluate(term, dict(zip(ranges, point, strict=True))) for term in terms)
        ]
    except Undecided:
        return None


def _cases(
    sketch: Sketch, tested: list[Fact], ranges: dict[str, tuple[int, int]], solutions: list[tuple[int, ...]]
) -> list[str]:
    """The steps that state all solutions and take the cases apart."""
    names, lows = list(ranges), [low for low, _ in ranges.values()]
    letters = [f"i{place}" for place in range(len(names))]
    texts = {name: f"(({i} : Int) + ({low}))" for name, i, low in zip(names, letters, lows, strict=True)}
    loops = "".join(
        f"(List.range {max(0, high - low + 1)}).all fun {i} => "
        for i, (low, high) in zip(letters, ranges.values(), strict=True)
    )
    # each point as one number in a list
    weights = [prod(high - low + 1 for low, high in list(ranges.values())[place + 1 :]) for place in range(len(names))]
    code = " + ".join(f"{weight} * {i}" for weight, i in zip(weights, letters, strict=True))
    listed = ", ".join(str(sum(w * (v - low) for w, v, low in zip(weights, p, lows, strict=True))) for p in solutions)
    # a Boolean, since Lean does not find nested quantifiers with several premises to be decidable
    tests = "".join(f" || !decide {_replaced(f.term, texts)}" for f in tested)
    every, solved = sketch.fresh("hall"), sketch.fresh("hsol")
    at = every
    same = [f"hx{place}" for place in range(len(names))]
    numbers = [f"({name} - ({low})).toNat" for name, low in zip(names, lows, strict=True)]
    for number in numbers:
        at = f"List.all_eq_true.mp ({at}) ({number}) (List.mem_range.mpr (by omega))"
    cases = [" ∧ ".join(f"{name} = {v}" for name, v in zip(names, point, strict=True)) for point in solutions]
    each = ", ".join(["by omega"] * len(names))
    each = f"⟨{each}⟩" if len(names) > 1 else f"({each})"
    lines = [
        f"have {solved} : {' ∨ '.join(f'({case})' for case in cases) or 'False'} := by",
        f"   have {every} : ({loops}decide ({code} ∈ ([{listed}] : List Nat)){tests}) = true := by decide +kernel",
        *(
            f"   have {h} : ({number} : Int) + ({low}) = {name} := by omega"
            for h, number, low, name in zip(same, numbers, lows, names, strict=True)
        ),
        f"   have hcase := {at}",
        f"   simp only [{', '.join(same)}] at hcase",
        "   simp only [Bool.or_eq_true, Bool.not_eq_true', decide_eq_false_iff_not, decide_eq_true_eq] at hcase",
        *(f"   replace hcase := hcase.resolve_right (fun hno => hno {f.name})" for f in reversed(tested)),
        f"   clear {every}",
        "   simp only [List.mem_cons, List.not_mem_nil, or_false] at hcase",
    ]
    if not solutions:
        return [*lines, f"exact {solved}.elim"]
    ways = ["Or.inr (" * place + ("" if place == len(cases) - 1 else "Or.inl ") + each + ")" * place
            for place in range(len(cases))]  # fmt: skip
    lines += [
        f"   rcases hcase with {' | '.join(['hcase'] * len(cases))}",
        *(f"   · exact {way}" for way in ways),
    ]
    pattern = "⟨" + ", ".join(["rfl"] * len(names)) + "⟩" if len(names) > 1 else "rfl"
    finish = "try first | omega | (simp_all; done) | grind"
    return [*lines, f"rcases {solved} with {' | '.join([pattern] * len(cases))} <;> {finish}"]


def _replaced(term: Term, texts: dict[str, str]) -> str:
    """Lean's text of a relation of polynomials with other texts for the variables."""
    if term.operation == "variable":
        return texts[term.name]
    if term.operation == "literal":
        return str(term.value)
    if term.operation == "neg":
        return f"(-{_replaced(term.arguments[0], texts)})"
    left, right = (_replaced(argument, texts) for argument in term.arguments)
    return f"({left} {term.operation} {right})"
