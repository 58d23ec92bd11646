"""Prime numbers given by what divides them: facts ``∀ m, m ∣ p → m = 1 ∨ m = p``.

Core Lean has no primes; a problem's header or its hypotheses say what is meant. The rules here write out what follows
from such a fact: which small numbers do not divide p, that p divides a factor of a product that it divides (Euclid),
and that of two integers whose product is p one is 1 or -1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import isqrt

from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import NotPolynomial, Polynomial, constant, factors, polynomial
from prover_plugins.arithmetic.reading import NotUnderstood, read_number, read_proposition
from prover_plugins.arithmetic.semantics import Evaluator, Undecided, Values, compiled
from prover_plugins.arithmetic.steps import CASTS, cast_equation
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.divisors import pairs
from prover_plugins.automation.reading import Reader, Suggestion, identifiers

_PRIME = re.compile(r"∀ \(?(?P<m>\w+)(?: : Nat\))?, (?P=m) ∣ (?P<p>.+) → (?P=m) = 1 ∨ (?P=m) = (?P=p)")
_ATOM = r"(?:\((?:[^()]|\([^()]*\))*\)|(?<![\w.])[\w₀-₉']+)"
_FACTORS = (
    "have {name} : ({a} = 1 ∧ {b} = {p}) ∨ ({a} = {p} ∧ {b} = 1) := by\n"
    "   have e : {p} = {a} * {b} := {proof}\n"
    "   rcases {h} ({a}) ⟨{b}, e⟩ with g | g\n"
    "   · exact Or.inl ⟨g, by rw [g, Nat.one_mul] at e; exact e.symm⟩\n"
    "   · refine Or.inr ⟨g, Nat.eq_of_mul_eq_mul_left (show 0 < {p} by omega) ?_⟩\n"
    "     rw [Nat.mul_one]; rw [g] at e; exact e.symm"
)
_SMALL = (2, 3, 5)
_MOST_DIVIDED = 4
_MOST_PRIMES = 5
_REACH = 60
"""Values of variables that are tried, to see whether only one fits."""

_EUCLID = (
    "have {e} : ∀ a b : Nat, {p} ∣ a * b → {p} ∣ a ∨ {p} ∣ b := by\n"
    "   intro a b hab\n"
    "   rcases {h} _ (Nat.gcd_dvd_left ({p}) a) with hg | hg\n"
    "   · exact Or.inr (Nat.Coprime.dvd_of_dvd_mul_left hg hab)\n"
    "   · exact Or.inl (hg ▸ Nat.gcd_dvd_right ({p}) a)",
    "have {e}p : ∀ a k : Nat, {p} ∣ a ^ k → {p} ∣ a := by\n"
    "   intro a k hk\n"
    "   induction k with\n"
    "   | zero => exact Nat.dvd_trans hk (Nat.pow_zero a ▸ Nat.one_dvd a)\n"
    "   | succ k ih => exact ({e} _ _ (Nat.pow_succ a k ▸ hk)).elim ih id",
    "have {e}i : ∀ a b : Int, (({p} : Nat) : Int) ∣ a * b → (({p} : Nat) : Int) ∣ a ∨ (({p} : Nat) : Int) ∣ b := by\n"
    "   intro a b hab\n"
    "   rw [Int.ofNat_dvd_left, Int.natAbs_mul] at hab\n"
    "   simpa only [Int.ofNat_dvd_left] using {e} _ _ hab",
    "have {e}j : ∀ (a : Int) (k : Nat), (({p} : Nat) : Int) ∣ a ^ k → (({p} : Nat) : Int) ∣ a := by\n"
    "   intro a k hab\n"
    "   rw [Int.ofNat_dvd_left, Int.natAbs_pow] at hab\n"
    "   exact Int.ofNat_dvd_left.mpr ({e}p _ _ hab)",
)


@dataclass(frozen=True)
class Prime:
    """The fact ``name`` that nothing but 1 and ``text`` divides ``text``."""

    name: str
    text: str


def primes(goal: Reader) -> Iterator[Suggestion]:
    """The rules of this module, where a fact of that kind is there."""
    found = [Prime(f.name, m["p"]) for f in goal.facts if (m := _PRIME.fullmatch(f.type))][:_MOST_PRIMES]
    if found:
        yield from _small_divisors(goal, found)
        yield from _divided(goal, found)
        yield from _residues(goal, found)
        for prime in found:
            yield from _subtracted(goal, prime)
            yield from _euclid(goal, prime)
            yield from _factored(goal, prime)


def _small_divisors(goal: Reader, found: list[Prime]) -> Iterator[Suggestion]:
    """Each prime is 2, or odd; is 3, or no multiple of 3; and so on. Where only one value of each variable fits,
    it follows."""
    if any(f.name.startswith("hq0") for f in goal.facts):
        return
    lines: list[str] = []
    several = len({name for p in found for name in identifiers(p.text)}) > 1
    for number, prime in enumerate(p for p in found if not p.text.isdecimal()):
        for d in _SMALL[:2] if several else _SMALL:
            name = goal.fresh(f"hq{number}{d}")
            split = f"rcases {prime.name} {d} (Nat.dvd_of_mod_eq_zero e) with g | g"
            cases = f"rcases Nat.eq_zero_or_pos (({prime.text}) % {d}) with e | e"
            lines.append(
                f"first\n   | have {name} : ({prime.text}) % {d} ≠ 0 := by intro e; {split} <;> omega\n"
                f"   | have {name} : {prime.text} = {d} ∨ ({prime.text}) % {d} ≠ 0 := by\n"
                f"       {cases}\n       · left; {split}\n"
                f"         · exact absurd g (by decide)\n         · exact g.symm\n"
                f"       · right; exact Nat.ne_of_gt e"
            )
    if not lines:
        return
    values = {} if any(re.search(r"[*^]", prime.text) for prime in found) else _only_values(goal, found)
    if values:
        steps = list[str]()
        names = " ".join(re.findall(r"have (hq\w+) : .* ≠ 0 := by intro", "\n".join(lines)))
        for variable, value in sorted(values.items(), key=lambda item: item[1]):
            # ``omega`` does not combine residues of different moduli by itself
            cases = " ∨ ".join(f"{variable} % 6 = {r}" for r in range(6))
            by_cases = f"rcases (by omega : {cases}) with {' | '.join(['hr'] * 6)} <;> omega"
            steps += [f"obtain rfl : {variable} = {value} := by first | omega | ({by_cases})"]
        yield Suggestion("(" + "\n ".join([*lines, *steps, f"clear {names}"]) + ")", 0.85, FULL, 15_000)
    yield Suggestion("(" + "\n ".join([*lines, "try omega"]) + ")", 0.78, FULL, 15_000)


def _is_prime(number: int) -> bool:
    return number >= 2 and all(number % d for d in range(2, isqrt(number) + 1))


def _only_values(goal: Reader, found: list[Prime]) -> dict[str, int]:
    """The variables of the primes with the only values that small numbers leave them; empty where there are more."""
    kinds = {v.name: Kind.NAT for v in goal.numbers if v.type == "Nat"}
    tests: list[Evaluator] = []
    names: set[str] = set()
    try:
        for prime in found:
            term = read_number(prime.text, kinds, Kind.NAT)
            names |= term.variables()
            value = compiled(term)
            tests.append(lambda values, value=value: _is_prime(int(value(values))))  # type: ignore[misc]
    except NotUnderstood:
        return {}
    if not 1 <= len(names) <= 2:
        return {}
    for fact in goal.facts:
        try:
            term = read_proposition(fact.type, kinds)
        except NotUnderstood:
            continue
        if term.variables() and term.variables() <= names and not {"∀", "∃"} & {p.operation for p in term.parts()}:
            tests.append(compiled(term))
    ordered = sorted(names)
    fitting: list[tuple[int, ...]] = []
    for point in product(range(_REACH), repeat=len(ordered)):
        values: Values = dict(zip(ordered, point, strict=True))
        try:
            if all(test(values) for test in tests):
                fitting.append(point)
        except Undecided:
            return {}
        if len(fitting) > 1:
            return {}
    return dict(zip(ordered, fitting[0], strict=True)) if fitting else {}


def _euclid(goal: Reader, prime: Prime) -> Iterator[Suggestion]:
    """Euclid's lemma for natural numbers and integers, for products and powers, used where it can be."""
    if any(f.name.startswith("heu") for f in goal.facts):
        return
    written = re.escape(prime.text)
    if not re.search(rf"(?:{written}\)?|↑{written}) ∣ .*[*^]|[*^].* % (?:↑|\()?{written}", goal.text):
        return
    e = goal.fresh("heu")
    lines = [line.format(e=e, p=prime.text, h=prime.name) for line in _EUCLID]
    integers = any(f"↑{prime.text}" in part for part in goal.text.splitlines())
    if not integers:
        lines = lines[:2]
    for fact in goal.facts:
        if re.search(rf"% (?:↑{written}|{written}|\({written}\)) = 0", fact.type):
            dividing = "Int.dvd_of_emod_eq_zero" if "↑" in fact.type else "Nat.dvd_of_mod_eq_zero"
            lines.append(f"try replace {fact.name} := {dividing} {fact.name}")
    for fact in goal.facts:
        if re.search(rf"{written}\)? ∣ .*[*^]|% (?:↑|\()?{written}\)? = 0", fact.type):
            kinds = ("i", "j") if "↑" in fact.type else ("", "p")
            lines.append(
                f"first | replace {fact.name} := {e}{kinds[1]} _ _ {fact.name} | "
                f"have {goal.fresh(f'hor_{fact.name}')} := {e}{kinds[0]} _ _ {fact.name} | skip"
            )
    powers = "(apply (Nat.pow_dvd_pow_iff (by decide)).mpr; assumption)"
    finish = f"first | assumption | {powers} | (simp_all; done) | grind | skip"
    yield Suggestion("(" + "\n ".join([*lines, finish]) + ")", 0.75, FULL, 10_000)


