"""A search of any size without Lean: the real search on a made-up domain, saved by the prover's own writer."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.domain import Candidate, Insight, Refutation, State, StepResult, StepStatus, Transition, Verdict
from prover.problem import Budget, Problem
from prover.runs import Run, RunWriter, open_run
from prover.search import SearchOutcome, search

TACTICS = (
    "intro x hx", "omega", "simp [Nat.mul_comm, Nat.add_assoc]", "rw [Nat.add_comm]", "cases n",
    "induction n with\n| zero => simp\n| succ k ih => simp [ih]",
    "exact h _ rfl", "apply Nat.le_trans", "constructor", "simp_all", "norm_num", "split",
)  # fmt: skip
MESSAGES = (
    "omega could not prove the goal:\na possible counterexample may satisfy the constraints\n  a ≥ 0\nwhere\n a := ↑n",
    "simp made no progress",
    "type mismatch\n  h\nhas type\n  a < b : Prop\nbut is expected to have type\n"
    "  a ≤ b : Prop </script><b>not markup</b>",
    "tactic 'rewrite' failed, did not find instance of the pattern in the target expression",
)


@dataclass(frozen=True)
class Made:
    """A state named by the path to it."""

    path: tuple[int, ...]

    @property
    def key(self) -> str:
        return ".".join(map(str, self.path)) or "root"

    @property
    def goals(self) -> int:
        return 1 + (sum(self.path) % 5 == 4)

    @property
    def size(self) -> int:
        return 12 + sum(self.path) % 17

    @property
    def text(self) -> str:
        depth = len(self.path)
        lines = ["a b n : Nat", "h : ∀ m, m = n + 1 → a < m * b"]
        lines += [f"h{i} : a + {step} ≤ n * {step + i}" for i, step in enumerate(self.path[-5:])]
        goal = "\n".join([*lines, f"⊢ n * (a + {depth}) + {sum(self.path)} < (b + {depth}) * n + {self.size}"])
        return "\n\n".join([f"case step{depth}\n{goal}"] * self.goals) if depth else goal


class MadeEnvironment:
    """Steps fail, merge or lead on as a seed has it; once ``states`` are reached, omega finishes."""

    def __init__(self, states: int, seed: int) -> None:
        self.initial_state = Made(())
        self._states, self._seed, self._made, self._finished = states, seed, 1, 0

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        assert isinstance(state, Made)
        return [self._one(state, candidate) for candidate in candidates]

    def _one(self, state: Made, candidate: Candidate) -> StepResult:
        number = TACTICS.index(candidate.action)
        random_ = random.Random(f"{self._seed} {state.key} {number}")
        micros = random_.randrange(100, 1_500)
        if candidate.action == "omega" and len(state.path) >= 3 and self._made >= self._states * 0.9:
            return StepResult(StepStatus.FINISHED, Made((*state.path, number)), micros=micros)
        draw = random_.random()
        if draw < 0.42:
            return StepResult(StepStatus.FAILED, kind="tactic", message=random_.choice(MESSAGES), micros=micros)
        if draw < 0.45:
            return StepResult(StepStatus.TIMED_OUT, kind="timeout", message="deterministic timeout", micros=5_000)
        self._made += 1
        merges = draw >= 0.93 and len(state.path) >= 2
        path = (*(state.path[:-2] + state.path[-1:] if merges else state.path), number)
        return StepResult(StepStatus.PROGRESS, Made(path), micros=micros)

    def verify(self, actions: Sequence[str]) -> Verdict:
        self._finished += 1
        if self._finished == 1:
            return Verdict(False, reasons=(("kernel", "the first answer is never good enough"),))
        return Verdict(True, answer="by\n  " + "\n  ".join(actions), checked_by="a made-up check")

    def release(self, states: Sequence[State]) -> None:
        pass

    def close(self) -> None:
        pass


class MadeProposer:
    """Some of the tactics, at log-probabilities drawn for the state."""

    def __init__(self, name: str, tactics: Sequence[str]) -> None:
        self.name, self._tactics = name, tactics

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        random_ = random.Random(f"{self.name} {state.key}")
        return [Candidate(t, self.name, log_probability=-random_.expovariate(0.6)) for t in self._tactics]


class MadeModule:
    """Finds a fact about every state, and refutes some."""

    name = "arithmetic"

    def read(self, problem: Problem, state: State) -> Insight:
        false = len(state.text) % 41 == 3
        refutation = Refutation((("a", "0"), ("n", "1"))) if false else None
        return Insight(facts=("a ≤ n",), features={"linear": 1.0, "symbols": float(state.size)}, refutation=refutation)


class Shrinks:
    """A reward: how much smaller the state became."""

    name = "shrinks"

    def reward(self, transition: Transition) -> float:
        after = transition.result.state
        return 0.0 if after is None else (transition.before.size - after.size) / transition.before.size


class Size:
    """Small states are finished sooner."""

    name = "size"

    def value(self, problem: Problem, state: State) -> float:
        return 1 / (1 + state.size / 20)


def save(folder: Path, states: int, seed: int = 0, *, weights: Mapping[str, float] | None = None) -> Run:
    """Searches until about ``states`` states are known and saves it in ``folder``."""
    searched(folder, states, seed, weights=weights)
    return open_run(folder)


def searched(
    folder: Path, states: int, seed: int = 0, *, weights: Mapping[str, float] | None = None
) -> tuple[Problem, SearchOutcome]:
    """:func:`save`, and what the search itself gave."""
    statement = "theorem made (a b n : Nat) (h : ∀ m, m = n + 1 → a < m * b) : n * a < b * n + 12"
    problem = Problem(statement, name="made", domain="made", budget=Budget(None, None, states + 40))
    writer = RunWriter(folder)
    try:
        outcome = search(
            problem, MadeEnvironment(states, seed),
            [MadeProposer("lrm", TACTICS[:7]), MadeProposer("automation", TACTICS[5:]), MadeProposer("idle", ())],
            modules=[MadeModule()], rewards=[Shrinks()], observers=[writer], seed=seed, weights=weights,
            values=[Size()],
        )  # fmt: skip
    finally:
        writer.close()
    return problem, outcome
