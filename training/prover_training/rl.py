"""Reinforcement from Lean: TRL's GRPO with Lean as the environment and a reward for every step.

The model proves by rollouts (:mod:`prover_training.rollouts`). A row of TRL's batch is one turn of a rollout, drawn at
random and weighted by how many there are (so that in the mean every turn counts once), with the advantage of that turn
instead of one for the whole rollout. From top to bottom: settings, the trainer, the run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.hookspecs import RewardSignal
from prover.model.language_model import Sampling
from prover.model.prompts import format_named
from prover.problem import Problem
from prover.report.canvas import can_draw, new_figure
from prover.reward import RewardSum, default_signals
from prover.settings import refuse_to_overwrite
from prover_training.card import write_card
from prover_training.rollouts import Open, Rollout, Turn, advantages, roll_out
from prover_training.trainers import CHECKPOINTS, progress, quiet, run_trainer


@dataclass(frozen=True, slots=True)
class RlConfig:
    """Settings of a run. ``steps`` counts updates, each of ``problems`` problems with ``group`` rollouts of at most
    ``moves`` tactics of ``max_tokens`` tokens. ``beta`` weighs the distance from the model it began with.
    """

    model: str = ""
    prompt: str = "focused"
    steps: int = 50
    problems: int = 4
    group: int = 8
    moves: int = 8
    max_tokens: int = 32
    temperature: float = 1.0
    learning_rate: float = 1e-4
    beta: float = 0.0
    discount: float = 1.0
    seed: int = 0
    save_steps: int = 25


def train_rl(
    problems: Sequence[Problem], out: Path, config: RlConfig, open_problem: Open, *, resume: bool = False,
    signals: Sequence[RewardSignal] = (), say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Trains the model on the problems and writes it to ``out``; returns what its card says.

    ``open_problem`` opens a problem in Lean; ``signals`` are the rewards (default: those of
    :func:`prover.reward.default_signals`).

    Raises:
        BadInput: no model or no problem is named, or the folder holds a run. ModelError: the model cannot be loaded.
    """
    if not config.model or not problems:
        raise BadInput("reinforcement needs a model to begin with (--set model=FOLDER) and problems")
    refuse_to_overwrite(out, begun=(out / "model.safetensors").exists(), resume=resume)
    from prover.model.transformers_backend import TransformersModel

    loaded = TransformersModel(config.model)
    rollouts = LeanRollouts(loaded, problems, config, open_problem, RewardSum(signals or default_signals()))
    trainer = _trainer(loaded, rollouts, config, out / CHECKPOINTS, say)
    run_trainer(trainer, out, loaded.tokenizer, resume=resume)
    history = [entry for entry in trainer.state.log_history if "reward" in entry]
    curve = [[entry["step"], entry["reward"]] for entry in history]
    draw(curve, rollouts.finished, out / "rewards.png")
    facts = {
        "kind": "causal language model, reinforced in Lean", "base": config.model, "prompt": config.prompt,
        "problems": len(problems), "steps": config.steps, "seed": config.seed,
        "first_reward": curve[0][1] if curve else None, "last_reward": curve[-1][1] if curve else None,
        "settings": asdict(config), "rewards": curve, "finished": rollouts.finished,
    }  # fmt: skip
    write_card(out, "A language model for proof steps, reinforced", facts)
    return facts


class LeanRollouts:
    """What TRL calls for the answers to a batch of prompts: rollouts in Lean, of which it gets one turn each.

    ``weights`` are the weighted advantages of the last batch's turns, ``finished`` the share of finished rollouts of
    every batch so far.
    """

    def __init__(
        self, loaded: Any, problems: Sequence[Problem], config: RlConfig, open_problem: Open, rewards: RewardSum
    ) -> None:
        self._loaded, self._config, self._open, self._rewards = loaded, config, open_problem, rewards
        self._form = format_named(config.prompt)
        # What stands for a problem in the dataset; the text that the model reads is written when it is opened.
        self.problems = {f"problem {number}": problem for number, problem in enumerate(problems)}
        self.weights: list[float] = []
        self.finished: list[float] = []

    def __call__(self, prompts: list[str], trainer: Any) -> dict[str, Any]:
        """The turns as TRL wants them; each prompt comes as often as there are rollouts of its problem."""
        config = self._config
        model = trainer.accelerator.unwrap_model(trainer.model)
        was_training = model.training
        model.eval()
        player = type(self._loaded)("in training", loaded=(model, self._loaded.tokenizer))
        seed = config.seed * 100_003 + trainer.state.global_step
        sampling = Sampling(max_tokens=config.max_tokens, temperature=config.temperature, seed=seed)
        chosen = [self.problems[prompt] for prompt in prompts[:: config.group]]
        rows = roll_out(
            player, chosen, config.group, self._open, self._form, self._rewards, sampling, config.moves
        )  # fmt: skip
        model.train(was_training)
        self.finished.append(sum(row.finished for row in rows) / len(rows))
        picked = chosen_turns(rows, config, random.Random(seed), self._loaded.pad)
        self.weights = [weight for _, weight in picked]
        return {
            "prompt_ids": [turn.prompt for turn, _ in picked],
            "completion_ids": [turn.tokens for turn, _ in picked],
            "logprobs": [turn.logs for turn, _ in picked],
            "env_mask": [[int(weight != 0)] * len(turn.tokens) for turn, weight in picked],
            "total": [row.total for row in rows],
        }


