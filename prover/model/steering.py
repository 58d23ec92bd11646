"""What a person changes about what a language model reads and thinks: hypotheses hidden from its prompt, and symbols
that its hidden states are pushed towards or away from.

Both only change which steps the model proposes; what a step is worth is for Lean to say, as always.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from prover.errors import BadInput
from prover.model import loading
from prover.model.language_model import LanguageModel
from prover.model.prompts import format_named, guess_format
from prover.problem import Problem

if TYPE_CHECKING:
    import torch

    from prover.model.layers import Act

LARGEST = 1.0
"""The sum of the ``scale`` of all directions at one layer: a hidden state is moved by at most its own length."""

KEY = "interventions"
"""Where a problem's metadata holds them, as JSON."""


@dataclass(frozen=True, slots=True)
class Steer:
    """Hidden states are moved by ``scale`` times their own length along the direction in which a probe reads ``symbol``
    (against it where negative), at ``layer``; None is the layer at which the mapper's probes read most.
    """

    symbol: str
    scale: float
    layer: int | None = None

    def __str__(self) -> str:
        where = "" if self.layer is None else f" at layer {self.layer}"
        return f"{self.scale:+g} × {self.symbol}{where}"


@dataclass(frozen=True, slots=True)
class Interventions:
    """``mask`` are names of hypotheses to hide, ``steer`` directions of the mapper in the folder ``mapper``."""

    mask: tuple[str, ...] = ()
    steer: tuple[Steer, ...] = ()
    mapper: str = ""

    def __bool__(self) -> bool:
        return bool(self.mask or self.steer)

    @classmethod
    def of(cls, problem: Problem) -> Interventions:
        """Those of a problem; none where it says nothing.

        Raises:
            BadInput: what its metadata say cannot be read.
        """
        text = problem.metadata.get(KEY, "")
        if not text:
            return cls()
        try:
            table = json.loads(text)
            return cls(tuple(table["mask"]), tuple(Steer(**steer) for steer in table["steer"]), table["mapper"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"the problem's {KEY} cannot be read: {type(error).__name__}: {error}") from error

    def to_metadata(self) -> dict[str, str]:
        """As an entry of a problem's metadata; empty where there are none."""
        return {KEY: json.dumps(asdict(self), ensure_ascii=False)} if self else {}

    def sentences(self) -> list[str]:
        """What was changed, for a person."""
        said = [f"hidden from the model: {', '.join(self.mask)}"] if self.mask else []
        if self.steer:
            said.append(f"steered: {', '.join(map(str, self.steer))} (mapper {self.mapper})")
        return said


def read_steers(table: Any, where: Path) -> tuple[Steer, ...]:
    """The ``[[steer]]`` blocks of a file.

    Raises:
        BadInput: one has no symbol, no number, or more than the bounds allow.
    """
    if not isinstance(table, list) or not all(isinstance(entry, dict) for entry in table):
        raise BadInput(f"{where}: steer must be written as [[steer]], once for each symbol")
    steers: list[Steer] = []
    for entry in table:
        unknown = sorted(set(entry) - {"symbol", "scale", "layer"})
        if unknown:
            raise BadInput(f"{where}: {unknown[0]!r} is unknown in [[steer]]; there are symbol, scale and layer")
        symbol, scale, layer = entry.get("symbol"), entry.get("scale"), entry.get("layer")
        if not isinstance(symbol, str) or not symbol.strip():
            raise BadInput(f"{where}: a [[steer]] needs a symbol, as 'prove mapper evaluate' lists them")
        # `not <=` also refuses nan.
        if not isinstance(scale, int | float) or isinstance(scale, bool) or not abs(scale) <= LARGEST:
            raise BadInput(f"{where}: the scale of {symbol} must be a number from -{LARGEST:g} to {LARGEST:g}")
        if layer is not None and (not isinstance(layer, int) or isinstance(layer, bool) or layer < 0):
            raise BadInput(f"{where}: the layer of {symbol} must be a whole number of 0 or more")
        steers.append(Steer(symbol, float(scale), layer))
    for layer in {steer.layer for steer in steers}:
        total = sum(abs(steer.scale) for steer in steers if steer.layer == layer)
        if total > LARGEST + 1e-9:
            raise BadInput(f"{where}: the scales at one layer add up to {total:g}; at most {LARGEST:g} is allowed")
    return tuple(steers)


def check(problem: Problem, choice: str) -> None:
    """Whether what ``problem`` asks for can be done with the model ``choice``; loads no model.

    Raises:
        BadInput: it cannot; says why and what to do.
    """
    wanted = Interventions.of(problem)
    if not wanted:
        return
    none = choice in ("", loading.NONE, loading.DEFAULT) or loading.kind_of_choice(choice) == "ranker"
    if none:
        raise BadInput(
            "mask and [[steer]] change what a language model reads and thinks, and this search has none: add --model"
        )
    named = problem.metadata.get("prompt", "")
    form = format_named(named) if named else guess_format(choice)
    if wanted.mask and form.whole:
        raise BadInput(f"the prompt format {form.name} shows the whole theorem, so no hypothesis can be hidden from it")
    if wanted.steer:
        if choice.startswith(("http://", "https://")):
            raise BadInput(f"{choice} is a server, whose hidden states cannot be reached: [[steer]] needs a folder")
        _directions(wanted)


def masked(text: str, names: Iterable[str]) -> str:
    """A state's text without the hypotheses called ``names``, in all its goals; ``a b : Nat`` without ``a`` is
    ``b : Nat``.
    """
    from prover.model.spans import goal_spans

    gone = set(names)
    if not gone:
        return text
    goals: list[str] = []
    for goal in text.split("\n\n"):
        kept, at = "", 0
        for span in goal_spans(goal):
            if span.kind != "hypothesis" or not gone & set(span.name.split()):
                continue
            left = [name for name in span.name.split() if name not in gone]
            kept += goal[at : span.start]
            at = span.start + len(span.name) if left else span.end + 1
            kept += " ".join(left)
        goals.append(kept + goal[at:])
    return "\n\n".join(goals)


def without_mention(facts: Sequence[str], names: Sequence[str]) -> list[str]:
    """The facts that do not name any of ``names``: a hidden hypothesis must not come in again by another door."""
    return [fact for fact in facts if not any(_names(name, fact) for name in names)]


def _names(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w.✝']){re.escape(name)}(?![\w✝'])", text) is not None


