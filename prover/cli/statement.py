"""A light look at Lean text before Lean sees it: enough to say what is wrong in one clear line.

Only shapes that people often type by mistake are recognised (a definition, a second declaration,
a proof that is already there). Everything else goes to Lean, whose parser is the only judge of
what Lean is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from prover.errors import BadInput

_DECLARATION = re.compile(
    r"(?<![\w.'«])(theorem|lemma|def|abbrev|axiom|example|instance|structure|inductive|class|opaque)"
    r"(?![\w'»])"
)
_THEOREM_NAME = re.compile(r"(?<![\w.'«])(?:theorem|lemma)\s+(«[^»]+»(?:\.[^\s:({\[]+)?|[^\s:({\[⦃]+)")
_TRAILING_SORRY = re.compile(r":=\s*(?:by\s+)?sorry\s*$")
_TRAILING_ASSIGN = re.compile(r":=\s*(?:by)?\s*$")
_LOCAL_ASSIGN = re.compile(r"(?<![\w.'])(?:let|have|letI|haveI|let_fun)(?![\w'])")
_HEADER = re.compile(r"^\s*(?:(?:public\s+)?(?:meta\s+)?import\s.*|module|prelude)\s*$", re.M)
_OPEN, _CLOSE = "([{⟨⦃", ")]}⟩⦄"


@dataclass(frozen=True, slots=True)
class Statement:
    """A theorem without its proof, and its name."""

    text: str
    name: str


def blank(text: str) -> str:
    """``text`` with comments and string literals replaced by spaces; length and newlines are
    kept.
    """
    out: list[str] = []
    i, n = 0, len(text)
    while i < n:
        end = _skip(text, i)
        if end > i:
            out.append("".join("\n" if c == "\n" else " " for c in text[i:end]))
            i = end
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def _skip(text: str, i: int) -> int:
    """The end of the comment or string literal that starts at ``i``; ``i`` itself where none
    does.
    """
    if text.startswith("--", i):
        end = text.find("\n", i)
        return len(text) if end < 0 else end
    if text.startswith("/-", i):
        depth, j = 1, i + 2
        while j < len(text) and depth:
            if text.startswith("/-", j):
                depth, j = depth + 1, j + 2
            elif text.startswith("-/", j):
                depth, j = depth - 1, j + 2
            else:
                j += 1
        return j
    if text.startswith("'\"'", i):  # the character literal, which opens no string
        return i + 3
    if text[i] == '"':
        j = i + 1
        while j < len(text) and text[j] != '"':
            j += 2 if text[j] == "\\" else 1
        return min(j + 1, len(text))
    return i


def require_commands(text: str, shown: str) -> None:
    """Refuses a file that holds nothing but comments and its header.

    Raises:
        BadInput: it is one; Lean would only say that its end is unexpected.
    """
    if not _HEADER.sub("", blank(text)).strip():
        raise BadInput(f"there is no theorem in {shown}: it holds nothing but comments and imports")


def declarations(text: str) -> list[str]:
    """The declaration keywords of ``text`` in order, outside comments and strings."""
    return [match.group(1) for match in _DECLARATION.finditer(blank(text))]


def is_bare_theorem(text: str) -> bool:
    """Whether ``text`` is one theorem and nothing else that declares anything (so: not a file)."""
    found = declarations(text)
    return len(found) == 1 and found[0] in ("theorem", "lemma", "example") and "import " not in blank(text)


def read_statement(text: str) -> Statement:
    """The theorem that the user typed, its trailing ``:= sorry`` or ``:= by`` taken off.

    Raises:
        BadInput: with one line that says what else was typed and what to do.
    """
    shown = blank(text)
    if not shown.strip():
        raise BadInput("the theorem is empty: type something like 'theorem t (a b : Nat) : a + b = b + a'")
    found = declarations(text)
    if not found:
        raise BadInput(f"this is not a theorem: {_short(text)}; write 'theorem NAME (variables) : proposition'")
    first = found[0]
    if first == "example":
        raise BadInput("give the example a name: write 'theorem NAME ...' instead of 'example ...'")
    if first not in ("theorem", "lemma"):
        raise BadInput(
            f"this begins with '{first}', which is not a theorem; put definitions into --header "
            "(or into a file: prove FILE.lean)"
        )
    if len(found) > 1:
        raise BadInput(
            f"there are {len(found)} declarations here ({', '.join(found)}); "
            "give one theorem, and the rest as --header (or a file with sorries: prove FILE.lean)"
        )
    stripped = _cut(text, shown, _TRAILING_SORRY) or _cut(text, shown, _TRAILING_ASSIGN)
    if stripped is not None:
        text, shown = stripped, shown[: len(stripped)]
    elif _has_proof(shown):
        raise BadInput(
            "this theorem already has a proof: remove everything from ':=' on to prove it anew, "
            "or check the proof with 'prove check FILE'"
        )
    # In core Lean `lemma` does not exist; the two words mean the same where it does.
    if first == "lemma":
        at = _DECLARATION.search(shown)
        assert at is not None
        text = text[: at.start()] + "theorem" + text[at.end() :]
        shown = blank(text)
    name = _THEOREM_NAME.search(shown)
    if name is None:
        raise BadInput("the theorem has no name: write 'theorem NAME (variables) : proposition'")
    return Statement(text.rstrip(), name.group(1))


def _cut(text: str, shown: str, pattern: re.Pattern[str]) -> str | None:
    match = pattern.search(shown)
    return text[: match.start()].rstrip() if match else None


def _has_proof(shown: str) -> bool:
    """Whether ``:=`` stands outside all brackets and is not that of a ``let`` or ``have``."""
    depth = 0
    for i, char in enumerate(shown):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif depth == 0 and shown.startswith(":=", i):
            return _LOCAL_ASSIGN.search(shown, 0, i) is None
    return False


def _short(text: str, limit: int = 60) -> str:
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= limit else f"'{line[: limit - 1]}…'"
