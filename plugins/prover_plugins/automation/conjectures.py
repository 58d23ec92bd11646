"""Small lemmas about the user's recursive functions, proposed from their types and proved on the spot.

Theory exploration in the small (Claessen, Johansson, Rosén and Smallbone, "Automating inductive proofs using
theory exploration", 2013): templates such as homomorphism over append, commuting insertions and the meaning of an
accumulator are instantiated with the functions at hand. What has a counterexample among random values is not
proposed. A template that Lean cannot prove by one induction costs one failed step; one that it can stays in the context
for whatever comes after.
"""

from __future__ import annotations

from collections.abc import Iterator

from prover_plugins.automation.closing import QUICK
from prover_plugins.automation.induction import by_size, two_deep
from prover_plugins.automation.reading import Reader, Suggestion

_MOST = 24


def conjectures(goal: Reader) -> Iterator[Suggestion]:
    """``have`` steps for the lemmas that the functions' types suggest; before an induction, not inside one."""
    if goal.in_induction:
        return
    from prover_plugins.theory.testing import is_refuted

    score = 0.04 if any(f.name.startswith("lem") for f in goal.facts) else 0.18
    functions = _functions(goal)
    claims = dict.fromkeys(claim for f in functions for claim in _claims(f, functions))
    name = goal.fresh("lem")
    mutual = any(goal.is_mutual(a.function) for a in goal.goal.applications)
    plain, splitting = goal.unfolding(), goal.unfolding("cases List", *goal.splittable)
    for variables, statement, subject in list(claims)[:_MOST]:
        if is_refuted(goal.header, variables, statement):
            continue
        binders = " ".join(f"({v} : {t})" for v, t in variables)
        proof = (
            f"intro {' '.join(v for v, _ in variables)}\n"
            f"   first\n"
            f"   | (induction {subject} <;> grind{plain})\n"
            f"   | (induction {subject} <;> grind{splitting})"
        )
        if mutual and dict(variables)[subject].startswith("List "):
            size = by_size(goal, subject, "List", []).replace("\n", "\n      ")
            proof += f"\n   | ({size}\n       {two_deep(goal, subject)} <;> grind{plain})"
        yield Suggestion(
            f"have {name} : ∀ {binders}, {statement} := by\n   {proof}", score, 4 * QUICK
        )


Function = tuple[str, tuple[str, ...], str]
Claim = tuple[tuple[tuple[str, str], ...], str, str]


def _functions(goal: Reader) -> list[Function]:
    """(name, explicit argument types, result type), those applied in the goal first."""
    found: dict[str, Function] = {}
    for a in goal.applications("recursive", "plain", local=True):
        if all(a.argument_types) and a.type and a.arguments:
            found.setdefault(a.function, (a.function, tuple(a.argument_types), a.type))
    for name, *types in goal.goal.signatures:
        if len(types) > 1:
            found.setdefault(name, (name, tuple(types[:-1]), types[-1]))
    return list(found.values())


def _claims(function: Function, functions: list[Function]) -> Iterator[Claim]:
    name, arguments, result = function
    letters = [f"a{i}" for i in range(len(arguments))]
    typed = tuple(zip(letters, arguments, strict=True))
    call = f"{name} {' '.join(letters)}"
    same = [i for i, kind in enumerate(arguments) if kind == result]
    for other, (argument, *rest), value in functions:
        # how a test or a measure of the result relates to that of the argument
        if argument == result and not rest and other != name:
            for i in same:
                if value == "Bool" and len(arguments) > 1:
                    yield (
                        typed,
                        f"{other} {letters[i]} = true → {other} ({call}) = true",
                        letters[i],
                    )
                if value == "Nat":
                    yield typed, f"{other} ({call}) = {other} {letters[i]}", letters[i]
                    yield typed, f"{other} ({call}) = {other} {letters[i]} + 1", letters[i]
    lists = [i for i, t in enumerate(arguments) if t.startswith("List ")]
    if len(arguments) > 1:
        for i in same:
            yield from _accumulator(name, typed, i, result)
            if not lists or lists == [i]:
                yield from _commuting(name, typed, i)
    for i in lists:
        yield from _over_lists(name, typed, i, result)


def _over_lists(
    name: str, typed: tuple[tuple[str, str], ...], i: int, result: str
) -> Iterator[Claim]:
    subject, kind = typed[i]
    both = (*typed[:i], (subject, kind), ("b", kind), *typed[i + 1 :])

    def call(argument: str) -> str:
        return " ".join([name, *(argument if j == i else v for j, (v, _) in enumerate(typed))])

    first, second, whole = call(subject), call("b"), call(f"({subject} ++ b)")
    if result.startswith("List "):
        yield typed, f"({first}).length = {subject}.length", subject
        yield typed, f"({first}).length ≤ {subject}.length", subject
        if len(typed) == 2:
            other, other_kind = typed[1 - i]
            if f"List {other_kind}" in (kind, f"List ({other_kind})"):
                yield typed, f"({first}).length = {subject}.length + 1", subject
                yield (
                    (*typed, ("c", other_kind)),
                    f"c ∈ {first} ↔ c = {other} ∨ c ∈ {subject}",
                    subject,
                )
        if result == kind and len(typed) == 1:
            element = kind.removeprefix("List ")
            yield (*typed, ("c", element)), f"c ∈ {first} ↔ c ∈ {subject}", subject
            yield (*typed, ("c", element)), f"c ∈ {first} → c ∈ {subject}", subject
            yield typed, f"{name} ({first}) = {first}", subject
            yield typed, f"{name} ({first}) = {subject}", subject
        if len(typed) == 1:
            element = kind.removeprefix("List ")
            yield both, f"{whole} = {second} ++ {first}", subject
            if result == kind:
                last = call(f"({subject} ++ [c])")
                yield (*typed, ("c", element)), f"{last} = c :: {first}", subject
        yield both, f"{whole} = {first} ++ {second}", subject
    elif result == "Nat":
        yield both, f"{whole} = {first} + {second}", subject
    elif result == "Bool":
        yield both, f"{whole} = ({first} && {second})", subject


def _accumulator(
    name: str, typed: tuple[tuple[str, str], ...], i: int, result: str
) -> Iterator[Claim]:
    """What a recursive function does with the argument of its result's type."""
    subjects = [v for j, (v, _) in enumerate(typed) if j != i]

    def call(argument: str) -> str:
        return " ".join([name, *(argument if j == i else v for j, (v, _) in enumerate(typed))])

    accumulator = typed[i][0]
    for subject in subjects[:1]:
        if result.startswith("List "):
            yield typed, f"{call(accumulator)} = {call('[]')} ++ {accumulator}", subject
        elif result == "Nat":
            yield typed, f"{call(accumulator)} = {call('0')} + {accumulator}", subject


def _commuting(name: str, typed: tuple[tuple[str, str], ...], i: int) -> Iterator[Claim]:
    """Two applications in either order."""
    if len(typed) != 2:
        return
    (other, other_kind), (subject, kind) = typed[1 - i], typed[i]
    if other_kind == kind:
        return

    def call(a: str, b: str) -> str:
        return f"{name} {a} {b}" if i == 1 else f"{name} {b} {a}"

    inner, swapped = call(other, subject), call("b", subject)
    yield (
        ((other, other_kind), ("b", other_kind), (subject, kind)),
        f"{call('b', f'({inner})')} = {call(other, f'({swapped})')}",
        subject,
    )
