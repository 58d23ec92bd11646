"""Traces a git repository with the lean-dojo package, for users who have elan and the network.

The package is imported only here and only when asked for: importing it runs git, makes folders and, where a
GitHub token is set, calls the network.
"""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

from prover.errors import BadInput, InfrastructureFault
from prover.traces.benchmark import write_benchmark
from prover.traces.splits import split
from prover.traces.theorem import CorpusFile, CorpusPremise, Premise, TracedTactic, TracedTheorem


def trace_repository(url: str, commit: str, out: Path, *, seed: int, val: float, test: float) -> dict[str, Any]:
    """Traces ``url`` at ``commit`` and writes it to ``out`` as a benchmark; returns a summary.

    Raises:
        BadInput: lean-dojo or elan is not installed.
        InfrastructureFault: the network, GitHub or Lean's build failed.
    """
    if shutil.which("elan") is None:
        raise BadInput("--repo needs elan, which is not on the PATH; see https://github.com/leanprover/elan")
    try:
        # By name: it is an extra, and has no types.
        lean_dojo: Any = importlib.import_module("lean_dojo")
    except ImportError as error:
        raise BadInput("--repo needs the package lean-dojo: pip install 'neural-prover[leandojo]'") from error
    except Exception as error:
        raise InfrastructureFault(f"lean-dojo cannot be imported here: {_line(error)}") from error
    try:
        traced = lean_dojo.trace(lean_dojo.LeanGitRepo(url, commit))
    except Exception as error:
        # Whatever a repository's build, git or GitHub raise: it is theirs, and says nothing of us.
        raise InfrastructureFault(f"lean-dojo cannot trace {url} at {commit}: {_line(error)}") from error
    theorems = [_theorem(found, url, commit) for found in traced.get_traced_theorems()]
    corpus = [_file(traced, found) for found in traced.traced_files]
    metadata = {"from_repo": {"url": url, "commit": commit}, "leandojo_version": lean_dojo.__version__, "seed": seed}
    parts = write_benchmark(out, split(theorems, seed=seed, val=val, test=test), corpus, metadata)
    tactics = sum(len(theorem.traced_tactics) for theorem in theorems)
    return {"out": str(out), "theorems": len(theorems), "tactics": tactics, "splits": parts, "failed": []}


def _theorem(found: Any, url: str, commit: str) -> TracedTheorem:
    return TracedTheorem(
        url,
        commit,
        str(found.theorem.file_path),
        found.theorem.full_name,
        tuple(found.start),
        tuple(found.end),
        tuple(
            tactic(step)
            for step in found.get_traced_tactics()
            # As LeanDojo's own benchmark: bullets are no steps, nor is what stands after the end.
            if step.state_before != "no goals" and "·" not in step.tactic
        ),
    )


def tactic(step: Any) -> TracedTactic:
    """A ``lean_dojo.TracedTactic`` as ours."""
    text, premises = step.get_annotated_tactic()
    marked = tuple(
        Premise(q["full_name"], q["def_path"], tuple(q["def_pos"]), tuple(q["def_end_pos"])) for q in premises
    )
    return TracedTactic(step.tactic, (text, marked), step.state_before, step.state_after)


def _file(traced: Any, found: Any) -> CorpusFile:
    imports = tuple(str(path) for path in traced.traced_files_graph.successors(str(found.path)))
    premises = tuple(
        CorpusPremise(q["full_name"], q["code"], tuple(q["start"]), tuple(q["end"]), q["kind"])
        for q in found.get_premise_definitions()
    )
    return CorpusFile(str(found.path), imports, premises)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
