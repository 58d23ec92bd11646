"""The error boundary: which exceptions are for people, and how they are shown."""

from __future__ import annotations

import json
import sys

import click

from prover.errors import BadInput, ProverError


def fatal_errors() -> tuple[type[Exception], ...]:
    """The exceptions that are shown as one line instead of a traceback.

    Errors of the toolchain count only once its module is loaded: before that nobody can raise
    one, and `prove --help` must not pay for the import.
    """
    found: tuple[type[Exception], ...] = (ProverError,)
    module = sys.modules.get("prover.lean.embedded.errors")
    if module is not None:
        found += (module.ToolchainError,)
    return found


def exit_code(error: Exception) -> int:
    """2 for bad input, 3 for everything that is wrong with the machinery."""
    return error.exit_code if isinstance(error, ProverError) else 3


def status(error: Exception) -> str:
    """``invalid`` or ``infrastructure``."""
    return "invalid" if exit_code(error) == BadInput.exit_code else "infrastructure"


def one_line(error: Exception) -> str:
    """The message with its position, ready for the terminal (Lean's own may have several lines)."""
    message = str(error).strip() or type(error).__name__
    if isinstance(error, BadInput) and error.line is not None and f"line {error.line}" not in message:
        column = "" if error.column is None else f", column {error.column}"
        return f"line {error.line}{column}: {message}"
    return message


def fail(error: Exception, *, as_json: bool) -> int:
    """Shows ``error``; returns the exit code.

    With ``as_json`` the one object on standard output carries it, so that a caller needs no other
    channel.
    """
    code = exit_code(error)
    if as_json:
        from prover.reports import ProofReport

        report = ProofReport(
            status=status(error),
            message=str(error).strip(),
            reason=getattr(error, "kind", "infrastructure"),
            line=getattr(error, "line", None),
            column=getattr(error, "column", None),
        )
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        click.echo(f"error: {one_line(error)}", err=True)
    return code
