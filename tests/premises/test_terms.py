"""Terms in prefix notation, and the tree that matches patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.lean.terms import ANY, PatternTree, Term, pattern, relation


def read(text: str) -> Term:
    term = Term.read(text)
    assert term is not None
    return term


SUM = "Eq/3 Nat HAdd.hAdd/3 Nat 'a 0 'a"


def test_parts_of_a_term() -> None:
    term = read(SUM)
    assert [term.part(i) for i in term.arguments()] == [("Nat",), ("HAdd.hAdd/3", "Nat", "'a", "0"), ("'a",)]
    assert [term.tokens[i] for i in term.subterms()] == ["Eq/3", "Nat", "HAdd.hAdd/3"]


@pytest.mark.parametrize("text", ["", "Eq/3 Nat 'a", "Nat Nat", "f/1"])
def test_what_is_no_term(text: str) -> None:
    assert Term.read(text) is None


terms = st.recursive(
    st.sampled_from(["'a", "'b", "0", "Nat"]),
    lambda inner: st.tuples(st.sampled_from(["f", "g"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda pair: f"{pair[0]}/{len(pair[1])} {' '.join(pair[1])}"
    ),
    max_leaves=12,
)


@given(terms)
def test_ends_agree_with_arguments(text: str) -> None:
    term = read(text)
    for position in range(len(term.tokens)):
        arguments = term.arguments(position)
        ends = [term.ends[a] for a in arguments]
        assert [position + 1, *ends] == [*arguments, term.ends[position]] if arguments else not ends


@given(terms, st.lists(terms, max_size=8))
def test_the_tree_finds_what_is_equal_and_nothing_else(text: str, others: list[str]) -> None:
    tree = PatternTree()
    for number, other in enumerate(others):
        tree.add(read(other).tokens, number)
    assert tree.match(read(text)) == [number for number, other in enumerate(others) if other == text]


def test_a_variable_stands_for_one_term() -> None:
    tree = PatternTree()
    tree.add(("HSub.hSub/3", "Nat", "?0", "?0"), 1)
    tree.add(("HSub.hSub/3", "Nat", "?0", "?1"), 2)
    assert sorted(tree.match(read("HSub.hSub/3 Nat f/1 'a f/1 'a"))) == [1, 2]
    assert tree.match(read("HSub.hSub/3 Nat 'a 'b")) == [2]
    assert tree.match(read("HSub.hSub/3 Int 'a 'b")) == []


def test_functions_in_patterns_match_anything() -> None:
    assert pattern(read("List.map/3 'α λ/1 f/1 #0 ?0")) == ("List.map/3", "'α", ANY, "?0")
    assert pattern(read("f/1 @/2 ?0 ?1")) == ("f/1", ANY)


def test_greater_is_less_turned_round() -> None:
    term = read("GT.gt/3 Nat 'a 'b")
    head, arguments = relation(term)
    assert head == "LT.lt/3"
    assert [term.part(i) for i in arguments] == [("Nat",), ("'b",), ("'a",)]
