"""How far a language model gets alone: a search in which only it proposes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prover.domain import Candidate, State
from prover.errors import BadInput, InfrastructureFault
from prover.model.language_model import LanguageModel, Sampling
from prover.model.prompts import PromptFormat
from prover.problem import Budget, Problem
from prover.search import search
from prover_training.rollouts import Open


class ModelProposer:
    """Proposes the likeliest tactics of a model, by beam search: the same ones whenever it is asked."""

    name = "lrm"
    deadline = 60.0

    def __init__(self, model: LanguageModel, form: PromptFormat, width: int) -> None:
        self._model, self._form = model, form
        self._sampling = Sampling(n=width, max_tokens=form.max_tokens, beam=True, stop=form.stop)

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """One candidate for each distinct answer."""
        (samples,) = self._model.generate([self._form.write(problem, state.text, ())], self._sampling)
        found: dict[str, Candidate] = {}
        for sample in samples:
            for action in self._form.read(sample.text)[:1]:
                found.setdefault(action, Candidate(action, self.name, log_probability=sample.log_probability))
        return list(found.values())


def proved_alone(
    model: LanguageModel,
    problems: Sequence[Problem],
    open_problem: Open,
    form: PromptFormat,
    *,
    steps: int,
    width: int = 6,
) -> list[bool]:  # fmt: skip
    """For each problem whether the model proves it alone within so many steps of Lean, accepted by the final check.

    A problem that cannot be opened, or over which Lean failed, counts as not proved.
    """
    found: list[bool] = []
    for problem in problems:
        try:
            environment = open_problem(problem)
        except (BadInput, InfrastructureFault):
            found.append(False)
            continue
        try:
            proposer = ModelProposer(model, form, width)
            outcome = search(problem, environment, [proposer], budget=Budget(seconds=None, steps=steps))
            found.append(outcome.proved)
        except InfrastructureFault:
            found.append(False)
        finally:
            environment.close()
    return found
