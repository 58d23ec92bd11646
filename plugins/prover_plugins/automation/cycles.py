"""Residues of a recurrent sequence modulo a number: they repeat, which one induction proves for all indices.

``f (n + 1) = 3 * f n + 2`` says what ``f 2024 % 4`` is, and ``t (n + 2) = t (n + 1) + t n`` what ``t a % 7`` is where
``a % 16`` is known. The values themselves are never computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover_plugins.arithmetic.language import Kind
from prover_plugins.arithmetic.reading import NotUnderstood, read_number
from prover_plugins.arithmetic.semantics import Undecided, compiled
from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, moduli
from prover_plugins.automation.recurrences import Recurrence, read_recurrences

_LONGEST_CYCLE = 64
_LARGEST_MODULUS = 200
_HIGHEST_ORDER = 3


def cycles(goal: Reader) -> Iterator[Suggestion]:
    """One step that proves the target from the cycle of residues."""
    for modulus in moduli(goal.goal.target, _LARGEST_MODULUS):
        for recurrence in read_recurrences(goal):
            tactic = _step(goal, recurrence, modulus)
            if tactic is not None:
                yield Suggestion(tactic, 0.4, FULL, 20_000)


def _step(goal: Reader, r: Recurrence, modulus: int) -> str | None:
    if r.kind not in ("Nat", "Int", "ℕ", "ℤ") or not r.values:
        return None
    order = _order(r)
    start = min(r.values)
    if order is None or sorted(r.values)[:order] != list(range(start, start + order)):
        return None
    if r.least + r.shift > start + order or (goal.goal.target.count(r.function) > 6):
        return None
    cycle = _cycle(r, order, start, modulus)
    wanted = list(dict.fromkeys(re.findall(rf"(?<![\w.]){re.escape(r.function)} (\w+)", goal.goal.target)))
    if cycle is None or not wanted or any(w.isdecimal() and int(w) < start for w in wanted):
        return None
    if start and not all(w.isdecimal() for w in wanted):
        return None
    places = [(int(w) - start) % len(cycle) if w.isdecimal() else _residue(goal, w, len(cycle)) for w in wanted]
    needed = {r.fact, *(name for name, _ in r.values.values())}
    others = [fact.name for fact in reversed(goal.facts) if fact.name not in needed]
    return _tactic(r, modulus, order, start, cycle, list(zip(wanted, places, strict=True)), others)


def _order(r: Recurrence) -> int | None:
    """How many earlier values the recurrence uses; None where it is none with constant coefficients."""
    calls = re.findall(rf"(?<![\w.]){re.escape(r.function)} (\w+|\([^()]*\))", r.body)
    rest = re.sub(rf"(?<![\w.]){re.escape(r.function)} (\w+|\([^()]*\))", "", r.body)
    if re.search(rf"(?<![\w.]){re.escape(r.variable)}(?![\w.])", rest) or "%" in rest or "/" in rest:
        return None
    back: list[int] = []
    for call in calls:
        match = re.fullmatch(rf"\(?{re.escape(r.variable)}(?: ([+-]) (\d+))?\)?", call)
        if match is None:
            return None
        offset = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
        back.append(r.shift - offset)
    if not back or min(back) < 1 or max(back) > _HIGHEST_ORDER:
        return None
    return max(back)


def _cycle(r: Recurrence, order: int, start: int, modulus: int) -> list[int] | None:
    """Residues from ``start`` on over one period; None where it is too long, or residues do not determine it."""
    kind = Kind.NAT if r.kind in ("Nat", "ℕ") else Kind.INT
    try:
        body = read_number(r.body, {r.variable: Kind.NAT}, kind, {r.function: ((Kind.NAT,), kind)})
    except NotUnderstood:
        return None
    if any(part.operation not in ("+", "*", "-", "literal", "variable", "call", "neg") for part in body.parts()):
        return None
    truncated = [part for part in body.parts() if part.operation == "-" and part.kind is Kind.NAT]
    if any("call" in {inner.operation for inner in part.parts()} for part in truncated):
        return None
    residues = {i: int(r.values[i][1]) % modulus for i in range(start, start + order)}
    evaluator = compiled(body, {r.function: lambda index: residues[int(index)]})
    try:
        for index in range(start + order, start + order + _LONGEST_CYCLE + 1):
            residues[index] = int(evaluator({r.variable: index - r.shift})) % modulus
            period = index - start - order + 1
            if all(residues[start + i] == residues[start + period + i] for i in range(order)):
                return [residues[start + i] for i in range(period)]
    except (KeyError, Undecided):
        return None
    return None


def _residue(goal: Reader, name: str, period: int) -> int | None:
    """What the facts say that the variable leaves when divided by ``period``."""
    for fact in goal.facts:
        match = re.fullmatch(rf"{re.escape(name)} % (\d+) = (\d+)(?: % (\d+))?", fact.type)
        if match and int(match[1]) % period == 0:
            value = int(match[2]) % int(match[3]) if match[3] else int(match[2])
            return value % period
    return None


def _tactic(
    r: Recurrence,
    modulus: int,
    order: int,
    start: int,
    cycle: list[int],
    wanted: list[tuple[str, int | None]],
    others: list[str],
) -> str:
    period, f = len(cycle), r.function

    def at(base: str, offset: int) -> str:
        return f"{f} ({base} + {offset})" if offset else f"{f} {base}"

    def window(base: str, place: int) -> str:
        claims = [f"{at(base, start + i)} % {modulus} = {cycle[(place + i) % period]}" for i in range(order)]
        return "(" + " ∧ ".join([f"{base} % {period} = {place}", *claims]) + ")"

    def chosen(place: int, proof: str) -> str:
        """The proof of the disjunction of all windows by that of one."""
        inside = proof if place == period - 1 else f"Or.inl {proof}"
        return "Or.inr (" * place + inside + ")" * place

    given = ", ".join(name for _, (name, _) in sorted(r.values.items()))
    bound = " (by omega)" if r.bounded else ""
    instance = f"j + {start + order - r.shift}" if start + order > r.shift else "j"
    hypotheses = [f"g{i}" for i in range(order + 1)]
    pattern = f"⟨{', '.join(hypotheses)}⟩"
    # a plain sum of the earlier values needs no linear reasoning
    last = f"by first | rw [e, Nat.add_mod, {', '.join(hypotheses[1:])}] | omega"
    proof = f"⟨{', '.join(['by rw [Nat.add_mod, g0]', *hypotheses[2:], last])}⟩"
    base = f"⟨{', '.join(['rfl', *([f'by simp [{given}]'] * order)])}⟩"
    lines = [
        f"have hC : ∀ j : Nat, {' ∨ '.join(window('j', place) for place in range(period))} := by",
        *(f"   try clear {name}" for name in others),  # they would slow ``omega`` down
        "   intro j",
        "   induction j with",
        f"   | zero => exact {chosen(0, base)}",
        "   | succ j ih =>",
        f"     have e := {r.fact} ({instance}){bound}",
        "     try simp only [Nat.add_sub_cancel, Nat.reduceSubDiff, Nat.add_zero] at e",
        "     try simp only [Nat.add_assoc, Nat.reduceAdd] at e ⊢",
        f"     rcases ih with {' | '.join([pattern] * period)}",
        *(f"     · exact {chosen((place + 1) % period, proof)}" for place in range(period)),
    ]
    known = sorted({place for _, place in wanted if place is not None})
    for place in known:
        # all other places contradict the residue of the index
        cases = [
            "exact h.2" if order == 1 and other == place
            else "exact h.2.1" if other == place
            else "exact absurd (h.1.symm.trans hx) (by decide)"
            for other in range(period)
        ]  # fmt: skip
        lines += [
            f"have hD{place} : ∀ x : Nat, x % {period} = {place} → {at('x', start)} % {modulus} = {cycle[place]} := by",
            "   intro x hx",
            f"   rcases hC x with {' | '.join(['h'] * period)}",
            *(f"   · {case}" for case in cases),
        ]
    for number, (index, residue) in enumerate(wanted):
        if residue is None:
            lines.append(f"have w{number} := hC {index}")
        elif index.isdecimal():
            claim = f"{f} {index} % {modulus} = {cycle[residue]}"
            lines.append(f"have w{number} : {claim} := hD{residue} {int(index) - start} (by decide)")
        else:
            lines.append(f"have w{number} := hD{residue} {index} (by omega)")
    lines += ["clear " + " ".join(["hC", *(f"hD{place}" for place in known)]), "omega"]
    return "(" + "\n ".join(lines) + ")"
