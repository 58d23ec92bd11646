"""One child process for the tests of the math domain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prover_plugins.math.process import MathProcess


@pytest.fixture(scope="session")
def math_process() -> Iterator[MathProcess]:
    with MathProcess() as process:
        yield process
