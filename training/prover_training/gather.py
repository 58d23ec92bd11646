"""Searches made for their data: every problem is searched, and all that was tried is kept with Lean's verdicts.

With ``explore`` above zero the order of what is tried is disturbed in a share of the searches, so that
the data also tells what would have helped had it been tried earlier.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from prover.errors import BadInput, InfrastructureFault
from prover.lean.environment import LeanDomain
from prover.problem import Budget, Problem
from prover.search import SearchFault, StopReason, search
from prover.search.scoring import SearchConfig
from prover.session import Options, Session
from prover.traces.searches import Attempt, AttemptFile, attempt_of

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class GatherConfig:
    """``seconds`` and ``steps`` are for each problem (``steps`` 0: no limit); ``explore`` is the mean of the noise
    on costs, in nats, in a share ``noisy`` of the searches.
    """

    seconds: float = 5.0
    steps: int = 0
    explore: float = 0.7
    noisy: float = 0.6
    seed: int = 0
    model: str = ""


def gather(
    problems: Sequence[Problem], out: Path, config: GatherConfig, options: Options | None = None,
    say: Callable[[str], None] = lambda text: None, until: float | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Searches the problems that ``out`` holds no attempt of, and appends theirs; how many are there and proved.

    Every attempt is on the disk before the next begins. ``until`` (of ``time.monotonic``) ends early.

    Raises:
        ToolchainError: there is no Lean. InfrastructureFault: Lean fails again and again.
    """
    done = AttemptFile(out)
    left = done.missing(problems)
    with Session(replace(options or Options(), use_service=False, model=config.model)) as session:
        attempts = with_each(session, left, lambda problem: attempt_at(session, problem, config))
        for number, attempt in enumerate(attempts, 1):
            if attempt is not None:
                done.add(attempt)
            if number % 20 == 0 or number == len(left):
                say(f"{number} of {len(left)} searched; {done}")
            if until is not None and time.monotonic() > until:
                break
    return done.counts


FAULTS_TOLERATED = 5
"""After so many faults of Lean in a row something is wrong that trying on does not mend."""


def with_each(
    session: Session, problems: Sequence[Problem], work: Callable[[Problem], Result]
) -> Iterator[Result | None]:
    """``work`` done for each problem; None for one that makes no sense or met a fault of Lean, which starts afresh.

    Raises:
        InfrastructureFault: Lean fails again and again.
    """
    faults = 0
    for problem in problems:
        try:
            yield work(problem)
            faults = 0
        except BadInput:
            yield None
        except InfrastructureFault:
            faults += 1
            if faults > FAULTS_TOLERATED:
                raise
            session.let_go()
            yield None


def attempt_at(session: Session, problem: Problem, config: GatherConfig) -> Attempt:
    """One search, with this run's noise.

    Raises:
        BadInput: the problem makes no sense. InfrastructureFault: Lean failed.
    """
    dice = random.Random(f"{config.seed} {problem.name}")
    settings = SearchConfig(exploration=config.explore if dice.random() < config.noisy else 0.0)
    problem = session.options.informed(problem)
    team = session.team()
    started = time.monotonic()
    with LeanDomain(session.server()).open(problem) as environment:
        try:
            outcome = search(
                problem, environment, team.proposers, modules=team.modules, rewards=team.rewards, checks=team.checks,
                rankers=team.rankers, values=team.values, config=settings,
                budget=Budget(config.seconds, config.steps or None), weights=session.options.weights,
                seed=dice.randrange(1 << 30),
            )  # fmt: skip
        except SearchFault as fault:
            raise InfrastructureFault(str(fault)) from fault
    if outcome.reason is StopReason.INTERRUPTED:
        raise KeyboardInterrupt  # half a search is no data; those before it are on the disk
    return attempt_of(problem, outcome, time.monotonic() - started)