def hypotheses_of(text: str) -> frozenset[str]:
    """The names of the hypotheses in all goals of a state's text."""
    from prover.model.spans import goal_spans

    spans = (span for goal in text.split("\n\n") for span in goal_spans(goal) if span.kind == "hypothesis")
    return frozenset(name for span in spans for name in span.name.split())


def _directions(wanted: Interventions) -> list[tuple[int, float, Any]]:
    """(layer, scale, direction of length 1) for each thing to steer.

    Raises:
        BadInput: there is no mapper, or it does not know a symbol or a layer.
    """
    from prover.model.symbolic_mapper import PROBE, SymbolicMapper

    if not wanted.mapper:
        raise BadInput('[[steer]] needs a mapper: add mapper = "FOLDER" (made by prove mapper fit) to the edits')
    mapper = SymbolicMapper.load(Path(wanted.mapper))
    layers = [mapper.layer_of(PROBE) if steer.layer is None else steer.layer for steer in wanted.steer]
    for layer in set(layers):
        total = sum(abs(steer.scale) for steer, at in zip(wanted.steer, layers, strict=True) if at == layer)
        if total > LARGEST + 1e-9:
            raise BadInput(f"the scales at layer {layer} add up to {total:g}; at most {LARGEST:g} is allowed")
    return [
        (layer, steer.scale, mapper.direction(steer.symbol, layer))
        for steer, layer in zip(wanted.steer, layers, strict=True)
    ]


class Steering:
    """While it is open, a model's hidden states are moved as ``wanted`` says, in every forward pass.

    An encoder-decoder model is steered in its encoder, where it reads the state and where probes are fitted.

    Raises:
        BadInput: the model cannot be steered, or the mapper does not belong to it.
    """

    def __init__(self, model: LanguageModel, wanted: Interventions) -> None:
        self._model: Any = model
        self._acts: list[tuple[int, Act]] = []
        self._handles: list[Any] = []
        if not wanted.steer:
            return
        import torch

        from prover.model.symbolic_mapper import SymbolicMapper
        from prover.model.transformers_backend import TransformersModel

        if not isinstance(model, TransformersModel):
            raise BadInput(f"{model.name} is a server, whose hidden states cannot be reached")
        about = SymbolicMapper.load(Path(wanted.mapper)).about
        if about.get("model_sha256") != model.digest():
            raise BadInput(f"the mapper in {wanted.mapper} was fitted to other weights than those of {model.name}")
        # One push a layer: two after each other would move further than their bounds add up to.
        pushes: dict[int, Any] = {}
        for layer, scale, direction in _directions(wanted):
            pushes[layer] = pushes.get(layer, 0.0) + scale * direction
        for layer, vector in pushes.items():
            self._acts.append((layer, _push(torch.from_numpy(vector).float().to(model.device))))

    def __enter__(self) -> Steering:
        if self._acts:
            from prover.model.layers import on_layer, stacks_of

            stack = stacks_of(self._model)[0]
            self._handles = [on_layer(stack, layer, act) for layer, act in self._acts]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []


def _push(vector: torch.Tensor) -> Act:
    def act(hidden: torch.Tensor) -> torch.Tensor:
        # Each position by its own length, not by the mean of all: what is beside it in a batch makes no difference.
        moved = hidden.float() + vector * hidden.float().norm(dim=-1, keepdim=True)
        return moved.to(hidden.dtype)

    return act
