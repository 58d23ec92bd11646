"""The command line on the session's one real Lean, and on none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from prover.cli.main import cli
from prover.lean.server import LeanServer

PLUGIN = "tests.cli.toy_plugin"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """What a call of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output; fails where there is more, or something else."""
        assert self.out.count("\n") == 1, self.out
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Prove = Callable[..., Ran]


def call(*words: str, stdin: str | bytes | None = None) -> Ran:
    """Runs `prove` in this process."""
    result = CliRunner().invoke(cli, list(words), input=stdin, catch_exceptions=False, prog_name="prove")
    return Ran(result.exit_code, result.stdout, result.stderr)


class Borrowed:
    """The shared server, which a session must not end."""

    def __init__(self, server: LeanServer) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def close(self) -> None:
        """Does nothing: the fixture ends it."""


@pytest.fixture
def prove(lean_server: LeanServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Prove:
    """`prove` on real Lean with only the toy proposer counting, in an empty folder."""
    from prover import plugins, service

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setattr(service, "open_server", lambda *args, **kwargs: Borrowed(lean_server))
    # However strong the automation is: these tests are about the command line.
    monkeypatch.setattr(plugins, "_installed", list)

    def run(*words: str, stdin: str | None = None) -> Ran:
        first = words[0] if words else ""
        if first in ("check", "explain", "lean", "plugins", "weights"):
            return call(*words, stdin=stdin)
        if first in ("bench", "continue"):
            return call(*words, "--plugin", PLUGIN, stdin=stdin)
        return call("--plugin", PLUGIN, *words, stdin=stdin)

    return run
