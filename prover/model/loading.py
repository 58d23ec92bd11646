"""Which model: a folder, a hub id, a server's URL, the default model that comes along, or none."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from prover.model.language_model import LanguageModel, ModelError

if TYPE_CHECKING:
    from prover.problem import Problem

logger = logging.getLogger(__name__)
Model = TypeVar("Model")

NONE = "none"
DEFAULT = "default"
VARIABLE = "PROVER_MODEL"

RANKER_TRUST = 16.0
"""How much the ranker's word counts against the proposers' own (:func:`prover.search.ranking.mixed`)."""


def choice_of(problem: Problem) -> str:
    """The model asked for: the problem's ``metadata["model"]``, else the environment's PROVER_MODEL, else empty."""
    return problem.metadata.get("model", "") or os.environ.get(VARIABLE, "")


def default_folder() -> Path | None:
    """The folder of the default model: of the source tree or of the installed package; None where it is missing."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package.parent / "data" / "model", package / "_model"):
        if (folder / "config.json").is_file():
            return folder
    return None


def folder_beside(name: str) -> Path | None:
    """The folder ``name`` of another small model that comes along, in that of the default model; None where it is
    missing."""
    beside = default_folder()
    folder = None if beside is None else beside / name
    return folder if folder is not None and (folder / "config.json").is_file() else None


class KeptModels(Generic[Model]):
    """Small models of one kind by their folders, each read once, by whoever asks first.

    They are read with numpy. Without it, or where a model cannot be read, there is none; that is said once.
    """

    def __init__(self, kind: str, read: Callable[[Path], Model]) -> None:
        """``read`` reads the model in a folder; what it raises is a ModelError."""
        self._kind = kind
        self._read = read
        self._models: dict[Path, Model | None] = {}
        self._lock = threading.Lock()

    def of(self, folder: Path) -> Model | None:
        """The model in ``folder``; None where there is none to use."""
        with self._lock:
            if folder not in self._models:
                self._models[folder] = self._try(folder)
            return self._models[folder]

    def _try(self, folder: Path) -> Model | None:
        if importlib.util.find_spec("numpy") is None:
            logger.info("the %s in %s is not used: numpy is not installed", self._kind, folder)
            return None
        try:
            return self._read(folder)
        except ModelError as error:
            logger.warning("the %s is not used: %s", self._kind, error)
            return None


def has_torch() -> bool:
    """Whether torch is installed; does not import it."""
    return importlib.util.find_spec("torch") is not None


def load_language_model(choice: str) -> LanguageModel:
    """The language model called ``choice``: a URL (``http://…/v1`` or ``http://…/v1#MODEL``), a folder or a hub id.

    Raises:
        ModelError: it cannot be had; says why in one line.
    """
    if choice.startswith(("http://", "https://")):
        from prover.model.openai_backend import OpenAIModel

        url, _, model = choice.partition("#")
        return OpenAIModel(url, model=model)
    if not has_torch() or importlib.util.find_spec("transformers") is None:
        raise ModelError(f"the model {choice} needs torch and transformers: pip install 'neural-prover[model]'")
    from prover.model.transformers_backend import TransformersModel

    return TransformersModel(choice)


_SHARED: dict[str, LanguageModel] = {}


def shared_language_model(choice: str) -> LanguageModel:
    """:func:`load_language_model`, loaded once for all who ask in this process; they must take turns.

    Raises:
        ModelError: it cannot be had.
    """
    if choice not in _SHARED:
        _SHARED[choice] = load_language_model(choice)
    return _SHARED[choice]


def kind_of(folder: Path) -> str:
    """``model_type`` of a model folder's config.json; empty where there is none to read."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(config.get("model_type", "")) if isinstance(config, dict) else ""


def kind_of_choice(choice: str) -> str:
    """:func:`kind_of` of a choice; empty for a URL or a hub id."""
    return "" if choice.startswith(("http://", "https://")) else kind_of(Path(choice))
