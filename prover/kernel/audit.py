"""Checks theorems with everything of the text at hand that they depend on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prover.kernel.checker import Checker
from prover.kernel.declarations import Declaration, constants
from prover.kernel.reduction import GaveUp, Rejected
from prover.kernel.terms import Terms

UNSOUND = frozenset({"sorryAx", "Lean.ofReduceBool", "Lean.ofReduceNat", "Lean.trustCompiler"})
_RECURSION_LIMIT = 200_000
_STACK_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Opinion:
    """``status`` is ``accepted``, ``rejected`` or ``gave_up``; ``text`` says what or why.

    ``checked`` counts declarations checked, ``assumed`` imported constants that were taken as they are.
    """

    status: str
    text: str
    checked: int = 0
    assumed: int = 0


Fetch = Callable[[Sequence[str]], Iterable[Declaration]]
"""Gets imported constants by name; leaves out what there is not."""


class _World:
    """The constants: those of the text, and imported ones, fetched when first asked for."""

    def __init__(self, own: Iterable[Declaration], fetch: Fetch) -> None:
        self.own = {declaration.name: declaration for declaration in own}
        self.imported: dict[str, Declaration | None] = {}
        self._fetch = fetch

    def want(self, names: Iterable[str]) -> None:
        """Fetches several imported constants at once."""
        new = [name for name in names if name not in self.own and name not in self.imported]
        self.imported |= dict.fromkeys(new)
        if new:
            self.imported |= {d.name: d for d in self._fetch(new) if d.name in new}

    def lookup(self, name: str) -> Declaration | None:
        """A constant. Imported theorems have no value here: they are taken by their statement."""
        found = self.own.get(name)
        if found is None:
            if name not in self.imported:
                self.want([name])
            found = self.imported[name]
        return found


def audit(terms: Terms, own: Iterable[Declaration], fetch: Fetch, theorems: Sequence[str], seconds: float) -> Opinion:
    """Checks ``theorems`` (at least one, all in ``own``) with what they depend on there.

    Deep terms need deep recursion, so this runs in a thread with a large stack. What ``fetch`` raises
    is raised.
    """
    result: list[Opinion | BaseException] = []

    def work() -> None:
        try:
            result.append(_audit(terms, own, fetch, theorems, seconds))
        except BaseException as error:  # raised again below, in the caller's thread
            result.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        thread = threading.Thread(target=work, name="kernel")
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    (answer,) = result
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _audit(terms: Terms, own: Iterable[Declaration], fetch: Fetch, theorems: Sequence[str], seconds: float) -> Opinion:
    world = _World(own, fetch)
    checker = Checker(terms, world.lookup, seconds)
    place = ""
    if not theorems:
        return Opinion("gave_up", "there is no theorem to check")
    try:
        order = _in_order(world, theorems)
        for name in theorems:
            place = name
            if world.own[name].kind != "theorem":
                raise Rejected("it is no theorem")
        world.want(sorted({name for declaration in order for name in constants(declaration)}))
        for declaration in order:
            place = declaration.name
            _check(checker, declaration)
            _refuse_unsound(world, constants(declaration))
    except Rejected as error:
        return Opinion("rejected", f"{place}: {error}" if place else str(error))
    except GaveUp as error:
        return Opinion("gave_up", f"{place}: {error}")
    except (RecursionError, MemoryError) as error:
        return Opinion("gave_up", f"{place}: {type(error).__name__}")
    assumed = sum(1 for declaration in world.imported.values() if declaration is not None)
    return Opinion("accepted", "", len(order), assumed)


def _in_order(world: _World, theorems: Sequence[str]) -> list[Declaration]:
    """The own declarations that the theorems depend on, dependencies first.

    Raises:
        Rejected: something of the text depends on itself, or a theorem is not there.
    """
    order: list[Declaration] = []
    state: dict[str, int] = {}  # 1 being visited, 2 done

    def visit(name: str) -> None:
        declaration = world.own.get(name)
        if declaration is None or state.get(name) == 2:
            return
        if state.get(name) == 1:
            raise Rejected(f"{name} depends on itself")
        state[name] = 1
        for used in sorted(constants(declaration)):
            if not _one_family(declaration, world.own.get(used)):
                visit(used)
        state[name] = 2
        order.append(declaration)
        # An inductive type, its constructors and its recursors mention each other.
        for other in world.own.values():
            if other.name not in state and _one_family(declaration, other):
                visit(other.name)

    for name in theorems:
        if name not in world.own:
            raise Rejected(f"{name} was not exported")
        visit(name)
    return order


def _one_family(a: Declaration, b: Declaration | None) -> bool:
    """Whether both come from one inductive declaration."""
    return b is not None and bool(a.family) and a.family == b.family


def _check(checker: Checker, declaration: Declaration) -> None:
    if len(set(declaration.params)) != len(declaration.params):
        raise Rejected("a universe parameter twice")
    if declaration.kind == "axiom":
        raise Rejected("axiom not allowed")
    sort = checker.sort_of(declaration.type, check=True)
    if declaration.kind == "theorem" and sort is not checker.terms.zero:
        raise Rejected("its statement is no proposition")
    if declaration.value is None:
        if declaration.kind in ("theorem", "definition", "opaque"):
            raise Rejected("it was exported without its value")
        return
    if not checker.equal(checker.infer(declaration.value, check=True), declaration.type):
        raise Rejected("its value is of another type")


def _refuse_unsound(world: _World, names: Iterable[str]) -> None:
    for name in names:
        found = world.lookup(name)
        if found is None:
            raise Rejected(f"unknown constant {name}")
        if name in UNSOUND:
            raise Rejected(f"axiom not allowed: {name}")
