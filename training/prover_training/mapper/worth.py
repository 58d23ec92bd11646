"""How likely a fitted mapper takes a state to be proved, from its text alone; for curricula."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prover.errors import BadInput

MAPPER_VARIABLE = "PROVER_MAPPER"


def value_of_text(folder: Path | None = None) -> Callable[[str], float]:
    """A function from the text of a state to its value in [0, 1], by the mapper in ``folder`` (by default the one that
    ``PROVER_MAPPER`` names) and the model that it was fitted to, both loaded here.

    Raises:
        BadInput: no mapper is named, there is none, or its model has changed since. ModelError: its model is gone.
    """
    from prover.cli.encode import load_model
    from prover.model.encodings import EncodedStep
    from prover.model.prompts import format_named
    from prover.model.symbolic_mapper import SymbolicMapper
    from prover.model.trace_encoder import TraceEncoder

    named = folder or Path(os.environ.get(MAPPER_VARIABLE, ""))
    if named == Path():
        raise BadInput(f"no mapper is named: set {MAPPER_VARIABLE} to a folder made by prove mapper fit")
    mapper = SymbolicMapper.load(named)
    model = load_model(str(mapper.about["model"]))
    if model.digest() != mapper.about["model_sha256"]:
        raise BadInput(f"the mapper in {named} was fitted to other weights than those of {model.name}: fit it again")
    form, pooling = format_named(mapper.about["prompt"]), mapper.about["pooling"]
    encoder = TraceEncoder(model, form, layers=[mapper.layer], pooling=pooling)

    def value(text: str) -> float:
        ((step, rows),) = encoder.encode([EncodedStep("", 0, text, "", None, "", False)])
        # A goal of which nothing is left in a prompt that was cut short is as good as unknown.
        goal = next((part for span, part in zip(step.spans, rows, strict=True) if span.kind == "goal"), None)
        return 0.5 if goal is None else float(mapper.value(goal[:, 0])[0])

    return value
