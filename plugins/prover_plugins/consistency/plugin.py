"""Registers the checks; found through the entry point ``consistency``.

Each is independent of the check in Lean: it reads the text that was checked, as a suspicious colleague would. They can
only object. Turn one off with ``--weight consistency.words=0``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prover.domain import Verdict
from prover.hookspecs import ConsistencyCheck, hookimpl
from prover.problem import Problem

Objections = Sequence[tuple[str, str]]

ALLOWED_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})

# Words that no honest proof of ours needs, outside comments and texts.
_SUSPECT = re.compile(
    r"(?<![\w.«])(sorry|admit|native_decide|axiom|unsafe|implemented_by|extern|run_tac|elab|macro|syntax|notation"
    r"|set_option|opaque|instance|theorem|def)(?![\w'»])"
)
_COMMENT_OR_TEXT = re.compile(r'/-.*?-/|--[^\n]*|"(?:\\.|[^"\\])*"', re.S)


class AxiomsCheck:
    """The axioms that the check in Lean collected are Lean's own three."""

    name = "consistency.axioms"
    domains = ("lean",)

    def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Objections:
        """An objection for each other axiom."""
        others = [axiom for axiom in verdict.axioms if axiom not in ALLOWED_AXIOMS]
        return [("axiom not allowed", f"the proof rests on the axiom {axiom}") for axiom in others]


class StatementCheck:
    """What was checked is the header and the statement that were asked for, letter by letter, then the proof."""

    name = "consistency.statement"
    domains = ("lean",)

    def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Objections:
        """An objection where the checked text begins otherwise."""
        if "file" in problem.metadata:
            return []  # a sorry of a file, whose "statement" is a goal: the whole file is audited instead
        asked = "\n\n".join(text for text in (problem.header.rstrip(), problem.statement.rstrip()) if text.strip())
        rest = verdict.source.removeprefix(asked)
        if rest == verdict.source or not rest.lstrip().startswith(":="):
            return [("statement differs", "the text that was checked does not begin with the statement asked for")]
        return []


class WordsCheck:
    """The proof has none of the words by which proofs cheat."""

    name = "consistency.words"
    domains = ("lean",)

    def check(self, problem: Problem, actions: Sequence[str], verdict: Verdict) -> Objections:
        """An objection for each suspect word outside comments and texts."""
        words = dict.fromkeys(_SUSPECT.findall(_COMMENT_OR_TEXT.sub(" ", verdict.answer)))
        return [("forbidden", f"the proof uses the word {word!r}") for word in words]


@hookimpl
def prover_checks() -> list[ConsistencyCheck]:
    """The three checks."""
    return [AxiomsCheck(), StatementCheck(), WordsCheck()]
