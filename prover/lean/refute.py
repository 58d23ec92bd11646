"""A counterexample becomes a fact only when Lean proves, from scratch, that the statement is false."""

from __future__ import annotations

from prover.domain import Refutation
from prover.lean.server import LeanServer
from prover.lean.verify import check_source, gap_after
from prover.problem import Problem

_CLOSING = "first | decide | omega | simp | grind"


def is_false(server: LeanServer, problem: Problem, imports: tuple[str, ...], name: str, refutation: Refutation) -> bool:
    """Whether Lean proves the negation of the theorem ``name`` by the values of ``refutation``.

    The statement is taken from Lean's own elaboration (``type_of%``), not from its text. False says only that
    this proof did not work.

    Raises:
        InfrastructureFault: Lean failed.
    """
    header = problem.header.rstrip()
    statement = problem.statement.rstrip()
    stated = (f"{header}\n\n" if header else "") + f"{statement}{gap_after(statement)} := sorry\n\n"
    refuted = f"{name.rpartition('.')[2].strip('«»')}_is_false"
    negation = f"theorem {refuted} : ¬ (type_of% @{name}) := by"
    arguments = " ".join(f"({variable} := ({value}))" for variable, value in refutation.values)
    proof = f"\n  intro counterexample\n  have counterexample := counterexample {arguments}\n"
    proof += f"  revert counterexample\n  {_CLOSING}\n"
    verdict = check_source(
        server,
        imports=imports,
        source=f"{stated}{negation}{proof}",
        reference=f"{stated}{negation} sorry\n",
        name=refuted,
        answer=proof,
        shown=negation + proof,
    )
    return verdict.accepted
