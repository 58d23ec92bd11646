"""Where things stand in a proof state's text, and which tokens of a model cover them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from prover.errors import BadInput
from prover.model.encodings import Span

Offsets = list[tuple[int, int]]

BLANK = "▁"
"""How SentencePiece writes a blank."""

_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")


def goal_spans(text: str) -> list[Span]:
    """The first goal of a state (LeanDojo's format): as a whole, each line of hypotheses, the target.

    Hypotheses that take several lines are one span; a line ``a b : Nat`` is one, named ``a b``.
    """
    end = text.find("\n\n")
    end = len(text) if end < 0 else end
    spans = [Span("goal", "", 0, end)]
    target = 0 if text.startswith("⊢ ") else text.find("\n⊢ ", 0, end) + 1 or -1
    context_end = end if target < 0 else target
    start, name = 0, ""
    at = 0
    for line in text[:context_end].splitlines(keepends=True):
        if not line[:1].isspace() and line.strip():
            if name:
                spans.append(Span("hypothesis", name, start, at - 1))
            names, colon, _ = line.partition(" : ")
            name = names if colon and not line.startswith("case ") else ""
            start = at
        at += len(line)
    if name:
        spans.append(Span("hypothesis", name, start, len(text[:at].rstrip())))
    if target >= 0:
        spans.append(Span("target", "", target + 2, end))
    return spans


def tokenize(tokenizer: Any, text: str, *, special: bool) -> tuple[list[int], Offsets]:
    """The tokens of a text, and the characters that each of them covers (none: start and end are equal).

    Raises:
        BadInput: the tokenizer has no offsets, and its tokens do not spell the text.
    """
    if getattr(tokenizer, "is_fast", False):
        read = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
        return list(read["input_ids"]), [tuple(pair) for pair in read["offset_mapping"]]
    tokens = list(tokenizer(text, add_special_tokens=special)["input_ids"])
    pieces = [_bytes_of(tokenizer, token) for token in tokens]
    surplus = sum(pieces) - len(text.encode())
    first = next((i for i, piece in enumerate(pieces) if piece), 0)
    if surplus == 1 and str(tokenizer.convert_ids_to_tokens(tokens[first])).startswith(BLANK):
        # SentencePiece begins a text with a blank of its own.
        pieces[first] -= 1
    elif surplus:
        raise BadInput(
            f"the tokens of {type(tokenizer).__name__} do not spell the text they are of, so nobody can say which of "
            "them cover what; use the model's fast tokenizer (tokenizer.json)"
        )
    # Tokenizers without offsets, as ByT5's, are aligned by the bytes that their tokens stand for.
    ends: list[int] = [0]
    for position, character in enumerate(text):
        ends += [position] * (len(character.encode()) - 1) + [position + 1]
    offsets: Offsets = []
    at = 0
    for piece in pieces:
        following = min(at + piece, len(ends) - 1)
        # A token of one byte of a longer character covers that character.
        first = ends[at] if piece else ends[min(at, len(ends) - 1)]
        last = max(ends[following], first + 1) if piece else first
        offsets.append((first, last))
        at = following
    return tokens, offsets


def _bytes_of(tokenizer: Any, token: int) -> int:
    """How many bytes of the text a token stands for; 0 for a special one."""
    if token in tokenizer.all_special_ids:
        return 0
    text = str(tokenizer.convert_ids_to_tokens(token))
    # ByT5 writes each byte as the character of that number, SentencePiece a byte it has no piece for as <0x0A>.
    if (len(text) == 1 and ord(text) < 256) or _BYTE.fullmatch(text):
        return 1
    return len(text.replace(BLANK, " ").encode())


def tokens_within(offsets: Sequence[tuple[int, int]], start: int, end: int) -> range:
    """The tokens that share a character with ``start`` to ``end``; an empty range where none does."""
    inside = [i for i, (first, last) in enumerate(offsets) if first < end and last > start and last > first]
    return range(inside[0], inside[-1] + 1) if inside else range(0)
