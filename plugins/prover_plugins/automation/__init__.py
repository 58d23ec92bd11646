"""The ``automation`` proposer: tactics chosen by reading the goal, no model needed.

``proposer`` asks the rules in turn; each rule module reads a goal and suggests tactics of one kind: ``closing``
(finish it), ``structure`` (introductions, eliminations, case splits), ``induction``, ``folds`` (accumulators),
``rewriting`` (definitions, hypotheses, lemmas), ``instances`` (of quantified facts), and about numbers ``arithmetic``
(case analysis, products, induction from a bound), ``divisors``, ``powers``, ``exponents``, ``progressions`` (induction
written out), ``recurrences``, ``closed_forms``, ``functional`` (equations of functions), ``cycles`` and ``enumeration``
(all cases of what has bounds, by ``evaluation``). ``conjectures`` proves small lemmas first. ``reading`` is what they
share.
"""
