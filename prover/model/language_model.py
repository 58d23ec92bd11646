"""What the search needs of a language model: samples with true log-probabilities, scores, hidden states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from prover.errors import ProverError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Hidden = NDArray[numpy.float32]
else:
    Hidden = Any


class ModelError(ProverError):
    """A model cannot be loaded or does not answer; one line. Says nothing about the theorem."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


Prompt = str | tuple[Message, ...]
"""Text to continue, or a chat to answer (written with the model's own template)."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample: ``n`` answers a prompt of at most ``max_tokens`` tokens.

    ``temperature`` and ``top_p`` (nucleus sampling, Holtzman et al. 2020) shape what is drawn; ``beam`` takes
    the ``n`` likeliest by beam search instead. A text ends before the first of ``stop``. The same ``seed``
    gives a prompt the same answers, whatever is asked beside it.
    """

    n: int = 8
    max_tokens: int = 64
    temperature: float = 1.0
    top_p: float = 1.0
    beam: bool = False
    stop: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer. ``log_probability`` is the model's own (natural logarithm, at temperature 1) of all ``tokens``
    drawn, the end of text included; None where a server does not tell. ``complete`` is False where the limit cut it.
    """

    text: str
    log_probability: float | None
    tokens: int
    complete: bool = True


class LanguageModel(Protocol):
    """A model that continues text."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[Sample]]:
        """Distinct answers to each prompt, the likeliest first.

        Raises:
            ModelError: the model does not answer.
        """

    def score(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        """The log-probability of each continuation of ``prompt``, its end included.

        Raises:
            ModelError: the model does not answer, or cannot tell.
        """

    def encode(self, texts: Sequence[str]) -> list[Hidden]:
        """The last hidden states of each text, one array of shape (tokens, width) a text.

        Raises:
            ModelError: the model does not answer, or cannot tell.
        """


def distinct(samples: Iterable[Sample]) -> list[Sample]:
    """Samples without repeated texts (blanks at the ends do not count), the likeliest first.

    Of equal texts the likeliest stays: their tokens may differ, and each is a lower bound of the text's
    probability. Samples without log-probability keep their order, at the end.
    """
    best: dict[str, Sample] = {}
    for sample in samples:
        text = sample.text.strip()
        known = best.get(text)
        if text and (known is None or _likelihood(sample) > _likelihood(known)):
            best[text] = sample
    return sorted(best.values(), key=lambda sample: -_likelihood(sample))


def _likelihood(sample: Sample) -> float:
    return sample.log_probability if sample.log_probability is not None else float("-inf")


def cut(text: str, stop: Sequence[str]) -> str:
    """``text`` up to the first of the stop strings."""
    ends = [at for mark in stop if mark and (at := text.find(mark)) >= 0]
    return text[: min(ends)] if ends else text
