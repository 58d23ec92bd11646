"""``prove encode``: what a language model's hidden states are at each step of searches or traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prover.cli.options import json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prover.model.encodings import EncodedStep
    from prover.model.trace_encoder import TraceEncoder
    from prover.model.transformers_backend import TransformersModel

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("source", type=PATH, metavar="RUN|TRACES")
@click.option("-o", "--out", type=PATH, metavar="FOLDER", help="Where it goes; goes on with it.")
@click.option("--model", required=True, metavar="MODEL", help="A folder or hub id of a transformers model.")
@click.option("--prompt", metavar="FORMAT", help="The prompt format [default: by the model's name].")
@click.option("--layers", default="all", show_default=True, metavar="0,2,4", help="Which layers; 0 is the embeddings.")
@click.option(
    "--pooling", type=click.Choice(["mean", "last", "raw"]), default="mean", show_default=True,
    help="One vector of a span of tokens, or all (raw).",
)  # fmt: skip
@click.option("--proof-only", is_flag=True, help="Only steps on a found proof.")
@click.option(
    "--tries", type=click.IntRange(1), default=4, show_default=True, help="Of a state of a search, so many tried steps."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many steps.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Steps read together.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the choice of tried steps.")
@click.option("--measure", is_flag=True, help="Measure what recording costs on the first steps, write nothing.")
@json_option
@click.pass_context
def encode(
    ctx: click.Context,
    source: Path,
    out: Path | None,
    model: str,
    prompt: str | None,
    layers: str,
    pooling: str,
    proof_only: bool,
    tries: int,
    limit: int | None,
    batch: int,
    seed: int,
    measure: bool,
    as_json: bool,
) -> None:
    """Record a model's hidden states at each step of a saved search, of files of searches or of traces.

    Interrupted, it keeps what is written; the same command goes on.
    """
    from prover.errors import BadInput
    from prover.model.prompts import format_named, guess_format
    from prover.model.step_sources import Choice, first_of, read_steps
    from prover.model.trace_encoder import TraceEncoder

    if out is None and not measure:
        raise click.UsageError("-o FOLDER is missing: where the encoding goes")
    if not source.exists():
        raise BadInput(f"there is no {source}: name a saved search (--save), a file of searches or traces")
    loaded = load_model(model)
    form = format_named(prompt) if prompt else guess_format(model)
    encoder = TraceEncoder(loaded, form, layers=read_layers(layers), pooling=pooling)
    steps = first_of(read_steps(source, Choice(proof_only, tries, seed)), limit)
    if measure:
        _measure(encoder, steps, batch, as_json)
        return
    assert out is not None
    chosen = "proof" if proof_only else f"{tries} tries, seed {seed}"
    about, interrupted = _write(encoder, steps, source, chosen, out, model, batch)
    if as_json:
        click.echo(json.dumps({"out": str(out), **about, "interrupted": interrupted}))
    else:
        click.echo(f"{about['steps']:,} steps, {about['rows']:,} vectors of {len(encoder.layers)} layers: {out}")
    if interrupted:
        click.echo("interrupted; the same command goes on", err=True)
        ctx.exit(130)


def _measure(encoder: TraceEncoder, steps: Iterator[EncodedStep], batch: int, as_json: bool) -> None:
    from itertools import islice

    from prover.model.language_model import Sampling
    from prover.model.overhead import overhead
    from prover.model.trace_encoder import batches_of

    form = encoder.form
    sampling = Sampling(n=8, max_tokens=min(form.max_tokens, 64), temperature=0.8, stop=form.stop)
    batches = list(batches_of(islice(steps, 10 * batch), batch))
    found = overhead(encoder, batches, sampling=sampling, prompts=8)
    if as_json:
        click.echo(json.dumps(found))
        return
    for what, numbers in found.items():
        seconds = f"{numbers['plain_seconds']:.2f} s without recording, {numbers['recorded_seconds']:.2f} s with"
        click.echo(f"{what:<9} {seconds}: {100 * (numbers['ratio'] - 1):+.1f} %")


def load_model(choice: str) -> TransformersModel:
    """A model with hidden states.

    Raises:
        BadInput: a server or the ranker, which show none. ModelError: it cannot be loaded.
    """
    from prover.cli.upfront import require_model
    from prover.errors import BadInput
    from prover.model import loading

    require_model(choice)
    if choice in (loading.DEFAULT, loading.NONE) or loading.kind_of_choice(choice) == "ranker":
        raise BadInput(f"{choice} has no hidden states; name the folder or hub id of a transformers model")
    found = loading.load_language_model(choice)  # says so where torch is missing
    from prover.model.transformers_backend import TransformersModel

    if not isinstance(found, TransformersModel):
        raise BadInput(f"{choice} is a server, which does not show hidden states; name a folder or hub id")
    return found


def read_layers(text: str) -> list[int] | None:
    """``all``, or numbers separated by commas.

    Raises:
        BadInput: it is neither.
    """
    from prover.errors import BadInput

    if text == "all":
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInput(f"--layers takes numbers separated by commas, or all, not {text!r}") from error


def _write(
    encoder: TraceEncoder, steps: Iterator[EncodedStep], source: Path, chosen: str, out: Path, model: str, batch: int
) -> tuple[dict[str, int], bool]:
    """Writes the steps that are not written yet; the counts, and whether Ctrl-C ended it."""
    import sys
    from datetime import UTC, datetime
    from itertools import islice

    from prover.model.encodings import About, EncodingWriter
    from prover.model.trace_encoder import batches_of

    about = About(
        model=model, model_sha256=encoder.model.digest(), architecture=str(encoder.model.model.config.model_type),
        layers=encoder.layers, pooling=encoder.pooling, width=encoder.width, prompt=encoder.form.name,
        source=str(source), chosen=chosen, created=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    writer = EncodingWriter(out, about)
    consumed = writer.about.consumed
    interrupted = False
    try:
        for part in batches_of(islice(steps, consumed, None), batch):
            for step, rows in encoder.encode(part):
                writer.add(step, rows)
            consumed += len(part)
            writer.flush_if_full(consumed)
            if sys.stderr.isatty():
                click.echo(f"\r\x1b[K{consumed:,} steps", err=True, nl=False)
    except KeyboardInterrupt:
        # A batch is whole or not there: what was read since is read again by the next call.
        interrupted = True
        consumed = writer.about.consumed + writer.waiting
    writer.flush(consumed, finished=not interrupted)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    return {"steps": writer.about.steps, "rows": writer.about.rows}, interrupted
