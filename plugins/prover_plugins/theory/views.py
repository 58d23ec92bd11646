"""Plans for order and content: what functions do to the members of their data, one lemma on the last.

A list is its own view; a tree's is what a function of the header makes of it (``inorder t``, ``flatten t []``). With
what each function does to the view (its members, how often each occurs, whether it stays in order), theorems about
sorting and search trees follow from the library's lemmas on ``Pairwise`` and ``Perm``. Each statement is tested on the
samples before it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from prover_plugins.theory.definitions import Header
from prover_plugins.theory.dividing import divided
from prover_plugins.theory.evaluation import Evaluator
from prover_plugins.theory.kinds import BOOL, NAT, PROP, Type, list_of
from prover_plugins.theory.listing import ORDERED, Lemma, View, in_order, inside, plain, true
from prover_plugins.theory.meanings import distinct, holds, meanings
from prover_plugins.theory.proving import Claim
from prover_plugins.theory.signature import Signature
from prover_plugins.theory.terms import Node, Symbol, written

_LONGEST = 24
"""Lemmas of one plan."""


def plan(made: Signature, header: Header, evaluator: Evaluator, words: str, definitions: str) -> list[Lemma]:
    """The lemmas, in the order in which they are to be proved; none where neither order nor content is asked for.

    ``words`` are the goal's, ``definitions`` the text of the header.
    """
    planner = _Planner(made, header, evaluator)
    ordering = planner.orders(words)
    counting = any(word in words for word in ("Perm", "count")) or planner.counts()
    if not (ordering or counting or (planner.tests() and planner.has_views())):
        return []
    lemmas = [*planner.accumulators(), *planner.meant(), *planner.chosen()]
    if "filter" in words + definitions or any(".filter" in lemma.claim.statement for lemma in lemmas):
        lemmas += planner.filtered()
    if counting or ordering:
        lemmas += [*divided(made, evaluator, words + definitions), *planner.shorter(), *planner.permutations()]
    if ordering or not counting:
        lemmas += [*planner.order(), *planner.members(), *planner.said_of_all(), *planner.kept(), *planner.unique()]
    return lemmas[:_LONGEST]


class _Planner:
    """Makes the statements of one goal's plan, and tests them."""

    def __init__(self, made: Signature, header: Header, evaluator: Evaluator) -> None:
        self._made = made
        self._header = header
        self._evaluator = evaluator
        self._own = [s for s in made.symbols if s.own]
        self._views = list(self._all_views())

    # ------------------------------------------------------------------------------------ reading

    def _all_views(self) -> Iterator[View]:
        for kind in dict.fromkeys(s.result for s in self._made.symbols if s.result.element is not None):
            inner = kind.element or NAT
            yield View(kind, inner.element or inner)
        for kind in dict.fromkeys(s.result for s in self._own if s.result.name == "×"):
            one, other = kind.arguments
            if one == other and one.element is not None:
                yield View(kind, one.element)
        for symbol in self._own:
            data = [i for i, k in enumerate(symbol.arguments) if k.name in self._header.data]
            rest = [k for i, k in enumerate(symbol.arguments) if i not in data]
            if symbol.result.element is not None and len(data) == 1 and all(k.element is not None for k in rest):
                yield View(symbol.arguments[data[0]], symbol.result.element, symbol, data[0])

    def _viewed(self, kind: Type, element: Type) -> list[View]:
        return [v for v in self._views if v.kind == kind and v.element == element]

    def has_views(self) -> bool:
        """Whether some datum other than a list can be listed."""
        return any(v.symbol is not None for v in self._views)

    def tests(self) -> list[Symbol]:
        """Tests of one datum."""
        return [s for s in self._own if s.result in (BOOL, PROP) and len(s.arguments) == 1]

    def orders(self, words: str) -> bool:
        """Whether the goal is about order."""
        return "Pairwise" in words or any(map(self._is_order, self.tests())) or any(map(self._sorts, self._own))

    def _sorts(self, symbol: Symbol) -> bool:
        """Whether a function of one list of numbers puts it in order."""
        found = distinct(symbol.arguments, self._made) or ()
        if (*symbol.arguments, symbol.result) != (list_of(NAT), list_of(NAT)):
            return False
        call = written(symbol, found)
        return self._holds(f"({call.text}).{ORDERED} ∧ ({call.text}).Perm {found[0].text}", found)

    def counts(self) -> bool:
        """Whether a function counts how often a member occurs, or tests for permutations."""
        for symbol in self._own:
            found = distinct(symbol.arguments, self._made)
            if found is None or len(found) != 2:
                continue
            call, (one, other) = written(symbol, found), found
            if symbol.result == NAT:
                ways = [f"{call.text} = {b.text}.count {a.text}" for a, b in ((one, other), (other, one))
                        if b.type == list_of(a.type)]  # fmt: skip
            elif symbol.result in (BOOL, PROP) and one.type == other.type and one.type.element is not None:
                ways = [f"{true(call)} ↔ {one.text}.Perm {other.text}"]
            else:
                continue
            if any(self._holds(way, found) for way in ways):
                return True
        return False

    def _is_order(self, symbol: Symbol) -> bool:
        found = distinct(symbol.arguments, self._made)
        if found is None or symbol.arguments != (list_of(NAT),):
            return False
        return self._holds(f"{true(written(symbol, found))} ↔ {found[0].text}.{ORDERED}", found)

    def _holds(self, statement: str, variables: Sequence[Node]) -> bool:
        return holds(statement, variables, self._evaluator)

    def _claim(self, statement: str, terms: tuple[Node, ...], variables: Sequence[Node]) -> Claim:
        used = [v for v in self._made.variables if v in variables]
        return Claim(tuple((v.text, str(v.type)) for v in used), statement, terms)

    # ----------------------------------------------------------------------------------- the lemmas

    def meant(self) -> Iterator[Lemma]:
        """The functions that are the library's."""
        # a test for permutations is one only by what its deletion is
        for meaning in sorted(meanings(self._made, self._evaluator), key=lambda m: "↔" in m.statement):
            if (
                ").Perm " not in meaning.statement or "↔" in meaning.statement
            ):  # what permutes its argument comes with the other permutations
                variables = [v for v in self._made.variables if v.text in meaning.call.variables]
                yield Lemma(self._claim(meaning.statement, (meaning.call,), variables), hints=meaning.hints)

    def accumulators(self) -> Iterator[Lemma]:
        """``f t (a :: done) = f t [] ++ a :: done``: said of lists that are written out, so that it cannot be used on
        what it makes."""
        for symbol in self._own:
            found = distinct(symbol.arguments, self._made)
            looked = self._made.looks_at(symbol.name)
            for place, kind in enumerate(symbol.arguments if found and symbol.result.element else ()):
                element = self._other(kind.element, found or ()) if kind.element else None
                if found is None or element is None or kind != symbol.result or place in looked:
                    continue
                before, done, after = found[:place], found[place], found[place + 1 :]

                def at(part: Node, before: tuple[Node, ...], after: tuple[Node, ...], symbol: Symbol = symbol) -> Node:
                    return written(symbol, (*before, part, *after))

                empty = at(Node(kind, "[]", 1, (), ()), before, after).text
                general = f"{at(done, before, after).text} = {empty} ++ {done.text}"
                if self._holds(general, found):
                    whole = Node(kind, f"({element.text} :: {done.text})", 3, (), ())
                    statement = f"{at(whole, before, after).text} = {empty} ++ {whole.text}"
                    through = self._claim(general, (at(done, before, after),), found)
                    yield Lemma(self._claim(statement, (), (*found, element)), through=through)

    def shorter(self) -> Iterator[Lemma]:
        """What a function makes of a list of lists is no longer: functions that count down need it."""
        for symbol in self._own:
            found = distinct(symbol.arguments, self._made)
            nested = [v for v in found or () if v.type == symbol.result == list_of(list_of(NAT))]
            if found and nested:
                call = written(symbol, found)
                statement = f"({call.text}).length ≤ {nested[0].text}.length"
                if self._holds(statement, found):
                    yield Lemma(self._claim(statement, (call,), found))

    def permutations(self) -> Iterator[Lemma]:
        """What a function makes of its data lists the same members again, with those that it adds."""
        for symbol, found, view, data in self._producers():
            items = [v for v in found if v.type == view.element]
            whole, rest = view.of(written(symbol, found)), " ++ ".join(inside(d.text) for d in data)
            added = " :: ".join([*(v.text for v in items), rest])
            # a function that counts down to its end does what it should where the count is large enough
            enough = [f"{way} → " for way in self._enough(symbol, found)]
            ways = list(dict.fromkeys((added, rest)))
            for before, after in product(["", *enough], ways):
                statement = f"{before}({whole.text}).Perm ({after})"
                if self._holds(statement, found):
                    yield Lemma(self._claim(statement, (plain(whole),), found))
                    break

    def chosen(self) -> Iterator[Lemma]:
        """What a function chooses from a list is in it, and may be its least or its greatest number."""
        for symbol in self._own:
            found = distinct(symbol.arguments, self._made)
            if found is None or list_of(symbol.result) not in symbol.arguments or len(found) > 2:
                continue
            call = written(symbol, found)
            whole = next(v for v in found if v.type == list_of(symbol.result))
            others = [v for v in found if v is not whole]
            if any(v.type != symbol.result for v in others):
                continue
            listed = f"{others[0].text} :: {whole.text}" if others else whole.text
            before = "" if others else f"{whole.text} ≠ [] → "
            statement = f"{before}{call.text} ∈ {inside(listed)}"
            if not self._holds(statement, found):
                continue
            yield Lemma(self._claim(statement, (call,), found))
            member = self._other(symbol.result, found)
            for relation in ("≤", "≥") if member is not None and symbol.result == NAT else ():
                tested = f"({listed}).all (fun a => {call.text} {relation} a)"
                if member is not None and self._holds(tested, found):
                    bounds = [f"{call.text} {relation} {v.text}" for v in others]
                    bounds.append(f"(∀ {member.text} ∈ {whole.text}, {call.text} {relation} {member.text})")
                    yield Lemma(self._claim(" ∧ ".join(bounds), (call,), found))
                    break

    def filtered(self) -> Iterator[Lemma]:
        """How often a member of a list is left when the list is filtered."""
        for view in self._views:
            if view.element == NAT and view.symbol is None:
                statement = "(xs.filter f).count n = if f n = true then xs.count n else 0"
                variables = ("f", "Nat → Bool"), ("n", "Nat"), ("xs", "List Nat")
                yield Lemma(Claim(variables, statement, ()), start="induction xs")
                return

    def order(self) -> Iterator[Lemma]:
        """A test for order is the library's."""
        for symbol in self.tests():
            if self._is_order(symbol):
                found = distinct(symbol.arguments, self._made) or ()
                call = written(symbol, found)
                yield Lemma(self._claim(f"{true(call)} ↔ {found[0].text}.{ORDERED}", (call,), found), True)

    def members(self) -> Iterator[Lemma]:
        """Where the members of a function's value come from; what a function finds."""
        for symbol, found, view, data in self._producers():
            member = self._other(view.element, found)
            if member is None:
                continue
            whole = view.of(written(symbol, found))
            sources = [f"{member.text} ∈ {inside(d.text)}" for d in data]
            same = [f"{member.text} = {v.text}" for v in found if v.type == view.element]
            tests = [f"{v.text} {member.text} = true" for v in found if v.type == Type("→", (view.element, BOOL))]
            bounds = [v for v in found if v.type == view.element == NAT]
            tests += [f"{member.text} {relation} {v.text}" for v in bounds for relation in ("<", "≤", ">", "≥", "≠")]
            body = " ∨ ".join(sources)
            ways = [" ∨ ".join([*same, *sources]), body, *(f"({body}) ∧ {t}" for t in tests)]
            left = f"{member.text} ∈ {inside(whole.text)}"
            statements = [*(f"({left}) ↔ ({way})" for way in ways), *(f"{left} → {way}" for way in (body, ways[0]))]
            for statement in dict.fromkeys(statements):
                if body and self._holds(statement, [*found, member]):
                    yield Lemma(self._claim(statement, (plain(whole),), [*found, member]))
                    break

    def said_of_all(self) -> Iterator[Lemma]:
        """``bounded n t ↔ ∀ a ∈ inorder t, a ≤ n`` and the like, and tests for a member."""
        for symbol in self._own:
            found = distinct(symbol.arguments, self._made)
            if found is None or symbol.result not in (BOOL, PROP) or len(found) != 2:
                continue
            call = written(symbol, found)
            for (one, datum), view in product((found, found[::-1]), self._views):
                if view.kind != datum.type or view.symbol is symbol:
                    continue
                member = self._other(view.element, found)
                if member is not None:
                    yield from self._all(call, one, view.of(datum), member, [v for v in found if v is not one])

    def _all(self, call: Node, one: Node, listed: Node, member: Node, data: list[Node]) -> Iterator[Lemma]:
        found = [one, *data]
        a, text = member.text, inside(listed.text)
        left = true(call)
        conditions = ["", *(true(written(t, (data[0],))) for t in self.tests() if t.arguments == (data[0].type,))]
        if one.type == member.type:
            ways = [(f"{one.text} ∈ {text}", f"{one.text} ∈ {text}")]
            for relation in ("≤", "<", "≠") if one.type == NAT else ("≠",):
                for x, y in ((a, one.text), (one.text, a)):
                    ways.append((f"{text}.all (fun {a} => {x} {relation} {y})", f"∀ {a} ∈ {text}, {x} {relation} {y}"))
        elif one.type.name == "→" and one.type.arguments == (member.type, BOOL):
            ways = [
                (f"{text}.all {one.text}", f"∀ {a} ∈ {text}, {one.text} {a} = true"),
                (f"{text}.any {one.text}", f"∃ {a} ∈ {text}, {one.text} {a} = true"),
            ]
        else:
            return
        for (tested, meant), condition in product(ways, conditions):
            before = f"{condition} → " if condition else ""
            if self._holds(f"{before}(({left}) ↔ ({tested}))", found):
                statement = f"{before}(({left}) ↔ ({meant}))" if before else f"{left} ↔ ({meant})"
                yield Lemma(self._claim(statement, (call, listed), found), bool(before))
                return

    def kept(self) -> Iterator[Lemma]:
        """What a function makes of data in order is in order, as are search trees and heaps."""
        for symbol, found, view, _ in self._producers():
            if view.element != NAT or view.kind.name == "×":
                continue
            whole = written(symbol, found)
            whole = whole if whole.type.element else view.of(whole)
            lists = [part if part.type.element else v.of(part) for part in found for v in self._viewed(part.type, NAT)]
            end, starts = in_order(whole), [in_order(part) for part in lists]
            enough = [(way, way) for way in self._enough(symbol, found)]
            for chosen in ([], *([e] for e in enough), starts, starts + enough):
                tested, stated = (" → ".join(ways) for ways in zip(*chosen, end, strict=True))
                if self._holds(tested, found):
                    yield Lemma(self._claim(stated, (plain(whole),), found), True)
                    break

    def _enough(self, symbol: Symbol, found: Sequence[Node]) -> list[str]:
        """That the number by which a function counts down is large enough for the first of its lists."""
        counts = [found[i] for i in self._made.looks_at(symbol.name) if found[i].type == NAT]
        lists = [part for part in found if part.type.element is not None]
        return [f"{d.text}.length ≤ {v.text}" for d in lists[:1] for v in counts]

    def unique(self) -> Iterator[Lemma]:
        """Where something is sorted, and no test says so: a list has one order only, what is in order is its own sorted
        list."""
        sorts = [] if any(map(self._is_order, self.tests())) else list(filter(self._sorts, self._own))
        if sorts:
            ordered = f"xs.{ORDERED} → ys.{ORDERED}"
            claim = Claim((("xs", "List Nat"), ("ys", "List Nat")), f"xs.Perm ys → {ordered} → xs = ys", ())
            exact = "exact fun h h₁ h₂ => List.Perm.eq_of_pairwise (fun _ _ _ _ => Nat.le_antisymm) h₁ h₂ h"
            yield Lemma(claim, proof=exact)
        for symbol in sorts:
            found = distinct(symbol.arguments, self._made) or ()
            call, text = written(symbol, found), found[0].text
            yield Lemma(self._claim(f"{text}.{ORDERED} → {call.text} = {text}", (call,), found), proof="grind")

    def _producers(self) -> Iterator[tuple[Symbol, tuple[Node, ...], View, list[Node]]]:
        """The functions that make data which can be listed, and the lists of their arguments."""
        for symbol in self._own:
            found = distinct(symbol.arguments, self._made)
            if found is None:
                continue
            views = [] if any(v.symbol is symbol for v in self._views) else self._views
            for view in [v for v in views if v.kind == symbol.result][:1]:
                data = [v.of(part) for part in found for v in self._viewed(part.type, view.element)[:1]]
                if data:
                    yield symbol, found, view, data

    def _other(self, kind: Type, used: Sequence[Node]) -> Node | None:
        return next((v for v in self._made.variables if v.type == kind and v not in used), None)
