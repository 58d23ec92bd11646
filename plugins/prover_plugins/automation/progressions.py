"""Induction for statements about powers, sequences and sums: the step from n to n + 1 written out.

What stands at n + 1 is replaced by what it is in terms of n: ``3 ^ (2 * (n + 1) + 1)`` by ``27 * 3 ^ (2 * n)``, a value
of a sequence by its recurrence, a sum over ``List.range (n + 1)`` by the sum before and its last term. Powers and
values then become variables, so that what is left is about polynomials: ``omega``, ``grind`` or a certificate of the
module ``arithmetic``. A recurrence with several earlier values is proved for as many consecutive indices at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from math import gcd

from prover_plugins.arithmetic.constants import INSTANCES
from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.polynomials import NotPolynomial, polynomial
from prover_plugins.arithmetic.reading import NotUnderstood, read_number
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, identifiers, put
from prover_plugins.automation.recurrences import Recurrence, read_recurrences

_ATOM = r"(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|(?<![\w.])[\w₀-₉']+)"
_POWER = re.compile(rf"({_ATOM}) \^ ({_ATOM})")
_SUMS = ("List.range", "List.range'", "List.sum", "List.foldl", "List.prod")
_SUM_LEMMAS = (
    "List.range_succ", "List.range'_1_concat", "List.map_append", "List.sum_append_nat", "List.map_cons",
    "List.map_nil", "List.sum_cons",
    "List.sum_nil", "List.foldl_append", "List.foldl_cons", "List.foldl_nil", "List.filter_append", "List.filter_cons",
    "List.filter_nil", "List.length_append",
)  # fmt: skip
_TOWER = re.compile(r"\^ \(?\d+ \^")
_LARGEST_SHIFT = 30
_LARGEST_FACTOR = 10**9
_MOST_EXPONENTS = 6
_MOST_TOGETHER = 3
_WALL_MS = 15_000


def progressions(goal: Reader) -> Iterator[Suggestion]:
    """One induction for each natural number that is an exponent, an index or the length of a range in the target."""
    if goal.in_induction or goal.goal.shape in ("false", "exists", "true"):
        return
    sequences = {r.function: r for r in read_recurrences(goal)}
    for variable in goal.numbers:
        if variable.type not in ("Nat", "ℕ") or variable.value is not None or not goal.mentions(variable.name):
            continue
        shift = _shift(goal, variable.name)
        if shift is None:
            continue
        step = _Step(goal, variable.name, shift, sequences)
        if step.relevant:
            yield Suggestion(step.tactic(), 0.73, FULL, _WALL_MS)


def _shift(goal: Reader, name: str) -> tuple[int, list[str]] | None:
    """(c, facts) where the facts about ``name`` say ``c ≤ name`` and no more; None where they say more."""
    low, facts = 0, list[str]()
    for fact in goal.facts:
        if name not in fact.depends:
            continue
        escaped = re.escape(name)
        match = re.fullmatch(rf"(\d+) ([≤<]) {escaped}|{escaped} ([≥>]) (\d+)|{escaped} ≠ 0", fact.type)
        if match is None:
            return None
        number = int(match[1] or match[4] or 1)
        low = max(low, number + ("<" in (match[2] or "") or ">" in (match[3] or "")))
        facts.append(fact.name)
    return (low, facts) if low <= _LARGEST_SHIFT else None


@dataclass(frozen=True)
class _Power:
    """``base ^ text`` with ``text = slope * n + offset``."""

    base: str
    text: str
    slope: int
    offset: int


class _Step:
    """One induction on ``name``, from ``shift[0]`` on (facts ``shift[1]`` say so)."""

    def __init__(
        self, goal: Reader, name: str, shift: tuple[int, list[str]], sequences: dict[str, Recurrence]
    ) -> None:
        self.goal, self.low, self.bounds = goal, *shift
        self.name = name
        self.n = goal.fresh("m") if self.low else name
        self.target = goal.goal.target
        if self.low:
            self.target = _less(put(self.target, name, f"({self.n} + {self.low})"), self.n)
        self.sums = any(symbol in goal.goal.symbols for symbol in _SUMS)
        self.calls = {
            f: offsets for f in sequences if (offsets := self._offsets(f)) is not None and f in identifiers(self.target)
        }
        self.sequences = {f: r for f, r in sequences.items() if f in self.calls or self._uses(f, sequences)}

    @property
    def relevant(self) -> bool:
        """Whether the target has a power, a value or a sum that depends on the variable."""
        ranges = re.search(rf"List\.range(?: |' [\w.]+ )(?:\(.*)?(?<![\w.]){re.escape(self.n)}(?![\w'])", self.target)
        return bool(_powers(self.target, self.n) or any(self.calls.values()) or (self.sums and ranges))

    def _uses(self, f: str, sequences: dict[str, Recurrence]) -> bool:
        return any(f in identifiers(sequences[g].body) for g in self.calls)

    def _offsets(self, f: str) -> set[int] | None:
        """The c of the calls ``f (n + c)``; None where a call has another form that depends on n."""
        offsets: set[int] = set()
        for argument in re.findall(rf"(?<![\w.]){re.escape(f)} ({_ATOM})", self.target):
            line = _linear(argument, self.n)
            if line is None or line[0] > 1:
                return None
            if line[0] == 1:
                offsets.add(line[1])
        return offsets

    # ------------------------------------------------------------------------------------- tactics

    def tactic(self) -> str:
        """The whole step; what it does not finish is the case of the next index."""
        n, lines = self.n, list[str]()
        if self.low:
            claim = f"∃ {n}, {self.name} = {n} + {self.low}"
            lines.append(f"obtain ⟨{n}, rfl⟩ : {claim} := ⟨{self.name} - {self.low}, by omega⟩")
            lines += [f"clear {fact}" for fact in self.bounds]
            lines.append(f"try show {self.target}")
        missing = [_order(self.sequences[f]) - len(offsets) + 1 for f, offsets in self.calls.items() if offsets]
        width = max(1, min(max(missing, default=1), _MOST_TOGETHER))
        claims = [self.target, *(put(self.target, n, f"({n} + {i})") for i in range(1, width))]
        given = ", ".join(name for r in self.sequences.values() for name, _ in r.values.values())
        reduced = f"simp only [Nat.zero_add, Nat.reduceAdd, {given}]"
        values = f" | ({reduced}; first | done | decide +kernel)" if given else ""
        base = f"first | omega | (simp; done){values} | grind | decide +kernel | (simp_all; done)"
        ih = [self.goal.fresh(f"ih{i}" if i else "ih") for i in range(width)]
        if width == 1:
            lines += [f"induction {n} with", f"| zero => {base}", f"| succ {n} {ih[0]} => ?_"]
        else:
            whole, name = " ∧ ".join(f"({claim})" for claim in claims), self.goal.fresh("hP")
            lines += [
                f"suffices {name} : {whole} from {name}.1",
                f"induction {n} with",
                f"| zero => refine ⟨{', '.join(['?_'] * width)}⟩ <;> {base}",
                f"| succ {n} ih => ?_",
                f"obtain ⟨{', '.join(ih)}⟩ := ih",
                f"refine ⟨{', '.join([*ih[1:], '?_'])}⟩",
            ]
        return "(" + "\n ".join([*lines, *self._succession(ih)]) + ")"

    def _succession(self, ih: list[str]) -> list[str]:
        """The steps that bring the target at the next index to what the hypotheses ``ih`` speak about, and finish."""
        lines: list[str] = []
        places = " ".join([*ih, "⊢"])
        if self.sums:
            lines.append(f"try simp only [{', '.join(_SUM_LEMMAS)}] at {places}")
        lines += [f"try rw [{definition}]" for definition in self.goal.definitions]
        instances = self._instances(len(ih))
        lines += [line for line, _ in instances.values()]
        texts = [put(self.target, self.n, f"({self.n} + {i})") if i else self.target for i in range(len(ih) + 1)]
        texts += [text for _, text in instances.values()]
        lines += self._power_lines(texts, " ".join([*instances, places]))
        lines += self._sequence_lines(list(instances), places)
        rational = "Rat" in self.goal.symbols and self.goal.goal.shape == "eq"
        # a tower of powers, such as 2 ^ 2 ^ n, whose recurrence takes a power
        tower = f" | (rw [{ih[0]}, ← Nat.pow_mul, Nat.pow_succ]; done)" if _TOWER.search(self.target) else ""
        lines.append("first | grind | skip" if rational else f"first | omega | grind{tower} | skip")
        return lines

    def _power_lines(self, texts: list[str], places: str) -> list[str]:
        """The steps that write all powers with one base as multiples of one, which becomes a variable."""
        kind = _kind_of_powers(self.goal)
        if kind is None:
            return []
        powers = _powers("\n".join(texts), self.n)
        lines: list[str] = []
        atoms: dict[str, tuple[str, int]] = {}
        for number, base in enumerate(dict.fromkeys(power.base for power in powers)):
            group = [power for power in powers if power.base == base]
            common = gcd(*(power.slope for power in group))
            numeral = base.isdecimal()
            written = f"({base if numeral else base.strip('()')} : {kind})"
            atom = f"{written} ^ {self.n}" if common == 1 else f"{written} ^ ({common} * {self.n})"
            equations: list[str] = []
            for power in group[:_MOST_EXPONENTS]:
                if power.offset == 0 and power.slope == common:
                    continue
                coefficient = f"{written} ^ {power.offset}"
                if numeral and int(base) ** power.offset < _LARGEST_FACTOR:
                    coefficient = str(int(base) ** power.offset)
                elif power.offset == 1:
                    coefficient = written
                degree = power.slope // common
                right = f"({atom})" if degree == 1 else f"({atom}) ^ {degree}"
                equations.append(f"hw{number}{len(equations)}")
                left = f"{written} ^ {_parenthesised(power.text)}"
                proof = "grind"
                if degree == 1 and kind is not Kind.RAT:
                    sum_ = f"{self.n} + {power.offset}" if common == 1 else f"{common} * {self.n} + {power.offset}"
                    same = f"show {power.text} = {sum_} by omega" 
                    proof = f"first | (rw [{same}, {kind}.pow_add]; exact {kind}.mul_comm _ _) | grind"
                lines.append(f"have {equations[-1]} : {left} = {coefficient} * {right} := by {proof}")
            if equations:
                lines.append(f"try simp only [{', '.join(equations)}] at {places}")
                lines.append(f"clear {' '.join(equations)}")
            lines += _positive(kind, written, atom, f"hp{number}", numeral)
            atoms[atom] = written, common
        if kind is Kind.NAT and " - " in self.target:
            lines += _ordered(list(atoms.values()), self.n)
        return lines + [f"generalize {atom} = {self.goal.fresh(f'p{i}')} at *" for i, atom in enumerate(atoms)]

    def _instances(self, width: int) -> dict[str, tuple[str, str]]:
        """The recurrences at the indices that matter: the step for each name, and what the body is there."""
        found: dict[str, tuple[str, str]] = {}
        highest = max((offset for offsets in self.calls.values() for offset in offsets), default=0) + width
        for r in self.sequences.values():
            order = _order(r)
            for ahead in range(max(0, highest - order) + 1):
                index = ahead + order - r.shift
                if index < (r.least if r.bounded else 0):
                    continue
                name, at = f"e{len(found)}", f"({self.n} + {index})" if index else self.n
                line = f"have {name} := {r.fact} {at}{' (by omega)' if r.bounded else ''}"
                found[name] = line, put(r.body, r.variable, at)
        return found

    def _sequence_lines(self, names: list[str], places: str) -> list[str]:
        """The steps that replace the values of sequences by their recurrences, and the earlier values by variables."""
        if not names:
            return []
        listed, n = " ".join(names), self.n
        calls = [f"{f} {n}" if i == 0 else f"{f} ({n} + {i})"
                 for f, r in self.sequences.items() for i in range(_order(r))]  # fmt: skip
        return [
            f"try simp only [Nat.add_sub_cancel, Nat.reduceSubDiff, Nat.add_zero] at {listed}",
            f"try simp only [Nat.add_assoc, Nat.reduceAdd] at {listed} {places}",
            *(f"try clear {r.fact}" for r in self.sequences.values()),
            f"try simp only [{', '.join(names)}] at {places}",
            *(f"try clear {name}" for name in reversed(names)),
            *(f"try generalize {call} = {self.goal.fresh(f'u{i}')} at *" for i, call in enumerate(calls)),
        ]


def _powers(text: str, n: str) -> list[_Power]:
    """The powers in ``text`` whose exponent is linear in ``n`` and whose base does not depend on it."""
    found: dict[tuple[str, str], _Power] = {}
    for base, exponent in _POWER.findall(text):
        line = _linear(exponent, n)
        if line is not None and line[0] > 0 and n not in identifiers(base):
            found[base, exponent] = _Power(base, exponent, *line)
    return list(found.values())


def _ordered(atoms: list[tuple[str, int]], n: str) -> list[str]:
    """What subtraction of natural numbers needs: which of two powers with the same exponent is the larger."""
    lines: list[str] = []
    for (low, slope), (high, other) in permutations(atoms, 2):
        if slope == other:
            exponent = n if slope == 1 else f"({slope} * {n})"
            lemma = f"Nat.pow_le_pow_left (show {low} ≤ {high} by omega) {exponent}"
            lines.append(f"try have hq{len(lines)} := {lemma}")
    return lines[:6]


def _less(text: str, n: str) -> str:
    """``n + 3 - 1`` as ``n + 2``, where the difference is a part by itself."""

    def reduced(match: re.Match[str]) -> str:
        left = int(match[1]) - int(match[2])
        return match[0] if left < 0 else f"({n} + {left})" if left else n

    return re.sub(rf"\(\({re.escape(n)} \+ (\d+)\) - (\d+)\)", reduced, text)


def _parenthesised(text: str) -> str:
    return text if re.fullmatch(r"[\w₀-₉']+|\(.*\)", text) else f"({text})"


def _linear(text: str, name: str) -> tuple[int, int] | None:
    """(a, b) with ``text = a * name + b``; None where it is nothing of the kind."""
    try:
        p = polynomial(read_number(text, {name: Kind.NAT}, Kind.NAT))
    except (NotUnderstood, NotPolynomial):
        return None
    if p.degree > 1:
        return None
    return int(p.coefficient(((name, 1),))), int(p.coefficient(()))


def _order(r: Recurrence) -> int:
    """How many earlier values the recurrence uses, at least 1."""
    back, f, n = [1], re.escape(r.function), re.escape(r.variable)
    for sign, offset in re.findall(rf"(?<![\w.]){f} (?:{n}(?!\w)|\({n} ([+-]) (\d+)\))", r.body):
        back.append(r.shift - int(offset or 0) * (-1 if sign == "-" else 1))
    return max(back)


def _kind_of_powers(goal: Reader) -> Kind | None:
    """The type of the powers in the target; None where there are several."""
    kinds = {INSTANCES[s][1] for s in goal.goal.symbols if s in INSTANCES and INSTANCES[s][0] == "^"}
    return kinds.pop() if len(kinds) == 1 else None


def _positive(kind: Kind, base: str, atom: str, name: str, numeral: bool) -> list[str]:
    """The fact that a power is positive, where its base is: before it becomes a variable."""
    decide = "decide +kernel" if kind is Kind.RAT else "decide"
    if numeral:
        return [f"have {name} : 0 < {atom} := {kind}.pow_pos (by {decide})"]
    by = "grind" if kind is Kind.RAT else "omega"
    strict = f"have {name} : 0 < {atom} := {kind}.pow_pos (by {by})"
    if kind is Kind.NAT:
        return [f"try {strict}"]
    return [f"first | {strict} | have {name} : 0 ≤ {atom} := {kind}.pow_nonneg (by {by}) | skip"]
