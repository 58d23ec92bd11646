"""Stand-ins for Lean."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from prover.lean.toolchain import ServerCommand

FAKE_SERVER = Path(__file__).parent / "lean" / "fake_server.py"


@dataclass(frozen=True)
class FakeToolchain:
    """Runs ``fake_server.py`` instead of Lean; ``wrapper`` is put before its command line."""

    memory_limit_mb: int = 400
    arguments: tuple[str, ...] = ()
    kind: str = "fake"
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ), compare=False)

    def server_command(self, source: Path) -> ServerCommand:
        argv = [sys.executable, str(FAKE_SERVER), *self.arguments]
        return ServerCommand(argv, self.env, FAKE_SERVER.parent)
