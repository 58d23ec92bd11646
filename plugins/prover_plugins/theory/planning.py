"""Proves the lemmas of a plan one after the other, then the goal with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from prover_plugins.automation.reading import Reader, written_name
from prover_plugins.theory.definitions import Header
from prover_plugins.theory.listing import Lemma
from prover_plugins.theory.proving import called, inductions
from prover_plugins.theory.signature import Signature, calls_of, matched, values

Attempt = Callable[[int, str, tuple[int, int]], int | None]
"""The state after a tactic at a state, within heartbeats (thousands) and milliseconds; None where it fails."""

_PLAIN = (3_000, 12_000)
_SPLIT = (8_000, 20_000)

_MOST_FAILURES = 12
"""Attempts in vain after which only the goal is tried."""

_ORDER = ("List.pairwise_append", "List.pairwise_cons")
_EMPTY = ("List.nil_perm", "List.perm_nil")
_CONTENT = ("List.Perm.length_eq", "List.Perm.mem_iff", "List.Perm.count_eq")


class Course:
    """One run through a plan, from the goal's own state."""

    def __init__(
        self, attempt: Attempt, here: int, goal: Reader, made: Signature, header: Header, starts: Sequence[str]
    ) -> None:
        self._attempt = attempt
        self._here = here
        self._goal = goal
        self._made = made
        self._header = header
        self._starts = starts
        self._mutual = frozenset(name for block in goal.mutual for name in block)
        self._settled: set[str] = set()
        self._failures = 0
        self.haves: list[str] = []
        self.finish: str | None = None

    def run(self, lemmas: Sequence[Lemma]) -> bool:
        """Whether the goal follows from those lemmas that can be proved."""
        # where a test for order is in question, permutations alone will not do
        ordering = any(lemma.ordering and "↔" in lemma.claim.statement for lemma in lemmas)
        last = [i for i, lemma in enumerate(lemmas) if "Perm" in lemma.claim.statement and not lemma.proof][-1:]
        for i, lemma in enumerate(lemmas):
            if self._failures < _MOST_FAILURES:
                self._prove(lemma)
            if i in last and not ordering and i + 1 < len(lemmas) and self._conclude(thorough=False):
                return True
        return self._conclude(thorough=True)

    def _prove(self, lemma: Lemma) -> None:
        name, claim = f"lem{len(self.haves) + 1}", lemma.claim.statement
        aside = self._of_no_use(lemma)
        for proof, limits in self._proofs(lemma):
            have = lemma.claim.have(name, proof if proof.startswith(("clear ", "skip")) else aside + proof)
            after = self._attempt(self._here, have, limits)
            self._failures += after is None
            if after is not None:
                self._here = after
                self.haves.append(have)
                call = lemma.claim.terms[0] if lemma.claim.terms else None
                if call is not None and call.symbol is not None and claim.startswith(f"{call.text} = "):
                    self._settled.add(call.symbol.name)
                return

    def _of_no_use(self, lemma: Lemma, deep: bool = True) -> str:
        """Puts aside the lemmas about functions that those in the claim do not call: ``grind`` would use them in vain.
        Unless ``deep``, also those about what is called only by what they call, and those that say nothing of order."""
        functions = self._header.functions
        used = set(called(functions, _words(lemma.claim.statement) & functions.keys(), deep))
        said = [_words(have.partition(" := by")[0]) for have in self.haves]
        kept = [words & functions.keys() <= used and (deep or "Pairwise" in " ".join(words)) for words in said]
        names = [f"lem{i}" for i, keep in enumerate(kept, 1) if not keep]
        return f"clear {' '.join(names)}\n   " if names and used else ""

    def _proofs(self, lemma: Lemma) -> Iterator[tuple[str, tuple[int, int]]]:
        if lemma.proof:
            yield lemma.proof, _PLAIN
            return
        through = lemma.through
        claim = through or lemma.claim
        words = _words(claim.statement)
        used = called(self._header.functions, words & self._header.functions.keys())
        # what is known to be a function of the library need not be unfolded
        listed = [written_name(name) for name in used if name not in self._settled]
        listed += [*lemma.hints, *(_ORDER if lemma.ordering else ())]
        if any("filter" in have for have in self.haves):
            listed.append("List.length_filter_le")
        starts = [lemma.start] if lemma.start else inductions(claim, self._made, self._mutual)
        if through is not None:
            names = " ".join(n for n, _ in through.variables)
            for start in starts:
                inner = f"intro {names}\n     {start} <;> grind [{', '.join(listed)}]"
                yield f"have go : {through.text} := by\n     {inner}\n   apply go", _PLAIN
            return
        if "∈" in claim.statement and any(".Perm" in have for have in self.haves):
            yield f"grind [{', '.join(_CONTENT)}]", (1_000, 5_000)
        for start in starts:
            plain = f"{start} <;> grind [{', '.join(listed)}]", _PLAIN
            split = f"{start} <;> {_splitting(', '.join(listed))}", _SPLIT
            if ".Perm" in claim.statement and "Nat" in claim.text and not lemma.hints:
                # permutations by how often each number occurs: ``grind`` computes better with numbers
                rest = [name for name in listed if name not in start.split()[1:2]]
                if any(".Perm" in have for have in self.haves):
                    rest.append("List.Perm.count_eq")
                simplify = "(try simp_all [List.count_append, List.count_cons])"
                inner = f"intro i\n   {start} <;> {simplify} <;> grind [{', '.join(rest)}]"
                counted = f"(try intro hn)\n   rw [List.perm_iff_count]\n   {inner}", _SPLIT
                yield from (counted, plain) if "List.length_filter_le" in listed else (plain, counted)
            else:
                yield from (split, plain) if lemma.ordering or lemma.hints else (plain, split)
            if start.startswith("fun_induction") and self._goal.splittable and any(map(self._splits_again, used)):
                # so many cases leave no room for lemmas
                aside = " ".join(["clear", *(f"lem{i}" for i in range(1, len(self.haves) + 1))])
                cases = ", ".join([*listed, *_EMPTY, *self._goal.splittable])
                yield f"{aside if self.haves else 'skip'}\n   {start} <;> (try simp_all) <;> grind [{cases}]", _SPLIT
            if start.startswith("fun_induction") and set(used) - words and lemma.ordering:
                # what the function calls is known by its lemmas, and not unfolded
                aside = self._of_no_use(lemma, deep=False)
                yield f"{aside}{start} <;> (try simp_all) <;> grind [{', '.join(_ORDER)}]", _SPLIT

    def _splits_again(self, name: str) -> bool:
        """Whether a function looks at its own value, so that the cases of its induction are not fine enough."""
        definition = self._header.functions[name]
        scrutinees = (part for value in values(definition) for part in matched(value))
        return any(next(calls_of(name, part), None) is not None for part in scrutinees)

    def _conclude(self, thorough: bool) -> bool:
        extra: list[str] = []
        text = "\n".join(self.haves)
        for word, names in (("Pairwise", _ORDER), (".Perm", _CONTENT)):
            extra += names if word in text else ()
        unfolding = self._goal.unfolding(*extra)
        tactics = [(f"grind{unfolding}", _PLAIN)]
        if self.haves and thorough:
            # what recurses is known by the lemmas
            opened = [written_name(name) for name in self._goal.definitions if name not in self._made.functions]
            tactics.append((f"grind [{', '.join(opened)}]", _PLAIN))
        unique = [i for i, have in enumerate(self.haves) if "List.Perm.eq_of_pairwise" in have]
        if unique and thorough and " = " in self._goal.goal.target:
            tactics.append((f"apply lem{unique[0] + 1} <;> grind{unfolding}", _PLAIN))
        for start in self._starts[: 2 if thorough else 1]:
            tactics.append((f"{start} <;> grind{unfolding}", _PLAIN))
            if thorough and unfolding:
                tactics.append((f"{start} <;> {_splitting(unfolding.strip(' []'))}", _SPLIT))
        for tactic, limits in tactics:
            if self._attempt(self._here, f"({tactic}; done)", limits) is not None:
                self.finish = tactic
                return True
        return False


def _words(statement: str) -> set[str]:
    """The names in it."""
    return set(re.findall(r"[\w.']+", statement))


def _splitting(listed: str) -> str:
    """Simplifies, distinguishes the cases of a condition, simplifies again: ``grind`` is left with less."""
    simplify = f"(try simp_all [{listed}])"
    return f"{simplify} <;> (try split) <;> {simplify} <;> grind"
