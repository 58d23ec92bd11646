"""The entry point: finds the command, loads only it, and turns every error into one line and an
exit code.

Exit codes: 0 proved (or done), 1 not proved, 2 bad input, 3 infrastructure, 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import re
import signal
import sys
import traceback
from functools import cache
from types import FrameType
from typing import Any, NoReturn

import click

from prover.cli.errors import fail, fatal_errors
from prover.cli.groups import described
from prover.errors import BadInput, InfrastructureFault

DEFAULT = "prove"
"""The command that runs when the first word is no command: `prove 'theorem …'`, `prove
File.lean`.
"""

COMMANDS: dict[str, tuple[str, str]] = {
    "prove": (
        "prover.cli.prove:prove",
        "Prove a theorem, or fill the sorries of a file (the default).",
    ),
    "check": ("prover.cli.check:check", "Is every theorem of a file proved? Checked from scratch."),
    "lean": ("prover.cli.lean:lean", "Which Lean is used; install, locate or stop it."),
    "bench": ("prover.cli.bench:bench", "Run a problem set, compare two runs, or measure speed."),
    "continue": ("prover.cli.continuing:continue_run", "Go on with a saved search, after your edits."),
    "report": ("prover.cli.report:report", "Write a saved search as a page for the browser."),
    "explain": ("prover.cli.explaining:explain", "Say what happened in a saved search, or what changed."),
    "weights": ("prover.cli.weights:weights", "Learn the weights of modules from benchmark runs."),
    "plugins": ("prover.cli.plugins:plugins", "List the plugins and what they add; write a new one."),
    "encode": ("prover.cli.encode:encode", "A model's hidden states at each step of a search or trace."),
    "trace": ("prover.cli.trace:trace", "Traces of Lean files, repositories and searches, for training."),
}

EPILOG = """\b
Examples:
  prove 'theorem t (a b : Nat) : a + b = b + a'
  prove --header 'def f (n : Nat) := 2 * n' 'theorem t (n : Nat) : f n = n + n'
  prove --write MyFile.lean
  prove check MyFile.lean
  prove bench data/benchmarks/minif2f_core_valid.jsonl --seconds 60

\b
Exit codes: 0 proved, 1 not proved, 2 bad input, 3 Lean is missing or failed, 130 interrupted.
"""


_NAMED_WRONGLY = {
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.EEXIST, errno.ENAMETOOLONG
}  # fmt: skip
"""The errors of a file or folder that cannot be there; others (a full disk) are the machine's."""

OPTIONAL = {
    "torch": "train", "transformers": "train", "safetensors": "train", "trl": "train", "datasets": "train",
    "accelerate": "train", "matplotlib": "plots", "lean_dojo": "leandojo",
}  # fmt: skip
"""Packages that only some commands need, with the extra of ours that brings them."""

_COMMAND = re.compile(r"[a-z][a-z0-9-]*")


@cache
def plugin_commands() -> dict[str, click.Command]:
    """The commands that plugins add, by name; a plugin that breaks is named in a log line."""
    from prover import plugins

    return plugins.commands(plugins.load_plugins())


class ProveGroup(click.Group):
    """A group whose commands are imported when used, with a default command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the help page."""
        return [*COMMANDS, *(name for name in plugin_commands() if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's module; None where there is no such command."""
        if cmd_name not in COMMANDS:
            return plugin_commands().get(cmd_name)
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default command in front where the user named none."""
        if args and args[0] not in ("--help", "-h", "--version") and not self._is_command(args[0]):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    @staticmethod
    def _is_command(word: str) -> bool:
        # Plugins are asked only for words that could name a command: `prove 'theorem …'` need not wait for it.
        return word in COMMANDS or (_COMMAND.fullmatch(word) is not None and word in plugin_commands())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the default command's options too: they are what most people look for."""
        own = self.get_command(ctx, DEFAULT)
        assert own is not None
        params = [p for p in (*own.params, *self.get_params(ctx)) if isinstance(p, click.Option)]
        records = [param.get_help_record(ctx) for param in params]
        shown = list(dict.fromkeys(record for record in records if record is not None))
        with formatter.section("Options for proving"):
            formatter.write_dl(shown)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands from the table above, so that help imports none of them, and those of plugins."""
        rows = [(name, text) for name, (_, text) in COMMANDS.items()]
        rows += [(name, described(c)) for name, c in plugin_commands().items() if name not in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a known failure becomes one line and its exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except fatal_errors() as error:
            ctx.exit(fail(error, as_json=bool(ctx.meta.get("prover.json"))))
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except ModuleNotFoundError as error:
            extra = OPTIONAL.get((error.name or "").partition(".")[0])
            if extra is None:
                return self._defect(ctx, error)
            missing = BadInput(f"this needs the package {error.name}: pip install 'neural-prover[{extra}]'")
            ctx.exit(fail(missing, as_json=bool(ctx.meta.get("prover.json"))))
        except OSError as error:
            # A file or folder that somebody named, or a disk that is full: nothing that a traceback explains.
            if error.filename is None:
                return self._defect(ctx, error)
            kind = BadInput if error.errno in _NAMED_WRONGLY else InfrastructureFault
            unusable = kind(f"{error.filename}: {error.strerror}")
            ctx.exit(fail(unusable, as_json=bool(ctx.meta.get("prover.json"))))
        except Exception as error:
            return self._defect(ctx, error)

    @staticmethod
    def _defect(ctx: click.Context, error: Exception) -> NoReturn:
        # A defect of ours must not look like exit code 1, "not proved".
        traceback.print_exception(error)
        click.echo("this is a defect of the prover, not of your input; please report it", err=True)
        ctx.exit(fail(error, as_json=bool(ctx.meta.get("prover.json"))))


@click.command(
    cls=ProveGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    options_metavar="",
    subcommand_metavar="[OPTIONS] 'theorem …' | FILE.lean | - | COMMAND …",
)
@click.version_option(package_name="neural-prover", prog_name="prove")
def cli() -> None:
    """Find a Lean 4 proof, and have Lean's kernel check it from scratch.

    Give a theorem without its proof, a Lean file with sorries, or - to read either from standard
    input. Options of the other commands: 'prove COMMAND --help'.
    """


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> NoReturn:
    """Runs the command line; ends the process with the exit code."""
    # Lean source is UTF-8 whatever the locale says.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # A polite kill must clean up exactly as Ctrl-C does, or Lean processes would stay behind.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = cli.main(prog_name="prove", standalone_mode=False)
    except click.Abort:
        click.echo("interrupted", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (`prove … | head`); there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
