"""Two values of states: ``progress`` from the state's text, ``latent`` from a language model's hidden states."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from prover.domain import State
from prover.errors import BadInput
from prover.model import loading
from prover.problem import Problem

if TYPE_CHECKING:
    import numpy as np

    from prover.model.progress import ProgressModel

VALUE_VARIABLE, MAPPER_VARIABLE = "PROVER_VALUE", "PROVER_MAPPER"


class ProgressValue:
    """Implements :class:`prover.hookspecs.ValueEstimate` with the small model of :mod:`prover.model.progress`.

    The model is the one in the folder that ``metadata["value"]`` of a problem or ``PROVER_VALUE`` names, else the one
    that comes along; it is read at first use. Without numpy, or with ``--no-model``, it says nothing.
    """

    name = "progress"
    domains = ("lean",)
    default_weight = 0.0

    def __init__(self) -> None:
        self._models: dict[Path, ProgressModel] = {}

    def value(self, problem: Problem, state: State) -> float | None:
        """How likely ``state`` lies on the proof that a search finds.

        Raises:
            ModelError: the folder that was named holds no such model.
        """
        named = problem.metadata.get("value", "") or os.environ.get(VALUE_VARIABLE, "")
        folder = Path(named) if named else loading.folder_beside("value")
        if folder is None or loading.choice_of(problem) == loading.NONE or not importlib.util.find_spec("numpy"):
            return None
        model = self._models.get(folder)
        if model is None:
            from prover.model.progress import ProgressModel

            model = self._models[folder] = ProgressModel.load(folder)
        return model.value(state.text, state.goals, state.size)


class Reader(Protocol):
    """Turns a state into the vector that a mapper reads."""

    def __call__(self, problem: Problem, state: State) -> np.ndarray:
        """The hidden state of the state's first goal, of shape (1, width)."""


class Mapper(Protocol):
    """What is needed of :class:`prover.model.symbolic_mapper.SymbolicMapper`."""

    def value(self, hidden: np.ndarray) -> np.ndarray:
        """How likely each state is to be proved, (n,), from hidden states (n, width)."""


class LatentValue:
    """Implements :class:`prover.hookspecs.ValueEstimate` with what a language model's hidden states say.

    It says nothing unless a problem names a language model and a mapper that was fitted to it (``prove mapper fit``;
    ``metadata["mapper"]`` or ``PROVER_MAPPER``). Each state costs the model one reading of it.
    """

    name = "latent"
    domains = ("lean", "code", "math")
    deadline = 60.0
    """Seconds: the first call loads the model."""

    def __init__(self, load: Callable[[str, Path], tuple[Reader, Mapper]] | None = None) -> None:
        """``load`` makes both from the model's and the mapper's names; by default from their folders."""
        self._load = load or load_latent
        self._loaded: dict[tuple[str, Path], tuple[Reader, Mapper]] = {}

    def value(self, problem: Problem, state: State) -> float | None:
        """How likely ``state`` is to be proved, as the mapper reads the model.

        Raises:
            BadInput: there is no such mapper, or it was fitted to another model. ModelError: no such model.
        """
        named = problem.metadata.get("mapper", "") or os.environ.get(MAPPER_VARIABLE, "")
        choice = loading.choice_of(problem)
        if not named or choice in ("", loading.NONE, loading.DEFAULT) or loading.kind_of_choice(choice) == "ranker":
            return None
        key = (choice, Path(named))
        if key not in self._loaded:
            self._loaded[key] = self._load(*key)
        read, mapper = self._loaded[key]
        return float(mapper.value(read(problem, state))[0])


def load_latent(choice: str, folder: Path) -> tuple[Reader, Mapper]:
    """The reader of a model's hidden states and the mapper in ``folder``.

    Raises:
        BadInput: there is no mapper, or it was fitted to another model. ModelError: the model cannot be had.
    """
    from prover.model.symbolic_mapper import SymbolicMapper

    mapper = SymbolicMapper.load(folder)
    model: Any = loading.shared_language_model(choice)
    digest = getattr(model, "digest", None)
    if digest is None:
        raise BadInput(f"the hidden states of {choice} cannot be read; --mapper needs a model in a folder")
    if digest() != mapper.about["model_sha256"]:
        raise BadInput(f"the mapper in {folder} was fitted to {mapper.about['model']}, not to {choice}")

    from prover.model.encodings import EncodedStep
    from prover.model.prompts import format_named
    from prover.model.trace_encoder import TraceEncoder

    form = format_named(mapper.about["prompt"])
    encoder = TraceEncoder(model, form, layers=[mapper.layer], pooling=mapper.about["pooling"])

    def read(problem: Problem, state: State) -> np.ndarray:
        step = EncodedStep(
            problem.name, 0, state.text, "", None, "", False,
            statement=problem.statement, header=problem.header, imports=problem.imports,
        )  # fmt: skip
        ((encoded, rows),) = encoder.encode([step])
        # The first span is the goal; a prompt that was cut short may have lost it.
        if not encoded.spans or encoded.spans[0].kind != "goal":
            raise ValueError("the goal is not in the model's prompt")
        return rows[0][:, 0]

    return read, mapper
