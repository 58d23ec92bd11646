"""Causal and sequence-to-sequence models of the transformers library, sampled by our own loop.

The prompt is read once and its cache repeated for all answers to it; rows that end are taken out of the
batch, so that a long answer does not keep the others computing. Several prompts (open nodes of a search) go
through the model together. On a CPU one thread is used: the prover runs beside Lean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from prover.model.beam import beam_search
from prover.model.language_model import Hidden, Message, ModelError, Prompt, Sample, Sampling, cut, distinct


@dataclass(slots=True)
class Drawn:
    """One sampled text: its ``tokens``, the log-probability of each (and of the end behind them), whether it ended.

    ``rows[i]`` is the row of the batch in which the model read token ``i``, in the pass ``i`` after the prompt's.
    """

    tokens: list[int]
    logs: list[float]
    ended: bool = False
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Prefilled:
    """A batch of prompts that the model has read: its cache, and the next token's logits (prompts, words)."""

    cache: Any
    logits: torch.Tensor
    mask: torch.Tensor
    memory: Any = None

    def repeat(self, n: int) -> None:
        """Makes ``n`` rows of each, next to each other."""
        self.cache.batch_repeat_interleave(n)
        self.logits = self.logits.repeat_interleave(n, dim=0)
        self.mask = self.mask.repeat_interleave(n, dim=0)
        if self.memory is not None:
            self.memory.last_hidden_state = self.memory.last_hidden_state.repeat_interleave(n, dim=0)

    def select(self, rows: torch.Tensor) -> None:
        """Keeps these rows, in this order; one may come twice."""
        self.cache.batch_select_indices(rows)
        self.logits, self.mask = self.logits[rows], self.mask[rows]
        if self.memory is not None:
            self.memory.last_hidden_state = self.memory.last_hidden_state[rows]


