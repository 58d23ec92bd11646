"""Congruences: values of powers and products modulo a number, case by case, and linear reasoning from them.

For ``x ^ 5 ≠ y ^ 2 + 4`` a modulus is found for which no residues fit (11); for ``8 ∣ n ^ 2 - 1`` the goal says which
one matters, and facts such as ``n % 2 = 1`` which residues occur. The step states for each group of variables that
meet in a product the possible values of the products and powers together. They depend on the residues of the variables
only (congruence), for which the kernel evaluates them all; the rest, which is linear in them, is left to ``omega``. A
modulus is taken apart into its prime powers first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from math import prod

from prover.domain import Candidate
from prover_plugins.arithmetic.language import Kind, Term, lean
from prover_plugins.arithmetic.polynomials import Monomial, Polynomial
from prover_plugins.arithmetic.semantics import Undecided, evaluate
from prover_plugins.arithmetic.steps import Sketch, candidate, difference

_MODULI = (2, 3, 4, 5, 7, 8, 9, 11, 13, 16)
_MOST_CASES = 128
_MOST_SPLITS = 400
_LARGEST_MODULUS = 400
_LARGEST_STATED = 60


def residues(sketch: Sketch) -> Iterator[Candidate]:
    """Steps for equations among the facts without solution modulo a number, and for targets that are congruences."""
    equations = [fact.term for fact in sketch.facts if fact.term.operation == "="]
    target = sketch.target
    if target is not None and target.operation == "≠":
        equations.append(target)
    stated = set[int]().union(*(moduli(fact.term) for fact in sketch.facts))
    for term in equations:
        p = difference(term)
        modulus = _modulus(sketch, p, stated) if p is not None and p.degree >= 2 else None
        lemmas = None if modulus is None else _lemmas(sketch, [term], modulus)
        if lemmas:
            first = "" if term is target else "exfalso\n "
            yield candidate("(" + first + "\n ".join([*lemmas, "omega"]) + ")", 0.4)
    if target is not None:
        for modulus in sorted(moduli(target)):
            yield from _congruence(sketch, target, modulus)
    for fact in sketch.facts:
        if fact.term.is_nonlinear() and fact.term.operation not in ("→", "∀", "∃"):
            yield from _from_fact(sketch, fact.term)


def _modulus(sketch: Sketch, p: Polynomial, stated: set[int]) -> int | None:
    """The first modulus for which the equation ``p = 0`` has no solution with the residues that the facts allow."""
    _, integral = p.primitive()
    for modulus in sorted({*_MODULI, *(m for m in stated if m <= _LARGEST_STATED)}):
        sums: set[int] | None = {0}
        for part in independent(integral, modulus):
            names = part.variables
            if modulus ** len(names) > _MOST_CASES:
                sums = None
                break
            allowed = [_allowed(sketch, name, modulus) for name in names]
            found = set(values(part, modulus, names, allowed))
            sums = {(a + b) % modulus for a in sums or () for b in found}
        if sums is not None and 0 not in sums:
            return modulus
    return None


def independent(p: Polynomial, modulus: int) -> list[Polynomial]:
    """``p`` modulo a number as a sum of polynomials that have no variable in common."""
    groups: list[tuple[set[str], dict[Monomial, Fraction]]] = []
    for monomial, coefficient in p.terms.items():
        if int(coefficient) % modulus == 0:
            continue
        names, terms = {name for name, _ in monomial}, {monomial: coefficient}
        rest = []
        for other_names, other_terms in groups:
            if names & other_names:
                names |= other_names
                terms |= other_terms
            else:
                rest.append((other_names, other_terms))
        groups = [*rest, (names, terms)]
    return [Polynomial(terms) for _, terms in groups]


def values(
    p: Polynomial, modulus: int, names: list[str], allowed: list[list[int]] | None = None
) -> Iterator[int]:
    """The residues of ``p`` (with integer coefficients) for all residues of ``names`` (those ``allowed``)."""
    terms = [(m, int(c) % modulus) for m, c in p.terms.items() if int(c) % modulus]
    for residues_ in product(*allowed) if allowed is not None else product(range(modulus), repeat=len(names)):
        value = dict(zip(names, residues_, strict=True))
        total = 0
        for monomial, coefficient in terms:
            for name, exponent in monomial:
                coefficient = coefficient * pow(value[name], exponent, modulus) % modulus
            total += coefficient
        yield total % modulus


def _from_fact(sketch: Sketch, term: Term) -> Iterator[Candidate]:
    """What a congruence among the facts says about the residues of its variables, ``3 ∣ a ^ 2 + b ^ 2``."""
    for modulus in sorted(moduli(term)):
        lemmas = _lemmas(sketch, [term] if sketch.target is None else [term, sketch.target], modulus)
        if lemmas:
            yield candidate("(" + "\n ".join([*lemmas, "omega"]) + ")", 0.4)


# ------------------------------------------------------------------------------------ congruences


def moduli(term: Term) -> set[int]:
    """Numerals that something is divided by, for its remainder."""
    found: set[int] = set()
    for part in term.parts():
        place = {"%": 1, "∣": 0}.get(part.operation)
        if place is not None and part.arguments[place].operation == "literal":
            found.add(part.arguments[place].value)
    return {m for m in found if 2 <= m <= _LARGEST_MODULUS}


def _congruence(sketch: Sketch, target: Term, modulus: int) -> Iterator[Candidate]:
    """The target from the residues modulo ``modulus``, else (truncated subtraction) modulo each prime power of it."""
    whole = _lemmas(sketch, [target], modulus, whole=True)
    if whole:
        yield candidate("(" + "\n ".join([*whole, "omega"]) + ")", 0.42)
        return
    if target.operation == "∣" and target.arguments[1].operation == "-" and target.arguments[0].value == modulus:
        lemmas = _lemmas(sketch, list(target.arguments[1].arguments), modulus, equal=True)
        if lemmas:
            last = f"exact Nat.dvd_of_mod_eq_zero (Nat.sub_mod_eq_zero_of_mod_eq {sketch.fresh('hm0')})"
            yield candidate("(" + "\n ".join([*lemmas, last]) + ")", 0.42)
            return
    parts = prime_powers(modulus)
    lines: list[str] = []
    for part in parts:
        lemmas = _lemmas(sketch, [target], part)
        if not lemmas:
            return
        if len(parts) == 1:
            lines += lemmas
        elif target.operation == "∣":
            proof = "\n".join([*lemmas, "omega"]).replace("\n", "\n   ")
            claim = f"{part} ∣ {_text(target.arguments[1])}"
            lines.append(f"have {sketch.fresh(f'hq{part}')} : {claim} := by\n   {proof}")
        else:
            return
    yield candidate("(" + "\n ".join([*lines, "omega"]) + ")", 0.42)


def _text(term: Term) -> str:
    try:
        return lean(term)
    except ValueError:
        return "_"


def prime_powers(number: int) -> list[int]:
    """The prime powers whose product is ``number``, by their primes."""
    found: list[int] = []
    divisor = 2
    while number > 1:
        power = 1
        while number % divisor == 0:
            number //= divisor
            power *= divisor
        if power > 1:
            found.append(power)
        divisor += 1
    return found


def _lemmas(
    sketch: Sketch, terms: list[Term], modulus: int, *, whole: bool = False, equal: bool = False
) -> list[str] | None:
    """The steps that state the residues of the products and powers in ``terms`` (with ``whole``, of what is divided
    by ``modulus`` as a whole; with ``equal``, that the two terms have the same); None where there are none or too
    many, or (``equal``) they differ."""
    atoms: dict[str, Term] = {}
    linear: set[str] = set()
    try:
        for term in terms:
            if equal:
                _atom(term, atoms)
            else:
                _collect(term, atoms, linear, modulus if whole else 0)
    except ValueError:
        return None
    lines: list[str] = []
    groups = _groups(atoms)
    if equal and len(groups) > 1:
        return None
    for number, (names, texts) in enumerate(groups):
        allowed = {name: _allowed(sketch, name, modulus) for name in names}
        if not all(allowed.values()) or prod(map(len, allowed.values())) > _MOST_SPLITS:
            return None
        kind = atoms[texts[0]].kind
        shown = {text: atoms[text] for text in texts}
        shown |= {name: Term("variable", kind, name=name) for name in names if name in linear}
        found: dict[tuple[int, ...], None] = {}
        try:
            for case in product(*allowed.values()):
                value = dict(zip(names, case, strict=True))
                found[tuple(int(evaluate(term, value)) % modulus for term in shown.values())] = None
        except Undecided:
            return None
        if equal and any(len(set(case)) > 1 for case in found):
            return None
        lines += _group(sketch, kind, modulus, allowed, shown, [] if equal else list(found), number)
    if not lines:
        return None
    used = "".join(lines)
    lemmas = [lemma for name, lemma in congruences(kind, modulus).items() if f"({name} " in used or name == "hmul"]
    return [*lemmas, *lines]


def _group(
    sketch: Sketch,
    kind: Kind,
    modulus: int,
    allowed: dict[str, list[int]],
    shown: dict[str, Term],
    found: list[tuple[int, ...]],
    number: int,
) -> list[str]:
    """The steps for one group: each variable has a residue, the terms ``shown`` depend on those, all are evaluated;
    without values in ``found``, the terms are equal."""
    lines: list[str] = []
    premises, arguments = "", ""
    letters = {name: sketch.fresh(f"r_{name}") for name in allowed}
    for name, residues_ in allowed.items():
        r, less, same = letters[name], sketch.fresh(f"hl_{name}"), sketch.fresh(f"hc_{name}")
        if kind is Kind.INT:
            cast, witness = f"({r} : Int)", f"⟨({name} % {modulus}).toNat, by omega, by omega⟩"
        else:
            cast, witness = r, f"⟨{name} % {modulus}, Nat.mod_lt _ (by decide), (Nat.mod_mod _ _).symm⟩"
        lines.append(
            f"obtain ⟨{r}, {less}, {same}⟩ : ∃ {r} : Nat, {r} < {modulus} ∧ {name} % {modulus} = {cast} % {modulus} := "
            f"{witness}"
        )
        premises += f"∀ {r} : Nat, {r} < {modulus} → "
        arguments += f" {r} {less}"
        if len(residues_) < modulus:
            premises += "(" + " ∨ ".join(f"{r} = {value}" for value in residues_) + ") → "
            arguments += " (by omega)"
    stated = {text: replaced(term, letters) for text, term in shown.items()}

    def claim(texts: list[str]) -> str:
        if not found:
            return " = ".join(f"{t} % {modulus}" for t in texts)
        return " ∨ ".join(
            "(" + " ∧ ".join(f"{t} % {modulus} = {r}" for t, r in zip(texts, case, strict=True)) + ")" for case in found
        )

    proofs = {name: sketch.fresh(f"hc_{name}") for name in allowed}
    rewritten = ", ".join(congruent(term, proofs) for term in shown.values())
    lines.append(
        f"have {sketch.fresh(f'hm{number}')} : {claim(list(shown))} := by\n"
        f"   rw [{rewritten}]\n"
        f"   exact (by decide +kernel : {premises}{claim(list(stated.values()))}){arguments}"
    )
    done = [sketch.fresh(f"{base}_{name}") for base in ("hl", "hc", "r") for name in allowed]
    lines.append(f"clear {' '.join(done)}")
    return lines


def congruences(kind: Kind, modulus: int) -> dict[str, str]:
    """The lemmas that sums, products and powers of congruent numbers are congruent."""
    t, m = kind.value, modulus
    mul, add = ("Int.mul_emod", "Int.add_emod") if kind is Kind.INT else ("Nat.mul_mod", "Nat.add_mod")
    zero, power = f"{t}.pow_zero", f"{t}.pow_succ"
    both = f"∀ a b c d : {t}, a % {m} = c % {m} → b % {m} = d % {m} →"
    lemmas = {
        "hmul": f"have hmul : {both} a * b % {m} = c * d % {m} := by\n   intro a b c d h g; rw [{mul}, h, g, ← {mul}]",
        "hpow": f"have hpow : ∀ (a c : {t}) (k : Nat), a % {m} = c % {m} → "
        f"a ^ k % {m} = c ^ k % {m} := by\n"
        f"   intro a c k h\n"
        f"   induction k with\n"
        f"   | zero => rw [{zero}, {zero}]\n"
        f"   | succ k ih => rw [{power}, {power}]; exact hmul _ _ _ _ ih h",
        "hadd": f"have hadd : {both} (a + b) % {m} = (c + d) % {m} := by\n"
        f"   intro a b c d h g; rw [{add}, h, g, ← {add}]",
        "hsub": f"have hsub : {both} (a - b) % {m} = (c - d) % {m} := by\n"
        f"   intro a b c d h g; rw [Int.sub_emod, h, g, ← Int.sub_emod]",
    }
    return lemmas


def congruent(term: Term, proofs: Mapping[str, str]) -> str:
    """The proof by the lemmas of :func:`congruences` that ``term`` is congruent to what it is with residues for its
    variables, whose own congruences ``proofs`` are."""
    match term.operation, term.arguments:
        case "literal", _:
            return "rfl"
        case "variable", _:
            return proofs[term.name]
        case "^", (a, b):
            return f"(hpow _ _ {b.value} {congruent(a, proofs)})"
        case (("+" | "-" | "*") as operation), (a, b):
            lemma = {"+": "hadd", "-": "hsub", "*": "hmul"}[operation]
            return f"({lemma} _ _ _ _ {congruent(a, proofs)} {congruent(b, proofs)})"
    raise ValueError(term.operation)


def replaced(term: Term, letters: dict[str, str]) -> str:
    """Lean's text of a polynomial with residues (natural numbers) for its variables."""
    if term.operation == "variable":
        return f"({letters[term.name]} : Int)" if term.kind is Kind.INT else letters[term.name]
    if term.operation == "literal":
        return str(term.value)
    left, right = (replaced(argument, letters) for argument in term.arguments)
    return f"({left} {term.operation} {right})"


