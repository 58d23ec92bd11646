"""Supervised fine-tuning: a language model learns the tactic that a proof went on with (TRL's SFTTrainer).

The curriculum decides what is fed when: the examples are put in its order beforehand and read one after
the other. From top to bottom: settings, data, model, training, checkpoint with its card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.hookspecs import Curriculum
from prover.model.prompts import format_named
from prover.problem import Problem
from prover.settings import refuse_to_overwrite
from prover_training.card import data_hash, write_card
from prover_training.curriculum.feed import FeedLog
from prover_training.curriculum.schedule import find_curriculum
from prover_training.data import Pair, pairs_of, read_traces, schedule
from prover_training.tiny import TinyConfig, make_model, make_tokenizer
from prover_training.trainers import CHECKPOINTS, Measure, measuring, progress, quiet, run_trainer


@dataclass(frozen=True, slots=True)
class TuningConfig(TinyConfig):
    """What everything that fine-tunes has: the sizes of a model that is made from nothing (``length``, in tokens, also
    limits the examples), the prompt format, and updates of ``batch`` examples each.
    """

    prompt: str = "plain"
    batch: int = 16
    learning_rate: float = 2e-3
    seed: int = 0

    def sft(self, **more: Any) -> SftConfig:
        """The settings of one fine-tuning: these, and ``more``."""
        return SftConfig(**{**{field.name: getattr(self, field.name) for field in fields(TuningConfig)}, **more})


@dataclass(frozen=True, slots=True)
class SftConfig(TuningConfig):
    """Settings of a run. ``model`` is a folder or hub id to go on from; empty makes a small one.

    ``steps`` counts updates; ``curriculum`` is the name of one that a plugin offers, in ``stages``. ``save_steps`` is
    how often a checkpoint is written, from which a run that died goes on.
    """

    model: str = ""
    steps: int = 300
    curriculum: str = "uniform"
    stages: int = 3
    save_steps: int = 100


FEED = "feed.jsonl"
"""What was fed when, in the folder of a run; 'prove curriculum plot' draws it."""


def train_sft(
    data: Sequence[Path], out: Path, config: SftConfig, *, resume: bool = False,
    curriculum: Curriculum | None = None, measure: Measure | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Trains on the traces in ``data`` and writes the model to ``out``; returns what its card says.

    Raises:
        BadInput: nothing to learn from, an unknown curriculum, nothing to resume or a folder that holds a run.
    """
    import torch

    begun = (out / CHECKPOINTS).exists() or (out / "model.safetensors").exists()
    refuse_to_overwrite(out, begun=begun, resume=resume)
    torch.set_num_threads(1 if not torch.cuda.is_available() else torch.get_num_threads())
    theorems = [theorem for path in data for theorem in read_traces(path)]
    every = pairs_of(theorems)
    model, tokenizer = load_or_make(config, every)
    pairs = _fitting(every, tokenizer, config)
    out.mkdir(parents=True, exist_ok=True)
    (out / FEED).unlink(missing_ok=True)
    log = FeedLog(out / FEED)
    drawing = schedule(
        pairs, theorems, curriculum or find_curriculum(config.curriculum), steps=config.steps, batch=config.batch,
        stages=config.stages, seed=config.seed, log=log,
    )  # fmt: skip
    # The whole order is drawn beforehand: a run that goes on after an interruption reads the same one.
    order = [index for _ in range(config.steps) for index in drawing.draw()]
    log.close()
    said = f"{len(theorems)} theorems, {len(pairs)} steps ({len(every) - len(pairs)} longer ones left out)"
    say(f"{said}; {config.steps} updates of {config.batch}")
    trainer = _trainer(model, tokenizer, pairs, order, config, out / CHECKPOINTS, say)
    if measure is not None:
        trainer.add_callback(measuring(measure, tokenizer))
    run_trainer(trainer, out, tokenizer, resume=resume)
    losses = [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    facts = {
        "kind": "causal language model, state to tactic", "base": config.model or "made from nothing",
        "parameters": sum(p.numel() for p in model.parameters()), "prompt": config.prompt,
        "data_sha256": data_hash(data), "theorems": len(theorems), "pairs": len(pairs), "curriculum": config.curriculum,
        "steps": config.steps, "final_loss": losses[-1][1] if losses else None, "seed": config.seed,
        "settings": asdict(config), "stage_bounds": [b if b < float("inf") else None for b in drawing.stages.bounds],
        "losses": [list(x) for x in losses],
    }  # fmt: skip
    write_card(out, "A language model for proof steps", facts)
    return facts


def load_or_make(config: SftConfig, pairs: Sequence[Pair]) -> tuple[Any, Any]:
    """The model and tokenizer to train: read from where ``config.model`` says, or made from nothing."""
    if not config.model:
        tokenizer = make_tokenizer((text for p in pairs for text in (p.state, p.tactic)), config.words)
        return make_model(tokenizer, config, config.seed), tokenizer
    from prover.model.transformers_backend import TransformersModel

    loaded = TransformersModel(config.model)
    if loaded.seq2seq:
        raise BadInput(f"{config.model} is an encoder-decoder model; sft trains causal models")
    return loaded.model.train(), loaded.tokenizer


def _fitting(pairs: Sequence[Pair], tokenizer: Any, config: SftConfig) -> list[Pair]:
    """The pairs that are read whole: a longer one would be cut where its tactic stands, and teach nothing."""
    rows = _rows(pairs, tokenizer, config)
    return [pair for pair, ids in zip(pairs, rows["input_ids"], strict=True) if len(ids) <= config.length]


def _rows(pairs: Sequence[Pair], tokenizer: Any, config: SftConfig) -> dict[str, list[list[int]]]:
    """Each pair as tokens, and a mask that is 1 where the model has to learn: the tactic and its end."""
    if not pairs:
        return {"input_ids": [], "completion_mask": []}
    write, nothing = format_named(config.prompt).write, Problem("")
    prompts = tokenizer([str(write(nothing, p.state, ())) for p in pairs])["input_ids"]
    tactics = tokenizer([p.tactic for p in pairs], add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    prompts = [ids[:-1] if ids[-1:] == [end] else ids for ids in prompts]
    return {
        "input_ids": [[*before, *after, end] for before, after in zip(prompts, tactics, strict=True)],
        "completion_mask": [
            [0] * len(before) + [1] * (len(after) + 1) for before, after in zip(prompts, tactics, strict=True)
        ],
    }


def _trainer(
    model: Any, tokenizer: Any, pairs: Sequence[Pair], order: Sequence[int], config: SftConfig, folder: Path,
    say: Callable[[str], None],
) -> Any:  # fmt: skip
    import torch
    from datasets import Dataset, disable_progress_bars
    from trl import SFTConfig as TrlConfig
    from trl import SFTTrainer

    disable_progress_bars()
    # Each pair becomes tokens once, however often it is fed.
    dataset = Dataset.from_dict(_rows(pairs, tokenizer, config)).select(list(order))
    cuda = torch.cuda.is_available()
    settings = TrlConfig(
        output_dir=str(folder), max_steps=config.steps, per_device_train_batch_size=config.batch,
        learning_rate=config.learning_rate, lr_scheduler_type="cosine", warmup_steps=max(1, config.steps // 20),
        max_length=config.length, completion_only_loss=True, train_sampling_strategy="sequential", seed=config.seed,
        use_cpu=not cuda, bf16=cuda, gradient_checkpointing=False, report_to="none", disable_tqdm=True,
        logging_steps=max(1, config.steps // 50), save_steps=config.save_steps, save_total_limit=2,
        dataset_num_proc=None,
    )  # fmt: skip
    return quiet(
        SFTTrainer(
            model=model, args=settings, train_dataset=dataset, processing_class=tokenizer, callbacks=[progress(say)]
        )
    )
