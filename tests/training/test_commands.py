"""Settings, `prove train …` on real Lean, expert iteration that resumes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from prover_training.expert_iteration import IterationConfig, Round, best, best_proofs, expert_iteration
from prover_training.gather import GatherConfig
from prover_training.held_out import apart, at_most
from prover_training.sft import SftConfig

from prover.cli.main import cli
from prover.errors import BadInput
from prover.lean.toolchain import Toolchain
from prover.problem import Problem
from prover.settings import read_settings
from prover.traces.searches import read_attempts

STATEMENTS = {
    "add": "theorem t (a b : Nat) : a + b = b + a",
    "zero": "theorem t (a : Nat) : a + 0 = a",
    "both": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p",
    "rev": "theorem t (l : List Nat) : l.reverse.reverse = l",
}


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps({"name": n, "statement": s}) + "\n" for n, s in STATEMENTS.items()))
    return path


def test_settings_of_a_file_and_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('[sft]\nsteps = 7\nlearning_rate = 1\ncurriculum = "length"\n')
    found = read_settings(SftConfig, "sft", file, ["steps=9", "prompt=bfs"], seed=None)
    assert (found.steps, found.learning_rate, found.curriculum, found.prompt, found.seed) == (
        9,
        1.0,
        "length",
        "bfs",
        0,
    )
    for sets, said in ((["stepps=1"], "no setting 'stepps'"), (["steps=x"], "TOML"), (["steps"], "NAME=VALUE")):
        with pytest.raises(BadInput, match=said):
            read_settings(SftConfig, "sft", None, sets)
    file.write_text("[sft]\nsteps = 'many'\n")
    with pytest.raises(BadInput, match="kind int"):
        read_settings(SftConfig, "sft", file)


def test_gather_keeps_every_step_and_goes_on(lean_toolchain: Toolchain, problems: Path, tmp_path: Path) -> None:
    out = tmp_path / "attempts.jsonl"
    arguments = [
        "train",
        "gather",
        str(problems),
        "-o",
        str(out),
        "--set",
        "seconds=120",
        "--set",
        "steps=30",
        "--json",
    ]
    first = CliRunner().invoke(cli, [*arguments, "--limit", "2"])
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(cli, arguments)
    assert json.loads(again.stdout)["attempts"] == 4
    attempts = list(read_attempts(out))
    assert len({a.name for a in attempts}) == 4 and all(a.tried for a in attempts)
    proved = [a for a in attempts if a.status == "proved"]
    assert len(proved) >= 3
    for attempt in proved:
        assert attempt.states[0].distance is not None
        assert {step.status for step in attempt.tried} & {"finished"}
    assert set(best_proofs(attempts)) == {a.name for a in proved}


def test_expert_iteration_learns_measures_and_resumes(
    lean_toolchain: Toolchain, tmp_path: Path, attempts: Path
) -> None:
    from prover_training.train_command import _problems

    path = tmp_path / "problems.jsonl"
    lines = [
        json.dumps({"name": f"p{i}", "statement": f"theorem t (a b : Nat) (h : a = b + {i}) : b + {i} = a"})
        for i in range(24)
    ]
    path.write_text("\n".join(lines) + "\n")
    every = _problems(path)
    config = IterationConfig(rounds=1, problems=16, seconds=60.0, steps=4, epochs=1)
    out = tmp_path / "run"
    said: list[str] = []
    rounds = expert_iteration(every[:20], every[20:], out, config, say=said.append)
    assert [r.number for r in rounds] == [0, 1] and rounds[1].searched == 16 and rounds[1].proved > 10
    assert all(0 <= r.held_out <= r.of == 4 for r in rounds)
    assert (out / "round1" / "model" / "model.safetensors").is_file() and (out / "rounds.json").is_file()
    with pytest.raises(BadInput, match="--resume"):
        expert_iteration(every[:20], every[20:], out, config)
    assert expert_iteration(every[:20], every[20:], out, config, resume=True) == rounds


def test_expert_iteration_with_a_language_model(lean_toolchain: Toolchain, tmp_path: Path) -> None:
    pytest.importorskip("trl")
    # Goals of one kind that the model was shown, with other names; held out are others of that kind.
    path, data = tmp_path / "problems.jsonl", tmp_path / "data.jsonl"
    letters = [(a, b) for a in "abcdefgh" for b in "mnuvw"]
    lines = [
        json.dumps({"name": f"p{i}", "statement": f"theorem t ({a} {b} : Prop) (h : {a} ∧ {b}) : {b}", "imports": []})
        for i, (a, b) in enumerate(letters)
    ]
    path.write_text("\n".join(lines[:12]) + "\n")
    (tmp_path / "held.jsonl").write_text("\n".join(lines[12:18]) + "\n")
    from prover_training.elementary import run_in_lean

    from prover.lean.environment import LeanDomain
    from prover.session import Options, Session
    from prover.traces.searches import append

    with Session(Options(use_service=False)) as session:
        for i, (a, b) in enumerate(letters[18:]):
            statement = f"theorem t ({a} {b} : Prop) (h : {a} ∧ {b}) : {b}"
            found = run_in_lean(statement, ["exact h.2"], f"d{i}", LeanDomain(session.server()).open)
            assert found is not None
            append(data, found)
    words = ["train", "expert-iteration", str(path), "--validation", str(tmp_path / "held.jsonl"), "--data", str(data)]
    sets = "learner=lm rounds=1 problems=12 steps=6 first=60 updates=10 batch=8 words=300 width=32 layers=1 length=96"
    words += [word for text in (*sets.split(), "learning_rate=0.01") for word in ("--set", text)]
    answer = CliRunner().invoke(cli, [*words, "-o", str(tmp_path / "run"), "--json"])
    assert answer.exit_code == 0, answer.output
    first, second = json.loads(answer.stdout)["rounds"]
    assert first["held_out"] >= 3 and first["of"] == second["of"] == 6, "it learned what it was shown"
    assert second["searched"] == 12 and second["proved"] >= 6 and second["measures"]["pairs"] > 22
    for attempt in read_attempts(tmp_path / "run" / "round1" / "attempts.jsonl"):
        assert {step.proposer for step in attempt.tried} == {"lrm"}
    assert (tmp_path / "run" / "rounds.png").is_file()
    again = CliRunner().invoke(cli, [*words, "-o", str(tmp_path / "run"), "--resume", "--json"])
    assert json.loads(again.stdout)["rounds"] == [first, second]
    refused = CliRunner().invoke(cli, [*words, "--set", "learner=hope", "-o", str(tmp_path / "other")])
    assert refused.exit_code == 2 and "there are ranker and lm" in refused.output
    # The model alone, as a command.
    model = str(tmp_path / "run" / "round0" / "model")
    held, out = str(tmp_path / "held.jsonl"), str(tmp_path / "alone.jsonl")
    answer = CliRunner().invoke(
        cli, ["train", "alone", held, "--model", model, "-o", out, "--set", "steps=6", "--json"]
    )
    found_alone = json.loads(answer.stdout)
    assert found_alone["problems"] == 6 and found_alone["proved"] == first["held_out"]


def test_held_out_modules_are_those_that_nothing_is_learned_from(tmp_path: Path) -> None:
    from conftest import attempt

    from prover.bench.suite import read_suite
    from prover.traces.searches import append

    def problem(name: str, module: str) -> str:
        return json.dumps({"name": name, "statement": "theorem t : True", "module": module}) + "\n"

    append(tmp_path / "data.jsonl", attempt("x", "Init.A", "a"))
    append(tmp_path / "data.jsonl", attempt("linear_1", "", "a"))
    (tmp_path / "held.jsonl").write_text(
        problem("a", "Init.A") + problem("b", "Init.B") + problem("c", "Init.C")
        + problem("linear_1", "generated.linear") + problem("linear_2", "generated.linear")
    )  # fmt: skip
    (tmp_path / "train.jsonl").write_text(problem("d", "Init.C") + problem("linear_3", "generated.linear"))
    held, learned = (read_suite(tmp_path / f"{part}.jsonl").problems for part in ("held", "train"))
    assert [p.name for p in apart(held, learned, [tmp_path / "data.jsonl"])] == ["b", "linear_2"]


def test_of_every_module_a_few() -> None:
    problems = [Problem(f"theorem t{n} : True", f"t{n}", metadata={"module": f"M{n % 3}"}) for n in range(40)]
    problems += [Problem("theorem alone : True", "alone")]
    chosen = at_most(problems, 4, seed=0)
    counts = Counter(problem.metadata.get("module", "") for problem in chosen)
    assert counts == {"": 1, "M0": 4, "M1": 4, "M2": 4}
    assert chosen == at_most(problems, 4, seed=0) != at_most(problems, 4, seed=1)


def test_the_best_round_goes_on() -> None:
    rounds = [Round(0, 0, 0, 0, 5, 9, ""), Round(1, 9, 5, 9, 7, 9, "one"), Round(2, 18, 6, 9, 6, 9, "two")]
    assert best(rounds).model == "one"
    assert GatherConfig().explore > 0


def test_evaluate_compares_two_models_in_turn(lean_toolchain: Toolchain, problems: Path, tmp_path: Path) -> None:
    """At most three problems, and not the one of a module that was learned from."""
    from conftest import attempt

    from prover.traces.searches import append

    out, seen = tmp_path / "runs", tmp_path / "seen.jsonl"
    with problems.open("a") as file:
        file.write(json.dumps({"name": "l", "module": "Init.Learned", "statement": "theorem l : 1 + 1 = 2"}) + "\n")
    append(seen, attempt("x", "Init.Learned", "a"))
    words = ["--steps", "20", "--seconds", "120", "--apart-from", str(seen), "--each", "3", "-o", str(out), "--json"]
    answer = CliRunner().invoke(cli, ["train", "evaluate", str(problems), *words])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert found["compared"] == 3 and found["rate_a"]["value"] >= 0.5
    assert (out / "a" / "results.jsonl").is_file() and (out / "plot.png").is_file()
