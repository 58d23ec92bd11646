"""The same model with random weights: what can be read from it comes from the text and the architecture alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from prover.model.encodings import EncodedStep, Encoding
from prover.model.prompts import format_named
from prover.model.trace_encoder import TraceEncoder, batches_of
from prover.model.transformers_backend import TransformersModel
from prover_training.mapper.examples import Rows


def untrained_hidden(
    encoding: Encoding,
    model: TransformersModel,
    rows: Rows,
    *,
    seed: int,
    say: Callable[[str], None] = lambda text: None,
) -> np.ndarray:
    """The hidden states of the spans ``rows``, (spans, layers, width) in half precision, of ``model`` with its weights
    drawn anew as if it were to be trained."""
    torch.manual_seed(seed)
    fresh = type(model.model)(model.model.config).eval()
    plain = TransformersModel(model.name, loaded=(fresh, model.tokenizer))
    about = encoding.about
    encoder = TraceEncoder(plain, format_named(about.prompt), layers=about.layers, pooling=about.pooling)
    place = {row: i for i, row in enumerate(rows.rows)}
    found = np.zeros((len(place), len(about.layers), about.width), np.float16)
    done = 0
    for batch in batches_of(_having(encoding.steps(), place), 32):
        for step, (_, parts) in zip(batch, encoder.encode(batch), strict=True):
            for span, part in zip(step.spans, parts, strict=True):
                if span.row in place:
                    found[place[span.row]] = part[0]
        done += len(batch)
        if done % 320 == 0:
            say(f"random weights: {done} states")
    return found


def _having(steps: Iterator[EncodedStep], place: dict[int, int]) -> Iterator[EncodedStep]:
    return (step for step in steps if any(span.row in place for span in step.spans))
