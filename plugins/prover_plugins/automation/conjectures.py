"""Small lemmas about the user's recursive functions: conjectured, tested on small values, proved on the spot.

Theory exploration in the small (Claessen, Johansson, Rosén and Smallbone, "Automating inductive proofs using
theory exploration", 2013). Templates are instantiated with the functions at hand. One step takes a handful of the
statements: what fails a test on small values costs little, what can be proved by one induction stays in the context
for whatever comes after. Statements about the functions that are defined first come first, for the others call them:
their lemmas are tried where those of the first are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover_plugins.automation.closing import FULL
from prover_plugins.automation.induction import by_size, two_deep
from prover_plugins.automation.reading import Reader, Suggestion
from prover_plugins.automation.templates import Claim, claims
from prover_plugins.automation.testing import Samples, refutation

_MOST_CLAIMS = 80
_AT_ONCE = 3
"""Statements in one step."""

_NAME = re.compile(r"lem(\d+)_\d+")


def conjectures(goal: Reader) -> Iterator[Suggestion]:
    """``have`` steps for the lemmas that the functions' types suggest; before an induction, not inside one."""
    if goal.in_induction:
        return
    known = [int(m[1]) for f in goal.facts if (m := _NAME.fullmatch(f.name))]
    here = {f.type for f in goal.facts}
    samples = Samples(goal)
    levels: dict[int, list[Claim]] = {}
    for claim in claims(goal)[:_MOST_CLAIMS]:
        if claim.text not in here:
            levels.setdefault(_position(goal, claim), []).append(claim)
    steps = 0
    for level in sorted(levels):
        if known and level < max(known):
            continue
        for start in range(0, len(levels[level]), _AT_ONCE):
            lines = []
            for number, claim in enumerate(levels[level][start : start + _AT_ONCE], start):
                test = refutation(claim, samples)
                have = _have(f"lem{level}_{number}", claim, _proof(goal, claim))
                lines.append(f"try ({test}\n      {have})" if test else f"try ({have})")
            score = 0.3 if level not in known else 0.1
            yield Suggestion("(" + "\n ".join(lines) + ")", score * 0.98**steps, FULL // 3, 20_000)
            steps += 1


def _position(goal: Reader, claim: Claim) -> int:
    """The place in the header of the last of the functions that a claim is about."""
    order = {name: i for i, name in enumerate(goal.defined)}
    return max((order.get(word, 0) for word in re.findall(r"[\w.']+", claim.statement)), default=0)


def _proof(goal: Reader, claim: Claim) -> str:
    """Attempts by induction, the cheapest first."""
    subject = claim.subject
    plain = goal.unfolding(*claim.hints)
    splitting = goal.unfolding("cases List", *goal.splittable, *claim.hints)
    others = [v for v, kind in claim.variables if v != subject and (" " in kind or len(kind) > 3)]
    attempts = [f"induction {subject} <;> grind{plain}"]
    if others and "→" not in "".join(kind for _, kind in claim.variables):
        attempts.append(f"induction {subject} generalizing {' '.join(others)} <;> grind{plain}")
    if claim.call and not goal.is_mutual(claim.call.split(" ", 1)[0]):
        attempts.append(f"fun_induction {claim.call} <;> grind{plain}")
        attempts.append(f"fun_induction {claim.call} <;> simp_all <;> grind{plain}")
    if claim.hints and others:
        attempts.append(f"induction {subject} generalizing {' '.join(others)} <;> simp_all{plain}")
    attempts.append(f"induction {subject} <;> grind{splitting}")
    is_list = dict(claim.variables)[subject].startswith("List ")
    if is_list and any(goal.is_mutual(a.function) for a in goal.goal.applications):
        size = by_size(goal, subject, "List", []).replace("\n", "\n            ")
        attempts.append(f"{size}\n             {two_deep(goal, subject)} <;> grind{plain}")
    tried = "\n         ".join(f"| ({attempt})" for attempt in attempts)
    return f"intro {' '.join(v for v, _ in claim.variables)}\n         first\n         {tried}"


def _have(name: str, claim: Claim, proof: str) -> str:
    return f"have {name} : {claim.text} := by\n         {proof}"