def _collect(term: Term, atoms: dict[str, Term], linear: set[str], whole: int) -> None:
    """The largest products and powers in ``term``, by their text, and the variables that occur outside of them; what
    is divided by ``whole`` is not taken apart.

    Raises:
        ValueError: something in a product or power has no residue (truncated subtraction, division).
    """
    if term.operation == "variable":
        linear.add(term.name)
    divided = {"%": (0, 1), "∣": (1, 0)}.get(term.operation) if whole else None
    if divided and term.arguments[divided[1]].value == whole:
        if term.arguments[divided[0]].is_nonlinear():
            return _atom(term.arguments[divided[0]], atoms)
    elif (term.operation == "^" and term.variables()) or (
        term.operation == "*" and all(a.variables() for a in term.arguments)
    ):
        return _atom(term, atoms)
    for argument in term.arguments:
        _collect(argument, atoms, linear, whole)


def _atom(term: Term, atoms: dict[str, Term]) -> None:
    for part in term.parts():
        if part.operation not in ("+", "-", "*", "^", "variable", "literal"):
            raise ValueError(part.operation)
        if (part.operation == "-" and part.kind is Kind.NAT) or (
            part.operation == "^" and part.arguments[1].operation != "literal"
        ):
            raise ValueError(part.operation)
    atoms[lean(term)] = term


