"""Stand-ins of proposers say of themselves what the real ones say, and propose what those propose."""

from __future__ import annotations

import importlib
import sys

from prover_plugins.code_exec.plugin import prover_proposers

from prover.late import LateProposer


def test_stand_ins_agree_with_the_real_ones() -> None:
    for stand_in in prover_proposers():
        assert isinstance(stand_in, LateProposer)
        module, _, name = stand_in._where.partition(":")
        real = getattr(importlib.import_module(module), name)
        assert (stand_in.name, stand_in.domains) == (real.name, real.domains)
        assert getattr(stand_in, "deadline", None) == getattr(real, "deadline", None)


def test_the_module_is_imported_when_asked() -> None:
    where = "prover_plugins.interventions.plugin:HintProposer"
    late = LateProposer(where, "hints", ("lean",))
    from prover.problem import Problem

    class Goal:
        key, text, goals, size = "", "⊢ True", 1, 1

    assert [c.action for c in late.propose(Problem("theorem t : True", hints=("trivial",)), Goal())] == ["trivial"]
    assert "prover_plugins.interventions.plugin" in sys.modules
