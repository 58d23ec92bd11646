"""docs/hooks.md is the real interface: every hook and protocol method is in it with its signature."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from prover import hookspecs

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "hooks.md").read_text("utf-8").replace("\\|", "|")
HOOKS = [name for name in vars(hookspecs) if name.startswith("prover_")]
PROTOCOLS = [
    item
    for item in vars(hookspecs).values()
    if inspect.isclass(item) and getattr(item, "_is_protocol", False) and item.__module__ == hookspecs.__name__
]


def signature(function: object, *, method: bool) -> str:
    """As the page writes it: annotations are texts, thanks to `from __future__ import annotations`."""
    assert callable(function)
    found = inspect.signature(function)
    parameters = [f"{p.name}: {p.annotation}" for p in found.parameters.values()][int(method) :]
    return f"({', '.join(parameters)}) -> {found.return_annotation}"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_as_it_is(hook: str) -> None:
    assert f"`{hook}{signature(getattr(hookspecs, hook), method=False)}`" in PAGE


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.__name__)
def test_every_protocol_method_is_documented_as_it_is(protocol: type) -> None:
    methods = [name for name, item in vars(protocol).items() if inspect.isfunction(item) and not _private(name)]
    assert methods
    for name in methods:
        text = f"`{protocol.__name__}.{name}{signature(getattr(protocol, name), method=True)}`"
        assert text.replace("None: None", "None") in PAGE, text


def _private(name: str) -> bool:
    return name.startswith("_") and name != "__call__"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook: str) -> None:
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path.name != "test_hooks.py"]
    templates = [path.read_text("utf-8") for path in (ROOT / "prover" / "scaffold" / "templates").iterdir()]
    assert any(re.search(rf"def {hook}\b", text) for text in tests), f"no test implements {hook}"
    assert any(re.search(rf"def {hook}\b", text) for text in templates), f"'prove plugins new' writes no {hook}"


def test_the_page_names_no_hook_that_is_not_there() -> None:
    assert set(re.findall(r"`(prover_\w+)\(", PAGE)) == set(HOOKS)
