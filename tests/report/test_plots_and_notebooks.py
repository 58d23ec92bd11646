"""Plots as files, and fragments for notebooks."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from prover.errors import BadInput
from prover.report import plots
from prover.reports import ProofReport
from prover.runs import Run


def test_plots_are_written_and_the_same_each_time(tmp_path: Path) -> None:
    def figures() -> dict[str, object]:
        steps = [(s, 2.0 / (s + 1)) for s in range(40)]
        return {
            "curves": plots.learning_curves({"training": steps, "held out": steps[::8]}, smooth=5, title="loss"),
            "stages": plots.curriculum_stages([(0, 1), (10, 2)], {"held out": [(5, 0.25), (20, 0.5)]}),
            "layers": plots.accuracy_by_layer([0, 4, 8], {"all": [0.3, 0.7, 0.6]}, controls={"shuffled": [0.1] * 3}),
            "calibration": plots.calibration({"value": ([0.1, 0.2, 0.8, 0.9], [False, False, True, True])}),
        }

    for name, figure in figures().items():
        png = plots.save(figure, tmp_path / f"{name}.png")  # type: ignore[arg-type]
        assert png.read_bytes().startswith(b"\x89PNG")
    for name, figure in figures().items():
        svg = plots.save(figure, tmp_path / "one" / f"{name}.svg").read_text("utf-8")  # type: ignore[arg-type]
        assert "<svg" in svg
    for name, figure in figures().items():
        again = plots.save(figure, tmp_path / "two" / f"{name}.svg")  # type: ignore[arg-type]
        assert again.read_text("utf-8") == (tmp_path / "one" / f"{name}.svg").read_text("utf-8")


def test_calibration_by_hand() -> None:
    table = plots.reliability([0.05, 0.15, 0.15, 1.0], [False, True, False, True])
    assert [(r.count, round(r.predicted, 3), r.observed) for r in table] == [(1, 0.05, 0), (2, 0.15, 0.5), (1, 1.0, 1)]
    assert plots.calibration_error(table) == pytest.approx((0.05 + 2 * 0.35) / 4)
    assert plots.running_mean([1, 2, 3, 4], 2) == [1, 1.5, 2.5, 3.5]


def test_bad_plots_are_refused(tmp_path: Path) -> None:
    for draw in (
        lambda: plots.learning_curves({"none": []}),
        lambda: plots.curriculum_stages([], {}),
        lambda: plots.accuracy_by_layer([0, 1], {"one": [0.5]}),
        lambda: plots.reliability([0.5], []),
        lambda: plots.reliability([1.5], [True]),
        lambda: plots.save(plots.learning_curves({"a": [(0, 1)]}), tmp_path / "plot.pdf"),
    ):
        with pytest.raises(BadInput):
            draw()


class Balanced(HTMLParser):
    """Fails where tags do not close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag not in ("script", "img")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def text_of(html: str) -> str:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return parser.text


def test_a_run_shows_itself(small: Run) -> None:
    text = text_of(small._repr_html_())
    assert small.problem.statement in text
    assert "proved" in text and "no goals" in text and "automation" in text
    bundle = small._repr_mimebundle_()
    assert text_of(bundle["text/html"]) == text
    assert bundle["text/plain"] == repr(small)


def test_a_proof_shows_itself_and_nothing_is_markup() -> None:
    proved = ProofReport("proved", "t", proof="by simp [<img src=x>]", statement="theorem t (a : Nat) : a < a + 1",
                         axioms=("propext",), checked_by="Lean", steps=3, states=2)  # fmt: skip
    text = text_of(proved._repr_html_())
    assert "theorem t (a : Nat) : a < a + 1 := by simp [<img src=x>]" in text
    assert "axioms: propext" in text
    failed = ProofReport("not_proved", "t", message="the time is over", open_goals=("a : Nat\n⊢ a < <b>",))
    text = text_of(failed._repr_html_())
    assert "not proved" in text and "⊢ a < <b>" in text


def test_lean_s_goals_show_themselves() -> None:
    from prover.lean.goals import LeanState
    from prover.lean.protocol import StateView

    state = LeanState(StateView(id=1, key="k", text="case a\nn : Nat\n⊢ n < n + 1", goals=1, size=3), lambda _: [])
    assert text_of(state._repr_html_()) == "case a\nn : Nat\n⊢ n < n + 1"
