"""Inferring types and comparing terms: the rules of Lean's type theory.

Definitional equality here is what Lean's kernel implements: beta, let, projections, recursors, quotients,
unfolding, eta for functions and structures, values of a unit-like type, and proofs of one proposition.
"""

from __future__ import annotations

from prover.kernel.reduction import Lookup, Reducer, Rejected
from prover.kernel.terms import Expr, Kind, Level, Terms, spine


class Checker(Reducer):
    """Checks terms. ``check=True`` checks everything; without, a term known to be well typed has its
    type read off."""

    def __init__(self, terms: Terms, lookup: Lookup, seconds: float) -> None:
        super().__init__(terms, lookup, seconds)
        self._checked: dict[Expr, Expr] = {}
        self._inferred: dict[Expr, Expr] = {}
        self._equal: set[tuple[Expr, Expr]] = set()
        self._unequal: set[tuple[Expr, Expr]] = set()

    # ---------------------------------------------------------------------------------- types

    def infer(self, e: Expr, check: bool = False) -> Expr:
        """The type of ``e``, which has no loose bound variables.

        Raises:
            Rejected: it has none (found for sure only with ``check``).
        """
        found = self._checked.get(e) or (None if check else self._inferred.get(e))
        if found is None:
            self.tick()
            found = self._infer(e, check)
            (self._checked if check else self._inferred)[e] = found
        return found

    def _infer(self, e: Expr, check: bool) -> Expr:
        terms = self.terms
        match e.kind:
            case Kind.FREE:
                type_: Expr = e.b
                return type_
            case Kind.SORT:
                return terms.sort(terms.succ(e.a))
            case Kind.NAT:
                return terms.const("Nat")
            case Kind.STRING:
                return terms.const("String")
            case Kind.CONST:
                found = self.declaration(e.a)
                if len(found.params) != len(e.b):
                    raise Rejected(f"{e.a} with a wrong number of universe levels")
                return terms.with_levels(found.type, dict(zip(found.params, e.b, strict=True)))
            case Kind.APP:
                return self._infer_application(e, check)
            case Kind.LAMBDA:
                return self._infer_lambda(e, check)
            case Kind.PI:
                return self._infer_pi(e, check)
            case Kind.LET:
                if check:
                    self.sort_of(e.a, check)
                    if not self.equal(self.infer(e.b, check), e.a):
                        raise Rejected("a let whose value is of another type")
                return self.infer(terms.instance(e.c, [e.b]), check)
            case Kind.PROJ:
                return self._infer_projection(e, check)
        raise Rejected("a loose bound variable")

    def _infer_application(self, e: Expr, check: bool) -> Expr:
        head, arguments = spine(e)
        type_ = self.infer(head, check)
        given: list[Expr] = []
        for argument in arguments:
            if type_.kind is not Kind.PI:
                type_ = self.whnf(self.terms.instance(type_, given))
                given = []
                if type_.kind is not Kind.PI:
                    raise Rejected("something is applied that is no function")
            if check:
                wanted = self.terms.instance(type_.a, given)
                if not self.equal(self.infer(argument, check), wanted):
                    raise Rejected(f"an argument of {_name(head)} is of another type than wanted")
            given.append(argument)
            type_ = type_.b
        return self.terms.instance(type_, given)

    def _infer_lambda(self, e: Expr, check: bool) -> Expr:
        if check:
            self.sort_of(e.a, check)
        variable = self.terms.fresh(e.a)
        body = self.infer(self.terms.instance(e.b, [variable]), check)
        return self.terms.binder(Kind.PI, e.a, self.terms.abstract(body, variable))

    def _infer_pi(self, e: Expr, check: bool) -> Expr:
        domain = self.sort_of(e.a, check)
        variable = self.terms.fresh(e.a)
        codomain = self.sort_of(self.terms.instance(e.b, [variable]), check)
        return self.terms.sort(self.terms.imax(domain, codomain))

    def sort_of(self, type_: Expr, check: bool = False) -> Level:
        """The level of the sort in which a type lives."""
        sort = self.whnf(self.infer(type_, check))
        if sort.kind is not Kind.SORT:
            raise Rejected("something stands for a type that is none")
        level: Level = sort.a
        return level

    def _infer_projection(self, e: Expr, check: bool) -> Expr:
        type_ = self.whnf(self.infer(e.c, check))
        head, arguments = spine(type_)
        structure = self.lookup(e.a)
        if head.kind is not Kind.CONST or head.a != e.a or structure is None or structure.kind != "inductive":
            raise Rejected(f"a projection of {e.a} from another type")
        if len(structure.constructors) != 1 or len(arguments) != structure.num_params + structure.num_indices:
            raise Rejected(f"{e.a} is no structure")
        constructor = self.declaration(structure.constructors[0])
        to_prop = self.whnf(self.infer(type_)) is self.terms.prop
        field = self.infer(self.terms.const(constructor.name, head.b))
        for argument in arguments[: structure.num_params]:
            field = self.whnf(field)
            field = self.terms.instance(field.b, [argument])
        for index in range(e.b + 1):
            field = self.whnf(field)
            if field.kind is not Kind.PI:
                raise Rejected(f"{e.a} has no field {e.b}")
            # From a proof nothing may be read off but other proofs.
            if to_prop and self.sort_of(field.a) is not self.terms.zero and (index == e.b or field.b.loose):
                raise Rejected(f"data is projected out of a proof of {e.a}")
            if index < e.b:
                field = self.terms.instance(field.b, [self.terms.proj(e.a, index, e.c)])
        result: Expr = field.a
        return result

    def is_proof(self, e: Expr) -> Expr | None:
        """The proposition that ``e`` proves, if it is a proof."""
        type_ = self.infer(e)
        return type_ if self.whnf(self.infer(type_)) is self.terms.prop else None

    # ------------------------------------------------------------------------------- equality

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether ``a`` and ``b``, both well typed, are equal by definition."""
        if a is b or (a, b) in self._equal:
            return True
        self.tick()
        found = self._quick(a, b)
        if found is None:
            found = self._compare(a, b)
        if found:
            self._equal |= {(a, b), (b, a)}
        return found

    def _quick(self, a: Expr, b: Expr) -> bool | None:
        """What the outermost shape alone decides."""
        if a is b:
            return True
        if a.kind is not b.kind:
            return None
        match a.kind:
            case Kind.SORT:
                return self.terms.level_eq(a.a, b.a)
            case Kind.LAMBDA | Kind.PI:
                if not self.equal(a.a, b.a):
                    return False
                variable = self.terms.fresh(a.a)
                return self.equal(self.terms.instance(a.b, [variable]), self.terms.instance(b.b, [variable]))
            case Kind.NAT | Kind.STRING:
                return False
        return None

    def _compare(self, a: Expr, b: Expr) -> bool:
        if b is self.true and self.whnf(a) is self.true:  # `decide` gives terms that only compute
            return True
        a, b = self.whnf_core(a), self.whnf_core(b)
        found = self._quick(a, b)
        if found is not None:
            return found
        proposition = self.is_proof(a)
        if proposition is not None:
            other = self.is_proof(b)
            if other is not None and self.equal(proposition, other):
                return True
        a, b, found = self._unfold_in_turn(a, b)
        if found is not None:
            return found
        return (
            self._same_head(a, b)
            or self._eta(a, b)
            or self._eta(b, a)
            or self._structure_eta(a, b)
            or self._structure_eta(b, a)
            or self._unit_like(a, b)
        )

    def _unfold_in_turn(self, a: Expr, b: Expr) -> tuple[Expr, Expr, bool | None]:
        """Unfolds the higher of two definitions, again and again, until the answer is plain or neither
        can be unfolded."""
        while True:
            self.tick()
            found = self._numbers(a, b)
            if found is not None:
                return a, b, found
            for one, other in ((a, b), (b, a)):
                computed = self.compute(one)
                if computed is not None:
                    return a, b, self.equal(computed, other)
            left, right = self.definition(a), self.definition(b)
            if left is None and right is None:
                return a, b, None
            if left is not None and right is not None and left.height == right.height:
                if left is right and a.kind is Kind.APP and self._same_arguments(a, b):
                    return a, b, True
                a, b = self._unfolded_core(a), self._unfolded_core(b)
            elif right is None or (left is not None and left.height > right.height):
                a = self._unfolded_core(a)
            else:
                b = self._unfolded_core(b)
            found = self._quick(a, b)
            if found is not None:
                return a, b, found

    def _unfolded_core(self, e: Expr) -> Expr:
        unfolded = self.unfold(e)
        assert unfolded is not None
        return self.whnf_core(unfolded)

    def _same_arguments(self, a: Expr, b: Expr) -> bool:
        """Whether two applications of one definition have equal arguments (it is not unfolded then)."""
        if (a, b) in self._unequal:
            return False
        if self._same_head(a, b):
            return True
        self._unequal.add((a, b))
        return False

    def _numbers(self, a: Expr, b: Expr) -> bool | None:
        """Numerals and successors, without counting down."""
        m, n = self._predecessor(a), self._predecessor(b)
        if m is not None and n is not None:
            return self.equal(m, n)
        zeros = [(e.kind is Kind.NAT and e.a == 0) or (e.kind is Kind.CONST and e.a == "Nat.zero") for e in (a, b)]
        if all(zeros):
            return True
        if (zeros[0] and n is not None) or (zeros[1] and m is not None):
            return False
        return None

    def _predecessor(self, e: Expr) -> Expr | None:
        if e.kind is Kind.NAT:
            return self.terms.nat(e.a - 1) if e.a > 0 else None
        if e.kind is Kind.APP and e.a.kind is Kind.CONST and e.a.a == "Nat.succ":
            inner: Expr = e.b
            return inner
        return None

    def _same_head(self, a: Expr, b: Expr) -> bool:
        """Equal heads and equal arguments, one by one."""
        head, arguments = spine(a)
        other, others = spine(b)
        if len(arguments) != len(others) or not self._equal_heads(head, other):
            return False
        return all(self.equal(x, y) for x, y in zip(arguments, others, strict=True))

    def _equal_heads(self, a: Expr, b: Expr) -> bool:
        if a is b:
            return True
        if a.kind is not b.kind:
            return False
        match a.kind:
            case Kind.CONST:
                return (
                    a.a == b.a
                    and len(a.b) == len(b.b)
                    and all(self.terms.level_eq(x, y) for x, y in zip(a.b, b.b, strict=True))
                )
            case Kind.PROJ:
                return bool(a.a == b.a and a.b == b.b) and self.equal(a.c, b.c)
            case Kind.APP | Kind.FREE | Kind.BOUND:
                return False
        return self._quick(a, b) or False

    def _eta(self, a: Expr, b: Expr) -> bool:
        """``fun x => f x`` and ``f``."""
        if a.kind is not Kind.LAMBDA or b.kind is Kind.LAMBDA:
            return False
        type_ = self.whnf(self.infer(b))
        if type_.kind is not Kind.PI:
            return False
        return self.equal(a, self.terms.binder(Kind.LAMBDA, type_.a, self.terms.app(b, self.terms.bound(0))))

    def _structure_eta(self, a: Expr, b: Expr) -> bool:
        """``⟨s.1, s.2⟩`` and ``s``, where ``b`` is made by a constructor."""
        head, arguments = spine(b)
        constructor = self.lookup(head.a) if head.kind is Kind.CONST else None
        if constructor is None or constructor.kind != "constructor":
            return False
        if len(arguments) != constructor.num_params + constructor.num_fields:
            return False
        if self.structure(constructor.parent) is None or not self.equal(self.infer(a), self.infer(b)):
            return False
        return all(
            self.equal(self.terms.proj(constructor.parent, index, a), arguments[constructor.num_params + index])
            for index in range(constructor.num_fields)
        )

    def _unit_like(self, a: Expr, b: Expr) -> bool:
        """Two values of a structure without fields."""
        head, _ = spine(self.whnf(self.infer(a)))
        structure = self.structure(head.a) if head.kind is Kind.CONST else None
        if structure is None or self.declaration(structure.constructors[0]).num_fields:
            return False
        return self.equal(self.infer(a), self.infer(b))


def _name(head: Expr) -> str:
    return str(head.a) if head.kind is Kind.CONST else "a function"
