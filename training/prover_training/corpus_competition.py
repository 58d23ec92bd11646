"""Generated problems as competitions pose them: sums to work out, equations to solve, remainders, digits, recurrences.

Every statement is true by construction or because all cases were gone through here; Lean is asked for none of them.
The types are those of Lean's core library: ``Nat``, ``Int`` and ``Rat``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from fractions import Fraction

Maker = Callable[[random.Random], str | None]


def competition(generator: random.Random) -> Iterator[str]:
    """Statements without end, of all kinds alike; the same text may come again."""
    while True:
        statement = generator.choice(MAKERS)(generator)
        if statement is not None:
            yield statement


def _theorem(binders: str, claim: str) -> str:
    return f"theorem t {binders} : {claim}" if binders else f"theorem t : {claim}"


def _times(factor: int, name: str) -> str:
    return name if factor == 1 else f"{factor} * {name}"


def _plus(text: str, number: int) -> str:
    return text if number == 0 else f"{text} + {number}" if number > 0 else f"{text} - {-number}"


# ------------------------------------------------------------------------------------- to work out


def _power(dice: random.Random) -> str:
    base, exponent, m = dice.randint(2, 60), dice.randint(2, 900), dice.randint(3, 120)
    extra = dice.choice([0, 0, dice.randint(1, 50)])
    return _theorem("", f"{_power_text(base, exponent, extra)} % {m} = {(pow(base, exponent, m) + extra) % m}")


def _power_text(base: int, exponent: int, extra: int) -> str:
    return f"({base} ^ {exponent} + {extra})" if extra else f"{base} ^ {exponent}"


def _run_of_numbers(dice: random.Random) -> str:
    first, count, power, m = dice.randint(10, 9_000), dice.randint(2, 5), dice.randint(1, 3), dice.randint(3, 40)
    numbers = range(first, first + count)
    text = " + ".join(f"{n} ^ {power}" if power > 1 else str(n) for n in numbers)
    return _theorem("", f"({text}) % {m} = {sum(n**power for n in numbers) % m}")


def _common(dice: random.Random) -> str:
    a, b = dice.randint(6, 900), dice.randint(6, 900)
    kind = dice.choice(["gcd", "lcm", "product"])
    if kind == "product":
        return _theorem("", f"Nat.gcd {a} {b} * Nat.lcm {a} {b} = {a * b}")
    return _theorem("", f"Nat.{kind} {a} {b} = {getattr(math, kind)(a, b)}")


def _fractions(dice: random.Random) -> str:
    p, q, r = (Fraction(dice.randint(1, 9), dice.randint(2, 9)) for _ in range(3))
    sign, value = dice.choice([("+", p + q), ("-", p - q), ("*", p * q), ("/", p / q)])
    value *= r
    left = f"(({p.numerator} : Rat) / {p.denominator} {sign} {_ratio(q)}) * {_ratio(r)}"
    return _theorem("", f"{left} = {_ratio(value)}")


def _ratio(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator) if value >= 0 else f"({value.numerator})"
    return f"({value.numerator} / {value.denominator})"


# -------------------------------------------------------------------------------------- to solve


def _one_unknown(dice: random.Random) -> str:
    type_ = dice.choice(["Nat", "Int", "Rat"])
    a, b, x = dice.randint(2, 40), dice.randint(1, 90), dice.randint(1, 60)
    if type_ != "Nat":
        x, b = dice.choice([x, -x]), dice.choice([b, -b])
    return _theorem(f"(x : {type_}) (h₀ : {_plus(_times(a, 'x'), b)} = {a * x + b})", f"x = {x}")


def _two_unknowns(dice: random.Random) -> str | None:
    type_ = dice.choice(["Nat", "Int", "Rat"])
    x, y = dice.randint(1, 30), dice.randint(1, 30)
    a, b, c, d = (dice.randint(1, 9) for _ in range(4))
    if a * d == b * c:
        return None
    facts = f"(h₀ : {_times(a, 'x')} + {_times(b, 'y')} = {a * x + b * y})"
    facts += f" (h₁ : {_times(c, 'x')} + {_times(d, 'y')} = {c * x + d * y})"
    claim = dice.choice([f"x = {x}", f"y = {y}", f"x + y = {x + y}", f"x * y = {x * y}", f"x = {x} ∧ y = {y}"])
    return _theorem(f"(x y : {type_}) {facts}", claim)


def _quadratic(dice: random.Random) -> str:
    type_ = dice.choice(["Nat", "Int"])
    r, s = dice.randint(1, 20), dice.randint(1, 20)
    if type_ == "Nat":  # (x - r)(x + s) = 0
        b, c = s - r, r * s
        left = f"x ^ 2 + {_times(b, 'x')}" if b > 0 else "x ^ 2"
        right = f"{_times(-b, 'x')} + {c}" if b < 0 else str(c)
        return _theorem(f"(x : Nat) (h₀ : {left} = {right})", f"x = {r}")
    r, s = dice.choice([r, -r]), dice.choice([s, -s])
    left = _plus(f"x ^ 2 {'-' if r + s > 0 else '+'} {_times(abs(r + s), 'x')}" if r + s else "x ^ 2", r * s)
    return _theorem(f"(x : Int) (h₀ : {left} = 0)", f"x = {r} ∨ x = {s}" if r != s else f"x = {r}")


def _factoring(dice: random.Random) -> str | None:
    """``x y + a x + b y = c`` with bounds that leave one solution."""
    x, y, a, b = dice.randint(2, 25), dice.randint(1, 25), dice.randint(0, 6), dice.randint(0, 6)
    if y >= x:
        return None
    c = x * y + a * x + b * y
    found = [(u, v) for u in range(1, c + 2) for v in range(1, u) if u * v + a * u + b * v == c]
    if found != [(x, y)]:
        return None
    left = " + ".join(["x * y", *([_times(a, "x")] if a else []), *([_times(b, "y")] if b else [])])
    type_, claim = dice.choice(["Nat", "Int"]), dice.choice([f"x = {x}", f"y = {y}", f"x + y = {x + y}"])
    return _theorem(f"(x y : {type_}) (h₀ : 0 < y) (h₁ : y < x) (h₂ : {left} = {c})", claim)


def _digits(dice: random.Random) -> str | None:
    """A number of two digits, by the sum of its digits and by how it compares with them."""
    a, b = dice.randint(1, 9), dice.randint(0, 9)
    number, total = 10 * a + b, a + b
    kinds = [(f"10 * a + b = {number // total} * (a + b)", number == number // total * total)]
    kinds += [(f"10 * a + b = a * b + {number - a * b}", number >= a * b)]
    kinds += [(f"10 * b + a = 10 * a + b + {9 * (b - a)}", b > a)]
    text, good = dice.choice(kinds)
    # Two equations in two digits that are not multiples of each other; a product is settled by going through all.
    if not good or (" * b " in text and sum(10 * u + (total - u) == u * (total - u) + number - a * b
                                            for u in range(max(1, total - 9), min(9, total) + 1)) != 1):  # fmt: skip
        return None
    facts = f"(h₀ : 1 ≤ a ∧ a ≤ 9) (h₁ : b ≤ 9) (h₂ : {text}) (h₃ : a + b = {total})"
    return _theorem(f"(a b : Nat) {facts}", dice.choice([f"10 * a + b = {number}", f"a = {a}", f"b = {b}"]))


def _function(dice: random.Random) -> str:
    a, b, c = dice.randint(2, 9), dice.randint(-9, 9), dice.randint(-9, 9)
    binders = f"(f : Int → Int) (h₀ : ∀ x, f x = {_plus(f'{a} * x', b)})"
    value = a * c + b
    if dice.random() < 0.3:
        return _theorem(f"(x : Int) {binders} (h₁ : f x = {value})", f"x = {c}")
    return _theorem(binders, dice.choice([f"f {_int(c)} = {value}", f"f (f {_int(c)}) = {a * value + b}"]))


def _int(value: int) -> str:
    return f"({value})" if value < 0 else str(value)


# ------------------------------------------------------------------------------------- remainders


def _transfer(dice: random.Random) -> str:
    type_, m = dice.choice(["Nat", "Int"]), dice.randint(3, 30)
    r, a, b, power = dice.randrange(m), dice.randint(1, 9), dice.randint(0, 20), dice.choice([1, 1, 2, 3])
    text = _plus(_times(a, f"x ^ {power}" if power > 1 else "x"), b)
    return _theorem(f"(x : {type_}) (h₀ : x % {m} = {r})", f"({text}) % {m} = {(a * r**power + b) % m}")


def _transfer_two(dice: random.Random) -> str:
    m = dice.randint(3, 20)
    r, s, a, b = dice.randrange(m), dice.randrange(m), dice.randint(1, 9), dice.randint(1, 9)
    k, n = dice.choice([1, 2, 2, 3]), dice.choice([1, 2, 3])
    text = f"(x + {a}) ^ {k} * (y + {b}) ^ {n} % {m}"
    value = pow(r + a, k, m) * pow(s + b, n, m) % m
    return _theorem(f"(x y : Int) (h₀ : x % {m} = {r}) (h₁ : y % {m} = {s})", f"{text} = {value}")


def _inverse(dice: random.Random) -> str | None:
    m, a = dice.randint(5, 400), dice.randint(2, 60)
    if math.gcd(a, m) != 1:
        return None
    x = dice.randrange(1, m)
    fact = f"{a} * n % {m} = {a * x % m}"
    if dice.random() < 0.5:
        return _theorem(f"(n : Nat) (h₀ : n < {m}) (h₁ : {fact})", f"n = {x}")
    if m > 60:
        return None
    return _theorem(f"(n : Nat) (h₀ : {fact})", f"n % {m} = {x}")


def _least(dice: random.Random) -> str | None:
    k, m, n = dice.randint(2, 9), dice.randint(2, 12), dice.randint(2, 12)
    r, s = dice.randrange(m), dice.randrange(n)
    found = next((t for t in range(1, 200) if t % m == r and k * t % n == s), None)
    if found is None:
        return None
    claim = f"(0 < {found} ∧ {found} % {m} = {r} ∧ {k} * {found} % {n} = {s}) ∧ "
    return _theorem("", claim + f"∀ t : Nat, 0 < t ∧ t % {m} = {r} ∧ {k} * t % {n} = {s} → {found} ≤ t")


def _divides(dice: random.Random) -> str | None:
    """``m ∣ a ^ (k n + r) + c`` for every n: true where it holds over a whole period."""
    a, k, r, m = dice.randint(2, 12), dice.randint(1, 3), dice.randint(0, 2), dice.randint(3, 30)
    values = {pow(a, k * n + r, m) for n in range(m + 1)}
    if len(values) != 1:
        return None
    c = (m - values.pop()) % m
    exponent = _plus(_times(k, "n"), r)
    inner = exponent if exponent == "n" else f"({exponent})"
    return None if c == 0 else _theorem("(n : Nat)", f"{m} ∣ {a} ^ {inner} + {c}")


def _polynomial(dice: random.Random) -> str | None:
    m, power = dice.choice([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 30]), dice.choice([2, 3, 5])
    a, b = dice.randint(1, 4), dice.randint(0, 11)
    if any((a * n**power + b * n) % m for n in range(m)):
        return None
    type_ = dice.choice(["Nat", "Int"])
    return _theorem(f"(n : {type_})", f"{m} ∣ {_times(a, f'n ^ {power}')}" + (f" + {_times(b, 'n')}" if b else ""))


def _common_bound(dice: random.Random) -> str | None:
    a, b, c = dice.randint(0, 9), dice.randint(1, 5), dice.randint(0, 20)
    bound = abs(b * a - c)
    if bound < 2:
        return None
    claim = f"Nat.gcd {f'(n + {a})' if a else 'n'} ({_plus(_times(b, 'n'), c)})"
    return _theorem("(n : Nat)", dice.choice([f"{claim} ≤ {bound}", f"{claim} ∣ {bound}"]))


# --------------------------------------------------------------------- recurrences and inequalities


def _recurrence(dice: random.Random) -> str:
    a, b, c = dice.choice([1, 2, 2, 3]), dice.randint(1, 6), dice.randint(0, 5)
    at = dice.randint(4, 12)
    value = c
    for _ in range(at):
        value = a * value + b
    binders = f"(u : Nat → Nat) (h₀ : u 0 = {c}) (h₁ : ∀ n, u (n + 1) = {_plus(_times(a, 'u n'), b)})"
    if dice.random() < 0.5:
        return _theorem(binders, f"u {at} = {value}")
    if a == 1:
        return _theorem(f"(n : Nat) {binders}", f"u n = {_plus(_times(b, 'n'), c)}")
    # u n = (c + b / (a - 1)) a ^ n - b / (a - 1), without division or subtraction
    scaled = (a - 1) * c + b
    return _theorem(f"(n : Nat) {binders}", f"{_plus(_times(a - 1, 'u n'), b)} = {_times(scaled, f'{a} ^ n')}")


def _growth(dice: random.Random) -> str | None:
    base, power, add = dice.choice([2, 2, 3]), dice.choice([1, 2, 3]), dice.randint(0, 6)
    start = next(n for n in range(60) if all(k**power + add <= base**k for k in range(n, 60)))
    return _theorem(f"(n : Nat) (h₀ : {start} ≤ n)", f"{_plus(f'n ^ {power}' if power > 1 else 'n', add)} ≤ {base} ^ n")


def _squares(dice: random.Random) -> str:
    """A sum of squares of linear forms is not negative, multiplied out."""
    names = ("a", "b", "c")[: dice.randint(2, 3)]
    table: dict[tuple[int, int], int] = {}
    for _ in range(dice.randint(1, 2)):
        row = [dice.choice([-2, -1, 0, 1, 1, 2]) for _ in names]
        for i, x in enumerate(row):
            for j, y in enumerate(row):
                key = (min(i, j), max(i, j))
                table[key] = table.get(key, 0) + x * y
    sides: dict[bool, list[str]] = {True: [], False: []}
    for (i, j), factor in sorted(table.items()):
        if factor:
            text = f"{names[i]} ^ 2" if i == j else f"{names[i]} * {names[j]}"
            sides[factor > 0].append(_times(abs(factor), text))
    claim = f"{' + '.join(sides[False]) or '0'} ≤ {' + '.join(sides[True]) or '0'}"
    return _theorem(f"({' '.join(names)} : {dice.choice(['Int', 'Int', 'Rat'])})", claim)


MAKERS: tuple[Maker, ...] = (
    _power, _run_of_numbers, _common, _fractions, _one_unknown, _two_unknowns, _quadratic, _factoring, _digits,
    _function, _transfer, _transfer_two, _inverse, _least, _divides, _polynomial, _common_bound, _recurrence, _growth,
    _squares,
)  # fmt: skip
"""One for each kind of problem; None where the numbers that were drawn make no good one."""
