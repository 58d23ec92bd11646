"""Plugins: one road for all of them, and a broken one never takes the others along."""

from __future__ import annotations

import importlib.metadata
import inspect
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import prover.plugins
from prover import hookspecs
from prover.errors import BadInput
from prover.plugins import PluginManager, describe, domains, load_plugins, observers, proposers

GOOD = """
from prover.hookspecs import hookimpl

class Mover:
    name = "mover"
    def propose(self, problem, state):
        return []

class Maze:
    name = "maze"
    def open(self, problem):
        raise NotImplementedError

def watch(event):
    pass

@hookimpl
def prover_proposers():
    return [Mover()]

@hookimpl
def prover_domains():
    return [Maze()]

@hookimpl
def prover_observers():
    return [watch]
"""

BROKEN = {
    "syntax": ("def :", "SyntaxError"),
    "imports": ("import no_such_module_here", "no_such_module_here"),
    "raises": ("raise RuntimeError('no GPU')", "no GPU"),
    "hookless": ("x = 1", "no function marked"),
    "unknown_hook": (
        "from prover.hookspecs import hookimpl\n@hookimpl\ndef prover_tactics():\n    return []\n",
        "prover_tactics",
    ),
    "wrong_signature": (
        "from prover.hookspecs import hookimpl\n@hookimpl\ndef prover_proposers(goal):\n    ...\n",
        "goal",
    ),
}

