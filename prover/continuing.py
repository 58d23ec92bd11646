"""Goes on with a saved search: what Lean said is remembered, and what a person changed is tried first.

A person edits ``edits.toml`` in the run's folder::

    ban = ["simp_all"]              # never try these again
    hints = ["Nat.mul_comm"]        # tactics or lemmas to try everywhere
    mask = ["h2"]                   # hypotheses to hide from the language model
    mapper = "mapper"               # a folder of `prove mapper fit`, seen from this file, for [[steer]]
    [[step]]                        # add a step, or correct one
    node = 3                        # the state's number in the run; or: after = ["intro h", "cases n"]
    tactic = "induction n with ..."
    replaces = "omega"              # optional: the step that this one stands for
    [weights]
    arithmetic = 0.5
    [[steer]]                       # push the language model's hidden states towards a symbol
    symbol = "HAdd.hAdd"
    scale = 0.5                     # of their length; below 0: away from it

Nothing of the earlier run is believed for a proof: its successful steps are proposed again and Lean runs them;
only its failures are taken as they were, which can cost a proof but never fake one.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prover.domain import Candidate, Environment, State, StepResult, StepStatus
from prover.errors import BadInput
from prover.model.steering import KEY, Interventions, Steer, hypotheses_of, read_steers
from prover.problem import Problem
from prover.saved_search import SavedSearch
from prover.wrapping import WrappedEnvironment

EDITS = "edits.toml"
TEMPLATE = """\
# What you change about this search; save and close to go on with it.
ban = []            # tactics (or first words) never to try, for example "omega"
hints = []          # tactics or lemma names to try in every state
#mask = []          # hypotheses to hide from the language model
#mapper = ""        # the folder of a mapper, for [[steer]]
#[[step]]           # a step to add; repeat the block for more
#node = 0           # the number of the state (see below)
#tactic = ""
#replaces = ""      # the step that this one stands for, if any
#[weights]
#arithmetic = 0.5
#[[steer]]          # push the language model's hidden states towards a symbol (or away from it: -0.5)
#symbol = "HAdd.hAdd"
#scale = 0.5
"""


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person changed. ``steps`` are (key of the state, tactic), ``replaced`` the steps they stand for;
    ``mask``, ``steer`` and ``mapper`` are for a language model, None where the edits leave them as they were.
    """

    ban: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    replaced: frozenset[tuple[str, str]] = frozenset()
    weights: dict[str, float] = field(default_factory=dict)
    mask: tuple[str, ...] | None = None
    steer: tuple[Steer, ...] | None = None
    mapper: str | None = None