def _groups(atoms: dict[str, Term]) -> list[tuple[list[str], list[str]]]:
    """(variables, atoms) of each set of atoms that are connected by common variables."""
    groups: list[tuple[set[str], list[str]]] = []
    for text, term in atoms.items():
        names, texts = set(term.variables()), [text]
        rest: list[tuple[set[str], list[str]]] = []
        for other_names, other_texts in groups:
            if names & other_names:
                names |= other_names
                texts = other_texts + texts
            else:
                rest.append((other_names, other_texts))
        groups = [*rest, (names, texts)]
    return [(sorted(names), texts) for names, texts in groups]


def _allowed(sketch: Sketch, name: str, modulus: int) -> list[int]:
    """The residues of a variable that the facts about its residues allow."""
    known = ("%", "∣", "=", "≠", "¬", "∧", "∨", "literal", "variable")
    tests = [
        fact.term
        for fact in sketch.facts
        if fact.term.variables() == {name}
        and all(modulus % k == 0 for k in moduli(fact.term))
        and all(part.operation in known for part in fact.term.parts())
        and not _compares(fact.term, name)
    ]
    return [r for r in range(modulus) if all(evaluate(test, {name: r}) for test in tests)]


def _compares(term: Term, name: str) -> bool:
    """Whether the variable itself, not its remainder, is compared with something."""
    if term.operation in ("%", "∣"):
        return False
    return term.name == name or any(_compares(argument, name) for argument in term.arguments)
