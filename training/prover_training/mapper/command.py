"""``prove mapper``: fits the symbolic mapper, measures it, and reads a search with it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prover.cli.options import json_option

PATH = click.Path(path_type=Path)


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.group()
def mapper() -> None:
    """Align a model's hidden states with Lean's goals: symbols, goal graphs, value of a state."""


@mapper.command()
@click.argument("encoding", type=PATH)
@click.option("-o", "--out", type=PATH, required=True, metavar="FOLDER", help="Where the mapper goes.")
@click.option("--config", type=PATH, metavar="TOML", help="Settings, in the table [mapper].")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A setting; may be repeated.")
@click.option("--seed", type=int, help="Seed of everything random, and of the choice of held-out modules.")
@json_option
def fit(
    encoding: Path, out: Path, config: Path | None, sets: tuple[str, ...], seed: int | None, as_json: bool
) -> None:
    """Fit a mapper to an ENCODING of 'prove encode'; Lean is asked what each state is, once.

    What Lean said is kept in ENCODING/structures.jsonl: an interrupted run goes on there.
    """
    from prover.model.encodings import open_encoding
    from prover_training.mapper.fit import MapperConfig
    from prover_training.mapper.fit import fit as run
    from prover_training.mapper.structures import ask_structures
    from prover_training.settings import read_settings

    settings = read_settings(MapperConfig, "mapper", config, sets, seed=seed)
    opened = open_encoding(encoding)
    found = run(opened, ask_structures(opened.steps(), encoding, _say), settings, _say)
    found.save(out)
    said = f"layer {found.layer}, {len(found.symbols)} symbols: {out}"
    click.echo(json.dumps({"out": str(out), **found.about}, ensure_ascii=False) if as_json else said)


@mapper.command()
@click.argument("mapper_folder", type=PATH, metavar="MAPPER")
@click.argument("encoding", type=PATH)
@click.option("-o", "--out", type=PATH, metavar="FOLDER", help="Write numbers.json, table.md and figures there.")
@json_option
def evaluate(mapper_folder: Path, encoding: Path, out: Path | None, as_json: bool) -> None:
    """Measure a MAPPER on the held-out modules of an ENCODING, beside controls and baselines."""
    from prover.model.encodings import open_encoding
    from prover.model.symbolic_mapper import SymbolicMapper
    from prover_training.mapper.measure import draw, measure, table
    from prover_training.mapper.structures import ask_structures

    opened = open_encoding(encoding)
    found = measure(SymbolicMapper.load(mapper_folder), opened, ask_structures(opened.steps(), encoding, _say))
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
    """Read a saved search: which symbols the model sees in each span, and what it expects of each step.

    Steps whose outcome is not what the model expected are listed, the most surprising first.
    """
    from prover.cli.encode import load_model
    from prover.model.symbolic_mapper import SymbolicMapper
    from prover_training.mapper.reading import read_run

    loaded = SymbolicMapper.load(mapper_folder)
    probes, surprises = read_run(run, loaded, load_model(model or str(loaded.about["model"])), least)
    out.write_text(json.dumps(probes, ensure_ascii=False) + "\n", "utf-8")
    if as_json:
        click.echo(json.dumps({"out": str(out), "surprises": surprises}, ensure_ascii=False))
        return
    for surprise in surprises[:10]:
        click.echo(f"{surprise['agreement']:.2f}  {surprise['tactic']}: did not expect {', '.join(surprise['missed'])}")
    click.echo(f"{len(probes)} states: {out}; look at them with: prove report {run} --probes {out}")
