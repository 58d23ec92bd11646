"""The corpus: true statements, none of a benchmark's, and no library theorem proved by itself."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from prover_training import corpus_build, corpus_library
from prover_training.corpus_barred import BarredCheck, barred
from prover_training.corpus_build import Settings, build, excluded_keys, leaks, split_modules
from prover_training.corpus_families import FAMILIES, generate
from prover_training.corpus_keys import printed_types, statement_key
from prover_training.corpus_library import (
    LibraryTheorem,
    library_problems,
    library_theorems,
    quoted,
    written_by_a_person,
)

from prover.bench.suite import read_suite
from prover.domain import Verdict
from prover.errors import BadInput
from prover.lean.server import LeanServer
from prover.lean.verify import check_proof
from prover.plugins import checks, load_plugins
from prover.problem import Problem

BENCHMARKS = sorted((Path(__file__).resolve().parents[2] / "data" / "benchmarks").glob("*.jsonl"))


def test_keys_ignore_names_and_nothing_else() -> None:
    key = statement_key("∀ (n m : Nat), n + m = m + n")
    assert key == statement_key("∀ (a b : Nat),\n  a + b = b + a")
    assert key != statement_key("∀ (a b : Nat), a + b = a + b")
    assert key != statement_key("∀ (a b : Int), a + b = b + a")
    assert statement_key("∃ x, x > y") == statement_key("∃ z, z > y") != statement_key("∃ x, x > x")
    assert statement_key("∀ {α : Type u} (xs : List α), xs.length = 0") == statement_key(
        "∀ {β : Type u_1} (l : List β), l.length = 0"
    )
    assert statement_key("fun x => x = c") == statement_key("fun y => y = c")
    assert statement_key("p", "def p := 1") != statement_key("p", "def p := 2")


def test_generated_statements_are_reproducible() -> None:
    first = list(generate(5, 8))
    assert first == list(generate(5, 8)) != list(generate(6, 8))
    assert set(Counter(made.family for made in first).values()) == {8}
    assert len(FAMILIES) == 13


def test_lean_agrees_that_generated_statements_are_true(lean_server: LeanServer) -> None:
    closers = {
        "propositional": "by by_cases p <;> by_cases q <;> by_cases r <;> by_cases s <;> simp_all",
        "linear_nat": "by omega",
        "linear_int": "by omega",
        "bool": "by cases p <;> cases q <;> cases r <;> cases s <;> decide",
    }
    proved: Counter[str] = Counter()
    for made in generate(11, 6):
        proof = closers.get(made.family)
        if proof is None:
            continue
        names = made.statement.split(" : ")[0]
        for atom in "pqrs":  # only those that the statement has
            if f" {atom}" not in names and f"({atom}" not in names:
                proof = proof.replace(f"by_cases {atom} <;> ", "").replace(f"cases {atom} <;> ", "")
        source = f"{made.statement} := {proof}\n"
        report = lean_server.check(["Init"], source, names=["t"], trusted=True)
        assert report.theorems[0].accepted, (source, report.theorems[0].findings, report.messages[:1])
        proved[made.family] += 1
    assert proved == dict.fromkeys(closers, 6)


def _theorem(name: str, type_: str, module: str = "Init.M", *attributes: str) -> LibraryTheorem:
    return LibraryTheorem(name, module, 7, type_, ("HAdd.hAdd", name[0]), attributes)


def test_library_problems_lose_what_would_prove_them() -> None:
    theorems = [
        _theorem("A.one", "∀ (n : Nat), n = n", "Init.M", "simp"),
        _theorem("A.near", "True", "Init.M", "simp", "grind"),
        _theorem("B.same", "∀ (k : Nat), k = k", "Init.N", "simp"),
        _theorem("B.«odd name»", "False → True", "Std.N"),
    ]
    one, near, odd = library_problems(theorems)
    assert one.statement == "theorem t : type_of% @A.one"
    assert one.aliases == ("B.same",)
    assert one.header == "attribute [-simp] A.one B.same A.near\nattribute [-grind] A.near"
    assert near.header == "attribute [-simp] A.near A.one\nattribute [-grind] A.near"
    assert (one.imports, odd.imports, odd.header) == (("Init",), ("Init", "Std"), "")
    assert quoted("A.b'.term_+_.x₁") == "A.b'.«term_+_».x₁"
    made = ("Nat.add.eq_1", "Foo.mk.injEq", "Foo.match_1.splitter", "A._proof_3", "List.rec", "Foo.noConfusion")
    assert not any(map(written_by_a_person, made))
    assert all(map(written_by_a_person, ("Nat.add_comm", "List.reverse_append", "Nat.succ.injection", "eq_comm")))


def test_modules_are_never_torn() -> None:
    sizes = Counter({f"M{k}": 5 + k for k in range(40)})
    parts = split_modules(sizes, Settings(seed=2, val=0.1, test=0.2))
    shares = Counter[str]()
    for module, part in parts.items():
        shares[part] += sizes[module]
    assert shares["val"] <= 0.1 * sizes.total() and shares["test"] <= 0.2 * sizes.total()
    assert shares["val"] > 0 and shares["test"] > shares["val"]
    assert parts == split_modules(sizes, Settings(seed=2, val=0.1, test=0.2))
    with pytest.raises(BadInput):
        Settings(val=0.5, test=0.5)


def test_what_is_barred() -> None:
    metadata = {"theorem": "L.t", "aliases": "M.u", "position": "5", "symbols": "L.f L.C"}

    def use(name: str, position: int, fact: bool = True) -> dict[str, object]:
        return {"name": name, "position": position, "fact": fact, "module": "m"}

    assert barred(metadata, [use("K.earlier", 4), use("L.def", 9, fact=False), use("L.f.eq_2", 5)]) == []
    assert barred(metadata, [use("L.t", 5), use("L.t._simp_1", 5), use("M.u", 2), use("L.other", 5)]) == [
        "L.t",
        "L.t._simp_1",
        "M.u",
        "L.other",
    ]
    assert barred(metadata, [use("N.later", 6)]) == ["N.later"]
    # What the statement itself names is in every proof of it.
    named = {**metadata, "symbols": "L.f L.t._proof_1"}
    assert barred(named, [use("L.t._proof_1", 5), use("L.t._proof_2", 5)]) == ["L.t._proof_2"]
    assert barred({}, [use("N.later", 6)]) == []


def test_a_library_theorem_is_not_proved_by_itself(lean_server: LeanServer) -> None:
    (check,) = [check for check in checks(load_plugins(), "lean") if check.name == "barred"]
    assert isinstance(check, BarredCheck)
    environment = lean_server.open_environment(["Init"]).environment
    views = lean_server.declarations(environment, modules=["Init.Data.Nat.Basic"], limit=3000).declarations
    view = next(view for view in views if view.name == "Nat.add_right_comm")
    theorem = LibraryTheorem(view.name, view.module, view.position, "n + m + k = n + k + m", tuple(view.symbols), ())
    (asked,) = library_problems([theorem])
    problem = Problem(asked.statement, header=asked.header, imports=asked.imports, metadata=asked.metadata)

    def objections(proof: str) -> str:
        verdict = check_proof(
            lean_server,
            imports=problem.imports,
            header=problem.header,
            statement=problem.statement,
            name="t",
            proof=proof,
        )
        assert verdict.accepted, verdict.reasons
        return " ".join(text for _, text in check.check(problem, (), verdict))

    assert "Nat.add_right_comm" in objections("Nat.add_right_comm")
    assert "Nat.add_right_comm" in objections("by intro a b c; rw [Nat.add_right_comm]")
    # By induction, out of definitions alone.
    by_hand = (
        "by\n  intro a b c\n  induction c with\n  | zero => rfl\n"
        "  | succ c ih =>\n    show Nat.succ (a + b + c) = Nat.succ (a + c) + b\n"
        "    rw [ih]\n    clear ih\n    induction b with\n    | zero => rfl\n"
        "    | succ b ih => exact congrArg Nat.succ ih\n"
    )
    assert objections(by_hand) == ""
    unknown = Verdict(True)
    assert "not known" in " ".join(text for _, text in check.check(problem, (), unknown))


def test_no_benchmark_statement_is_in_the_corpus(
    lean_server: LeanServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, second) = read_suite(BENCHMARKS[0]).problems[:2]
    copied = first.statement.replace(first.name, "t", 1)
    made = [*generate(3, 2)]

    def generate_with_a_leak(seed: int, each: int) -> list[object]:
        from prover_training.corpus_families import Generated

        return [Generated("leak", copied, first.header), *made]

    keys = excluded_keys(lean_server, BENCHMARKS)
    assert len(keys) >= sum(len(read_suite(path).problems) for path in BENCHMARKS) - 10
    # Once is enough: reading the benchmarks is what takes the time.
    monkeypatch.setattr(corpus_build, "excluded_keys", lambda server, paths: keys if paths == tuple(BENCHMARKS) else {})
    monkeypatch.setattr(corpus_build, "generate", generate_with_a_leak)
    settings = Settings(seed=3, generated=24, library=False, exclude=tuple(BENCHMARKS), val=0.2, test=0.2)
    statistics = build(lean_server, tmp_path, settings)
    assert statistics.left_out["is a benchmark's statement"] >= 1
    assert statistics.generated.total() >= 20
    names = []
    for part in ("train", "val", "test"):
        assert leaks(tmp_path / f"{part}.jsonl", keys) == []
        for line in (tmp_path / f"{part}.jsonl").read_text().splitlines():
            record = json.loads(line)
            names.append(record["name"])
            assert record["module"].startswith("generated.") and record["imports"] == ["Init"]
    assert "leak_1" not in names and len(set(names)) == len(names)
    # The leak test finds what is there.
    ((_, printed),) = printed_types(lean_server, [second])
    with (tmp_path / "train.jsonl").open("a") as file:
        file.write(json.dumps({"name": "smuggled", "key": statement_key(printed)}) + "\n")
    assert leaks(tmp_path / "train.jsonl", keys) == ["smuggled"]


def test_listing_a_library_goes_on_where_it_stopped(
    lean_server: LeanServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVER_CACHE", str(tmp_path))
    monkeypatch.setattr(corpus_library, "MODULES", ("Init.Data.Option.Lemmas", "Init.Data.Option.Basic"))

    def stop(text: str) -> None:
        raise KeyboardInterrupt

    class Only:
        """The real server, importing Init whatever modules are listed."""

        def __getattr__(self, name: str) -> object:
            return getattr(lean_server, name)

        def open_environment(self, imports: object, wall_ms: int) -> object:
            return lean_server.open_environment(["Init"])

        def all_declarations(self, *args: object, **more: object) -> object:
            return lean_server.all_declarations(*args, **{**more, "chunk": 1})  # type: ignore[arg-type]

    server = Only()
    with pytest.raises(KeyboardInterrupt):
        library_theorems(server, stop)  # type: ignore[arg-type]
    (unfinished,) = (tmp_path / "libraries").iterdir()
    before = unfinished.read_bytes().count(b"\n")
    assert before == 1
    found = library_theorems(server)  # type: ignore[arg-type]
    by_name = {theorem.name: theorem for theorem in found}
    assert len(by_name) == len(found) > 200
    assert "simp" in by_name["Option.map_map"].attributes
    assert "simp" not in by_name["Option.ext"].attributes
    assert "grind" in by_name["Option.map_some"].attributes
    assert [path.suffix for path in (tmp_path / "libraries").iterdir()] == [".json"]
    assert library_theorems(server) == found  # type: ignore[arg-type]
