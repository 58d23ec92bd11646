"""Probes, alignment, value and their measures: planted signals are found, noise stays at chance; then all of it on
real steps of real Lean with a tiny real model."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch")

from prover_training.calibrating import auc
from prover_training.curriculum.difficulty import MapperBased
from prover_training.mapper.alignment import fit_alignment, recall
from prover_training.mapper.examples import GRAPH_WIDTH, graph_features, labels_of, multi_hot, word_features
from prover_training.mapper.probes import agreement, f1, f1_each, fit_probe, set_aside, shuffled
from prover_training.mapper.structures import Piece, Structure, read_structures
from prover_training.mapper.value import fit_value
from prover_training.mapper.worth import value_of_text

from prover.cli.main import cli
from prover.domain import Candidate
from prover.errors import BadInput
from prover.lean.environment import LeanDomain
from prover.lean.toolchain import Toolchain
from prover.model.encodings import open_encoding
from prover.model.symbolic_mapper import SymbolicMapper
from prover.problem import Problem
from prover.report.plots import calibration_error, reliability
from prover.session import Session
from prover.traces.searches import Attempt, Tried, Visited, append
from prover.traces.theorem import TracedTactic, TracedTheorem

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

NOISE = np.random.default_rng(7)


def halves(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of ``n`` examples are set aside, and the numbers of those to learn from and to measure on."""
    aside = np.zeros(n // 2, bool)
    aside[::4] = True
    return aside, np.arange(n // 2), np.arange(n // 2, n)


def sigmoid(odds: np.ndarray) -> np.ndarray:
    found: np.ndarray = 1 / (1 + np.exp(-odds))
    return found


# ------------------------------------------------------------------------------------ measures


def test_measures_by_hand() -> None:
    odds = np.array([[1.0, -1.0, -1.0], [1.0, 1.0, -1.0]])
    labels = np.array([[1, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(f1_each(odds, labels), [2 / 3, 2 / 3, 0])
    # The third label occurs nowhere and does not count in the mean.
    assert f1(odds, labels) == pytest.approx((4 / 6, 2 / 3))
    assert auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True])) == pytest.approx(3.5 / 4)
    assert auc(np.ones(4), np.array([True] * 4)) == 0.5
    np.testing.assert_allclose(agreement(np.array([[1.0, 0, 0], [0.5, 0.5, 0]]), labels), [0.5, 0.5 / 1.5])
    assert agreement(labels.astype(float), labels) == pytest.approx(1)


def test_recall_of_identical_and_of_unrelated_embeddings() -> None:
    unit = NOISE.normal(size=(500, 16))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert recall(unit @ unit.T, 1) == 1
    other = NOISE.normal(size=(500, 16))
    assert recall(unit @ other.T, 10) < 0.06
    assert recall(np.ones((20, 20)), 1) == 0, "what cannot be told apart is not found"


def test_the_calibration_error_of_a_calibrated_source_is_near_zero() -> None:
    predicted = NOISE.random(20_000)
    happened = NOISE.random(20_000) < predicted
    assert calibration_error(reliability(predicted.tolist(), happened.tolist())) < 0.02
    assert calibration_error(reliability((predicted**3).tolist(), happened.tolist())) > 0.1


def test_modules_are_set_aside_whole() -> None:
    groups = [f"m{i % 10}" for i in range(200)]
    aside = set_aside(groups, seed=3)
    assert 0.1 < aside.mean() < 0.4
    assert not {g for g, a in zip(groups, aside, strict=True) if a} & {
        g for g, a in zip(groups, aside, strict=True) if not a
    }
    for few in (["a"] * 7, ["a"] * 6 + ["b"]):
        assert 0 < set_aside(few, seed=0).sum() < 7


# -------------------------------------------------------------------------------------- probes


def test_a_planted_signal_is_found_and_calibrated_and_random_labels_stay_at_chance() -> None:
    n, width = 2_000, 20
    inputs = NOISE.normal(3.0, 5.0, size=(n, width))
    odds = (inputs - 3) @ NOISE.normal(size=(width, 4)) / 5
    labels = (NOISE.random((n, 4)) < sigmoid(odds)).astype(np.float32)
    aside, learn, held = halves(n)
    probe = fit_probe(inputs[learn], labels[learn], aside, seed=0)
    best = [auc(odds[held, i], labels[held, i] > 0) for i in range(4)]
    found = [auc(probe.log_odds(inputs[held])[:, i], labels[held, i] > 0) for i in range(4)]
    assert min(np.array(found) - best) > -0.03
    probability = sigmoid(probe.log_odds(inputs[held]))
    assert calibration_error(reliability(probability.ravel().tolist(), (labels[held] > 0).ravel().tolist())) < 0.05
    weight, bias = probe.raw()
    np.testing.assert_allclose(inputs[held] @ weight.T + bias, probe.log_odds(inputs[held]), atol=1e-3)

    random = (NOISE.random((n, 4)) < 0.3).astype(np.float32)
    blind = fit_probe(inputs[learn], random[learn], aside, seed=0)
    for i in range(4):
        assert 0.42 < auc(blind.log_odds(inputs[held])[:, i], random[held, i] > 0) < 0.58


def test_the_control_task_gives_equal_texts_equal_labels_of_another_text() -> None:
    texts = [f"t{i % 50}" for i in range(150)]
    labels = np.repeat(np.eye(50, dtype=np.float32)[None], 3, 0).reshape(150, 50)
    moved = shuffled(labels, texts, seed=1)
    np.testing.assert_array_equal(moved[:50], moved[100:])
    np.testing.assert_array_equal(np.sort(moved[:50].argmax(1)), np.arange(50))
    assert (moved[:50] == labels[:50]).all(1).mean() < 0.2


def test_pairs_that_belong_together_are_aligned_and_unrelated_ones_are_not() -> None:
    n = 800
    hidden = NOISE.normal(size=(n, 24))
    goals = hidden @ NOISE.normal(size=(24, 40)) + 0.1 * NOISE.normal(size=(n, 40))
    aside, learn, held = halves(n)
    found = fit_alignment(hidden[learn], goals[learn], aside, seed=0)
    assert recall(found.similarity(hidden[held], goals[held]), 1) > 0.8
    assert recall(found.similarity(hidden[held], goals[held]).T, 1) > 0.8
    unrelated = NOISE.normal(size=(n, 40))
    none = fit_alignment(hidden[learn], unrelated[learn], aside, seed=0)
    assert recall(none.similarity(hidden[held], unrelated[held]), 10) < 0.1


def test_value_and_distance_are_learned_and_calibrated() -> None:
    n = 3_000
    inputs = NOISE.normal(size=(n, 8))
    proved = (NOISE.random(n) < sigmoid(2 * inputs[:, 0])).astype(np.float32)
    distance = np.where(proved > 0, np.where(inputs[:, 1] > 0, 4.0, 1.0), np.nan)
    aside, learn, held = halves(n)
    head = fit_value(inputs[learn], proved[learn], distance[learn], aside, seed=0)
    out = head.outputs(inputs[held])
    assert auc(out[:, 0], proved[held] > 0) > auc(inputs[held, 0], proved[held] > 0) - 0.03
    assert calibration_error(reliability(sigmoid(out[:, 0]).tolist(), (proved[held] > 0).tolist())) < 0.06
    far = np.isfinite(distance[held])
    # Taking 1 or 4 for all is off by 1.5.
    assert np.abs(1 + out[far, 1] - distance[held][far]).mean() < 1.0
    again = fit_value(inputs[learn], proved[learn], distance[learn], aside, seed=0)
    np.testing.assert_array_equal(again.outputs(inputs[held]), out)


# ------------------------------------------------------------------------- labels and features


def goal(term: str, symbols: tuple[str, ...] = ("HAdd.hAdd", "Nat"), relation: str = "eq") -> Structure:
    return Structure("t", "", relation, 1, 1, (Piece("", "target", symbols, term),))


def test_labels_name_symbols_binders_kind_and_relation() -> None:
    piece = Piece("", "target", ("Nat", "Eq"), "∀/2 Nat Eq/2 '0 '0")
    assert labels_of(piece, "forall") == {"Nat", "Eq", "binder ∀", "kind target", "relation forall"}
    assert "relation eq" not in labels_of(Piece("h", "fact", ("Eq",), "Eq/2 #a #b"), "eq")
    np.testing.assert_array_equal(multi_hot([frozenset("ac"), frozenset("x")], ["a", "b", "c"]), [[1, 0, 1], [0, 0, 0]])


def test_graph_features_see_edges_but_not_local_names() -> None:
    one, renamed, turned = (
        goal(term) for term in ("Eq/2 HAdd.hAdd/2 #a #b #a", "Eq/2 HAdd.hAdd/2 #x #y #x", "Eq/2 #a HAdd.hAdd/2 #a #b")
    )
    np.testing.assert_array_equal(graph_features(one), graph_features(renamed))
    assert graph_features(one) @ graph_features(turned) < 0.95
    np.testing.assert_array_equal(graph_features(one, edges=False), graph_features(turned, edges=False))
    assert graph_features(one).shape == (GRAPH_WIDTH,) and np.linalg.norm(graph_features(one)) == pytest.approx(1)


def test_words_of_a_span_and_of_its_goal_are_different_features() -> None:
    span, goal_ = word_features(["a + a"], [""]), word_features([""], ["a + a"])
    assert (span > 0).sum() == 2 and (span * goal_).sum() == 0


# --------------------------------------------------------------- all of it, on Lean and a model

STATEMENTS = {
    "comm": "(a b : Nat) : a + b = b + a",
    "zero": "(a : Nat) : a + 0 = a",
    "both": "(p q : Prop) (h : p ∧ q) : q ∧ p",
    "le": "(a b : Nat) (h : a ≤ b) : a < b + 1",
    "mul": "(a b c : Nat) : a * (b + c) = a * b + a * c",
    "or": "(p q : Prop) (h : p ∨ q) : q ∨ p",
    "imp": "(p q r : Prop) : (p → q) → (q → r) → p → r",
    "all": "(a : Nat) : ∀ b, a ≤ a + b",
}
TACTICS = (
    "intro x", "intros", "constructor", "cases h", "rcases h with ⟨x, y⟩", "induction a", "rw [Nat.add_comm]",
    "rw [Nat.mul_comm]", "omega", "rfl", "left", "grind",
)  # fmt: skip


def search(session: Session, name: str, statement: str) -> Attempt:
    """Every tactic on the theorem's state, and on every state after it, in real Lean."""
    tried: list[Tried] = []
    with LeanDomain(session.server()).open(Problem(statement, name)) as environment:
        states = [environment.initial_state]
        for at in range(4):
            if at == len(states):
                break
            results = environment.step(states[at], [Candidate(tactic, "test", score=1.0) for tactic in TACTICS])
            for tactic, result in zip(TACTICS, results, strict=True):
                child = -2 if result.status == "finished" else -1
                if result.state is not None and child == -1:
                    child = len(states)
                    states.append(result.state)
                tried.append(Tried(at, child, tactic, "test", 1.0, result.status.value, result.kind, 1))
        visited = []
        for at, state in enumerate(states):
            distance = 1 if any(step.parent == at and step.child == -2 for step in tried) else None
            visited.append(Visited(state.text, state.goals, state.size, int(at > 0), distance))
    return Attempt(
        name, statement, "", ("Init",), "", "proved", 1.0, len(tried), ("grind",), tuple(visited), tuple(tried)
    )


def prove(*arguments: object) -> Result:
    answer = CliRunner().invoke(cli, list(map(str, arguments)))
    assert answer.exit_code == 0, answer.output
    return answer


@pytest.fixture(scope="module")
def fitted(lean_toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, an encoding of some hundred real steps, and a mapper."""
    from tiny_models import make

    folder = tmp_path_factory.mktemp("mapper")
    make("llama", folder / "model")
    with Session() as session:
        for name, statement in STATEMENTS.items():
            append(folder / "searches.jsonl", search(session, name, f"theorem t {statement}"))
    encode = ("encode", folder / "searches.jsonl", "--model", folder / "model", "--tries", "3")
    prove(*encode, "-o", folder / "encoding")
    prove("mapper", "fit", folder / "encoding", "-o", folder / "fitted", "--set", "least=3", "--set", "held_out=0.3")
    return folder


def test_lean_describes_the_encoded_states(fitted: Path) -> None:
    known = read_structures(fitted / "encoding")
    steps = list(open_encoding(fitted / "encoding").steps())
    assert len(steps) >= 30
    before = {(step.theorem, step.state_before) for step in steps}
    after = {(s.theorem, s.state_after) for s in steps if s.state_after not in (None, "no goals")}
    assert len(before & set(known)) > 0.9 * len(before) and len(after & set(known)) > 0.8 * len(after)
    root = next(structure for (name, _), structure in known.items() if name == "both" and structure.goals == 1)
    assert root.relation == "and" and {"And"} <= set(root.pieces[-1].symbols)
    assert next(piece.kind for piece in root.pieces if piece.name == "h") == "fact"


def test_a_mapper_says_what_it_is_made_of_and_is_made_again_the_same(fitted: Path, tmp_path: Path) -> None:
    about = json.loads((fitted / "fitted" / "mapper.json").read_text("utf-8"))
    assert {"Nat", "HAdd.hAdd", "instHAdd", "kind fact", "kind variable", "relation eq"} <= set(about["symbols"])
    assert len(about["data_sha256"]) == 64 and about["settings"]["least"] == 3
    assert (fitted / "fitted" / "README.md").is_file()
    mapper = SymbolicMapper.load(fitted / "fitted")
    assert mapper.weights["probe.weight"].shape == (len(mapper.layers), len(mapper.symbols), 32)
    kept = (fitted / "encoding" / "structures.jsonl").read_bytes()
    prove("mapper", "fit", fitted / "encoding", "-o", tmp_path / "m", "--set", "least=3", "--set", "held_out=0.3")
    assert (fitted / "encoding" / "structures.jsonl").read_bytes() == kept, "Lean was asked again"
    again = SymbolicMapper.load(tmp_path / "m")
    assert again.about == mapper.about
    for name, weight in mapper.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)


def test_evaluate_sets_all_parts_beside_their_controls(fitted: Path, tmp_path: Path) -> None:
    answer = prove(
        "mapper", "evaluate", fitted / "fitted", fitted / "encoding", "-o", tmp_path, "--untrained", "--json"
    )
    found = json.loads(answer.stdout)
    probes, goals, value, steps = (found[key] for key in ("probes", "alignment", "value", "consistency"))
    assert [score["layer"] for score in probes["layers"]] == [0, 1, 2]
    for score in probes["layers"]:
        assert all(0 <= score[key] <= 1 for key in ("micro", "macro", "control", "untrained"))
    # Which words are there tells a tiny random model and a bag of words alike: both beat labels of other spans.
    assert probes["micro"] > probes["control"] and probes["words_of_span"]["micro"] > probes["control"]
    assert probes["selectivity"] == pytest.approx(probes["micro"] - probes["control"])
    assert probes["by_symbol"]["kind target"]["spans"] > 0
    assert goals["goals"] >= 2 and goals["to_goal_recall@10"] >= goals["to_goal_recall@1"]
    assert value["theorems_with_both"] > 0 and 0 <= value["auc_within_theorems"] <= 1
    assert value["states"] > 0 and 0 <= value["calibration_error"] <= 1 and "predicted" not in value
    assert steps["steps"] > 0 and 0 <= steps["outcome_accuracy"] <= 1
    numbers = json.loads((tmp_path / "numbers.json").read_text("utf-8"))
    assert len(numbers["value"]["predicted"]) == value["states"]
    assert "| random weights: micro |" in (tmp_path / "table.md").read_text("utf-8")
    for name in ("probes.png", "calibration.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_read_says_of_each_step_whether_the_model_knew(fitted: Path, tmp_path: Path) -> None:
    prove("prove", "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p", "--save", tmp_path / "runs", "--seed", "1")
    (run,) = (tmp_path / "runs").iterdir()
    answer = prove("mapper", "read", run, "--mapper", fitted / "fitted", "-o", tmp_path / "probes.json", "--json")
    steps = json.loads(answer.stdout)["steps"]
    assert steps and {step["outcome"] for step in steps} >= {"finished"}
    assert all(0 <= step["outcome_expected"] <= 1 for step in steps)
    assert all(0 <= step["agreement"] <= 1 for step in steps if step["outcome"] == "progress" and "agreement" in step)
    probes = json.loads((tmp_path / "probes.json").read_text("utf-8"))
    assert 0 <= probes["0"]["goal"]["on a proof"] <= 1 and "target" in probes["0"] and "h : p ∧ q" in probes["0"]
    page = tmp_path / "report.html"
    prove("report", run, "--probes", tmp_path / "probes.json", "-o", page)
    assert "on a proof" in page.read_text("utf-8")


def test_a_curriculum_takes_what_the_mapper_doubts_for_hard(fitted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def theorem(state: str, steps: int = 1) -> TracedTheorem:
        return TracedTheorem("", "", "", "t", (1, 1), (1, 1), (TracedTactic("simp", ("simp", ()), state, ""),) * steps)

    hard, easy = MapperBased({"⊢ A": 0.1, "⊢ B": 0.9}.__getitem__).difficulty, theorem("⊢ B")
    assert hard(theorem("⊢ A")) > hard(theorem("⊢ B", 5)) > hard(easy) > 0
    assert hard(theorem("⊢ A", 0)) == float("inf")
    monkeypatch.delenv("PROVER_MAPPER", raising=False)
    with pytest.raises(BadInput, match="PROVER_MAPPER"):
        MapperBased().difficulty(easy)
    monkeypatch.setenv("PROVER_MAPPER", str(fitted / "fitted"))
    state = "a : Nat\n⊢ a + 0 = a"
    assert MapperBased().difficulty(theorem(state)) == pytest.approx(1 - value_of_text()(state), abs=1e-5)


def test_bad_input_is_said(fitted: Path, tmp_path: Path) -> None:
    from tiny_models import make

    runner = CliRunner()
    few = runner.invoke(cli, ["mapper", "fit", str(fitted / "encoding"), "-o", str(tmp_path), "--set", "least=999"])
    assert few.exit_code == 2 and "no symbol occurs in 999 spans" in few.output
    none = runner.invoke(cli, ["mapper", "evaluate", str(tmp_path), str(fitted / "encoding")])
    assert none.exit_code == 2 and "prove mapper fit" in none.output
    make("qwen", tmp_path / "other")
    for name in ("searches.jsonl",):
        shutil.copy(fitted / name, tmp_path / name)
    prove("encode", tmp_path / "searches.jsonl", "--model", tmp_path / "other", "-o", tmp_path / "e", "--limit", "3")
    other = runner.invoke(cli, ["mapper", "evaluate", str(fitted / "fitted"), str(tmp_path / "e")])
    assert other.exit_code == 2 and "the mapper was fitted to" in other.output