def _divided(goal: Reader, found: list[Prime]) -> Iterator[Suggestion]:
    """What is seen to divide a prime is 1 or the prime: the factors in an equation, a greatest common divisor."""
    if any(f.name.startswith("hpd") for f in goal.facts):
        return
    lines: list[str] = []
    splits: list[str] = []
    for prime in found:
        p, h = prime.text, prime.name
        for fact in goal.facts:
            name = goal.fresh(f"hpd{len(lines)}")
            for pattern, proof in ((rf"({_ATOM}) \* ({_ATOM}) = {re.escape(p)}", f"{fact.name}.symm"),
                                   (rf"{re.escape(p)} = ({_ATOM}) \* ({_ATOM})", fact.name)):  # fmt: skip
                if match := re.fullmatch(pattern, fact.type):
                    lines.append(_FACTORS.format(name=name, h=h, p=p, a=match[1], b=match[2], proof=proof))
                    splits.append(name)
        for a, b in dict.fromkeys((a, b) for kind, a, b in pairs(goal.text) if kind == "gcd"):
            for side, opposite, one in (("left", "right", a), ("right", "left", b)):
                if one.strip("()") == p:
                    name = goal.fresh(f"hpd{len(lines)}")
                    lines.append(
                        f"have {name} := {h} _ (Nat.gcd_dvd_{side} {a} {b})\n"
                        f" have {name}d := Nat.gcd_dvd_{opposite} {a} {b}\n"
                        f" try have {name}l := Nat.le_of_dvd (by omega) {name}d"
                    )
                    splits.append(name)
    if lines:
        cases = [f"rcases {name} with {name} | {name}" for name in splits[:2]]
        end = f"{' <;> '.join(cases)} <;> try first | omega | (simp_all; done) | grind"
        yield Suggestion("(" + "\n ".join([*lines[:_MOST_DIVIDED], end]) + ")", 0.79, FULL, 10_000)