def _trainer(loaded: Any, rollouts: LeanRollouts, config: RlConfig, folder: Path, say: Callable[[str], None]) -> Any:
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    import torch
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    class LeanTrainer(GRPOTrainer):
        """GRPO whose advantages are those of the turns."""

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            batch: dict[str, Any] = super()._generate_and_score_completions(inputs)
            # One advantage for all tokens of a turn; those behind its end are masked by TRL.
            width = batch["completion_ids"].shape[1]
            rows = [[weight] * width for weight in rollouts.weights]
            batch["advantages"] = torch.tensor(rows, device=batch["completion_ids"].device)
            return batch

    def reward(completions: list[str], total: list[float | None], **rest: Any) -> list[float | None]:
        return total

    cuda = torch.cuda.is_available()
    settings = GRPOConfig(
        output_dir=str(folder), max_steps=config.steps, per_device_train_batch_size=config.problems * config.group,
        num_generations=config.group, max_completion_length=config.max_tokens + 1,
        learning_rate=config.learning_rate, beta=config.beta, seed=config.seed, use_cpu=not cuda, bf16=cuda,
        gradient_checkpointing=False, report_to="none", disable_tqdm=True, logging_steps=1, shuffle_dataset=True,
        save_steps=config.save_steps, save_total_limit=2, temperature=config.temperature,
    )  # fmt: skip
    return quiet(
        LeanTrainer(
            model=loaded.model.train(), reward_funcs=[reward], args=settings, processing_class=loaded.tokenizer,
            train_dataset=Dataset.from_dict({"prompt": list(rollouts.problems)}), rollout_func=rollouts,
            callbacks=[progress(say)],
        )
    )  # fmt: skip


def chosen_turns(rows: Sequence[Rollout], config: RlConfig, dice: random.Random, pad: int) -> list[tuple[Turn, float]]:
    """One turn of each rollout with its weighted advantage; an empty one of weight 0 where there is none."""
    found: list[tuple[Turn, float]] = []
    mean = sum(len(row.turns) for row in rows) / max(len(rows), 1)
    for start in range(0, len(rows), config.group):
        group = rows[start : start + config.group]
        for row, values in zip(group, advantages(group, config.discount), strict=True):
            if not row.turns:
                found.append((Turn([pad], [pad], [0.0], "", 0.0), 0.0))
                continue
            at = dice.randrange(len(row.turns))
            found.append((row.turns[at], values[at] * len(row.turns) / mean))
    return found


def draw(rewards: Sequence[Sequence[float]], finished: Sequence[float], image: Path, over: int = 10) -> None:
    """Mean reward and share of finished rollouts over the updates, each a mean of ``over`` of them, as a PNG; nothing
    where matplotlib is missing."""
    if not can_draw():
        return
    figure = new_figure(9, 3.6)
    panels = (([value for _, value in rewards], "mean reward of a rollout", 1.0), (finished, "finished (%)", 100.0))
    for axes, (values, label, factor) in zip(figure.subplots(1, 2), panels, strict=True):
        parts = [values[at : at + over] for at in range(0, len(values), over)]
        places = [min((k + 1) * over, len(values)) for k in range(len(parts))]
        axes.plot(places, [factor * sum(part) / len(part) for part in parts], "o-", markersize=3)
        axes.set(xlabel="updates", ylabel=label)
        axes.grid(alpha=0.3)
    figure.savefig(image, dpi=120)
