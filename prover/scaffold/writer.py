"""Fills in the templates and writes the package."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from prover import __version__
from prover.errors import BadInput

KINDS = ("domain", "proposer", "module", "ranker", "value", "reward", "curriculum", "check", "observer", "command")

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_PROJECT = """\
[build-system]
requires = ["hatchling>=1.25"]
build-backend = "hatchling.build"

[project]
name = "{distribution}"
version = "0.1.0"
description = "A {kind} for the neural prover."
requires-python = ">=3.11"
dependencies = ["neural-prover>={version}"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.entry-points.neural_prover]
{name} = "{name}.plugin"

[tool.hatch.build.targets.wheel]
packages = ["{name}"]

[tool.pytest.ini_options]
pythonpath = ["."]
"""

_README = """\
# {name}

A {kind} for the neural prover. `{name}/plugin.py` is the whole plugin; the hooks are explained in
`prover/hookspecs.py`.

    pip install -e '.[test]'      # in the environment that has the prover
    pytest                        # its tests
    prove plugins                 # lists it
{use}
"""

_USE = {
    "domain": "    prove --domain {name} '12'    # solves the sample problem",
    "proposer": "    prove 'theorem t (a : Nat) : a = a'",
    "module": "    prove 'theorem t (a : Nat) (h : 0 < a) : a ≠ 0'",
    "ranker": "    prove 'theorem t (a : Nat) : a = a'",
    "value": "    prove 'theorem t (a : Nat) : a = a'",
    "reward": "    prove train rl --help",
    "curriculum": "    prove train sft --help",
    "check": "    prove 'theorem t (a : Nat) : a = a'",
    "observer": "    prove 'theorem t (a : Nat) : a = a'",
    "command": "    prove {command} Lean",
}


def write_plugin(name: str, kind: str, parent: Path) -> list[Path]:
    """Writes the package ``parent / name``; returns its files.

    Raises:
        BadInput: ``name`` cannot be a package's name, ``kind`` is unknown, or the folder is there already.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise BadInput(f"{name!r} cannot be a package's name: use small letters, digits and _, a letter first")
    if kind not in KINDS:
        raise BadInput(f"there is no kind {kind}; there are {', '.join(KINDS)}")
    folder = parent / name
    if folder.exists():
        raise BadInput(f"{folder} is there already; choose another name or --out")
    command = name.replace("_", "-")
    words = {"name": name, "kind": kind, "distribution": command, "version": __version__, "command": command}
    texts = {
        "pyproject.toml": _PROJECT.format(**words),
        "README.md": _README.format(**words, use=_USE[kind].format(**words)),
        f"{name}/__init__.py": f'"""A {kind} for the neural prover."""\n',
        f"{name}/plugin.py": _filled(f"{kind}.py.txt", name),
        "tests/test_plugin.py": _filled(f"{kind}_test.py.txt", name),
    }
    written = []
    try:
        for relative, text in texts.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise BadInput(f"cannot write {error.filename}: {error.strerror}") from error
    return written


def _filled(template: str, name: str) -> str:
    text = files("prover.scaffold").joinpath("templates", template).read_text("utf-8")
    pascal = "".join(part.capitalize() for part in name.split("_"))
    return text.replace("__NAME__", name).replace("__CLASS__", pascal).replace("__COMMAND__", name.replace("_", "-"))
