"""Reads the elements of a JSON array one at a time, in memory bounded by the largest element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from prover.errors import BadInput

CHUNK = 1 << 20
LARGEST_ELEMENT = 64 << 20
"""Bytes; a longer element means that the file is not what it should be."""

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_BLANK = b" \t\r\n"


def open_binary(path: Path) -> BinaryIO:
    """Opens a file for reading.

    Raises:
        BadInput: there is none, or it cannot be read.
    """
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise BadInput(f"there is no file {path}") from error
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error


def array_elements(path: Path) -> Iterator[bytes]:
    """The texts of the elements of the JSON array in ``path``, in order.

    Only the array's own structure is looked at; whoever decodes an element finds what is wrong inside it.

    Raises:
        BadInput: not an array, cut off, an element of more than 64 MiB, or text after the array's end.
    """
    with open_binary(path) as file:
        yield from _Splitter(path, file).elements()


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a JSON-lines file with their numbers from 1; blank ones are left out.

    Raises:
        BadInput: there is no such file.
    """
    with open_binary(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


class _Splitter:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._buffer = bytearray()
        self._count = 0

    def elements(self) -> Iterator[bytes]:
        self._expect_start()
        while True:
            end, stop = self._end_of_element()
            text = bytes(self._buffer[:end]).strip(_BLANK)
            del self._buffer[: end + 1]
            if text:
                self._count += 1
                yield text
            elif stop == b"," or self._count:
                raise self._broken(f"element {self._count + 1} is empty")
            if stop == b"]":
                break
        self._expect_nothing()

    def _end_of_element(self) -> tuple[int, bytes]:
        """The offset of the comma or bracket that ends the element at the buffer's start, and which it is."""
        depth, position = 0, 0
        while True:
            for token in _TOKEN.finditer(self._buffer, position):
                first = token.group()[:1]
                if first == b'"':
                    if token.end() - token.start() == 1:
                        break  # a string whose end has not been read yet
                elif first in b"{[":
                    depth += 1
                elif depth == 0 and first in b",]":
                    return token.start(), first
                elif first != b",":
                    depth -= 1
                    if depth < 0:
                        raise self._broken(f"element {self._count + 1} closes a brace that it did not open")
                position = token.end()
            else:
                position = len(self._buffer)
            if len(self._buffer) > LARGEST_ELEMENT:
                raise self._broken(f"element {self._count + 1} is longer than {LARGEST_ELEMENT >> 20} MiB")
            if not self._read():
                raise self._broken(f"it ends within element {self._count + 1}: the file is cut off")

    def _read(self) -> bool:
        chunk = self._file.read(CHUNK)
        self._buffer += chunk
        return bool(chunk)

    def _expect_start(self) -> None:
        while not self._buffer.lstrip(_BLANK):
            self._buffer.clear()
            if not self._read():
                raise self._broken("the file is empty")
        self._buffer = self._buffer.lstrip(_BLANK)
        if self._buffer[:1] != b"[":
            raise self._broken("it does not begin with '['")
        del self._buffer[:1]

    def _expect_nothing(self) -> None:
        more = True
        while more:
            if self._buffer.strip(_BLANK):
                raise self._broken("there is text after the array's end")
            self._buffer.clear()
            more = self._read()

    def _broken(self, what: str) -> BadInput:
        return BadInput(f"{self._path} is not a JSON array of theorems: {what}")
