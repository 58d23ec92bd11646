"""The index without Lean: what it keeps, how it ranks, what survives the disk."""

from __future__ import annotations

import msgspec
import pytest

from prover.lean.barred import Barred
from prover.lean.index import Index
from prover.lean.library import Fit, Library
from prover.lean.protocol import DeclarationView
from prover.lean.terms import Term


def theorem(name: str, term: str, *symbols: str, module: str = "Init.X") -> DeclarationView:
    head = term.partition(" ")[0].partition("/")[0]
    return DeclarationView(name, "theorem", module, True, symbols=list(symbols), head=head, term=term)


SUM = "HAdd.hAdd/3 Nat"
DECLARATIONS = [
    theorem("add_comm", f"Eq/3 Nat {SUM} ?0 ?1 {SUM} ?1 ?0", "HAdd.hAdd"),
    theorem("add_zero", f"Eq/3 Nat {SUM} ?0 0 ?0", "HAdd.hAdd"),
    theorem("mul_comm", "Eq/3 Nat HMul.hMul/3 Nat ?0 ?1 HMul.hMul/3 Nat ?1 ?0", "HMul.hMul"),
    theorem("gt_irrefl", "Not/1 GT.gt/3 Nat ?0 ?0", "Not", "GT.gt"),
    theorem("pos", "GT.gt/3 Nat f/1 ?0 0", "GT.gt", "f"),
    theorem("mem_iff", "Iff/2 mem/1 ?0 Eq/3 Nat ?0 0", "mem"),
    theorem("length.eq_1", "Eq/3 Nat len/1 ?0 0", "len"),
    theorem("eq_zero_of_len", "Eq/3 Nat ?0 0", "len"),
    DeclarationView("List.map", "definition", "Init.X", False, symbols=["List"]),
]


@pytest.fixture
def library() -> Library:
    index = Index.decode(Index.build(DECLARATIONS).encode())
    return Library(lambda: index)


def find(library: Library, target: str, *symbols: str) -> dict[str, frozenset[Fit]]:
    return {premise.name: premise.fits for premise in library.find(Term.read(target), symbols)}


def test_what_is_kept(library: Library) -> None:
    assert library.entry("length.eq_1") is None  # made by Lean
    assert library.entry("eq_zero_of_len") is not None
    definition = library.entry("List.map")
    assert definition is not None and definition.kind == "definition"
    assert library.entry("nobody") is None
    assert len(library) == len(DECLARATIONS) - 1


def test_fit_by_shape(library: Library) -> None:
    found = find(library, f"Eq/3 Nat {SUM} 'a 0 'a", "HAdd.hAdd")
    assert found["add_zero"] == {Fit.APPLY, Fit.REWRITE}
    assert found["add_comm"] == {Fit.REWRITE, Fit.BACKWARD}  # not to apply: 'a is no sum
    assert "mul_comm" not in found
    assert next(iter(found)) == "add_zero"


def test_definitions_are_unfolded_and_theorems_are_reached_by_that() -> None:
    def definition(name: str, *unfolds: str) -> DeclarationView:
        return DeclarationView(name, "definition", "Init.X", False, unfolds=list(unfolds))

    views = [
        definition("Stack.push", "List.cons", "Stack.items"), definition("List.cons", "List.make"),
        theorem("seen", "P/1 List.make/1 ?0", "List.cons", "List.make"),
        theorem("half", "P/1 ?0", "List.make", "other"),
        theorem("unseen", "P/1 ?0", "other"),
    ]  # fmt: skip
    index = Index.decode(Index.build(views).encode(), "key")
    library = Library(lambda: index)
    reach = library.unfolded(["Stack.push", "nobody"])
    assert reach == {"Stack.push", "nobody", "List.cons", "List.make", "Stack.items"}
    covered = {name: index.covered(index.names.index(name), reach) for name in ("seen", "half", "unseen")}
    assert covered["seen"] == 1 > covered["half"] > covered["unseen"] == 0
    assert index.key == "key" and Index.build(views).key == ""


