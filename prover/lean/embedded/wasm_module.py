"""Rewrite the package's lean.wasm so that instantiating it is cheap, and list its symbols.

The module exports 201,110 names, one for each symbol that Lean's interpreter may look up. Every
thread instantiates the module, and turning 200,000 exports into JavaScript objects costs each of
them seconds. So the exports that JavaScript never mentions are removed from the module; their
functions go into the function table through an element segment, which the engine fills natively,
and their addresses into a symbol file that the host searches (see `write_symbols`).

Nothing else changes: code, data and function indices are copied byte for byte.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.lean.embedded.errors import HostPatchError

_IMPORT, _TABLE, _GLOBAL, _EXPORT, _ELEMENT = 2, 4, 6, 7, 9
_KIND_FUNCTION, _KIND_TABLE, _KIND_MEMORY, _KIND_GLOBAL = range(4)
_I32, _I64, _FUNCREF = 0x7F, 0x7E, 0x70
_I32_CONST, _END = 0x41, 0x0B


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise HostPatchError(f"lean.wasm has {what}: this package version is not supported")


def _encode_unsigned(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _encode_signed(value: int) -> bytes:
    """Signed LEB128 of a non-negative number: one more bit than the unsigned form."""
    out = bytearray()
    while value >= 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class _Reader:
    """A cursor over the module's bytes."""

    def __init__(self, data: mmap.mmap | bytes, offset: int = 0) -> None:
        self.data = data
        self.offset = offset

    def byte(self) -> int:
        value = self.data[self.offset]
        self.offset += 1
        return value

    def unsigned(self) -> int:
        result = shift = 0
        while True:
            byte = self.data[self.offset]
            self.offset += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    def signed(self) -> int:
        result = shift = 0
        while True:
            byte = self.byte()
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result - (1 << shift) if byte & 0x40 else result

    def name(self) -> bytes:
        length = self.unsigned()
        self.offset += length
        return self.data[self.offset - length : self.offset]


@dataclass(frozen=True)
class _Section:
    kind: int
    start: int
    size: int


@dataclass(frozen=True)
class _Export:
    name: bytes
    kind: int
    index: int


@dataclass(frozen=True)
class Symbols:
    """Addresses by name: of functions in the function table, of data in memory."""

    functions: dict[bytes, int]
    data: dict[bytes, int]


def _sections(data: mmap.mmap) -> Iterator[_Section]:
    _require(data[:8] == b"\0asm\1\0\0\0", "an unknown header")
    reader = _Reader(data, 8)
    while reader.offset < len(data):
        kind = reader.byte()
        size = reader.unsigned()
        yield _Section(kind, reader.offset, size)
        reader.offset += size


def _imported_globals(data: mmap.mmap, section: _Section) -> int:
    """The number of imported globals; all of them are addresses of functions."""
    reader = _Reader(data, section.start)
    count = 0
    for _ in range(reader.unsigned()):
        module, name, kind = reader.name(), reader.name(), reader.byte()
        if kind == _KIND_FUNCTION:
            reader.unsigned()
        elif kind == _KIND_GLOBAL:
            reader.offset += 2
            count += 1
            _require(module == b"GOT.func", f"an unexpected imported global {name!r}")
        elif kind == _KIND_MEMORY:
            if reader.byte() & 1:
                reader.unsigned()
            reader.unsigned()
        else:
            _require(False, f"an unexpected import {name!r}")
    return count


def _constant_globals(data: mmap.mmap, section: _Section) -> list[int | None]:
    """The value of each immutable i32 global that is a constant; None for the others."""
    reader = _Reader(data, section.start)
    values: list[int | None] = []
    for _ in range(reader.unsigned()):
        value_type, mutable, opcode = reader.byte(), reader.byte(), reader.byte()
        _require(value_type in (_I32, _I64) and opcode in (0x41, 0x42), "a computed global")
        value = reader.signed()
        _require(reader.byte() == _END, "a computed global")
        values.append(value & 0xFFFFFFFF if value_type == _I32 and not mutable else None)
    return values


def _exports(data: mmap.mmap, section: _Section) -> list[_Export]:
    reader = _Reader(data, section.start)
    return [_Export(reader.name(), reader.byte(), reader.unsigned()) for _ in range(reader.unsigned())]


def _table_size(data: mmap.mmap, section: _Section) -> int:
    reader = _Reader(data, section.start)
    _require(
        (reader.unsigned(), reader.byte(), reader.byte()) == (1, _FUNCREF, 0),
        "an unexpected function table",
    )
    return reader.unsigned()


