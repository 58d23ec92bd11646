"""A filter of system calls (seccomp BPF), written through ``prctl`` so that nothing needs to be installed.

Whatever tested code has no business with (network, processes, signals to others, mounts) ends the process at
once, so that the attempt shows in its exit status and cannot be hidden; every call that is not known to be
needed fails with EPERM. Numbers are those of Linux's tables for x86_64 and aarch64.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_RET_KILL = 0x80000000
_RET_ERRNO = 0x00050000
_RET_ALLOW = 0x7FFF0000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
# fcntl commands that send signals to other processes: F_SETOWN, F_SETSIG, F_SETOWN_EX, F_NOTIFY.
_SIGNALLING = (8, 10, 15, 1026)

_ALLOWED_X86 = (
    *range(0, 29), 32, 33, 34, 35, 36, 37, 38, 39, 60, 63, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 87,
    89, 95, 96, 97, 98, 99, 100, 102, 104, 107, 108, 110, 111, 131, 158, 186, 201, 202, 204, 213, 217, 218, 219,
    221, 228, 229, 230, 231, 232, 233, 235, 257, 258, 262, 263, 264, 267, 269, 270, 271, 273, 280, 281, 290, 291,
    292, 293, 316, 318, 324, 332, 334, 436, 439,
)  # fmt: skip
_KILLED_X86 = (
    41, 42, 43, 44, 46, 49, 50, 53, 56, 57, 58, 59, 62, 101, 155, 161, 165, 166, 200, 272, 288, 308, 310, 311, 321,
    322, 323, 424, 425, 434, 435, 438,
)  # fmt: skip
_ALLOWED_ARM = (
    17, 19, 20, 21, 22, 23, 24, 29, 34, 35, 38, 45, 46, 48, 49, 50, 56, 57, 59, 61, 62, 63, 64, 65, 66, 67, 68, 71,
    72, 73, 78, 79, 80, 82, 83, 88, 93, 94, 96, 98, 99, 101, 102, 103, 113, 114, 115, 123, 124, 128, 132, 134, 135,
    139, 160, 163, 165, 166, 169, 172, 173, 174, 175, 176, 177, 178, 179, 214, 215, 216, 222, 223, 226, 233, 276,
    278, 283, 291, 293, 436, 439,
)  # fmt: skip
_KILLED_ARM = (
    39, 40, 41, 51, 97, 117, 129, 130, 198, 199, 200, 201, 202, 203, 206, 211, 220, 221, 242, 268, 270, 271, 280,
    281, 282, 424, 425, 434, 435, 438,
)  # fmt: skip

# architecture: (AUDIT_ARCH, allowed, killed, fcntl, tgkill, prlimit64)
_TABLES = {
    "x86_64": (0xC000003E, _ALLOWED_X86, _KILLED_X86, 72, 234, 302),
    "aarch64": (0xC00000B7, _ALLOWED_ARM, _KILLED_ARM, 25, 131, 261),
}


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def supported() -> bool:
    """Whether there is a table for this machine's architecture."""
    return os.name == "posix" and platform.system() == "Linux" and platform.machine() in _TABLES


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value & 0xFFFFFFFF)


def _program(own_pid: int) -> bytes:
    """The filter; ``own_pid`` is the only process that may be signalled."""
    arch, allowed, killed, fcntl, tgkill, prlimit = _TABLES[platform.machine()]
    refuse = _RET_ERRNO | errno.EPERM
    lines = [
        _instruction(_LOAD, _OFFSET_ARCH),
        _instruction(_EQUAL, arch, 1, 0),
        _instruction(_RETURN, _RET_KILL),
        _instruction(_LOAD, _OFFSET_NUMBER),
    ]
    if platform.machine() == "x86_64":
        lines += [_instruction(_AT_LEAST, _X32, 0, 1), _instruction(_RETURN, _RET_KILL)]
    for numbers, action in ((allowed, _RET_ALLOW), (killed, _RET_KILL)):
        for number in numbers:
            lines += [_instruction(_EQUAL, number, 0, 1), _instruction(_RETURN, action)]
    # A signal to this process alone (abort, raise), limits of this process alone.
    for number, value, otherwise in ((tgkill, own_pid, _RET_KILL), (prlimit, 0, refuse)):
        lines += [
            _instruction(_EQUAL, number, 0, 4),
            _instruction(_LOAD, _OFFSET_ARGUMENTS),
            _instruction(_EQUAL, value, 0, 1),
            _instruction(_RETURN, _RET_ALLOW),
            _instruction(_RETURN, otherwise),
        ]
    lines += [_instruction(_EQUAL, fcntl, 0, 2 * len(_SIGNALLING) + 2), _instruction(_LOAD, _OFFSET_ARGUMENTS + 8)]
    for command in _SIGNALLING:
        lines += [_instruction(_EQUAL, command, 0, 1), _instruction(_RETURN, refuse)]
    lines += [_instruction(_RETURN, _RET_ALLOW), _instruction(_RETURN, refuse)]
    return b"".join(lines)


def no_new_privileges() -> None:
    """Gives up, for good, whatever setuid programs could give.

    Raises:
        OSError: the kernel refuses.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0)


def install() -> None:
    """Installs the filter in this process, for good. Needs :func:`no_new_privileges`.

    Raises:
        OSError: the kernel refuses.
    """
    program = _program(os.getpid())
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    _prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(filter_))


def _prctl(option: int, first: int, second: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(value) for value in (first, second, 0, 0)]
    if library.prctl(ctypes.c_int(option), *arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")
