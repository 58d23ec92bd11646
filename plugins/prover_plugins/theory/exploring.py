"""Explores the theory of a goal's functions: conjectures equations, has Lean prove them, keeps what holds."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast

from prover.lean.goals import LeanState
from prover.lean.protocol import TacticCall
from prover_plugins.automation.induction import beginnings
from prover_plugins.automation.reading import Reader, written_name
from prover_plugins.theory.definitions import Header, read_header
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.invariants import invariants
from prover_plugins.theory.joint import Partners, block_of, joined, leading
from prover_plugins.theory.kinds import BOOL, NAT, PROP, Type, type_of_text
from prover_plugins.theory.listing import Lemma
from prover_plugins.theory.meanings import Meaning, meanings, properties
from prover_plugins.theory.planning import Course
from prover_plugins.theory.proving import Claim, along_what_begins, by_length, called, claim_of, inductions
from prover_plugins.theory.rewriting import Rules, is_instance
from prover_plugins.theory.signature import Signature, branches, signature
from prover_plugins.theory.terms import SMALL, Enumeration, Equation, Node, Symbol, rank, written
from prover_plugins.theory.views import plan

_SIZE = 5
"""Symbols in the larger side of an equation."""

_MOST_EQUATIONS = 400
_LIMITS = {
    "simp_all": (2_000, 10_000),
    "grind": (3_000, 15_000),
    "by size": (2_000, 8_000),
    "conditional": (8_000, 20_000),
    "goal": (3_000, 10_000),
}
"""Heartbeats (thousands) and milliseconds for one attempt."""

_MOST_TRIES = 3
"""How often one conjecture is tried, each time with more lemmas; small equations twice as often."""

_MOST_LEMMAS = 14

_OF_PERMUTATIONS = ("List.Perm.length_eq", "List.Perm.mem_iff")
"""Consequences of a permutation that ``grind`` does not draw by itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """``have`` tactics that Lean accepted, one after the other, and a tactic that then proves the goal, if one does."""

    haves: tuple[str, ...]
    finish: str | None = None


Conjecture = Equation | Meaning
Trace = Callable[..., None]


def explore(definitions: str, state: LeanState, trace: Trace | None = None) -> Exploration | None:
    """An exploration of the goal's functions; None where their ``definitions`` are not understood.

    ``trace`` is told every attempt: milliseconds, the outcome, the tactic, Lean's message.
    """
    goal = state.main_goal
    if goal is None or state.server is None:
        return None
    header = read_header(definitions)
    evaluator = Evaluator(header)
    reader = Reader(goal, definitions)
    made = _signature(definitions, header, evaluator, reader)
    if not made.functions:
        return None
    meant = list(meanings(made, evaluator))
    counting = re.search(r"\b(count|Perm|Pairwise|Nodup)\b|∈", reader.text) is not None
    counting = counting or any(".Perm" in m.statement for m in meant)
    enumeration = Enumeration(made.symbols, made.variables, made.reduces, bags=counting)
    equations = sorted(enumeration.equations(_SIZE), key=rank)
    small = sum(rank(e)[0] <= SMALL for e in equations)
    kept = list(invariants(made, header, evaluator, reader.text))
    # what is said of the goal's own tests comes first
    asked = [m for m in kept if any(s in goal.symbols for s in _named(m.statement, header))]
    more = [*(m for m in kept if m not in asked), *properties(made, evaluator)]
    conjectures: list[Conjecture] = [*meant, *asked, *equations[:small], *more, *equations[small:_MOST_EQUATIONS]]
    planned = partial(plan, made, header, evaluator, reader.text, definitions)
    return Exploration(state, reader, made, header, evaluator, conjectures, planned, trace)


def _named(statement: str, header: Header) -> list[str]:
    """The tests of the header that a statement names."""
    words = set(re.findall(r"[\w.']+", statement))
    found = [n for n, d in header.functions.items() if n in words and d.result in (BOOL, PROP)]
    return [*found, *(n for n in header.predicates if n in words)]


def _calls(goal: Reader, made: Signature) -> Iterator[Node]:
    """The applications of the header's functions in the target; what is no variable is a term without a meaning."""
    symbols = {s.name: s for s in made.symbols if s.own}
    for a in goal.applications("recursive", local=True):
        symbol = symbols.get(a.function)
        if symbol is None or a.where or len(a.arguments) != len(symbol.arguments):
            continue
        opaque = Symbol("", (), symbol.result, lambda: None)
        # a function of ``xs ++ ys`` recurses along ``xs``
        leading = [re.match(r"([^\W\d][\w']*) \+\+ ", text) for text in a.arguments]
        if any(leading):
            names = [m[1] if m else name for m, name in zip(leading, a.free, strict=True)]
            if all(names):
                yield written(
                    symbol, tuple(Node(k, n, 1, (), (n,)) for k, n in zip(symbol.arguments, names, strict=True))
                )
        parts = tuple(
            Node(kind, name or text, 1, (), (name,) if name else (), None if name else opaque)
            for kind, name, text in zip(symbol.arguments, a.free, a.arguments, strict=True)
        )
        yield written(symbol, parts)


