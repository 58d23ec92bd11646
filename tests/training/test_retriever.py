"""The retriever: it learns which theorems are alike, computes the same with numpy as with torch, and learns from Lean
how to apply them."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from prover_plugins.lrm.retriever import LearnedRetriever
from prover_training.applying import Trial, fit, read_trials
from prover_training.corpus_barred import BarredCheck
from prover_training.corpus_library import LibraryTheorem, library_problems
from prover_training.retriever import RetrieverConfig, RetrieverNetwork, Statements, export, measure, save, train

from prover.domain import Candidate, StepStatus
from prover.errors import BadInput
from prover.lean.environment import LeanDomain, LeanEnvironment
from prover.lean.goals import LeanState
from prover.lean.index import Index
from prover.lean.protocol import DeclarationView
from prover.lean.server import LeanServer
from prover.model.language_model import ModelError
from prover.model.retriever import Method, Near, RetrieverModel, Space, kept_at, likeness
from prover.problem import Problem

FUNCTIONS = ("map", "filter", "reverse", "append", "take", "drop", "zip", "join")
TYPES = ("Seq", "Rope", "Bag", "Deque", "Stream")
CONFIG = RetrieverConfig(width=32, epochs=12, batch=32, others=64, learning_rate=1e-2)


def library() -> Index:
    """Five types with the same functions, a module each, and a theorem for each two functions."""
    views = []
    for position, kind in enumerate(TYPES):
        for f, g in itertools.permutations(FUNCTIONS, 2):
            left, right = f"{kind}.{f}/1 {kind}.{g}/1 ?0", f"{kind}.{g}/1 {kind}.{f}/1 ?0"
            views.append(
                DeclarationView(
                    f"Lib.{kind}.{f}_{g}", "theorem", f"Lib.{kind}", True, symbols=[f"{kind}.{f}", f"{kind}.{g}"],
                    term=f"Eq/3 {kind} {left} {right}", position=position,
                )
            )  # fmt: skip
    return Index.build(views)


def test_it_finds_the_like_in_a_module_that_it_never_saw() -> None:
    statements = Statements.of(library())
    trained = train(statements, {"Lib.Stream"}, CONFIG)
    before, after = trained.history[0], trained.history[-1]
    assert before["questions"] == after["questions"] == 56
    assert after["found_1"] > max(before["found_1"], 0.9)
    again = train(statements, {"Lib.Stream"}, CONFIG)
    assert again.history == trained.history and again.model.digest == trained.model.digest


def test_answers_are_earlier_and_not_held_out() -> None:
    statements = Statements.of(library())
    number = statements.names.index("Lib.Bag.map_filter")
    named = lambda found: {statements.names[n] for n in found}  # noqa: E731
    assert named(statements.answers()[number]) == {"Lib.Seq.map_filter", "Lib.Rope.map_filter"}
    assert named(statements.answers(lambda module: module != "Lib.Seq")[number]) == {"Lib.Rope.map_filter"}
    assert statements.names.index("Lib.Seq.map_filter") not in statements.answers()


def test_likeness_is_of_how_terms_are_written() -> None:
    one, other = "Eq/3 Seq.map/1 'x ?2", "Eq/3 Rope.map/1 #0 'y"
    assert likeness(one, other) == 1
    assert 0 < likeness(one, "Eq/3 Rope.map/1 Rope.zip/1 #0 'y") < 1
    assert likeness(one, "Nat.lt/2 1 2") == 0


def test_nothing_to_learn_from_is_bad_input() -> None:
    one = Index.build([DeclarationView("a", "theorem", "M", True, symbols=["f"], term="f", position=0)])
    with pytest.raises(BadInput, match="name in common"):
        train(Statements.of(one), (), CONFIG)


def test_numpy_computes_what_torch_does() -> None:
    torch.manual_seed(0)
    statements = Statements.of(library())
    network = RetrieverNetwork(RetrieverConfig(width=16), statements.theorems)
    torch.nn.init.normal_(network.theorem_importance.weight, std=0.3)
    network.half().float().eval()
    model = export(network)
    with torch.no_grad():
        theirs = network.theorems(torch.from_numpy(statements.theorems)).numpy()
    space = model.theorem_vectors(library())
    assert space == pytest.approx(theirs, abs=1e-4)
    vector = model.goal_vector("Eq/3 Rope Rope.map/1 Rope.zip/1 'x Rope.zip/1 Rope.map/1 'x", ["Rope.map", "Rope.zip"])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    (best, mark), second = Space(space).nearest(vector, 2)
    # Untrained, the cosine is that of the words that both have.
    assert library().names[best] == "Lib.Rope.map_zip" and mark > second[1]


def test_it_is_saved_with_its_card_and_read_again(tmp_path: Path) -> None:
    statements = Statements.of(library())
    trained = train(statements, {"Lib.Stream"}, RetrieverConfig(width=16, epochs=1))
    trained.model.methods = {"apply": Method(-1.0, 4.0, 1.0, 1.0, -1.0, 0.01)}
    save(trained, CONFIG, tmp_path, {"seed": 0})
    again = RetrieverModel.load(tmp_path)
    assert again.digest == trained.model.digest
    asked = statements.answers()
    assert measure(again, statements, asked) == measure(trained.model, statements, asked)
    method, near, far = again.methods["apply"], Near("a", 0.9, 1.0, 1.0), Near("b", 0.1, 0.2, 0.5)
    assert method.probability(near, 0) > method.probability(near, 3) > method.probability(far, 3) > 0
    assert json.loads((tmp_path / "training.json").read_text())["history"] == trained.history
    with pytest.raises(ModelError, match="prove train retriever"):
        RetrieverModel.load(tmp_path / "nowhere")


@pytest.mark.parametrize("model", ["", "none"])
def test_a_theorem_of_vectors_follows_from_that_of_arrays(lean_server: LeanServer, model: str) -> None:
    environment = lean_server.open_environment(["Init"]).environment
    views = lean_server.declarations(environment, modules=["Init.Data.Vector.Attach"], limit=3000).declarations
    view = next(view for view in views if view.name == "Vector.count_attachWith")
    theorem = LibraryTheorem(view.name, view.module, view.position, view.type, tuple(view.symbols), ())
    (asked,) = library_problems([theorem])
    metadata = {**asked.metadata, "model": model}
    problem = Problem(asked.statement, header=asked.header, imports=asked.imports, metadata=metadata)
    module = LearnedRetriever()
    with LeanDomain(lean_server).open(problem) as opened:
        module.prepare(problem, opened)
        (result,) = opened.step(opened.initial_state, [Candidate("intro α b n p xs H a", "test")])
        assert result.state is not None
        found = module.read(problem, result.state)
        if model == "none":
            assert found is None
            return
        assert found is not None
        candidates = list(found.candidates)
        assert candidates and all(candidate.proposer == "retriever" for candidate in candidates)
        assert not any("Vector.count_attachWith" in candidate.action for candidate in candidates)  # it is barred
        tried = zip(candidates, opened.step(result.state, candidates), strict=True)
        (first, *_) = [candidate for candidate, outcome in tried if outcome.status is StepStatus.FINISHED]
        assert "Array.count_attachWith" in first.action
        verdict = opened.verify(["intro α b n p xs H a", first.action])
        assert verdict.accepted
        assert BarredCheck().check(problem, (), verdict) == ()


def test_of_logic_alone_it_says_nothing(opened: Callable[..., tuple[LeanEnvironment, LeanState]]) -> None:
    environment, state = opened("theorem t (p q : Prop) : ¬(p ∨ q) ↔ ¬p ∧ ¬q")
    found = LearnedRetriever().read(environment.problem, state)
    assert found is not None and list(found.candidates) == []


def test_without_a_model_it_is_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "ranker"}')
    assert LearnedRetriever(tmp_path)._ready() is None
    assert "the retriever is not used" in caplog.text


def test_the_vectors_of_what_is_imported_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVER_CACHE", str(tmp_path))
    model = export(RetrieverNetwork(RetrieverConfig(width=16), Statements.of(library()).theorems))
    imported = Index.decode(library().encode(), "some-key")
    vector = model.goal_vector("Eq/3 Bag Bag.map/1 Bag.zip/1 'x Bag.zip/1 Bag.map/1 'x", ["Bag.map"])
    fresh = Space.of(model, imported).nearest(vector, 3)
    assert kept_at(model, "some-key").is_file()
    assert Space.of(model, imported).nearest(vector, 3) == fresh
    kept_at(model, "some-key").write_bytes(b"cut short")
    assert Space.of(model, imported).nearest(vector, 3) == fresh
    assert Space.of(model, library()).nearest(vector, 3)[0][0] == fresh[0][0]  # of a header: made each time


def test_ways_are_learned_from_what_lean_said(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    trials = []
    for number in range(400):
        similarity, rank = float(dice.uniform()), int(dice.integers(8))
        closed = bool(dice.uniform() < 1 / (1 + np.exp(3 - 6 * similarity + rank / 2)))
        trials.append(Trial(f"p{number}", "apply", similarity, 0.5, 0.5, rank, closed, 0.01))
        trials.append(Trial(f"p{number}", "simp", similarity, 0.5, 0.5, rank, False, 0.01))
    found = fit(trials)
    assert set(found) == {"apply"}  # one that never closed a goal is not tried
    apply = found["apply"]
    assert apply.constant < 0 and apply.similarity > 3 and apply.rank < 0 and apply.seconds == 0.01
    assert read_trials(tmp_path / "none.jsonl") == []
    with gzip.open(tmp_path / "uses.jsonl.gz", "at", encoding="utf-8") as stream:
        stream.writelines(json.dumps(asdict(trial)) + "\n" for trial in trials)
    assert read_trials(tmp_path / "uses.jsonl.gz") == trials
    (tmp_path / "bad.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(BadInput, match="holds no trials"):
        read_trials(tmp_path / "bad.jsonl")
