"""What changed between two searches for the same statement: what was asked, what came out, where they parted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from prover.continuing import EDITS, Memory, read_edits
from prover.errors import BadInput
from prover.model.steering import Interventions
from prover.report.figures import endings_of
from prover.saved_search import SavedSearch, Step

_LEMMA = re.compile(r"^(?:@\[[^\]]*\]\s*)?(?:(?:private|protected)\s+)?(?:theorem|lemma)\s+(\S+)", re.M)


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs; ``kind`` is what it is (``hint``, ``weight``, ``edit``, …)."""

    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step at which the searches differ; the text of each is empty where it had ended before."""

    step: int
    state: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Two searches side by side.

    ``only_after`` are steps of the later proof that the earlier search never tried on that state, as (tactic,
    proposer); ``common`` counts states that both reached, ``lost`` and ``gained`` those of one alone.
    """

    changes: tuple[Change, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    parting: Parting | None
    only_after: tuple[tuple[str, str], ...]
    common: int
    lost: int
    gained: int
    endings: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def compare(earlier: SavedSearch, later: SavedSearch) -> Difference:
    """What changed from ``earlier`` to ``later``.

    Raises:
        BadInput: they are searches for different statements.
    """
    if earlier.run.problem.statement != later.run.problem.statement:
        raise BadInput(
            f"{earlier.run.folder} and {later.run.folder} are searches for different statements; "
            "only runs of the same one can be compared"
        )
    before = {node.state.key for node in earlier.graph.nodes if not node.finished}
    after = {node.state.key for node in later.graph.nodes if not node.finished}
    ends = endings_of(earlier.steps), endings_of(later.steps)
    return Difference(
        changes=(*_changes(earlier, later), *_edits(earlier)),
        before=_result(earlier),
        after=_result(later),
        parting=_parting(earlier.steps, later.steps),
        only_after=_only_after(earlier, later),
        common=len(before & after),
        lost=len(before - after),
        gained=len(after - before),
        endings={ending.value: (ends[0][ending], ends[1][ending]) for ending in {**ends[0], **ends[1]}},
    )


def _changes(earlier: SavedSearch, later: SavedSearch) -> list[Change]:
    one, two = earlier.run, later.run
    found: list[Change] = []
    for kind, old, new in (
        ("hint", one.problem.hints, two.problem.hints),
        ("ban", one.problem.avoid, two.problem.avoid),
        ("proposer", one.about.get("proposers", ()), two.about.get("proposers", ())),
    ):
        found += [Change(kind, name, "", "added") for name in new if name not in old]
        found += [Change(kind, name, "there", "gone") for name in old if name not in new]
    found += _interventions(Interventions.of(one.problem), Interventions.of(two.problem))
    if one.problem.header != two.problem.header:
        old_lines = set(one.problem.header.splitlines())
        added = [line for line in two.problem.header.splitlines() if line.strip() and line not in old_lines]
        proof = "\n".join(edge.candidate.action for edge in later.proof)
        for lemma in _LEMMA.findall("\n".join(added)):
            used = re.search(rf"(?<![\w.]){re.escape(lemma)}(?![\w.'])", proof) is not None
            found.append(Change("lemma", lemma, "", "added, and the proof uses it" if used else "added"))
        found.append(Change("header", "text before the theorem", "", "\n".join(added) or "shorter"))
    for kind, key in (("weight", "weights"), ("setting", "config"), ("limit", "budget")):
        found += _table(kind, one.about.get(key, {}), two.about.get(key, {}))
    if one.seed != two.seed:
        found.append(Change("seed", "seed", str(one.seed), str(two.seed)))
    if one.about.get("version") != two.about.get("version"):
        found.append(Change("version", "version", str(one.about.get("version")), str(two.about.get("version"))))
    return found


def _interventions(before: Interventions, after: Interventions) -> list[Change]:
    """What is hidden from the language model, and what it is steered to."""
    found = [Change("mask", name, "", "hidden from the model") for name in after.mask if name not in before.mask]
    found += [Change("mask", name, "hidden", "shown again") for name in before.mask if name not in after.mask]
    old = {(steer.symbol, steer.layer): steer.scale for steer in before.steer}
    new = {(steer.symbol, steer.layer): steer.scale for steer in after.steer}
    for symbol, layer in {**old, **new}:
        was, now = old.get((symbol, layer), 0.0), new.get((symbol, layer), 0.0)
        if was != now:
            where = "the mapper's layer" if layer is None else f"layer {layer}"
            found.append(Change("steer", f"{symbol} at {where}", f"{was:g}", f"{now:+g}" if now else "not steered"))
    if before.mapper and after.mapper and before.mapper != after.mapper:
        found.append(Change("mapper", "mapper", before.mapper, after.mapper))
    return found


def _table(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    usual = "1" if kind == "weight" else "none"

    def text(table: Mapping[str, Any], name: str) -> str:
        value = table.get(name)
        return usual if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    pairs = ((name, text(before, name), text(after, name)) for name in {**before, **after})
    return [Change(kind, name, old, new) for name, old, new in pairs if old != new]


def _edits(earlier: SavedSearch) -> list[Change]:
    """What ``edits.toml`` beside the earlier run says now (bans, hints, weights show in the later run itself)."""
    memory = Memory.of(earlier)
    edits = read_edits(earlier.run.folder / EDITS, memory)
    numbers = {key: node for node, key in memory.keys.items()}
    replaced: dict[str, str] = dict(edits.replaced)
    return [Change("edit", f"state {numbers[key]}", replaced.get(key, ""), tactic) for key, tactic in edits.steps]


def _result(search: SavedSearch) -> dict[str, Any]:
    result = search.run.result
    return {
        "status": result.get("status", "unfinished"),
        "reason": result.get("reason", ""),
        "steps": len(search.steps),
        "states": len(search.graph),
        "seconds": round(search.seconds, 3),
        "proof": [edge.candidate.action for edge in search.proof],
    }


def _parting(before: Sequence[Step], after: Sequence[Step]) -> Parting | None:
    for position in range(max(len(before), len(after))):
        one = before[position] if position < len(before) else None
        two = after[position] if position < len(after) else None
        if one is not None and two is not None and _same(one, two):
            continue
        there = two or one
        assert there is not None
        return Parting(position + 1, there.edge.parent.state.text, _text(one), _text(two))
    return None


def _same(one: Step, two: Step) -> bool:
    keys = one.edge.parent.state.key, two.edge.parent.state.key
    return keys[0] == keys[1] and one.edge.candidate.action == two.edge.candidate.action and one.ending is two.ending


def _text(step: Step | None) -> str:
    if step is None:
        return ""
    edge = step.edge
    return f"{edge.candidate.action}  [{', '.join(edge.proposers)}] on state {edge.parent.id}: {step.ending}"


def _only_after(earlier: SavedSearch, later: SavedSearch) -> tuple[tuple[str, str], ...]:
    tried = {(step.edge.parent.state.key, step.edge.candidate.action) for step in earlier.steps}
    return tuple(
        (edge.candidate.action, ", ".join(edge.proposers))
        for edge in later.proof
        if (edge.parent.state.key, edge.candidate.action) not in tried
    )
