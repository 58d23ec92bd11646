"""Whether a statement about the header's functions has a counterexample among random values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random

from prover_plugins.theory.definitions import Header, read_header
from prover_plugins.theory.evaluation import Evaluator, Undecided, Value
from prover_plugins.theory.kinds import type_of_text
from prover_plugins.theory.lexer import NotUnderstood
from prover_plugins.theory.samples import plain_names, sample
from prover_plugins.theory.syntax import read_term

_SAMPLES = 30


@lru_cache(maxsize=4)
def _read(definitions: str) -> tuple[Header, Evaluator]:
    header = read_header(definitions)
    return header, Evaluator(header)


def is_refuted(definitions: str, variables: Sequence[tuple[str, str]], statement: str) -> bool:
    """Whether a statement is false for some values of its ``variables`` (names and types); also False where it cannot
    be told, so that only what is surely wrong need not be tried."""
    header, evaluator = _read(definitions)
    kinds = [type_of_text(text) for _, text in variables]
    if not variables or None in kinds:
        return False
    bases = {name for kind in kinds if kind for name in plain_names(kind, header)}
    random = Random(11)
    try:
        code = evaluator.compile(read_term(statement), frozenset(name for name, _ in variables))
        for place in range(_SAMPLES):
            values: dict[str, Value] = {}
            for (name, _), kind in zip(variables, kinds, strict=True):
                values[name] = sample(kind, header, bases, random, place) if kind else None
            if None in values.values():
                return False
            if evaluator(code, values) is False:
                return True
    except (NotUnderstood, Undecided):
        return False
    return False
