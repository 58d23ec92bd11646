"""Bottom-up enumeration of expressions by cost, one of each set of equals."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from prover_plugins.code_exec.synthesis.operations import (
    ERRORS,
    FAILED,
    OPERATIONS,
    Operation,
    bounded,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """Python text with the value that it has for each input (FAILED where it raises)."""

    text: str
    kind: str
    cost: int
    values: tuple[Any, ...]


def expression(text: str, cost: int, values: Sequence[Any]) -> Expression | None:
    """An expression with its kind found from its values; None where it has none at all."""
    kind = _kind(values)
    return None if kind is None else Expression(text, kind, cost, tuple(values))


def _kind(values: Sequence[Any]) -> str | None:
    found = None
    for value in values:
        if value is not FAILED:
            found = kind_of(value)
            if not isinstance(value, list) or value:
                return found
    return found


class Bank:
    """Expressions by cost and kind.

    ``most`` bounds how many are kept and ``deadline`` (of ``time.monotonic``) when growing ends; under a
    deadline alone two runs may differ.
    """

    def __init__(
        self,
        leaves: Iterable[Expression],
        operations: Sequence[Operation] = OPERATIONS,
        *,
        most: int = 40_000,
        deadline: float = float("inf"),
    ) -> None:
        self.most = most
        self.deadline = deadline
        self.operations = operations
        self.size = 0
        self.full = False
        self._levels: dict[int, dict[str, list[Expression]]] = {}
        self._seen: set[str] = set()
        self._pending: dict[int, list[Expression]] = {}
        for leaf in leaves:
            self.offer(leaf)

    def offer(self, item: Expression | None) -> None:
        """Puts an expression made elsewhere in line for the level of its cost."""
        if item is not None:
            self._pending.setdefault(item.cost, []).append(item)

    def of(self, cost: int) -> Iterator[Expression]:
        """All expressions of one cost."""
        for items in self._levels.get(cost, {}).values():
            yield from items

    def grow(self, cost: int) -> Iterator[Expression]:
        """Adds the level ``cost`` (those below must be there); yields what is new as it comes."""
        for item in self._pending.pop(cost, ()):
            if self._add(item):
                yield item
        for operation in self.operations:
            left = cost - operation.cost
            for costs in _splits(left, len(operation.kinds)):
                if operation.commutes and costs[0] > costs[1]:
                    continue
                for item in self._apply(operation, cost, costs):
                    yield item
                    if self.size >= self.most:
                        self.full = True
                if self.full or time.monotonic() > self.deadline:
                    self.full = True
                    return

    def _apply(self, operation: Operation, cost: int, costs: tuple[int, ...]) -> Iterator[Expression]:
        choices = [
            [item for kind in kinds for item in self._levels.get(level, {}).get(kind, ())]
            for kinds, level in zip(operation.kinds, costs, strict=True)
        ]
        run, text = operation.run, operation.text
        for count, arguments in enumerate(product(*choices)):
            if not count % 2000 and (self.size >= self.most or time.monotonic() > self.deadline):
                return
            values = []
            for row in zip(*[argument.values for argument in arguments], strict=True):
                if FAILED in row:
                    values.append(FAILED)
                    continue
                try:
                    values.append(bounded(run(*row)))
                except ERRORS:
                    values.append(FAILED)
            kind = _kind(values)
            if kind is None:
                continue
            item = Expression(text.format(*[argument.text for argument in arguments]), kind, cost, tuple(values))
            if self._add(item):
                yield item

    def _add(self, item: Expression) -> bool:
        # The text of the values tells 1 from True and from 1.0, as equality does not.
        key = repr(item.values)
        if key in self._seen:
            return False
        self._seen.add(key)
        self._levels.setdefault(item.cost, {}).setdefault(item.kind, []).append(item)
        self.size += 1
        return True


def _splits(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to write ``total`` as a sum of ``parts`` positive numbers."""
    if parts == 1:
        if total >= 1:
            yield (total,)
        return
    for first in range(1, total - parts + 2):
        for rest in _splits(total - first, parts - 1):
            yield (first, *rest)
