"""Saved searches: a folder with ``run.json`` (what was asked, how, what came out) and ``events.jsonl``.

The events are those of :mod:`prover.search.events`, one JSON object a line, named in snake case; a line is on its
way to the disk before the search goes on, so what a killed search had done is there, but for the last moments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from prover import __version__
from prover.domain import Candidate, State, Verdict
from prover.errors import BadInput
from prover.problem import Budget, Problem
from prover.report.fragments import Displayed
from prover.search import events as ev

RUN, EVENTS = "run.json", "events.jsonl"
FORMAT = 1


class RunWriter:
    """An observer that saves one search to a folder.

    Raises:
        OSError: the folder cannot be made, or a line cannot be written.
    """

    name = "tracelog"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._stream: TextIO | None = (folder / EVENTS).open("w", encoding="utf-8")
        self._about: dict[str, Any] = {}

    def __call__(self, event: object) -> None:
        """Writes one event."""
        if self._stream is None:
            return
        self._stream.write(json.dumps(to_json(event), ensure_ascii=False) + "\n")
        if isinstance(event, ev.SearchStarted):
            self._about = _about(event)
            self._write_about()
        elif isinstance(event, ev.SearchFinished):
            self._about["result"] = {**self._about["result"], **asdict(event)}
            self.close()
            self._write_about()
        elif isinstance(event, ev.ProofFound):
            self._about["result"] = {"proof": event.verdict.answer, "checked_by": event.verdict.checked_by}

    def close(self) -> None:
        """Closes the file. May be called twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _write_about(self) -> None:
        text = json.dumps(self._about, ensure_ascii=False, indent=1)
        (self.folder / RUN).write_text(text + "\n", encoding="utf-8")


def _about(started: ev.SearchStarted) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "problem": asdict(started.problem),
        "config": asdict(started.config),
        "budget": asdict(started.budget),
        "proposers": list(started.proposers),
        "weights": dict(started.weights),
        "seed": started.seed,
        "result": {},
    }


def to_json(event: object) -> dict[str, Any]:
    """An event as a JSON object; its ``event`` is the class name in snake case."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    match event:
        case ev.SearchStarted():
            return {"event": name, "node": 0, **_state(event.state), "proposers": event.proposers, "seed": event.seed}
        case ev.StepTried():
            result = event.result
            return {
                "event": name, "step": event.step, "seconds": round(event.seconds, 4), "node": event.node,
                **_candidate(event.candidate), "proposers": event.proposers, "cost": event.cost,
                "status": result.status.value, "kind": result.kind, "message": result.message,
                "micros": result.micros, "child": event.child, "merged": event.merged, "reward": event.reward,
            }  # fmt: skip
        case ev.NodeAdded():
            return {
                "event": name, "node": event.node, "parent": event.parent, "depth": event.depth, "cost": event.cost,
                "heuristic": event.heuristic, **_state(event.state),
            }  # fmt: skip
        case ev.NodeValued():
            values = dict(event.values)
            return {
                "event": name, "node": event.node, "heuristic": event.heuristic, "value": event.value, "values": values,
            }  # fmt: skip
        case ev.ProofFound() | ev.ProofRejected():
            return {"event": name, "node": event.node, "actions": event.actions, **_verdict(event.verdict)}
        case ev.InsightFound():
            refutation = None if event.refutation is None else dict(event.refutation.values)
            # Some modules look their facts up when they are first read; saving a search must not ask for them.
            facts = event.facts if isinstance(event.facts, tuple) else ()
            return {
                "event": name, "node": event.node, "module": event.module, "facts": facts,
                "features": dict(event.features), "refutation": refutation,
            }  # fmt: skip
        case ev.NodeExpanded() | ev.GoalsClosed() | ev.PluginFault() | ev.SearchFinished():
            return {"event": name, **asdict(event)}
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a search")


def _state(state: State) -> dict[str, Any]:
    return {"text": state.text, "goals": state.goals, "size": state.size, "key": state.key}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "action": candidate.action,
        "proposer": candidate.proposer,
        "log_probability": candidate.log_probability,
        "score": candidate.score,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "accepted": verdict.accepted,
        "answer": verdict.answer,
        "axioms": verdict.axioms,
        "checked_by": verdict.checked_by,
        "reasons": verdict.reasons,
    }


@dataclass(frozen=True, slots=True)
class Run(Displayed):
    """A saved search. ``result`` is empty where the search was killed before its end."""

    folder: Path
    problem: Problem
    seed: int
    result: dict[str, Any]
    about: dict[str, Any]

    def _html(self) -> str:
        from prover.report.fragments import run_html

        return run_html(self)

    def events(self) -> Iterator[dict[str, Any]]:
        """The events in order, read as needed; a half line at the end is left out."""
        with (self.folder / EVENTS).open(encoding="utf-8") as stream:
            for line in stream:
                if line.endswith("\n"):
                    yield json.loads(line)


def open_run(folder: Path) -> Run:
    """Opens a saved search; ``folder`` may also be one that holds a single saved search.

    Raises:
        BadInput: there is none, or it was written by another version's format.
    """
    if not (folder / RUN).is_file():
        inside = sorted(folder.glob(f"*/{RUN}")) if folder.is_dir() else []
        if len(inside) != 1:
            names = ", ".join(path.parent.name for path in inside)
            raise BadInput(
                f"{folder} holds several searches, name one: {names}"
                if inside
                else f"{folder} is no saved search (it has no {RUN}); save one with 'prove --save DIR …'"
            )
        folder = inside[0].parent
    try:
        about = json.loads((folder / RUN).read_text("utf-8"))
        asked = about["problem"]
        if about["format"] != FORMAT:
            raise BadInput(f"{folder} is of format {about['format']}, this version reads {FORMAT}")
        for field in ("imports", "hints", "avoid"):
            asked[field] = tuple(asked[field])
        problem = Problem(**{**asked, "budget": Budget(**asked["budget"])})
        return Run(folder, problem, int(about["seed"]), about["result"], about)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder / RUN} cannot be read: {type(error).__name__}: {error}") from error