@dataclass(slots=True)
class Memory:
    """What a saved search knows: states, the steps that worked and those that failed, by the state's key."""

    keys: dict[int, str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    worked: dict[str, list[tuple[str, float]]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[tuple[str, str], StepResult] = field(default_factory=dict)
    children: dict[tuple[int, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, search: SavedSearch) -> Memory:
        """What ``search`` found out. Steps that ran out of time are not remembered as failures."""
        memory = cls()
        for node in search.graph.nodes:
            memory.keys[node.id], memory.texts[node.id] = node.state.key, node.state.text
        for step in search.steps:
            edge = step.edge
            key, action = edge.parent.state.key, edge.candidate.action
            if edge.child is not None:
                memory.children[edge.parent.id, action] = edge.child.id
                memory.worked[key].append((action, edge.cost))
            elif edge.result.status is StepStatus.FAILED:
                # It takes none of the checker's time to remember it.
                memory.failed[key, action] = replace(edge.result, micros=0)
        return memory

    def node_after(self, actions: Sequence[str]) -> int | None:
        """The number of the state that ``actions`` lead to; None where the run has none."""
        node: int | None = 0
        for action in actions:
            node = None if node is None else self.children.get((node, action))
        return node


def read_edits(path: Path, memory: Memory) -> Edits:
    """Reads an edits file; no edits where there is none.

    Raises:
        BadInput: not TOML, an unknown key, a step that names no state of the run, or a hypothesis that is in none.
    """
    if not path.is_file():
        return Edits()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}") from error
    unknown = sorted(set(table) - {"ban", "hints", "step", "weights", "mask", "mapper", "steer"})
    if unknown:
        raise BadInput(
            f"{path}: {unknown[0]!r} is unknown; there are ban, hints, mask, mapper, [[step]], [[steer]] and [weights]"
        )
    steps, replaced = _steps(path, table.get("step", []), memory)
    return Edits(
        _texts(path, table, "ban"), _texts(path, table, "hints"), steps, replaced,
        _weights(path, table.get("weights", {})),
        _mask(path, table, memory) if "mask" in table else None,
        read_steers(table["steer"], path) if "steer" in table else None,
        _mapper(path, table["mapper"]) if "mapper" in table else None,
    )  # fmt: skip


def _steps(path: Path, table: Any, memory: Memory) -> tuple[tuple[tuple[str, str], ...], frozenset[tuple[str, str]]]:
    """The steps to add and those that they replace, as (key of the state, tactic)."""
    if not isinstance(table, list) or not all(isinstance(step, dict) for step in table):
        raise BadInput(f"{path}: each step is a block that begins with [[step]]")
    steps: list[tuple[str, str]] = []
    replaced: set[tuple[str, str]] = set()
    for step in table:
        tactic, replaces = step.get("tactic"), step.get("replaces", "")
        if not isinstance(tactic, str) or not tactic.strip():
            raise BadInput(f"{path}: a [[step]] needs a tactic")
        unknown = sorted(set(step) - {"node", "after", "tactic", "replaces"})
        if unknown or not isinstance(replaces, str):
            what = f"{unknown[0]!r} is unknown in it" if unknown else "replaces must be a tactic"
            raise BadInput(f"{path}: the [[step]] {tactic!r}: {what}")
        key = memory.keys[_state_of(path, step, memory)]
        steps.append((key, tactic))
        if replaces:
            replaced.add((key, replaces))
    return tuple(steps), frozenset(replaced)


def _state_of(path: Path, step: dict[str, Any], memory: Memory) -> int:
    """The number of the state that a step is for."""
    node, after = step.get("node"), step.get("after")
    by_path = isinstance(after, list) and all(isinstance(action, str) for action in after)
    if (node is None) == (after is None) or not (type(node) is int or by_path):
        raise BadInput(
            f"{path}: the [[step]] {step['tactic']!r} needs either node, the number of a state, or after, the list of "
            "tactics that lead to one"
        )
    found = node if after is None else memory.node_after(after)
    if found not in memory.keys:
        where = node if after is None else after
        raise BadInput(f"{path}: the run has no state {where}; its states are 0 to {max(memory.keys, default=0)}")
    return int(found)


def _mask(path: Path, table: dict[str, Any], memory: Memory) -> tuple[str, ...]:
    names = _texts(path, table, "mask")
    known = frozenset[str]().union(*map(hypotheses_of, memory.texts.values()))
    for name in names:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise BadInput(f"{path}: no state of the run has a hypothesis {name!r} to mask; there are {there}")
    return names


def _mapper(path: Path, folder: Any) -> str:
    if not isinstance(folder, str):
        raise BadInput(f"{path}: mapper must be the name of a folder")
    return str((path.parent / Path(folder).expanduser()).resolve()) if folder else ""


def _texts(path: Path, table: dict[str, Any], key: str) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadInput(f"{path}: {key} must be a list of texts")
    return tuple(values)


def _weights(path: Path, table: Any) -> dict[str, float]:
    if not isinstance(table, dict) or not all(isinstance(w, int | float) and w >= 0 for w in table.values()):
        raise BadInput(f"{path}: [weights] must be numbers of 0 or more")
    return {name: float(weight) for name, weight in table.items()}


class MemoryProposer:
    """Proposes the steps that a person added, then those that worked in the earlier run at their old price."""

    name = "memory"

    def __init__(self, memory: Memory, edits: Edits) -> None:
        self._memory = memory
        self._edits = edits

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        """What is known about ``state``."""
        for key, tactic in self._edits.steps:
            if key == state.key:
                yield Candidate(tactic, self.name, score=1.0)
        for action, cost in sorted(self._memory.worked.get(state.key, ()), key=lambda step: step[1]):
            if (state.key, action) not in self._edits.replaced:
                yield Candidate(action, self.name, log_probability=-cost)


class RememberingEnvironment(WrappedEnvironment):
    """An environment that does not try again what failed before, nor what a person replaced."""

    def __init__(self, environment: Environment, memory: Memory, edits: Edits) -> None:
        super().__init__(environment)
        self._known = dict(memory.failed)
        gone = StepResult(StepStatus.FAILED, kind="replaced", message="replaced by a person")
        self._known.update(dict.fromkeys(edits.replaced, gone))

    def step(self, state: State, candidates: Sequence[Candidate]) -> list[StepResult]:
        """Answers known failures from memory, tries the others."""
        known = [self._known.get((state.key, candidate.action)) for candidate in candidates]
        new = [candidate for candidate, result in zip(candidates, known, strict=True) if result is None]
        tried = iter(self.inner.step(state, new) if new else ())
        return [result or next(tried) for result in known]


def edited(problem: Problem, edits: Edits) -> Problem:
    """``problem`` with what the edits say about every state. What they say of masks and steering takes the place of
    what the problem had.
    """
    had = Interventions.of(problem)
    now = Interventions(
        had.mask if edits.mask is None else edits.mask,
        had.steer if edits.steer is None else edits.steer,
        had.mapper if edits.mapper is None else edits.mapper,
    )
    rest = {key: value for key, value in problem.metadata.items() if key != KEY}
    return replace(
        problem, hints=(*problem.hints, *edits.hints), avoid=(*problem.avoid, *edits.ban),
        metadata={**rest, **now.to_metadata()},
    )  # fmt: skip


def template(memory: Memory, limit: int = 20) -> str:
    """The edits file to begin with: the states of the run are in its comments."""
    lines = [TEMPLATE, "# The states of the run, the last ones first:"]
    for node in sorted(memory.texts, reverse=True)[:limit]:
        lines.append(f"# {node}:")
        lines += [f"#     {line}" for line in memory.texts[node].splitlines()]
    return "\n".join(lines) + "\n"
