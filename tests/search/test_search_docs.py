"""The examples of ``docs/search.md`` run, and its table of settings is complete."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from prover.search import SearchConfig, StopReason
from prover.search import events as ev

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text("utf-8")


def test_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        code = compile(block, "docs/search.md", "exec", dont_inherit=True)
        exec(code, {"__name__": "__main__"})


def test_settings_events_and_reasons_are_all_named() -> None:
    names = {field.name for field in fields(SearchConfig)}
    names |= {reason.value for reason in StopReason}
    names |= {
        name
        for name, item in vars(ev).items()
        if isinstance(item, type) and item.__module__ == ev.__name__ and name != "EventStream"
    }
    missing = sorted(name for name in names if f"`{name}`" not in PAGE)
    assert not missing


def test_defaults_are_those_of_the_code() -> None:
    for line in re.findall(r"^\| (`.*?) \| (.*?) \|", PAGE, re.MULTILINE):
        names = re.findall(r"`(\w+)`", line[0])
        for name, shown in zip(names, line[1].split(", "), strict=True):
            default = getattr(SearchConfig(), name, None)
            if default is not None:
                assert str(default).lower() == shown or float(shown) == float(default), name
