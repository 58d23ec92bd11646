"""``prove recall``: how often the lemmas that known proofs use are among the first that are found."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from prover.cli.options import json_option, lean_options, session_options

_AMONG = (1, 10, 40)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoder", default="", metavar="MODEL", help="A transformers encoder (folder or hub id) to reorder by.")
@click.option("--missed", is_flag=True, help="Also list the premises that are not among the first ten.")
@lean_options
@json_option
def recall(file: Path, encoder: str, missed: bool, as_json: bool, **how: Any) -> None:
    """Measure premise look-up on the proofs of FILE.lean: recall of the lemmas that their tactics name.

    Theorems are to be written as `theorem … := by` with a tactic on each line.
    """
    from prover.errors import BadInput
    from prover.session import Session
    from prover_plugins.premises.module import PremiseModule
    from prover_plugins.premises.recall import ask, read_questions

    module = PremiseModule(encoder)
    with Session(session_options(**how)) as session:
        library, questions, left_out = read_questions(session.server(), file)
        if not questions:
            raise BadInput(f"{file}: no tactic of its theorems names a library theorem")
        answers = list(ask(questions, lambda goal: [p.name for p in module.find(library, goal)], time.perf_counter))
    premises = sum(len(answer.ranks) for answer in answers)
    times = sorted(answer.milliseconds for answer in answers)
    result: dict[str, Any] = {
        "tactics": len(answers), "left_out": left_out, "premises": premises, "declarations": len(library),
        **{f"recall@{n}": round(sum(a.found(n) for a in answers) / premises, 3) for n in _AMONG},
        "median_ms": round(times[len(times) // 2], 1), "slowest_ms": round(times[-1], 1),
    }  # fmt: skip
    if missed:
        result["missed"] = [
            {"tactic": a.question.tactic, "premise": name, "rank": rank}
            for a in answers
            for name, rank in a.ranks.items()
            if rank is None or rank > 10
        ]
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for line in result.pop("missed", []):
        click.echo(f"missed: {line['premise']} (rank {line['rank'] or '-'}) in {line['tactic']}")
    click.echo(", ".join(f"{key} {value}" for key, value in result.items()))
