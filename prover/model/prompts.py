"""Prompts of known model families, and how their answers become tactics.

A format says how to ask for a proof state and how to read the answer. Stepwise formats answer with one
tactic, some after a text of reasoning; whole-proof formats answer with a script, which is cut into its
steps so that the search can replay it and keep what works of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prover.errors import BadInput
from prover.model.language_model import Message, Prompt
from prover.problem import LEAN, Problem


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """How one family is asked. ``write(problem, state, facts)``: the state is its text, facts are statements of
    premises that may help. ``read`` turns an answer into tactics: one alternative each where ``whole`` is
    False, else the steps of one script in order. ``max_tokens`` and ``stop`` are the family's limits.
    """

    name: str
    write: Callable[[Problem, str, Sequence[str]], Prompt]
    read: Callable[[str], list[str]]
    whole: bool = False
    max_tokens: int = 64
    stop: tuple[str, ...] = ()


def format_named(name: str) -> PromptFormat:
    """The format of that name.

    Raises:
        BadInput: there is none; lists those there are.
    """
    if name not in FORMATS:
        raise BadInput(f"there is no prompt format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def guess_format(model: str) -> PromptFormat:
    """The format of a model by its name; ``plain`` where none is known."""
    lowered = model.lower()
    for mark, name in _MARKS:
        if mark in lowered:
            return FORMATS[name]
    return FORMATS["plain"]


_MARKS = (
    ("reprover", "reprover"), ("byt5", "reprover"), ("leandojo", "reprover"), ("bfs-prover", "bfs"),
    ("deepseek-prover-v2", "deepseek-v2"), ("deepseek-prover", "deepseek"), ("goedel-prover-v2", "deepseek-v2"),
    ("goedel-prover", "goedel"), ("kimina", "kimina"),
)  # fmt: skip


# ------------------------------------------------------------------------------------- asking

FACTS = 10
"""How many premises go into a prompt."""


def _plain(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    del problem
    known = "".join(f"FACT {fact}\n" for fact in facts[:FACTS])
    return f"{known}STATE\n{state}\nTACTIC\n"


def _focused(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # Tactics work on the first goal; the others only make the prompt longer.
    return _plain(problem, state.split("\n\n", 1)[0], facts)


def _reasoning(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    known = "".join(f"- {fact}\n" for fact in facts[:FACTS])
    lemmas = f"\nLemmas that may help:\n{known}" if known else ""
    kind = "Lean 4 proof" if problem.domain == LEAN else problem.domain
    content = (
        f"You are proving in small steps ({kind}). The current state is\n```\n{state}\n```\n{lemmas}"
        "\nThink briefly, then give the next tactic alone in a block:\n```tactic\n…\n```"
    )
    return (Message("user", content),)


def _reprover(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # ReProver (Yang et al. 2023): retrieved premises, then the state, separated by empty lines.
    del problem
    return "\n\n".join([*facts[:FACTS], state])


def _bfs(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # BFS-Prover (Xin et al. 2025): the state and a separator; it answers with the tactic.
    del problem, facts
    return f"{state}:::"


def _code(problem: Problem, state: str) -> str:
    """The theorem as Lean source up to the beginning of its proof; the state as a comment where it is another."""
    imports = "".join(f"import {module}\n" for module in problem.imports if module != "Init")
    header = problem.header.strip() + "\n\n" if problem.header.strip() else ""
    comment = "".join(f"  -- {line}\n" for line in state.splitlines())
    return f"{imports}{header}{problem.statement.rstrip()} := by\n{comment}"


def _deepseek(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # DeepSeek-Prover-V1.5 (Xin et al. 2024): a completion that goes on inside the code block.
    del facts
    return f"Complete the following Lean 4 code:\n\n```lean4\n{_code(problem, state)}"


def _goedel(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # Goedel-Prover (Lin et al. 2025).
    del facts
    head = "Complete the following Lean 4 code with explanatory comments preceding each line of code:"
    return f"{head}\n\n```lean4\n{_code(problem, state)}"


def _deepseek_v2(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # DeepSeek-Prover-V2 (Ren et al. 2025) and Goedel-Prover-V2: a chat with a plan before the code.
    del facts
    content = (
        f"Complete the following Lean 4 code:\n\n```lean4\n{_code(problem, state)}  sorry\n```\n\n"
        "Before producing the Lean 4 code to formally prove the given theorem, provide a detailed proof plan "
        "outlining the main proof steps and strategies.\nThe plan should highlight key ideas, intermediate lemmas, "
        "and proof structures that will guide the construction of the final formal proof."
    )
    return (Message("user", content),)


def _kimina(problem: Problem, state: str, facts: Sequence[str]) -> Prompt:
    # Kimina-Prover (Wang et al. 2025).
    del facts
    notes = problem.metadata.get("informal", "")
    content = (
        "Think about and solve the following problem step by step in Lean 4.\n"
        f"# Problem:\n{notes}\n\n# Formal statement:\n```lean4\n{_code(problem, state)}  sorry\n```\n"
    )
    return (Message("system", "You are an expert in mathematics and proving theorems in Lean 4."),
            Message("user", content))  # fmt: skip


# ------------------------------------------------------------------------------------ reading

_MARK = re.compile(r"</?a>")
_BLOCK = re.compile(r"```(?:lean4?|tactic)?[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.S)
_START = re.compile(r":=\s*by\b[ \t]*\n?")


def read_tactic(text: str) -> list[str]:
    """The answer itself, without ReProver's marks around premises."""
    tactic = _MARK.sub("", text).strip()
    return [tactic] if tactic else []


