"""Integer arithmetic on our trees, exactly and without sympy: for the checks that try all cases."""

from __future__ import annotations

import math
from fractions import Fraction

from prover_plugins.math.text import LARGEST_DIGITS, Node, show


def exact(node: Node, values: dict[str, int]) -> Fraction:
    """The exact value of arithmetic with integers: for the brute-force checks, without sympy.

    ``mod`` has the sign of the modulus (``-7 mod 3 = 2``).

    Raises:
        ValueError: something else than integer arithmetic and fractions, or division by zero.
        KeyError: a symbol has no value.
    """
    if node.kind == "number":
        return Fraction(node.name)
    if node.kind == "symbol":
        return Fraction(values[node.name])
    given = [exact(argument, values) for argument in node.arguments]
    whole = [int(value) for value in given if value.denominator == 1]
    try:
        match node.kind, node.name:
            case "+", _:
                return given[0] + given[1]
            case "-", _:
                return given[0] - given[1]
            case "*", _:
                return given[0] * given[1]
            case "/", _:
                return given[0] / given[1]
            case "neg", _:
                return -given[0]
            case "^", _ if given[1].denominator == 1 and abs(given[1]) <= LARGEST_DIGITS:
                if given[0].numerator.bit_length() * abs(given[1]) > 4 * LARGEST_DIGITS:
                    raise ValueError("a power too large")
                return Fraction(given[0] ** int(given[1]))
            case "!", _ if len(whole) == 1 and 0 <= whole[0] <= 1500:
                return Fraction(math.factorial(whole[0]))
            case "call", "gcd" | "lcm" | "binomial" if len(whole) == 2:
                if node.name == "binomial":
                    return Fraction(math.comb(*whole))
                return Fraction(math.gcd(*whole) if node.name == "gcd" else math.lcm(*whole))
            case "call", "mod" if len(whole) == 2:
                return Fraction(whole[0] % whole[1])
            case "call", "min" | "max":
                return min(given) if node.name == "min" else max(given)
            case "call", "abs":
                return abs(given[0])
            case "call", "floor" | "ceiling":
                return Fraction(math.floor(given[0]) if node.name == "floor" else math.ceil(given[0]))
    except ZeroDivisionError as error:
        raise ValueError("division by zero") from error
    raise ValueError(f"{show(node)} is not integer arithmetic")
