"""Reorders premises by a language encoder: goal and statements as vectors, compared by their cosine.

Off unless an encoder is named. Only what the symbolic search found is compared, so the cost is that of some
dozens of short texts, each encoded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prover.errors import BadInput
from prover.lean.library import Library, Premise
from prover.lean.protocol import GoalView

if TYPE_CHECKING:
    import torch

_TOKENS = 256
_BATCH = 16
_SMOOTHING = 10
"""The constant of reciprocal rank fusion (Cormack et al. 2009), small because the lists are short."""


class Reranker:
    """Puts the order of an encoder and that of the symbolic search together, by reciprocal ranks."""

    def __init__(self, encoder: str) -> None:
        """``encoder`` is the folder or hub id of a transformers encoder; it is loaded at first use."""
        self._name = encoder
        self._loaded: tuple[Any, Any] | None = None
        self._known: dict[str, torch.Tensor] = {}

    def reorder(self, goal: GoalView, premises: Sequence[Premise], library: Library) -> list[Premise]:
        """``premises`` in the joint order.

        Raises:
            BadInput: the encoder cannot be loaded.
            InfrastructureFault: Lean cannot write the statements.
        """
        library.statements([premise.name for premise in premises])  # one request for all
        texts = {p.name: " ".join(library.statements([p.name])) or p.name for p in premises}
        context = [f"{h.name} : {h.type}" for h in goal.hypotheses if h.is_prop]
        query = self._encode([" ".join([*context, "⊢", goal.target])])[0]
        missing = [name for name in texts if name not in self._known]
        if missing:
            vectors = self._encode([texts[name] for name in missing])
            self._known.update(zip(missing, vectors, strict=True))
        near = sorted(premises, key=lambda p: -float(query @ self._known[p.name]))
        dense = {premise.name: rank for rank, premise in enumerate(near)}
        fused = {
            premise.name: 1 / (_SMOOTHING + rank) + 1 / (_SMOOTHING + dense[premise.name])
            for rank, premise in enumerate(premises)
        }
        return sorted(premises, key=lambda p: -fused[p.name])

    def _encode(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors of shape (len(texts), d): the mean over the tokens of the last layer."""
        import torch

        tokenizer, model = self._load()
        found = []
        with torch.inference_mode():
            for start in range(0, len(texts), _BATCH):
                batch = tokenizer(
                    list(texts[start : start + _BATCH]),
                    return_tensors="pt", padding=True, truncation=True, max_length=_TOKENS,
                )  # fmt: skip
                hidden = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
                found.append((hidden * mask).sum(1) / mask.sum(1).clamp(min=1))
        return torch.nn.functional.normalize(torch.cat(found), dim=-1)

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                from transformers import AutoModel, AutoTokenizer

                tokenizer = AutoTokenizer.from_pretrained(self._name)
                model = AutoModel.from_pretrained(self._name)
            except (ImportError, OSError, ValueError) as error:
                reason = " ".join(str(error).split())[:200]
                raise BadInput(f"the premise encoder {self._name!r} cannot be loaded: {reason}") from error
            model.eval()
            if tokenizer.pad_token is None:
                tokenizer.pad_token = tokenizer.eos_token
            self._loaded = tokenizer, model
        return self._loaded
