"""Options that several commands share, and how they become `prover.session.Options`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from prover.search.scoring import SearchConfig
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
    """How to search: limits, seed, plugins and their weights, the model, what a person knows, where the run
    is saved. All but ``seconds`` and ``steps`` go to :func:`session_options` as they are.
    """
    for option in (
        click.option(
            "--save",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Save each search to DIR/NAME: to look at, to continue, to train on.",
        ),
        click.option(
            "--lemma",
            "lemmas",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A Lean file of proved lemmas to use (put before the theorem); may be repeated.",
        ),
        click.option(
            "--hint",
            "hints",
            multiple=True,
            metavar="TEXT",
            help="A tactic or the name of a lemma that you think helps; may be repeated.",
        ),
        click.option(
            "--avoid",
            "avoid",
            multiple=True,
            metavar="TACTIC",
            help="Never try this tactic (or any that begins with this word); may be repeated.",
        ),
        click.option("--no-model", is_flag=True, help="Neither a language model nor the ranker that comes along."),
        click.option(
            "--model",
            metavar="PATH|URL",
            help="A model: a folder, an OpenAI-compatible server [default: the ranker that comes along].",
        ),
        click.option(
            "--mapper",
            metavar="DIR",
            help="Value states by what this mapper of the --model reads in it ('prove mapper fit').",
        ),
        click.option(
            "--without",
            "disabled",
            multiple=True,
            metavar="PLUGIN",
            help="Leave a plugin out (see 'prove plugins'); may be repeated.",
        ),
        click.option(
            "--weights",
            "weights_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Read weights from a TOML file with a table [weights]; --weight goes before it.",
        ),
        click.option(
            "--weight",
            "weights",
            multiple=True,
            metavar="NAME=X",
            help="How much a proposer, module, signal or check counts (1 is usual, 0: not at all); may be repeated.",
        ),
        click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="NAME=X",
            help="A setting of the search, such as diversity=1 or batch_size=4 (docs/search.md); may be repeated.",
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
            "--two-processes",
            is_flag=True,
            help="Start a second Lean for a search that takes a while, where a core is idle.",
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


def settings_options(table: str) -> Callable[[F], F]:
    """``--config`` and ``--set``: the settings of a run, as :func:`prover.settings.read_settings` reads them."""

    def with_options(command: F) -> F:
        for option in (
            click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A setting; may be repeated."),
            click.option(
                "--config", type=click.Path(path_type=Path), metavar="TOML", help=f"Settings, in the table [{table}]."
            ),
        ):
            command = option(command)
        return command

    return with_options


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


def read_weights(values: Iterable[str]) -> dict[str, float]:
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


def read_weights_file(path: Path) -> dict[str, float]:
    """The table ``[weights]`` of a TOML file.

    Raises:
        BadInput: it cannot be read, is not TOML, or has a weight that is not a number of at least 0.
    """
    import tomllib

    from prover.cli.inputs import read_file
    from prover.errors import BadInput

    try:
        table = tomllib.loads(read_file(path).text).get("weights")
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not TOML: {error}") from error
    if not isinstance(table, dict):
        raise BadInput(f"{path} has no table [weights]; write for example:\n[weights]\narithmetic = 0.5")
    for name, weight in table.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 <= weight < float("inf"):
            raise BadInput(f"{path}: the weight of {name} must be a number of 0 or more, not {weight!r}")
    return {str(name): float(weight) for name, weight in table.items()}


def read_search(sets: Sequence[str]) -> SearchConfig:
    """The search's settings with those of ``NAME=X`` pairs.

    Raises:
        BadInput: a name is unknown, or a value does not fit.
    """
    from prover.search.scoring import SearchConfig
    from prover.settings import read_settings

    return read_settings(SearchConfig, "search", None, sets)


def session_options(
    *,
    start: Path | None = None,
    project: Path | None = None,
    lean_path: Path | None = None,
    no_server: bool = False,
    two_processes: bool = False,
    weights: tuple[str, ...] = (),
    weights_file: Path | None = None,
    model: str | None = None,
    no_model: bool = False,
    mapper: str | None = None,
    lemmas: tuple[Path, ...] = (),
    sets: tuple[str, ...] = (),
    hints: tuple[str, ...] = (),
    avoid: tuple[str, ...] = (),
    save: Path | None = None,
    known_model: str = "",
    **given: Any,
) -> Options:
    """Puts the parsed options together; ``given`` are those that need no reading, ``known_model`` is the model where
    no option names one.

    Raises:
        click.UsageError, BadInput: options that contradict each other, a file that cannot be read.
    """
    from prover.cli import upfront
    from prover.cli.inputs import read_file
    from prover.errors import BadInput
    from prover.session import Options

    if model is not None and no_model:
        raise click.UsageError("--model and --no-model contradict each other")
    for texts, option in ((hints, "--hint"), (avoid, "--avoid")):
        if not all(text.strip() for text in texts):
            raise BadInput(f"{option} is empty: name a tactic{' or a lemma' if option == '--hint' else ''}")
    from_file = read_weights_file(weights_file) if weights_file is not None else {}
    if model is not None:
        upfront.require_model(model)
    if mapper is not None:
        upfront.require_mapper(mapper, "none" if no_model else model or known_model)
    if save is not None:
        upfront.require_writable(save, "--save")
    return Options(
        start=start,
        project=project,
        lean=lean_path,
        use_service=not no_server,
        twin=two_processes,
        weights={**from_file, **read_weights(weights)},
        model="none" if no_model else model or "",
        mapper=mapper or "",
        lemmas="\n\n".join(read_file(path).text.strip() for path in lemmas),
        search=read_search(sets) if sets else None,
        hints=hints,
        avoid=avoid,
        save=save,
        **given,
    )


def command_line(ctx: click.Context, **other: Any) -> str:
    """The command line of ``ctx`` with ``other`` values for some of its parameters, to be typed again."""
    given = {name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE} | set(other)
    # `prove bench SUITE` is short for `prove bench run SUITE`.
    words, options = ctx.command_path.removesuffix(" run").split(), list[str]()
    for parameter in ctx.command.params:
        name = parameter.name or ""
        value = other.get(name, ctx.params.get(name))
        if name not in given or value is None:
            continue
        values = value if isinstance(value, list | tuple) else [value]
        if not isinstance(parameter, click.Option):
            words += [str(each) for each in values]
        elif parameter.is_flag:
            options += [parameter.opts[-1]] if value else []
        else:
            options += [word for each in values for word in (parameter.opts[-1], _written(each))]
    return shlex.join([*words, *options])


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
