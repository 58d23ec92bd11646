"""Options that several commands share, and how they become `prover.session.Options`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from prover.session import Options

F = TypeVar("F", bound=Callable[..., Any])


def lean_options(command: F) -> F:
    """Which Lean: ``--project``, ``--lean``, ``--no-server``."""
    for option in (
        click.option(
            "--no-server",
            is_flag=True,
            help="Do not use the resident Lean; start one for this call.",
        ),
        click.option(
            "--lean",
            "lean_path",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="The lean executable to use, instead of the project's or the embedded one.",
        ),
        click.option(
            "--project",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="The Lake project to work in [default: found from the file or folder upward].",
        ),
    ):
        command = option(command)
    return command


def search_options(command: F) -> F:
    """How to search: ``--seconds``, ``--steps``, ``--jobs``, ``--seed``, ``--plugin``,
    ``--weight``.
    """
    for option in (
        click.option(
            "--weight",
            "weights",
            multiple=True,
            metavar="NAME=X",
            help="How much a proposer counts (1 is usual, 0 turns it off); may be repeated.",
        ),
        click.option(
            "--plugin",
            "plugins",
            multiple=True,
            metavar="MODULE[:OBJECT]",
            help="Load one more plugin; may be repeated.",
        ),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of the search's choices."),
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            default=1,
            show_default=True,
            help="How many problems to work on at once, each with its own Lean.",
        ),
        click.option(
            "--steps",
            type=click.IntRange(1),
            metavar="N",
            help="Stop after this many tactics tried (reproducible, unlike seconds).",
        ),
        click.option(
            "--seconds",
            type=click.FloatRange(0, min_open=True),
            default=60.0,
            show_default=True,
            help="Stop after this much time for a theorem.",
        ),
    ):
        command = option(command)
    return command


def json_option(command: F) -> F:
    """``--json``: exactly one object on standard output, errors included."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        callback=_remember_json,
        is_eager=True,
        help="Print one JSON object instead of text.",
    )(command)


def _remember_json(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    # The error boundary needs to know even when the command fails before it begins.
    ctx.meta["prover.json"] = value
    return value


def read_weights(values: tuple[str, ...]) -> dict[str, float]:
    """Parses ``NAME=X`` pairs.

    Raises:
        click.BadParameter: not of this form, or not a number of at least 0.
    """
    weights: dict[str, float] = {}
    for value in values:
        name, equals, number = value.partition("=")
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        # `not >=` also refuses nan.
        if not equals or not name.strip() or not weight >= 0 or weight == float("inf"):
            raise click.BadParameter(f"'{value}' is not NAME=NUMBER with a number of 0 or more", param_hint="--weight")
        weights[name.strip()] = weight
    return weights


def session_options(
    *,
    start: Path | None = None,
    project: Path | None = None,
    lean_path: Path | None = None,
    no_server: bool = False,
    seed: int = 0,
    jobs: int = 1,
    plugins: tuple[str, ...] = (),
    weights: tuple[str, ...] = (),
) -> Options:
    """Puts the parsed options together."""
    from prover.session import Options

    return Options(
        start=start,
        project=project,
        lean=lean_path,
        use_service=not no_server,
        seed=seed,
        jobs=jobs,
        plugins=plugins,
        weights=read_weights(weights),
    )
