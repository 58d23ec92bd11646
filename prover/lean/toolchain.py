"""Which Lean to run, and how to start a Lean source file as a server on it.

Three kinds, in the order in which `find_toolchain` looks for them:

- explicit: a `lean` executable named by `--lean PATH` or the environment variable `PROVER_LEAN`
  (the word `embedded` there asks for the embedded Lean even inside a Lake project);
- native: the toolchain of the Lake project around the file, through elan's `lake env lean`;
- embedded: the WebAssembly build of Lean 4 that `prove lean install` puts into the cache.

Nothing is started and no heavy module imported until a version or a command is asked for.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from prover.errors import BadInput
from prover.lean.embedded.errors import ToolchainError, ToolchainMissing, ToolchainUnsupported

__all__ = [
    "MINIMUM_VERSION",
    "ServerCommand",
    "Toolchain",
    "ToolchainError",
    "ToolchainMissing",
    "ToolchainUnsupported",
    "find_lean",
    "find_project",
    "find_toolchain",
]

Kind = Literal["native", "embedded", "explicit"]

MINIMUM_VERSION = (4, 27, 0)
"""The oldest Lean whose module system and meta interfaces the server is written for."""

_LAKE_FILES = ("lakefile.lean", "lakefile.toml", "lean-toolchain")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(-[\w.]+)?")
_QUERY_TIMEOUT = 120.0


@dataclass(frozen=True)
class ServerCommand:
    """How to start a server process: arguments, complete environment, working folder."""

    argv: list[str]
    env: dict[str, str]
    cwd: Path


@dataclass(frozen=True)
class Toolchain:
    """One Lean that can run the server.

    `program` is the start of every command line (`lake env lean`, or a path, or empty when
    embedded). `project` is the Lake project's folder of a native toolchain, else None.
    """

    kind: Kind
    program: tuple[str, ...] = ()
    project: Path | None = None
    memory_limit_mb: int = field(default=8192)

    @property
    def version(self) -> str:
        """Lean's version, such as `4.28.0-pre`; `lean --version` is asked if no file says it."""
        if self.kind == "embedded":
            from prover.lean.embedded.installer import LEAN_VERSION

            return LEAN_VERSION
        if self.kind == "native" and self.project is not None:
            declared = _declared_version(self.project)
            if declared is not None:
                return declared
        return _query_version(self.program, self.project)

    def describe(self) -> str:
        """One line for humans."""
        where = {
            "embedded": "the embedded WebAssembly build",
            "native": f"the toolchain of {self.project}",
            "explicit": " ".join(self.program),
        }[self.kind]
        return f"Lean {self.version} ({where})"

    def require_supported(self) -> None:
        """Raise `ToolchainUnsupported` when this Lean is older than `MINIMUM_VERSION`."""
        number = _VERSION.match(self.version)
        if number is None:
            return  # a nightly or a local build; only trying can tell
        if tuple(int(part) for part in number.groups()[:3]) < MINIMUM_VERSION:
            needed = ".".join(map(str, MINIMUM_VERSION))
            raise ToolchainUnsupported(
                f"Lean {self.version} is too old: the prover needs {needed} or newer; raise the "
                "version in lean-toolchain, or leave the project to use the embedded Lean"
            )

    def server_command(self, source: Path) -> ServerCommand:
        """How to run the Lean file `source`, whose last command serves stdin until it ends."""
        source = source.resolve()
        if self.kind == "embedded":
            from prover.lean.embedded import launcher

            argv, env = launcher.server_command(source)
            return ServerCommand(argv, env, source.parent)
        argv = [*self.program, "-j1", f"-M{self.memory_limit_mb}", str(source)]
        return ServerCommand(argv, dict(os.environ), self.project or source.parent)


