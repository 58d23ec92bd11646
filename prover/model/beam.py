"""Beam search over any model of :mod:`prover.model.transformers_backend`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from prover.model.language_model import Prompt, Sampling

if TYPE_CHECKING:
    from prover.model.transformers_backend import Drawn, TransformersModel


def beam_search(model: TransformersModel, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[Drawn]]:
    """The ``n`` likeliest texts for each prompt that beams of width ``n`` find.

    There is no length penalty, so a log-probability only falls as a text grows and a prompt is done as soon
    as ``n`` texts have ended that are likelier than every open one: within the beam this is exact.
    """
    with torch.inference_mode():
        return [_searched(model, prompt, sampling) for prompt in prompts]


def _searched(model: TransformersModel, prompt: Prompt, sampling: Sampling) -> list[Drawn]:
    from prover.model.transformers_backend import Drawn

    width = sampling.n
    state = model.prefill([prompt])
    beams: list[tuple[list[int], float]] = [([], 0.0)]
    done: list[Drawn] = []
    for _ in range(sampling.max_tokens):
        totals = torch.tensor([total for _, total in beams], device=state.logits.device)
        scores = state.logits.log_softmax(-1) + totals[:, None]
        words = scores.shape[-1]
        count = min(scores.numel(), width * (1 + len(model.ends)))
        values, flat = scores.flatten().topk(count)
        following: list[tuple[list[int], float]] = []
        parents: list[int] = []
        for value, at in zip(values.tolist(), flat.tolist(), strict=True):
            parent, token = divmod(at, words)
            tokens = beams[parent][0]
            if token in model.ends:
                done.append(Drawn(tokens, [value], True))
            elif len(following) < width:
                following.append(([*tokens, token], value))
                parents.append(parent)
        done = sorted(done, key=lambda drawn: -drawn.logs[0])[:width]
        beams = following
        if not beams or (len(done) == width and done[-1].logs[0] >= beams[0][1]):
            return done
        state.select(torch.tensor(parents, device=state.logits.device))
        model.advance(state, torch.tensor([[tokens[-1]] for tokens, _ in beams], device=state.logits.device))
    rest = [Drawn(tokens, [total]) for tokens, total in beams]
    return sorted([*done, *rest], key=lambda drawn: -drawn.logs[0])[:width]
