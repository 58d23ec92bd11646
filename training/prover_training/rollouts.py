"""Rollouts of a language model in Lean: it writes a tactic for a state, Lean answers with the new state, and so on.

Every turn is asked as a search asks: the state alone is the prompt. So a model that was fine-tuned on states and
tactics is used as it was taught, however long the rollout is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from prover.domain import Candidate, Environment, State, StepResult, StepStatus, Transition
from prover.errors import InfrastructureFault
from prover.model.language_model import Sampling
from prover.model.prompts import PromptFormat
from prover.model.transformers_backend import Drawn, TransformersModel
from prover.problem import Problem
from prover.reward import RewardSum

Open = Callable[[Problem], Environment]


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a rollout: what the model read and wrote, as tokens with their log-probabilities (the end of text
    included), the tactic in it, and its reward."""

    prompt: list[int]
    tokens: list[int]
    logs: list[float]
    action: str
    reward: float


@dataclass(slots=True)
class Rollout:
    """One rollout. ``fault`` says that the infrastructure failed: it then counts for nothing. ``finished``: no goal was
    left."""

    problem: Problem
    state: State
    turns: list[Turn] = field(default_factory=list)
    finished: bool = False
    fault: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more can come."""
        return self.finished or self.fault

    @property
    def total(self) -> float | None:
        """The sum of its rewards; None after a fault."""
        return None if self.fault else sum(turn.reward for turn in self.turns)


def roll_out(
    model: TransformersModel, problems: Sequence[Problem], group: int, open_problem: Open, form: PromptFormat,
    rewards: RewardSum, sampling: Sampling, moves: int,
) -> list[Rollout]:  # fmt: skip
    """``group`` rollouts of at most ``moves`` turns for each problem, next to each other.

    All open rollouts are sampled in one batch, and rows in the same state share the reading of it. A tactic that fails
    leaves the state as it is: the next turn tries again.
    """
    rows: list[Rollout] = []
    environments: list[Environment] = []
    known: dict[tuple[int, str, str], StepResult | None] = {}
    try:
        for problem in problems:
            environment = open_problem(problem)
            environments.append(environment)
            rows += [Rollout(problem, environment.initial_state) for _ in range(group)]
        for move in range(moves):
            alive = [i for i, row in enumerate(rows) if not row.over]
            if not alive:
                break
            prompts = [_tokens(model, form, rows[i]) for i in alive]
            drawn = _draw(model, prompts, sampling, move)
            written = [_written(model, form, prompt, answer) for prompt, answer in zip(prompts, drawn, strict=True)]
            asked = [(i // group, rows[i].state, turn.action) for i, turn in zip(alive, written, strict=True)]
            _try(environments, asked, known)
            for i, turn, (number, state, action) in zip(alive, written, asked, strict=True):
                _advance(rows[i], turn, environments[number].initial_state, known[number, state.key, action], rewards)
    finally:
        for environment in environments:
            environment.close()
    return rows


def _tokens(model: TransformersModel, form: PromptFormat, row: Rollout) -> list[int]:
    text = str(form.write(row.problem, row.state.text, ()))
    tokens: list[int] = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens[-model.max_prompt_tokens :]


def _draw(model: TransformersModel, prompts: Sequence[Sequence[int]], sampling: Sampling, move: int) -> list[Drawn]:
    """One answer for each prompt; equal ones are read once and answered as often as they come."""
    places: dict[tuple[int, ...], list[int]] = {}
    for i, prompt in enumerate(prompts):
        places.setdefault(tuple(prompt), []).append(i)
    wanted = Sampling(
        n=max(map(len, places.values())), max_tokens=sampling.max_tokens, temperature=sampling.temperature,
        top_p=sampling.top_p, seed=sampling.seed * 1_000 + move,
    )  # fmt: skip
    answers: list[Drawn | None] = [None] * len(prompts)
    for indices, drawings in zip(places.values(), model.draw(list(places), wanted), strict=True):
        for i, drawing in zip(indices, drawings, strict=False):
            answers[i] = drawing
    return [answer for answer in answers if answer is not None]


def _written(model: TransformersModel, form: PromptFormat, prompt: list[int], answer: Drawn) -> Turn:
    """What the model wrote, as a turn whose reward is not known yet."""
    tokens = [*answer.tokens, model.tokenizer.eos_token_id] if answer.ended else list(answer.tokens)
    read = form.read(model.tokenizer.decode(answer.tokens, skip_special_tokens=True))
    return Turn(prompt, tokens, answer.logs[: len(tokens)], read[0] if read else "", 0.0)


def _try(
    environments: Sequence[Environment], asked: Sequence[tuple[int, State, str]],
    known: dict[tuple[int, str, str], StepResult | None],
) -> None:  # fmt: skip
    """Has Lean try what was not tried in the same state before, each state's tactics in one call; None: a fault."""
    waiting: dict[tuple[int, str], tuple[State, list[str]]] = {}
    for number, state, action in asked:
        if (number, state.key, action) in known:
            continue
        if not action.strip():
            known[number, state.key, action] = StepResult(StepStatus.FAILED, kind="parse", message="there is no tactic")
            continue
        actions = waiting.setdefault((number, state.key), (state, []))[1]
        if action not in actions:
            actions.append(action)
    for (number, key), (state, actions) in waiting.items():
        results: Sequence[StepResult | None]
        try:
            results = environments[number].step(state, [Candidate(action, "lrm", score=1.0) for action in actions])
        except InfrastructureFault:
            results = [None] * len(actions)
        known |= {(number, key, action): result for action, result in zip(actions, results, strict=True)}


def _advance(row: Rollout, turn: Turn, root: State, result: StepResult | None, rewards: RewardSum) -> None:
    """Adds the model's turn with what Lean says of it."""
    candidate = Candidate(turn.action, "lrm", log_probability=min(0.0, sum(turn.logs)))
    reward = rewards.of(Transition(root, row.state, candidate, result)) if result is not None else None
    if reward is None or result is None:
        row.fault = True
        return
    row.turns.append(replace(turn, reward=reward))
    row.finished = result.status is StepStatus.FINISHED
    if result.state is not None:
        row.state = result.state


def advantages(group: Sequence[Rollout], discount: float = 1.0) -> list[list[float]]:
    """An advantage for every turn of each rollout of one problem.

    Turn k gets the discounted sum of rewards from it on, less its mean over the group's rollouts that have a turn k, in
    units of the group's standard deviation (as GRPO, Shao et al. 2024, does for whole answers). A rollout after a
    fault gets 0.
    """
    returns = [_returns([t.reward for t in row.turns], discount) if not row.fault else [] for row in group]
    every = [value for row in returns for value in row]
    mean = sum(every) / max(len(every), 1)
    deviation = (sum((value - mean) ** 2 for value in every) / max(len(every), 1)) ** 0.5
    found: list[list[float]] = []
    for row, own in zip(group, returns, strict=True):
        values = [0.0] * len(row.turns)
        for k, value in enumerate(own):
            peers = [other[k] for other in returns if len(other) > k]
            values[k] = (value - sum(peers) / len(peers)) / (deviation + 1e-4)
        found.append(values)
    return found


def _returns(rewards: Sequence[float], discount: float) -> list[float]:
    found: list[float] = []
    total = 0.0
    for reward in reversed(rewards):
        total = reward + discount * total
        found.append(total)
    return found[::-1]
