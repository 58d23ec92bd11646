"""The light look at what people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.cli.statement import blank, declarations, is_bare_theorem, read_statement
from prover.errors import BadInput


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("theorem t (a b : Nat) : a + b = b + a", "t"),
        ("theorem t : 1 = 1 := by sorry", "t"),
        ("theorem t : 1 = 1 := sorry", "t"),
        ("theorem t : 1 = 1 := by\n  sorry\n", "t"),
        ("theorem t : 1 = 1 :=", "t"),
        ("theorem t : 1 = 1 := by", "t"),
        ("lemma t : 1 = 1", "t"),
        ("theorem Nat.foo.bar' {n : Nat}: n = n", "Nat.foo.bar'"),
        ("theorem «a b» : 1 = 1", "«a b»"),
        ("@[simp] theorem t : 1 = 1", "t"),
        ("/-- says theorem, def -/ theorem t : 1 = 1", "t"),
        ("-- def\ntheorem t : 1 = 1", "t"),
        ('theorem t : "theorem := sorry" = "x"', "t"),
        ("theorem t (h : x = 1 := by decide) : x = 1", "t"),
        ("theorem t : let x := 1; x = 1", "t"),
        ("theorem t (s : S) : { s with a := 1 } = s", "t"),
        ("theorem t (theorem' : Nat) : theorem' = theorem'", "t"),
    ],
)
def test_accepts(text: str, name: str) -> None:
    statement = read_statement(text)
    assert statement.name == name
    assert not statement.text.rstrip().endswith(("sorry", ":=", "by"))
    assert statement.text.count("theorem") >= 1


def test_strips_only_the_placeholder() -> None:
    assert read_statement("theorem t : 1 = 1 := by sorry").text == "theorem t : 1 = 1"
    assert read_statement("lemma t : 1 = 1").text == "theorem t : 1 = 1"
    kept = "theorem t : let x := 1; x = 1"
    assert read_statement(kept).text == kept


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("-- only a comment", "empty"),
        ("hello world", "not a theorem"),
        ("a + b = b + a", "not a theorem"),
        ("def f (n : Nat) : Nat := n", "--header"),
        ("axiom a : False", "--header"),
        ("example : 1 = 1", "name"),
        ("theorem a : 1 = 1\ntheorem b : 2 = 2", "2 declarations"),
        ("theorem a : 1 = 1 def f := 1", "2 declarations"),
        ("theorem t : 1 = 1 := by decide", "already has a proof"),
        ("theorem t : 1 = 1 := rfl", "already has a proof"),
        ("theorem : 1 = 1", "no name"),
        ("theorem (a : Nat) : a = a", "no name"),
    ],
)
def test_refuses_with_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_statement(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_blank_keeps_positions() -> None:
    text = 'theorem t : "a\\"b" = x /- one /- two -/ -/ -- end\n∧ 1'
    shown = blank(text)
    assert len(shown) == len(text)
    assert shown.index("∧") == text.index("∧")
    assert "one" not in shown
    assert "end" not in shown
    assert "b" not in shown


@given(st.text(alphabet='ab/-" \n\\:=', max_size=60))
def test_blank_never_changes_length_or_lines(text: str) -> None:
    shown = blank(text)
    assert len(shown) == len(text)
    assert shown.count("\n") == text.count("\n")


def test_what_is_a_file() -> None:
    assert is_bare_theorem("theorem t : 1 = 1")
    assert not is_bare_theorem("def f := 1\ntheorem t : f = 1 := sorry")
    assert not is_bare_theorem("import Std\ntheorem t : 1 = 1 := sorry")
    assert declarations("structure A where\n  b : Nat\ninstance : Inhabited A := sorry") == [
        "structure",
        "instance",
    ]
