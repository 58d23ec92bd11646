"""``prove plugins``: what is installed and what it adds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prover.cli.groups import Group
from prover.cli.options import json_option, read_weights_file
from prover.scaffold.writer import KINDS

if TYPE_CHECKING:
    from logging import LogRecord


def _silent(record: LogRecord) -> bool:
    return False


@click.group(cls=Group, invoke_without_command=True)
@click.option(
    "--plugin",
    "extra",
    multiple=True,
    metavar="MODULE[:OBJECT]",
    help="Load one more plugin first.",
)
@click.option(
    "--weights",
    "weights_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Show the weights of this file.",
)
@json_option
@click.pass_context
def plugins(ctx: click.Context, /, extra: tuple[str, ...], weights_file: Path | None, as_json: bool) -> None:
    """List the plugins that a search would use, and what each of them adds (also as 'plugins
    list').
    """
    ctx.obj = (extra, read_weights_file(weights_file) if weights_file else {}, as_json)
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_plugins)


@plugins.command("new")
@click.argument("name")
@click.option("--kind", default="proposer", show_default=True, metavar="KIND", help=f"One of: {', '.join(KINDS)}.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Where it goes [default: here]."
)
def new(name: str, kind: str, out: Path) -> None:
    """Write a working plugin package NAME, with tests that pass as they are."""
    from prover.scaffold.writer import write_plugin

    written = write_plugin(name, kind, out)
    folder = written[0].parent
    for path in written:
        click.echo(str(path))
    click.echo(f"next: pip install -e {folder} && pytest {folder} && prove plugins", err=True)


@plugins.command("list")
@click.pass_context
def list_plugins(ctx: click.Context) -> None:
    """List the plugins (what 'prove plugins' does)."""
    import logging

    from prover.plugins import describe, domains, load_plugins, team
    from prover.problem import LEAN

    extra, weights, as_json = ctx.obj
    # What broke is in the table, with its reason; the log line would say it twice.
    log = logging.getLogger("prover.plugins")
    log.addFilter(_silent)
    try:
        manager = load_plugins(extra)
        # Asking each for what it adds shows what breaks only then.
        members = {domain: team(manager, domain).weights for domain in (LEAN, *domains(manager))}
        found = describe(manager)
    finally:
        log.removeFilter(_silent)
    if as_json:
        rows = [{**asdict(plugin), "weight": weights.get(plugin.name, 1.0)} for plugin in found]
        named = {domain: list(usual) for domain, usual in members.items()}
        click.echo(json.dumps({"plugins": rows, "members": named}, ensure_ascii=False))
    else:
        for plugin in found:
            adds = ", ".join(hook.removeprefix("prover_") for hook in plugin.hooks) or "nothing"
            state = adds if plugin.enabled else f"left out: {plugin.error or 'disabled'}"
            weight = f"{weights.get(plugin.name, 1.0):g}" if plugin.enabled else "-"
            version = plugin.version or "-"
            click.echo(f"{plugin.name:<16} {version:<8} weight {weight:<5} {state:<28} {plugin.source}")
        for domain, usual in members.items():
            each = ", ".join(f"{name} {weights.get(name, weight):g}" for name, weight in usual.items())
            click.echo(f"in the domain {domain}, with weights: {each or 'nothing'}")
        if not found:
            click.echo("no plugins are installed: nothing would propose a step")
    if any(plugin.error for plugin in found):
        ctx.exit(2)
