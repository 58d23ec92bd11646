"""How far a language model gets alone: best-first searches in which only it proposes, all problems side by side.

In every round each open problem gives its best unexpanded state, the model answers to all of them in one batch, and
Lean tries the answers. A state's cost is the negative log-probability of the tactics that lead to it, so this is
the search of GPT-f (Polu and Sutskever 2020); a batch makes it many times faster on a CPU than one problem after the
other. Where all states are expanded and steps are left, the model is asked again with another seed. The budget is in
steps of Lean, so what is found does not depend on the machine.
"""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prover.domain import Candidate, Environment, State, StepResult, StepStatus
from prover.errors import BadInput, InfrastructureFault
from prover.hookspecs import ConsistencyCheck
from prover.model.language_model import LanguageModel, Sample, Sampling
from prover.model.prompts import PromptFormat
from prover.problem import Problem
from prover.search.checking import Checks
from prover.search.isolation import Guard
from prover.traces.searches import CLOSED, FAILED, LONGEST_STATE, Attempt, Tried, Visited, distances_on
from prover_training.rollouts import Open

TOGETHER = 16
"""Prompts that the model reads in one batch: more would be padded to the longest of too many."""

CHECK_SECONDS = 60.0
"""What a consistency check may take."""

ROUNDS = 4
"""How often a state is expanded at most."""


logger = logging.getLogger(__name__)


def _broken(plugin: object, role: str, error: BaseException) -> None:
    """A check that breaks counts as an objection."""
    logger.warning("the %s %s broke: %s", role, getattr(plugin, "name", plugin), error)


@dataclass(frozen=True, slots=True)
class AloneConfig:
    """``steps`` of Lean for each problem, of at most ``heartbeats`` (in thousands; 0: Lean's own limit); ``samples``
    answers to each state, drawn at ``temperature``.
    """

    steps: int = 32
    samples: int = 8
    temperature: float = 1.0
    heartbeats: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Reached:
    """A state; ``cost`` and ``depth`` are those of the path that led to it first, ``way`` is its last step."""

    state: State
    cost: float
    depth: int
    way: Tried | None


@dataclass(slots=True)
class _Search:
    """One problem's search. ``numbers`` has each state's place in ``reached`` by its key; those on the ``heap``, with
    their costs, wait to be expanded."""

    problem: Problem
    environment: Environment
    reached: list[_Reached] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    tried: list[Tried] = field(default_factory=list)
    heap: list[tuple[float, int]] = field(default_factory=list)
    round: int = 0
    actions: tuple[str, ...] = ()
    fault: bool = False

    def add(self, state: State, cost: float, depth: int, way: Tried | None) -> None:
        """Takes in a state that is new; it waits to be expanded."""
        number = len(self.reached)
        self.numbers[state.key] = number
        self.reached.append(_Reached(state, cost, depth, way))
        heapq.heappush(self.heap, (cost, number))

    def again(self) -> None:
        """All states wait once more."""
        self.round += 1
        self.heap = [(reached.cost, number) for number, reached in enumerate(self.reached)]
        heapq.heapify(self.heap)

    def note(self, number: int, candidate: Candidate, result: StepResult) -> Tried:
        """Records what Lean said of an action on a state, and takes in where it led."""
        after = None if result.status is StepStatus.FINISHED else result.state
        if result.status is StepStatus.FINISHED:
            child = CLOSED
        else:
            child = FAILED if after is None else self.numbers.get(after.key, len(self.reached))
        step = Tried(
            number, child, candidate.action, candidate.proposer, round(candidate.surprise, 4), result.status.value,
            result.kind, result.micros,
        )  # fmt: skip
        self.tried.append(step)
        if after is not None and child == len(self.reached):
            before = self.reached[number]
            self.add(after, before.cost + candidate.surprise, before.depth + 1, step)
        return step

    def path(self, last: Tried) -> tuple[str, ...]:
        """The actions from the first state up to and with ``last``."""
        steps: list[str] = []
        way: Tried | None = last
        while way is not None:
            steps.append(way.action)
            way = self.reached[way.parent].way
        return tuple(reversed(steps))

    def attempt(self, seconds: float) -> Attempt:
        """The record of this search."""
        distances = distances_on(self.tried, self.actions)
        visited = tuple(
            Visited(
                reached.state.text[:LONGEST_STATE], reached.state.goals, reached.state.size, reached.depth,
                distances.get(number),
            )
            for number, reached in enumerate(self.reached)
        )  # fmt: skip
        problem = self.problem
        return Attempt(
            problem.name, problem.statement, problem.header, problem.imports, problem.metadata.get("module", ""),
            "proved" if self.actions else "not_proved", round(seconds, 3), len(self.tried), self.actions, visited,
            tuple(self.tried),
        )  # fmt: skip


