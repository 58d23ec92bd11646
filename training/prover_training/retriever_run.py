"""``prove train retriever``: from a corpus to the folder of a model."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from prover_plugins.lrm.retriever import Retrieval

from prover.bench.suite import read_suite
from prover.errors import BadInput
from prover.lean.index import load
from prover.model.loading import NONE
from prover.problem import Problem
from prover.session import Options, Session
from prover_training.applying import fit, try_uses
from prover_training.card import data_hash
from prover_training.retriever import RetrieverConfig, Statements, save, train

IMPORTS = ("Init", "Std")


def train_retriever(
    corpus: Path, out: Path, config: RetrieverConfig, *, trials: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Trains on the library, without the modules that ``corpus`` holds out; tries uses on its training problems; writes
    the model to ``out`` and gives the facts of its card.

    Raises:
        BadInput: ``corpus`` is none. ToolchainError: there is no Lean. InfrastructureFault: Lean fails.
    """
    parts = {name: list(read_suite(corpus / f"{name}.jsonl").problems) for name in ("train", "val", "test")}
    held_out = {_module(problem) for name in ("val", "test") for problem in parts[name]}
    out.mkdir(parents=True, exist_ok=True)
    file = trials or out / "trials.jsonl"
    with Session(Options(use_service=False, model=NONE)) as session:
        server = session.server()
        statements = Statements.of(load(server, server.open_environment(IMPORTS).environment, IMPORTS))
        trained = train(statements, held_out, config, say)
        drawn = random.Random(config.seed).sample(parts["train"], min(config.problems, len(parts["train"])))
        tried = try_uses(session, drawn, Retrieval(trained.model), file, say)
    if not tried:
        raise BadInput(f"no problem of {corpus} could be opened; build the corpus again with: prove corpus build")
    model = type(trained.model)(trained.model.weights, fit(tried))
    files = [corpus / f"{name}.jsonl" for name in parts]
    facts = {
        "kind": "retriever of theorems", "theorems": len(statements.names), "held_out_modules": len(held_out),
        "corpus_sha256": data_hash(files), "uses_tried": len(tried), "uses_that_closed": sum(t.closed for t in tried),
        "problems": len({t.problem for t in tried}), "epochs": config.epochs, "seed": config.seed,
        "command": f"prove train retriever --corpus {corpus} --trials {file} --out {out} "
        f"--set problems={config.problems} --set epochs={config.epochs} --seed {config.seed}",
    }  # fmt: skip
    trained = replace(trained, model=model)
    save(trained, config, out, facts)
    return {**facts, "history": trained.history}


def _module(problem: Problem) -> str:
    return problem.metadata.get("module", "")
