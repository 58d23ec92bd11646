"""The layout of proofs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prover.lean.script import ScriptStep, flat, focused, indented, renderings, structured


def steps(*entries: tuple[str, int, int]) -> list[ScriptStep]:
    return [ScriptStep(*entry) for entry in entries]


def test_a_straight_proof_has_no_blocks() -> None:
    assert structured(steps(("intro a", 1, 1), ("rfl", 1, 0))) == "intro a\nrfl"


def test_blocks_nest() -> None:
    script = structured(
        steps(
            ("constructor", 1, 2),
            ("cases h", 2, 3),
            ("intro x", 3, 3),
            ("rfl", 3, 2),
            ("simp", 2, 1),
            ("omega", 1, 0),
        )
    )
    assert script == (
        "constructor\n"
        "· cases h\n"
        "  · intro x\n"
        "    rfl\n"
        "  · simp\n"
        "· omega"
    )  # fmt: skip


def test_a_tactic_of_several_lines_stays_together() -> None:
    case = "induction n with\n| zero => rfl\n| succ n ih =>\n  simp\n\n  omega"
    script = structured(steps(("constructor", 1, 2), (case, 2, 1), ("rfl", 1, 0)))
    assert script == (
        "constructor\n"
        "· induction n with\n"
        "  | zero => rfl\n"
        "  | succ n ih =>\n"
        "    simp\n"
        "\n"
        "    omega\n"
        "· rfl"
    )  # fmt: skip


def test_a_string_over_several_lines_is_not_touched() -> None:
    text = 'exact f "a\n  b" -- "\nat h'
    assert indented(text, "  ") == '  exact f "a\n  b" -- "\n  at h'
    assert indented("/- \" -/ simp\nat h", "  ") == "  /- \" -/ simp\n  at h"  # fmt: skip
    assert indented('r#"a"\nb"#\nc', "  ") == '  r#"a"\nb"#\n  c'


def test_counts_that_make_no_tree_give_the_flat_forms() -> None:
    coupled = steps(("refine ⟨?_, ?_⟩", 1, 2), ("exact h", 2, 0))
    assert structured(coupled) is None
    assert flat(coupled) == "refine ⟨?_, ?_⟩\nexact h"
    assert focused(coupled) == "refine ⟨?_, ?_⟩\nfocus\n  exact h"
    assert list(renderings(coupled)) == [flat(coupled), focused(coupled)]


def test_an_unfinished_or_impossible_path_is_no_tree() -> None:
    assert structured([]) is None
    assert structured(steps(("intro a", 1, 1))) is None
    assert structured(steps(("rfl", 1, 0), ("rfl", 1, 0))) is None
    assert structured(steps(("rfl", 3, 0))) is None


def test_equal_renderings_are_given_once() -> None:
    assert list(renderings(steps(("rfl", 1, 0)))) == ["rfl"]


@given(st.lists(st.integers(0, 3), max_size=40))
def test_every_finished_tree_is_rendered_with_each_step_once(opened: list[int]) -> None:
    entries, goals = [], 1
    for number, count in enumerate(opened):
        if goals == 0:
            break
        entries.append((f"t{number}", goals, goals - 1 + count))
        goals += count - 1
    while goals:
        entries.append((f"close{len(entries)}", goals, goals - 1))
        goals -= 1
    script = structured(steps(*entries))
    assert script is not None
    assert [line.lstrip(" ·") for line in script.splitlines()] == [name for name, _, _ in entries]
    branches = sum(k for k in (after - before + 1 for _, before, after in entries) if k > 1)
    assert script.count("·") == branches
    assert all((len(line) - len(line.lstrip())) % 2 == 0 for line in script.splitlines())
