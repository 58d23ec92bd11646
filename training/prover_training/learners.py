"""What expert iteration can teach: the ranker of the proposers' candidates, or a language model that proves alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from prover.errors import BadInput
from prover.lean.environment import LeanDomain
from prover.model.loading import NONE
from prover.model.prompts import format_named
from prover.problem import Problem
from prover.session import Options, Session
from prover.traces.searches import AttemptFile, read_attempts
from prover_training.alone import TOGETHER, AloneConfig, Prover
from prover_training.card import data_hash
from prover_training.gather import GatherConfig, gather
from prover_training.ranker import RankerConfig, save, train
from prover_training.ranker_data import Met, examples, held_out
from prover_training.sft import SftConfig, train_sft

Say = Callable[[str], None]


class Learner(Protocol):
    """Searches with a model, learns from what came of it, and is measured."""

    def search(self, problems: Sequence[Problem], out: Path, model: str, seed: int) -> tuple[int, int]:
        """Appends an attempt for every problem that ``out`` has none of; how many there are, and how many proved."""

    def learn(self, files: Sequence[Path], folder: Path, model: str) -> dict[str, float]:
        """Trains on all attempts in ``files``, going on from ``model`` where that makes sense; writes to ``folder``."""

    def measure(self, problems: Sequence[Problem], out: Path, model: str) -> tuple[int, int]:
        """As :meth:`search`, without noise and with a fixed number of Lean's steps."""


@dataclass(frozen=True, slots=True)
class RankerLearner:
    """The ranker: all proposers search, it orders what they propose. Without a model the hand-made order counts."""

    searching: GatherConfig
    measuring: GatherConfig
    training: RankerConfig
    options: Options | None
    say: Say

    def search(self, problems: Sequence[Problem], out: Path, model: str, seed: int) -> tuple[int, int]:
        """See :class:`Learner`; the order is disturbed in a share of the searches."""
        settings = replace(self.searching, seed=seed, model=model or NONE)
        return gather(problems, out, settings, self.options, self.say)

    def learn(self, files: Sequence[Path], folder: Path, model: str) -> dict[str, float]:
        """Trains a ranker from nothing: it takes a minute."""
        del model
        every = [attempt for path in files for attempt in read_attempts(path)]
        seed = self.training.seed
        learned, kept_out = held_out(every, seed=seed)
        result = train(examples(learned), examples(kept_out), self.training, self.say)
        card = {"attempts": len(every), "data_sha256": data_hash(files), "seed": seed}
        save(result, self.training, Met.of(every), folder, card)
        return result.history[-1]

    def measure(self, problems: Sequence[Problem], out: Path, model: str) -> tuple[int, int]:
        """See :class:`Learner`."""
        return gather(problems, out, replace(self.measuring, model=model or NONE), self.options, self.say)


@dataclass(frozen=True, slots=True)
class ModelLearner:
    """A language model: it alone proposes, and is fine-tuned on all proofs so far. ``first`` makes the first model from
    nothing; later ones go on from the best so far (``later``: at the first one's learning rate they forget more than
    they learn).
    """

    first: SftConfig
    later: SftConfig
    alone: AloneConfig
    options: Options | None
    say: Say

    def search(self, problems: Sequence[Problem], out: Path, model: str, seed: int) -> tuple[int, int]:
        """See :class:`Learner`."""
        return alone(model, problems, out, self.first.prompt, replace(self.alone, seed=seed), self.options, self.say)

    def learn(self, files: Sequence[Path], folder: Path, model: str) -> dict[str, float]:
        """Fine-tunes; goes on with a run that died."""
        if not files:
            raise BadInput("a language model needs proofs to begin with: name files of them with --data")
        settings = replace(self.later, model=model) if model else self.first
        if not (folder / "model.safetensors").exists():
            facts = train_sft(files, folder, settings, resume=(folder / "checkpoints").exists(), say=self.say)
            return {"loss": float(facts["final_loss"] or 0.0), "pairs": float(facts["pairs"])}
        return {}

    def measure(self, problems: Sequence[Problem], out: Path, model: str) -> tuple[int, int]:
        """See :class:`Learner`."""
        return alone(model, problems, out, self.first.prompt, self.alone, self.options, self.say)


def alone(
    model: str, problems: Sequence[Problem], out: Path, prompt: str, config: AloneConfig,
    options: Options | None = None, say: Say = lambda text: None,
) -> tuple[int, int]:  # fmt: skip
    """The model alone proves the problems that ``out`` holds no attempt of; how many are there, how many proved.

    What could not be opened, or met a fault of Lean, has no attempt: it is tried anew by the next call.

    Raises:
        ModelError: the model cannot be loaded. ToolchainError: there is no Lean.
    """
    from prover.model.transformers_backend import TransformersModel

    done = AttemptFile(out)
    left = done.missing(problems)
    if not left:
        return done.counts
    player = TransformersModel(model)
    with Session(replace(options or Options(), use_service=False)) as session:
        prover = Prover(LeanDomain(session.server()).open, format_named(prompt), config, session.team().checks)
        for at in range(0, len(left), TOGETHER):
            for attempt in prover.attempts(player, left[at : at + TOGETHER]):
                if attempt is not None:
                    done.add(attempt)
            say(f"{min(at + TOGETHER, len(left))} of {len(left)} tried; {done}")
    return done.counts
