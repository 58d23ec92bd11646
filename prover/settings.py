"""Settings of a run: a TOML file's table, overridden by ``NAME=VALUE`` from the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from prover.errors import BadInput

T = TypeVar("T")


def read_settings(kind: type[T], table: str, file: Path | None, sets: Sequence[str] = (), **more: Any) -> T:
    """An instance of the dataclass ``kind``: its defaults, then the file's ``[table]``, then ``sets``, then what of
    ``more`` is not None.

    Raises:
        BadInput: the file cannot be read, a name is unknown, or a value does not fit; says which.
    """
    values: dict[str, Any] = {}
    known = {f.name: f.default for f in fields(kind)}  # type: ignore[arg-type]
    for name, value in _of_file(table, file).items():
        values[name] = _fitting(known, name, value, f"{file}, [{table}]")
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"--set {text}: write it as NAME=VALUE; the names are {', '.join(known)}")
        values[name.strip()] = _parsed(known, name.strip(), value.strip())
    values |= {name: value for name, value in more.items() if value is not None}
    return kind(**values)


def refuse_to_overwrite(out: Path, *, begun: bool, resume: bool) -> None:
    """Refuses a folder in which a run was begun, unless it is to go on.

    Raises:
        BadInput: it says how to go on.
    """
    if begun and not resume:
        raise BadInput(f"{out} holds a run already: add --resume to go on with it, or choose another --out")


def _of_file(table: str, file: Path | None) -> Mapping[str, Any]:
    if file is None:
        return {}
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read the configuration {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is not TOML: {error}") from error
    values = found.get(table, {})
    if not isinstance(values, dict):
        raise BadInput(f"{file}: {table} is not a table")
    return values


def _parsed(known: Mapping[str, Any], name: str, text: str) -> Any:
    if isinstance(known.get(name), str):
        return text
    try:
        value = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"--set {name}={text}: the value is not a number or word that TOML knows") from error
    return _fitting(known, name, value, "--set")


def _fitting(known: Mapping[str, Any], name: str, value: Any, where: str) -> Any:
    if name not in known:
        raise BadInput(f"{where}: there is no setting {name!r}; there are {', '.join(known)}")
    default = known[name]
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise BadInput(f"{where}: {name} is of the kind {type(default).__name__}, not {value!r}")
    return value
