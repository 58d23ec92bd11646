"""Landlock: takes the file system away from this process except what is named; needs no root.

Linux 5.13 and later; system call numbers are the same on all architectures.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
# What a rule for a file (not a folder) may hold.
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE
_BITS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
_NET_FROM, _SCOPES_FROM = 4, 6


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        found = int(library.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    except (AttributeError, OSError):
        return 0
    return max(0, found)


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Leaves this process only ``readable`` paths to read and ``writable`` ones to read and write, for good.

    TCP and signals to processes outside go too where the kernel knows how. Paths that do not exist are left
    out. Needs ``no_new_privileges``.

    Raises:
        OSError: the kernel refuses.
    """
    known = version()
    everything = (1 << _BITS_BY_VERSION.get(known, 16)) - 1
    attributes = struct.pack("=Q", everything)
    if known >= _NET_FROM:
        attributes += struct.pack("=Q", 3)
    if known >= _SCOPES_FROM:
        attributes += struct.pack("=Q", 3)
    ruleset = _call(_CREATE, ctypes.c_char_p(attributes), ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(ruleset, path, everything)
        _call(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - pathlib is not worth its import in every sandbox
            access &= _OF_FILES
        rule = struct.pack("=Qi", access, handle)
        _call(_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.c_char_p(rule), ctypes.c_uint32(0))
    finally:
        os.close(handle)


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    result = int(library.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock {number}: {os.strerror(code)}")
    return result
