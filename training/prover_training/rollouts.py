"""Rollouts of a language model in Lean: it writes a tactic, Lean answers with the new state, and so on.

A rollout is one row of tokens: the first state as prompt, then in turn what the model wrote and what the environment
answered. ``mask`` tells the two apart (1 the model's, 0 the environment's); every step keeps its place and its reward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prover.domain import Candidate, Environment, State, StepResult, StepStatus, Transition
from prover.errors import InfrastructureFault
from prover.model.language_model import Sampling
from prover.model.prompts import PromptFormat
from prover.model.transformers_backend import Drawn, TransformersModel
from prover.problem import Problem
from prover.reward import RewardSum

Open = Callable[[Problem], Environment]


@dataclass(slots=True)
class Rollout:
    """One rollout. ``steps`` are (first token, end, reward) of the model's turns within ``tokens``; ``fault`` says
    that the infrastructure failed: it then counts for nothing. ``finished``: no goal was left.
    """

    problem: Problem
    prompt: list[int]
    state: State
    tokens: list[int] = field(default_factory=list)
    logs: list[float] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    steps: list[tuple[int, int, float]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    finished: bool = False
    fault: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more can come."""
        return self.finished or self.fault

    @property
    def total(self) -> float | None:
        """The sum of its rewards; None after a fault."""
        return None if self.fault else sum(reward for _, _, reward in self.steps)


def roll_out(
    model: TransformersModel, problems: Sequence[Problem], group: int, open_problem: Open, form: PromptFormat,
    rewards: RewardSum, sampling: Sampling, moves: int,
) -> list[Rollout]:  # fmt: skip
    """``group`` rollouts of at most ``moves`` steps for each problem, next to each other.

    All open rollouts are sampled in one batch, and rows with the same past share the reading of it.
    """
    rows: list[Rollout] = []
    environments: list[Environment] = []
    try:
        for problem in problems:
            environment = open_problem(problem)
            environments.append(environment)
            state = environment.initial_state
            prompt = _tokens(model, form, problem, state)
            rows += [Rollout(problem, list(prompt), state) for _ in range(group)]
        for move in range(moves):
            alive = [i for i, row in enumerate(rows) if not row.over]
            if not alive:
                break
            drawn = _draw(model, [rows[i] for i in alive], sampling, move)
            for i, answer in zip(alive, drawn, strict=True):
                _advance(model, rows[i], answer, environments[i // group], form, rewards, last=move + 1 == moves)
    finally:
        for environment in environments:
            environment.close()
    return rows


def _tokens(model: TransformersModel, form: PromptFormat, problem: Problem, state: State) -> list[int]:
    tokens: list[int] = model.tokenizer(str(form.write(problem, state.text, ())), add_special_tokens=False)["input_ids"]
    return tokens


def _draw(model: TransformersModel, rows: Sequence[Rollout], sampling: Sampling, move: int) -> list[Drawn]:
    """One answer for each row; equal contexts are read once and answered as often as they come."""
    places: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(rows):
        places.setdefault((*row.prompt, *row.tokens), []).append(i)
    wanted = Sampling(
        n=max(map(len, places.values())), max_tokens=sampling.max_tokens, temperature=sampling.temperature,
        top_p=sampling.top_p, seed=sampling.seed * 1_000 + move,
    )  # fmt: skip
    answers: list[Drawn | None] = [None] * len(rows)
    for indices, drawings in zip(places.values(), model.draw(list(places), wanted), strict=True):
        for i, drawing in zip(indices, drawings, strict=False):
            answers[i] = drawing
    return [answer for answer in answers if answer is not None]


def _advance(
    model: TransformersModel, row: Rollout, answer: Drawn, environment: Environment, form: PromptFormat,
    rewards: RewardSum, *, last: bool,
) -> None:  # fmt: skip
    """Adds the model's turn, what Lean says of it, and (unless it is the ``last``) the state as the next prompt."""
    start = len(row.tokens)
    end_token = model.tokenizer.eos_token_id
    written = [*answer.tokens, end_token] if answer.ended else answer.tokens
    row.tokens += written
    row.logs += answer.logs[: len(written)]
    row.mask += [1] * len(written)
    read = form.read(model.tokenizer.decode(answer.tokens, skip_special_tokens=True))
    action = read[0] if read else ""
    before = row.state
    candidate = Candidate(action, "lrm", log_probability=min(0.0, sum(answer.logs)))
    try:
        result = _step(environment, before, candidate)
    except InfrastructureFault:
        row.fault = True
        return
    reward = rewards.of(Transition(environment.initial_state, before, candidate, result))
    if reward is None:
        row.fault = True
        return
    row.actions.append(action)
    row.steps.append((start, len(row.tokens), reward))
    row.finished = result.status is StepStatus.FINISHED
    if result.state is not None:
        row.state = result.state
    if not row.finished and not last:
        again = _tokens(model, form, row.problem, row.state)
        row.tokens += again
        row.logs += [0.0] * len(again)
        row.mask += [0] * len(again)


def _step(environment: Environment, state: State, candidate: Candidate) -> StepResult:
    if not candidate.action.strip():
        return StepResult(StepStatus.FAILED, kind="parse", message="there is no tactic")
    (result,) = environment.step(state, [candidate])
    return result


def advantages(group: Sequence[Rollout], discount: float = 1.0) -> list[list[float]]:
    """An advantage for every token of each rollout of one problem.

    The tokens of step k get the discounted sum of rewards from step k on, less its mean over the group's
    rollouts that have a step k, in units of the group's standard deviation (as GRPO, Shao et al. 2024, does
    for whole answers). The environment's tokens and rollouts after a fault get 0.
    """
    returns = [_returns([r for _, _, r in row.steps], discount) if not row.fault else [] for row in group]
    every = [value for row in returns for value in row]
    mean = sum(every) / max(len(every), 1)
    deviation = (sum((value - mean) ** 2 for value in every) / max(len(every), 1)) ** 0.5
    found: list[list[float]] = []
    for row, own in zip(group, returns, strict=True):
        tokens = [0.0] * len(row.tokens)
        for k, value in enumerate(own):
            peers = [other[k] for other in returns if len(other) > k]
            start, end, _ = row.steps[k]
            tokens[start:end] = [(value - sum(peers) / len(peers)) / (deviation + 1e-4)] * (end - start)
        found.append(tokens)
    return found


def _returns(rewards: Sequence[float], discount: float) -> list[float]:
    found: list[float] = []
    total = 0.0
    for reward in reversed(rewards):
        total = reward + discount * total
        found.append(total)
    return found[::-1]