def _elements(data: mmap.mmap, section: _Section) -> tuple[int, list[int]]:
    """Offset and function indices of the one element segment."""
    reader = _Reader(data, section.start)
    _require((reader.unsigned(), reader.unsigned()) == (1, 0), "unexpected element segments")
    _require(reader.byte() == _I32_CONST, "a relocatable element segment")
    offset = reader.signed()
    _require(reader.byte() == _END, "a relocatable element segment")
    return offset, [reader.unsigned() for _ in range(reader.unsigned())]


def _vector(items: list[bytes]) -> bytes:
    return _encode_unsigned(len(items)) + b"".join(items)


def _element_segment(offset: int, functions: list[int]) -> bytes:
    return (
        bytes([0, _I32_CONST])
        + _encode_signed(offset)
        + bytes([_END])
        + _vector([_encode_unsigned(index) for index in functions])
    )


def rewrite(source: Path, target: Path, kept: set[bytes]) -> Symbols:
    """Write `source` to `target` with only the exports `kept`, and return all its symbols.

    Raises `HostPatchError` when the module is not built as the pinned package is.
    """
    with (
        source.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        sections = {section.kind: section for section in _sections(data) if section.kind}
        exports = _exports(data, sections[_EXPORT])
        missing = kept - {export.name for export in exports}
        _require(not missing, f"no export {sorted(missing)[:1]}")
        offset, elements = _elements(data, sections[_ELEMENT])
        size = _table_size(data, sections[_TABLE])
        _require(offset + len(elements) == size, "a function table with gaps")

        slots = {function: offset + position for position, function in enumerate(elements)}
        functions, added = _function_addresses(exports, slots, size)
        symbols = Symbols(functions, _data_addresses(data, sections, exports))
        table = bytes([_FUNCREF, 0]) + _encode_unsigned(size + len(added))
        replaced = {
            _TABLE: _vector([table]),
            _EXPORT: _vector([_encode_export(export) for export in exports if export.name in kept]),
            _ELEMENT: _vector([_element_segment(offset, elements), _element_segment(size, added)]),
        }
        with target.open("wb") as out:
            out.write(data[:8])
            for section in _sections(data):
                body = replaced.get(section.kind)
                length = section.size if body is None else len(body)
                out.write(bytes([section.kind]) + _encode_unsigned(length))
                out.write(data[section.start : section.start + length] if body is None else body)
    return symbols


def _function_addresses(
    exports: Sequence[_Export], slots: dict[int, int], size: int
) -> tuple[dict[bytes, int], list[int]]:
    """The place of every exported function in the function table, and the functions to add at its end (``size``)
    because ``slots`` has no place for them."""
    added: list[int] = []
    found: dict[bytes, int] = {}
    for export in exports:
        if export.kind == _KIND_FUNCTION:
            if export.index not in slots:
                slots[export.index] = size + len(added)
                added.append(export.index)
            found[export.name] = slots[export.index]
    return found, added


def _data_addresses(data: mmap.mmap, sections: dict[int, _Section], exports: Sequence[_Export]) -> dict[bytes, int]:
    """The address of every exported global that is a constant."""
    imported = _imported_globals(data, sections[_IMPORT])
    constants = _constant_globals(data, sections[_GLOBAL])
    values = {export.name: constants[export.index - imported] for export in exports if export.kind == _KIND_GLOBAL}
    return {name: value for name, value in values.items() if value is not None}


def _encode_export(export: _Export) -> bytes:
    name = _encode_unsigned(len(export.name)) + export.name
    return name + bytes([export.kind]) + _encode_unsigned(export.index)


def write_symbols(symbols: Symbols, target: Path) -> None:
    """Write the symbol file that host_runtime.js searches.

    Little-endian 32-bit numbers: the count n, then n entries of (CRC-32 of the name, offset of the
    name, length of the name, address), sorted by CRC; then all names. A look-up compares names, so
    equal CRCs do no harm.
    """
    every = {**symbols.data, **symbols.functions}
    entries = sorted((zlib.crc32(name), name, address) for name, address in every.items())
    with target.open("wb") as out:
        out.write(struct.pack("<I", len(entries)))
        offset = 0
        for checksum, name, address in entries:
            out.write(struct.pack("<4I", checksum, offset, len(name), address))
            offset += len(name)
        for _, name, _ in entries:
            out.write(name)
