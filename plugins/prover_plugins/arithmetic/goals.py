"""A whole Lean goal as typed terms; refused unless all of it is understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from prover.lean.protocol import GoalView, HypothesisView
from prover_plugins.arithmetic.language import FALSE, Kind, Term, renamed
from prover_plugins.arithmetic.reading import TYPES, NotUnderstood, read_proposition

_INHABITED = re.compile(r"(List|Option|Array) .*|String|Char|Unit")
_NOTATION = re.compile(r"\b(notation|infix[lr]?|prefix|postfix|macro|macro_rules|syntax|app_unexpander|delab)\b")
_MOST_HYPOTHESES = 40


@dataclass(frozen=True, slots=True)
class Question:
    """Do the ``hypotheses`` imply the ``target``, for all values of the ``variables``?

    ``variables`` has them in order; those in ``shown`` are the goal's own or introduced by its ``∀``, the others
    are witnesses of existential hypotheses.
    """

    variables: Mapping[str, Kind]
    hypotheses: tuple[Term, ...]
    target: Term
    shown: tuple[str, ...] = field(default=())


def own_notation(header: str) -> bool:
    """Whether a problem's header changes how Lean prints, so that text cannot be trusted."""
    return _NOTATION.search(header) is not None


def kinds(goal: GoalView) -> dict[str, Kind]:
    """The variables of the goal whose type the module knows."""
    return {h.name: TYPES[h.type] for h in goal.hypotheses if not h.is_prop and _known_type(h)}


def _known_type(h: HypothesisView) -> bool:
    # The last part of the name alone could be another type, in an open namespace.
    return h.type in TYPES and (h.type == "Prop" or h.inductive == TYPES[h.type].value)


def read_goal(goal: GoalView) -> Question:
    """The goal as a question.

    Raises:
        NotUnderstood: anything in the goal is beyond us: a hypothesis, the target, a type that might be empty.
    """
    if len(goal.hypotheses) > _MOST_HYPOTHESES:
        raise NotUnderstood("too many hypotheses")
    names = [h.name for h in goal.hypotheses if not h.is_prop]
    if len(set(names)) != len(names) or "?" in goal.target:
        raise NotUnderstood("a shadowed variable or an open hole")
    known = kinds(goal)
    generic = any(h.is_type and h.type != "Prop" for h in goal.hypotheses)
    types = {h.name for h in goal.hypotheses if h.is_type and h.type.startswith(("Type", "Sort"))}
    hypotheses: list[Term] = []
    for h in goal.hypotheses:
        if h.is_prop:
            hypotheses.append(read_proposition(h.type, known, h.symbols, generic))
        elif h.name not in known and not _surely_inhabited(h.type, types):
            raise NotUnderstood(f"{h.name} : {h.type}")
        elif h.value is not None:
            raise NotUnderstood(f"{h.name} has a value")
    target = read_proposition(goal.target, known, goal.symbols, generic)
    return simplified(Question(known, tuple(hypotheses), target, tuple(known)))


def _surely_inhabited(type_: str, types: set[str]) -> bool:
    """Types that have an element, whatever the type variables stand for (these we may choose)."""
    result = type_.rsplit(" → ", 1)[-1]
    return (
        type_ in types
        or result in (*TYPES, *types)
        or type_.startswith(("Type", "Sort"))
        or (_INHABITED.fullmatch(type_) is not None)
    )


def simplified(question: Question) -> Question:
    """Introduces ``∀`` and ``→`` of the target, takes hypotheses apart at ``∧`` and ``∃``."""
    variables = dict(question.variables)
    shown = list(question.shown)
    target = question.target
    hypotheses = list(question.hypotheses)
    while target.operation in ("∀", "→", "¬"):
        if target.operation == "∀":
            name, target = _opened(target, variables)
            shown.append(name)
        elif target.operation == "→":
            hypotheses.append(target.arguments[0])
            target = target.arguments[1]
        else:
            hypotheses.append(target.arguments[0])
            target = FALSE
    flat: list[Term] = []
    while hypotheses:
        hypothesis = hypotheses.pop(0)
        if hypothesis.operation == "∧":
            hypotheses[:0] = hypothesis.arguments
        elif hypothesis.operation == "∃":
            _, body = _opened(hypothesis, variables)
            hypotheses.insert(0, body)
        else:
            flat.append(hypothesis)
    return Question(variables, tuple(flat), target, tuple(shown))


def _opened(quantified: Term, variables: dict[str, Kind]) -> tuple[str, Term]:
    """The body of a quantifier over a variable that becomes one of ``variables``, with a new name if need be."""
    assert quantified.bound is not None
    (body,) = quantified.arguments
    taken = set(variables) | {part.name for part in body.parts() if part.operation in ("∀", "∃")}
    name = quantified.name
    while name in taken:
        name += "'"
    variables[name] = quantified.bound
    return name, body if name == quantified.name else renamed(body, quantified.name, name)
