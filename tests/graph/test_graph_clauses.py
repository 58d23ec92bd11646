"""Clauses, closures and chains without Lean."""

from __future__ import annotations

import subprocess
import sys

from prover_plugins.graph.clauses import Clause, Tokens, match, proposition, read_clauses
from prover_plugins.graph.closure import Closure
from prover_plugins.graph.prove import Prover
from prover_plugins.graph.relations import transitivity

from prover.lean.terms import Term


def clauses(name: str, text: str) -> list[Clause]:
    term = Term.read(text)
    assert term is not None
    return list(read_clauses(name, term))


def tokens(text: str) -> Tokens:
    term = Term.read(text)
    assert term is not None
    return proposition(term)


def proof(goal: str, **hypotheses: str) -> str | None:
    return Prover([c for name, text in hypotheses.items() for c in clauses(name, text)]).prove(tokens(goal))


TRANSITIVE = "∀/2 'α ∀/2 'α ∀i/2 'α →/2 @/3 'r #2 #1 →/2 @/3 'r #2 #1 @/3 'r #4 #2"


def test_reading() -> None:
    (clause,) = clauses("t", TRANSITIVE)
    assert clause.premises == (("@/3", "'r", "?0", "?1"), ("@/3", "'r", "?1", "?2"))
    assert clause.conclusion == ("@/3", "'r", "?0", "?2")
    assert clause.use(["p", "q"]) == "(t _ _ p q)"
    assert transitivity(clause) == ("@/3", "'r")
    left, right = clauses("h", "And/2 'p GT.gt/3 Nat 'a 'b")
    assert (left.use(()), right.conclusion) == ("h.1", ("LT.lt/3", "Nat", "'b", "'a"))
    denied = clauses("h", "∀/2 Nat Not/1 P/1 #0")[0]
    assert (denied.premises, denied.conclusion, denied.use(["x"])) == ((("P/1", "?0"),), ("False",), "(h _ x)")


def test_matching() -> None:
    assert match(("r/2", "?0", "?0"), ("r/2", "f/1", "a", "f/1", "a"), {}) == {"?0": ("f/1", "a")}
    assert match(("r/2", "?0", "?0"), ("r/2", "a", "b"), {}) is None


def test_implications() -> None:
    assert proof("'q", h="→/2 'p 'q", k="'p") == "(h k)"
    assert proof("'q", h="→/2 'p 'q") is None
    assert proof("→/2 'p 'q", h="→/2 'p 'q") == "(fun h1 => (h h1))"
    assert proof("Iff/2 'p 'r", h="Iff/2 'p 'q", k="Iff/2 'r 'q") is not None
    assert proof("'x", h="'p", k="Not/1 'p") == "(k h).elim"


def test_a_converse_is_no_proof() -> None:
    assert proof("'p", h="→/2 'p 'q", k="'q") is None
    assert proof("LE.le/3 Nat 'a 'b", h="LE.le/3 Nat 'b 'c", k="LE.le/3 Nat 'c 'a") is None
    assert proof("LT.lt/3 Nat 'a 'c", h="LE.le/3 Nat 'a 'b", k="LE.le/3 Nat 'b 'c") is None
    assert proof("@/3 'r 'a 'c", h="@/3 'r 'a 'b", k="@/3 'r 'b 'c") is None  # not known to be transitive


def test_the_shortest_chain_is_taken() -> None:
    order = "LE.le/3 Nat"
    found = proof(f"{order} 'a 'd", h1=f"{order} 'a 'b", h2=f"{order} 'b 'c", h3=f"{order} 'c 'd", k=f"{order} 'b 'd")
    assert found == "(Nat.le_trans h1 k)"


def test_growing_terms_end() -> None:
    closure = Closure([*clauses("s", "∀/2 Nat →/2 P/1 #0 P/1 S/1 #1"), *clauses("z", "P/1 0")])
    closure.run()
    assert 3 < len(closure.facts) <= 400


def test_networkx_is_not_loaded_where_no_facts_meet() -> None:
    code = (
        "import sys; from prover_plugins.graph.prove import Prover; from prover.lean.terms import Term;"
        "from prover_plugins.graph.clauses import read_clauses as r;"
        "c = [*r('h', Term.read('LE.le/3 Nat a b')), *r('k', Term.read('LE.le/3 Nat c d'))];"
        "assert Prover(c).prove(('LE.le/3', 'Nat', 'a', 'e')) is None; assert 'networkx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
