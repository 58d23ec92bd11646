"""Writes the corpus: library problems and generated ones, split, without what benchmarks ask.

``train.jsonl``, ``val.jsonl`` and ``test.jsonl`` hold a problem a line in the format of problem sets, with ``module``
and ``metadata``; ``statistics.json`` says what is in them. All problems of a library module are in one part, so a
held-out module is never trained on.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, TextIO

from prover.bench.suite import read_suite
from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.problem import Problem
from prover.traces.stream import lines
from prover_training.corpus_families import FAMILIES, generate
from prover_training.corpus_keys import printed_types, statement_key
from prover_training.corpus_library import library_problems, library_theorems

PARTS = ("train", "val", "test")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What to build. ``val`` and ``test`` are fractions; ``generated`` is the least number of generated problems;
    ``exclude`` are problem sets whose statements must not be in the corpus."""

    seed: int = 0
    generated: int = 6_000
    val: float = 0.05
    test: float = 0.05
    library: bool = True
    exclude: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        """Raises BadInput where the fractions leave nothing for train."""
        if not (self.val >= 0 and self.test >= 0 and self.val + self.test < 1):
            raise BadInput("the fractions of val and test must be 0 or more and below 1 together")


@dataclass(slots=True)
class Statistics:
    """Counts of what was written and of what was left out, and why."""

    library: Counter[str] = field(default_factory=Counter)
    generated: Counter[str] = field(default_factory=Counter)
    modules: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "library": {"total": self.library.total(), **self.library},
            "generated": {"total": self.generated.total(), **self.generated},
            "modules": dict(self.modules),
            "families": dict(self.families),
            "left_out": dict(self.left_out),
        }


def build(server: LeanServer, out: Path, settings: Settings, say: Say = lambda text: None) -> Statistics:
    """Builds the corpus in the folder ``out``; the files appear when all of it is written.

    Raises:
        BadInput: an excluded problem set cannot be read, or ``out`` cannot be written.
        InfrastructureFault: Lean failed.
    """
    statistics = Statistics()
    barred_keys = excluded_keys(server, settings.exclude)
    say(f"{len(barred_keys):,} statements of benchmarks are kept out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files = {part: stack.enter_context((out / f".{part}.part").open("w", encoding="utf-8")) for part in PARTS}
            seen = set(barred_keys)
            if settings.library:
                for part, record in _library(server, settings, seen, barred_keys, statistics, say):
                    _write(files[part], record)
            for part, record in _generated(server, settings, seen, barred_keys, statistics, say):
                _write(files[part], record)
        for part in PARTS:
            (out / f".{part}.part").replace(out / f"{part}.jsonl")
        text = json.dumps({"seed": settings.seed, "lean": server.hello().lean, **statistics.to_json()}, indent=1)
        (out / "statistics.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {out}: {error.strerror}") from error
    finally:
        for part in PARTS:
            (out / f".{part}.part").unlink(missing_ok=True)
    return statistics


def excluded_keys(server: LeanServer, paths: Iterable[Path]) -> set[str]:
    """The keys of all statements of problem sets, with and without their headers.

    Raises:
        BadInput: a set cannot be read, or Lean does not accept one of its statements.
    """
    keys: set[str] = set()
    for path in paths:
        # One by one for each header: a broken statement must not hide another.
        problems = sorted(read_suite(path).problems, key=lambda p: (p.imports, p.header))
        for problem, printed in printed_types(server, problems):
            if not printed:
                raise BadInput(f"{path}: Lean does not accept the statement of {problem.name}")
            keys |= {statement_key(printed), statement_key(printed, problem.header)}
    return keys


def _library(
    server: LeanServer, settings: Settings, seen: set[str], excluded: set[str], statistics: Statistics, say: Say
) -> Iterator[tuple[str, dict[str, Any]]]:
    theorems = library_theorems(server, say)
    part_of = split_modules(Counter(t.module for t in theorems), settings)
    for found in library_problems(theorems):
        statistics.left_out["states what another library theorem states"] += len(found.aliases)
        if found.key in seen:
            statistics.left_out["is a benchmark's statement"] += found.key in excluded
            continue
        seen.add(found.key)
        part = part_of[found.theorem.module]
        statistics.library[part] += 1
        statistics.modules[part] += 0
        record = {
            "name": found.theorem.name, "module": found.theorem.module, "statement": found.statement,
            "imports": found.imports, "header": found.header, "key": found.key, "metadata": found.metadata,
        }  # fmt: skip
        yield part, record
    for part in part_of.values():
        statistics.modules[part] += 1


def split_modules(sizes: Counter[str], settings: Settings) -> dict[str, str]:
    """Which part each module goes to: val and test take random modules until they have their share."""
    modules = sorted(sizes)
    random.Random(f"modules {settings.seed}").shuffle(modules)
    wanted = {"val": settings.val * sizes.total(), "test": settings.test * sizes.total()}
    parts: dict[str, str] = {}
    for module in modules:
        part = next((p for p in ("val", "test") if wanted[p] >= sizes[module]), "train")
        if part != "train":
            wanted[part] -= sizes[module]
        parts[module] = part
    return parts


def _generated(
    server: LeanServer, settings: Settings, seen: set[str], excluded: set[str], statistics: Statistics, say: Say
) -> Iterator[tuple[str, dict[str, Any]]]:
    # Some are refused by Lean or state the same as another: a quarter more are made than are wanted.
    each = ceil(settings.generated * 1.25 / len(FAMILIES))
    generator = random.Random(f"generated {settings.seed}")
    problems = (
        Problem(statement=made.statement, name=made.family, imports=("Init",), header=made.header)
        for made in generate(settings.seed, each)
    )
    if not settings.generated:
        return
    for problem, printed in printed_types(server, problems):
        family = problem.name
        if not printed:
            statistics.left_out["Lean does not accept the statement"] += 1
            continue
        plain, whole = statement_key(printed), statement_key(printed, problem.header)
        if plain in excluded or whole in seen:
            statistics.left_out["is a benchmark's statement" if plain in excluded else "generated twice"] += 1
            continue
        seen.add(whole)
        number = statistics.families[family] = statistics.families[family] + 1
        chance = generator.random()
        part = "val" if chance < settings.val else "test" if chance < settings.val + settings.test else "train"
        statistics.generated[part] += 1
        if number % 100 == 0:
            say(f"generated: {statistics.generated.total():,}, now {family}")
        record = {
            "name": f"{family}_{number}", "module": f"generated.{family}", "statement": problem.statement,
            "imports": problem.imports, "header": problem.header, "key": whole,
            "metadata": {"family": family, "seed": str(settings.seed)},
        }  # fmt: skip
        yield part, record


def _write(file: TextIO, record: dict[str, Any]) -> None:
    file.write(json.dumps(record, ensure_ascii=False) + "\n")


def leaks(corpus: Path, keys: set[str]) -> list[str]:
    """The names of problems in a corpus file whose key is among ``keys`` (see :func:`excluded_keys`); empty is good.

    Raises:
        BadInput: the file cannot be read.
    """
    return [str(record["name"]) for record in (json.loads(line) for _, line in lines(corpus)) if record["key"] in keys]
