"""Computing with terms: weak head normal form by beta, let, projections, recursors, quotients, definitions
and arithmetic on numerals. Structures are compared up to eta by the checker.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from prover.kernel.declarations import Declaration, Rule
from prover.kernel.terms import Expr, Kind, Terms, spine


class Rejected(Exception):
    """The term is not well typed; says where."""


class GaveUp(Exception):
    """No verdict; says over what."""


Lookup = Callable[[str], Declaration | None]

_BINARY: dict[str, Callable[[int, int], int]] = {
    "Nat.add": lambda a, b: a + b,
    "Nat.sub": lambda a, b: max(a - b, 0),
    "Nat.mul": lambda a, b: a * b,
    "Nat.div": lambda a, b: a // b if b else 0,
    "Nat.mod": lambda a, b: a % b if b else a,
    "Nat.gcd": math.gcd,
    "Nat.land": lambda a, b: a & b,
    "Nat.lor": lambda a, b: a | b,
    "Nat.xor": lambda a, b: a ^ b,
    "Nat.shiftRight": lambda a, b: a >> b,
}
_TESTS: dict[str, Callable[[int, int], bool]] = {
    "Nat.beq": lambda a, b: a == b,
    "Nat.ble": lambda a, b: a <= b,
}
_POWERS: dict[str, Callable[[int, int], int]] = {
    "Nat.pow": lambda a, b: a**b,
    "Nat.shiftLeft": lambda a, b: a << b,
}
_EXPONENT_LIMIT = 1 << 16
_TICKS = 256


class Reducer:
    """Weak head normal forms. ``seconds`` limits its whole life.

    Raises (every method): GaveUp when the time is over.
    """

    def __init__(self, terms: Terms, lookup: Lookup, seconds: float) -> None:
        self.terms = terms
        self.lookup = lookup
        self.zero = terms.nat(0)
        self.true = terms.const("Bool.true")
        self.false = terms.const("Bool.false")
        self._ends = time.monotonic() + seconds
        self._ticks = 0
        self._whnf: dict[Expr, Expr] = {}
        self._core: dict[Expr, Expr] = {}
        self._unfolded: dict[Expr, Expr | None] = {}

    def tick(self) -> None:
        """Looks at the clock now and then."""
        self._ticks += 1
        if self._ticks % _TICKS == 0 and time.monotonic() > self._ends:
            raise GaveUp("the time limit")

    def declaration(self, name: str) -> Declaration:
        """A constant that must exist."""
        found = self.lookup(name)
        if found is None:
            raise Rejected(f"unknown constant {name}")
        return found

    # What needs types comes from the checker.
    def infer(self, e: Expr, check: bool = False) -> Expr:
        """The type of ``e``."""
        raise NotImplementedError

    def equal(self, a: Expr, b: Expr) -> bool:
        """Whether ``a`` and ``b`` are equal by definition."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------ normal forms

    def whnf(self, e: Expr) -> Expr:
        """The weak head normal form."""
        found = self._whnf.get(e)
        if found is not None:
            return found
        start = e
        while True:
            self.tick()
            e = self.whnf_core(e)
            computed = self.compute(e)
            if computed is not None:
                e = computed
                break
            unfolded = self.unfold(e)
            if unfolded is None:
                break
            e = unfolded
        self._whnf[start] = e
        return e

    def whnf_core(self, e: Expr) -> Expr:
        """The same without unfolding definitions at the head and without arithmetic."""
        if e.kind not in (Kind.APP, Kind.LET, Kind.PROJ):
            return e
        found = self._core.get(e)
        if found is not None:
            return found
        start = e
        while True:
            self.tick()
            if e.kind is Kind.LET:
                e = self.terms.instance(e.c, [e.b])
                continue
            if e.kind is Kind.PROJ:
                field = self._project(e)
                if field is None:
                    break
                e = field
                continue
            if e.kind is not Kind.APP:
                break
            head, arguments = spine(e)
            reduced = self.whnf_core(head) if head.kind in (Kind.LET, Kind.PROJ) else head
            if reduced.kind is Kind.LAMBDA:
                e = self.beta(reduced, arguments)
            elif reduced is not head:
                e = self.terms.apps(reduced, arguments)
            else:
                next_ = self._recursor(head, arguments) or self._quotient(head, arguments)
                if next_ is None:
                    break
                e = next_
        self._core[start] = e
        return e

    def beta(self, function: Expr, arguments: Sequence[Expr]) -> Expr:
        """A function applied, its lambdas taken off as far as there are arguments."""
        count = 0
        while function.kind is Kind.LAMBDA and count < len(arguments):
            function = function.b
            count += 1
        return self.terms.apps(self.terms.instance(function, arguments[:count]), arguments[count:])

    def definition(self, e: Expr) -> Declaration | None:
        """The definition (or theorem) at the head of ``e``, if that can be unfolded."""
        head, _ = spine(e)
        if head.kind is not Kind.CONST:
            return None
        found = self.lookup(head.a)
        if found is None or found.value is None or found.kind not in ("definition", "theorem"):
            return None
        return found if len(found.params) == len(head.b) else None

    def unfold(self, e: Expr) -> Expr | None:
        """``e`` with the definition at its head replaced by its value."""
        if e not in self._unfolded:
            found = self.definition(e)
            result = None
            if found is not None and found.value is not None:
                head, arguments = spine(e)
                value = self.terms.with_levels(found.value, dict(zip(found.params, head.b, strict=True)))
                result = self.beta(value, arguments)
            self._unfolded[e] = result
        return self._unfolded[e]

    # ------------------------------------------------------------------------ rules of computation

    def _project(self, e: Expr) -> Expr | None:
        value = self.whnf(e.c)
        if value.kind is Kind.STRING:
            raise GaveUp("a string literal taken apart")
        head, arguments = spine(value)
        if head.kind is not Kind.CONST:
            return None
        constructor = self.lookup(head.a)
        if constructor is None or constructor.kind != "constructor":
            return None
        position = constructor.num_params + int(e.b)
        return arguments[position] if position < len(arguments) else None

    def _recursor(self, head: Expr, arguments: list[Expr]) -> Expr | None:
        if head.kind is not Kind.CONST:
            return None
        recursor = self.lookup(head.a)
        if recursor is None or recursor.kind != "recursor" or len(arguments) <= recursor.major:
            return None
        major = arguments[recursor.major]
        if recursor.k:
            major = self._k_constructor(recursor, major) or major
        major = self.constructor_form(self.whnf(major))
        if major.kind is Kind.STRING:
            raise GaveUp("a string literal taken apart")
        constructor, fields = spine(major)
        rule = self._rule(recursor, constructor)
        if rule is None:
            major = self._eta_constructor(recursor, major) or major
            constructor, fields = spine(major)
            rule = self._rule(recursor, constructor)
        if rule is None or len(fields) < rule.fields:
            return None
        first = recursor.num_params + recursor.num_motives + recursor.num_minors
        value = self.terms.with_levels(rule.value, dict(zip(recursor.params, head.b, strict=True)))
        inner = fields[len(fields) - rule.fields :]
        return self.beta(value, [*arguments[:first], *inner, *arguments[recursor.major + 1 :]])

    @staticmethod
    def _rule(recursor: Declaration, constructor: Expr) -> Rule | None:
        if constructor.kind is not Kind.CONST:
            return None
        return next((r for r in recursor.rules if r.constructor == constructor.a), None)

    def _type_family(self, recursor: Declaration) -> str:
        """The inductive type that a recursor takes apart."""
        type_ = recursor.type
        for _ in range(recursor.major):
            type_ = type_.b
        head, _ = spine(type_.a)
        return str(head.a)

    def _k_constructor(self, recursor: Declaration, major: Expr) -> Expr | None:
        """For a type of propositions with one proof without fields (``Eq``): that proof, if it fits."""
        type_ = self.whnf(self.infer(major))
        head, arguments = spine(type_)
        family = self._type_family(recursor)
        if head.kind is not Kind.CONST or head.a != family:
            return None
        declaration = self.declaration(family)
        constructor = self.terms.const(declaration.constructors[0], head.b)
        made = self.terms.apps(constructor, arguments[: declaration.num_params])
        return made if self.equal(type_, self.infer(made)) else None

    def structure(self, name: str) -> Declaration | None:
        """An inductive type with one constructor, without indices and not recursive."""
        found = self.lookup(name)
        if found is None or found.kind != "inductive" or found.recursive or found.num_indices:
            return None
        return found if len(found.constructors) == 1 else None

    def _eta_constructor(self, recursor: Declaration, major: Expr) -> Expr | None:
        """A value of a structure as its constructor applied to its projections."""
        family = self._type_family(recursor)
        declaration = self.structure(family)
        if declaration is None:
            return None
        type_ = self.whnf(self.infer(major))
        head, arguments = spine(type_)
        if head.kind is not Kind.CONST or head.a != family:
            return None
        if self.whnf(self.infer(type_)) is self.terms.prop:
            return None
        constructor = self.declaration(declaration.constructors[0])
        made = self.terms.const(constructor.name, head.b)
        fields = [self.terms.proj(family, index, major) for index in range(constructor.num_fields)]
        return self.terms.apps(made, [*arguments[: declaration.num_params], *fields])

    def _quotient(self, head: Expr, arguments: list[Expr]) -> Expr | None:
        if head.kind is not Kind.CONST or head.a not in ("Quot.lift", "Quot.ind"):
            return None
        major, function = (5, 3) if head.a == "Quot.lift" else (4, 3)
        if len(arguments) <= major:
            return None
        made, inner = spine(self.whnf(arguments[major]))
        if made.kind is not Kind.CONST or made.a != "Quot.mk" or len(inner) != 3:
            return None
        return self.terms.apps(arguments[function], [inner[2], *arguments[major + 1 :]])

    # ------------------------------------------------------------------------------- numerals

    def constructor_form(self, e: Expr) -> Expr:
        """A numeral as ``zero`` or ``succ`` of one."""
        if e.kind is not Kind.NAT:
            return e
        if e.a == 0:
            return self.terms.const("Nat.zero")
        return self.terms.app(self.terms.const("Nat.succ"), self.terms.nat(e.a - 1))

    def numeral(self, e: Expr) -> int | None:
        """The value of ``e`` if it computes to a numeral."""
        e = self.whnf(e)
        if e.kind is Kind.NAT:
            return int(e.a)
        if e.kind is Kind.CONST and e.a == "Nat.zero":
            return 0
        return None

    def compute(self, e: Expr) -> Expr | None:
        """Arithmetic on closed numbers, as Lean's kernel does it without unfolding."""
        head, arguments = spine(e)
        if head.kind is not Kind.CONST or not 1 <= len(arguments) <= 2:
            return None
        name = head.a
        if len(arguments) == 1:
            if name not in ("Nat.succ", "Nat.log2") or _open(arguments[0]):
                return None
            value = self.numeral(arguments[0])
            if value is None:
                return None
            return self.terms.nat(value + 1 if name == "Nat.succ" else max(value.bit_length() - 1, 0))
        if name not in _BINARY and name not in _TESTS and name not in _POWERS:
            return None
        if _open(arguments[0]) or _open(arguments[1]):
            return None
        a = self.numeral(arguments[0])
        b = self.numeral(arguments[1]) if a is not None else None
        if a is None or b is None:
            return None
        if name in _TESTS:
            return self.true if _TESTS[name](a, b) else self.false
        if name in _POWERS:
            if b > _EXPONENT_LIMIT:
                raise GaveUp("a power with a large exponent")
            return self.terms.nat(_POWERS[name](a, b))
        return self.terms.nat(_BINARY[name](a, b))


def _open(e: Expr) -> bool:
    """Whether ``e`` mentions a free variable (then it is no closed number)."""
    match e.kind:
        case Kind.FREE:
            return True
        case Kind.APP:
            return _open(e.b) or _open(e.a)
        case Kind.PROJ:
            return _open(e.c)
        case _:
            return False
