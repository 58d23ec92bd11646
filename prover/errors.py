"""The three kinds of failure that a person sees, and the exit code of each.

An infrastructure fault is never "not provable": the two are different exceptions all the way up.
"""

from __future__ import annotations


class ProverError(Exception):
    """Base of every error that is shown as one clear line instead of a traceback."""

    exit_code = 1


class BadInput(ProverError):
    """The user's input is wrong: says what is wrong and what to do.

    ``line`` (1-based) and ``column`` (0-based, as Lean counts) locate it in the user's text.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, line: int | None = None, column: int | None = None, kind: str = "input"
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.kind = kind


class InfrastructureFault(ProverError):
    """Lean died, hung, ran out of memory or is missing: says nothing about the theorem."""

    exit_code = 3
