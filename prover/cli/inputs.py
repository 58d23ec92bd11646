"""Reads what the user named: an argument, a file or standard input. Nothing here knows Lean."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from prover.errors import BadInput

LARGEST_INPUT = 16 << 20
"""Bytes; a Lean source longer than this is a mistake."""


@dataclass(frozen=True, slots=True)
class Given:
    """Text of the user and where it came from; ``path`` is None for an argument and standard input.

    ``data`` are the bytes of a file as they were read, so that a later write can see whether they
    changed.
    """

    text: str
    path: Path | None = None
    data: bytes = b""


def read_target(word: str) -> Given:
    """The theorem or file that the user means by ``word`` (``-`` is standard input).

    A word that ends in ``.lean``, names a file or a folder, or holds a path separator and no blank is a file.

    Raises:
        BadInput: missing, not a file, not text, empty, or too large.
    """
    if word == "-":
        return read_stdin()
    if _means_file(word):
        return read_file(Path(word))
    return Given(word)


def _means_file(word: str) -> bool:
    if any(char.isspace() for char in word.strip()):
        return word.endswith(".lean") and Path(word).is_file()
    return word.endswith(".lean") or "/" in word or "\\" in word or (bool(word) and _exists(word))


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False


def read_stdin() -> Given:
    """Standard input, refused where it is a terminal that nobody said to read."""
    return Given(_decode(sys.stdin.buffer.read(LARGEST_INPUT + 1), "standard input"))


def read_file(path: Path) -> Given:
    """A text file.

    Raises:
        BadInput: one clear line.
    """
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder; name a Lean file in it")
        with path.open("rb") as stream:
            data = stream.read(LARGEST_INPUT + 1)
    except FileNotFoundError as error:
        raise BadInput(f"there is no file {path}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"cannot read {path}: {reason}") from error
    return Given(_decode(data, str(path)), path, data)


def _decode(data: bytes, what: str) -> str:
    if len(data) > LARGEST_INPUT:
        raise BadInput(f"{what} is larger than {LARGEST_INPUT >> 20} MB, which no Lean source is")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{what} is not a text file (byte {error.start} is not UTF-8)") from error
    if "\x00" in text:
        raise BadInput(f"{what} is not a text file (it holds a zero byte)")
    if not text.strip():
        raise BadInput(f"{what} is empty")
    return text


def read_header(value: str | None) -> str:
    """The value of ``--header``: Lean text, or ``@FILE``.

    Raises:
        BadInput: the file cannot be read.
    """
    if not value:
        return ""
    # `@[simp] def …` is Lean, not a file.
    if value.startswith("@") and not value.startswith("@["):
        return read_file(Path(value[1:]).expanduser()).text
    return value


def read_imports(values: tuple[str, ...]) -> tuple[str, ...]:
    """Module names from repeated or comma-separated ``--imports``.

    Raises:
        BadInput: something that cannot be a module's name.
    """
    modules: list[str] = []
    for value in values:
        for module in value.replace(",", " ").split():
            if module == "import":
                continue
            if not all(part.strip("«»") for part in module.split(".")):
                raise BadInput(f"'{module}' is not a module name; write for example --imports Std,Mathlib.Tactic")
            modules.append(module)
    return tuple(dict.fromkeys(modules))


def stdin_is_terminal() -> bool:
    """Whether nobody has piped anything in."""
    return sys.stdin is None or sys.stdin.isatty()
