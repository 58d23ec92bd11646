"""A language model proves alone: side by side, within its steps of Lean, and only what the check accepts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

pytest.importorskip("torch")

from prover_training.alone import AloneConfig, Prover
from prover_training.data import theorem_of

from prover.domain import Verdict
from prover.lean.environment import LeanDomain
from prover.lean.server import LeanServer
from prover.model.language_model import Prompt, Sample, Sampling
from prover.model.prompts import format_named
from prover.problem import Problem

TWO = Problem("theorem t (p q : Prop) (hp : p) (hq : q) : p ∧ q", "two")
EASY = Problem("theorem t (p : Prop) (h : p) : p", "easy")
FALSE = Problem("theorem t (p q : Prop) (h : p) : q", "false")


class Told:
    """Answers by the goal that stands in the prompt, and notes what it was asked in one batch."""

    name = "told"

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self.answers = answers
        self.batches: list[list[str]] = []

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[Sample]]:
        self.batches.append([str(prompt) for prompt in prompts])
        found = []
        for prompt in prompts:
            goal = str(prompt).split("⊢ ")[1].splitlines()[0]
            texts = self.answers.get(goal, ["skip"])
            texts = texts[sampling.seed % len(texts) :] if len(texts) > 3 else texts
            found.append([Sample(text, -1.0 - k, 3) for k, text in enumerate(texts)])
        return found

    def score(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        raise NotImplementedError

    def encode(self, texts: Sequence[str]) -> list[object]:
        raise NotImplementedError


ANSWERS = {"p ∧ q": ["exact hq", "constructor"], "p": ["exact hq", "exact hp", "exact h"], "q": ["exact hq"]}


def prover(server: LeanServer, **settings: int) -> Prover:
    return Prover(LeanDomain(server).open, format_named("focused"), AloneConfig(**settings))


def test_all_problems_are_asked_in_one_batch_and_become_attempts(lean_server: LeanServer) -> None:
    model = Told(ANSWERS)
    broken = Problem("theorem t (p : Prp) : p", "broken")
    two, easy, false, none = prover(lean_server, steps=12).attempts(model, [TWO, EASY, FALSE, broken])  # type: ignore[arg-type]
    assert len(model.batches[0]) == 3 and none is None
    assert two is not None and easy is not None and false is not None
    assert (two.status, two.actions) == ("proved", ("constructor", "exact hp", "exact hq"))
    assert [state.distance for state in two.states[:1]] == [3]
    trace = theorem_of(two)
    assert trace is not None and [step.tactic for step in trace.traced_tactics] == list(two.actions)
    assert {step.status for step in two.tried} >= {"failed", "progress", "finished"}
    assert easy.status == "proved" and false.status == "not_proved" and false.actions == ()
    assert all(len(a.tried) <= 12 for a in (two, easy, false))
    # Only the first goal is read.
    assert all(prompt.count("⊢") == 1 for batch in model.batches for prompt in batch)


def test_the_steps_of_lean_are_the_limit(lean_server: LeanServer) -> None:
    (found,) = prover(lean_server, steps=3).attempts(Told(ANSWERS), [TWO])  # type: ignore[arg-type]
    assert found is not None and found.status == "not_proved" and len(found.tried) == 3


def test_where_all_is_expanded_the_model_is_asked_again(lean_server: LeanServer) -> None:
    answers = {"p": ["exact no", "exact nor", "exact this", "exact h"]}
    (found,) = prover(lean_server, steps=9).attempts(Told({"p": answers["p"][:3]}), [EASY])  # type: ignore[arg-type]
    assert found is not None and len(found.tried) == 3, "the same answers are not tried twice"
    model = Told(answers)
    model.answers["p"] = answers["p"]
    (found,) = prover(lean_server, steps=9).attempts(model, [EASY])  # type: ignore[arg-type]
    assert found is not None and found.status == "proved"


def test_only_what_the_check_accepts_is_proved(lean_server: LeanServer) -> None:
    asked: list[tuple[str, ...]] = []

    class Against:
        name = "against"

        def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Sequence[tuple[str, str]]:
            asked.append(tuple(actions))
            return (("no", "not in this way"),)

    strict = Prover(LeanDomain(lean_server).open, format_named("focused"), AloneConfig(6), [Against()])
    (found,) = strict.attempts(Told(ANSWERS), [EASY])  # type: ignore[arg-type]
    assert found is not None and found.status == "not_proved" and asked
    strict.attempts(Told(ANSWERS), [EASY])  # type: ignore[arg-type]
    assert len(asked) == len(set(asked)), "a proof is not checked twice"
    # A model that writes sorry proves nothing.
    (found,) = prover(lean_server, steps=4).attempts(Told({"q": ["sorry", "admit"]}), [FALSE])  # type: ignore[arg-type]
    assert found is not None and found.status == "not_proved"
