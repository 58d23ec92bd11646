"""Linear programs with exact numbers: the simplex method on fractions, for problems of some dozens of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

_Row = TypeVar("_Row")
_MOST_PIVOTS = 200
_DONE, _GIVEN_UP = -1, -2


def nonnegative_combination(
    columns: Sequence[Mapping[_Row, Fraction]], target: Mapping[_Row, Fraction], preferred: Sequence[int] = ()
) -> list[Fraction] | None:
    """Numbers c ≥ 0 with ``Σ cᵢ * columnᵢ = target``, all maps from rows to numbers (0 where missing).

    With ``preferred`` the sum of those cᵢ is made positive if it can be, else None. None also where there are none,
    or finding them takes too many steps. (Two phases; Bland's rule, "New finite pivoting rules for the simplex
    method", 1977, keeps it from cycling.)
    """
    rows = list(dict.fromkeys([*target, *(row for column in columns for row in column)]))
    size = len(columns)
    table: list[list[Fraction]] = []
    zero, one = Fraction(0), Fraction(1)
    for place, row in enumerate(rows):
        right = target.get(row, zero)
        sign = -1 if right < 0 else 1
        line = [sign * column.get(row, zero) for column in columns]
        line += [one if place == other else zero for other in range(len(rows))]
        table.append([*line, sign * right])
    basis = [size + place for place in range(len(rows))]
    # First the sum of the artificial variables, one for each row, is brought down to zero.
    first = [-sum((line[j] for line in table), zero) for j in range(size)]
    objective = [*first, *(zero for _ in rows), -sum((line[-1] for line in table), zero)]
    if _minimised(table, basis, objective, size) != _DONE or objective[-1] != 0:
        return None
    ray = _DONE
    if preferred:
        costs = [-one if j in preferred else zero for j in range(size)]
        objective = [*costs, *(zero for _ in rows), zero]
        for line, variable in zip(table, basis, strict=True):
            if variable < size and costs[variable]:
                objective = [a - costs[variable] * b for a, b in zip(objective, line, strict=True)]
        ray = _minimised(table, basis, objective, size)
        if ray == _GIVEN_UP:
            return None
    found = [zero] * size
    for line, variable in zip(table, basis, strict=True):
        if variable < size:
            found[variable] = line[-1] - (line[ray] if ray >= 0 else 0)
    if ray >= 0:
        found[ray] = one
    return found if not preferred or any(found[j] > 0 for j in preferred) else None


def _minimised(
    table: list[list[Fraction]], basis: list[int], objective: list[Fraction], size: int
) -> int:
    """Pivots in place until no column below ``size`` improves the objective (``_DONE``), too often (``_GIVEN_UP``), or
    one can grow without end: that column."""
    for _ in range(_MOST_PIVOTS):
        entering = next((j for j in range(size) if objective[j] < 0), None)
        if entering is None:
            return _DONE
        ratios = [
            (line[-1] / line[entering], basis[place], place)
            for place, line in enumerate(table)
            if line[entering] > 0 or (line[entering] < 0 and line[-1] == 0 and basis[place] >= size)
        ]
        if not ratios:
            return entering
        _, _, leaving = min(ratios)
        pivot = table[leaving][entering]
        table[leaving] = [value / pivot for value in table[leaving]]
        for lines in (table, [objective]):
            for place, line in enumerate(lines):
                factor = line[entering]
                if factor and line is not table[leaving]:
                    lines[place] = [a - factor * b for a, b in zip(line, table[leaving], strict=True)]
            if lines is not table:
                objective[:] = lines[0]
        basis[leaving] = entering
    return _GIVEN_UP
