"""Tests as source: splitting a ``check`` function into single tests, reading examples, finding literal ones."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import doctest

Item = tuple[str, bool]
"""Source that the judge runs, and whether it is a test (else it only prepares the next ones)."""

_ARROW = re.compile(r"\s*(?:==>|=>|==|➞|->|➔|→|=|\breturns?\b|\bshould return\b)\s*")


@dataclass(frozen=True, slots=True)
class Example:
    """A test of the form ``f(literals) == literal``."""

    args: tuple[Any, ...]
    expected: Any


def count(items: Iterable[Item]) -> int:
    """How many of ``items`` are tests."""
    return sum(is_test for _, is_test in items)


def halve(items: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The first half of the tests, rounded up, with what prepares them; and the rest."""
    wanted, seen = (count(items) + 1) // 2, 0
    for index, (_, is_test) in enumerate(items):
        seen += is_test
        if seen == wanted:
            return tuple(items[: index + 1]), tuple(items[index + 1 :])
    return tuple(items), ()


def split_check(tree: ast.Module) -> tuple[str, tuple[Item, ...]] | None:
    """The module's other code, and the body of ``check(candidate)`` as single tests; None without a check.

    A statement of the body that asserts somewhere is a test. A body that cannot stand alone (it returns or
    yields, or declares names global) is one test.
    """
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if not found:
        return None
    check = found[-1]
    # Calls of check by the file itself are ours to make.
    others = [
        node for node in tree.body
        if node is not check and not (isinstance(node, ast.Expr) and "check" in ast.dump(node.value))
    ]  # fmt: skip
    module = "\n".join(ast.unparse(node) for node in others)
    argument = check.args.args[0].arg if check.args.args else "candidate"
    whole = any(isinstance(node, ast.Return | ast.Yield | ast.Global | ast.Nonlocal) for node in ast.walk(check))
    if whole or argument != "candidate" or len(check.args.args) != 1:
        return module + "\n" + ast.unparse(check), (("check(candidate)", True),)
    items = [
        (ast.unparse(node), any(isinstance(inner, ast.Assert) for inner in ast.walk(node)))
        for node in check.body
        if not _always_true(node)
    ]
    return module, tuple(items)


def _always_true(node: ast.stmt) -> bool:
    """``assert True, "…"`` says nothing; HumanEval has many."""
    return isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and bool(node.test.value)


def docstring_examples(docstring: str, entry: str) -> tuple[Item, ...]:
    """The examples of a docstring as tests: ``>>> f(1)`` with its result, or lines such as ``f(1) == 2``."""
    import doctest

    items: list[Item] = []
    try:
        examples = doctest.DocTestParser().get_examples(docstring)
    except ValueError:
        examples = []
    for example in examples:
        items += _doctest(example)
    if not count(items):
        items = [(test, True) for line in docstring.splitlines() if (test := _line(line, entry))]
    return tuple(items)


def _doctest(example: doctest.Example) -> list[Item]:
    source, want = example.source.strip(), example.want.strip()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    if not want:
        call = len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
        return [(f"assert ({source}) is None", True)] if call else [(source, False)]
    if example.exc_msg is not None:
        name = example.exc_msg.partition(":")[0].strip().rpartition(".")[2]
        if not name.isidentifier():
            return []
        body = f"try:\n    {source}\nexcept {name}:\n    pass\nelse:\n    assert False, 'no {name}'"
        return [(body, True)]
    if _literal(want) is _NONE or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return []
    return [(f"assert {source} == {want}", True)]


def _line(line: str, entry: str) -> str:
    """The test that a line such as ``* f([1, 2]) -> 3`` stands for; empty for none."""
    start = re.search(rf"\b{re.escape(entry)}\(", line)
    if not start:
        return ""
    text = line[start.start() :]
    end = _closing(text)
    arrow = _ARROW.match(text, end)
    if not end or not arrow:
        return ""
    call, rest = text[:end], text[arrow.end() :].split(" #")[0].strip()
    for want in (rest, rest.rstrip(".;,`"), rest.split(" ")[0].rstrip(".;,`")):
        if _literal(want) is not _NONE and literal_call(f"assert {call} == {want}", entry):
            return f"assert {call} == {want}"
    return ""


def _closing(text: str) -> int:
    """The end of the call that ``text`` begins with; 0 where it has none."""
    for end in (index + 1 for index, letter in enumerate(text) if letter == ")"):
        try:
            if isinstance(ast.parse(text[:end], mode="eval").body, ast.Call):
                return end
        except (SyntaxError, ValueError):
            continue
    return 0


class _Missing:
    pass


_NONE = _Missing()


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _NONE


def literal_call(source: str, *names: str) -> Example | None:
    """The example that a test ``assert f(literals) == literal`` is; None for any other test."""
    try:
        tree = ast.parse(source)
        node = tree.body[0].test if len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert) else None
        negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        call: ast.expr | None = node.operand if isinstance(node, ast.UnaryOp) and negated else node
        expected: Any = not negated
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.Is):
            call, expected = node.left, ast.literal_eval(node.comparators[0])
            if not isinstance(call, ast.Call):
                call, expected = node.comparators[0], ast.literal_eval(node.left)
        if not isinstance(call, ast.Call) or call.keywords or not isinstance(call.func, ast.Name):
            return None
        if call.func.id not in names:
            return None
        return Example(tuple(ast.literal_eval(argument) for argument in call.args), expected)
    except (SyntaxError, ValueError, TypeError, IndexError, RecursionError):
        return None


def unknown_names(trees: Sequence[ast.Module]) -> list[str]:
    """Names that the sources read but never bind, in order of appearance, called ones first."""
    bound = set(dir(builtins))
    called: list[str] = []
    read: list[str] = []
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Name(name, ast.Load()):
                    read.append(name)
                case ast.Name(name) | ast.FunctionDef(name) | ast.ClassDef(name) | ast.arg(name):
                    bound.add(name)
                case ast.Import(aliases) | ast.ImportFrom(names=aliases):
                    bound.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
                case ast.Call(ast.Name(name)):
                    called.append(name)
    return [name for name in dict.fromkeys([*called, *read]) if name not in bound]


def arity(trees: Sequence[ast.Module], name: str) -> int:
    """With how many arguments the sources call ``name``; the most common answer is the first one's."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                return len(node.args)
    return 1
