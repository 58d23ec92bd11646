"""Runs the marked commands of the README for real, and checks that links lead somewhere.

A mark is a comment before a console block: `<!-- run: exit 0; has: text; has: other text -->`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from prover.cli.main import COMMANDS, cli
from prover.lean.server import LeanServer

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- run: exit (\d+)(.*?) -->\n```console\n\$ (.*?)\n(.*?)```", re.DOTALL)
BLOCKS = [
    (command, int(code), [part.strip().removeprefix("has: ") for part in has.split(";")[1:]], shown)
    for code, has, command, shown in BLOCK.findall(README)
]


@pytest.fixture
def shared_lean(lean_server: LeanServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the session's Lean, and leave it open."""
    from prover import service

    class Borrowed:
        def __getattr__(self, name: str) -> object:
            return getattr(lean_server, name)

        def close(self) -> None:
            pass

    monkeypatch.setattr(service, "open_server", lambda *args, **kwargs: Borrowed())
    monkeypatch.chdir(ROOT)


def test_every_console_block_is_marked() -> None:
    assert README.count("```console") == len(BLOCKS) >= 5


@pytest.mark.parametrize(("command", "code", "has", "shown"), BLOCKS, ids=[b[0][:40] for b in BLOCKS])
def test_the_readme_commands_do_what_it_says(
    shared_lean: None, command: str, code: int, has: list[str], shown: str
) -> None:
    words = shlex.split(command)
    assert words[0] == "prove"
    ran = CliRunner().invoke(cli, words[1:], catch_exceptions=False, prog_name="prove")
    assert ran.exit_code == code, ran.output
    for text in has:
        assert text in ran.output
    # Of what the page shows, times and counts may differ and proofs may change; the first line not.
    if shown:
        assert shown.splitlines()[0] in ran.output


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_reference_has_every_command_and_option() -> None:
    import importlib

    import click

    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name, (where, _) in COMMANDS.items():
        module, _, attribute = where.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert f"`prove {'' if name == 'prove' else name}" in text
        commands = list(command.commands.values()) if isinstance(command, click.Group) else [command]
        for each in commands:
            for param in each.params:
                if isinstance(param, click.Option):
                    assert max(param.opts, key=len) in text, f"{name}: {param.opts}"


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^ {4}make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
