"""Equations between terms with the same values, and what follows from them."""

from __future__ import annotations

from prover_plugins.theory.definitions import read_header
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.meanings import meanings
from prover_plugins.theory.rewriting import Rules, is_instance
from prover_plugins.theory.signature import Signature, signature
from prover_plugins.theory.terms import Enumeration, Equation

QUEUE = """
def glue : List α → List α → List α
  | [], ys => ys
  | x :: xs, ys => x :: glue xs ys
def turn : List α → List α
  | [] => []
  | x :: xs => glue (turn xs) [x]
def onto : List α → List α → List α
  | [], ys => ys
  | x :: xs, ys => onto xs (x :: ys)
def size : List α → Nat
  | [] => 0
  | _ :: xs => size xs + 1
def sorted : List Nat → Bool
  | a :: b :: rest => a ≤ b && sorted (b :: rest)
  | _ => true
def put : Nat → List Nat → List Nat
  | n, [] => [n]
  | n, x :: xs => if n ≤ x then n :: x :: xs else x :: put n xs
"""


def made(functions: list[str], variables: tuple[str, ...] = ()) -> Signature:
    header = read_header(QUEUE)
    return signature(header, Evaluator(header), functions, [], variables, "")


def equations(functions: list[str], variables: tuple[str, ...] = (), size: int = 5) -> list[Equation]:
    s = made(functions, variables)
    return list(Enumeration(s.symbols, s.variables, s.reduces).equations(size))


def texts(found: list[Equation]) -> set[str]:
    return {f"{e.left.text} = {e.right.text}" for e in found} | {f"{e.right.text} = {e.left.text}" for e in found}


def test_laws_of_append_and_reverse() -> None:
    found = texts(equations(["glue", "turn", "onto"], ("α",)))
    assert "glue (glue xs ys) zs = glue xs (glue ys zs)" in found
    assert "turn (glue ys xs) = glue (turn xs) (turn ys)" in found
    assert "onto xs ys = glue (turn xs) ys" in found
    assert "turn xs = xs" not in found


def test_measures_are_additive() -> None:
    assert "size (glue xs ys) = (size xs) + (size ys)" in texts(equations(["glue", "size"], ("α",)))


def test_ordered_lists_are_among_the_samples() -> None:
    """Random lists are hardly ever ordered: without some that are, a sorting function would be the identity on them."""
    found = texts(equations(["sorted", "put"], size=4))
    assert "sorted (put n xs) = sorted xs" in found
    assert not any("sorted xs = false" in text for text in found)


def test_a_call_that_computes_is_no_term() -> None:
    s = made(["glue", "turn"], ("α",))
    by_name = {symbol.name: symbol for symbol in s.symbols}
    xs, ys = (v for v in s.variables if v.text in ("xs", "ys"))
    enumeration = Enumeration(s.symbols, s.variables, s.reduces)
    list(enumeration.equations(3))
    empty = next(n for n in enumeration.levels[1] if n.text == "[]")
    assert s.reduces(by_name["glue"], (empty, ys)) and not s.reduces(by_name["glue"], (xs, empty))


def test_how_a_function_recurses() -> None:
    s = made(["glue", "onto", "sorted", "put"])
    assert s.looks_at("glue") == [0] and s.looks_at("put") == [1]
    assert s.changes("onto") == [1] and s.changes("glue") == []
    assert s.functional("sorted") and not s.functional("glue")


def test_consequences_are_left_out() -> None:
    found = {f"{e.left.text} = {e.right.text}": e for e in equations(["glue", "turn"], ("α",))}
    rules = Rules({"glue": 0, "turn": 1})
    twice = next(e for t, e in found.items() if t == "turn (turn xs) = xs")
    distributes = next(e for e in found.values() if "turn (glue ys xs)" in (e.left.text, e.right.text))
    nested = next(e for t, e in found.items() if t.startswith("turn (glue xs (turn ys)) ="))
    assert not rules.implies(nested)
    rules.add(twice)
    rules.add(rules.oriented(distributes))
    assert rules.implies(nested)


def test_orientation_pushes_the_later_function_inwards() -> None:
    rules = Rules({"glue": 0, "turn": 1})
    found = equations(["glue", "turn"], ("α",))
    distributes = next(e for e in found if "turn (glue ys xs)" in (e.left.text, e.right.text))
    assert rules.oriented(distributes).left.text == "turn (glue ys xs)"


def test_instances() -> None:
    found = equations(["glue"], ("α",))
    law = next(e for e in found if len({*e.left.variables}) == 3 and e.left.text.startswith("glue (glue"))
    special = [e for e in found if e is not law and is_instance(e, law)]
    assert special and all(e.left.size <= law.left.size for e in special)


def test_meanings_in_the_library() -> None:
    header = read_header(QUEUE)
    evaluator = Evaluator(header)
    s = signature(header, evaluator, ["glue", "turn", "size", "put", "sorted"], [], ("α",), "")
    found = {m.statement for m in meanings(s, evaluator)}
    assert "glue xs ys = xs ++ ys" in found and "turn xs = xs.reverse" in found and "size xs = xs.length" in found
    assert not any("onto" in statement for statement in found)
