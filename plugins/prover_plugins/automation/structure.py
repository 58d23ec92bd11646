"""Introductions, eliminations and case splits, read off the shape of the target and of the facts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover.lean.protocol import HypothesisView
from prover_plugins.automation.reading import Reader, Suggestion

BINDERS = ("forall", "implies", "not", "let", "ne")
"""Shapes of targets that begin with a binder."""

_WITNESSES = 8
_CHAINING = 5_000
"""Heartbeats (thousands) of backward chaining, which is quick where it finds anything."""
_MOST_INSTANCES = 3
_PLAIN_NAME = re.compile(r"[^\W\d][\w']*")
_EXISTENCE = re.compile(r"∀ \(\w+ : ([^()]+)\), ∃ ([^\W\d][\w']*),")
"""A fact that promises something for every value of a type."""


def introduction(goal: Reader) -> Iterator[Suggestion]:
    """``intro`` with readable names; the only structural step for a target that begins with a binder."""
    if goal.goal.shape not in BINDERS:
        return
    bound = goal.goal.bound
    if goal.goal.shape in ("not", "ne"):
        bound = [""]
    names: list[str] = []
    for name in bound:
        base = name if _PLAIN_NAME.fullmatch(name) else "h"
        names.append(goal.fresh(base, names))
    if names:
        yield Suggestion(f"intro {' '.join(names)}", 0.95)


def renaming(goal: Reader) -> Iterator[Suggestion]:
    """Gives names to the hypotheses that have none, so that later steps can write them."""
    hidden = [goal.goal.hypotheses[i] for i in sorted(goal.shadowed)]
    if not hidden:
        return
    names: list[str] = []
    for hypothesis in hidden:
        names.append(goal.fresh(_base_name(hypothesis), names))
    yield Suggestion(f"rename_i {' '.join(names)}", 0.97)


def _base_name(hypothesis: HypothesisView) -> str:
    if hypothesis.is_prop:
        return "ih" if "ih" in hypothesis.name else "h"
    if hypothesis.is_instance:
        return "inst"
    plain = hypothesis.name.rstrip("✝")
    if _PLAIN_NAME.fullmatch(plain) and plain != "a":
        return plain
    return {"Nat": "n", "List": "l", "Int": "i", "Bool": "b"}.get(hypothesis.head, "a")


def conjunction(goal: Reader) -> HypothesisView | None:
    """The first fact that is a conjunction or an existential."""
    return next((fact for fact in goal.facts if fact.head in ("And", "Exists")), None)


def destructuring(goal: Reader) -> Iterator[Suggestion]:
    """Takes that fact apart."""
    fact = conjunction(goal)
    if fact is not None:
        first = goal.fresh("w" if fact.head == "Exists" else fact.name)
        second = goal.fresh(fact.name + "'", [first])
        yield Suggestion(f"obtain ⟨{first}, {second}⟩ := {fact.name}", 0.95)


def elimination(goal: Reader) -> Iterator[Suggestion]:
    """Takes facts apart: disjunctions, equivalences, equations of variables, inductive predicates."""
    for fact in goal.facts:
        if fact.head == "Or":
            yield Suggestion(f"rcases {fact.name} with {fact.name} | {fact.name}", 0.45)
        elif fact.head == "Iff":
            yield Suggestion(f"obtain ⟨{fact.name}, {fact.name}'⟩ := {fact.name}", 0.2)
        elif fact.head == "Eq" and _is_variable_equation(fact, goal):
            yield Suggestion(f"subst {fact.name}", 0.7)
        elif fact.inductive in ("And", "Exists") and fact.head != "Dvd.dvd":
            # by the definition of its head, a conjunction or an existential
            first = goal.fresh("w" if fact.inductive == "Exists" else fact.name)
            second = goal.fresh(fact.name + "'", [first])
            yield Suggestion(f"obtain ⟨{first}, {second}⟩ := {fact.name}", 0.3)
        elif fact.head not in (
            "LE.le",
            "LT.lt",
            "GE.ge",
            "GT.gt",
            "Ne",
            "Not",
            "Dvd.dvd",
            "Eq",
            "",
        ) and (fact.inductive and fact.inductive not in ("Nat.le", "Eq", "Nat.lt")):
            if len(fact.constructors) == 1 and not fact.recursive and len(fact.constructors[0]) > 1:
                yield _fields(goal, fact)
            else:
                yield Suggestion(f"cases {fact.name}", 0.15)


def _fields(goal: Reader, fact: HypothesisView) -> Suggestion:
    """Takes a structure apart, by the names of its fields. An instance is wanted whole more often than in parts."""
    names: list[str] = []
    for field in fact.constructors[0][1:]:
        names.append(goal.fresh(field if _PLAIN_NAME.fullmatch(field) else fact.name, names))
    return Suggestion(f"obtain ⟨{', '.join(names)}⟩ := {fact.name}", 0.15 if fact.is_instance else 0.4)


def _is_variable_equation(fact: HypothesisView, goal: Reader) -> bool:
    left, _, right = fact.type.partition(" = ")
    names = {v.name for v in goal.variables}
    return left in names or right in names


def construction(goal: Reader) -> Iterator[Suggestion]:
    """Builds the target: ``constructor``, ``left``/``right``, witnesses, extensionality."""
    shape = goal.goal.shape
    if shape == "and":
        yield Suggestion("constructor", 0.7)
    elif shape == "iff":
        yield Suggestion("constructor", 0.5)
    elif shape == "or":
        yield Suggestion("left", 0.2)
        yield Suggestion("right", 0.2)
    elif shape == "exists":
        for fact in goal.facts[-_WITNESSES:]:
            yield Suggestion(f"exact ⟨_, {fact.name}⟩", 0.3, 2_000)
        if goal.goal.target.startswith("∃ ") and ", ∀ " in goal.goal.target:
            # a function that is given by what it must equal: unification finds it
            yield Suggestion("exact ⟨_, fun _ => rfl⟩", 0.3, 2_000)
        for witness in _witnesses(goal):
            yield Suggestion(f"refine ⟨{witness}, ?_⟩", 0.25)
    elif shape == "eq":
        if "fun " in goal.goal.target or any(v.type == goal.goal.target for v in goal.variables):
            yield Suggestion(f"funext {goal.fresh('x')}", 0.2)
        yield Suggestion("congr 1", 0.05)
        yield Suggestion("ext", 0.03)
    elif shape == "other" and len(goal.goal.constructors) == 1:
        # a structure that says several things: each is a goal
        yield Suggestion("constructor", 0.5)
    if any(f.head == "Not" for f in goal.facts) and shape != "false":
        yield Suggestion("exfalso", 0.03)


def _witnesses(goal: Reader) -> list[str]:
    found = [v.name for v in goal.variables]
    found += ["0", "1", *goal.goal.literals]
    seen: dict[str, None] = dict.fromkeys(found)
    return list(seen)[:_WITNESSES]


def splitting(goal: Reader) -> Iterator[Suggestion]:
    """Case splits on ``if``, ``match``, decidable conditions and variables."""
    in_target = {a.kind for a in goal.goal.applications if a.where == ""}
    if in_target & {"ite", "matcher"} or "match " in goal.goal.target or "if " in goal.goal.target:
        yield Suggestion("split", 0.45)
    for fact in goal.facts:
        if "if " in fact.type or "match " in fact.type:
            yield Suggestion(f"split at {fact.name}", 0.3)
    conditions = {a.arguments[0]: a.where for a in goal.applications("ite") if a.arguments}
    for condition in list(conditions)[:4]:
        yield Suggestion(f"by_cases {goal.fresh('hc')} : {condition}", 0.08)
    for variable in goal.variables:
        if not variable.constructors or len(variable.constructors) > 8:
            continue
        here = goal.mentions(variable.name)
        score = 0.15 if variable.recursive else 0.3
        if not here:
            score *= 0.4
        if variable.type in ("Nat", "Int", "ℕ", "ℤ"):
            score *= 0.4
        yield Suggestion(f"cases {variable.name} with{alternatives(goal, variable)}", score)
    for application in _scrutinees(goal):
        yield Suggestion(f"cases {goal.fresh('hc')} : {application}", 0.07)


def _scrutinees(goal: Reader) -> list[str]:
    """Applications whose value is a datum one could split on."""
    found = [
        a.text
        for a in goal.goal.applications
        if a.kind in ("recursive", "plain") and a.is_local and a.type and a.where == ""
    ]
    return list(dict.fromkeys(found))[:4]


def alternatives(goal: Reader, variable: HypothesisView, *, hypotheses: bool = False) -> str:
    """The ``| constructor x xs ih => ?_`` lines for a variable, with readable fresh names."""
    lines: list[str] = []
    for constructor, *fields in variable.constructors:
        taken: list[str] = []
        recursive = [f for f in fields if f.startswith("*")]
        for field in fields:
            if field.startswith("*"):
                base = (
                    variable.name
                    if len(recursive) == 1
                    else f"{variable.name}{recursive.index(field) + 1}"
                )
                if len(recursive) == 1 and variable.name not in taken:
                    taken.append(variable.name)
                    continue
            else:
                base = field if _PLAIN_NAME.fullmatch(field) else "a"
                if variable.head == "List" and field == "head":
                    base = "x"
            taken.append(goal.fresh(base, taken))
        if hypotheses:
            for number in range(len(recursive)):
                taken.append(goal.fresh("ih" if len(recursive) == 1 else f"ih{number + 1}", taken))
        lines.append(f"\n  | {' '.join([constructor, *taken])} => ?_")
    return "".join(lines)


def using_facts(goal: Reader) -> Iterator[Suggestion]:
    """Applies a fact whose conclusion may fit the target, and rewrites with equations."""
    for fact in goal.facts:
        is_implication = "→" in fact.type or "∀" in fact.type
        if is_implication:
            yield Suggestion(f"apply {fact.name}", 0.12)
        if existence := _EXISTENCE.match(fact.type):
            # no term of the goal may show that it is needed, so that automation does not find it
            witness = goal.fresh(existence[2])
            known = goal.fresh("hw", [witness])
            for variable in [v for v in goal.variables if v.type == existence[1]][-_MOST_INSTANCES:]:
                yield Suggestion(f"obtain ⟨{witness}, {known}⟩ := {fact.name} {variable.name}", 0.2)
        is_equation = " = " in fact.type or " ↔ " in fact.type
        if is_equation and (is_implication or not _is_variable_equation(fact, goal)):
            yield Suggestion(f"rw [{fact.name}]", 0.15)
            yield Suggestion(f"rw [← {fact.name}]", 0.08)
            yield Suggestion(f"simp [{fact.name}]", 0.06)


def chaining(goal: Reader) -> Iterator[Suggestion]:
    """Backward chaining: over the constructors of the header's predicates, where they conclude the target, and over
    facts. It finds what stands only in premises (``Star.step a b c`` for ``Star r a c``), which ``grind`` does not."""
    if goal.goal.head in goal.predicates:
        clauses = ", ".join(goal.clauses)
        yield Suggestion(f"solve_by_elim [{clauses}]", 0.6, _CHAINING)
        for fact in goal.facts:
            if fact.head in goal.predicates:
                yield Suggestion(f"induction {fact.name} <;> solve_by_elim [{clauses}]", 0.3, _CHAINING)
    elif goal.goal.shape in ("other", "false") and any("→" in fact.type for fact in goal.facts):
        yield Suggestion("solve_by_elim", 0.3, _CHAINING)


def generalizing(goal: Reader) -> Iterator[Suggestion]:
    """Replaces a recursive call that is an argument of another by a variable, in the whole goal."""
    calls = {a.text: a for a in goal.goal.applications if a.kind == "recursive" and any(a.free)}
    arguments = [t for a in goal.goal.applications if a.where == "" for t in a.arguments]
    for text in list(calls)[:6]:
        if text in arguments:
            name = goal.fresh("y")
            # an induction hypothesis about the call says that nothing else matters about it
            known = any(text in f.type for f in goal.facts)
            yield Suggestion(f"generalize {text} = {name} at *", 0.4 if known else 0.1)
            yield Suggestion(f"generalize {goal.fresh('hy')} : {text} = {name} at *", 0.04)
