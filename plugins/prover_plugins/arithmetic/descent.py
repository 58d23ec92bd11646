"""Infinite descent: homogeneous equations that only zero solves, and polynomials without rational roots.

``a ^ 2 + b ^ 2 = 3 * c ^ 2`` says modulo 3 that 3 divides a and b; what is left, divided by 3, says that 3 divides c;
and then the equation is the same as before, for smaller numbers. The moduli and the order in which variables turn out
to be divisible are found here. In Lean the sum of the absolute values goes down; each congruence is evaluated by
the kernel. For a rational x with ``p x = 0`` the equation is that of its numerator and denominator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import Polynomial, constant, variable
from prover_plugins.arithmetic.reading import read_number
from prover_plugins.arithmetic.residues import congruences, congruent, replaced, values
from prover_plugins.arithmetic.steps import CASTS, Sketch, candidate, cast_equation, difference

_MODULI = ((2, 2), (3, 3), (4, 2), (5, 5), (7, 7), (8, 2), (9, 3), (11, 11), (13, 13), (16, 2))
"""(m, d): modulo m, with variables divisible by the prime d."""

_MOST_CASES = 1_500
_MOST_STAGES = 8
_MOST_VARIABLES = 4
_HIGHEST_DEGREE = 6
_SEARCHED = 4
_WALL_MS = 20_000
_NUMBERED = re.compile(r"\bh(?:mul|add|sub|pow)\b")


def descents(sketch: Sketch) -> Iterator[Candidate]:
    """One step for each equation of this kind among the facts: all its variables are zero, or it is absurd."""
    for fact in sketch.facts:
        if fact.term.operation != "=":
            continue
        p = difference(fact.term, rational=True)
        if p is None or not 2 <= p.degree <= _HIGHEST_DEGREE:
            continue
        if fact.term.arguments[0].kind is Kind.RAT:
            yield from _irrational(sketch, fact.name, p)
        else:
            yield from _zero(sketch, fact.name, p)


@dataclass(frozen=True)
class Stage:
    """``names``, the variables that the prime ``divisor`` divides by the equation ``p = 0`` modulo ``modulus``; the
    equation for their quotients is ``content`` times ``rest = 0``."""

    p: Polynomial
    modulus: int
    divisor: int
    names: tuple[str, ...]
    content: int
    rest: Polynomial


def stages(p: Polynomial) -> list[Stage] | None:
    """How the homogeneous equation ``p = 0`` goes over into itself; None where no way is seen."""
    names = p.variables
    if not 2 <= len(names) <= _MOST_VARIABLES or len({sum(e for _, e in m) for m in p.terms}) != 1:
        return None
    _, p = p.primitive()
    if _has_solution(p):
        return None
    found: list[Stage] = []
    current, done = p, set[str]()
    while len(found) < _MOST_STAGES:
        stage = _stage(current, names, found[0].divisor if found else 0)
        if stage is None:
            return None
        found.append(stage)
        done.update(stage.names)
        current = stage.rest
        if done == set(names) and current.terms in (p.terms, (p * constant(-1)).terms):
            return found
    return None


def _has_solution(p: Polynomial) -> bool:
    """Whether small numbers, not all zero, solve it."""
    names = p.variables
    terms = [(int(c), [(names.index(name), e) for name, e in m]) for m, c in p.terms.items()]
    reach = _SEARCHED if len(names) < 4 else 2
    for point in product(range(-reach, reach + 1), repeat=len(names)):
        total = 0
        for c, powers in terms:
            for place, e in powers:
                c *= point[place] ** e
            total += c
        if total == 0 and any(point):
            return True
    return False


def _stage(p: Polynomial, names: list[str], prime: int) -> Stage | None:
    """The first modulus by which some variables are divisible (by ``prime``, unless it is 0)."""
    for modulus, divisor in _MODULI:
        if modulus ** len(names) > _MOST_CASES or (prime and divisor != prime):
            continue
        points = product(range(modulus), repeat=len(names))
        zeros = [point for point, v in zip(points, values(p, modulus, names), strict=True) if v == 0]
        divisible = tuple(
            name for place, name in enumerate(names) if all(point[place] % divisor == 0 for point in zeros)
        )
        if divisible:
            scaled = p
            for name in divisible:
                scaled = scaled.substituted(name, variable(name) * constant(divisor))
            content, rest = scaled.primitive()
            return Stage(p, modulus, divisor, divisible, int(content), rest)
    return None


# ------------------------------------------------------------------------------------------- steps


def _zero(sketch: Sketch, fact: str, p: Polynomial) -> Iterator[Candidate]:
    """All variables are zero; natural numbers by way of the integers."""
    found = stages(p)
    if found is None:
        return
    casts = sketch.naturals(p)
    lemma, zero, given = sketch.fresh("hdesc"), sketch.fresh("hz"), sketch.fresh("he")
    terms = [f"({name} : Int)" for name in p.variables]
    split = ", ".join(f"{zero}{i}" for i in range(len(terms)))
    lines = lemma_lines(lemma, found)
    lines += [
        f"have {zero} : {' ∧ '.join(f'{t} = 0' for t in terms)} := by",
        f"   have {given} := {cast_equation(fact) if casts else fact}",
        *([f"   {CASTS} at {given}"] if casts else []),
        *(f"   try clear {name}" for name in sketch.others(given)),
        f"   exact {lemma} _ {' '.join(terms)} (Nat.lt_succ_self _) (by clear {lemma}; grind)",
        f"clear {lemma}",
        f"first | omega | (simp_all; done) | grind | obtain ⟨{split}⟩ := {zero}",
    ]
    yield candidate("(" + "\n ".join(lines) + ")", 0.8, _WALL_MS)


def _irrational(sketch: Sketch, fact: str, p: Polynomial) -> Iterator[Candidate]:
    """A polynomial in one rational variable without a root: its numerator and denominator would be zero."""
    if len(p.variables) != 1 or sketch.kinds.get(p.variables[0]) is not Kind.RAT:
        return
    (x,) = p.variables
    top, bottom = sketch.fresh("num"), sketch.fresh("den")
    terms: dict[tuple[tuple[str, int], ...], Fraction] = {}
    for monomial, coefficient in p.terms.items():
        e = dict(monomial).get(x, 0)
        powers = {top: e, bottom: p.degree - e}
        terms[tuple(sorted((name, k) for name, k in powers.items() if k))] = coefficient
    _, homogeneous = Polynomial(terms).primitive()
    found = stages(homogeneous)
    if found is None:
        return
    lemma, quotient, positive, product_, cast, zero = map(sketch.fresh, ("hdesc", "hx", "hn", "hm", "he", "hz"))
    casts = frozenset((top, bottom))
    lines = lemma_lines(lemma, found)
    lines += [
        f"have {quotient} : (({x}.num : Int) : Rat) / (({x}.den : Int) : Rat) = {x} := by",
        "   rw [← Rat.divInt_eq_div, Rat.num_divInt_den]",
        f"have {positive} : ({x}.den : Int) ≠ 0 := Int.natCast_ne_zero.mpr {x}.den_nz",
        f"generalize {x}.num = {top} at {quotient}",
        f"generalize ({x}.den : Int) = {bottom} at {quotient} {positive}",
        f"have {positive}' : (({bottom} : Int) : Rat) ≠ 0 := fun h => {positive} (Rat.intCast_eq_zero_iff.mp h)",
        f"have {product_} : ({top} : Rat) = {x} * ({bottom} : Rat) := by clear {fact} {lemma}; grind",
        f"have {cast} : (({homogeneous.lean()} : Int) : Rat) = 0 := by",
        f"   rw [show (({homogeneous.lean()} : Int) : Rat) = {homogeneous.lean(casts, Kind.RAT)} by",
        "     simp only [Rat.intCast_add, Rat.intCast_sub, Rat.intCast_mul, Rat.intCast_pow, Rat.intCast_ofNat]]",
        f"   rw [{product_}]; clear {lemma} {quotient} {product_}; grind",
        f"have {zero} := {lemma} _ {' '.join(homogeneous.variables)} (Nat.lt_succ_self _) "
        f"(Rat.intCast_eq_zero_iff.mp {cast})",
        f"exact absurd (show {bottom} = 0 by omega) {positive})",
    ]
    yield candidate("(exfalso\n " + "\n ".join(lines), 0.85, _WALL_MS)


def lemma_lines(name: str, found: list[Stage]) -> list[str]:
    """The statement that the equation of the first stage, over the integers, makes all variables zero; its proof."""
    names = found[0].p.variables
    kinds = dict.fromkeys(names, Kind.INT)
    start = [f"v{i}d" for i in range(len(names))]
    renaming = dict(zip(names, start, strict=True))
    letters = dict(renaming)
    size = " + ".join(f"{v}.natAbs" for v in start)
    claim = " ∧ ".join(f"{v} = 0" for v in start)
    d, moduli = found[0].divisor, dict.fromkeys(stage.modulus for stage in found)
    lines = [line for m in moduli for line in _residue_lines(m, d)]
    lines += [
        f"have hab : ∀ v : Int, ({d} * v).natAbs = {d} * v.natAbs := fun v => Int.natAbs_mul {d} v",
        f"have {name} : ∀ N : Nat, ∀ {' '.join(start)} : Int, {size} < N → {_text(found[0].p, renaming)} = 0 → "
        f"{claim} := by",
        "   intro N",
        "   induction N with",
        f"   | zero => intro {' '.join(start)} h; omega",
        "   | succ N ih =>",
        f"   intro {' '.join(start)} hN he",
    ]
    for stage in found:
        lines += [f"   {line}" for line in _forced(stage, letters, kinds)]
        for variable_ in stage.names:
            old = letters[variable_]
            letters[variable_] = old + "d"
            place = stage.names.index(variable_)
            proof = _component("hv", place, len(stage.names))
            lines.append(f"   obtain ⟨{old}d, rfl⟩ := Int.dvd_of_emod_eq_zero {proof}")
        rest = _text(stage.rest, letters)
        if stage.content == 1:
            lines.append(f"   replace he : {rest} = 0 := by clear ih hN hv; grind")
        else:
            lines.append(
                f"   replace he : {rest} = 0 := (Int.mul_eq_zero.mp (show {stage.content} * ({rest}) = 0 by "
                "clear ih hN hv; grind)).resolve_left (by decide)"
            )
        lines.append("   clear hv")
    last = [letters[v] for v in names]
    given = [f"h{i}" for i in range(len(last))]
    pattern = given[0]
    for zero in given[1:]:  # the sum is associated to the left
        pattern = f"⟨{pattern}, {zero}⟩"
    closing = "exact ⟨" + ", ".join(f"by rw [{zero}]; rfl" for zero in given) + "⟩"
    general = "; ".join(f"generalize {v}.natAbs = n{i}" for i, v in enumerate(last))
    lines += [
        "   simp only [hab] at hN",
        f"   rcases Nat.eq_zero_or_pos ({' + '.join(f'{v}.natAbs' for v in last)}) with hs | hs",
        "   · simp only [Nat.add_eq_zero_iff, Int.natAbs_eq_zero] at hs",
        f"     obtain {pattern} := hs",
        f"     {closing}",
        f"   · obtain ⟨{', '.join(given)}⟩ := ih {' '.join(last)} (by clear he ih; revert hN hs; {general}; omega) "
        f"(show {_text(found[0].p, letters)} = 0 by clear ih hN hs; grind)",
        f"     {closing}",
    ]
    return lines


def _component(conjunction: str, place: int, size: int) -> str:
    """The proof of one part of a conjunction of ``size`` parts."""
    return conjunction + ".2" * place + (".1" if place < size - 1 else "")


def _each(conjunction: str, functions: list[str]) -> str:
    """The conjunction of what the functions give for the parts of ``conjunction``."""
    parts = [f"{f} {_component(conjunction, i, len(functions))}" for i, f in enumerate(functions)]
    return f"⟨{', '.join(parts)}⟩" if len(parts) > 1 else parts[0]


def _residue_lines(m: int, d: int) -> list[str]:
    """The lemmas about congruences modulo ``m``, which ``d`` divides; their names end in it."""
    lines = [
        f"have hres{m} : ∀ v : Int, ∃ r : Nat, r < {m} ∧ v % {m} = (r : Int) % {m} := "
        f"fun v => ⟨(v % {m}).toNat, by omega, by omega⟩",
        f"have hdown{m} : ∀ v w : Int, v % {m} = w % {m} → w % {d} = 0 → v % {d} = 0 := by omega",
    ]
    return lines + [_NUMBERED.sub(rf"\g<0>{m}", lemma) for lemma in congruences(Kind.INT, m).values()]


def _text(p: Polynomial, letters: dict[str, str]) -> str:
    return _renamed(p, letters).lean()


def _renamed(p: Polynomial, letters: dict[str, str]) -> Polynomial:
    return Polynomial({tuple(sorted((letters[n], e) for n, e in m)): c for m, c in p.terms.items()})


def _forced(stage: Stage, letters: dict[str, str], kinds: dict[str, Kind]) -> list[str]:
    """The fact ``hv`` that the variables of the stage are divisible, from the equation ``he``."""
    p, m, d = _renamed(stage.p, letters), stage.modulus, stage.divisor
    own = [letters[name] for name in kinds]
    term = read_number(p.lean(), dict.fromkeys(own, Kind.INT), Kind.INT)
    claim = " ∧ ".join(f"{letters[name]} % {d} = 0" for name in stage.names)
    conclusion = " ∧ ".join(f"(r_{letters[name]} : Int) % {d} = 0" for name in stage.names)
    residues = {name: f"r_{name}" for name in own}
    shown = replaced(term, residues)
    proof = _NUMBERED.sub(rf"\g<0>{m}", congruent(term, {name: f"c_{name}" for name in own}))
    lines = [f"have hv : {claim} := by"]
    lines += [f"   obtain ⟨r_{v}, l_{v}, c_{v}⟩ := hres{m} {v}" for v in own]
    premises = "".join(f"∀ r_{v} : Nat, r_{v} < {m} → " for v in own)
    arguments = " ".join(f"r_{v} l_{v}" for v in own)
    lines += [
        f"   have hP : ({p.lean()}) % {m} = ({shown}) % {m} := {proof}",
        "   rw [he] at hP",
        f"   have hd := (by decide +kernel : {premises}(0 : Int) % {m} = ({shown}) % {m} → {conclusion}) "
        f"{arguments} hP",
        f"   exact {_each('hd', [f'hdown{m} _ _ c_{letters[name]}' for name in stage.names])}",
    ]
    return lines
