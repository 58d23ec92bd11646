"""A real sandbox for the tests of the code domain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prover_plugins.code_exec.sandbox.client import Limits, Sandbox
from prover_plugins.code_exec.tasks import Task, read_tasks

from prover.errors import InfrastructureFault

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples" / "code"
QUICK = Limits(call=0.5, total=6.0, memory=256 * 2**20)


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox(QUICK) as sandbox:
        try:
            sandbox.layers  # noqa: B018 - starts it
        except InfrastructureFault as fault:
            pytest.skip(str(fault))
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    """A started sandbox with short limits, one for all tests."""
    return _sandbox


@pytest.fixture(scope="session")
def simple() -> dict[str, Task]:
    """The simple examples by the name of their function."""
    return {task.entry_point: task for task in read_tasks(EXAMPLES / "simple.jsonl")}
