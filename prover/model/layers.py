"""The layers of a transformers model: hooks that read what goes through one, or put something else in its place.

Layers are numbered as transformers numbers ``hidden_states``: layer 0 is what the first block reads (the embeddings),
layer ``i`` what block ``i`` reads, the last one what leaves the model's final normalisation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from prover.errors import BadInput

if TYPE_CHECKING:
    from prover.model.transformers_backend import TransformersModel

Act = Callable[[torch.Tensor], "torch.Tensor | None"]
"""Is given hidden states of shape (rows, tokens, width); what it returns takes their place, None leaves them."""


def stacks_of(model: TransformersModel) -> tuple[nn.Module, ...]:
    """What the layers are stacked in: the encoder and the decoder, or the one that a causal model is."""
    inner = model.model
    if model.seq2seq:
        return inner.get_encoder(), inner.get_decoder()
    return (inner.base_model,)


def blocks_of(stack: nn.Module) -> nn.ModuleList:
    """The blocks of a stack, from the first to the last.

    Raises:
        BadInput: the architecture is built in another way.
    """
    lists = [module for module in stack.modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise BadInput(f"the layers of {type(stack).__name__} cannot be found: it has no list of blocks")
    # Inner lists (a block's parts, experts) come after the list that holds them.
    return lists[0]


def depth_of(model: TransformersModel) -> int:
    """The number of the last layer; of an encoder-decoder model that of the shallower part."""
    return min(len(blocks_of(stack)) for stack in stacks_of(model))


def on_layer(stack: nn.Module, layer: int, act: Act) -> Any:
    """Calls ``act`` with what goes through ``layer`` in every forward pass; returns a handle with ``remove()``."""
    blocks = blocks_of(stack)
    if layer < len(blocks):

        def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if args:
                new = act(args[0])
                return None if new is None else ((new, *args[1:]), kwargs)
            new = act(kwargs["hidden_states"])
            return None if new is None else (args, {**kwargs, "hidden_states": new})

        return blocks[layer].register_forward_pre_hook(before, with_kwargs=True)

    def after(_: nn.Module, __: Any, output: Any) -> Any:
        new = act(output[0])
        if new is None:
            return None
        if isinstance(output, tuple):
            return (new, *output[1:])
        output.last_hidden_state = new
        return output

    return stack.register_forward_hook(after)


class Tap:
    """While it is open, keeps what goes through ``layers`` in every forward pass of a model.

    ``passes[i]`` lists the hidden states of pass ``i`` at each layer, of shape (rows, tokens, width), of the decoder or
    the causal model; ``encoder`` those of the encoder's last pass. They are kept as they are, on the model's device.
    """

    def __init__(self, model: TransformersModel, layers: Sequence[int]) -> None:
        self._model, self._layers = model, tuple(layers)
        self.passes: list[list[torch.Tensor]] = []
        self.encoder: list[torch.Tensor] = []
        self._handles: list[Any] = []

    def __enter__(self) -> Tap:
        if not self._layers:
            return self
        *encoder, decoder = stacks_of(self._model)
        first = min(self._layers)
        for layer in sorted(set(self._layers)):
            self._handles.append(on_layer(decoder, layer, self._keeper(self.passes, layer == first)))
            for stack in encoder:
                self._handles.append(on_layer(stack, layer, self._keep_encoder(layer == first)))
        return self

    @staticmethod
    def _keeper(passes: list[list[torch.Tensor]], starts: bool) -> Act:
        def keep(hidden: torch.Tensor) -> None:
            if starts:
                passes.append([])
            passes[-1].append(hidden)

        return keep

    def _keep_encoder(self, starts: bool) -> Act:
        def keep(hidden: torch.Tensor) -> None:
            if starts:
                self.encoder.clear()
            self.encoder.append(hidden)

        return keep

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
