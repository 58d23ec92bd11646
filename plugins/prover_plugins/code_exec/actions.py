"""Actions on code, as text: a whole program, or an edit of lines.

``replace 3-4`` with the new lines below it puts them in the place of lines 3 and 4 (from 1, as shown);
``delete 3`` removes a line, ``insert 3`` puts lines before line 3. Anything else is the program itself, with
or without a fence of backquotes, or as in HumanEval what follows the prompt (it begins with a blank).
"""

from __future__ import annotations

import ast
import re

from prover_plugins.code_exec.tasks import Task, unfenced

_EDIT = re.compile(r"\A\s*(replace|delete|insert) (\d{1,5})(?:-(\d{1,5}))?[ ]*(?:\n|\Z)")
MAX_CODE = 200_000
"""Characters of a program."""


class NoAction(ValueError):
    """The action makes no sense on this code; the message says why."""


def apply(task: Task, code: str, action: str) -> str:
    """The code after ``action``.

    Raises:
        NoAction: it names lines that are not there, or leaves no program.
    """
    match = _EDIT.match(action)
    if match is None:
        new = task.complete(action)
    else:
        verb, first = match[1], int(match[2])
        last = int(match[3] or first)
        lines = code.splitlines()
        most = len(lines) + (verb == "insert")
        if not 1 <= first <= last <= most:
            raise NoAction(f"the code has lines 1 to {len(lines)}, not {first}-{last}")
        added = [] if verb == "delete" else unfenced(action[match.end() :]).splitlines()
        lines[first - 1 : first - 1 if verb == "insert" else last] = added
        new = "\n".join(lines) + "\n"
    if not new.strip():
        raise NoAction("no code is left")
    if len(new) > MAX_CODE:
        raise NoAction(f"the code is longer than {MAX_CODE:,} characters")
    return new if new.endswith("\n") else new + "\n"


def normal_form(code: str) -> str:
    """The code without what does not matter: comments, layout, docstrings; as it is where it is not Python."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    try:
        return ast.unparse(tree)
    except (ValueError, RecursionError):
        return code