def _functions(conjecture: Conjecture) -> set[str]:
    """The header's functions in it."""
    terms = (conjecture.left, conjecture.right) if isinstance(conjecture, Equation) else (conjecture.call,)
    return {s.name for t in terms for s in t.symbols() if s.own}


def _is_permutation(conjecture: Conjecture, functions: set[str]) -> bool:
    """Whether it says that one of the functions permutes its arguments."""
    return isinstance(conjecture, Meaning) and ").Perm " in conjecture.statement and _functions(conjecture) <= functions


def _most_tries(conjecture: Conjecture) -> int:
    small = isinstance(conjecture, Equation) and max(conjecture.left.size, conjecture.right.size) <= SMALL
    return 2 * _MOST_TRIES if small else _MOST_TRIES


class Exploration:
    """A goal with the lemmas proved so far in its context, and the conjectures that wait."""

    def __init__(
        self, state: LeanState, goal: Reader, made: Signature, header: Header, evaluator: Evaluator,
        conjectures: list[Conjecture], plan: Callable[[], list[Lemma]] | None = None, trace: Trace | None = None,
    ) -> None:  # fmt: skip
        assert state.server is not None
        self._server = state.server
        self._here = self._root = state.view.id
        self._goal = goal
        self._opened: list[int] = []
        self._made = made
        self._header = header
        self._mutual = frozenset(name for block in goal.mutual for name in block)
        self._blocks = [tuple(n for n in header.functions if n in block) for block in goal.mutual]
        self._partners = Partners(made, evaluator, self._blocks)
        self._trace = trace
        self._plan = plan
        own = [header.functions[n] for n in goal.definitions if n in header.functions]
        self._branching = any(map(branches, own))
        likely = inductions(Claim((), goal.goal.target, tuple(_calls(goal, made))), made, self._mutual)
        others = [t for t, _ in sorted(beginnings(goal), key=lambda t: -t[1])]
        self._starts = list(dict.fromkeys([*likely, *others]))
        self._rules = Rules({name: i for i, name in enumerate(header.functions)})
        self._meanings: set[str] = set()
        self._settled: set[str] = set()
        self._queue: deque[Conjecture] = deque(conjectures)
        self._waiting: list[Conjecture] = []
        self._tries: dict[int, int] = {}
        self._haves: list[str] = []
        self._finish: str | None = None

    def close(self) -> None:
        """Frees Lean's states. May be called twice."""
        opened, self._opened = self._opened, []
        self._server.release(opened)

    def advance(self, attempts: int) -> Found | None:
        """Tries so many conjectures more (dear ones count twice), until the goal itself can be proved; None where that
        brought nothing new."""
        before = len(self._haves)
        lemmas = self._plan() if self._plan is not None else []
        if not self._tries:
            # cases of every list in sight are dear, and may be too many for Lean: where there is a plan it comes first
            self._conclude(thorough=True, splitting=not lemmas)
        self._plan = None
        if lemmas and self._finish is None:
            course = Course(self._attempt, self._root, self._goal, self._made, self._header, self._starts)
            if course.run(lemmas):
                self._haves, self._finish = course.haves, course.finish
                return Found(tuple(self._haves), self._finish)
        self._run(attempts)
        new = len(self._haves) > before
        if self._finish is None and new:
            self._conclude(thorough=True)
        return Found(tuple(self._haves), self._finish) if new or self._finish is not None else None

    def _run(self, attempts: int) -> None:
        """After each success what failed before is tried again where the new lemma may help."""
        while self._queue and attempts > 0 and len(self._haves) < _MOST_LEMMAS and self._finish is None:
            conjecture = self._queue.popleft()
            if self._tries.get(id(conjecture), 0) >= _most_tries(conjecture) or self._is_known(conjecture):
                continue
            attempts -= 2 if self._is_dear(conjecture) else 1
            self._tries[id(conjecture)] = self._tries.get(id(conjecture), 0) + 1
            if self._prove(conjecture):
                self._conclude()
                again = [e for e in self._waiting if not _functions(e).isdisjoint(_functions(conjecture))]
                self._waiting = [e for e in self._waiting if e not in again]
                self._queue.extendleft(reversed(again))
            else:
                self._waiting.append(conjecture)

    def _is_known(self, conjecture: Conjecture) -> bool:
        if _functions(conjecture) <= self._settled:
            return True
        if isinstance(conjecture, Meaning):
            return conjecture.statement in self._meanings
        if any(isinstance(other, Equation) and is_instance(conjecture, other) for other in self._waiting):
            return True
        if conjecture.bags and any(_is_permutation(other, _functions(conjecture)) for other in self._waiting):
            return True  # what follows from a permutation is no easier to prove
        return self._rules.implies(conjecture)

    def _conclude(self, thorough: bool = False, splitting: bool = True) -> None:
        """Tries to prove the goal with the lemmas; ``thorough`` tries more, with ``splitting`` also cases of data."""
        unfolding = self._goal.unfolding()
        if any(".Perm" in have for have in self._haves):
            unfolding = self._goal.unfolding(*_OF_PERMUTATIONS)
        finisher, rest = ("grind", "") if self._branching else ("simp_all", " <;> grind")
        limits = _LIMITS[finisher]
        if thorough:
            first = [f"grind{unfolding}"] if self._haves else []
            tactics = [*first, *(f"{start} <;> {finisher}{unfolding}{rest}" for start in self._starts[:2])]
            if splitting and any(map(self._made.falls_through, self._made.functions)):
                start = f"{self._starts[0]} <;> " if self._starts else ""
                tactics.insert(1, f"{start}grind{self._goal.unfolding(*self._goal.splittable)}")
            limits = _LIMITS["goal"]
        elif self._branching:
            tactics = [f"grind{unfolding}"]
        else:
            tactics = [f"simp_all{unfolding}", *(f"{start} <;> simp_all{unfolding}" for start in self._starts[:1])]
            if " + " in self._goal.goal.target:  # sums in another order
                tactics += [f"{start} <;> (try simp_all{unfolding}) <;> omega" for start in self._starts[:1]]
        for tactic in tactics:
            after = self._try(f"({tactic}; done)", limits)
            if after is not None:
                self._finish = tactic
                return

    def _try(self, tactic: str, limits: tuple[int, int]) -> int | None:
        """The state that a tactic leads to, None where it fails."""
        return self._attempt(self._here, tactic, limits)

    def _attempt(self, state: int, tactic: str, limits: tuple[int, int]) -> int | None:
        (result,) = self._server.step(state, [TacticCall(tactic, *limits)])
        if self._trace is not None:
            self._trace(result.us // 1000, result.status, tactic, result.message)
        if result.state is None:
            return None
        self._opened.append(result.state.id)
        return result.state.id

    def _note(self, conjecture: Conjecture) -> None:
        """Remembers what was proved; a function that is one of the library's needs no lemmas of its own."""
        if isinstance(conjecture, Meaning):
            self._meanings.add(conjecture.statement)
            said = conjecture.statement.removeprefix(f"{conjecture.call.text} = ")
            # ``all p (insert x t) = (p x && all p t)`` is no reason to ask nothing more of the two functions
            if said != conjecture.statement and not _functions(conjecture) & set(re.findall(r"[\w.']+", said)):
                self._settled |= _functions(conjecture)
            return
        self._rules.add(conjecture)
        left, right = conjecture.left, conjecture.right
        own = left.symbol is not None and left.symbol.own
        if own and left.is_plain and all(s.infix and not s.own for s in right.symbols()) and right.size == 3:
            self._settled |= _functions(conjecture)

    def _is_dear(self, conjecture: Conjecture) -> bool:
        """Whether a function in it branches, so that ``simp_all`` will not do."""
        names = called(self._header.functions, _functions(conjecture))
        return any(branches(self._header.functions[name]) for name in names)

    def _prove(self, conjecture: Conjecture) -> bool:
        if isinstance(conjecture, Equation):
            conjecture = self._rules.oriented(conjecture)
            claim, hints = claim_of(conjecture, self._made), cast(tuple[str, ...], ())
        else:
            claim, hints = claim_of(conjecture, self._made), conjecture.hints
        words = set(re.findall(r"[\w.']+", claim.statement))
        unfold = called(self._header.functions, words & self._header.functions.keys())
        predicates = [n for n in self._header.predicates if n in words]
        branching = self._is_dear(conjecture) or bool(predicates)
        listed = ", ".join([*map(written_name, unfold), *predicates, *hints])
        bags = isinstance(conjecture, Equation) and conjecture.bags
        finisher, rest = ("simp_all", " <;> grind") if hints or not (branching or bags) else ("grind", "")
        known = [name for name in unfold if name in self._made.functions]
        hard = any(self._made.skips(name) or self._made.changes(name) for name in known)
        if isinstance(conjecture, Equation) and conjecture.left.type != NAT and not hard:
            rest = ""
        splits = ", ".join(self._goal.splittable) if any(map(self._made.functional, known)) else ""
        partial = any(map(self._made.falls_through, known))
        starts = inductions(claim, self._made, self._mutual)
        if isinstance(conjecture, Equation) and conjecture.continued:
            starts, finisher, rest, splits = along_what_begins(claim, starts), "simp_all", " <;> grind", ""
        if any(map(self._made.skips, known)):
            starts = starts[:1]  # only the function's own induction fits, and each attempt is dear
        # what Lean writes for the recursion on a filtered list is not always of use to its induction
        filtered = starts and any(self._made.filters(name) for name in known)
        by_size = by_length(claim, starts[0]) if filtered else []
        if self._jointly(conjecture, claim, listed):
            return True
        for start in [*starts, *by_size]:
            proof, limits = f"{start} <;> {finisher} [{listed}]{rest}", _LIMITS[finisher]
            if start in by_size:
                proof, limits = f"{start} <;> grind [{listed}, List.length_filter_le]", _LIMITS["by size"]
            elif predicates:
                proof = f"intros\n   {start} <;> grind [{listed}, {', '.join(f'cases {p}' for p in predicates)}]"
                limits = _LIMITS["conditional"]
            elif splits and (partial or start.startswith("induction") or "→" in claim.statement):
                # the cases of the function are finer than those of the induction
                proof = f"{start} <;> grind [{listed}, {splits}]"
                limits = _LIMITS["conditional" if "→" in claim.statement else "grind"]
            if self._keep(claim.have(f"lem{len(self._haves) + 1}", proof), limits):
                self._note(conjecture)
                return True
        return False

    def _keep(self, tactic: str, limits: tuple[int, int]) -> bool:
        """Whether Lean accepts the lemma, which then stays."""
        after = self._try(tactic, limits)
        if after is not None:
            self._here = after
            self._haves.append(tactic)
        return after is not None

    def _said_of(self, function: str) -> Meaning | None:
        """All that is conjectured about one function in a form of its own, as one statement."""
        found = [c for c in self._queue if isinstance(c, Meaning) and _functions(c) == {function}]
        found = [c for c in found if c.call.text == found[0].call.text]
        if not found:
            return None
        return Meaning(found[0].call, " ∧ ".join(f"({c.statement})" for c in found), ())

    def _jointly(self, conjecture: Conjecture, claim: Claim, listed: str) -> bool:
        """Proves a conjecture about a function that has partners together with one about each of them."""
        found = block_of(claim.terms, self._blocks)
        if found is None:
            return False
        block, call = found
        assert call.symbol is not None
        name = call.symbol.name
        together: list[Conjecture] = []
        claims: list[Claim] = []
        for other in block:
            this: Conjecture | None = conjecture
            if other != name:
                this = self._partners.partner(conjecture, name, other) if isinstance(conjecture, Equation) else None
                this = this or self._said_of(other)
            if this is None:
                return False
            made = claim_of(this, self._made)
            calls = block_of(made.terms, [block])
            if calls is None:
                return False
            together.append(this)
            claims.append(leading(made, calls[1]))
        statement, start = joined(claims, block)
        unfold = called(self._header.functions, set(re.findall(r"[\w.']+", statement)) & self._header.functions.keys())
        listed = ", ".join(dict.fromkeys([*listed.split(", "), *map(written_name, unfold)]))
        proof = f"{start} <;> first | (simp_all [{listed}]; done) | grind [{listed}]"
        if not self._keep(f"have lem{len(self._haves) + 1} : {statement} := by\n   {proof}", _LIMITS["conditional"]):
            return False
        for each in together:
            self._note(each)
        return True


def _signature(definitions: str, header: Header, evaluator: Evaluator, reader: Reader) -> Signature:
    goal = reader.goal
    variables = [h.name for h in goal.hypotheses if h.is_type and h.accessible and h.type.startswith(("Type", "Sort"))]
    types: list[Type] = []
    for h in goal.hypotheses:
        if not (h.is_prop or h.is_type or h.is_instance):
            type_ = type_of_text(h.type)
            if type_ is not None:
                types.append(type_)
    words = "\n".join([goal.target, *(h.type for h in goal.hypotheses if h.is_prop), definitions])
    taken = {h.name for h in goal.hypotheses}
    partners = [name for block in reader.mutual for name in block]
    return signature(header, evaluator, reader.definitions, types, variables, words, taken, partners)
