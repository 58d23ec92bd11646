"""The built-in curricula: what makes a theorem hard, and where one stage ends.

The stages of all of them are divided at quantiles: as many theorems in each, as far as equal difficulties (which
are never torn apart) allow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from prover.traces.theorem import TracedTheorem

CAP = 100.0
"""exp of more steps than this would overflow sooner than order anything."""


def steps_of(theorem: TracedTheorem) -> float:
    """The number of tactics in the proof; infinite where there are none, for nothing can be learned from it."""
    return float(len(theorem.traced_tactics)) or math.inf


def quantiles(difficulties: Sequence[float], stages: int) -> list[float]:
    """Upper bounds (inclusive) of ``stages`` stages of about equal size, ascending; the last is infinite.

    Only finite difficulties count. Stage ``i`` ends at the smallest difficulty that at least ``i / stages`` of them do
    not exceed. Equal difficulties fall into one stage, so a stage may be empty.

    Raises:
        ValueError: fewer than one stage.
    """
    if stages < 1:
        raise ValueError(f"there must be at least one stage, not {stages}")
    finite = sorted(value for value in difficulties if math.isfinite(value))
    bounds = [finite[math.ceil(len(finite) * i / stages) - 1] for i in range(1, stages)] if finite else []
    return [*(bounds or [math.inf] * (stages - 1)), math.inf]


class Quantiled:
    """A curriculum whose stages are divided at quantiles."""

    def boundaries(self, difficulties: Sequence[float], stages: int) -> Sequence[float]:
        """See :func:`quantiles`."""
        return quantiles(difficulties, stages)


class ProofLength(Quantiled):
    """Short proofs first: difficulty is the number of tactics."""

    name = "length"

    def difficulty(self, theorem: TracedTheorem) -> float:
        """The number of tactics; infinite for none."""
        return steps_of(theorem)


class ExponentialProofLength(Quantiled):
    """Difficulty ``exp(number of tactics)``, infinite for no proof, as LeanAgent and LeanDojo-v2 have it
    (Kumarappan et al. 2024, arXiv:2410.06209).

    The order is that of :class:`ProofLength`; the distances differ, which matters where difficulties are averaged.
    """

    name = "exponential"

    def difficulty(self, theorem: TracedTheorem) -> float:
        """``exp`` of the number of tactics."""
        steps = steps_of(theorem)
        return math.exp(min(steps, CAP)) if math.isfinite(steps) else math.inf


class ModelBased(Quantiled):
    """What the current model proves rarely is hard: difficulty is 1 minus its success rate in Lean.

    ``rates`` are successes over attempts by full name; a theorem that was never tried counts as
    ``unknown``. Rates come from :func:`success_rates`. Equal rates are ordered by proof length.
    """

    name = "model"

    def __init__(self, rates: Mapping[str, float] | None = None, unknown: float = 0.5) -> None:
        self.rates = dict(rates or {})
        self.unknown = unknown

    def difficulty(self, theorem: TracedTheorem) -> float:
        """Between 0 (always proved) and 1 (never), plus less than a millionth for the length."""
        steps = steps_of(theorem)
        if not math.isfinite(steps):
            return math.inf
        rate = self.rates.get(theorem.full_name, self.unknown)
        return 1.0 - rate + 1e-6 * steps / (1 + steps)


def success_rates(outcomes: Sequence[tuple[str, bool]], prior: float = 1.0) -> dict[str, float]:
    """Success rates by name from (full name, proved) pairs, drawn towards one half by ``prior`` attempts of each
    kind (Laplace's rule of succession), so that one failure does not say never."""
    tried: dict[str, list[int]] = {}
    for name, proved in outcomes:
        counts = tried.setdefault(name, [0, 0])
        counts[0] += proved
        counts[1] += 1
    return {name: (won + prior) / (total + 2 * prior) for name, (won, total) in tried.items()}


class MapperBased(Quantiled):
    """What a fitted mapper does not take to be provable is hard: difficulty is 1 minus its value of the first state.

    ``value`` is a function from the text of a state to [0, 1]; without one the mapper that ``PROVER_MAPPER`` names is
    loaded when first needed (:mod:`prover_training.mapper.worth`). Equal values are ordered by proof length.
    """

    name = "mapper"

    def __init__(self, value: Callable[[str], float] | None = None) -> None:
        self._value = value

    def difficulty(self, theorem: TracedTheorem) -> float:
        """Between 0 and 1, plus less than a millionth for the length.

        Raises:
            BadInput: no mapper is named, there is none, or it is of another model.
        """
        steps = steps_of(theorem)
        if not math.isfinite(steps):
            return math.inf
        if self._value is None:
            from prover_training.mapper.worth import value_of_text

            self._value = value_of_text()
        return 1.0 - self._value(theorem.traced_tactics[0].state_before) + 1e-6 * steps / (1 + steps)


class Uniform:
    """No order: the baseline. Every theorem with a proof is in the first stage, and all stages are alike."""

    name = "uniform"

    def difficulty(self, theorem: TracedTheorem) -> float:
        """0 for every theorem with a proof."""
        return 0.0 if theorem.traced_tactics else math.inf

    def boundaries(self, difficulties: Sequence[float], stages: int) -> Sequence[float]:
        """0 for every stage but the last."""
        return quantiles([0.0], stages)


class AntiCurriculum(Quantiled):
    """Long proofs first: the control that shows whether the order matters."""

    name = "anti"

    def difficulty(self, theorem: TracedTheorem) -> float:
        """Minus the number of tactics; infinite for none."""
        steps = steps_of(theorem)
        return -steps if math.isfinite(steps) else math.inf