def _subtracted(goal: Reader, prime: Prime) -> Iterator[Suggestion]:
    """A prime ``a - b`` gets a name: an equation without subtraction says more."""
    match = re.fullmatch(r"([^-]+) - ([^-]+)", prime.text)
    if match is None:
        return
    name, equation = goal.fresh("q"), goal.fresh("hq")
    yield Suggestion(
        f"(have {equation}p : 2 ≤ {prime.text} := by first | assumption | omega\n"
        f" generalize {equation} : {prime.text} = {name} at *\n"
        f" replace {equation} : {match[1]} = {name} + {match[2]} := by omega)",
        0.8,
    )


def _residues(goal: Reader, found: list[Prime]) -> Iterator[Suggestion]:
    """Primes that are polynomials in one variable: for each remainder of it, d divides one of them, which is d."""
    names = {name for prime in found for name in identifiers(prime.text)}
    if len(names) != 1 or len(found) < 2 or any(f.name.startswith("hmd") for f in goal.facts):
        return
    (n,) = names
    try:
        terms = [compiled(read_number(prime.text, {n: Kind.NAT}, Kind.NAT)) for prime in found]
        for d in (3, 5, 7):
            table = [[int(term({n: r + d})) % d for term in terms] for r in range(d)]
            if all(0 in row for row in table) and not all(row[0] == 0 for row in table):
                break
        else:
            return
    except (NotUnderstood, Undecided):
        return
    name, rest = goal.fresh("hmd"), goal.fresh("hrest")
    claims = list(dict.fromkeys(found[row.index(0)].text for row in table))
    lines = [
        f"have {name} : {' ∨ '.join(f'{text} = {d}' for text in claims)} := by",
        f"  have {rest} : {' ∨ '.join(f'{n} % {d} = {r}' for r in range(d))} := by omega",
        f"  rcases {rest} with {' | '.join([rest] * d)}",
    ]
    for row in table:
        prime = found[row.index(0)]
        computed = f"simp [Nat.pow_succ, Nat.mul_mod, Nat.add_mod, {rest}]"
        lines.append(
            f"  · rcases {prime.name} {d} (Nat.dvd_of_mod_eq_zero (by first | omega | {computed})) with e | e\n"
            f"     · omega\n     · simp only [← e, true_or, or_true]"
        )
    split = f"rcases {name} with {' | '.join([name] * len(claims))}"
    yield Suggestion("(" + "\n ".join([*lines, f"{split} <;> try first | omega | grind"]) + ")", 0.79, FULL, 15_000)


