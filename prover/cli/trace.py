"""``prove trace``: Lean files, a repository or a saved search become traces in LeanDojo's format."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prover.cli.groups import Group
from prover.cli.options import json_option, lean_options, session_options
from prover.errors import BadInput

if TYPE_CHECKING:
    from prover.lean.server import LeanServer
    from prover.traces.store import Store
    from prover.traces.tracer import FileTrace


class TraceGroup(Group):
    """`trace FILE` traces; `trace verify` is a word of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts `run` in front where no command is named."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=TraceGroup, subcommand_metavar="[OPTIONS] FILE|FOLDER … -o OUT | verify OUT")
def trace() -> None:
    """Trace Lean files, a repository or a saved search in LeanDojo's format (run), or replay traces (verify)."""


@trace.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|FOLDER]...")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="OUT", help="Where they go.")
@click.option("--repo", metavar="URL", help="Trace a git repository with lean-dojo (needs elan and the network).")
@click.option("--commit", metavar="C", help="The commit of --repo.")
@click.option(
    "--from-run",
    "run_folder",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Trace a saved search: every step tried with Lean's verdict, and the proof.",
)
@click.option("--val", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Fraction of val.")
@click.option("--test", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Fraction of test.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the splits.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=300.0,
    show_default=True,
    help="Time that Lean may take for one file.",
)
@lean_options
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    paths: tuple[Path, ...],
    out: Path,
    repo: str | None,
    commit: str | None,
    run_folder: Path | None,
    val: float,
    test: float,
    seed: int,
    seconds: float,
    project: Path | None,
    lean_path: Path | None,
    no_server: bool,
    as_json: bool,
) -> None:
    """Trace FILEs and FOLDERs; what was traced before is not traced again.

    An interrupted run keeps the files that were finished: the same command goes on.
    """
    if sum(map(bool, (paths, repo, run_folder))) != 1:
        raise BadInput("give one of: Lean files or folders, --repo URL --commit C, --from-run RUN")
    if bool(repo) != bool(commit):
        raise BadInput("--repo and --commit belong together")
    if repo and commit:
        from prover.traces.leandojo import trace_repository

        _report(trace_repository(repo, commit, out, seed=seed, val=val, test=test), as_json)
        return
    if run_folder is not None:
        from prover.traces.from_search import trace_run

        _report(trace_run(run_folder, out), as_json)
        return
    from prover.session import Session

    options = session_options(start=paths[0], project=project, lean_path=lean_path, no_server=no_server, seed=seed)
    with Session(options) as session:
        summary, interrupted = _trace_files(session.server(), list(paths), out, seconds, (seed, val, test))
    _report(summary, as_json)
    if interrupted:
        click.echo("interrupted; the same command goes on", err=True)
        ctx.exit(130)
    ctx.exit(1 if summary["failed"] else 0)


@trace.command()
@click.argument("out", type=click.Path(path_type=Path))
@lean_options
@json_option
@click.pass_context
def verify(
    ctx: click.Context, out: Path, project: Path | None, lean_path: Path | None, no_server: bool, as_json: bool
) -> None:
    """Replay the traces in OUT in Lean; exit code 1 where a tactic does not do what its trace says."""
    from prover.session import Session
    from prover.traces.store import Store
    from prover.traces.verify import replay_file

    options = session_options(project=project, lean_path=lean_path, no_server=no_server)
    theorems = tactics = 0
    wrong: list[str] = []
    with Session(options) as session:
        for text, found in Store(out).traces():
            for number, replayed in enumerate(replay_file(session.server(), text, found), 1):
                theorems += 1
                tactics += replayed.tactics
                wrong += map(str, replayed.mismatches)
                if not as_json:
                    state = "differs" if replayed.mismatches else "ok"
                    progress = f"[{number}/{len(found.theorems)}] {found.corpus.path}"
                    click.echo(f"{progress}: {replayed.theorem}: {replayed.tactics} tactics {state}", err=True)
    if as_json:
        click.echo(json.dumps({"theorems": theorems, "tactics": tactics, "mismatches": wrong}, ensure_ascii=False))
    else:
        for line in wrong:
            click.echo(line)
        click.echo(f"{theorems} theorems, {tactics} tactics replayed: {len(wrong)} differ")
    ctx.exit(1 if wrong else 0)


def _trace_files(
    server: LeanServer, paths: list[Path], out: Path, seconds: float, splitting: tuple[int, float, float]
) -> tuple[dict[str, Any], bool]:
    """Traces what is missing, then writes the benchmark; the summary, and whether Ctrl-C came."""
    from prover.lean.source import read_source
    from prover.traces.store import Store
    from prover.traces.tracer import digest_of, lean_files, origin

    root, files = lean_files(paths)
    url, commit = origin(root)
    store = Store(out)
    done: list[str] = []
    traces: list[FileTrace] = []
    failed: list[str] = []
    interrupted = False
    for number, file in enumerate(files, 1):
        path = file.relative_to(root).as_posix()
        try:
            text = read_source(file)
            made, seen = _kept_or_made(server, store, path, text, url, commit or digest_of(text), seconds)
        except BadInput as error:
            failed.append(f"{path}: {error}")
            click.echo(f"[{number}/{len(files)}] {path}: {error}", err=True)
            continue
        except KeyboardInterrupt:
            interrupted = True
            break
        done.append(path)
        traces.append(made)
        click.echo(f"[{number}/{len(files)}] {path}: {len(made.theorems)} theorems{seen}", err=True)
        for name, reason in made.skipped:
            click.echo(f"  left out {name}: {reason}", err=True)
    seed, val, test = splitting
    parts = {}
    if done:
        lean = server.hello().lean
        parts = store.assemble(done, url=url, commit=commit, seed=seed, val=val, test=test, lean=lean)
    summary = {
        "out": str(out),
        "files": len(done),
        "theorems": sum(len(made.theorems) for made in traces),
        "tactics": sum(len(t.traced_tactics) for made in traces for t in made.theorems),
        "left_out": sum(len(made.skipped) for made in traces),
        "splits": parts,
        "failed": failed,
    }
    return summary, interrupted


def _kept_or_made(
    server: LeanServer, store: Store, path: str, text: str, url: str, commit: str, seconds: float
) -> tuple[FileTrace, str]:
    """The trace of one file and a remark: from the folder where it is there, else made and kept."""
    from prover.traces.tracer import trace_text

    found = store.get(path, text)
    if found is not None:
        return found, ", traced before"
    started = time.monotonic()
    made = trace_text(server, text, file_path=path, url=url, commit=commit, seconds=seconds)
    store.put(text, made)
    return made, f" in {time.monotonic() - started:.1f} s"


def _report(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    for key, value in summary.items():
        if value or key in ("theorems", "tactics"):
            shown = "; ".join(value) if isinstance(value, list) else value
            click.echo(f"{key.replace('_', ' ')}: {shown}")
