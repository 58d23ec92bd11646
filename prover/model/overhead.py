"""How much longer a model takes when its hidden states are recorded, both when it reads and when it samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from prover.model.encodings import EncodedStep
from prover.model.language_model import Sampling
from prover.model.trace_encoder import TraceEncoder
from prover.problem import Problem


def overhead(
    encoder: TraceEncoder,
    batches: Sequence[Sequence[EncodedStep]],
    *,
    sampling: Sampling,
    prompts: int,
    rounds: int = 5,
) -> dict[str, dict[str, float]]:
    """Seconds of the same work without and with recording, and their ratio.

    ``reading``: the batches of steps are scored, their states and tactics read. ``sampling``: answers are drawn for the
    states of the first ``prompts`` steps, as the search asks for them. The two ways take turns, ``rounds`` times each;
    the fastest counts, for other work on the machine only ever adds. On a CPU seconds are those that this process
    computed, on another device those that passed.
    """
    steps = [step for batch in batches for step in batch][:prompts]
    asked = [(encoder.form.write(_problem(step), step.state_before, ()), step.state_before) for step in steps]
    model = encoder.model

    def read() -> None:
        for batch in batches:
            encoder.score(batch)

    def read_and_record() -> None:
        for batch in batches:
            encoder.encode(batch)

    def sample() -> None:
        for prompt, _ in asked:
            model.generate([prompt], sampling)

    def sample_and_record() -> None:
        for prompt, state in asked:
            encoder.propose(prompt, sampling, state)

    clock = time.process_time if model.device.type == "cpu" else time.perf_counter
    return {
        "reading": _compare(clock, read, read_and_record, rounds),
        "sampling": _compare(clock, sample, sample_and_record, rounds),
    }


def _problem(step: EncodedStep) -> Problem:
    return Problem(step.statement, step.theorem, imports=step.imports, header=step.header)


def _compare(
    clock: Callable[[], float], plain: Callable[[], None], recorded: Callable[[], None], rounds: int
) -> dict[str, float]:
    fastest = [float("inf"), float("inf")]
    for _ in range(rounds):
        for which, work in enumerate((plain, recorded)):
            started = clock()
            work()
            fastest[which] = min(fastest[which], clock() - started)
    return {"plain_seconds": fastest[0], "recorded_seconds": fastest[1], "ratio": fastest[1] / fastest[0]}
