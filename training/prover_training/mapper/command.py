"""``prove mapper``: fits the symbolic mapper, measures it, and reads a search with it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prover.cli.groups import Group
from prover.cli.options import json_option, settings_options

PATH = click.Path(path_type=Path)


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.group(cls=Group)
def mapper() -> None:
    """Align a model's hidden states with Lean's goals: symbols, goal graphs, value of a state."""


@mapper.command()
@click.argument("encoding", type=PATH)
@click.option("-o", "--out", type=PATH, required=True, metavar="FOLDER", help="Where the mapper goes.")
@settings_options("mapper")
@click.option("--seed", type=int, help="Seed of everything random, and of the choice of held-out modules.")
@json_option
def fit(encoding: Path, out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None, as_json: bool) -> None:
    """Fit a mapper to an ENCODING of 'prove encode'; Lean is asked what each state is, once.

    What Lean said is kept in ENCODING/structures.jsonl: an interrupted run goes on there.
    """
    from prover.model.encodings import open_encoding
    from prover.settings import read_settings
    from prover_training.card import write_card
    from prover_training.mapper.fit import fit as run
    from prover_training.mapper.states import MapperConfig
    from prover_training.mapper.structures import ask_structures

    settings = read_settings(MapperConfig, "mapper", config, sets, seed=seed)
    opened = open_encoding(encoding)
    found = run(opened, ask_structures(opened.steps(), encoding, _say), settings, _say)
    found.save(out)
    write_card(out, "A symbolic mapper", found.about)
    layers = ", ".join(f"{part} {layer}" for part, layer in found.about["layer_of"].items())
    said = f"{len(found.symbols)} symbols; layers: {layers}: {out}"
    click.echo(json.dumps({"out": str(out), **found.about}, ensure_ascii=False) if as_json else said)


@mapper.command()
@click.argument("mapper_folder", type=PATH, metavar="MAPPER")
@click.argument("encoding", type=PATH)
@click.option("-o", "--out", type=PATH, metavar="FOLDER", help="Write numbers.json, table.md and figures there.")
@click.option("--untrained", is_flag=True, help="Also read the same model with random weights (takes its time).")
@json_option
def evaluate(mapper_folder: Path, encoding: Path, out: Path | None, untrained: bool, as_json: bool) -> None:
    """Measure a MAPPER on the held-out modules of an ENCODING, beside controls and baselines."""
    from prover.model.encodings import open_encoding
    from prover.model.symbolic_mapper import SymbolicMapper
    from prover_training.mapper.measure import measure, spans_of
    from prover_training.mapper.showing import draw, table
    from prover_training.mapper.structures import ask_structures

    opened, loaded = open_encoding(encoding), SymbolicMapper.load(mapper_folder)
    known = ask_structures(opened.steps(), encoding, _say)
    plain = None
    if untrained:
        from prover.cli.encode import load_model
        from prover_training.mapper.untrained import untrained_hidden

        rows = spans_of(loaded, opened, known)
        model = load_model(opened.about.model)
        plain = untrained_hidden(opened, model, rows, seed=loaded.about["settings"]["seed"], say=_say)
    found = measure(loaded, opened, known, plain)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "numbers.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (out / "table.md").write_text(table(found) + "\n", "utf-8")
        draw(found, out)
    found["value"] = {k: v for k, v in found["value"].items() if k not in ("predicted", "happened")}
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else table(found))


@mapper.command()
@click.argument("run", type=PATH)
@click.option("--mapper", "mapper_folder", type=PATH, required=True, metavar="FOLDER", help="A fitted mapper.")
@click.option("--model", metavar="MODEL", help="Where its model is [default: where it was when it was fitted].")
@click.option(
    "--least", type=click.FloatRange(0, 1), default=0.3, show_default=True, help="Leave out what is less likely."
)
@click.option("-o", "--out", type=PATH, required=True, metavar="FILE", help="For 'prove report --probes'.")
@json_option
def read(run: Path, mapper_folder: Path, model: str | None, least: float, out: Path, as_json: bool) -> None:
    """Read a saved search: which symbols the model sees in each span, what each state is worth, and what it expects of
    each step.

    Steps are listed whose end is not what the model expected, the most surprising first.
    """
    from prover.cli.encode import load_model
    from prover.model.symbolic_mapper import SymbolicMapper
    from prover_training.mapper.reading import read_run

    loaded = SymbolicMapper.load(mapper_folder)
    probes, steps = read_run(run, loaded, load_model(model or str(loaded.about["model"])), least)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(probes, ensure_ascii=False) + "\n", "utf-8")
    if as_json:
        click.echo(json.dumps({"out": str(out), "states": len(probes), "steps": steps}, ensure_ascii=False))
        return
    click.echo("state  end       expected  symbols  tactic")
    for step in steps[:10]:
        agreed = f"{step['agreement']:7.2f}" if "agreement" in step else "      –"
        tactic = step["tactic"].splitlines()[0]
        click.echo(f"{step['state']:>5}  {step['outcome']:8}  {step['outcome_expected']:8.2f}  {agreed}  {tactic}")
        if step.get("missed"):
            click.echo(f"{'':35}did not expect {', '.join(step['missed'][:8])}")
    click.echo(f"{len(probes)} states: {out}; look at them with: prove report {run} --probes {out}")
