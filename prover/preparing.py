"""What is done before a search begins, and is not part of its time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from prover.errors import BadInput, InfrastructureFault
from prover.problem import Problem

if TYPE_CHECKING:
    from prover.domain import Environment
    from prover.hookspecs import Ranker, ReasoningModule

logger = logging.getLogger(__name__)


def warm_up(rankers: Sequence[Ranker], problem: Problem) -> None:
    """Has rankers read their models (``warm_up(problem)``, where they have it) while Lean opens the problem."""
    ready = [function for ranker in rankers if (function := getattr(ranker, "warm_up", None)) is not None]

    def run() -> None:
        for function in ready:
            try:
                function(problem)
            except Exception as error:
                # The search asks it again and then names it as broken.
                logger.info("a ranker could not prepare itself: %s", error)

    if ready:
        threading.Thread(target=run, name="warm-up", daemon=True).start()


def prepare(problem: Problem, environment: Environment, modules: Sequence[ReasoningModule]) -> float:
    """Has an environment, and modules that have ``prepare(problem, environment)``, do what is done once for many
    problems, and is not part of this one's time; seconds taken.

    Raises:
        InfrastructureFault: Lean failed.
    """
    began = time.monotonic()
    once = getattr(environment, "prepare", None)
    if once is not None:
        once()
    for module in modules:
        if (once := getattr(module, "prepare", None)) is not None:
            try:
                once(problem, environment)
            except InfrastructureFault:
                raise
            except Exception as error:
                # The search asks it and then names it as broken.
                logger.info("the module %s could not prepare itself: %s", module.name, error)
    return time.monotonic() - began


def check_weights(weights: Mapping[str, float], names: Sequence[str]) -> None:
    """Refuses a weight that names nobody, which is nearly always a slip of the pen.

    Raises:
        BadInput: there is one; lists the names there are.
    """
    for name in weights:
        if not any(name == known or name.startswith((f"{known}.", f"{known}:", f"{known}/")) for known in names):
            raise BadInput(
                f"--weight {name}: there is no proposer, module, signal, check or value of that name; "
                f"there are {', '.join(names) or 'none'}"
            )
