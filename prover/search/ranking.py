"""Candidates of one proposer in the order of a ranker and its own, mixed; read no further than is worth it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from prover.domain import State
from prover.errors import InfrastructureFault
from prover.hookspecs import Ranker
from prover.problem import Problem

if TYPE_CHECKING:
    from prover.search.candidates import Scored

HANDFUL = 32
"""Candidates judged at a time."""

CHEAP = 1.7
"""Nats: the first handful ends with the first candidate that its own proposer thinks worse of (a score below 0.2). Some
proposers do work for their later candidates, as looking into a library, that is wasted where the first ones do.
"""

_ROUNDING = 1e-6


def ranked(
    source: Iterator[Scored],
    ranker: Ranker,
    weight: float,
    problem: Problem,
    state: State,
    on_fault: Callable[[Ranker, Exception], None],
) -> Iterator[Scored]:
    """The candidates of ``source`` in the order of what they cost by :func:`mixed`.

    More are read from the proposer only when the best that was judged costs more than the last one read can, for what
    comes after costs its proposer at least that. A ranker that breaks is named by ``on_fault``; the candidates then
    come at their own cost.
    """
    waiting: list[tuple[float, int, Scored]] = []
    serial = 0
    more = True
    reached = 0.0
    most = math.log1p(weight)
    while more or waiting:
        if more and (not waiting or waiting[0][0] > reached + most):
            handful, more = _handful(source, cheap=not serial)
            reached = max([reached, *(scored.cost for scored in handful if scored.cost < math.inf)])
            for scored in _judged(handful, ranker, weight, problem, state, on_fault):
                heapq.heappush(waiting, (scored.cost, serial, scored))
                serial += 1
            continue
        yield heapq.heappop(waiting)[2]


def mixed(own: float, other: float, weight: float) -> float:
    """The cost of a candidate that costs ``own`` by its proposer and ``other`` by a ranker, all in nats.

    The two are mixed as probabilities, the ranker's with ``weight`` against 1. So what one of them likes is tried
    early, whatever the other thinks, and no ranker can put a candidate back by more than ``ln(1 + weight)``: a mixture
    of experts is never much worse than the better of them (Cesa-Bianchi and Lugosi 2006, chapter 9).
    """
    likely = math.exp(-own) + weight * math.exp(-other)
    return math.inf if likely == 0 else max(0.0, math.log1p(weight) - math.log(likely))


def _handful(source: Iterator[Scored], *, cheap: bool) -> tuple[list[Scored], bool]:
    """The next candidates to judge, and whether more may follow."""
    handful: list[Scored] = []
    for scored in islice(source, HANDFUL):
        handful.append(scored)
        if cheap and scored.cost > CHEAP:
            return handful, True
    return handful, len(handful) == HANDFUL


def _judged(
    handful: list[Scored],
    ranker: Ranker,
    weight: float,
    problem: Problem,
    state: State,
    on_fault: Callable[[Ranker, Exception], None],
) -> list[Scored]:
    if not handful:
        return handful
    try:
        preferences = ranker.rank(problem, state, [scored.candidate for scored in handful])
        if preferences is None:
            return handful
        costs = [None if value is None else -float(value) for value in preferences]
        if len(costs) != len(handful) or not all(cost is None or -_ROUNDING <= cost < math.inf for cost in costs):
            raise ValueError(f"{len(costs)} preferences for {len(handful)} candidates, or one above 0 or not finite")
    except InfrastructureFault:
        raise
    except Exception as error:
        on_fault(ranker, error)
        return handful
    return [
        # What is not to be tried at all stays so.
        scored
        if cost is None or scored.cost == math.inf
        else replace(scored, cost=mixed(scored.cost, max(0.0, cost), weight))
        for scored, cost in zip(handful, costs, strict=True)
    ]
