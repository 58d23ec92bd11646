"""A dense reward for steps in the domain ``code``."""

from __future__ import annotations

from prover.domain import StepStatus, Transition

_FAILURES = {"forbidden": -1.0, "syntax": -0.4, "parse": -0.4, "memory": -0.3, "crash": -0.3, "exit": -0.3}
_TIMED_OUT = -0.2
_OTHER_FAILURE = -0.3
_RUNS, _SHARE = 0.1, 0.7


class CodeReward:
    """1 for all visible tests; below that the share passed and the error class count.

    A program that runs but fails: 0.7 times the share of tests passed, and 0.1 if what fails is a wrong
    answer rather than an exception. Timeouts -0.2, too much memory or an ended process -0.3, code that does
    not parse -0.4, a forbidden attempt -1. Hidden tests never enter.
    """

    name = "code_tests"
    domains = ("code",)

    def reward(self, transition: Transition) -> float:
        """The reward of one step; 0 for a step of another domain."""
        # Imported when the domain is in use: a search in Lean need not read it.
        from prover_plugins.code_exec.environment import CodeState

        result = transition.result
        if not isinstance(transition.before, CodeState):
            return 0.0
        if result.status is StepStatus.FINISHED:
            return 1.0
        if result.status is StepStatus.TIMED_OUT:
            return _TIMED_OUT
        if result.status is StepStatus.FAILED or not isinstance(result.state, CodeState):
            return _FAILURES.get(result.kind, _OTHER_FAILURE)
        runs = all(test.ok or test.kind == "wrong" for test in result.state.results)
        return _SHARE * result.state.share + (_RUNS if runs else 0.0)
