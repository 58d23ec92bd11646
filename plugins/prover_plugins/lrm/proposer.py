"""Asks a language model for steps."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence

from prover.domain import Candidate, State
from prover.model import loading
from prover.model.language_model import Sample, Sampling
from prover.model.prompts import PromptFormat, format_named, guess_format, replays
from prover.model.steering import Interventions, Steering, masked, without_mention
from prover.problem import Problem

logger = logging.getLogger(__name__)

SAMPLES = 8
TEMPERATURE = 0.8


class LanguageModelProposer:
    """Implements :class:`prover.hookspecs.Proposer` with the model that a problem or ``PROVER_MODEL`` names.

    Nothing is loaded until a state is expanded and a model is named; without one, or with the default
    model (which only ranks), it proposes nothing. ``metadata["prompt"]`` of a problem names the prompt format, else
    the model's name tells. What a person hides from the model or steers it to (:mod:`prover.model.steering`) is in the
    problem's metadata too. A model that breaks is named in one line and left out by the search.
    """

    name = "lrm"
    domains = ("lean", "code", "math")

    least_cost = 0.3
    """Nats: a sampled step is seldom more probable, and asking costs as much as many a tactic."""

    deadline = 600.0
    """Seconds: a model takes many to be read from the disk, a large one to answer; the search's own limit holds."""

    def __init__(self) -> None:
        self._steerings: dict[tuple[str, Interventions], Steering] = {}

    def is_silent(self, problem: Problem) -> bool:
        """Whether no language model is named."""
        choice = loading.choice_of(problem)
        return choice in ("", loading.NONE, loading.DEFAULT) or loading.kind_of_choice(choice) == "ranker"

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """Samples of the model for ``state``, the likeliest first."""
        return self.propose_informed(problem, state, ())

    def propose_informed(self, problem: Problem, state: State, facts: Sequence[str]) -> Iterable[Candidate]:
        """As :meth:`propose`, with statements of premises for the prompt."""
        if self.is_silent(problem):
            return []
        choice = loading.choice_of(problem)
        # Loading may fail: the search then names this proposer and its error, and goes on.
        model = loading.shared_language_model(choice)
        form = _format(problem, choice)
        sampling = Sampling(n=SAMPLES, max_tokens=form.max_tokens, temperature=TEMPERATURE, stop=form.stop)
        wanted = Interventions.of(problem)
        text, facts = masked(state.text, wanted.mask), without_mention(facts, wanted.mask)
        steering = self._steerings.get((choice, wanted))
        if steering is None:
            steering = self._steerings[choice, wanted] = Steering(model, wanted)
        with steering:
            (samples,) = model.generate([form.write(problem, text, facts)], sampling)
        return _candidates(samples, form, self.name)


def _format(problem: Problem, choice: str) -> PromptFormat:
    named = problem.metadata.get("prompt", "")
    if named:
        return format_named(named)
    return guess_format(choice)


def _candidates(samples: Sequence[Sample], form: PromptFormat, name: str) -> list[Candidate]:
    """One candidate for each distinct action; its log-probability is its likeliest sample's.

    Where the answer holds more than the step (reasoning, a whole script) the text's probability says little
    of the step's: the samples then share a probability of one in equal parts, as they were drawn.
    """
    plain = not form.whole and form.name != "reasoning"
    share = 1.0 / max(len(samples), 1)
    found: dict[str, Candidate] = {}
    for sample in samples:
        steps = form.read(sample.text)
        actions = replays(steps) if form.whole else steps[:1]
        for position, action in enumerate(actions):
            if action in found:
                continue
            if plain and sample.log_probability is not None:
                found[action] = Candidate(action, name, log_probability=sample.log_probability)
            else:
                # A shorter beginning is tried after the longer ones of the same script.
                found[action] = Candidate(action, name, score=min(1.0, share * math.exp(-0.5 * position)))
    return list(found.values())
