"""Products of natural numbers equal to a numeral: every factor divides it, which bounds the variables.

``i * m * o = 105`` gives ``i ∣ 105`` and ``i ≤ 105``, ``2 ^ x * 5 ^ y = 2500`` gives ``x < 12`` and ``y < 5``. A fact
``m ∣ 60`` alone gives ``m ≤ 60``. What has bounds is then evaluated (``automation``).
"""

from __future__ import annotations

from collections.abc import Iterator

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.steps import Sketch, candidate

_LARGEST = 1_000_000
_MOST_FACTORS = 5
_LEMMAS = {
    "hdl": "have hdl : ∀ a b n : Nat, a * b = n → a ∣ n := fun a b n h => ⟨b, h.symm⟩",
    "hdr": "have hdr : ∀ a b n : Nat, a * b = n → b ∣ n := fun a b n h => ⟨a, (Nat.mul_comm b a ▸ h).symm⟩",
}


def products(sketch: Sketch) -> Iterator[Candidate]:
    """One step that adds what divides the numerals of the facts, with the bounds."""
    lines: list[str] = []
    known = {lean_of(fact.term) for fact in sketch.facts}
    for fact in sketch.facts:
        number, factors = _factors(fact.name, fact.term)
        if not 1 <= number <= _LARGEST or not factors:
            continue
        for term, proof in factors[:_MOST_FACTORS]:
            lines += _bounds(sketch, term, number, proof, len(lines), known)
    if lines:
        used = "\n".join(lines)
        lemmas = [lemma for name, lemma in _LEMMAS.items() if f"({name} " in used]
        clear = [f"clear {' '.join(name for name in _LEMMAS if f'({name} ' in used)}"] if lemmas else []
        yield candidate("(" + "\n ".join([*lemmas, *lines, *clear]) + "\n try omega)", 0.62)


def lean_of(term: Term) -> str:
    """A key for a bound ``v ≤ n`` among the facts; empty for other facts."""
    if term.operation in ("≤", "<") and term.arguments[0].operation == "variable":
        return term.arguments[0].name
    return ""


def _factors(name: str, term: Term) -> tuple[int, list[tuple[Term, str]]]:
    """(n, factors with proofs that they divide n) for ``product = n`` and ``factor ∣ n``; (0, []) for others."""
    if len(term.arguments) != 2 or term.arguments[0].kind is not Kind.NAT:
        return 0, []
    left, right = term.arguments
    if term.operation == "∣" and right.operation == "literal" and left.variables():
        return right.value, list(_parts(left, name))
    if term.operation == "=":
        if left.operation == "literal":
            left, right, name = right, left, f"{name}.symm"
        if right.operation == "literal" and left.operation == "*":
            first, second = left.arguments
            parts = [*_parts(first, f"(hdl _ _ _ {name})"), *_parts(second, f"(hdr _ _ _ {name})")]
            return right.value, parts
    return 0, []


def _parts(term: Term, proof: str) -> Iterator[tuple[Term, str]]:
    """The factors of ``term``, of which ``proof`` says that it divides something, each with such a proof."""
    if term.operation == "*":
        first, second = term.arguments
        yield from _parts(first, f"(Nat.dvd_trans (Nat.dvd_mul_right _ _) {proof})")
        yield from _parts(second, f"(Nat.dvd_trans (Nat.dvd_mul_left _ _) {proof})")
    elif term.variables():
        yield term, proof


def _bounds(sketch: Sketch, term: Term, number: int, proof: str, place: int, known: set[str]) -> list[str]:
    """That ``term`` divides ``number``, and a bound for its variable; nothing where that is known."""
    try:
        text = lean(term)
    except ValueError:
        return []
    name, bound = sketch.fresh(f"hdv{place}"), sketch.fresh(f"hbd{place}")
    divides = f"have {name} : {text} ∣ {number} := {proof}"
    at_most = f"have {bound} : {text} ≤ {number} := Nat.le_of_dvd (by decide) {name}"
    if term.operation == "variable":
        return [] if term.name in known else [divides, at_most]
    if term.operation == "^":
        base, exponent = term.arguments
        limit = 0
        if base.operation == "literal" and base.value > 1 and exponent.operation == "variable":
            while base.value**limit <= number:
                limit += 1
            variable, grows = exponent.name, f"Nat.pow_le_pow_right (show 0 < {base.value} by decide) hc"
        elif base.operation == "variable" and exponent.operation == "literal" and exponent.value > 1:
            while limit**exponent.value <= number:
                limit += 1
            variable, grows = base.name, f"Nat.pow_le_pow_left hc {exponent.value}"
        if limit:
            if variable in known:
                return []
            return [
                divides,
                at_most,
                f"have {sketch.fresh(f'hlt{place}')} : {variable} < {limit} := by",
                "  apply Nat.lt_of_not_le; intro hc",
                f"  have hw := {grows}",
                "  omega",
            ]
    return [divides, at_most]
