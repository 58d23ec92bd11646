"""``prove curriculum``: shows how a curriculum stages traces, applies reviews, plots what a run was fed."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import click

from prover.cli.groups import Group
from prover.cli.options import json_option, lean_options, session_options

WIDTH = 40


@click.group(cls=Group)
def curriculum() -> None:
    """How a curriculum stages traces (show), reviews of them (annotate), what a run was fed (plot)."""


@curriculum.command()
@click.argument("traces", type=click.Path(path_type=Path))
@click.option("--curriculum", "name", default="length", show_default=True, metavar="NAME", help="Which curriculum.")
@click.option("--stages", type=click.IntRange(1, 100), default=4, show_default=True, help="How many stages.")
@click.option("--annotations", type=click.Path(path_type=Path), metavar="FILE", help="Reviewers' remarks (raise).")
@click.option("--plugin", "plugins", multiple=True, metavar="MODULE[:OBJECT]", help="Load one more plugin.")
@json_option
def show(
    traces: Path, name: str, stages: int, annotations: Path | None, plugins: tuple[str, ...], as_json: bool
) -> None:
    """Print the stages of TRACES (a train.json, a .jsonl of theorems, or a benchmark folder) by difficulty."""
    from prover.traces.benchmark import read_any
    from prover_training.curriculum.annotations import Raised, read_annotations
    from prover_training.curriculum.schedule import find_curriculum, stage

    chosen = find_curriculum(name, plugins)
    if annotations is not None:
        chosen = Raised(chosen, read_annotations(annotations))
    staged = stage(chosen, read_any(traces), stages)
    rows = []
    for number, (bound, members) in enumerate(zip(staged.bounds, staged.members, strict=True), 1):
        values = [staged.difficulties[index] for index in members]
        rows.append(
            {
                "stage": number,
                "theorems": len(members),
                "easiest": min(values, default=None),
                "hardest": max(values, default=None),
                "bound": bound if math.isfinite(bound) else None,
            }
        )
    if as_json:
        value = {"curriculum": name, "theorems": len(staged.difficulties), "stages": rows, "never": len(staged.never)}
        click.echo(json.dumps(value))
        return
    click.echo(f"{len(staged.difficulties):,} theorems by curriculum {name!r}, in {stages} stages")
    for row in rows:
        span = f"difficulty {row['easiest']:g} to {row['hardest']:g}" if row["theorems"] else "nothing"
        click.echo(f"  stage {row['stage']}: {row['theorems']:,} theorems, {span}")
    if staged.never:
        click.echo(f"  never fed: {len(staged.never):,} theorems without a tactic proof")
    _histogram([value for value in staged.difficulties if math.isfinite(value)])


def _histogram(values: list[float]) -> None:
    if not values:
        return
    counts = Counter(values)
    if len(counts) > 20:
        # Too many to list one by one: twenty bins of equal width.
        low, high = min(values), max(values)
        width = (high - low) / 20
        counts = Counter(low + width * min(int((value - low) / width), 19) for value in values)
    most = max(counts.values())
    click.echo("\ndifficulty  theorems")
    for value in sorted(counts):
        click.echo(f"{value:>10g}  {'#' * math.ceil(WIDTH * counts[value] / most)} {counts[value]:,}")


@curriculum.command()
@click.argument("traces", type=click.Path(path_type=Path))
@click.argument("annotations", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="OUT.jsonl", help="Where they go.")
@lean_options
@click.pass_context
def annotate(
    ctx: click.Context,
    traces: Path,
    annotations: Path,
    out: Path,
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
) -> None:
    """Apply a reviewed file of ANNOTATIONS to TRACES (a folder of 'prove trace'): steps dropped, theorems dropped,
    steps corrected where Lean accepts the proof with them. Exit code 1 where a remark could not be applied.
    """
    from prover.session import Session
    from prover.traces.benchmark import write_lines
    from prover.traces.store import Store
    from prover_training.curriculum.annotations import Annotation, Corrector, read_annotations, reviewed

    remarks = read_annotations(annotations)
    store = Store(traces)
    refusals: list[str] = []

    def refused(annotation: Annotation, reason: str) -> None:
        refusals.append(f"{annotation.full_name}: {annotation.action} not applied: {reason}")

    with Session(session_options(project=project, lean_path=lean_path, no_server=no_server)) as session:
        theorems = (theorem for _, found in store.traces() for theorem in found.theorems)
        corrector = Corrector(session.server(), store)
        count = write_lines(out, reviewed(theorems, remarks, corrector, refused))
    for line in refusals:
        click.echo(line, err=True)
    click.echo(f"{len(remarks) - len(refusals)} of {len(remarks)} remarks applied; {count} theorems written to {out}")
    ctx.exit(1 if refusals else 0)


@curriculum.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="PNG", help="The picture.")
def plot(log: Path, out: Path) -> None:
    """Draw what a training run was fed (its feed.jsonl): difficulty, stage and validation over steps."""
    from prover_training.curriculum.feed import plot_feed

    plot_feed(log, out)
    click.echo(f"written: {out}")
