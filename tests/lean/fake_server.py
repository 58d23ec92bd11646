"""A server that speaks the protocol without Lean, and misbehaves on request.

A state is a list of goals (words); its key is that list. Tactics: ``split`` (two goals for one),
``close``, ``fail``, ``skip``; ``die``, ``stop`` (SIGSTOP), ``hang``, ``garbage``, ``forge`` (an
answer with another id), ``long`` (a line without end), ``bomb`` (memory), ``spin`` (seconds).
``die_once FILE`` and ``bomb_once FILE`` do so only where FILE does not exist yet.
"""

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

states: list[list[str] | None] = []
environments: list[tuple[list[str], str]] = []
steps = 0


def write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def view(goals: list[str]) -> dict[str, Any]:
    states.append(goals)
    text = "\n\n".join(f"h : {goal}\n⊢ {goal}" for goal in goals) or "no goals"
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    size = len("".join(goals))
    return {"id": len(states) - 1, "key": key, "text": text, "goals": len(goals), "size": size}


def misbehave(word: str) -> None:
    match word:
        case "die":
            print("a last error", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGSEGV)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "hang":
            time.sleep(600)
        case "garbage":
            sys.stdout.write("no goals\n")
            sys.stdout.flush()
        case "forge":
            write({"id": 7, "ok": {"type": "step", "results": []}})
        case "long":
            while True:
                sys.stdout.write("x" * (1 << 20))
        case "bomb":
            hoard = []
            while True:
                hoard.append(b"x" * (20 << 20))
                time.sleep(0.01)


def apply(goals: list[str], text: str) -> dict[str, Any]:
    word, _, argument = text.partition(" ")
    if word.endswith("_once"):
        if not Path(argument).exists():
            Path(argument).touch()
            misbehave(word.removesuffix("_once"))
        word = "skip"
    misbehave(word)
    failed = {"status": "failed", "us": 1, "kind": "tactic", "message": f"{word} failed"}
    match word:
        case "split":
            after = [goals[0] + "l", goals[0] + "r", *goals[1:]]
        case "close":
            after = goals[1:]
        case "skip":
            after = goals
        case "spin":
            time.sleep(float(argument))
            after = goals
        case "unstable":  # another result in each process
            after = [str(os.getpid()), *goals[1:]]
        case _:
            return failed
    return {"status": "progress" if after else "finished", "us": 1, "state": view(after)}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    global steps
    match request["op"]:
        case "hello":
            return {"ok": {"type": "hello", "lean": "9.9.9, fake", "protocol": 1}}
        case "parse_header":
            return {"ok": {"type": "parse_header", "imports": ["Init"], "body": 0, "module": False}}
        case "open_environment":
            question = (request["imports"], request["header"])
            if "wrong" in request["header"]:
                error = {"kind": "elaboration", "message": "wrong", "line": 3, "column": 4}
                return {"error": error}
            misbehave(request["header"])
            if question not in environments:
                environments.append(question)
            number = environments.index(question)
            result = {"type": "open_environment", "environment": number}
            return {"ok": {**result, "messages": [], "definitions": []}}
        case "open_goal":
            if request["environment"] >= len(environments):
                return {"error": {"kind": "unknown_environment", "message": "unknown"}}
            return {"ok": {"type": "open_goal", "state": view(["g"]), "name": "t"}}
        case "open_sorries":
            sorries = [
                {"declaration": "t", "start": 0, "end": 5, "line": 1, "column": 0}
                | {"is_tactic": True, "state": view([goal])}
                for goal in "ab"
            ]
            return {"ok": {"type": "open_sorries", "sorries": sorries, "messages": []}}
        case "step":
            number = request["state"]
            goals = states[number] if number < len(states) else None
            if goals is None:
                return {"error": {"kind": "unknown_state", "message": f"no state {number}"}}
            steps += len(request["tactics"])
            results = [apply(goals, call["text"]) for call in request["tactics"]]
            return {"ok": {"type": "step", "results": results}}
        case "describe":
            return {"ok": {"type": "describe", "goals": []}}
        case "check":
            accepted = "sorry" not in request["source"]
            if "slow" in request["source"]:
                return {"error": {"kind": "timeout", "message": "too slow"}}
            findings = [] if accepted else [{"code": "sorry", "text": "depends on sorry"}]
            theorem = {"name": "t", "accepted": accepted, "statement": "", "axioms": []}
            theorem |= {"dependencies": [], "findings": findings}
            result = {"theorems": [theorem], "findings": [], "messages": [], "method": "full"}
            return {"ok": {"type": "check", **result}}
        case "release":
            for number in request["states"]:
                states[number] = None
            return {"ok": {"type": "release", "states": held()}}
        case "statistics":
            counts = {"steps": steps, "states": held(), "environments": len(environments)}
            return {"ok": {"type": "statistics", **counts, "heap": 0}}
        case op:
            return {"error": {"kind": "bad_request", "message": f"unknown op {op}"}}


def held() -> int:
    return sum(1 for state in states if state is not None)


def main() -> None:
    if "--broken" in sys.argv:
        print("server.lean:1:0: error: unknown identifier", flush=True)
        sys.exit(1)
    print("a warning before the ready line", flush=True)
    write({"id": 0, "ok": {"type": "hello", "lean": "9.9.9, fake", "protocol": 1}})
    for line in sys.stdin:
        try:
            request = json.loads(line)
        except ValueError:
            write({"id": 0, "error": {"kind": "bad_request", "message": "not JSON"}})
            continue
        write({"id": request["id"], **answer(request)})


if __name__ == "__main__":
    main()
