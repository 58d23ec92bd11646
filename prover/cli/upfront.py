"""What options name is looked at before a search begins: what is missing then would be noticed only after it, or
never.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from prover.errors import BadInput


def require_writable(folder: Path, option: str) -> None:
    """Makes ``folder`` and has something written in it.

    Raises:
        BadInput: that cannot be done; names the ``option``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"{option} {folder}: nothing can be written there: {error.strerror}") from error


def require_model(choice: str) -> None:
    """Refuses a ``--model`` that names a folder which is missing or holds no model, or that needs what is not
    installed. Whether a server or a hub has it shows only when it is asked.

    Raises:
        BadInput: with the folder, or with what to install.
    """
    from prover.model import loading

    if choice in (loading.NONE, loading.DEFAULT) or choice.startswith(("http://", "https://")):
        return
    folder = Path(choice)
    # A hub id is `name` or `owner/name`.
    is_path = choice.startswith(("/", ".", "~")) or choice.count("/") > 1 or choice.endswith("/")
    if not folder.is_dir() and (is_path or folder.exists()):
        raise BadInput(f"--model {choice}: there is no such folder")
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise BadInput(f"--model {choice}: this folder holds no model (it has no config.json)")
    if not loading.has_torch() and loading.kind_of_choice(choice) != "ranker":
        raise BadInput(f"--model {choice} needs torch and transformers: pip install 'neural-prover[model]'")


def require_mapper(folder: str, model: str) -> None:
    """Refuses a ``--mapper`` that is missing, or without the model whose states it reads (or PROVER_MODEL).

    Raises:
        BadInput: says which.
    """
    from prover.model import loading

    if not Path(folder).is_dir():
        raise BadInput(f"--mapper {folder}: there is no such folder; make one with: prove mapper fit")
    chosen = model or os.environ.get(loading.VARIABLE, "")
    if chosen in ("", loading.NONE, loading.DEFAULT) or loading.kind_of_choice(chosen) == "ranker":
        raise BadInput("--mapper reads the states of a language model: name the one it was fitted to with --model")
    # The mapper says itself what is wrong with its files; nothing else is read of it here.
    from prover.model.symbolic_mapper import SymbolicMapper

    SymbolicMapper.load(Path(folder))
