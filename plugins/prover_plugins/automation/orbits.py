"""Functions on the integers as sequences: ``f (x + 3) = f x + 6``, or ``f (x + y) = f x * f y``.

What a fact says of ``x`` and ``x + c`` is a recurrence for ``g k = f (a + c * k)``. The step introduces ``g``, with
its first value and its recurrence, in place of the values of f that the target asks for; the rules for sequences do the
rest.
A statement about f at a variable integer is proved by induction in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prover_plugins.automation.closing import FULL
from prover_plugins.automation.reading import Reader, Suggestion, identifiers, put
from prover_plugins.automation.substitution import Law, functions, laws

_SHIFT = r"∀ \(?(?P<x>\w+)(?: : \w+\))?, {f} \((?P=x) \+ (?P<c>\d+)\) = (?P<body>[^∀∃→]+)"
_SUM = r"∀ \(?(?P<x>\w+) (?P<y>\w+)(?: : \w+\))?, {f} \((?P=x) \+ (?P=y)\) = (?P<body>[^∀∃→]+)"
_WALL_MS = 15_000
_FEW = 6


def orbits(goal: Reader) -> Iterator[Suggestion]:
    """Both rules of this module."""
    known = {f: types for f, types in functions(goal).items() if len(types) == 2 and types[0] in ("Nat", "Int")}
    if not known or goal.in_induction or goal.goal.shape in ("exists", "false"):
        return
    found = laws(goal, known)
    for f, (domain, value) in known.items():
        for law in found:
            if set(law.domains) == {domain}:
                yield from _sequence(goal, law, f, domain, value)
        if domain == "Int":
            yield from _both_ways(goal, found, f)


def _recurrence(law: Law, f: str) -> tuple[int, str, str, list[str]] | None:
    """(c, x, body, further arguments): the law says ``f (x + c) = body`` in terms of x and ``f x`` alone."""
    name = re.escape(f)
    if match := re.fullmatch(_SHIFT.format(f=name), law.text, re.S):
        c, x, body, more = int(match["c"]), match["x"], match["body"], list[str]()
    elif match := re.fullmatch(_SUM.format(f=name), law.text, re.S):
        c, x, more = 1, match["x"], ["1"]
        body = put(match["body"], match["y"], "1")
    else:
        return None
    rest = re.sub(rf"(?<![\w.]){name} (?:{x}(?!\w)|\d+)", "", body)
    return (c, x, body, more) if f not in identifiers(rest) and c else None


def _sequence(goal: Reader, law: Law, f: str, domain: str, value: str) -> Iterator[Suggestion]:
    """The sequence ``g k = f (a + c * k)`` for the first value in the target that is not given."""
    read = _recurrence(law, f)
    if read is None or (domain == "Nat" and read[0] == 1):
        return  # a sequence already
    c, x, body, more = read
    name = re.escape(f)
    given = {int(v[1].strip("()")): fact.name for fact in goal.facts
             if (v := re.fullmatch(rf"{name} (\d+|\(-\d+\)) = .+", fact.type)) and "∀" not in fact.type}  # fmt: skip
    wanted = [int(i.strip("()")) for i in re.findall(rf"(?<![\w.]){name} (\d+|\(-\d+\))(?!\w)", goal.goal.target)]
    starts = [(a, i) for i in dict.fromkeys(wanted) for a in given if i > a and (i - a) % c == 0]
    cast = re.search(rf"(?<![\w.]){name} ↑(\w+)", goal.goal.target) if domain == "Int" and c == 1 else None
    if not starts and cast is None:
        return
    g, hg, g0, gs, k = (goal.fresh(base) for base in ("g", "hg", "hg0", "hgs", "k"))
    a, target = starts[0] if starts else (0, 0)
    at = f"({a} + {c} * {k})"
    index = f"({a} + {c} * ({k} : Int))" if domain == "Int" else at
    stepped = re.sub(rf"(?<![\w.]){name} {x}(?![\w'])", f"{g} {k}", body)
    stepped = put(stepped, x, index)
    following = put(index, k, f"({k} + 1)")
    if domain == "Int":
        following = index.replace(f"({k} : Int)", f"(({k} + 1 : Nat) : Int)")
    lines = [
        f"obtain ⟨{g}, {hg}⟩ : ∃ {g} : Nat → {value}, ∀ {k} : Nat, {g} {k} = {f} {index} := ⟨_, fun _ => rfl⟩",
        f"have {gs} : ∀ {k} : Nat, {g} ({k} + 1) = {stepped} := by",
        f"  intro {k}",
        f"  rw [{hg}, {hg}, show {following} = {index} + {c} by omega]",
        f"  exact {law.name} {' '.join([index, *more])}",
    ]
    if given:
        lines.append(f"try simp only [{', '.join(given.values())}] at {gs}")
    if starts:
        lines.append(f"have {g0} : {g} 0 = {f} ({a}) := by rw [{hg}] <;> congr 1")
        lines.append(f"rw [{given[a]}] at {g0}")
        far = f"have hgt : {f} ({target}) = {g} {(target - a) // c} := by rw [{hg}] <;> congr 1"
        lines += [far, "try simp only [Nat.reduceMul, Int.reduceNeg] at hgt", "rw [hgt]", f"clear hgt {hg} {law.name}"]
    elif cast is not None:
        lines.append(f"have {g0} : {g} 0 = {f} 0 := by rw [{hg}] <;> congr 1")
        lines.append(f"have hgz := {law.name} {' '.join(['0', *(['0'] * len(more))])}")
        lines.append(f"have hgo := {law.name} {' '.join(['0', *more])}")
        simple = f"simp only [Int.add_zero, Int.zero_add, {', '.join(given.values())}] at hgz hgo"
        lines.append(f"try {simple}")
        lines.append(f"have hgt : ∀ {k} : Nat, {f} ({k} : Int) = {g} {k} := by intro {k}; rw [{hg}]; congr 1; omega")
        lines += [f"try have {g0}v : {f} 0 = 0 := by simp at hgz; omega",
                  f"try have {g0}v : {f} 0 = 1 := by simp at hgo; omega"]  # fmt: skip
        lines += [f"try rw [{g0}v] at {g0}", "simp only [hgt]", f"clear hgt {hg} {law.name} hgz hgo"]
    yield Suggestion("(" + "\n ".join(lines) + ")", 0.66, FULL, _WALL_MS)


def _both_ways(goal: Reader, found: list[Law], f: str) -> Iterator[Suggestion]:
    """Induction over an integer variable, upward and downward, with the laws at the places that matter."""
    for variable in goal.numbers:
        n = variable.name
        if variable.type != "Int" or not goal.mentions(n) or any(n in fact.depends for fact in goal.facts):
            continue
        k, ih, key = goal.fresh("k"), goal.fresh("ih"), goal.fresh("hZ")
        up, down, lines = f"({k} : Int)", f"(-({k} : Int) - 1)", list[str]()
        for place, law in enumerate(found):
            if set(law.domains) != {"Int"} or len(law.domains) > 2:
                continue
            given = [int(i) for fact in goal.facts for i in re.findall(rf"^{re.escape(f)} (\d+) = ", fact.type)]
            steps = [f"{i} 1" for i in range(1, min(max(given, default=1), _FEW))]
            both = [f"{up} 1", f"{down} 1", "0 0", "1 (-1)", *steps]
            options = both if len(law.domains) == 2 else [up, down, "0"]
            lines += [f"have i{place}{j} := {law.name} {option}" for j, option in enumerate(options)]
        if not lines:
            continue
        positive, negative = (put(goal.goal.target, n, at) for at in (f"({k} : Int)", f"(-({k} : Int))"))
        names = " ".join(reversed([law.name for law in found]))
        used = "\n   ".join(lines)
        start = "\n   ".join(line.replace(down, "(-1)").replace(up, "0") for line in lines)
        tactic = (
            f"(have {key} : ∀ {k} : Nat, ({positive}) ∧ ({negative}) := by\n"
            f"  intro {k}\n"
            f"  induction {k} with\n"
            f"  | zero =>\n   {start}\n   clear {names}\n"
            f"   simp only [show ((0 : Nat) : Int) = 0 from rfl, Int.neg_zero]\n"
            f"   constructor <;> grind\n"
            f"  | succ {k} {ih} =>\n   {used}\n   clear {names}\n"
            f"   rw [show ((({k} + 1 : Nat)) : Int) = ({k} : Int) + 1 from rfl]\n"
            f"   rw [show -(({k} : Int) + 1) = -({k} : Int) - 1 by omega]\n"
            f"   obtain ⟨{ih}, {ih}n⟩ := {ih}\n"
            f"   constructor <;> grind\n"
            f" rcases Int.le_total 0 {n} with h | h\n"
            f" · have h0 := ({key} {n}.toNat).1\n   rwa [Int.toNat_of_nonneg h] at h0\n"
            f" · have h0 := ({key} (-{n}).toNat).2\n"
            f"   rwa [Int.toNat_of_nonneg (by omega), Int.neg_neg] at h0)"
        )
        yield Suggestion(tactic, 0.6, FULL, _WALL_MS)
