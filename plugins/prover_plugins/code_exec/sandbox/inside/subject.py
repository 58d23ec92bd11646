"""Runs the tested code: reads calls, answers with plain data.

Nothing that this process says is believed beyond "the call gave this value": the tests' expected values are
never in it, and whoever compares is another process.
"""

from __future__ import annotations

import os
from typing import Any

from . import codec

MESSAGE_CHARACTERS = 300


def run(payload: dict[str, Any], requests: int, replies: int) -> None:
    """Executes ``payload["code"]`` as a module, then answers calls until there are no more.

    A request is ``{"name": …}`` or ``{"reference": …}`` with ``args`` and ``keywords``; the answer holds
    ``value`` (and ``changed``: arguments changed in place) or ``error``: names of the exception's classes.
    """
    namespace: dict[str, Any] = {"__name__": "solution"}
    objects: list[object] = []

    def keep(value: object) -> int:
        objects.append(value)
        return len(objects) - 1

    try:
        exec(compile(payload["code"], "solution.py", "exec", dont_inherit=True), namespace)
        codec.send(replies, {"ready": True})
    except BaseException as error:  # whatever it is, it is the tested code's
        codec.send(replies, _failure(error))
        return
    while True:
        try:
            request = codec.receive(requests)
        except codec.Ended:
            return
        try:
            answer = _answer(request, namespace, objects, keep)
            codec.send(replies, answer)
        except BaseException as error:  # as above; SystemExit and KeyboardInterrupt are its answers too
            codec.send(replies, _failure(error))


def _answer(request: Any, namespace: dict[str, Any], objects: list[object], keep: Any) -> dict[str, Any]:
    args = [codec.decode(item, objects.__getitem__) for item in request["args"]]
    keywords = {name: codec.decode(item, objects.__getitem__) for name, item in request["keywords"].items()}
    if "reference" in request:
        function: Any = objects[request["reference"]]
    elif request["name"] in namespace:
        function = namespace[request["name"]]
    else:
        raise NameError(f"name '{request['name']}' is not defined")
    if "read" in request:
        return {"value": codec.encode(function, keep), "changed": {}}
    value = codec.encode(function(*args, **keywords), keep)
    changed = {}
    for index, (before, after) in enumerate(zip(request["args"], args, strict=True)):
        if isinstance(after, list | dict | set | bytearray) and (now := codec.encode(after, keep)) != before:
            changed[str(index)] = now
    return {"value": value, "changed": changed}


def _failure(error: BaseException) -> dict[str, Any]:
    names = [kind.__name__ for kind in type(error).__mro__ if kind is not object]
    try:
        text = str(error)[:MESSAGE_CHARACTERS]
    except Exception:
        # An exception whose text cannot be had is still an exception.
        text = ""
    return {"error": names[:20], "message": text}


def program(payload: dict[str, Any]) -> None:
    """Runs ``payload["code"]`` as a script that talks on standard input and output."""
    import sys

    sys.stdin = os.fdopen(0, "r", encoding="utf-8", errors="replace", closefd=False)
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="replace", closefd=False)
    sys.argv = ["program.py"]
    try:
        exec(compile(payload["code"], "program.py", "exec", dont_inherit=True), {"__name__": "__main__"})
    finally:
        sys.stdout.flush()
