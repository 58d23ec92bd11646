"""What transformers' trainers need here: no printing, a line for each log entry, checkpoints to go on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Measure = tuple[Sequence[int], Callable[[int, Any, Any], None]]
"""Steps, and what is called after each of them with the step, the model and the tokenizer."""

CHECKPOINTS = "checkpoints"
"""Where a trainer keeps its checkpoints, in the folder of a run."""


def run_trainer(trainer: Any, out: Path, tokenizer: Any, *, resume: bool) -> None:
    """Trains, from the last checkpoint in ``out`` where a run goes on, and writes the model to ``out``."""
    last = last_checkpoint(out / CHECKPOINTS) if resume else None
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    # Half precision halves what is shipped; loading on a CPU makes float32 of it again.
    trainer.model.half().save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a trainer; None where there is none."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return max(found, key=lambda p: int(p.name.rsplit("-", 1)[1]), default=None)


def quiet(trainer: Any) -> Any:
    """The trainer without what prints to the standard output, which is for results."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    return trainer


def progress(say: Callable[[str], None]) -> Any:
    """A callback that says the step and the loss."""
    from transformers import TrainerCallback

    class Progress(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
            if logs and ("loss" in logs or "reward" in logs):
                shown = ", ".join(f"{k} {logs[k]:.4g}" for k in ("loss", "reward") if k in logs)
                say(f"step {state.global_step}/{state.max_steps}: {shown}")

    return Progress()


def measuring(measure: Measure, tokenizer: Any) -> Any:
    """A callback that measures the model on the way."""
    from transformers import TrainerCallback

    steps, function = measure

    class Measuring(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:
            if state.global_step in steps:
                model.eval()
                function(state.global_step, model, tokenizer)
                model.train()

    return Measuring()
