"""How likely each way of using a theorem that is near a goal closes it: asked of Lean, then fitted.

On the first state of each problem whose names are introduced, all uses (:mod:`prover_plugins.lrm.applying`) of the
nearest theorems are tried, unless a tactic that needs none of them closes the goal. For each way of using a theorem, a
logistic regression on its nearness and its rank says how likely it closes the goal.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import torch
from prover_plugins.automation import structure
from prover_plugins.automation.reading import Reader
from prover_plugins.lrm.applying import METHODS, Means, uses
from prover_plugins.lrm.retriever import HEARTBEATS, WALL_MS, Retrieval
from prover_plugins.premises.module import is_readable
from torch import nn

from prover.domain import Candidate, StepStatus
from prover.errors import BadInput
from prover.lean.environment import LeanDomain, LeanEnvironment
from prover.lean.goals import LeanState
from prover.model.retriever import Method
from prover.problem import Problem
from prover.session import Session
from prover_training.gather import with_each

_PLAIN = ("rfl", "assumption", "simp", "simp_all", "omega", "decide", "grind")
_TOGETHER = 8
_STEPS = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """One use of a theorem on a problem's goal: how near the theorem is (:class:`prover.model.retriever.Near`), its
    ``rank`` among the nearest, whether it ``closed`` the goal, and the ``seconds`` that Lean took."""

    problem: str
    method: str
    similarity: float
    likeness: float
    reached: float
    rank: int
    closed: bool
    seconds: float


def _opened(path: Path, mode: str) -> IO[str]:
    """A text file, to read (``rt``) or to append to (``at``); compressed if its name ends in ``.gz``."""
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, mode, encoding="utf-8"))
    return cast(IO[str], path.open(mode, encoding="utf-8"))


def read_trials(path: Path) -> list[Trial]:
    """The trials in a file (``.jsonl`` or ``.jsonl.gz``); none where there is no file.

    Raises:
        BadInput: it holds something else.
    """
    if not path.exists():
        return []
    try:
        with _opened(path, "rt") as stream:
            return [Trial(**json.loads(line)) for line in stream]
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"{path} holds no trials: {error}") from error


def try_uses(
    session: Session, problems: Sequence[Problem], retrieval: Retrieval, out: Path,
    say: Callable[[str], None] = lambda text: None,
) -> list[Trial]:  # fmt: skip
    """Tries the uses on the problems that ``out`` has none of, appends the trials there, and gives all.

    Raises:
        InfrastructureFault: Lean fails again and again.
    """
    known = read_trials(out)
    done = {trial.problem for trial in known}
    left = [problem for problem in problems if problem.name not in done]

    def trials_of(problem: Problem) -> list[Trial]:
        with LeanDomain(session.server()).open(problem) as environment:
            return list(_trials(problem, environment, retrieval))

    with _opened(out, "at") as stream:
        for number, made in enumerate(with_each(session, left, trials_of), 1):
            if made is None:
                continue
            known += made
            stream.writelines(json.dumps(asdict(trial)) + "\n" for trial in made)
            stream.flush()
            if number % 20 == 0 or number == len(left):
                say(f"{number} of {len(left)} problems, {sum(trial.closed for trial in known)} uses closed a goal")
    return known


def _trials(problem: Problem, environment: LeanEnvironment, retrieval: Retrieval) -> Iterator[Trial]:
    state = _introduced(problem, environment)
    if state is None or state.main_goal is None or state.library is None:
        return
    goal, library = Reader(state.main_goal, problem.header), state.library
    means = Means.of(library, goal)
    if _is_easy(environment, state, means):
        return
    near = retrieval.find(library, goal)
    tried = list(uses([theorem.name for theorem in near], means))
    for at in range(0, len(tried), _TOGETHER):
        part = tried[at : at + _TOGETHER]
        candidates = [Candidate(use.tactic, "retriever", heartbeats=HEARTBEATS, wall_ms=WALL_MS) for use in part]
        for use, result in zip(part, environment.step(state, candidates), strict=True):
            closed = result.status is StepStatus.FINISHED
            theorem = near[use.rank]
            yield Trial(
                problem.name, use.method, round(theorem.similarity, 4), round(theorem.likeness, 4),
                round(theorem.reached, 4), use.rank, closed, round(result.micros * 1e-6, 4),
            )  # fmt: skip


def _is_easy(environment: LeanEnvironment, state: LeanState, means: Means) -> bool:
    """Whether a tactic that needs no theorem closes the goal: then those that use one say nothing about it."""
    unfolded = ", ".join(means.definitions)
    tactics = [*_PLAIN, *(f"{tactic} [{unfolded}]" for tactic in ("simp_all", "grind") if unfolded)]
    candidates = [Candidate(tactic, "plain", heartbeats=HEARTBEATS, wall_ms=WALL_MS) for tactic in tactics]
    return any(result.status is StepStatus.FINISHED for result in environment.step(state, candidates))


def _introduced(problem: Problem, environment: LeanEnvironment) -> LeanState | None:
    """The first state whose goal has all names introduced; None where there is none."""
    state = environment.initial_state
    for _ in range(_STEPS):
        goal = state.main_goal
        if goal is None:
            return None
        reader = Reader(goal, problem.header)
        if is_readable(reader):
            return state
        step = next((s for rule in (structure.renaming, structure.introduction) for s in rule(reader)), None)
        if step is None:
            return None
        (result,) = environment.step(state, [Candidate(step.tactic, "structure")])
        if not isinstance(result.state, LeanState) or result.status is not StepStatus.PROGRESS:
            return None
        state = result.state
    return None


def fit(trials: Sequence[Trial]) -> dict[str, Method]:
    """How well each method works; without methods that never closed a goal."""
    found: dict[str, Method] = {}
    for method in METHODS:
        mine = [trial for trial in trials if trial.method == method]
        if not any(trial.closed for trial in mine):
            continue
        inputs = np.array([(1.0, t.similarity, t.likeness, t.reached, np.log1p(t.rank)) for t in mine])
        closed = np.array([float(t.closed) for t in mine])
        constant, similarity, likeness, reached, rank = _logistic(inputs, closed)
        seconds = round(float(np.mean([t.seconds for t in mine])), 4)
        found[method] = Method(constant, similarity, likeness, reached, rank, seconds)
    return found


def _logistic(inputs: np.ndarray, targets: np.ndarray) -> list[float]:
    """Weights of a logistic regression with a small penalty, which keeps them finite where one feature decides all."""
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    weights = torch.zeros(inputs.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(x @ weights, y) + 1e-4 * (weights**2).sum()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    return [round(float(w), 4) for w in weights.detach()]