class TransformersModel:
    """Implements :class:`prover.model.language_model.LanguageModel` with a model from a folder or the hub."""

    def __init__(
        self,
        source: str | Path,
        *,
        device: str = "",
        max_prompt_tokens: int = 2_048,
        loaded: tuple[Any, Any] | None = None,
    ) -> None:
        """``source`` is a folder or a hub id; ``device`` a torch device (default: CUDA where there is one). ``loaded``
        is a model in training and its tokenizer, used as they are.

        Raises:
            ModelError: there is no such model, or transformers cannot read it.
        """
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.name = str(source)
        self.model: Any
        self.tokenizer: Any
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.device.type == "cpu":
            torch.set_num_threads(1)
        self.max_prompt_tokens = max_prompt_tokens
        if loaded is not None:
            self.model, self.tokenizer = loaded
            self.device = next(self.model.parameters()).device
            self.seq2seq = bool(self.model.config.is_encoder_decoder)
            self._find_ends()
            return
        try:
            config = AutoConfig.from_pretrained(self.name)
            self.seq2seq = bool(config.is_encoder_decoder)
            auto = AutoModelForSeq2SeqLM if self.seq2seq else AutoModelForCausalLM
            # Half precision saves memory on disk and on a GPU; a CPU computes faster in float32.
            kind = torch.float32 if self.device.type == "cpu" else torch.bfloat16
            self.model = auto.from_pretrained(self.name, dtype=kind).to(self.device).eval()
            self.tokenizer = AutoTokenizer.from_pretrained(self.name)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelError(f"cannot load the model {self.name}: {' '.join(str(error).split())[:300]}") from error
        self._find_ends()

    def _find_ends(self) -> None:
        ends = self.model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        self.ends = frozenset(e for e in [*ends, self.tokenizer.eos_token_id] if e is not None)
        self.pad = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else min(self.ends, default=0)

    def digest(self) -> str:
        """SHA-256 of the weights: the same for equal models, wherever they are."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().float().cpu().numpy().tobytes())
        return digest.hexdigest()

    # ------------------------------------------------------------------------------- prompts

    def _tokens(self, prompt: Prompt) -> list[int]:
        """The tokens of a prompt; of one that is too long the end, where the goal stands."""
        text = prompt if isinstance(prompt, str) else self.chat_text(prompt)
        special = isinstance(prompt, str)
        tokens: list[int] = self.tokenizer(text, add_special_tokens=special)["input_ids"]
        if special and not self.seq2seq and tokens and tokens[-1] in self.ends:
            tokens = tokens[:-1]
        return tokens[-self.max_prompt_tokens :] or [self.pad]

    def chat_text(self, messages: Sequence[Message]) -> str:
        """A chat as the text that the model reads, up to where its answer begins."""
        turns = [{"role": m.role, "content": m.content} for m in messages]
        if getattr(self.tokenizer, "chat_template", None):
            return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        return "\n\n".join(m.content for m in messages) + "\n\n"

    def padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of tokens as one tensor, padded on the left, and its mask."""
        width = max(map(len, rows))
        tokens = [[self.pad] * (width - len(row)) + list(row) for row in rows]
        mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
        return torch.tensor(tokens, device=self.device), torch.tensor(mask, device=self.device)

    @torch.inference_mode()
    def prefill(self, prompts: Sequence[Prompt]) -> Prefilled:
        """Reads the prompts, all in one batch."""
        return self._read([self._tokens(prompt) for prompt in prompts])

    def _read(self, prompts: Sequence[Sequence[int]]) -> Prefilled:
        tokens, mask = self.padded(prompts)
        if self.seq2seq:
            memory = self.model.get_encoder()(input_ids=tokens, attention_mask=mask)
            start = torch.full((len(prompts), 1), self.model.config.decoder_start_token_id, device=self.device)
            out = self.model(encoder_outputs=memory, attention_mask=mask, decoder_input_ids=start, use_cache=True)
            return Prefilled(out.past_key_values, out.logits[:, -1].float(), mask, memory)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        out = self.model(
            input_ids=tokens, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1
        )
        return Prefilled(out.past_key_values, out.logits[:, -1].float(), mask)

    @torch.inference_mode()
    def advance(self, state: Prefilled, tokens: torch.Tensor) -> torch.Tensor:
        """Appends ``tokens`` of shape (rows, k) to the rows; logits of shape (rows, k, words)."""
        if self.seq2seq:
            out = self.model(
                encoder_outputs=state.memory, attention_mask=state.mask, decoder_input_ids=tokens,
                past_key_values=state.cache, use_cache=True,
            )  # fmt: skip
        else:
            state.mask = torch.cat([state.mask, torch.ones_like(tokens)], dim=-1)
            first = state.mask.sum(-1, keepdim=True) - tokens.shape[1]
            positions = first + torch.arange(tokens.shape[1], device=self.device)
            out = self.model(
                input_ids=tokens, attention_mask=state.mask, position_ids=positions,
                past_key_values=state.cache, use_cache=True,
            )  # fmt: skip
        state.cache = out.past_key_values
        logits: torch.Tensor = out.logits.float()
        state.logits = logits[:, -1]
        return logits

    # ------------------------------------------------------------------------------- answers

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[Sample]]:
        """Distinct answers to each prompt, the likeliest first, with true log-probabilities."""
        if not prompts:
            return []
        if sampling.beam:
            found = beam_search(self, prompts, sampling)
        else:
            found = self.draw([self._tokens(prompt) for prompt in prompts], sampling)
        return [distinct(self._decode(rows, sampling)) for rows in found]

    @torch.inference_mode()
    def draw(self, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[list[Drawn]]:
        """Ancestral sampling of ``n`` answers to each prompt, given as tokens."""
        n = sampling.n
        state = self._read(prompts)
        state.repeat(n)
        drawings = [Drawn([], []) for _ in range(len(prompts) * n)]
        dice = [_generator(prompt, sampling.seed) for prompt in prompts]
        alive = list(range(len(drawings)))
        for _ in range(sampling.max_tokens):
            # A uniform number for every row, ended or not: what one row draws never depends on the others.
            uniform = torch.cat([torch.rand(n, generator=generator) for generator in dice])[alive].to(self.device)
            log_probabilities = state.logits.log_softmax(-1)
            drawn = _draw(state.logits, sampling.temperature, sampling.top_p, uniform)
            chosen = log_probabilities.gather(1, drawn[:, None])[:, 0].tolist()
            kept: list[int] = []
            for at, (row, token, log_probability) in enumerate(zip(alive, drawn.tolist(), chosen, strict=True)):
                drawing = drawings[row]
                drawing.logs.append(log_probability)
                drawing.ended = token in self.ends
                if drawing.ended:
                    continue
                drawing.tokens.append(token)
                drawing.ended = bool(sampling.stop) and self._stopped(drawing.tokens, sampling.stop)
                if not drawing.ended:
                    kept.append(at)
            if not kept:
                break
            if len(kept) < len(alive):
                index = torch.tensor(kept, device=self.device)
                state.select(index)
                drawn = drawn[index]
                alive = [alive[at] for at in kept]
            for at, row in enumerate(alive):
                drawings[row].rows.append(at)
            self.advance(state, drawn[:, None])
        return [drawings[i * n : (i + 1) * n] for i in range(len(prompts))]

    def _stopped(self, tokens: Sequence[int], stop: Sequence[str]) -> bool:
        # The last tokens are enough: each stop string was looked for after every token.
        tail = self.tokenizer.decode(tokens[-16:], skip_special_tokens=True)
        return any(mark in tail for mark in stop)

    def _decode(self, drawings: Sequence[Drawn], sampling: Sampling) -> list[Sample]:
        return [
            Sample(
                cut(self.tokenizer.decode(d.tokens, skip_special_tokens=True), sampling.stop),
                min(sum(d.logs), 0.0), len(d.tokens) + d.ended, d.ended,
            )
            for d in drawings
        ]  # fmt: skip

    @torch.inference_mode()
    def score(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        """The log-probability of each continuation, its end of text included; the prompt is read once."""
        if not continuations:
            return []
        rows = [self._continuation(text) for text in continuations]
        state = self.prefill([prompt])
        state.repeat(len(rows))
        width = max(map(len, rows))
        padded = torch.tensor([row + [self.pad] * (width - len(row)) for row in rows], device=self.device)
        first = state.logits[:, None]
        logits = torch.cat([first, self.advance(state, padded[:, :-1])], dim=1) if width > 1 else first
        each = logits.log_softmax(-1).gather(2, padded[:, :, None])[:, :, 0]
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        inside = torch.arange(width, device=self.device)[None, :] < lengths[:, None]
        return [min(0.0, float(total)) for total in (each * inside).sum(-1)]

    def _continuation(self, text: str) -> list[int]:
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        end = self.tokenizer.eos_token_id
        return [*tokens, end] if end is not None else tokens or [self.pad]

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> list[Hidden]:
        """The last hidden states (of the encoder where there is one), without padding."""
        if not texts:
            return []
        tokens, mask = self.padded([self._tokens(text) for text in texts])
        if self.seq2seq:
            hidden = self.model.get_encoder()(input_ids=tokens, attention_mask=mask).last_hidden_state
        else:
            positions = (mask.cumsum(-1) - 1).clamp(min=0)
            hidden = self.model.base_model(input_ids=tokens, attention_mask=mask, position_ids=positions)
            hidden = hidden.last_hidden_state
        return [row[keep.bool()].float().cpu().numpy() for row, keep in zip(hidden, mask, strict=True)]


def _generator(prompt: Sequence[int], seed: int) -> torch.Generator:
    digest = hashlib.sha256(f"{seed}\n{list(prompt)!r}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _draw(logits: torch.Tensor, temperature: float, top_p: float, uniform: torch.Tensor) -> torch.Tensor:
    """A token for each row by inverse transform sampling; temperature 0 takes the likeliest."""
    if temperature <= 0:
        return logits.argmax(-1)
    ordered, index = (logits / temperature).softmax(-1).sort(-1, descending=True)
    below = ordered.cumsum(-1)
    if top_p < 1:
        # Words are kept until their probabilities reach top_p, the one that crosses it included.
        ordered = ordered * (below - ordered < top_p)
        below = ordered.cumsum(-1)
    at = torch.searchsorted(below, (uniform[:, None] * below[:, -1:]).contiguous(), right=True)
    return index.gather(1, at.clamp(max=logits.shape[-1] - 1))[:, 0]
