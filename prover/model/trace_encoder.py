"""Records what a language model's hidden states are at each logical step of a proof.

The model reads the prompt of a state and then the tactic, as it does when it scores one; while it does, the hidden
states of chosen layers are kept for the spans of :mod:`prover.model.spans`. A causal model reads both in one pass, an
encoder-decoder model has the state in its encoder and the tactic in its decoder. Recording can also ride on sampling
(:meth:`TraceEncoder.propose`): then it costs no pass of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import torch

from prover.errors import BadInput
from prover.model.encodings import EncodedStep, Span
from prover.model.language_model import Prompt, Sample, Sampling, cut
from prover.model.layers import Tap, depth_of
from prover.model.prompts import PromptFormat
from prover.model.spans import goal_spans, tokenize, tokens_within
from prover.model.transformers_backend import Drawn, TransformersModel
from prover.problem import Problem

POOLINGS = ("mean", "last", "raw")


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded of one prompt and one answer to it: the spans (characters of the state, or of the answer), for
    each its rows of shape (k, layers, width), and the log-probability of the answer, its end included.
    """

    spans: tuple[Span, ...]
    rows: list[np.ndarray]
    log_probability: float


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
        depth = depth_of(model)
        self.layers = tuple(range(depth + 1)) if layers is None else tuple(sorted(set(layers)))
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

    def score(self, steps: Sequence[EncodedStep]) -> list[float]:
        """The log-probabilities of the tactics alone: what :meth:`encode` costs without recording."""
        return self._forward([self._read(step) for step in steps], record=False)[1]

    def record(self, prompt: Prompt, tactic: str, state: str = "") -> Record:
        """Reads one prompt and a tactic behind it. ``state`` is the state's text within the prompt; without it the
        whole prompt is the one span ``goal``.
        """
        reading = self._reading(prompt, state, tactic)
        ((before, after),), (log,) = self._forward([reading], record=True)
        rows = [self._pool(after if later else before, cover) for later, cover in reading.covers]
        return Record(tuple(reading.spans), rows, log)

    def propose(self, prompt: Prompt, sampling: Sampling, state: str = "") -> list[tuple[Sample, Record]]:
        """Samples answers as ``model.generate`` does, the same ones in the order drawn, repeated ones included, and
        records each in the very passes that draw it. The last token of an answer that a limit or a stop string cut
        is not read by the model, so it is not in the record. Beam search is not recorded.
        """
        text, tokens, offsets = self._prompt(prompt)
        with Tap(self.model, self.layers) as tap:
            (drawings,) = self.model.draw([tokens], sampling)
        first, *following = tap.passes
        before = torch.stack(tap.encoder if self.model.seq2seq else first)[:, 0]
        spans, covers = _state_spans(text, state, offsets)
        rows = [self._pool(before, cover) for cover in covers]
        later = [torch.stack(at)[:, :, -1] for at in following]
        found = []
        for drawing in drawings:
            answer = cut(self.model.tokenizer.decode(drawing.tokens, skip_special_tokens=True), sampling.stop)
            log = min(sum(drawing.logs), 0.0)
            sample = Sample(answer, log, len(drawing.tokens) + drawing.ended, drawing.ended)
            more, own = self._answer(answer, drawing, later)
            found.append((sample, Record((*spans, *more), [*rows, *own], log)))
        return found

    def _answer(
        self, answer: str, drawing: Drawn, later: Sequence[torch.Tensor]
    ) -> tuple[list[Span], list[np.ndarray]]:
        """The spans of a drawn answer and their rows; ``later[i]`` is of shape (layers, rows, width)."""
        if not drawing.rows:
            return [], []
        hidden = torch.stack([later[i][:, row] for i, row in enumerate(drawing.rows)], dim=1)
        spans = [Span("tactic", "", 0, len(answer)), Span("after", "", len(answer), len(answer))]
        many = hidden.shape[1]
        return spans, [self._pool(hidden, range(many)), self._pool(hidden, range(many - 1, many))]

    def _read(self, step: EncodedStep) -> _Reading:
        problem = Problem(step.statement, step.theorem, imports=step.imports, header=step.header)
        return self._reading(self.form.write(problem, step.state_before, ()), step.state_before, step.tactic)

    def _prompt(self, prompt: Prompt) -> tuple[str, list[int], list[tuple[int, int]]]:
        """The prompt as text, its tokens (of one that is too long the end), and the characters each covers."""
        chat = not isinstance(prompt, str)
        text = prompt if isinstance(prompt, str) else self.model.chat_text(prompt)
        tokens, offsets = tokenize(self.model.tokenizer, text, special=not chat)
        if not chat and not self.model.seq2seq and tokens and tokens[-1] in self.model.ends:
            tokens, offsets = tokens[:-1], offsets[:-1]
        kept = self.model.max_prompt_tokens
        return text, tokens[-kept:] or [self.model.pad], offsets[-kept:] or [(0, 0)]

    def _reading(self, prompt: Prompt, state: str, tactic: str) -> _Reading:
        text, tokens, offsets = self._prompt(prompt)
        spans, covers = _state_spans(text, state, offsets)
        places = [(False, cover) for cover in covers]
        read, tactic_offsets = tokenize(self.model.tokenizer, tactic, special=False)
        cover = tokens_within(tactic_offsets, 0, len(tactic))
        if cover:
            spans += [Span("tactic", "", 0, len(tactic)), Span("after", "", len(tactic), len(tactic))]
            places += [(True, cover), (True, range(cover.stop - 1, cover.stop))]
        return _Reading(tokens, read, spans, places)

    @torch.inference_mode()
    def _forward(
        self, readings: Sequence[_Reading], *, record: bool
    ) -> tuple[list[tuple[torch.Tensor, torch.Tensor]], list[float]]:
        """Hidden states (layers, tokens, width) of each prompt and tactic, none unless ``record``; the tactics'
        log-probabilities.
        """
        return self._both(readings, record) if self.model.seq2seq else self._causal(readings, record)

    def _causal(self, readings: Sequence[_Reading], record: bool) -> Any:
        end = self.model.tokenizer.eos_token_id
        tails = [[*r.tactic, end] if end is not None else r.tactic for r in readings]
        tokens, mask = self.model.padded([r.prompt + tail for r, tail in zip(readings, tails, strict=True)])
        longest = max(map(len, tails))
        with Tap(self.model, self.layers if record else ()) as tap:
            out = self.model.model(
                input_ids=tokens, attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
                use_cache=False, logits_to_keep=longest + 1,
            )  # fmt: skip
        # Rows are padded on the left, so all tactics end at the last position.
        kept = out.logits[:, -longest - 1 : -1].float().log_softmax(-1)
        each = kept.gather(2, tokens[:, -longest:, None])[:, :, 0]
        logs = [min(0.0, float(row[longest - len(tail) :].sum())) for row, tail in zip(each, tails, strict=True)]
        hidden = []
        if record:
            chosen = torch.stack(tap.passes[0])
            for i, (reading, tail) in enumerate(zip(readings, tails, strict=True)):
                start = tokens.shape[1] - len(tail)
                row, end_at = chosen[:, i], start + len(reading.tactic)
                hidden.append((row[:, start - len(reading.prompt) : start], row[:, start:end_at]))
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
        with Tap(self.model, self.layers if record else ()) as tap:
            out = model(
                input_ids=tokens, attention_mask=mask, decoder_input_ids=torch.cat([first, target], 1)[:, :-1],
                use_cache=False,
            )  # fmt: skip
        each = out.logits.float().log_softmax(-1).gather(2, target[:, :, None])[:, :, 0]
        logs = [min(0.0, float(row[: len(tail)].sum())) for row, tail in zip(each, tails, strict=True)]
        hidden = []
        if record:
            before, after = torch.stack(tap.encoder), torch.stack(tap.passes[0])
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


def _state_spans(text: str, state: str, offsets: Sequence[tuple[int, int]]) -> tuple[list[Span], list[range]]:
    """The spans of a state that a prompt holds, and the tokens of each; spans without a token are left out."""
    at = text.rfind(state) if state else -1
    # Formats that write the state in another way have no spans within it, only the whole prompt.
    places = goal_spans(state) if at >= 0 else [Span("goal", "", 0, len(text))]
    shift = max(at, 0)
    # Of a prompt that is too long the beginning was cut off: the goal is what is left of it, others are left out.
    first = min((start for start, end in offsets if end > start), default=0) - shift
    spans: list[Span] = []
    covers: list[range] = []
    for span in places:
        if span.kind == "goal":
            span = msgspec.structs.replace(span, start=min(max(span.start, first), span.end))
        cover = tokens_within(offsets, shift + span.start, shift + span.end)
        if cover and span.start >= first:
            spans.append(span)
            covers.append(cover)
    return spans, covers


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