class Prover:
    """Proves with a language model alone. Checks are remembered: the same proof is not checked twice."""

    def __init__(
        self, open_problem: Open, form: PromptFormat, config: AloneConfig | None = None,
        checks: Sequence[ConsistencyCheck] = (),
    ) -> None:  # fmt: skip
        """``checks`` look at what Lean accepted, as in any search (that a library theorem is not proved by itself)."""
        self._open, self._form, self.config, self._checks = open_problem, form, config or AloneConfig(), checks
        self._checked: dict[tuple[str, str, tuple[str, ...]], bool] = {}

    def attempts(
        self, model: LanguageModel, problems: Sequence[Problem], say: Callable[[str], None] = lambda text: None
    ) -> list[Attempt | None]:
        """One attempt for each problem; None for one that cannot be opened or over which Lean failed.

        An attempt is ``proved`` only where the final check accepted the whole proof.
        """
        found: list[Attempt | None] = []
        for at in range(0, len(problems), 2 * TOGETHER):
            found += self._together(model, problems[at : at + 2 * TOGETHER])
            proved = sum(a is not None and bool(a.actions) for a in found)
            say(f"{len(found)} of {len(problems)} tried, {proved} proved")
        return found

    def proved(self, model: LanguageModel, problems: Sequence[Problem]) -> list[bool]:
        """For each problem whether it was proved; one that could not be tried was not."""
        return [attempt is not None and bool(attempt.actions) for attempt in self.attempts(model, problems)]

    def _together(self, model: LanguageModel, problems: Sequence[Problem]) -> list[Attempt | None]:
        started = time.monotonic()
        searches = [self._opened(problem) for problem in problems]
        try:
            while nodes := [(s, heapq.heappop(s.heap)[1]) for s in searches if s is not None and self._goes_on(s)]:
                # Those of like length together: less padding.
                nodes.sort(key=lambda node: len(node[0].reached[node[1]].state.text))
                for at in range(0, len(nodes), TOGETHER):
                    batch = nodes[at : at + TOGETHER]
                    for (search, number), samples in zip(batch, self._ask(model, batch), strict=True):
                        self._expand(search, number, samples)
            seconds = (time.monotonic() - started) / max(len(problems), 1)
            return [None if s is None or s.fault else s.attempt(seconds) for s in searches]
        finally:
            for opened in searches:
                if opened is not None:
                    opened.environment.close()

    def _opened(self, problem: Problem) -> _Search | None:
        try:
            environment = self._open(problem)
        except (BadInput, InfrastructureFault):
            return None
        search = _Search(problem, environment)
        search.add(environment.initial_state, 0.0, 0, None)
        return search

    def _goes_on(self, search: _Search) -> bool:
        if search.fault or search.actions or len(search.tried) >= self.config.steps:
            return False
        if not search.heap and search.round + 1 < ROUNDS:
            search.again()
        return bool(search.heap)

    def _ask(self, model: LanguageModel, batch: Sequence[tuple[_Search, int]]) -> list[list[Sample]]:
        prompts = [self._form.write(search.problem, search.reached[number].state.text, ()) for search, number in batch]
        config, found = self.config, dict[int, list[Sample]]()
        # A seed is for a whole batch: those asked for the second time are asked apart.
        for turn in {search.round for search, _ in batch}:
            rows = [row for row, (search, _) in enumerate(batch) if search.round == turn]
            sampling = Sampling(
                n=config.samples, max_tokens=self._form.max_tokens, temperature=config.temperature,
                stop=self._form.stop, seed=config.seed * ROUNDS + turn,
            )  # fmt: skip
            found |= dict(zip(rows, model.generate([prompts[row] for row in rows], sampling), strict=True))
        return [found[row] for row in range(len(batch))]

    def _expand(self, search: _Search, number: int, samples: Sequence[Sample]) -> None:
        """Has Lean try what the model answered, the likeliest first, as far as the budget goes."""
        chosen = self._candidates(search, number, samples)[: self.config.steps - len(search.tried)]
        try:
            results = search.environment.step(search.reached[number].state, chosen) if chosen else []
            for candidate, result in zip(chosen, results, strict=True):
                step = search.note(number, candidate, result)
                if result.status is StepStatus.FINISHED and not search.actions:
                    path = search.path(step)
                    if self._accepted(search, path):
                        search.actions = path
        except InfrastructureFault:
            search.fault = True

    def _candidates(self, search: _Search, number: int, samples: Sequence[Sample]) -> list[Candidate]:
        """What the model answered, each action once and none that was tried on this state before."""
        before = {step.action for step in search.tried if step.parent == number} if search.round else set()
        found: dict[str, Candidate] = {}
        for sample in samples:
            for action in self._form.read(sample.text)[:1]:
                if action not in before and action not in found:
                    log, heartbeats = sample.log_probability or 0.0, self.config.heartbeats or None
                    found[action] = Candidate(action, "lrm", log, heartbeats=heartbeats)
        return list(found.values())

    def _accepted(self, search: _Search, actions: tuple[str, ...]) -> bool:
        question = (search.problem.header, search.problem.statement, actions)
        if question not in self._checked:
            verdict = search.environment.verify(actions)
            checks = Checks(search.problem, self._checks, {}, Guard(None, CHECK_SECONDS, _broken))
            self._checked[question] = checks.apply(actions, verdict).accepted
        return self._checked[question]
