"""The ranker: it learns what helped, computes the same with numpy as with torch, and is used by a search."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import msgspec
import numpy as np
import torch
from prover_plugins.lrm.ranker import LearnedRanker
from prover_training import ranker as training
from prover_training.ranker_data import Met, examples, held_out

from prover.domain import POSTPONED, Candidate
from prover.errors import BadInput
from prover.model import features
from prover.model.language_model import ModelError
from prover.model.ranker import RankerModel, Ranking
from prover.problem import Problem
from prover.traces.searches import CLOSED, Attempt, Tried, Visited, read_attempts

STATE = "k : Nat\n⊢ k + 0 = k"


class State:
    key, text, goals, size = "k", STATE, 1, 8


@pytest.fixture
def folder(attempts: Path, tmp_path: Path) -> Path:
    every = list(read_attempts(attempts))
    config = training.RankerConfig(width=16, hidden=16, epochs=30, batch=8, learning_rate=2e-2, pace=0.0)
    learned, kept = held_out(every, fraction=0.3, seed=1)
    trained = training.train(examples(learned), examples(kept), config)
    met = Met.of(every, least_steps=1, least_searches=1)
    training.save(trained, config, met, tmp_path / "model", {"attempts": len(every)})
    return tmp_path / "model"


def test_it_puts_first_what_helped_also_with_another_variable(folder: Path) -> None:
    model = RankerModel.load(folder)
    actions = ["omega", "rw [Nat.add_comm]", "cases k <;> skip"]
    ranking = model.rank(STATE, 1, 8, actions, [0.2, 1.0, 2.0])
    assert int(ranking.log_probability.argmax()) == 2
    assert (ranking.log_probability <= 0).all() and ranking.seconds[0] > ranking.seconds[1]
    assert (folder / "README.md").is_file() and json.loads((folder / "training.json").read_text())["attempts"] == 44


def test_numpy_computes_what_torch_does() -> None:
    torch.manual_seed(0)
    config = training.RankerConfig()
    network = training.RankerNetwork(config, np.zeros(features.DENSE), np.ones(features.DENSE))
    for table in (network.state, network.action, network.cross):
        torch.nn.init.normal_(table.weight, std=0.1)
    network.half().float().eval()
    batch = features.read_actions(
        features.read_state(STATE, 1, 8), ["omega", "induction k <;> simp_all", ""], [0.1, 2, 3]
    )
    ours = training.export(network, config).judge(batch)
    with torch.no_grad():
        states = torch.from_numpy(np.repeat(batch.state[None, :], 3, axis=0))
        theirs = network(states, *(torch.from_numpy(a) for a in (batch.actions, batch.crosses, batch.dense)))
    expected = torch.nn.functional.logsigmoid(theirs[:, 0]).numpy()
    assert ours.log_probability == pytest.approx(expected, abs=1e-3)
    assert np.log(ours.seconds) == pytest.approx(theirs[:, 1].numpy(), abs=1e-2)


def test_features_do_not_depend_on_names() -> None:
    one = features.read_actions(features.read_state("k : Nat\n⊢ k + 0 = k", 1, 8), ["induction k"], [1.0])
    two = features.read_actions(features.read_state("long : Nat\n⊢ long + 0 = long", 1, 8), ["induction long"], [1.0])
    assert (one.state == two.state).all() and (one.actions == two.actions).all() and (one.crosses == two.crosses).all()
    three = features.read_actions(features.read_state("k : Nat\n⊢ k + 0 = k", 1, 8), ["cases k"], [1.0])
    assert (one.actions != three.actions).any()


def test_a_postponed_step_is_no_example(attempts: Path) -> None:
    attempt = next(attempt for attempt in read_attempts(attempts) if len(attempt.tried) > 1)
    (one,) = examples([msgspec.structs.replace(attempt, tried=attempt.tried[:2])])
    postponed = msgspec.structs.replace(attempt.tried[0], kind=POSTPONED)
    (other,) = examples([msgspec.structs.replace(attempt, tried=(postponed, attempt.tried[1]))])
    assert (len(one.labels), len(other.labels)) == (2, 1)


def test_an_end_that_was_rejected_says_nothing() -> None:
    """Of a library theorem that is asked for again most ends are by itself; only the one that was accepted counts."""
    state = Visited("⊢ a = b", 1, 3, 0, 1)
    steps = tuple(Tried(0, CLOSED, action, "p", 1.0, "finished", "", 1000) for action in ("exact T", "simp"))
    again = Attempt("T", "theorem t : type_of% @T", "", (), "M", "proved", 1.0, 2, ("simp",), (state,), steps)
    assert [again.on_proof(step) for step in steps] == [False, True]
    (example,) = examples([again])
    assert example.labels.tolist() == [1.0]
    (both,) = examples([msgspec.structs.replace(again, statement="theorem t : a = b")])
    assert both.labels.tolist() == [1.0, 1.0]
    assert examples([msgspec.structs.replace(again, status="not_proved", actions=())]) == []


def test_slow_steps_are_put_back_by_pace() -> None:
    ranking = Ranking(np.log(np.array([0.5, 0.3, 0.5])), np.array([0.2, 0.02, 0.001]), np.full(3, True))
    assert RankerModel({}, pace=0.0).log_preference(ranking) == pytest.approx(ranking.log_probability)
    # By probability for each second the second one comes before the first; nothing is quicker than a request.
    by_pace = RankerModel({}, pace=1.0).log_preference(ranking)
    assert by_pace[1] > by_pace[0] and by_pace[2] == pytest.approx(np.log(0.5))


def test_a_form_of_tactic_that_training_never_met_keeps_its_own_cost(folder: Path) -> None:
    model = RankerModel.load(folder)
    costs = [0.1, 0.2, 0.3]
    ranking = model.rank(STATE, 1, 8, ["omega", "nobody has seen this", "cases k <;> skip"], costs)
    assert ranking.known.tolist() == [True, False, True]
    plugin = LearnedRanker()
    actions = ("omega", "nobody has seen this")
    candidates = [Candidate(action, "automation", score=0.5) for action in actions]
    ranked = plugin.rank(Problem("theorem t", metadata={"model": str(folder)}), State(), candidates)
    assert ranked is not None and ranked[0] is not None and ranked[1] is None
    # In the model's own order the unknown one stands where its proposer put it: behind what the model is sure of.
    sure = replace(ranking, log_probability=np.array([-9.0, -9.0, -0.01]))
    assert model.order(sure, np.array([0.1, 1.0, 3.0])).tolist() == [2, 1, 0]


def test_a_state_that_names_what_training_never_met_is_not_judged(folder: Path) -> None:
    model = RankerModel({}, names=["List.length", "Nat.succ"])
    assert model.is_familiar("xs : List Nat\n⊢ List.length xs = xs.sum", "")
    assert not model.is_familiar("m : Std.Raw Nat\n⊢ m.size = 0", "")
    assert model.is_familiar("t : Tree.Node Nat\n⊢ t.size = 0", "inductive Tree.Node (α : Type)")
    assert RankerModel({}).is_familiar("m : Std.Raw Nat\n⊢ m.size = 0", "")

    class Unknown(State):
        text = "m : Std.Raw Nat\n⊢ m.size = 0"

    candidates = [Candidate("omega", "automation", score=0.9)]
    problem = Problem("theorem t", metadata={"model": str(folder)})
    assert LearnedRanker().rank(problem, Unknown(), candidates) is None
    assert LearnedRanker().rank(problem, State(), candidates) is not None


def test_the_plugin_ranks_what_it_learned_to_judge_and_is_silent_without_a_model(folder: Path, tmp_path: Path) -> None:
    plugin = LearnedRanker()
    problem = Problem("theorem t", metadata={"model": str(folder)})
    candidates = [Candidate("omega", "automation", score=0.9), Candidate("cases k <;> skip", "automation", score=0.1)]
    ranked = plugin.rank(problem, State(), [*candidates, Candidate("x", "stranger", score=0.5)])
    assert ranked is not None and ranked[0] is not None and ranked[1] is not None
    assert ranked[1] > ranked[0] and ranked[2] is None
    assert plugin.rank(Problem("theorem t", metadata={"model": "none"}), State(), candidates) is None
    assert plugin.rank(Problem("t", domain="math", metadata={"model": str(folder)}), State(), candidates) is None
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "ranker"}')
    assert plugin.rank(Problem("theorem t", metadata={"model": str(broken)}), State(), candidates) is None
    with pytest.raises(ModelError, match="cannot read the ranker"):
        RankerModel.load(broken)


def test_nothing_to_learn_from_is_one_clear_line() -> None:
    with pytest.raises(BadInput, match="needs attempts"):
        training.train([], [], training.RankerConfig())


def test_the_default_model_is_small_and_loads() -> None:
    from prover.model.loading import default_folder

    folder = default_folder()
    assert folder is not None
    assert (folder / "model.safetensors").stat().st_size <= 16 * 2**20
    assert "automation" in RankerModel.load(folder).proposers


def test_the_model_is_read_while_the_problem_opens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prover.preparing import warm_up

    plugin = LearnedRanker()
    warm_up([plugin], Problem("theorem t", metadata={"model": str(folder)}))
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join(30)
    (folder / "config.json").unlink()  # whoever came now would find none
    assert plugin._models.of(folder) is not None
    monkeypatch.setattr(RankerModel, "load", lambda folder: pytest.fail("a model is read that is not wanted"))
    LearnedRanker().warm_up(Problem("theorem t", metadata={"model": "none"}))
