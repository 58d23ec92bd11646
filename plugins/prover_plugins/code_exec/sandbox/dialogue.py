"""Interactive programs: a conversation on a terminal of its own, checked line by line with pexpect.

The program may print what is expected and nothing else: text that merely contains it does not pass.
"""

from __future__ import annotations

import os
import termios
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prover_plugins.code_exec.sandbox.client import Limits, Sandbox, TestResult, end_kind

if TYPE_CHECKING:
    import pexpect.fdpexpect  # type: ignore[import-untyped, unused-ignore]

Dialogue = Sequence[tuple[str, str]]
"""Turns in order: ``("expect", text)`` for what the program prints, ``("send", line)`` for what it is told.
Blanks at both ends of what it prints do not matter. After the last turn it must end without an error."""


_AHEAD_SECONDS = 0.03


class _TooMuch(Exception):
    """The program prints more than it may."""


def talk(sandbox: Sandbox, code: str, dialogue: Dialogue, limits: Limits | None = None) -> TestResult:
    """Runs ``code`` as a program and holds ``dialogue`` with it.

    Raises:
        InfrastructureFault: the sandbox does not work.
    """
    limits = limits or sandbox.limits
    master, slave = os.openpty()
    process = None
    try:
        _plain(slave)
        process = sandbox.start("program", {"code": code}, [slave], limits)
        os.close(slave)
        slave = -1
        result = _converse(master, dialogue, limits)
    finally:
        for handle in (master, slave):
            if handle >= 0:
                os.close(handle)
        end: dict[str, Any] = {} if process is None else sandbox.reap(process, 0.5)
    kind, message = end_kind(end)
    if kind and (not result.ok or kind == "forbidden"):
        return TestResult(False, kind, message)
    if result.ok and (end["exit"] != 0 or end["signal"]):
        return TestResult(False, "exit", f"the program ended with status {end['exit']}")
    return result


def _plain(terminal: int) -> None:
    """Turns off the terminal's echo and its changes of line ends."""
    settings = termios.tcgetattr(terminal)
    settings[1] &= ~termios.OPOST
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def _reader(master: int, limits: Limits) -> pexpect.fdpexpect.fdspawn:
    import pexpect.fdpexpect  # type: ignore[import-untyped, unused-ignore]

    class Reader(pexpect.fdpexpect.fdspawn):  # type: ignore[misc, unused-ignore]
        """Counts what it reads: a program without end must not fill the memory."""

        total = 0

        def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> Any:
            """As its base, with a limit.

            Raises:
                _TooMuch: the limit is reached.
            """
            try:
                text = super().read_nonblocking(size, timeout)
            except OSError as error:  # Linux says so where the other end of a terminal is closed
                raise pexpect.EOF("the program has ended") from error
            self.total += len(text)
            if self.total > limits.output:
                raise _TooMuch
            return text

    return Reader(master, timeout=limits.call, encoding="utf-8", codec_errors="replace")


def _ahead(reader: pexpect.fdpexpect.fdspawn) -> str:
    """What the program has printed beyond what was expected, before it is told anything."""
    import pexpect  # type: ignore[import-untyped, unused-ignore]

    found = reader.expect_exact([pexpect.TIMEOUT, pexpect.EOF], timeout=_AHEAD_SECONDS)
    return (reader.before or "").strip() if found in (0, 1) else ""


def _converse(master: int, dialogue: Dialogue, limits: Limits) -> TestResult:
    import pexpect  # type: ignore[import-untyped, unused-ignore]

    reader = _reader(master, limits)
    try:
        for what, text in dialogue:
            if what == "send":
                if ahead := _ahead(reader):
                    return TestResult(False, "wrong", f"it printed more than expected: {ahead[-200:]!r}")
                reader.send(text + "\n")
                continue
            found = reader.expect_exact([text.strip(), pexpect.EOF, pexpect.TIMEOUT])
            before = (reader.before or "").strip()
            reader.before = ""
            if found == 0 and not before:
                continue
            kind = "timeout" if found == 2 and not before else "wrong"
            return TestResult(False, kind, f"expected {text.strip()!r}, it printed {before[-200:]!r}")
        found = reader.expect_exact([pexpect.EOF, pexpect.TIMEOUT])
        rest = (reader.before or "").strip()
        if found == 0 and not rest:
            return TestResult(True)
        if rest:
            return TestResult(False, "wrong", f"it printed more than expected: {rest[-200:]!r}")
        return TestResult(False, "timeout", "the program does not end after the last turn")
    except _TooMuch:
        return TestResult(False, "output", f"the program prints more than {limits.output:,} bytes")
    except OSError:
        return TestResult(False, "exit", "the program ended before it was told everything")
