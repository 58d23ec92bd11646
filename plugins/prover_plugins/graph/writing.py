"""Writes terms as Lean text, as far as that is sure to mean the same: variables, numerals, their applications and
the usual operators. What has implicit arguments is not written."""

from __future__ import annotations

from prover_plugins.graph.clauses import Tokens, parts

_OPERATORS = {
    "HAdd.hAdd/3": "+", "HSub.hSub/3": "-", "HMul.hMul/3": "*", "HDiv.hDiv/3": "/", "HMod.hMod/3": "%",
    "HPow.hPow/3": "^", "HAppend.hAppend/3": "++",
    "Eq/3": "=", "LE.le/3": "≤", "LT.lt/3": "<", "Dvd.dvd/3": "∣", "HasSubset.Subset/3": "⊆",
}  # fmt: skip


def written(tokens: Tokens) -> str | None:
    """The term as text, in brackets where it is not one word; None where it cannot be written."""
    head = tokens[0]
    if len(tokens) == 1:
        if head.startswith("'"):
            return head[1:] if "✝" not in head else None
        return head if head[0].isalnum() and "/" not in head else None
    if head in _OPERATORS:
        left, right = map(written, parts(tokens)[1:])
        return None if left is None or right is None else f"({left} {_OPERATORS[head]} {right})"
    words = [written(part) for part in parts(tokens)]
    if None in words or not (head.startswith("@/") or head.endswith(("/1", "/2"))):
        return None
    function = [] if head.startswith("@/") else [head.rpartition("/")[0]]
    return f"({' '.join([*function, *(word for word in words if word)])})"
