"""Polynomials with rational coefficients: from terms, to Lean's text, and factored (by sympy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any

from prover_plugins.arithmetic.language import Kind, Term

Monomial = tuple[tuple[str, int], ...]
"""Variables with their exponents, sorted by name; empty for the constant."""

_MOST_TERMS = 60
_HIGHEST_DEGREE = 12


class NotPolynomial(ValueError):
    """The term is no polynomial, or one too large to work with."""


@dataclass(frozen=True)
class Polynomial:
    """``terms`` maps monomials to coefficients other than 0."""

    terms: Mapping[Monomial, Fraction]

    def __add__(self, other: Polynomial) -> Polynomial:
        total = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            total[monomial] = total.get(monomial, Fraction(0)) + coefficient
        return _made(total)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other * constant(-1)

    def __mul__(self, other: Polynomial) -> Polynomial:
        total: dict[Monomial, Fraction] = {}
        for a, p in self.terms.items():
            for b, q in other.terms.items():
                product = _product(a, b)
                total[product] = total.get(product, Fraction(0)) + p * q
        return _made(total)

    @property
    def degree(self) -> int:
        """The total degree; 0 for constants."""
        return max((sum(e for _, e in monomial) for monomial in self.terms), default=0)

    @property
    def variables(self) -> list[str]:
        """Names that occur, sorted."""
        return sorted({name for monomial in self.terms for name, _ in monomial})

    def coefficient(self, monomial: Monomial) -> Fraction:
        """The coefficient of ``monomial``."""
        return self.terms.get(monomial, Fraction(0))

    def linear_in(self, name: str) -> tuple[Polynomial, Polynomial] | None:
        """(a, b) with ``self = a * name + b``; None where the degree in ``name`` is not 1."""
        slope: dict[Monomial, Fraction] = {}
        rest: dict[Monomial, Fraction] = {}
        for monomial, coefficient in self.terms.items():
            exponents = dict(monomial)
            degree = exponents.pop(name, 0)
            if degree > 1:
                return None
            (slope if degree else rest)[tuple(sorted(exponents.items()))] = coefficient
        return (_made(slope), _made(rest)) if slope else None

    def substituted(self, name: str, value: Polynomial) -> Polynomial:
        """``self`` with ``value`` for the variable ``name``.

        Raises:
            NotPolynomial: the result is too large.
        """
        total = Polynomial({})
        for monomial, coefficient in self.terms.items():
            part = Polynomial({tuple((n, e) for n, e in monomial if n != name): coefficient})
            for _ in range(dict(monomial).get(name, 0)):
                part = part * value
            total = total + part
        return total

    def primitive(self) -> tuple[Fraction, Polynomial]:
        """(c, p) with ``self = c * p``, c positive and p with coprime integer coefficients."""
        if not self.terms:
            return Fraction(1), self
        denominator = reduce(lcm, (c.denominator for c in self.terms.values()))
        numerator = reduce(gcd, (abs(int(c * denominator)) for c in self.terms.values()))
        content = Fraction(numerator, denominator)
        return content, _made({m: c / content for m, c in self.terms.items()})

    def lean(self, casts: frozenset[str] = frozenset(), kind: Kind = Kind.INT) -> str:
        """Lean's text of a polynomial over the integers or rationals; names in ``casts`` are natural numbers, to be
        cast to ``kind``."""
        if not self.terms:
            return "0"
        ordered = sorted(self.terms.items(), key=lambda item: (-sum(e for _, e in item[0]), item[0]))
        # A minus sign in front would need care; a later positive term may as well come first.
        ordered.sort(key=lambda item: item[1] < 0)
        text = ""
        for monomial, coefficient in ordered:
            size = str(abs(coefficient))
            factors = [_variable(name, casts, kind) + (f" ^ {e}" if e > 1 else "") for name, e in monomial]
            if size != "1" or not factors:
                factors.insert(0, size)
            sign = "-" if coefficient < 0 else "+"
            product = " * ".join(factors)
            text += f" {sign} {product}" if text else (f"-({product})" if sign == "-" else product)
        return text


def _variable(name: str, casts: frozenset[str], kind: Kind) -> str:
    return f"({name} : {kind})" if name in casts else name


def _made(terms: Mapping[Monomial, Fraction]) -> Polynomial:
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if len(kept) > _MOST_TERMS:
        raise NotPolynomial("too many terms")
    return Polynomial(kept)


def _product(a: Monomial, b: Monomial) -> Monomial:
    exponents = dict(a)
    for name, exponent in b:
        exponents[name] = exponents.get(name, 0) + exponent
    return tuple(sorted(exponents.items()))


def constant(value: int | Fraction) -> Polynomial:
    """A constant polynomial."""
    return _made({(): Fraction(value)})


def variable(name: str) -> Polynomial:
    """The polynomial ``name``."""
    return Polynomial({((name, 1),): Fraction(1)})


def polynomial(term: Term) -> Polynomial:
    """``term`` as a polynomial over the integers.

    Raises:
        NotPolynomial: it has truncated subtraction, division or other functions, or is too large.
    """
    match term.operation, term.arguments:
        case "literal", _:
            return constant(term.value)
        case "variable", _:
            return variable(term.name)
        case "+", (a, b):
            return polynomial(a) + polynomial(b)
        case "/", (a, b) if term.kind is Kind.RAT:
            divisor = polynomial(b)
            if divisor.degree or not divisor.terms:
                raise NotPolynomial("a quotient")
            return polynomial(a) * constant(1 / divisor.coefficient(()))
        case "-", (a, b) if term.kind is not Kind.NAT:
            return polynomial(a) - polynomial(b)
        case "*", (a, b):
            return polynomial(a) * polynomial(b)
        case "neg", (a,):
            return polynomial(a) * constant(-1)
        case "cast", (a,):
            return polynomial(a)
        case "succ", (a,):
            return polynomial(a) + constant(1)
        case "^", (a, b) if b.operation == "literal" and b.value <= _HIGHEST_DEGREE:
            base, result = polynomial(a), constant(1)
            for _ in range(b.value):
                result = result * base
            return result
    raise NotPolynomial(f"{term.operation} is not polynomial")


def divided(rest: Polynomial, slope: Polynomial) -> Polynomial | None:
    """``rest / slope`` where it is a polynomial: by division with respect to one variable of ``slope``."""
    name = next(iter(slope.variables), "")
    lead = max(slope.terms, key=lambda m: (dict(m).get(name, 0), m))
    left, quotient = rest, Polynomial({})
    for _ in range(30):
        if not left.terms:
            return quotient
        top = max(left.terms, key=lambda m: (dict(m).get(name, 0), m))
        exponents = dict(top)
        for other, exponent in lead:
            exponents[other] = exponents.get(other, 0) - exponent
        if min(exponents.values(), default=0) < 0:
            return None
        monomial = tuple(sorted((n, e) for n, e in exponents.items() if e))
        part = Polynomial({monomial: left.terms[top] / slope.terms[lead]})
        quotient, left = quotient + part, left - part * slope
    return None


def expressed(p: Polynomial, parts: Sequence[Polynomial]) -> list[Polynomial] | None:
    """Polynomials q with ``p`` the sum of all ``q * part``, by division (sympy); None where a remainder is left.

    Raises:
        NotPolynomial: the degree is too high to try.
    """
    if max(each.degree for each in (p, *parts)) > _HIGHEST_DEGREE:
        raise NotPolynomial("the degree is too high")
    import sympy

    names = sorted({name for each in (p, *parts) for name in each.variables})
    symbols = sympy.symbols([f"v{i}" for i in range(len(names))])
    dividend, *divisors = (_to_sympy(each, names, symbols) for each in (p, *parts))
    quotients, rest = sympy.reduced(dividend, divisors, *symbols, order="grevlex", domain=sympy.QQ)
    if rest != 0:
        return None
    return [_from_sympy(sympy.Poly(quotient, *symbols, domain=sympy.QQ), names) for quotient in quotients]


def _to_sympy(p: Polynomial, names: Sequence[str], symbols: Sequence[Any]) -> Any:
    import sympy

    table = {
        tuple(dict(monomial).get(name, 0) for name in names): sympy.Rational(c.numerator, c.denominator)
        for monomial, c in p.terms.items()
    }
    return sympy.Poly.from_dict(table, *symbols, domain=sympy.QQ).as_expr()


def _from_sympy(p: Any, names: Sequence[str]) -> Polynomial:
    return _made({
        tuple((name, int(e)) for name, e in zip(names, exponents, strict=True) if e): Fraction(int(c.p), int(c.q))
        for exponents, c in p.terms()
    })  # fmt: skip


def factors(p: Polynomial) -> list[tuple[Polynomial, int]]:
    """The irreducible factors of ``p`` over the rationals that are not constant, with multiplicities (sympy).

    Raises:
        NotPolynomial: the degree is too high to try.
    """
    if p.degree > _HIGHEST_DEGREE:
        raise NotPolynomial("the degree is too high")
    import sympy

    names = p.variables
    symbols = sympy.symbols([f"v{i}" for i in range(len(names))])
    _, integral = p.primitive()
    table = {
        tuple(dict(monomial).get(name, 0) for name in names): int(coefficient)
        for monomial, coefficient in integral.terms.items()
    }
    _, found = sympy.Poly.from_dict(table, *symbols, domain=sympy.ZZ).factor_list()
    return [(_from_sympy(factor, names), int(multiplicity)) for factor, multiplicity in found]