def read_reasoned(text: str) -> list[str]:
    """The tactic in the last block of the answer; its last line where there is no block."""
    blocks = [block.strip("\n") for block in _BLOCK.findall(text) if block.strip()]
    if blocks:
        return [blocks[-1].strip()]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1:]


def read_script(text: str) -> list[str]:
    """The steps of a whole proof: of the last code block (or of a text that goes on with the code) what follows
    the theorem's ``:= by``.
    """
    blocks = _BLOCK.findall(text)
    code = blocks[-1] if blocks else text.split("```", 1)[0]
    start = _START.search(code)
    if start is not None and re.search(r"\b(theorem|lemma|example)\b", code[: start.start()]):
        code = code[start.end() :]
    return steps_of(code)


def steps_of(script: str) -> list[str]:
    """Cuts a tactic block into its steps: a line at the block's own indentation begins one, deeper lines belong to it.

    Also ``|`` alternatives at that indentation belong to the step before. Comments between steps are left out.
    """
    lines = [line.rstrip() for line in script.splitlines() if line.strip()]
    lines = [line for line in lines if not line.lstrip().startswith("--")]
    if not lines:
        return []
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    # A script that goes on behind `by` on the same line has a first line without indentation.
    if len(lines) > 1 and not lines[0][:1].isspace():
        rest = min(len(line) - len(line.lstrip()) for line in lines[1:])
        lines[0] = " " * rest + lines[0]
        margin = rest
    steps: list[str] = []
    for line in lines:
        inner = line[margin:]
        if steps and (inner[:1].isspace() or inner.startswith(("|", ")", "⟩", "]"))):
            steps[-1] += "\n" + inner
        else:
            steps.append(inner)
    return steps


def replays(steps: Sequence[str], limit: int = 8) -> list[str]:
    """Actions that replay a script: all of it as one, then its beginnings, the longest first.

    A search that cannot use the whole goes on from the longest beginning that works.
    """
    lengths = list(range(len(steps), 0, -1))[:limit]
    if steps and 1 not in lengths:
        lengths[-1] = 1
    return [steps[0] if n == 1 else "(" + _block(steps[:n]) + ")" for n in lengths]


def _block(steps: Sequence[str]) -> str:
    """Steps in one column, as Lean wants the lines of a block; the column is that behind the bracket."""
    return "\n ".join(step.replace("\n", "\n ") for step in steps)


FORMATS = {
    form.name: form
    for form in (
        PromptFormat("plain", _plain, read_tactic),
        PromptFormat("focused", _focused, read_tactic),
        PromptFormat("reasoning", _reasoning, read_reasoned, max_tokens=512),
        PromptFormat("reprover", _reprover, read_tactic, max_tokens=256),
        PromptFormat("bfs", _bfs, read_tactic, max_tokens=128),
        PromptFormat("deepseek", _deepseek, read_script, whole=True, max_tokens=1_024, stop=("```",)),
        PromptFormat("goedel", _goedel, read_script, whole=True, max_tokens=2_048, stop=("```",)),
        PromptFormat("deepseek-v2", _deepseek_v2, read_script, whole=True, max_tokens=8_192),
        PromptFormat("kimina", _kimina, read_script, whole=True, max_tokens=8_192),
    )
}