NONSENSE = {
    "hook_raises": ("raise OSError('no weights')", "prover_proposers raised OSError: no weights"),
    "returns_number": ("return 7", "prover_proposers returned 7; it must return a list of objects that have a name"),
    "returns_bare": ("return object()", "prover_proposers returned an object of type object; it must return a list"),
    "returns_text": (
        "return ['simp']",
        "returned 'simp' in its list, which has no propose and no name",
    ),
    "returns_class": (
        "return [type('P', (), {'name': 'p', 'propose': print})]",
        "not an instance",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the current one, with none but its own plugins; imports are undone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    monkeypatch.setattr(prover.plugins, "_source_tree", lambda: iter(()))
    monkeypatch.setattr(
        prover.plugins,
        "distributions",
        lambda: importlib.metadata.distributions(path=[entry for entry in sys.path if entry.startswith(str(tmp_path))]),
    )
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def install(folder: Path, name: str, version: str, points: dict[str, str], code: str) -> None:
    """Puts a distribution with entry points and a module called ``name`` on the path."""
    site = folder / f"site_{name}"
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = "".join(f"{point} = {value}\n" for point, value in points.items())
    (info / "entry_points.txt").write_text(f"[neural_prover]\n{lines}")
    (site / f"{name}.py").write_text(code)
    sys.path.insert(0, str(site))


def names(manager: PluginManager) -> list[str]:
    return [item.name for item in proposers(manager)]


def test_an_installed_plugin_is_found_by_its_entry_point(folder: Path) -> None:
    install(folder, "mazes", "2.1", {"maze": "mazes"}, GOOD)
    manager = load_plugins()
    info = {i.name: i for i in describe(manager)}["maze"]
    assert info.enabled and info.version == "2.1" and info.source == "mazes 2.1"
    assert info.hooks == ("prover_domains", "prover_observers", "prover_proposers")
    assert names(manager) == ["mover"]
    assert list(domains(manager)) == ["maze"] and domains(manager)["maze"].name == "maze"
    assert [getattr(observer, "__name__", "") for observer in observers(manager)] == ["watch"]


def test_the_command_line_adds_modules_objects_and_classes(folder: Path) -> None:
    (folder / "mine.py").write_text(GOOD)
    (folder / "yours.py").write_text(
        "from prover.hookspecs import hookimpl\n"
        "class Space:\n"
        "    class Plugin:\n"
        "        @hookimpl\n"
        "        def prover_observers(self):\n"
        "            return [print]\n"
    )
    manager = load_plugins(["mine", "yours:Space.Plugin"])
    assert [(i.name, i.source, i.enabled) for i in describe(manager)[-2:]] == [
        ("mine", "--plugin", True),
        ("yours:Space.Plugin", "--plugin", True),
    ]
    assert names(manager) == ["mover"] and print in observers(manager)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_named_in_one_line_and_left_out(
    folder: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    code, expected = BROKEN[kind]
    (folder / "broken.py").write_text(code)
    (folder / "good.py").write_text(GOOD)
    with caplog.at_level(logging.WARNING):
        manager = load_plugins(["broken", "good"])
    broken, good = describe(manager)[-2:]
    assert not broken.enabled and expected in broken.error and good.enabled
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1 and "'broken'" in lines[0] and expected in lines[0]
    assert "\n" not in lines[0]
    assert names(manager) == ["mover"]
    manager.check_pending()


@pytest.mark.parametrize("text", ["", ":", ":x", "no.such:thing", "json:nothing", "..up:x"])
def test_a_name_that_leads_nowhere_is_a_broken_plugin(folder: Path, text: str) -> None:
    info = describe(load_plugins([text]))[-1]
    assert info.name == text and not info.enabled and info.error


@pytest.mark.parametrize("kind", NONSENSE)
def test_a_hook_that_breaks_takes_only_its_own_plugin_along(
    folder: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, expected = NONSENSE[kind]
    (folder / "bad.py").write_text(
        f"from prover.hookspecs import hookimpl\n@hookimpl\ndef prover_proposers():\n    {body}\n"
    )
    (folder / "good.py").write_text(GOOD)
    manager = load_plugins(["bad", "good"])
    assert names(manager) == ["mover"] == names(manager)
    assert len(caplog.records) == 1 and expected in caplog.text
    bad = describe(manager)[-2]
    assert bad.name == "bad" and not bad.enabled and expected in bad.error


@pytest.mark.parametrize("kind", NONSENSE)
def test_a_plugin_that_was_asked_for_by_name_must_work(
    folder: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, expected = NONSENSE[kind]
    (folder / "bad.py").write_text(
        f"from prover.hookspecs import hookimpl\n@hookimpl\ndef prover_proposers():\n    {body}\n"
    )
    with pytest.raises(BadInput, match=r"^--plugin bad: ") as caught:
        names(load_plugins(["bad"], needed=["bad"]))
    assert expected in str(caught.value)
    (folder / "broken.py").write_text("raise RuntimeError('no GPU')")
    with pytest.raises(BadInput, match="--plugin broken: RuntimeError: no GPU"):
        load_plugins(["broken"], needed=["broken"])
    assert not caplog.records  # said once, by the error


def test_disabled_plugins_are_listed_but_not_imported(folder: Path) -> None:
    (folder / "broken.py").write_text("raise RuntimeError")
    info = describe(load_plugins(["broken"], disabled=["broken"]))[-1]
    assert (info.enabled, info.error) == (False, "")


def test_names_are_taken_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "one.py").write_text(GOOD)
    (folder / "two.py").write_text(GOOD)
    manager = load_plugins(["one", "two", "one"])
    assert names(manager) == ["mover"] and list(domains(manager)) == ["maze"]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3 and all("taken" in line for line in lines)
    assert len(observers(manager)) == 2


def test_built_ins_load_from_a_source_tree_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prover").mkdir()
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "tree_plugin.py").write_text(GOOD)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "neural-prover"\n[project.entry-points.neural_prover]\ntree = "tree_plugin"\n'
    )
    monkeypatch.setattr(prover.plugins, "__file__", str(tmp_path / "prover" / "plugins.py"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    manager = load_plugins()
    info = {i.name: i for i in describe(manager)}["tree"]
    assert info.enabled and info.source.startswith("source tree")
    assert "mover" in names(manager)


def test_every_hook_is_documented_and_has_a_helper() -> None:
    hooks = [name for name, function in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("prover_")]
    assert hooks
    for hook in hooks:
        assert inspect.getdoc(getattr(hookspecs, hook)), hook
        assert hasattr(prover.plugins, hook.removeprefix("prover_")), hook


def test_importing_the_manager_does_no_heavy_work() -> None:
    code = (
        "import sys, prover.plugins\n"
        "heavy = {'networkx', 'torch', 'transformers', 'rich', 'prover_plugins', 'tomllib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(hookspecs.__file__).resolve().parent.parent
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_distribution_of_the_source_trees_own_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder, "own", "1.0", {"maze": "mazes"}, GOOD)
    install(folder, "mazes", "2.1", {"maze": "mazes"}, GOOD)
    tree = [prover.plugins._Found("maze", "0", "source tree", lambda: None, "mazes")]
    monkeypatch.setattr(prover.plugins, "_source_tree", lambda: iter(tree))
    monkeypatch.setattr(importlib.metadata.Distribution, "metadata", property(lambda self: pytest.fail("was read")))
    assert [found.source for found in prover.plugins._installed()] == ["source tree"]


def test_a_call_that_finds_lean_installed_imports_nothing_that_fetches_it() -> None:
    code = (
        "import sys, prover.lean.embedded.installer\n"
        "print(sorted({'urllib.request', 'tarfile', 'ssl', 'http.client'} & set(sys.modules)))"
    )
    root = Path(hookspecs.__file__).resolve().parent.parent
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