def _factored(goal: Reader, prime: Prime) -> Iterator[Suggestion]:
    """A prime that is a product of two polynomials over the integers: one of them is 1 or -1."""
    kinds = {v.name: Kind(v.type) for v in goal.numbers if v.type in ("Nat", "Int")}
    whole = _product_of(goal, prime, kinds)
    if whole is None:
        return
    p, used = whole
    parts = [part for part, multiplicity in factors(p) for _ in range(multiplicity)]
    content, primitive = p.primitive()
    if content != 1 or len(parts) < 2:
        return
    first, second = parts[0], parts[1]
    for part in parts[2:]:
        second = second * part
    if (first * second).terms != primitive.terms:
        first = first * constant(-1)
    casts = frozenset(name for name in p.variables if kinds[name] is Kind.NAT)
    a, b = first.lean(casts), second.lean(casts)
    name, equation, divides, size = map(goal.fresh, ("hu", "hab", "hda", "hsz"))
    given = [f"have hq := {used}", f"try {CASTS} at hq"] if used else []
    lines = [
        f"have {name} : (({a} : Int) = 1 ∨ ({a} : Int) = -1) ∨ (({b} : Int) = 1 ∨ ({b} : Int) = -1) := by",
        f"   have {equation} : ((({prime.text} : Nat)) : Int) = ({a}) * ({b}) := by",
        *(f"     {line}" for line in given),
        f"     try {CASTS}",
        f"     clear {prime.name}",
        "     grind",
        f"   have {size} := congrArg Int.natAbs {equation}",
        f"   rw [Int.natAbs_natCast, Int.natAbs_mul] at {size}",
        f"   generalize ({a} : Int) = x at *",
        f"   generalize ({b} : Int) = y at *",
        f"   have {divides} : x.natAbs ∣ {prime.text} := ⟨y.natAbs, {size}⟩",
        f"   rcases {prime.name} _ {divides} with g | g",
        "   · left; omega",
        f"   · right; rw [g] at {size}",
        f"     have h1 : y.natAbs = 1 := Nat.eq_of_mul_eq_mul_left (show 0 < {prime.text} by omega) "
        f"(by rw [Nat.mul_one]; exact {size}.symm)",
        "     omega",
        f"rcases {name} with ({name} | {name}) | ({name} | {name}) <;> try first | omega | grind",
    ]
    yield Suggestion("(" + "\n ".join(lines) + ")", 0.77, FULL, 15_000)


def _product_of(goal: Reader, prime: Prime, kinds: dict[str, Kind]) -> tuple[Polynomial, str] | None:
    """The prime as a polynomial that may have factors, and the proof of an equation over the integers that says so
    (empty where it is written as one)."""
    try:
        p = polynomial(read_number(prime.text, kinds, Kind.NAT))
    except (NotUnderstood, NotPolynomial):
        return None
    if p.degree >= 2:
        return p, ""
    if p.degree != 1 or len(p.terms) != 1:
        return None
    (name,) = p.variables
    for fact in goal.facts:
        try:
            term = read_proposition(fact.type, kinds)
            if term.operation != "=" or term.arguments[0].kind not in (Kind.NAT, Kind.INT):
                continue
            split = (polynomial(term.arguments[0]) - polynomial(term.arguments[1])).linear_in(name)
        except (NotUnderstood, NotPolynomial):
            continue
        if split is not None and split[0].terms in (constant(1).terms, constant(-1).terms) and split[1].degree >= 2:
            natural = term.arguments[0].kind is Kind.NAT
            proof = cast_equation(fact.name) if natural else fact.name
            return split[1] * split[0] * constant(-1), proof
    return None
