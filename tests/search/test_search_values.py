"""Values of states: asked late, once, in isolation; and they guide the search."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fake_domain import DONE, FAIL, PROBLEM, FakeEnvironment, Table, TableProposer

from prover import plugins
from prover.domain import State
from prover.errors import InfrastructureFault
from prover.hookspecs import hookimpl
from prover.problem import Budget, Problem
from prover.search import SearchConfig, SearchFault, SearchOutcome, search
from prover.search import events as ev

CONFIG = SearchConfig(batch_size=4, chunk_delta=9.0, step_cost=0.0, plugin_seconds=0.3)
FORK: Table = {
    "root": {"a": ("a", 1.0), "b": ("b", 1.2), "far": ("far", 8.0), "no": (FAIL, 0.1)},
    "a": {"end": (DONE, 1.0)},
    "b": {"end": (DONE, 1.0)},
    "far": {"end": (DONE, 1.0)},
}


@dataclass
class Known:
    """The values of a table; ``other`` for all other states."""

    values: dict[str, float | None]
    name: str = "known"
    other: float = 0.5
    asked: list[str] = field(default_factory=list)

    def value(self, problem: Problem, state: State) -> float | None:
        self.asked.append(state.key)
        return self.values.get(state.key, self.other)


def run(table: Table = FORK, **more: Any) -> SearchOutcome:
    more.setdefault("config", CONFIG)
    return search(PROBLEM, FakeEnvironment(table), [TableProposer(table)], budget=Budget(None, 200, None), **more)


def test_a_value_guides_and_is_in_the_graph_and_the_events() -> None:
    known, seen = Known({"a": 0.1, "b": 0.9}), []
    outcome = run(values=[known], observers=[seen.append])
    assert outcome.actions == ("b", "end")
    values = {node.state.key: node.value for node in outcome.graph.nodes}
    assert values["a"] == pytest.approx(0.1)
    assert values["b"] == pytest.approx(0.9)
    told = {event.node: event for event in seen if isinstance(event, ev.NodeValued)}
    node = outcome.graph.find("a")
    assert node is not None
    assert told[node.id].values == {"known": 0.1}
    assert told[node.id].heuristic == node.heuristic > 2.3


def test_only_what_comes_to_the_top_is_valued_and_once() -> None:
    known = Known({"a": 0.1, "b": 0.9})
    run(values=[known])
    assert known.asked == ["root", "a", "b"]  # not the state far away, nor the failed step


def test_what_near_equal_states_cost_is_told_with_the_values_of_each() -> None:
    """All states of the fake domain read alike but for the letter, so copies of one text share a group."""
    table: Table = {"root": {f"t{i}": (f"copy {i}", 0.1 * i) for i in range(4)}, **{f"copy {i}": {} for i in range(4)}}
    known, seen = Known({f"copy {i}": 0.5 + i / 10 for i in range(4)}), []
    outcome = run(table, values=[known], observers=[seen.append], config=replace(CONFIG, diversity=1.0))
    told = [event for event in seen if isinstance(event, ev.NodeValued)]
    for event in told:
        node = outcome.graph.nodes[event.node]
        assert event.values == {"known": known.values.get(node.state.key, 0.5)}
        assert event.value == node.value
    last = {event.node: event.heuristic for event in told}
    assert all(outcome.graph.nodes[number].heuristic == heuristic for number, heuristic in last.items())
    assert len(told) > len(last)  # some were told again, when another had been taken up before them


@pytest.mark.parametrize(
    ("weights", "settings", "actions"),
    [
        ({}, {}, ("b", "end")),
        ({"known": 0.0}, {}, ("a", "end")),
        ({"known": 0.01}, {}, ("a", "end")),
        ({}, {"value_weight": 0.0}, ("a", "end")),
        ({"known": 3.0}, {"value_weight": 0.01}, ("a", "end")),
    ],
)
def test_weights_scale_what_a_value_says(
    weights: dict[str, float], settings: dict[str, float], actions: tuple[str, ...]
) -> None:
    outcome = run(values=[Known({"a": 0.1, "b": 0.9})], weights=weights, config=replace(CONFIG, **settings))
    assert outcome.actions == actions


def test_a_value_may_be_off_until_it_is_given_a_weight() -> None:
    class Off(Known):
        default_weight = 0.0

    off = Off({"a": 0.1, "b": 0.9})
    assert run(values=[off]).actions == ("a", "end")
    assert off.asked == []
    assert run(values=[off], weights={"known": 1.0}).actions == ("b", "end")


def test_values_are_multiplied_and_one_without_an_opinion_changes_nothing() -> None:
    silent = Known(dict.fromkeys((*FORK, "b")), "silent")
    outcome = run(values=[Known({"a": 0.2, "b": 0.8}), Known({"a": 0.8, "b": 0.2}, "other"), silent])
    a, b = outcome.graph.find("a"), outcome.graph.find("b")
    assert a is not None and b is not None
    assert a.value == pytest.approx(0.4)
    assert outcome.actions == ("a", "end")  # they cancel out
    assert run(values=[silent]).graph.root.value is None


@pytest.mark.parametrize("answer", [1.5, -0.1, float("nan"), "good"])
def test_nonsense_is_named_and_left_out(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    known, seen = Known({"root": answer}), []
    outcome = run(values=[known], observers=[seen.append])
    assert outcome.actions == ("a", "end")
    assert [(e.plugin, e.role) for e in seen if isinstance(e, ev.PluginFault)] == [("known", "value")]
    assert len(caplog.records) == 1
    assert known.asked == ["root"]


def test_a_value_that_raises_or_hangs_is_left_out() -> None:
    class Broken(Known):
        def value(self, problem: Problem, state: State) -> float:
            raise ZeroDivisionError

    class Hangs(Known):
        def value(self, problem: Problem, state: State) -> float:
            while True:
                pass

    seen: list[object] = []
    assert run(values=[Broken({}, "broken"), Hangs({}, "hangs")], observers=[seen.append]).proved
    assert [e.plugin for e in seen if isinstance(e, ev.PluginFault)] == ["broken", "hangs"]


def test_a_fault_of_the_infrastructure_is_not_the_value_s() -> None:
    class Lean(Known):
        def value(self, problem: Problem, state: State) -> float:
            raise InfrastructureFault("Lean is gone")

    with pytest.raises(SearchFault, match="Lean is gone"):
        run(values=[Lean({})])


def test_plugins_bring_values() -> None:
    class Plugin:
        @hookimpl
        def prover_values(self) -> list[Known]:
            return [Known({})]

    manager = plugins.PluginManager()
    manager.register(Plugin(), "plugin")
    manager.known["plugin"] = plugins.PluginInfo("plugin", "", "test")
    team = plugins.team(manager, "lean")
    assert [value.name for value in team.values] == ["known"]
    assert team.weights == {"known": 1.0}
