"""Problems in the formats of HumanEval and MBPP, and interactive ones: reading them and splitting their tests.

A test is visible, to be used by the search, or hidden, used only to verify. HumanEval: the examples in the
prompt's docstring are visible and the asserts of ``check`` hidden; without examples half of the asserts are
visible. MBPP: ``test_list`` is visible and ``challenge_test_list`` hidden; without the latter half of
``test_list`` is hidden. Verification runs all.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover_plugins.code_exec import checks
from prover_plugins.code_exec.checks import Item
from prover_plugins.code_exec.sandbox.client import Tests

MAX_FILE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Task:
    """One problem. ``kind`` is ``function`` or ``interactive``.

    ``prompt`` is what a person or a model reads; ``preamble`` what stands before the function in it (imports,
    helpers), ``signature`` its first line and ``docstring`` its text; ``start`` is the code that the problem
    gives to begin with (empty for none). ``visible`` and ``hidden`` are source items in order, ``setup``
    is run before them, ``names`` maps names in tests to functions of the solution. ``dialogues`` are those of
    an interactive problem: the first ``shown`` of them are visible. ``solution`` is a reference one, if given.
    """

    task_id: str
    kind: str
    prompt: str
    entry_point: str = ""
    preamble: str = ""
    signature: str = ""
    docstring: str = ""
    start: str = ""
    setup: str = ""
    names: dict[str, str] = field(default_factory=dict)
    visible: tuple[Item, ...] = ()
    hidden: tuple[Item, ...] = ()
    dialogues: tuple[tuple[tuple[str, str], ...], ...] = ()
    shown: int = 0
    solution: str = ""

    def tests(self, *, hidden: bool) -> Tests:
        """The visible tests, or with ``hidden`` all of them, for the sandbox."""
        items = (*self.visible, *self.hidden) if hidden else self.visible
        return Tests(items, self.names, self.setup)

    @property
    def visible_sources(self) -> tuple[str, ...]:
        """The visible tests as text, one for each result."""
        if self.kind == "interactive":
            return tuple(" / ".join(f"{what} {text!r}" for what, text in talk) for talk in self.dialogues[: self.shown])
        return tuple(source for source, is_test in self.visible if is_test)

    def complete(self, completion: str) -> str:
        """The whole program of a ``completion``: a function, or as in HumanEval what follows the prompt."""
        text = unfenced(completion)
        if self.kind == "interactive" or not self.signature:
            return text
        if text.startswith((" ", "\t")):
            return self.prompt.rstrip("\n") + "\n" + text
        return text if self.preamble in text else self.preamble + text


def unfenced(text: str) -> str:
    """The code within a fence of three backquotes, as language models write it; else the text itself."""
    if "```" not in text:
        return text
    inside = text.split("```")[1]
    first, _, rest = inside.partition("\n")
    return rest if first.strip().isalnum() or not first.strip() else inside


def read_tasks(path: Path) -> list[Task]:
    """Reads a JSONL file of problems.

    Raises:
        BadInput: the file cannot be read, or a line is no problem; says which.
    """
    return [_with_line(task_of, record, line, path) for line, record in read_jsonl(path)]


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their line numbers.

    Raises:
        BadInput: the file cannot be read, is empty, or a line is no JSON object.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path} is larger than {MAX_FILE_BYTES // 2**20} MiB")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadInput(f"cannot read {path}: {reason}") from error
    empty = True
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}: this line is no JSON: {error}", line=number) from error
        if not isinstance(record, dict):
            raise BadInput(f"{path}: this line is no JSON object", line=number)
        empty = False
        yield number, record
    if empty:
        raise BadInput(f"{path} has no problems: expected one JSON object a line")


def _with_line(make: Any, record: dict[str, Any], line: int, path: Path) -> Any:
    try:
        return make(record)
    except BadInput as error:
        raise BadInput(f"{path}: {error}", line=line) from error


def task_of(record: dict[str, Any]) -> Task:
    """The problem of one record.

    Raises:
        BadInput: a field is missing or makes no sense.
    """
    if record.get("kind") == "interactive" or "dialogues" in record:
        return _interactive(record)
    if "entry_point" in record or "test" in record:
        return _human_eval(record)
    if "test_list" in record:
        return _mbpp(record)
    raise BadInput("neither HumanEval's fields (prompt, entry_point, test) nor MBPP's (text, test_list)")


def _text(record: dict[str, Any], *names: str, default: str | None = None) -> str:
    for name in names:
        if name in record:
            value = record[name]
            if not isinstance(value, str) and not (name == "task_id" and isinstance(value, int)):
                raise BadInput(f"field {name!r} must be text")
            return str(value)
    if default is None:
        raise BadInput(f"field {names[0]!r} is missing")
    return default


def _texts(record: dict[str, Any], name: str) -> list[str]:
    value = record.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadInput(f"field {name!r} must be a list of texts")
    return value


def parse(source: str, what: str) -> ast.Module:
    """Parses Python source.

    Raises:
        BadInput: it is not Python; ``what`` names it.
    """
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"{what} is not Python: {error}") from error


def _human_eval(record: dict[str, Any]) -> Task:
    prompt, entry = _text(record, "prompt"), _text(record, "entry_point")
    test = _text(record, "test")
    function, preamble, signature = _function(prompt, entry, "the prompt")
    docstring = ast.get_docstring(function) or ""
    units = checks.split_check(parse(test, "the test"))
    if units is None:
        raise BadInput("the test has no function check(candidate)")
    module_level, body = units
    visible = checks.docstring_examples(docstring, entry)
    if checks.count(visible):
        hidden = body
    else:
        visible, hidden = checks.halve(body)
    if not checks.count((*visible, *hidden)):
        raise BadInput("there is nothing to test: no example and no assert")
    body_given = [node for node in function.body if not _empty(node)]
    return Task(
        task_id=_text(record, "task_id", default=entry), kind="function", prompt=prompt, entry_point=entry,
        preamble=preamble, signature=signature, docstring=docstring,
        start=prompt if body_given else "", setup=prompt + _body_for(prompt) + "\n" + module_level,
        names={"candidate": entry, entry: entry}, visible=visible, hidden=hidden,
        solution=_solution(record, prompt),
    )  # fmt: skip


def _solution(record: dict[str, Any], prompt: str) -> str:
    body = _text(record, "canonical_solution", default="")
    return prompt + body if body[:1].isspace() else body


def _body_for(prompt: str) -> str:
    """What makes a prompt that ends after ``def f(x):`` a program; empty where it is one."""
    try:
        ast.parse(prompt)
    except SyntaxError:
        return "\n    pass\n"
    return ""


def _empty(node: ast.stmt) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass)


def _function(source: str, entry: str, what: str) -> tuple[ast.FunctionDef, str, str]:
    """The function ``entry`` of ``source``, what stands before it, and its signature up to the colon."""
    tree = parse(source + _body_for(source), what)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == entry]
    if not found:
        raise BadInput(f"{what} has no function {entry!r}")
    function = found[-1]
    lines = source.splitlines(keepends=True)
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)]) - 1
    bare = ast.FunctionDef(
        name=entry, args=function.args, body=[ast.Pass()], decorator_list=[], returns=function.returns,
        lineno=1, col_offset=0,
    )  # fmt: skip
    signature = ast.unparse(bare).rpartition("\n")[0]
    return function, "".join(lines[:first]), signature


def _mbpp(record: dict[str, Any]) -> Task:
    text, tests = _text(record, "text", "prompt"), _texts(record, "test_list")
    challenge, setup = _texts(record, "challenge_test_list"), _text(record, "test_setup_code", default="")
    code = _text(record, "code", "canonical_solution", default="")
    imports = "\n".join(_texts(record, "test_imports"))
    trees = [parse(test, f"test {number}") for number, test in enumerate((*tests, *challenge), 1)]
    parse(setup, "test_setup_code")
    if not tests:
        raise BadInput("field 'test_list' is empty")
    names = checks.unknown_names([parse(f"{imports}\n{setup}", "test_setup_code"), *trees])
    if not names:
        raise BadInput("the tests call no function")
    entry = names[0]
    arity = checks.arity(trees, entry)
    signature = f"def {entry}({', '.join('abcdefgh'[:arity]) if arity <= 8 else '*arguments'}):"
    if code:
        tree = parse(code, "the code")
        if any(isinstance(node, ast.FunctionDef) and node.name == entry for node in tree.body):
            _, _, signature = _function(code, entry, "the code")
    items: Sequence[Item] = tuple((test, True) for test in tests)
    visible, hidden = (items, tuple((test, True) for test in challenge)) if challenge else checks.halve(items)
    shown = "\n".join(["", *(source for source, _ in visible)])
    described = (text + "\n" + shown).replace("\\", "\\\\").replace('"""', '\\"\\"\\"').replace("\n", "\n    ")
    return Task(
        task_id=_text(record, "task_id", default=entry), kind="function",
        prompt=f'{signature}\n    """{described}\n    """\n',
        entry_point=entry, signature=signature, docstring=text, setup=f"{imports}\n{setup}",
        names={name: name for name in names}, visible=tuple(visible), hidden=tuple(hidden), solution=code,
    )  # fmt: skip


def _interactive(record: dict[str, Any]) -> Task:
    prompt, dialogues = _text(record, "prompt", "text"), record.get("dialogues")
    if not isinstance(dialogues, list) or not dialogues:
        raise BadInput("field 'dialogues' must be a list that is not empty")
    talks = []
    for dialogue in dialogues:
        good = isinstance(dialogue, list) and dialogue and all(
            isinstance(turn, list) and len(turn) == 2 and turn[0] in ("expect", "send") and isinstance(turn[1], str)
            for turn in dialogue
        )  # fmt: skip
        if not good:
            raise BadInput("a dialogue is a list of ['expect', text] and ['send', line] pairs")
        talks.append(tuple((str(what), str(text)) for what, text in dialogue))
    return Task(
        task_id=_text(record, "task_id", default="interactive"), kind="interactive", prompt=prompt,
        start=_text(record, "start", default=""), dialogues=tuple(talks), shown=(len(talks) + 1) // 2,
        solution=_text(record, "canonical_solution", default=""),
    )  # fmt: skip
