"""A group of commands whose help page says what each is for, in a whole sentence."""

from __future__ import annotations

import click

_WHOLE = 1_000
"""Characters: click cuts a description at the width of a line otherwise."""


def described(command: click.Command) -> str:
    """The first sentence of a command's help."""
    return command.get_short_help_str(_WHOLE)


class Group(click.Group):
    """A click group; descriptions that need two lines get them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands with :func:`described`."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [(name, described(command)) for name, command in found.items() if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
