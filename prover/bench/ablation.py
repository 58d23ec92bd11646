"""What each module contributes: the same problems with the base alone, with one module more, and with all.

Each line of the table is a run of its own in a folder of its own, so that an interrupted ablation goes on where it
stopped and any two lines can be compared (``prove bench compare``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prover.bench.compare import compare
from prover.errors import BadInput
from prover.plugins import describe, load_plugins
from prover.session import Options

_SEARCHING = frozenset({"prover_proposers", "prover_modules"})


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of the table: its name and the plugins that are left out."""

    name: str
    disabled: tuple[str, ...]


def variants(options: Options, base: Sequence[str], modules: Sequence[str] = ()) -> list[Variant]:
    """The base alone, the base with each module, and all of them.

    ``modules`` are plugins' names; by default all that propose or read states and are not in ``base``.

    Raises:
        BadInput: a name is that of no plugin which proposes or reads states.
    """
    found = [
        info.name
        for info in describe(load_plugins(options.plugins, disabled=options.disabled))
        if info.enabled and not _SEARCHING.isdisjoint(info.hooks)
    ]
    for name in (*base, *modules):
        if name not in found:
            raise BadInput(f"{name} is no plugin that proposes or reads states; there are {', '.join(found)}")
    others = list(modules) or [name for name in found if name not in base]
    every = frozenset(found)

    def variant(name: str, *used: str) -> Variant:
        return Variant(name, tuple(sorted(every.difference(base, used))))

    alone = "+".join(base)
    lines = [variant(alone)]
    lines += [variant(f"{alone}+{module}", module) for module in others]
    if len(others) > 1:
        lines.append(variant("all", *others))
    return lines


def options_of(options: Options, variant: Variant) -> Options:
    """``options`` with the plugins of ``variant`` left out too; weights of what is left out are dropped."""
    gone = set(variant.disabled)
    weights = {name: weight for name, weight in options.weights.items() if name not in gone}
    return replace(options, disabled=(*options.disabled, *variant.disabled), weights=weights)


def rows(summaries: Mapping[str, Mapping[str, Any]], folders: Mapping[str, Path]) -> Iterator[dict[str, Any]]:
    """A row for each variant: solved, median seconds, and against the first: more, fewer, McNemar's p."""
    first = next(iter(summaries))
    for name, summary in summaries.items():
        row: dict[str, Any] = {
            "variant": name,
            "solved": summary["solved"],
            "of": summary["of"],
            "median_seconds": summary["median_seconds"],
        }
        if name != first:
            found = compare(folders[first], folders[name])
            row |= {"gained": list(found.only_b), "lost": list(found.only_a), "p": found.p}
        yield row


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """The rows as text."""
    width = max(len(str(row["variant"])) for row in found)
    lines = [f"{'modules':<{width}}  {'solved':>9} {'median s':>9} {'gained':>7} {'lost':>5} {'p':>7}"]
    for row in found:
        median = row["median_seconds"]
        seconds = "-" if median is None or math.isnan(median) else f"{median:.2f}"
        against = f"{len(row['gained']):>7} {len(row['lost']):>5} {row['p']:>7.3g}" if "p" in row else ""
        solved = f"{row['solved']} of {row['of']}"
        lines.append(f"{row['variant']:<{width}}  {solved:>9} {seconds:>9} {against}".rstrip())
    lines.append("(gained, lost and McNemar's exact p are against the first line)")
    return "\n".join(lines)
