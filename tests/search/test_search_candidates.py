"""Streams of several proposers become one, cheapest first, without duplicates."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import pytest
from fake_domain import PROBLEM, FakeState

from prover.domain import Candidate, State
from prover.errors import InfrastructureFault
from prover.problem import Problem
from prover.search.candidates import CandidateStream, ProposerSet
from prover.search.isolation import Guard
from prover.search.scoring import Scorer, SearchConfig

STATE = FakeState("s")


class Scripted:
    def __init__(self, name: str, answer: Callable[[], Iterable[Candidate]]) -> None:
        self.name = name
        self.answer = answer

    def propose(self, problem: Problem, state: State) -> Iterable[Candidate]:
        return self.answer()


def fixed(name: str, *moves: tuple[str, float]) -> Scripted:
    return Scripted(name, lambda: [Candidate(a, name, log_probability=-c) for a, c in moves])


def lazy(name: str, moves: Iterable[tuple[str, float]], pulled: list[str]) -> Scripted:
    def generate() -> Iterator[Candidate]:
        for action, cost in moves:
            pulled.append(action)
            yield Candidate(action, name, log_probability=-cost)

    return Scripted(name, generate)


def make(
    *proposers: Scripted,
    weights: dict[str, float] | None = None,
    faults: list[tuple[str, Exception]] | None = None,
    limit: int = 512,
) -> ProposerSet:
    config = SearchConfig(step_cost=0.0, max_candidates=limit)
    named = faults if faults is not None else []
    scorer = Scorer(config, weights or {}, STATE)
    guard = Guard(None, 5.0, lambda plugin, role, error: named.append((plugin.name, error)))  # type: ignore[attr-defined,arg-type]
    return ProposerSet(PROBLEM, proposers, scorer, guard)


def drain(stream: CandidateStream) -> list[tuple[str, float, list[str]]]:
    taken = []
    while stream.peek() is not None:
        taken.append(stream.take())
    return [(item.candidate.action, item.cost, item.proposers) for item in taken]


def test_lists_are_sorted_and_streams_merged_without_duplicates() -> None:
    one = fixed("one", ("simp", 3.0), ("omega", 1.0), ("ring", 5.0))
    two = lazy("two", [("ring ", 0.5), ("simp", 2.0), ("rfl", 4.0)], [])
    assert drain(make(one, two).stream(STATE)) == [
        ("ring ", 0.5, ["two", "one"]),
        ("omega", 1.0, ["one"]),
        ("simp", 2.0, ["two", "one"]),
        ("rfl", 4.0, ["two"]),
    ]


def test_ties_are_in_the_order_of_proposers() -> None:
    result = drain(make(fixed("b", ("x", 1.0), ("y", 1.0)), fixed("a", ("z", 1.0))).stream(STATE))
    assert [action for action, _, _ in result] == ["x", "y", "z"]


def test_lazy_streams_are_read_no_further_than_needed() -> None:
    pulled: list[str] = []
    stream = make(lazy("lazy", [("a", 1.0), ("b", 2.0), ("c", 3.0)], pulled)).stream(STATE)
    assert pulled == []
    assert stream.bound == 0.0
    assert stream.peek() is not None and pulled == ["a"]
    stream.take()
    assert pulled == ["a"] and stream.bound == 1.0
    assert stream.peek() is not None and pulled == ["a", "b"]


def test_an_expensive_proposer_is_not_asked_before_its_turn() -> None:
    proposers = make(fixed("model", ("b", 2.5)), fixed("cheap", ("a", 1.0), ("c", 3.0)))
    model = proposers.proposers[0]
    model.least_cost = 2.0  # type: ignore[attr-defined]
    proposers = ProposerSet(PROBLEM, [*proposers.proposers], proposers.scorer, proposers.guard)
    stream = proposers.stream(STATE)
    assert stream.bound == 0.0
    first = stream.peek()
    assert first is not None and first.candidate.action == "a"
    stream.take()
    assert "model" not in proposers.statistics
    assert [action for action, _, _ in drain(stream)] == ["b", "c"]
    assert proposers.statistics["model"].asked == 1 and stream.bound == float("inf")


@pytest.mark.parametrize("least", [-1.0, float("nan"), "much"])
def test_a_nonsensical_least_cost_is_the_proposers_fault(least: object) -> None:
    faults: list[tuple[str, Exception]] = []
    bad, good = fixed("bad", ("a", 1.0)), fixed("good", ("b", 1.0))
    bad.least_cost = least  # type: ignore[attr-defined]
    assert [a for a, _, _ in drain(make(bad, good, faults=faults).stream(STATE))] == ["b"]
    assert [name for name, _ in faults] == ["bad"]


def test_an_endless_proposer_ends() -> None:
    pulled: list[str] = []
    stream = make(lazy("endless", itertools.repeat(("a", 1.0)), pulled), limit=20).stream(STATE)
    assert [action for action, _, _ in drain(stream)] == ["a"]
    assert len(pulled) == 20


def test_blank_and_impossible_actions_are_skipped() -> None:
    proposers = make(
        fixed("p", (" ", 0.0), ("a", float("inf")), ("b", 1.0)),
        fixed("off", ("c", 0.1)),
        weights={"off": 0.0},
    )
    assert [action for action, _, _ in drain(proposers.stream(STATE))] == ["b"]
    assert "off" not in proposers.statistics


def raising() -> Iterator[Candidate]:
    yield Candidate("first", "bad", log_probability=-0.1)
    raise OSError("no model")


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (raising, ["first", "good"]),
        (lambda: 7, ["good"]),
        (lambda: ["simp"], ["good"]),
        (lambda: iter([None]), ["good"]),
        (lambda: [Candidate("x", "bad")], ["good"]),
    ],
)
def test_a_broken_proposer_is_named_once_and_never_asked_again(
    answer: Callable[[], Iterable[Candidate]], left: list[str]
) -> None:
    faults: list[tuple[str, Exception]] = []
    proposers = make(Scripted("bad", answer), fixed("good", ("good", 1.0)), faults=faults)
    assert [action for action, _, _ in drain(proposers.stream(STATE))] == left
    assert [action for action, _, _ in drain(proposers.stream(STATE))] == ["good"]
    assert [name for name, _ in faults] == ["bad"]
    assert proposers.statistics["bad"].asked == 1


def test_a_fault_of_the_infrastructure_is_not_the_proposers() -> None:
    def fault() -> Iterable[Candidate]:
        raise InfrastructureFault("Lean died")

    faults: list[tuple[str, Exception]] = []
    with pytest.raises(InfrastructureFault, match="Lean died"):
        make(Scripted("p", fault), faults=faults).stream(STATE).peek()
    assert faults == []
