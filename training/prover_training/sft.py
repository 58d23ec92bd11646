"""Supervised fine-tuning: a language model learns the tactic that a proof went on with (TRL's SFTTrainer).

The curriculum decides what is fed when: the examples are put in its order beforehand and read one after
the other. From top to bottom: settings, data, model, training, checkpoint with its card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prover.errors import BadInput
from prover.hookspecs import Curriculum
from prover.model.prompts import format_named
from prover.problem import Problem
from prover_training.card import data_hash, write_card
from prover_training.curriculum.feed import FeedLog
from prover_training.data import Pair, pairs_of, read_traces, schedule
from prover_training.tiny import TinyConfig, make_model, make_tokenizer


@dataclass(frozen=True, slots=True)
class SftConfig:
    """Settings of a run. ``model`` is a folder or hub id to go on from; empty makes a small one (``words`` to
    ``heads``).

    ``steps`` counts updates of ``batch`` examples each; ``length`` is in tokens; ``curriculum`` is the name of one
    that a plugin offers, in ``stages``. ``save_steps`` is how often a checkpoint is written, from which a run that
    died goes on.
    """

    model: str = ""
    prompt: str = "plain"
    steps: int = 300
    batch: int = 16
    learning_rate: float = 2e-3
    length: int = 512
    curriculum: str = "uniform"
    stages: int = 3
    seed: int = 0
    save_steps: int = 100
    words: int = 1_024
    width: int = 128
    layers: int = 4
    heads: int = 4


Measure = tuple[Sequence[int], Callable[[int, Any, Any], None]]

FEED = "feed.jsonl"
"""What was fed when, in the folder of a run; 'prove curriculum plot' draws it."""


def find_curriculum(name: str) -> Curriculum:
    """The curriculum of that name, of any plugin.

    Raises:
        BadInput: there is none; lists those there are.
    """
    from prover import plugins

    known = plugins.curricula(plugins.load_plugins())
    if name not in known:
        raise BadInput(f"there is no curriculum {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def train_sft(
    data: Sequence[Path], out: Path, config: SftConfig, *, resume: bool = False,
    curriculum: Curriculum | None = None, measure: Measure | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Trains on the traces in ``data`` and writes the model to ``out``; returns what its card says.

    ``measure`` is a pair of steps and a function that is called after each of them with the step, the model and the
    tokenizer.

    Raises:
        BadInput: nothing to learn from, an unknown curriculum, nothing to resume or a folder that holds a run.
    """
    import torch

    checkpoints = out / "checkpoints"
    if not resume and (checkpoints.exists() or (out / "model.safetensors").exists()):
        raise BadInput(f"{out} holds a run already: add --resume to go on with it, or choose another --out")
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
    trainer = _trainer(model, tokenizer, pairs, order, config, checkpoints, say)
    if measure is not None:
        trainer.add_callback(_measuring(*measure, tokenizer))
    last = last_checkpoint(checkpoints) if resume else None
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    # Half precision halves what is shipped; loading on a CPU makes float32 of it again.
    model.half().save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)
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
        tiny = TinyConfig(config.words, config.width, config.layers, config.heads, config.length)
        return make_model(tokenizer, tiny, config.seed), tokenizer
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


def quiet(trainer: Any) -> Any:
    """The trainer without what prints to the standard output, which is for results."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    return trainer


def progress(say: Callable[[str], None]) -> Any:
    """A callback of transformers' trainers that says the step and the loss."""
    from transformers import TrainerCallback

    class Progress(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
            if logs and ("loss" in logs or "reward" in logs):
                shown = ", ".join(f"{k} {logs[k]:.4g}" for k in ("loss", "reward") if k in logs)
                say(f"step {state.global_step}/{state.max_steps}: {shown}")

    return Progress()


def _measuring(steps: Sequence[int], function: Callable[[int, Any, Any], None], tokenizer: Any) -> Any:
    from transformers import TrainerCallback

    class Measuring(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:
            if state.global_step in steps:
                model.eval()
                function(state.global_step, model, tokenizer)
                model.train()

    return Measuring()


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a trainer; None where there is none."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return max(found, key=lambda p: int(p.name.rsplit("-", 1)[1]), default=None)
