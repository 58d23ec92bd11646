"""Opens a theorem, and where that fails finds the clearest way to say what is wrong and where."""

from __future__ import annotations

from prover.errors import BadInput
from prover.lean.environment import DEFAULT_IMPORTS, LeanDomain, LeanEnvironment
from prover.lean.server import LeanServer
from prover.problem import Problem

_STRICT = "set_option autoImplicit false"


def open_theorem(server: LeanServer, problem: Problem, label: str = "") -> LeanEnvironment:
    """Opens the goal of ``problem``.

    Raises:
        BadInput: with Lean's message and position; says whether the header or the statement is wrong.
        InfrastructureFault: Lean failed.
    """
    try:
        return LeanDomain(server, label=label).open(problem)
    except BadInput as error:
        raise _clearer(server, problem, error) from error


def _clearer(server: LeanServer, problem: Problem, error: BadInput) -> BadInput:
    if error.kind == "unknown_import":
        return unknown_import(error)
    imports = problem.imports or DEFAULT_IMPORTS
    if problem.header and (wrong := _wrong(server, imports, problem.header)) is not None:
        return BadInput(f"in the header: {wrong}", line=wrong.line, column=wrong.column, kind="header")
    # Lean takes an unknown name for a variable where it can, and then complains of the theorem as a whole.
    if error.kind != "parse" and (error.line is None or (error.line, error.column) == (1, 0)):
        strict = _wrong(server, imports, f"{problem.header.rstrip()}\n{_STRICT}\n", problem.statement)
        if strict is not None and strict.line is not None and (strict.line, strict.column) > (1, 0):
            return strict
    if error.line is None:
        line, column = _position_of(problem.name, problem.statement)
        return BadInput(str(error), line=line, column=column, kind=error.kind)
    return error


def _wrong(server: LeanServer, imports: tuple[str, ...], header: str, statement: str = "") -> BadInput | None:
    """What Lean says against a header, or against a statement after it; None for nothing."""
    environment = None
    try:
        environment = server.open_environment(imports, header).environment
        if statement:
            server.open_goal(environment, statement)
    except BadInput as wrong:
        return wrong
    finally:
        if environment is not None:
            server.release(environments=[environment])
    return None


def unknown_import(error: BadInput) -> BadInput:
    """Lean's message about a missing module, without the folders that it looked into."""
    first = str(error).strip().splitlines()[0]
    return BadInput(
        f"unknown import: {first}; check the spelling, or use --project for a Lake project that has it",
        kind="unknown_import",
    )


def _position_of(name: str, text: str) -> tuple[int, int]:
    """Line (from 1) and column (from 0) of the first ``name`` in ``text``, else of its start."""
    at = max(text.find(name), 0) if name else 0
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1)
