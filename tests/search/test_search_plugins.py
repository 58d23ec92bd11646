"""What plugins may add to a search, and that none of them can break or fake it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import click
import pytest
from fake_domain import DONE, FAIL, PROBLEM, FakeEnvironment, Table, TableProposer

from prover.domain import Candidate, Insight, Refutation, State, Transition, Verdict
from prover.hookspecs import hookimpl
from prover.problem import Budget, Problem
from prover.search import NodeStatus, SearchConfig, SearchOutcome, StopReason, search
from prover.search import events as ev

CONFIG = SearchConfig(batch_size=1, step_cost=0.0, plugin_seconds=0.3)
LINE: Table = {"root": {"on": ("a", 1.0)}, "a": {"on2": (DONE, 1.0), "off": (FAIL, 0.5)}}


@dataclass
class Module:
    """Finds in a state what a table says."""

    found: dict[str, Insight]
    name: str = "module"
    read_states: list[str] = field(default_factory=list)

    def read(self, problem: Problem, state: State) -> Insight | None:
        self.read_states.append(state.key)
        return self.found.get(state.key)


@dataclass
class RefutingEnvironment(FakeEnvironment):
    """Accepts refutations of what it is told to."""

    believed: bool = True
    asked: list[tuple[tuple[str, ...], Refutation]] = field(default_factory=list)

    def refute(self, actions: Sequence[str], refutation: Refutation) -> bool:
        self.asked.append((tuple(actions), refutation))
        return self.believed


def run(table: Table = LINE, environment: FakeEnvironment | None = None, **more: Any) -> SearchOutcome:
    more.setdefault("proposers", [TableProposer(table)])
    outcome = search(
        more.pop("problem", PROBLEM), environment or FakeEnvironment(table), more.pop("proposers"),
        config=more.pop("config", CONFIG), budget=Budget(None, 500, None), **more,
    )  # fmt: skip
    outcome.graph.check_invariants()
    return outcome


# ------------------------------------------------------------------------------------- modules


def test_a_module_reads_each_expanded_state_once_and_its_candidates_join() -> None:
    table: Table = {"root": {"known": ("a", 3.0), "new": (DONE, 0.0)}, "a": {}}
    module = Module({"root": Insight(candidates=[Candidate("new", "module", score=0.9)])})
    seen: list[object] = []
    plain = TableProposer({"root": {"known": ("a", 3.0)}})
    outcome = run(table, proposers=[plain], modules=[module], observers=[seen.append])
    assert outcome.proved
    assert outcome.actions == ("new",)
    assert outcome.statistics["module"].in_proof == 1
    assert module.read_states == ["root"]
    assert [event.module for event in seen if isinstance(event, ev.InsightFound)] == ["module"]


def test_an_insight_that_says_what_it_costs_at_least_is_read_late() -> None:
    pulled: list[str] = []

    def candidates() -> Iterator[Candidate]:
        pulled.append("module")
        yield Candidate("new", "module", log_probability=-2.0)

    table: Table = {"root": {"first": (DONE, 1.0), "new": (DONE, 2.0)}}
    late = Module({"root": Insight(candidates=candidates(), least_cost=2.0)})
    assert run(table, modules=[late], proposers=[TableProposer({"root": {"first": (DONE, 1.0)}})]).proved
    assert pulled == []
    assert run(table, modules=[Module({"root": Insight(candidates=candidates())})], proposers=[]).actions == ("new",)
    assert pulled == ["module"]


def test_a_nonsensical_bound_of_an_insight_is_the_modules_fault() -> None:
    seen: list[object] = []
    module = Module({"root": Insight(candidates=[Candidate("new", "module", score=0.9)], least_cost=-1.0)})
    assert run(modules=[module], observers=[seen.append]).actions == ("on", "on2")
    assert [event.plugin for event in seen if isinstance(event, ev.PluginFault)] == ["module"]


def test_facts_reach_proposers_that_ask_for_them() -> None:
    class Informed(TableProposer):
        facts: ClassVar[list[tuple[str, ...]]] = []

        def propose_informed(self, problem: Problem, state: State, facts: Sequence[str]) -> Iterator[Candidate]:
            self.facts.append(tuple(facts))
            yield from self.propose(problem, state)

    informed = Informed(LINE)
    modules = [Module({"root": Insight(facts=("one",))}, "m1"), Module({"root": Insight(facts=("two",))}, "m2")]
    assert run(proposers=[informed], modules=modules).proved
    assert informed.facts == [("one", "two"), ()]


def test_no_facts_are_looked_up_for_a_proposer_that_is_silent() -> None:
    class Silent(TableProposer):
        name = "silent"

        def is_silent(self, problem: Problem) -> bool:
            return True

        def propose_informed(self, problem: Problem, state: State, facts: Sequence[str]) -> Iterator[Candidate]:
            raise AssertionError("it is asked though it is silent")

    class Facts(Sequence[str]):
        def __len__(self) -> int:
            raise AssertionError("facts are looked up that nobody wants")

        __getitem__ = __iter__ = __len__  # type: ignore[assignment]

    module = Module({"root": Insight(facts=Facts())})
    outcome = run(proposers=[Silent(LINE), TableProposer(LINE)], modules=[module])
    assert outcome.proved
    assert "silent" not in outcome.statistics


def test_a_refuted_state_is_left() -> None:
    table: Table = {
        "root": {"bad": ("false", 0.1), "good": ("a", 2.0)},
        "false": {"x": (DONE, 0.1)},
        "a": {"y": (DONE, 0.1)},
    }
    module = Module({"false": Insight(refutation=Refutation((("n", "0"),)))})
    outcome = run(table, modules=[module])
    assert outcome.proved
    assert outcome.actions == ("good", "y")
    false = outcome.graph.find("false")
    assert false is not None
    assert false.status is NodeStatus.REFUTED
    assert outcome.statistics["module"].refuted == 1


@pytest.mark.parametrize("believed", [True, False])
def test_only_the_domain_refutes_the_problem(believed: bool) -> None:
    claim = Refutation((("a", "2"), ("b", "3")))
    environment = RefutingEnvironment(LINE, believed=believed)
    outcome = run(environment=environment, modules=[Module({"root": Insight(refutation=claim)})])
    assert environment.asked == [((), claim)]
    if believed:
        assert outcome.reason is StopReason.REFUTED
        assert not outcome.proved
        assert str(outcome.refutation) == "a = 2, b = 3"
    else:
        assert outcome.proved
        assert outcome.refutation is None


def test_a_module_of_weight_zero_is_not_asked() -> None:
    module = Module({"root": Insight(refutation=Refutation(()))})
    assert run(modules=[module], weights={"module": 0.0}).proved
    assert module.read_states == []


# ------------------------------------------------------------------------------ checks, rewards


@dataclass
class Objector:
    name: str = "objector"
    objections: tuple[tuple[str, str], ...] = (("ugly", "nobody wants to read it"),)

    def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Sequence[tuple[str, str]]:
        return self.objections


def test_a_check_can_reject_what_the_domain_accepts() -> None:
    outcome = run(checks=[Objector()])
    assert not outcome.proved
    assert outcome.rejected[-1].reasons == (("ugly", "nobody wants to read it"),)


@pytest.mark.parametrize(("weights", "proved"), [([0.5], True), ([0.5, 0.5], False), ([0.0], True), ([1.0], False)])
def test_weights_of_checks_are_added(weights: list[float], proved: bool) -> None:
    checks = [Objector(f"check{number}") for number in range(len(weights))]
    outcome = run(checks=checks, weights={f"check{number}": weight for number, weight in enumerate(weights)})
    assert outcome.proved is proved
    if weights == [0.5]:
        assert outcome.verdict is not None
        assert outcome.verdict.details["objections"] == [("ugly", "nobody wants to read it")]


def test_no_check_can_accept_what_the_domain_rejects() -> None:
    environment = FakeEnvironment(LINE, poison=frozenset({"on"}))
    assert not run(environment=environment, checks=[Objector(objections=())]).proved


def test_a_check_that_breaks_counts_as_an_objection() -> None:
    class Broken:
        name = "broken"

        def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Sequence[tuple[str, str]]:
            raise RuntimeError("oops")

    outcome = run(checks=[Broken()])
    assert not outcome.proved
    assert outcome.rejected[-1].reasons[0][0] == "check_failed"


class Signal:
    name = "signal"

    def reward(self, transition: Transition) -> float:
        return {"off": -1.0, "on": 2.0}.get(transition.candidate.action, 0.5)


def test_rewards_are_recorded_and_guide_where_weighted() -> None:
    table: Table = {"root": {"dull": ("a", 1.0), "on": ("b", 1.5)}, "a": {"a1": (DONE, 0.5)}, "b": {"b1": (DONE, 0.5)}}
    plain = run(table, rewards=[Signal()], config=replace(CONFIG, batch_size=2, chunk_delta=1.0))
    assert {edge.candidate.action: edge.reward for edge in plain.graph.root.outgoing} == {"dull": 0.5, "on": 2.0}
    assert plain.actions == ("dull", "a1")
    guided = run(table, rewards=[Signal()], config=replace(CONFIG, batch_size=2, chunk_delta=1.0, reward_weight=1.0))
    assert guided.actions == ("on", "b1")


# ------------------------------------------------------------------------------- broken plugins


class Sleeper:
    name = "bad"

    def propose(self, problem: Problem, state: State) -> list[Candidate]:
        time.sleep(30)
        return []

    read = reward = check = __call__ = propose


class Spinner(Sleeper):
    def propose(self, problem: Problem, state: State) -> list[Candidate]:
        while True:
            pass

    read = propose


class LazySleeper(Sleeper):
    def propose(self, problem: Problem, state: State) -> Any:
        yield Candidate("off", self.name, score=0.9)
        time.sleep(30)


class Raiser(Sleeper):
    def propose(self, problem: Problem, state: State) -> list[Candidate]:
        raise ValueError("no\nway")

    read = propose


class Leaver(Sleeper):
    def propose(self, problem: Problem, state: State) -> list[Candidate]:
        raise SystemExit(0)

    read = propose


class Claimer(Sleeper):
    def propose(self, problem: Problem, state: State) -> Any:
        return [Verdict(accepted=True, answer="trust me")]

    def read(self, problem: Problem, state: State) -> Any:
        return Verdict(accepted=True, answer="trust me")


@pytest.mark.parametrize("plugin", [Sleeper, Spinner, LazySleeper, Raiser, Leaver, Claimer], ids=lambda p: p.__name__)
@pytest.mark.parametrize("role", ["proposer", "module"])
def test_a_bad_plugin_is_named_once_and_the_search_goes_on(
    plugin: type, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    if plugin is LazySleeper and role == "module":
        pytest.skip("a module does not yield")
    bad = plugin()
    team: dict[str, Any] = {"proposers": [bad, TableProposer(LINE)]} if role == "proposer" else {"modules": [bad]}
    outcome = run(**team)
    assert outcome.proved
    assert outcome.actions == ("on", "on2")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1, lines
    assert "'bad' failed and is left out of this search" in lines[0]
    assert "\n" not in lines[0]


@pytest.mark.parametrize("role", ["observers", "rewards"])
def test_slow_observers_and_signals_are_left_out(role: str, caplog: pytest.LogCaptureFixture) -> None:
    started = time.monotonic()
    more: dict[str, Any] = {role: [Sleeper()]}
    assert run(**more).proved
    assert time.monotonic() - started < 20
    assert sum("left out of this search" in record.getMessage() for record in caplog.records) == 1


def test_a_plugin_may_ask_for_more_time() -> None:
    class Slow(TableProposer):
        deadline = 30.0

        def propose(self, problem: Problem, state: State) -> Iterator[Candidate]:
            time.sleep(0.5)
            return super().propose(problem, state)

    assert run(proposers=[Slow(LINE)]).proved


# ------------------------------------------------------------------------------- what people say


@pytest.mark.parametrize("avoid", ["on2", " on2 ", "on"])
def test_what_a_person_avoids_is_not_tried(avoid: str) -> None:
    table: Table = {"root": {"on x": (DONE, 0.1), "on2": (DONE, 0.2), "other": (DONE, 2.0)}}
    environment = FakeEnvironment(table)
    outcome = run(table, environment, problem=replace(PROBLEM, avoid=(avoid,)))
    tried = {action for _, action in environment.stepped}
    assert outcome.proved
    assert tried == ({"on x"} if "2" in avoid else {"on2"})


class Curriculum:
    name = "curriculum"

    def difficulty(self, theorem: Any) -> float:
        return 1.0

    def boundaries(self, difficulties: Sequence[float], stages: int) -> list[float]:
        return [float("inf")]


def test_the_hook_names_of_the_parts() -> None:
    """The parts reach a search through their hooks."""
    from prover import plugins

    class All:
        @hookimpl
        def prover_modules(self) -> list[Any]:
            return [Module({})]

        @hookimpl
        def prover_rewards(self) -> list[Any]:
            return [Signal()]

        @hookimpl
        def prover_curricula(self) -> list[Any]:
            return [Curriculum()]

        @hookimpl
        def prover_commands(self) -> list[Any]:
            return [click.Command("greet")]

        @hookimpl
        def prover_checks(self) -> list[Any]:
            return [Objector()]

    manager = plugins.PluginManager()
    manager.register(All(), "all")
    manager.known["all"] = plugins.PluginInfo("all", "", "test")
    team = plugins.team(manager, "lean")
    assert team.names == ["module", "signal", "objector"]
    assert list(plugins.curricula(manager)) == ["curriculum"]
    assert list(plugins.commands(manager)) == ["greet"]


def test_a_language_model_is_waited_for_while_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    from prover_plugins.lrm.proposer import LanguageModelProposer

    from prover.model import loading
    from prover.model.language_model import Prompt, Sample, Sampling

    class Model:
        name = "slow"

        def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[Sample]]:
            return [[Sample("on", -1.0, 2), Sample("on2", -2.0, 2)]]

    def load(choice: str) -> Model:
        time.sleep(2 * CONFIG.plugin_seconds)
        return Model()

    monkeypatch.setattr(loading, "load_language_model", load)
    problem = replace(PROBLEM, metadata={"model": "slow"})
    assert run(problem=problem, proposers=[LanguageModelProposer()]).actions == ("on", "on2")