def find_project(start: Path) -> Path | None:
    """The innermost folder at or above `start` (a file or folder) that is a Lake project."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if any((candidate / name).is_file() for name in _LAKE_FILES):
            return candidate
    return None


def find_toolchain(start: Path | None = None, project: Path | None = None, explicit: Path | None = None) -> Toolchain:
    """The Lean to use for the file or folder `start` (the current folder when None).

    `project` names the Lake project instead of searching for it; `explicit` (or `PROVER_LEAN`)
    names a `lean` executable and overrides everything else.

    Raises `ToolchainMissing` or `ToolchainUnsupported`, with what to do about it; `BadInput` where
    `project` or `explicit` is none.
    """
    if project is not None and not any((project / name).is_file() for name in _LAKE_FILES):
        why = "it has no lakefile and no lean-toolchain" if project.is_dir() else "there is no such folder"
        raise BadInput(f"--project {project} is not a Lake project: {why}")
    if explicit is not None and explicit != Path("embedded") and shutil.which(str(explicit.expanduser())) is None:
        raise BadInput(f"--lean {explicit} is not an executable: it must be a lean program")
    named = explicit or (Path(os.environ["PROVER_LEAN"]) if os.environ.get("PROVER_LEAN") else None)
    folder = project.resolve() if project is not None else find_project(start or Path.cwd())
    if named == Path("embedded"):
        return _embedded()
    if named is not None:
        return _explicit(named, folder)
    if folder is not None:
        return _native(folder)
    return _embedded()


def find_lean(start: Path | None = None, project: Path | None = None, explicit: Path | None = None) -> Toolchain:
    """:func:`find_toolchain`, once more after an embedded Lean was put right.

    After an upgrade of the prover the embedded Lean is there but its host is of the old version: it is made anew
    (a few seconds, no download), for the user did nothing wrong.
    """
    try:
        return find_toolchain(start, project, explicit)
    except ToolchainMissing:
        from prover.lean.embedded import host_maker, installer

        unpacked = (installer.install_path() / host_maker.GLUE_FILE).is_file()
        if not unpacked or installer.is_installed():
            raise
        installer.install()
        return find_toolchain(start, project, explicit)


def _explicit(path: Path, project: Path | None) -> Toolchain:
    found = shutil.which(str(path.expanduser()))
    if found is None:
        raise ToolchainMissing(f"{path} is not an executable: PROVER_LEAN must name a lean program")
    toolchain = Toolchain("explicit", (str(Path(found).absolute()),), project)
    toolchain.require_supported()
    return toolchain


def _native(project: Path) -> Toolchain:
    lake = shutil.which("lake") or shutil.which("lake", path=str(Path.home() / ".elan" / "bin"))
    if lake is None:
        raise ToolchainMissing(
            f"{project} is a Lake project, but 'lake' is neither on the PATH nor in ~/.elan/bin: "
            "install elan (https://github.com/leanprover/elan), or move the file out of the "
            "project to use the embedded Lean"
        )
    toolchain = Toolchain("native", (lake, "env", "lean"), project)
    toolchain.require_supported()
    return toolchain


def _embedded() -> Toolchain:
    from prover.lean.embedded import installer, launcher

    if not installer.is_installed():
        raise ToolchainMissing(
            "no Lean was found: no Lake project here, and the embedded Lean is not installed; run 'prove lean install'"
        )
    launcher.node_executable()
    return Toolchain("embedded", memory_limit_mb=launcher.MEMORY_LIMIT_MB)


def _declared_version(project: Path) -> str | None:
    """The version in the project's lean-toolchain (`leanprover/lean4:v4.28.0`), if it has one."""
    try:
        text = (project / "lean-toolchain").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    number = _VERSION.search(text.rpartition(":")[2])
    return number.group(0) if number else None


@functools.cache
def _query_version(program: tuple[str, ...], project: Path | None) -> str:
    """What `lean --version` says, asked once per process."""
    shown = " ".join(program)
    try:
        answer = subprocess.run(
            [*program, "--version"],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=_QUERY_TIMEOUT,
            check=True,
        ).stdout
    except subprocess.TimeoutExpired as error:
        raise ToolchainUnsupported(f"'{shown} --version' did not answer in time") from error
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or str(error)
        line = detail.strip().splitlines()[-1] if detail.strip() else "no message"
        raise ToolchainUnsupported(f"'{shown} --version' failed: {line}") from error
    number = _VERSION.search(answer)
    if number is None:
        raise ToolchainUnsupported(f"'{shown} --version' names no version: {answer.strip()!r}")
    return number.group(0)
