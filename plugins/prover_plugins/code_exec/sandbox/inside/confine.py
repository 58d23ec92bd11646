"""Takes away from a process what tested code must not have. Every step is for good.

:func:`new_world` (once, in the host) makes namespaces of its own: no network, no other processes in sight, a
file tree that holds Python's library and nothing else, read-only. :func:`confine` (in each forked process)
adds an empty scratch folder, limits, Landlock, the filter of system calls and an audit hook.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import sysconfig
from typing import Any

from . import landlock, seccomp

SCRATCH = "/scratch"
FORBIDDEN_EXIT = 87
"""Exit status of a process that the audit hook ended."""
SCRATCH_BYTES = 16 * 2**20

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_DETACH = 2
_PR_SET_PDEATHSIG = 1
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def library_folders() -> list[str]:
    """The folders that a Python program reads at run time: its library and shared objects."""
    python = [path for name in ("stdlib", "platstdlib") if (path := sysconfig.get_path(name))]
    shared = sysconfig.get_config_var("LIBDIR") or ""
    folders = [*python, str(shared), "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo"]
    real = [os.path.realpath(folder) for folder in folders if folder and os.path.isdir(folder)]  # noqa: PTH112
    return list(dict.fromkeys([*real, *(folder for folder in folders if folder in ("/lib", "/lib64"))]))


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent ends (Linux)."""
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "prctl"):
        library.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(9), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def new_world(root: str) -> None:
    """Moves this process into namespaces of its own, with a new file tree mounted on the folder ``root``.

    The process that calls it stays in its process namespace; its next child is the first of the new one.

    Raises:
        OSError: the machine does not allow it; nothing or only the namespaces were changed.
        AttributeError: not Linux.
    """
    user, group = os.getuid(), os.getgid()
    _check("unshare", _NEWUSER | _NEWNS | _NEWNET | _NEWIPC | _NEWUTS | _NEWPID)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    folders = library_folders()
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for folder in folders:
        if os.path.islink(folder):  # noqa: PTH114
            os.symlink(os.readlink(folder), root + folder)  # noqa: PTH211, PTH115
            continue
        os.makedirs(root + folder, exist_ok=True)  # noqa: PTH103
        _mount(folder, root + folder, None, _BIND | _REC)
        kept = os.statvfs(folder).f_flag & (_NOSUID | _NODEV | _NOEXEC)
        _mount(None, root + folder, None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV | kept)
    os.mkdir(root + "/dev")  # noqa: PTH102
    for device in _DEVICES:
        os.close(os.open(root + device, os.O_CREAT | os.O_WRONLY, 0o666))
        _mount(device, root + device, None, _BIND)
    os.mkdir(root + SCRATCH)  # noqa: PTH102
    _mount(None, root, None, _REMOUNT | _RDONLY | _NOSUID | _NODEV, "size=1m,mode=755")
    os.chdir(root)
    try:
        _check_call("pivot_root", b".", b".")
        _check("umount2", b".", _DETACH)
    except OSError:
        # The root of an initial ram disk cannot be moved. Without capabilities, and with chroot and mount
        # among the calls that end the process, a changed root cannot be left either.
        os.chroot(".")
    os.chdir(SCRATCH)


def confine(limits: dict[str, Any], layers: dict[str, Any]) -> None:
    """Confines this process for good, as far as ``layers`` (see ``host``) says that the machine can.

    ``limits``: ``memory`` (bytes of address space), ``cpu`` (whole seconds), ``file`` (bytes of one file).

    Raises:
        OSError: a layer that should work does not; the process must not go on.
    """
    if layers["private_root"]:
        _check("unshare", _NEWNS | _NEWIPC)
        size = f"size={SCRATCH_BYTES},nr_inodes=1000,mode=700"
        _mount("tmpfs", SCRATCH, "tmpfs", _NOSUID | _NODEV | _NOEXEC, size)
        os.chdir(SCRATCH)
    else:  # Python itself looks for a source file here when it reports a syntax error; it must be allowed to
        os.chdir(library_folders()[0])
    for name, value in (
        ("AS", limits["memory"]), ("CPU", limits["cpu"]), ("FSIZE", limits["file"]), ("NOFILE", 64), ("CORE", 0),
    ):  # fmt: skip
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    if hasattr(resource, "RLIMIT_NPROC") and not layers["seccomp"]:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.umask(0o077)
    if layers["namespaces"] or os.geteuid() == 0:
        _drop_capabilities()
    if layers["seccomp"] or layers["landlock"]:
        seccomp.no_new_privileges()
    writable = [*_DEVICES, *([SCRATCH] if layers["private_root"] else [])]
    if layers["landlock"]:
        landlock.restrict(library_folders(), writable)
    if layers["seccomp"]:
        seccomp.install()


def audit(scratch: bool) -> None:
    """Ends this process with FORBIDDEN_EXIT at the first thing that tested code must not do.

    A second layer: it names the attempt where the kernel would only say no, and it is all there is on a
    machine without the first. Determined code can get round it, so nothing relies on it alone.
    """
    folders = (*library_folders(), *_DEVICES, *([SCRATCH] if scratch else []))
    prefixes = (
        "socket.", "subprocess.", "ctypes.", "os.fork", "os.exec", "os.spawn", "os.posix_spawn", "os.system",
        "os.kill", "os.putenv", "os.chmod", "os.chown", "os.link", "os.symlink", "os.setxattr", "pty.",
        "signal.pthread_kill", "ftplib.", "urllib.", "webbrowser.", "syslog.",
    )  # fmt: skip
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(prefixes):
            os._exit(FORBIDDEN_EXIT)
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or path is None:
                return
            full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
            inside = full.startswith(folders)
            wrong = isinstance(flags, int) and flags & writes and not full.startswith((SCRATCH, *_DEVICES))
            if wrong or not inside:
                os._exit(FORBIDDEN_EXIT)
        elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.listdir", "os.scandir"):
            for path in arguments[:2]:
                if isinstance(path, str | bytes):
                    full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
                    if not full.startswith(folders if "dir" in event and event[3] in "ls" else (SCRATCH,)):
                        os._exit(FORBIDDEN_EXIT)

    sys.addaudithook(hook)


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    _check("capset", header, data)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(text)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _check("mount", *encoded[:3], ctypes.c_ulong(flags), encoded[3])


def _check_call(name: str, *arguments: object) -> None:
    """A system call that the C library has no function for."""
    number = {"x86_64": {"pivot_root": 155}, "aarch64": {"pivot_root": 41}}.get(os.uname().machine, {}).get(name)
    if number is None:
        raise OSError(38, f"{name} has no known number here")
    _check("syscall", ctypes.c_long(number), *arguments)


def _check(name: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
