"""Records what a language model's hidden states are at each logical step of a proof.

The model reads the prompt of a state and then the tactic, as it does when it scores one; while it does, the hidden
states of chosen layers are kept for the spans of :mod:`prover.model.spans`. A causal model reads both in one pass, an
encoder-decoder model has the state in its encoder and the tactic in its decoder.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import torch

from prover.errors import BadInput
from prover.model.encodings import EncodedStep, Span
from prover.model.prompts import PromptFormat
from prover.model.spans import goal_spans, tokenize, tokens_within
from prover.model.transformers_backend import TransformersModel
from prover.problem import Problem

POOLINGS = ("mean", "last", "raw")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A step as tokens: of the prompt and of the tactic, and which of them each span covers (of which part)."""

    prompt: list[int]
    tactic: list[int]
    spans: list[Span]
    covers: list[tuple[bool, range]]


class TraceEncoder:
    """Encodes steps with one model.

    ``layers`` are numbers of layers, 0 being the embeddings; None takes all. A model whose encoder and decoder
    differ in depth offers as many as the shallower. ``pooling`` makes one vector of a span (``mean`` of its tokens, the
    ``last``) or keeps all (``raw``).

    Raises:
        BadInput: an unknown pooling, or a layer that the model does not have.
    """

    def __init__(
        self, model: TransformersModel, form: PromptFormat, *, layers: Sequence[int] | None = None,
        pooling: str = "mean",
    ) -> None:  # fmt: skip
        if pooling not in POOLINGS:
            raise BadInput(f"there is no pooling {pooling!r}; there are {', '.join(POOLINGS)}")
        self.model, self.form, self.pooling = model, form, pooling
        config = model.model.config
        depth = int(config.num_hidden_layers)
        if model.seq2seq:
            depth = min(depth, int(getattr(config, "num_decoder_layers", depth) or depth))
        self.layers = tuple(range(depth + 1)) if layers is None else tuple(layers)
        wrong = [layer for layer in self.layers if not 0 <= layer <= depth]
        if wrong or not self.layers:
            raise BadInput(f"the model has layers 0 (the embeddings) to {depth}, not {wrong[0] if wrong else 'none'}")

    @property
    def width(self) -> int:
        """The width of a hidden state."""
        return int(self.model.model.config.hidden_size)

    def encode(self, steps: Sequence[EncodedStep]) -> list[tuple[EncodedStep, list[np.ndarray]]]:
        """The steps with their spans and log-probabilities, and for each span its rows (k, layers, width)."""
        readings = [self._read(step) for step in steps]
        hidden, logs = self._forward(readings, record=True)
        found = []
        for step, reading, (state, tactic), log in zip(steps, readings, hidden, logs, strict=True):
            rows = [self._pool(tactic if later else state, cover) for later, cover in reading.covers]
            found.append((msgspec.structs.replace(step, spans=tuple(reading.spans), log_probability=log), rows))
        return found

    def _read(self, step: EncodedStep) -> _Reading:
        problem = Problem(step.statement, step.theorem, imports=step.imports, header=step.header)
        prompt = self.form.write(problem, step.state_before, ())
        chat = not isinstance(prompt, str)
        text = prompt if isinstance(prompt, str) else self.model.chat_text(prompt)
        tokens, offsets = tokenize(self.model.tokenizer, text, special=not chat)
        if not chat and not self.model.seq2seq and tokens and tokens[-1] in self.model.ends:
            tokens, offsets = tokens[:-1], offsets[:-1]
        tokens, offsets = tokens[-self.model.max_prompt_tokens :], offsets[-self.model.max_prompt_tokens :]
        tactic, tactic_offsets = tokenize(self.model.tokenizer, step.tactic, special=False)
        spans: list[Span] = []
        covers: list[tuple[bool, range]] = []
        at = text.rfind(step.state_before)
        # Formats that write the state in another way have no spans within it, only the whole prompt.
        places = goal_spans(step.state_before) if at >= 0 else [Span("goal", "", 0, len(text))]
        for span in places:
            shift = max(at, 0)
            cover = tokens_within(offsets, shift + span.start, shift + span.end)
            if cover:
                spans.append(span)
                covers.append((False, cover))
        cover = tokens_within(tactic_offsets, 0, len(step.tactic))
        if cover:
            spans += [Span("tactic", "", 0, len(step.tactic)), Span("after", "", len(step.tactic), len(step.tactic))]
            covers += [(True, cover), (True, range(cover.stop - 1, cover.stop))]
        return _Reading(tokens, tactic, spans, covers)

    @torch.inference_mode()
    def _forward(
        self, readings: Sequence[_Reading], *, record: bool
    ) -> tuple[list[tuple[torch.Tensor, torch.Tensor]], list[float]]:
        """Hidden states (layers, tokens, width) of prompts and tactics, none unless ``record``; log-probabilities."""
        return self._both(readings, record) if self.model.seq2seq else self._causal(readings, record)

    def _causal(self, readings: Sequence[_Reading], record: bool) -> Any:
        end = self.model.tokenizer.eos_token_id
        tails = [[*r.tactic, end] if end is not None else r.tactic for r in readings]
        tokens, mask = self.model.padded([r.prompt + tail for r, tail in zip(readings, tails, strict=True)])
        longest = max(map(len, tails))
        out = self.model.model(
            input_ids=tokens, attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            use_cache=False, logits_to_keep=longest + 1, output_hidden_states=record,
        )  # fmt: skip
        # Rows are padded on the left, so all tactics end at the last position.
        kept = out.logits[:, -longest - 1 : -1].float().log_softmax(-1)
        each = kept.gather(2, tokens[:, -longest:, None])[:, :, 0]
        logs = [min(0.0, float(row[longest - len(tail) :].sum())) for row, tail in zip(each, tails, strict=True)]
        hidden = []
        if record:
            chosen = torch.stack([out.hidden_states[layer] for layer in self.layers])
            for i, (reading, tail) in enumerate(zip(readings, tails, strict=True)):
                start = tokens.shape[1] - len(tail)
                state = chosen[:, i, start - len(reading.prompt) : start]
                hidden.append((state, chosen[:, i, start : start + len(reading.tactic)]))
        return hidden, logs

    def _both(self, readings: Sequence[_Reading], record: bool) -> Any:
        model, end = self.model.model, self.model.tokenizer.eos_token_id
        tokens, mask = self.model.padded([r.prompt for r in readings])
        tails = [[*r.tactic, end] for r in readings]
        longest = max(map(len, tails))
        start = model.config.decoder_start_token_id
        target = torch.full((len(tails), longest), self.model.pad, device=tokens.device)
        for i, tail in enumerate(tails):
            target[i, : len(tail)] = torch.tensor(tail, device=tokens.device)
        first = torch.full((len(tails), 1), start, device=tokens.device)
        # Position k of the decoder has read k tokens; padding at the end is read by nothing before it.
        out = model(
            input_ids=tokens, attention_mask=mask, decoder_input_ids=torch.cat([first, target], 1)[:, :-1],
            output_hidden_states=record, use_cache=False,
        )  # fmt: skip
        each = out.logits.float().log_softmax(-1).gather(2, target[:, :, None])[:, :, 0]
        logs = [min(0.0, float(row[: len(tail)].sum())) for row, tail in zip(each, tails, strict=True)]
        hidden = []
        if record:
            before = torch.stack([out.encoder_hidden_states[layer] for layer in self.layers])
            after = torch.stack([out.decoder_hidden_states[layer] for layer in self.layers])
            for i, reading in enumerate(readings):
                state = before[:, i, tokens.shape[1] - len(reading.prompt) :]
                hidden.append((state, after[:, i, 1 : 1 + len(reading.tactic)]))
        return hidden, logs

    def _pool(self, hidden: torch.Tensor, cover: range) -> np.ndarray:
        part = hidden[:, cover.start : cover.stop].transpose(0, 1).float()
        if self.pooling == "mean":
            part = part.mean(0, keepdim=True)
        elif self.pooling == "last":
            part = part[-1:]
        found: np.ndarray = part.cpu().numpy()
        return found

    def overhead(self, batches: Sequence[Sequence[EncodedStep]], rounds: int = 3) -> dict[str, float]:
        """Seconds that the model takes for the batches without and with recording, in turn, and their ratio; the
        fastest of the ``rounds`` counts, for other work on the machine only ever adds."""
        plain = recorded = float("inf")
        readings = [[self._read(step) for step in batch] for batch in batches]
        for _ in range(rounds):
            started = time.perf_counter()
            for batch in readings:
                self._forward(batch, record=False)
            middle = time.perf_counter()
            for batch in readings:
                hidden, _ = self._forward(batch, record=True)
                for reading, (state, tactic) in zip(batch, hidden, strict=True):
                    for later, cover in reading.covers:
                        self._pool(tactic if later else state, cover)
            plain, recorded = min(plain, middle - started), min(recorded, time.perf_counter() - middle)
        return {"plain_seconds": plain, "recorded_seconds": recorded, "ratio": recorded / plain}


def batches_of(steps: Iterator[EncodedStep], size: int) -> Iterator[list[EncodedStep]]:
    """Lists of ``size`` steps, the last one shorter."""
    batch: list[EncodedStep] = []
    for step in steps:
        batch.append(step)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
