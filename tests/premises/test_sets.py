"""Which theorems go together into one call of ``simp``, and which say that a function is injective."""

from __future__ import annotations

from prover_plugins.premises.sets import Rule, injections, matchable, rewriting

from prover.lean.index import Entry
from prover.lean.library import Fit, Premise


def premise(name: str, term: str, *fits: Fit) -> Premise:
    return Premise(Entry(name, "theorem", "Init.X", 0, term.partition("/")[0], term), 1.0, frozenset(fits))


def names(premises: list[Premise]) -> list[str]:
    return [p.name for p in premises]


MAP_REVERSE = premise("map_reverse", "Eq/3 L map/2 ?0 rev/1 ?1 rev/1 map/2 ?0 ?1")
REVERSE_MAP = premise("reverse_map", "Eq/3 L rev/1 map/2 ?0 ?1 map/2 ?0 rev/1 ?1")
COMM = premise("add_comm", "Eq/3 N add/2 ?0 ?1 add/2 ?1 ?0")


def test_what_undoes_an_earlier_one_is_left_out() -> None:
    assert names(rewriting([MAP_REVERSE, REVERSE_MAP, COMM], {"map", "rev", "add"}, 5)) == ["map_reverse", "add_comm"]
    assert names(rewriting([REVERSE_MAP, MAP_REVERSE], {"map", "rev"}, 5)) == ["reverse_map"]
    assert names(rewriting([MAP_REVERSE, REVERSE_MAP], {"map"}, 5)) == ["map_reverse"]
    assert rewriting([MAP_REVERSE, COMM], {"map", "add"}, 1) == [MAP_REVERSE]


def test_what_applies_to_its_own_result_loops() -> None:
    grows = premise("grows", "Eq/3 N f/1 ?0 g/1 f/1 s/1 ?0")
    shrinks = premise("shrinks", "Eq/3 N f/1 s/1 ?0 g/1 f/1 ?0")
    assert names(rewriting([grows, shrinks], {"f"}, 5)) == ["shrinks"]


def test_what_rewrites_nothing_here_is_left_out() -> None:
    assert rewriting([MAP_REVERSE], {"rev"}, 5) == []
    assert names(rewriting([premise("fits", "Iff/2 p/1 ?0 q/1 ?0", Fit.REWRITE)], set(), 5)) == ["fits"]
    no_rule = [
        premise("symm", "Eq/3 ?3 ?1 ?2", Fit.APPLY, Fit.REWRITE),
        premise("iff_comm", "Iff/2 Iff/2 ?0 ?1 Iff/2 ?1 ?0", Fit.REWRITE),
        premise("congr", "Eq/3 L map/2 ?0 ?1 map/2 ?2 ?1", Fit.REWRITE),
        premise("le", "LE.le/3 N ?0 ?1", Fit.APPLY),
    ]
    assert [p.name for p in no_rule if Rule.of(p) is not None] == []
    assert rewriting(no_rule, {"Eq", "Iff", "map", "LE.le"}, 5) == []


def test_functions_into_better_known_types_come_first() -> None:
    injective = [
        premise("w.toZ_inj", "Iff/2 Eq/3 Z toZ/1 ?0 toZ/1 ?1 Eq/3 W ?0 ?1"),
        premise("w.bits_inj", "Iff/2 Eq/3 B/1 8 bits/1 ?0 bits/1 ?1 Eq/3 W ?0 ?1"),
        premise("w.toNat_inj", "Iff/2 Eq/3 Nat toNat/1 ?0 toNat/1 ?1 Eq/3 W ?0 ?1"),
    ]
    others = [
        premise("neg_inj", "Iff/2 Eq/3 W neg/1 ?0 neg/1 ?1 Eq/3 W ?0 ?1"),  # tells nothing new
        premise("some_inj", "Iff/2 Eq/3 O/1 ?2 some/2 ?2 ?0 some/2 ?2 ?1 Eq/3 ?2 ?0 ?1"),
        premise("eq_zero", "Iff/2 Eq/3 Z toZ/1 ?0 0 Eq/3 W ?0 ?1"),
        premise("two", "Iff/2 Eq/3 Z toZ/1 ?0 toY/1 ?1 Eq/3 W ?0 ?1"),
        premise("le_iff", "Iff/2 LE.le/3 Z toZ/1 ?0 toZ/1 ?1 LE.le/3 W ?0 ?1"),
        premise("bits_ext", "Eq/3 W ?0 ?1"),
        premise("ofBits_inj", "Iff/2 Eq/3 W ofBits/1 ?0 ofBits/1 ?1 Eq/3 B/1 8 ?0 ?1"),  # to where less is known
        premise("cast_inj", "Iff/2 Eq/3 Z cast/1 ?0 cast/1 ?1 Eq/3 Nat ?0 ?1"),
    ]
    known = {"Z": 5, "B": 70, "W": 3}
    found = injections([*injective, *others], lambda kind: known.get(kind, 0))
    assert names(found) == ["w.toNat_inj", "w.bits_inj", "w.toZ_inj"]


def test_grind_gets_what_has_patterns_and_is_no_linear_arithmetic() -> None:
    usable = [
        MAP_REVERSE,
        premise("mem", "Membership.mem/3 L ?0 ?1"),
        premise("le_mul", "LE.le/3 Nat ?0 HMul.hMul/3 Nat ?0 ?1"),
        premise("ne", "Ne/3 L cons/2 ?0 ?1 ?1"),
    ]
    useless = [
        premise("or_comm", "Iff/2 Or/2 ?0 ?1 Or/2 ?1 ?0"),
        premise("total", "Or/2 LE.le/3 T ?0 ?1 LE.le/3 T ?1 ?0"),
        premise("exists", "Exists/2 L λ/1 Eq/3 S ?0 ofList/1 #0"),
        premise("comm", "Eq/3 ?4 @/3 ?3 ?1 ?0 f/1 ?0"),
        premise("forall", "Iff/2 ∀/2 ?2 @/2 ?1 #0 all/1 ?1"),
        premise("add_comm", "Eq/3 Nat HAdd.hAdd/3 Nat ?0 ?1 HAdd.hAdd/3 Nat ?1 ?0"),
        premise("succ_le", "LE.le/3 Nat ?0 Nat.succ/1 ?0"),
    ]
    assert matchable([*useless, *usable], 9) == usable
    assert matchable(usable, 2) == usable[:2]
