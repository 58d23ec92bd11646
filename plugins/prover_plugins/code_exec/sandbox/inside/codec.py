"""Plain data as bytes, and frames of them: how judge and subject talk.

Only exact built-in types come out of :func:`decode`, whatever the other side sends, so that no method of the
tested code's classes (``__eq__``, ``__bool__``, …) ever runs where answers are compared.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any

MAX_FRAME = 2 * 2**20
"""Bytes; a longer frame is refused by the reader."""
FORBIDDEN_EXIT = 87
"""Exit status of a process that the audit hook ended."""
_EXACT = 2**53
_MAX_ITEMS = 200_000


class NotPlain(Exception):
    """A value that cannot be sent as plain data."""


class BadFrame(Exception):
    """What the other side sent is no frame."""


class Ended(Exception):
    """The other side has closed its end."""


class TooLate(Exception):
    """The other side did not answer in time."""


def encode(value: object, reference: Any = None) -> Any:
    """``value`` as JSON data. ``reference(value)`` gives the number to send for what is not plain.

    Raises:
        NotPlain: there is something that is not plain, and no ``reference``.
    """
    if value is None or value is True or value is False:
        return value
    # The base types' own methods: those of a subclass may do anything.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        number = int.__int__(value)
        return number if -_EXACT < number < _EXACT else {"t": "int", "v": hex(number)}
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, complex):
        return {"t": "complex", "v": [value.real, value.imag]}
    if isinstance(value, bytes | bytearray):
        return {"t": "bytes" if isinstance(value, bytes) else "bytearray", "v": bytes(value).hex()}
    if isinstance(value, list):
        return [encode(item, reference) for item in list.__iter__(value)]
    kinds: tuple[tuple[Any, str], ...] = ((tuple, "tuple"), (set, "set"), (frozenset, "frozenset"))
    for kind, name in kinds:
        if isinstance(value, kind):
            return {"t": name, "v": [encode(item, reference) for item in kind.__iter__(value)]}
    if isinstance(value, dict):
        pairs = [[encode(key, reference), encode(item, reference)] for key, item in dict.items(value)]
        return {"t": "dict", "v": pairs}
    if isinstance(value, range):
        return {"t": "range", "v": [encode(part) for part in (value.start, value.stop, value.step)]}
    if hasattr(type(value), "__next__"):
        items: list[Any] = []
        for item in value:  # type: ignore[attr-defined]
            items.append(encode(item, reference))
            if len(items) > _MAX_ITEMS:
                raise NotPlain("an iterator without end")
        return {"t": "iterator", "v": items}
    if reference is None:
        raise NotPlain(f"a value of type {type(value).__name__}")
    return {"t": "reference", "v": reference(value)}


def decode(data: Any, reference: Any = None) -> Any:
    """The value of JSON data; ``reference(number)`` gives what stands for something not plain.

    Raises:
        BadFrame: this is not what :func:`encode` makes.
    """
    if data is None or isinstance(data, bool | int | float | str):
        return data
    if isinstance(data, list):
        return [decode(item, reference) for item in data]
    if not isinstance(data, dict) or data.keys() != {"t", "v"}:
        raise BadFrame("no value")
    kind, content = data["t"], data["v"]
    try:
        if kind == "int":
            return int(content, 16)
        if kind == "complex":
            return complex(float(content[0]), float(content[1]))
        if kind in ("bytes", "bytearray"):
            raw = bytes.fromhex(content)
            return raw if kind == "bytes" else bytearray(raw)
        if kind == "reference" and reference is not None:
            return reference(int(content))
        if not isinstance(content, list):
            raise BadFrame("no items")
        if kind == "dict":
            return {decode(key, reference): decode(item, reference) for key, item in content}
        items = [decode(item, reference) for item in content]
        if kind == "range":
            return range(*items)
        if kind == "iterator":
            return iter(items)
        maker = {"tuple": tuple, "set": set, "frozenset": frozenset}.get(kind)
        if maker is None:
            raise BadFrame(f"no such kind of value: {str(kind)[:40]}")
        return maker(items)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise BadFrame(str(error)) from error


def send(handle: int, message: object) -> None:
    """Writes one frame.

    Raises:
        NotPlain: it is too long.
        OSError: nobody reads.
    """
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_FRAME:
        raise NotPlain(f"more than {MAX_FRAME} bytes")
    view = memoryview(struct.pack(">I", len(body)) + body)
    while view:
        view = view[os.write(handle, view) :]


def receive(handle: int, seconds: float | None = None) -> Any:
    """Reads one frame; ``seconds`` is the most to wait for the whole of it.

    Raises:
        Ended: the other side has closed.
        TooLate: it did not come in time.
        BadFrame: it is too long or no JSON.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = struct.unpack(">I", _read(handle, 4, deadline))
    if length > MAX_FRAME:
        raise BadFrame("the frame is too long")
    try:
        return json.loads(_read(handle, length, deadline))
    except (ValueError, RecursionError) as error:
        raise BadFrame("the frame is no JSON") from error


def _read(handle: int, length: int, deadline: float | None) -> bytes:
    parts = []
    while length:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([handle], [], [], left)[0]:
                raise TooLate
        part = os.read(handle, min(length, 65536))
        if not part:
            raise Ended
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
