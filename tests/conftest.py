"""What all tests share: one warm real Lean for the whole session, and toolchains without Lean."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import FakeToolchain

from prover.lean.environment import LeanDomain, LeanEnvironment
from prover.lean.goals import LeanState
from prover.lean.server import LeanServer
from prover.lean.toolchain import Toolchain
from prover.problem import Problem


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "lean_server" in names or "lean_toolchain" in names:
            item.add_marker("lean")


@pytest.fixture(scope="session")
def lean_toolchain() -> Toolchain:
    """The embedded Lean, installed if it is not."""
    from prover.lean.embedded import installer, launcher

    installer.install()
    return Toolchain("embedded", memory_limit_mb=launcher.MEMORY_LIMIT_MB)


@pytest.fixture(scope="session")
def _session_lean(lean_toolchain: Toolchain) -> Iterator[LeanServer]:
    with LeanServer(lean_toolchain) as server:
        yield server


@pytest.fixture
def lean_server(_session_lean: LeanServer) -> Iterator[LeanServer]:
    """The session's real Lean server; what a test opens is released after it."""
    yield _session_lean
    _session_lean.release_all()


@pytest.fixture
def opened(lean_server: LeanServer) -> Iterator[Callable[..., tuple[LeanEnvironment, LeanState]]]:
    """Opens a statement (with a header) on the real Lean; all are closed after the test."""
    environments: list[LeanEnvironment] = []

    def open_(statement: str, header: str = "") -> tuple[LeanEnvironment, LeanState]:
        environments.append(LeanDomain(lean_server).open(Problem(statement, header=header)))
        return environments[-1], environments[-1].initial_state

    yield open_
    for environment in environments:
        environment.close()


@pytest.fixture
def fake_toolchain() -> FakeToolchain:
    """A toolchain without Lean, for what does not depend on it."""
    return FakeToolchain()


@pytest.fixture
def runtime_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A private place for the resident service (short: a socket's path may have 108 bytes)."""
    with tempfile.TemporaryDirectory(prefix="np") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder) / "neural-prover"
        from prover import service

        service.stop()