def test_nearest_leaves_out_what_is_barred() -> None:
    index = Index.build([theorem("a", "P/1 ?0", "P"), theorem("b", "P/1 ?0", "P"), theorem("c", "P/1 ?0", "P")])
    marks = [(0, 0.9), (1, 0.8), (2, 0.7)]
    everything = Library(lambda: index)
    assert [(e.name, mark) for e, mark in everything.nearest(lambda _: marks, 2)] == [("a", 0.9), ("b", 0.8)]
    barred = Barred(frozenset({"a"}), 5, frozenset())
    without = Library(lambda: index, barred=barred)
    assert [e.name for e, _ in without.nearest(lambda _: marks, 2)] == ["b", "c"]


def test_equivalences_are_used_in_both_directions(library: Library) -> None:
    assert find(library, "mem/1 'a")["mem_iff"] == {Fit.REWRITE, Fit.MPR}
    assert find(library, "Eq/3 Nat 'a 0")["mem_iff"] == {Fit.BACKWARD, Fit.MP}


def test_greater_fits_less(library: Library) -> None:
    assert find(library, "LT.lt/3 Nat 0 f/1 'a")["pos"] == {Fit.APPLY}


def test_rare_symbols_bring_theorems_in_without_a_shape(library: Library) -> None:
    found = find(library, "other/1 'a", "mem")
    assert found == {"mem_iff": frozenset()}


def test_the_headers_own_come_first_among_equals() -> None:
    index = Index.build(DECLARATIONS)
    own = [theorem("mine", f"Eq/3 Nat {SUM} ?0 0 ?0", "HAdd.hAdd", module="")]
    library = Library(lambda: index, lambda: own)
    assert list(find(library, f"Eq/3 Nat {SUM} 'a 0 'a", "HAdd.hAdd"))[:2] == ["mine", "add_zero"]


def test_garbage_on_disk_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        Index.decode(b"\x91\x01")


def test_unreadable_terms_are_found_by_symbols_only() -> None:
    index = Index.build([theorem("odd", "«a b» c Eq/3", "rare")])
    assert find(Library(lambda: index), "rare", "rare") == {"odd": frozenset()}


def test_what_fits_everything_must_speak_of_the_goal() -> None:
    index = Index.build(
        [
            theorem("symm", "Eq/3 ?3 ?1 ?2", "Eq"),
            theorem("antisymm", "Eq/3 ?3 ?1 ?2", "LE.le"),
            theorem("unique", "Eq/3 ?3 ?1 ?2", "cons", "tail"),
            theorem("eq_comm", "Iff/2 Eq/3 ?3 ?1 ?2 Eq/3 ?3 ?2 ?1", "Iff"),
            theorem("named", "Eq/3 Nat ?1 ?2", "rare"),
        ]
    )
    library = Library(lambda: index)
    assert set(find(library, "Eq/3 Nat 'a 'b")) == {"named"}
    assert set(find(library, "Eq/3 Nat 'a 'b", "LE.le")) == {"named", "antisymm"}


def test_definitions_are_told_from_fields_and_instances() -> None:
    def definition(name: str, *, field: bool = False, instance: bool = False) -> DeclarationView:
        return DeclarationView(name, "definition", "Init.X", False, is_projection=field, is_instance=instance)

    index = Index.build(
        [
            *(definition(name) for name in ("f", "g", "Not")),
            definition("X.add", instance=True),
            definition("HAdd.hAdd", field=True),
            theorem("one", "Eq/3 Nat g/1 ?0 0", "g"),
            theorem("two", "Eq/3 Nat g/1 ?0 f/1 ?0", "f", "g"),
        ]
    )
    library = Library(lambda: index)
    field = library.entry("HAdd.hAdd")
    assert field is not None and field.kind == "projection"
    assert library.definitions(["one", "g", "HAdd.hAdd", "X.add", "Not", "f", "nobody"]) == ["f", "g"]
    assert (library.occurrences("g"), library.occurrences("f"), library.occurrences("nobody")) == (2, 1, 0)


def test_all_that_fit_in_one_way_however_little_they_speak_of_the_goal() -> None:
    index = Index.build(
        [
            theorem("val_inj", "Iff/2 Eq/3 Nat val/1 ?0 val/1 ?1 Eq/3 W ?0 ?1", "val", "W", "Iff", "other", "more"),
            theorem("mine", "Eq/3 W ?0 ?1", "W"),
        ]
    )
    target = Term.read("Eq/3 W 'a 'b")
    assert target is not None
    assert [p.name for p in Library(lambda: index).fitting(target, Fit.MP)] == ["val_inj"]
    assert Library(lambda: index).fitting(target, Fit.REWRITE) == []
