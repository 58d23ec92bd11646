"""Fixtures of the tests of ``prover.lean``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import FakeToolchain

from prover.lean.server import LeanServer


@pytest.fixture
def fake_server(fake_toolchain: FakeToolchain) -> Iterator[LeanServer]:
    """A client of the fake server with little patience."""
    with LeanServer(fake_toolchain, grace_seconds=0.5) as server:
        yield server
