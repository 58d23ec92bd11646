"""``prove plugins``: what is installed and what it adds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from prover.cli.options import json_option

if TYPE_CHECKING:
    from logging import LogRecord


def _silent(record: LogRecord) -> bool:
    return False


@click.group(invoke_without_command=True)
@click.option(
    "--plugin",
    "extra",
    multiple=True,
    metavar="MODULE[:OBJECT]",
    help="Load one more plugin first.",
)
@json_option
@click.pass_context
def plugins(ctx: click.Context, extra: tuple[str, ...], as_json: bool) -> None:
    """List the plugins that a search would use, and what each of them adds (also as 'plugins
    list').
    """
    ctx.obj = (extra, as_json)
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_plugins)


@plugins.command("list")
@click.pass_context
def list_plugins(ctx: click.Context) -> None:
    """List the plugins (what 'prove plugins' does)."""
    import logging

    from prover.plugins import describe, load_plugins

    extra, as_json = ctx.obj
    # What broke is in the table, with its reason; the log line would say it twice.
    log = logging.getLogger("prover.plugins")
    log.addFilter(_silent)
    try:
        found = describe(load_plugins(extra))
    finally:
        log.removeFilter(_silent)
    if as_json:
        click.echo(json.dumps({"plugins": [asdict(plugin) for plugin in found]}, ensure_ascii=False))
    else:
        for plugin in found:
            adds = ", ".join(hook.removeprefix("prover_") for hook in plugin.hooks) or "nothing"
            state = adds if plugin.enabled else f"left out: {plugin.error or 'disabled'}"
            click.echo(f"{plugin.name:<20} {state:<24} {plugin.source}")
        if not found:
            click.echo("no plugins are installed: nothing would propose a step")
    if any(plugin.error for plugin in found):
        ctx.exit(2)
